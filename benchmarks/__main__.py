"""Speed and memory against the peers, on the same data, in the same run. Run: make bench

Every contestant is a process of its own; rounds go through all of them, so that a machine that is busy for a
while is busy for all. Written: docs/evidence/benchmarks.md, with medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import data

ROOT = Path(__file__).resolve().parents[1]
SCORE = ["--measure", "entity", "--measure", "untyped", "--measure", "overlap", "--measure", "iou50"]
GROWTH = (10_000, 100_000, 1_000_000)


class Contestant(NamedTuple):
    """What is run: a package, what it does, and its name among `peers.PEERS`; None is `eval score` itself."""

    package: str
    work: str
    peer: str | None


CONTESTANTS = (
    Contestant("goldwire", "`eval score`: 4 measures, by type, confusion, 1000 resamples, record", None),
    Contestant("goldwire", "exact F1, tables loaded", "library"),
    Contestant("seqeval", "classification_report, default", "seqeval"),
    Contestant("seqeval", "classification_report, strict", "seqeval-strict"),
    Contestant("seqeval", "f1_score, default", "seqeval-f1"),
    Contestant("nervaluate", "four schemes", "nervaluate"),
    Contestant("seqscore", "score, conlleval repair", "seqscore"),
    Contestant("spacy", "build and score", "spacy"),
    Contestant("python", "sets of tuples, exact F1: the floor", "sets"),
    Contestant("goldwire", "CEAF-e, one document of 20,000 mentions", "ceaf-e"),
)


class Run(NamedTuple):
    """Seconds of the whole process, seconds of the work alone, peak memory in MB, micro F1."""

    whole: float
    work: float | None
    memory: float
    f: float | None


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and output of a process."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(
                f"{' '.join(command)} failed:\n{process.stderr.read() if process.stderr else ''}"
            )
        if process.stderr:
            process.stderr.close()
        output.seek(0)
        return seconds, usage.ru_maxrss / 1024, output.read()


def measure(contestant: Contestant, folder: Path) -> Run:
    if contestant.peer is None:
        return measure_score(folder)
    seconds, memory, output = run(
        [sys.executable, str(ROOT / "benchmarks" / "peers.py"), contestant.peer, str(folder)]
    )
    found = json.loads(output.splitlines()[-1])
    return Run(seconds, found["seconds"], memory, found["f"])


def measure_score(folder: Path) -> Run:
    """The command as a user runs it: from files to the board, the record written."""
    corpus = folder / data.CORPUS
    command = [sys.executable, "-m", "goldwire", "eval", "score", str(corpus), "--system", "pred", *SCORE]
    seconds, memory, _ = run(command)
    record = json.loads((corpus / "records" / "measures.json").read_text(encoding="utf-8"))
    return Run(seconds, None, memory, record["results"][0]["value"])


def median(runs: list[Run]) -> Run:
    def middle(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None

    return Run(*(middle(list(column)) for column in zip(*runs, strict=True)))  # type: ignore[arg-type]  # None stays in work and f


# ---------------------------------------------------------------- the page
def page(sentences: int, rounds: int, runs: dict[Contestant, Run], growth: dict[int, Run]) -> str:
    lines = [
        "# Speed and memory",
        "",
        "Written by `make bench`; do not edit. Every contestant runs in a process of its own, on the same",
        f"data: {sentences:,} synthetic sentences, each a document. Figures are medians of {rounds} rounds,",
        "each round going through all contestants. *Whole* is the process from start to end, reading",
        "included; *work* is what remains once the input is in memory; *peak* is the memory of the largest",
        "process (`eval score` counts in as many as there are cores).",
        "",
        f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        "",
        "| who | work | whole, s | work, s | peak, MB | F1 |",
        "|---|---|---:|---:|---:|---:|",
        *(row(contestant, found) for contestant, found in runs.items()),
    ]
    if growth:
        lines += [
            "",
            "## Growth",
            "",
            "The first line of the table, with more sentences.",
            "",
            "| sentences | whole, s | peak, MB |",
            "|---:|---:|---:|",
            *(f"| {size:,} | {found.whole:.2f} | {found.memory:.0f} |" for size, found in growth.items()),
        ]
    return "\n".join(lines) + "\n"


def row(contestant: Contestant, found: Run) -> str:
    try:
        name = f"{contestant.package} {version(contestant.package)}"
    except PackageNotFoundError:
        name = f"plain {contestant.package}"
    work = "" if found.work is None else f"{found.work:.3f}"
    f = "" if found.f is None else f"{found.f:.6f}"
    return f"| {name} | {contestant.work} | {found.whole:.2f} | {work} | {found.memory:.0f} | {f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="from 10,000 to 1,000,000 sentences as well")
    parser.add_argument("--only", action="append", help="only contestants of this package; may be repeated")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "goldwire-bench")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "benchmarks.md")
    given = parser.parse_args()

    folder = data.prepare(ROOT, given.data, given.sentences)
    chosen = [c for c in CONTESTANTS if not given.only or c.package in given.only]
    runs: dict[Contestant, list[Run]] = {contestant: [] for contestant in chosen}
    for number in range(given.rounds):
        for contestant in chosen:
            found = measure(contestant, folder)
            runs[contestant].append(found)
            print(f"round {number + 1}: {row(contestant, found)}", file=sys.stderr, flush=True)
    growth = {}
    for size in GROWTH if given.growth else ():
        place = data.prepare(ROOT, given.data, size)
        growth[size] = median([measure_score(place) for _ in range(given.rounds)])
        print(f"{size:,}: {growth[size]}", file=sys.stderr, flush=True)
    text = page(given.sentences, given.rounds, {c: median(found) for c, found in runs.items()}, growth)
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
