"""What the runner costs: an extractor in a loop, and the same one through `eval run`.

Run: .venv/bin/python benchmarks/runner.py [--rounds 5] [--write docs/evidence/runner.md]
Two extractors: one that waits 10 ms a document (as a service does), one that computes for about 10 ms. Each
round measures all variants one after the other, so that a busy machine is busy for all. Printed are the
quickest rounds, which the rest of the machine disturbed least.
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

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.run import run_system

SIZES = (200, 1_000, 10_000)  # documents of the one that waits
ONCE = 10_000  # so many are run in one round alone: it takes minutes
COMPUTED = 200  # documents of the one that computes
CODE = """
import time

def wait(document):
    time.sleep(0.010)
    return {"mentions": [{"type": "GPE", "spans": [[0, 5]]}]}

def compute(document):
    total = 0
    for i in range(100_000):
        total += i * i
    return {"mentions": [{"type": "GPE", "spans": [[0, 5]]}]}
"""


class Waited(NamedTuple):
    """Seconds for an extractor that waits: in a loop; by `eval run`, its documents alone; and all of it."""

    loop: float
    documents: float
    whole: float


class Computed(NamedTuple):
    """Seconds for one that computes: by `eval run` with one worker and two; by one plain process and two."""

    one: float
    two: float
    plain: float
    twice: float


def make_corpus(size: int) -> Corpus:
    text = "Kabul fell. " + "It rained on the hills and on the river that day. " * 80  # 4,000 characters
    documents = [make_document(f"d{i:06}", f"{text}{i}") for i in range(size)]
    return create_corpus(Path(f"corpus{size}"), Manifest(name="bench"), documents)


def in_a_loop(corpus: Corpus, name: str) -> float:
    """Seconds for all documents, called one after the other in this process."""
    import timed

    call, documents = getattr(timed, name), corpus.documents()
    begun = time.perf_counter()
    for document in documents:
        call(document)
    return time.perf_counter() - begun


def through_the_runner(corpus: Corpus, name: str, workers: int = 1) -> tuple[float, float]:
    """Seconds from the opening of the first worker to the last document, and from first to last of all."""
    begun = time.perf_counter()
    facts = run_system(corpus, parse_system(f"s=python:timed:{name}"), workers=workers, fresh=True)
    assert facts.speed.documents is not None
    return facts.documents / facts.speed.documents, time.perf_counter() - begun


def plain_processes(number: int) -> float:
    """Seconds for so many plain processes at once, each computing all documents: what the machine can do."""
    code = f"import time, timed\nt = time.perf_counter()\nfor _ in range({COMPUTED}): timed.compute(None)\n"
    command = [sys.executable, "-c", code + "print(time.perf_counter() - t)"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    return max(float(process.communicate()[0]) for process in running)


def wait(corpus: Corpus) -> Waited:
    return Waited(in_a_loop(corpus, "wait"), *through_the_runner(corpus, "wait"))


def compute(corpus: Corpus) -> Computed:
    one, two = (through_the_runner(corpus, "compute", workers)[0] for workers in (1, 2))
    return Computed(one, two, plain_processes(1), plain_processes(2))


def measure(rounds: int) -> tuple[dict[int, Waited], Computed]:
    """The quickest of each, in a folder of its own."""
    waited: dict[int, list[Waited]] = {size: [] for size in SIZES}
    computed: list[Computed] = []
    corpora = {size: make_corpus(size) for size in sorted({*SIZES, COMPUTED})}
    for number in range(rounds):
        for size, found in waited.items():
            if size < ONCE or number == 0:
                found.append(wait(corpora[size]))
                print(f"round {number + 1}: {size:,} documents: {found[-1]}", file=sys.stderr, flush=True)
        computed.append(compute(corpora[COMPUTED]))
        print(f"round {number + 1}: {computed[-1]}", file=sys.stderr, flush=True)
    least = {size: Waited(*map(min, zip(*found, strict=True))) for size, found in waited.items()}
    return least, Computed(*map(min, zip(*computed, strict=True)))


def page(waited: dict[int, Waited], computed: Computed, rounds: int) -> Iterator[str]:
    yield "# What running systems costs\n"
    yield "Written by `make bench`; do not edit. `goldwire eval run` keeps each system in processes of its"
    yield "own ([what it does](../extractors.md#what-the-runner-does)). What that costs is held against the"
    yield f"same extractor called in a loop. Of {rounds} rounds the quickest, which the rest of the machine"
    yield f"disturbed least; {ONCE:,} documents were run once.\n"
    yield f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.\n"
    yield "An extractor that waits 10 ms a document, one worker. *Documents* is from the first to the last,"
    yield "as in the facts that are recorded; *whole* is from the fingerprint of the system to its layer, the"
    yield "start and the end of its process, checks and writing included.\n"
    yield "| documents | loop, ms each | documents, ms each | more | whole, ms each | more |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for size, found in waited.items():
        loop, documents, whole = (1000 * seconds / size for seconds in found)
        more = documents / loop - 1, whole / loop - 1
        yield f"| {size:,} | {loop:.2f} | {documents:.2f} | {more[0]:.1%} | {whole:.2f} | {more[1]:.1%} |"
    yield ""
    ours, machine = computed.one / computed.two, 2 * computed.plain / computed.twice
    yield f"For an extractor that computes, two workers did {ours:.2f} times the work of one, where two plain"
    yield f"processes did {machine:.2f} times the work of one."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="also put the page there")
    given = parser.parse_args()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        Path("timed.py").write_text(CODE)
        text = "\n".join(page(*measure(given.rounds), given.rounds)) + "\n"
        os.chdir(home)
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
