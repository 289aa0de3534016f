"""Seconds that one waits for a command: a small corpus, and a report of many documents. Run: make bench

Every command is a process of its own; rounds go through all of them, and the quickest of each is shown, which
the rest of the machine disturbed least. Written: docs/evidence/commands.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import report

OUT = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "commands.md"
DEMO, LARGE = "demo/corpus", "large"
RECORD = f"{DEMO}/records/default.json"
# The corpus of `goldwire demo` has 18 documents and two systems.
SMALL = (
    ["eval", "score", DEMO],
    ["eval", "compare", RECORD],
    ["eval", "gate", RECORD, "--baseline", "baseline.json"],
    ["eval", "report", RECORD, "--html", "report.html"],
)
MANY = ["eval", "report", f"{LARGE}/records/default.json", "--html", "large.html"]


class Run(NamedTuple):
    """Seconds of the whole process, and of the processor."""

    whole: float
    processor: float


def run(arguments: list[str], folder: Path) -> Run:
    """One command of Goldwire, as a user starts it."""
    command = [sys.executable, "-m", "goldwire", *arguments]
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime)


def prepare(folder: Path, documents: int, systems: int) -> None:
    """The corpus of the demo with a record and a baseline; a large one with a record."""
    run(["demo", "demo"], folder)
    run(["eval", "gate", RECORD, "--baseline", "baseline.json", "--update"], folder)
    report.make_corpus(folder / LARGE, documents, systems)
    run(["eval", "score", LARGE], folder)


def measure(folder: Path, rounds: int) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {" ".join(command): [] for command in (*SMALL, MANY)}
    for number in range(rounds):
        for command in (*SMALL, MANY):
            found[" ".join(command)].append(run(command, folder))
            print(f"round {number + 1}: {command[1]}: {found[' '.join(command)][-1]}", file=sys.stderr)
    return found


def page(found: dict[str, list[Run]], documents: int, systems: int) -> Iterator[str]:
    rounds = len(next(iter(found.values())))
    yield "# Seconds that one waits\n"
    yield "Written by `make bench`; do not edit. Commands as they are typed, each in a process of its own; of"
    yield f"{rounds} rounds the quickest, which the rest of the machine disturbed least. `{DEMO}` is that of"
    yield f"`goldwire demo`, 18 documents and two systems; `{LARGE}` has {documents:,} and {systems} systems."
    yield "*Processor* is what the process itself used.\n"
    yield f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.\n"
    yield "| command | whole, s | processor, s |"
    yield "|---|---:|---:|"
    for name, runs in found.items():
        whole, processor = (min(column) for column in zip(*runs, strict=True))
        yield f"| `goldwire {name}` | {whole:.2f} | {processor:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--systems", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        prepare(Path(place), given.documents, given.systems)
        found = measure(Path(place), given.rounds)
    text = "\n".join(page(found, given.documents, given.systems)) + "\n"
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
