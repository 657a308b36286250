"""A reverse proxy that changes answers: the reference server, broken on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Exchange:
    """What may be changed: the answer, before it goes back."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes


Alter = Callable[[Exchange], None]
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@contextmanager
def altering(url: str, alter: Alter) -> Iterator[str]:
    """Stand in front of a server; yield the URL."""
    behind = urlsplit(url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            # Links are written for whom the Host header names.
            own = headers["Host"]
            headers["Host"] = behind
            with closing(HTTPConnection(behind, timeout=30)) as connection:
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
            kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _HOP}
            exchange = Exchange(
                self.command,
                self.path,
                answer.status,
                {name: value.replace(behind, own) for name, value in kept.items()},
                content.replace(behind.encode(), own.encode()),
            )
            length = answer.getheader("content-length")
            alter(exchange)
            self.send_response_only(exchange.status)
            for name, value in exchange.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", length or "0" if self.command == "HEAD" else str(len(exchange.body)))
            self.end_headers()
            self.wfile.write(exchange.body)

        def log_message(self, *args: object) -> None:
            pass

    for method in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_one)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
