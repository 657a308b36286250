"""Requests as fast as they are answered, from a process of their own: wrk where it is installed, else this file."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 32


def rate(url: str, headers: Mapping[str, str], seconds: float) -> float:
    """Return the answers a second of GET from `CONNECTIONS` connections.

    Raises:
        RuntimeError: One of the answers was not a 2xx.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        command = [sys.executable, str(Path(__file__)), url, json.dumps(dict(headers)), str(seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(done.stdout)
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *given, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if found is None or "Non-2xx" in text:
        raise RuntimeError(f"wrk on {url}:\n{text}")
    return float(found[1])


async def _connection(url: str, headers: Mapping[str, str], until: float) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
    count = 0
    while time.monotonic() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 2"):
            raise RuntimeError(head.decode("latin-1"))
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        count += 1
    writer.close()
    return count


async def _load(url: str, headers: Mapping[str, str], seconds: float) -> float:
    started = time.monotonic()
    each = [_connection(url, headers, started + seconds) for _ in range(CONNECTIONS)]
    return sum(await asyncio.gather(*each)) / (time.monotonic() - started)


if __name__ == "__main__":
    print(asyncio.run(_load(sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3]))))
