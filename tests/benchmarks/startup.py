"""Start-up: whole processes, in turn, medians of the ratios to `python -c pass`."""

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import maas_client": [sys.executable, "-c", "import maas_client"],
    "MaaSClient constructed": [
        sys.executable,
        "-c",
        "from maas_client import MaaSClient; MaaSClient(subscription_id='s', resource_group='g', workspace='www')",
    ],
    "click hello --help": [
        sys.executable,
        "-c",
        "import click\n@click.command()\ndef hello(): 'Say it.'\nhello(['--help'])",
    ],
    "maas-ft --help": [str(BIN / "maas-ft"), "--help"],
    "maas-ft submit --help": [str(BIN / "maas-ft"), "submit", "--help"],
}


def cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for command in COMMANDS.values():
        cpu_seconds(command)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(cpu_seconds(command))
    base = times["python -c pass"]
    print(f"{'command':<26}{'cpu ms':>9}{'x pass':>9}   (medians of {rounds} rounds)")
    for name, values in times.items():
        ratio = statistics.median(value / pass_ for value, pass_ in zip(values, base, strict=True))
        print(f"{name:<26}{statistics.median(values) * 1000:>9.1f}{ratio:>9.2f}")


if __name__ == "__main__":
    main()
