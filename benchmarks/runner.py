"""What the runner costs: an extractor in a loop, and the same one through `eval run`.

Run: .venv/bin/python benchmarks/runner.py [rounds]
Two extractors: one that waits 10 ms a document (as a service does), one that computes for about 10 ms. Each
round measures all variants one after the other, so that a busy machine is busy for all. Printed are the
quickest rounds, which the rest of the machine disturbed least.
Times are those of the documents, from the first to the last; the start of the processes is left out, as in
the facts that `eval run` records.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.run import run_system

DOCUMENTS = 200
NAMES = ("wait", "compute")
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


def in_a_loop(corpus: Corpus, name: str) -> float:
    """Seconds for all documents, called one after the other in this process."""
    import timed

    call, documents = getattr(timed, name), corpus.documents()
    begun = time.perf_counter()
    for document in documents:
        call(document)
    return time.perf_counter() - begun


def through_the_runner(corpus: Corpus, name: str, workers: int) -> float:
    """Seconds for all documents by `eval run`, from the opening of the first worker."""
    facts = run_system(corpus, parse_system(f"s=python:timed:{name}"), workers=workers, fresh=True)
    assert facts.speed.documents is not None
    return DOCUMENTS / facts.speed.documents


def plain_processes(number: int) -> float:
    """Seconds for so many plain processes at once, each computing all documents: what the machine can do."""
    code = f"import time, timed\nt = time.perf_counter()\nfor _ in range({DOCUMENTS}): timed.compute(None)\n"
    command = [sys.executable, "-c", code + "print(time.perf_counter() - t)"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    return max(float(process.communicate()[0]) for process in running)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        Path("timed.py").write_text(CODE)
        text = "Kabul fell. " + "It rained on the hills and on the river that day. " * 80  # 4,000 characters
        documents = [make_document(f"d{i}", f"{text}{i}") for i in range(DOCUMENTS)]
        corpus = create_corpus(Path("corpus"), Manifest(name="bench"), documents)
        loop: dict[str, list[float]] = {name: [] for name in NAMES}
        one: dict[str, list[float]] = {name: [] for name in NAMES}
        two: list[float] = []
        plain: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for name in NAMES:
                loop[name].append(in_a_loop(corpus, name))
                one[name].append(through_the_runner(corpus, name, 1))
            two.append(through_the_runner(corpus, "compute", 2))
            for number, seconds in plain.items():
                seconds.append(plain_processes(number))
        os.chdir("/")
    each = 1000 / DOCUMENTS
    for name in NAMES:
        alone, run = min(loop[name]), min(one[name])
        print(
            f"{name:8} loop {alone * each:6.2f} ms a document, runner with one worker {run * each:6.2f} ms, "
            f"overhead {run / alone - 1:+.1%}"
        )
    single, double = min(one["compute"]), min(two)
    print(f"compute  two workers {double * each:6.2f} ms a document, {single / double:.2f} times one worker")
    machine = 2 * min(plain[1]) / min(plain[2])
    print(f"the machine itself: two plain processes at once do {machine:.2f} times the work of one")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
