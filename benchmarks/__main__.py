"""Speed and memory against the peers, on the same data, in the same run. Run: make bench

Every contestant is a process of its own; rounds go through all of them, so that a machine that is busy for a
while is busy for all; of each the quickest is shown, which the rest of the machine disturbed least. Written:
docs/evidence/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import data

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
SCORE = ["--measure", "entity", "--measure", "untyped", "--measure", "overlap", "--measure", "iou50"]
GROWTH = (10_000, 100_000, 1_000_000)
PEER = "nervaluate"  # how long it takes is what others are held against
LOOK = 0.005  # seconds between two looks at the memory of processes


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
    """Seconds of the whole process, of all processors and of the work alone; peak memory in MB; micro F1."""

    whole: float
    processor: float
    work: float | None
    memory: float
    f: float | None


def run(command: list[str]) -> tuple[Run, str]:
    """What a process took, and its output."""
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
        processor = usage.ru_utime + usage.ru_stime
        return Run(seconds, processor, None, usage.ru_maxrss / 1024, None), output.read()


def measure(contestant: Contestant, folder: Path) -> Run:
    if contestant.peer is None:
        return measure_score(folder)
    taken, output = run([sys.executable, str(ROOT / "benchmarks" / "peers.py"), contestant.peer, str(folder)])
    found = json.loads(output.splitlines()[-1])
    return taken._replace(work=found["seconds"], f=found["f"])


def measure_score(folder: Path) -> Run:
    """The command as a user runs it: from files to the board, the record written, where there was none."""
    record = record_of(folder)
    record.unlink(missing_ok=True)
    taken, _ = run(score_command(folder))
    return taken._replace(f=apart(f_of, record))


def score_command(folder: Path) -> list[str]:
    command = [sys.executable, "-m", "goldwire", "eval", "score", str(folder / data.CORPUS)]
    return [*command, "--system", "pred", *SCORE]


def record_of(folder: Path) -> Path:
    return folder / data.CORPUS / "records" / "measures.json"


def measure_sum(folder: Path) -> float:
    """Peak memory in MB of all processes of the command together, what they share counted once.

    Looked at every few milliseconds, which takes time: a run of its own.
    """
    record_of(folder).unlink(missing_ok=True)
    process = subprocess.Popen(score_command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(proportional, [process.pid, *children(process.pid)])))
        time.sleep(LOOK)
    return peak / 1024


def children(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:  # it has ended
        return []
    return [int(number) for number in text.split()]


def proportional(process: int) -> int:
    """Kilobytes of a process, its part of what it shares with others."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def quickest(runs: list[Run]) -> Run:
    """The least of each figure; memory is the most."""
    return Run(
        whole=min(found.whole for found in runs),
        processor=min(found.processor for found in runs),
        work=min((found.work for found in runs if found.work is not None), default=None),
        memory=max(found.memory for found in runs),
        f=runs[0].f,
    )


# ---------------------------------------------------------------- the page
class Grown(NamedTuple):
    """What `eval score` takes for a number of sentences; `together` is the memory of all its processes."""

    taken: Run
    together: float


def page(sentences: int, rounds: int, runs: dict[Contestant, Run], growth: dict[int, Grown]) -> str:
    slow = next((found.whole for one, found in runs.items() if one.package == PEER), None)
    lines = [
        "# Speed and memory",
        "",
        "Written by `make bench`; do not edit. Every contestant runs in a process of its own, on the same",
        f"data: {sentences:,} synthetic sentences, each a document. Figures are the least of {rounds}",
        "rounds, each going through all contestants, memory the most. *Whole* is the process from start to",
        "end, reading included; *processor* is what all cores together did for it, which a busy machine",
        "changes less; *work* is what remains once the input is in memory; *peak* is the memory of the",
        "largest process (`eval score` counts in as many as there are cores). The last column says how many",
        f"times {PEER} takes as long, from start to end.",
        "",
        f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        "",
        f"| who | work | whole, s | processor, s | work, s | peak, MB | F1 | {PEER}, times |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
        *(row(contestant, found, slow) for contestant, found in runs.items()),
    ]
    if growth:
        lines += [
            "",
            "## Growth",
            "",
            "The first line of the table, with more sentences. *Together* is the peak memory of all its",
            "processes, what they share counted once; it was looked at in a run of its own.",
            "",
            "| sentences | whole, s | processor, s | peak, MB | together, MB |",
            "|---:|---:|---:|---:|---:|",
            *(
                f"| {size:,} | {taken.whole:.2f} | {taken.processor:.2f} | {taken.memory:.0f} "
                f"| {together:.0f} |"
                for size, (taken, together) in growth.items()
            ),
        ]
    return "\n".join(lines) + "\n"


def row(contestant: Contestant, found: Run, slow: float | None = None) -> str:
    try:
        name = f"{contestant.package} {version(contestant.package)}"
    except PackageNotFoundError:
        name = f"plain {contestant.package}"
    work = "" if found.work is None else f"{found.work:.3f}"
    f = "" if found.f is None else f"{found.f:.6f}"
    times = "" if slow is None else f"{slow / found.whole:.1f}"
    figures = f"{found.whole:.2f} | {found.processor:.2f} | {work} | {found.memory:.0f} | {f} | {times}"
    return f"| {name} | {contestant.work} | {figures} |"


def prepare(place: Path, sentences: int) -> Path:
    """The data of so many sentences."""
    return apart(data.prepare, ROOT, place, sentences)


def f_of(record: Path) -> float:
    """The first figure of a record."""
    found: float = json.loads(record.read_text(encoding="utf-8"))["results"][0]["value"]
    return found


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """What a process of its own makes: the peak memory of another begins with that of who starts it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def measure_growth(place: Path, rounds: int) -> dict[int, Grown]:
    growth = {}
    for size in GROWTH:
        folder = prepare(place, size)
        taken = quickest([measure_score(folder) for _ in range(rounds)])
        growth[size] = Grown(taken, measure_sum(folder))
        print(f"{size:,}: {growth[size]}", file=sys.stderr, flush=True)
    return growth


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-growth", action="store_true", help="not from 10,000 to 1,000,000 sentences")
    parser.add_argument("--only", action="append", help="only contestants of this package; may be repeated")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "goldwire-bench")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "benchmarks.md")
    given = parser.parse_args()

    folder = prepare(given.data, given.sentences)
    chosen = [c for c in CONTESTANTS if not given.only or c.package in given.only]
    runs: dict[Contestant, list[Run]] = {contestant: [] for contestant in chosen}
    for number in range(given.rounds):
        for contestant in chosen:
            found = measure(contestant, folder)
            runs[contestant].append(found)
            print(f"round {number + 1}: {row(contestant, found)}", file=sys.stderr, flush=True)
    growth = {} if given.no_growth else measure_growth(given.data, given.rounds)
    text = page(given.sentences, given.rounds, {c: quickest(found) for c, found in runs.items()}, growth)
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
