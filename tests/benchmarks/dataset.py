"""Checks of 100 MB each of prose, code and chat full of personal data: ours, `together`'s and the usual loops.

Every way runs in a process of its own, so that its peak memory is its own. The peers need an environment of their own
(`--peers`, a Python with `together` 3.1.1, `orjson` and `tokenizers`); without it they are left out. `--tokenizer` is
the `tokenizer.json` of Phi-3-mini, for the peer that counts tokens. Rates are MB of file a second of wall time.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

PREFIXES = ("ENC", "JSN", "SCH", "ROL", "FIL", "FMT", "LIM")
MODEL = "Phi-3-mini-4k-instruct"


def ours(path: Path, _tokenizer: str, *, jobs: int | None = None, tokens: bool = False, **chosen: Any) -> int:
    from maas_client import catalog
    from maas_client.dataset import check
    from maas_client.dataset.tokens import Conversations

    if tokens:
        model = catalog.get(MODEL)
        chosen |= {"model": model, "tokens": partial(Conversations, model)}
    return sum(check(path, jobs=jobs, **chosen).counts.values())


def lines(path: Path, _tokenizer: str) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def cookbook(path: Path, _tokenizer: str) -> int:
    # The loop that tutorials show: every row in memory, keys and roles looked at.
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    bad = 0
    for row in rows:
        messages = row.get("messages")
        bad += not messages
        for message in messages or ():
            bad += "role" not in message or "content" not in message
            bad += any(key not in ("role", "content", "name", "function_call", "weight") for key in message)
            bad += message.get("role") not in ("system", "user", "assistant", "function")
            bad += not isinstance(message.get("content"), str)
    return bad


def together(path: Path, _tokenizer: str) -> int:
    from together.lib.utils.files import check_file  # type: ignore[import-not-found]

    return not check_file(path)["is_check_passed"]


def usual_tokens(path: Path, tokenizer: str) -> int:
    import orjson  # type: ignore[import-not-found,unused-ignore]
    from tokenizers import Tokenizer  # type: ignore[import-not-found,unused-ignore]

    encoder, count = Tokenizer.from_file(tokenizer), 0
    with path.open("rb") as file:
        for line in file:
            texts = [message["content"] for message in orjson.loads(line)["messages"]]
            count += sum(len(encoding.ids) for encoding in encoder.encode_batch(texts, add_special_tokens=False))
    return count


SCHEMA: dict[str, Any] = {"select": PREFIXES}
TOKENS: dict[str, Any] = {"select": (*PREFIXES, "TOK"), "tokens": True}
PEERS: dict[str, Callable[[Path, str], int]] = {"together check_file": together, "orjson + tokenizers": usual_tokens}
WAYS: dict[str, Callable[[Path, str], int]] = {
    "bare line loop": lines,
    "cookbook loop": cookbook,
    **PEERS,
    "ours: schema rules": partial(ours, **SCHEMA),
    "ours: schema rules, 1 process": partial(ours, jobs=1, **SCHEMA),
    "ours: default rules": ours,
    "ours: default rules, 1 process": partial(ours, jobs=1),
    "ours: schema rules + tokens": partial(ours, **TOKENS),
}
AGAINST = {
    "ours: schema rules": "together check_file",
    "ours: default rules": "together check_file",
    "ours: schema rules + tokens": "orjson + tokenizers",
}


def child(way: str, path: Path, tokenizer: str) -> None:
    started = time.perf_counter()
    WAYS[way](path, tokenizer)
    seconds = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps([path.stat().st_size / 1e6 / seconds, peak / 1024]))


def measure(way: str, path: Path, python: str, tokenizer: str) -> tuple[float, float]:
    command = [python, __file__, "--child", way, str(path), tokenizer]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rate, peak = json.loads(done.stdout.splitlines()[-1])
    return rate, peak


def by_rule(path: Path) -> None:
    from maas_client.dataset import RULES, check

    def seconds(**chosen: Any) -> float:
        started = time.process_time()
        check(path, jobs=1, **chosen)
        return time.process_time() - started

    size = path.stat().st_size / 1e6
    base = seconds(select=("ENC001",))
    print(
        f"\ncost by rule on {size:.0f} MB of {path.stem}, ms/MB over {base * 1000 / size:.2f} for one rule of encoding"
    )
    costs = {rule: (seconds(select=("ENC001", rule)) - base) * 1000 / size for rule in RULES}
    for rule, cost in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"  {rule:8} {cost:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=100, help="MB of each file")
    parser.add_argument("--large", type=float, default=0, help="MB of one more file of prose, for memory")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", default="", help="Python of the environment with the peers")
    parser.add_argument("--tokenizer", default="", help="tokenizer.json of Phi-3-mini")
    parser.add_argument("--rules", action="store_true", help="print the cost of every rule")
    parser.add_argument("--folder", type=Path, help="keeps the files")
    asked = parser.parse_args()
    from _rows import KINDS, write

    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        print(f"{'':10} {'':32} {'MB/s':>8} {'ratio':>7} {'peak MiB':>9}")
        for kind in KINDS:
            path = folder / f"{kind}.jsonl"
            write(path, kind, int(asked.size * 1e6))
            rates: dict[str, float] = {}
            for way in WAYS:
                if (way in PEERS and not asked.peers) or (way == "orjson + tokenizers" and not asked.tokenizer):
                    continue
                python = asked.peers if way in PEERS else sys.executable
                runs = [measure(way, path, python, asked.tokenizer) for _ in range(asked.repeat)]
                rates[way], peak = sorted(runs)[len(runs) // 2][0], max(run[1] for run in runs)
                peer = AGAINST.get(way)
                ratio = f"{rates[way] / rates[peer]:6.2f}x" if peer in rates else ""
                print(f"{kind:10} {way:32} {rates[way]:8.1f} {ratio:>7} {peak:9.0f}", flush=True)
            for name in ("schema", "default"):
                print(f"{kind:10} {name} rules, all cores over one process: ", end="")
                print(f"{rates[f'ours: {name} rules'] / rates[f'ours: {name} rules, 1 process']:.2f}x")
        if asked.rules:
            by_rule(folder / "prose.jsonl")
        if asked.large:
            path = folder / "large.jsonl"
            write(path, "prose", int(asked.large * 1e6))
            rate, peak = measure("ours: default rules", path, sys.executable, "")
            print(f"large      {'ours: default rules':32} {rate:8.1f} {'':>7} {peak:9.0f}   {asked.large:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main()
