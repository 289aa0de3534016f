"""A campaign against clusters: `python tests/chaos/cluster.py`, or `make cluster`.

Systems are run and scored by two workers of Dask, which are killed at moments of chance, as is the scheduler
now and then, after which the same command is given again on a new cluster. Layers and records must be those
of one machine, to the last byte but for the time. Counts go to standard output; a difference ends in exit 1.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from hosts import Hosts, end, kill_worker

from goldwire.corpora.store import open_corpus
from goldwire.testing import builders

DOCUMENTS = 320
MOST = 5  # workers killed under one command: a busy machine may start them no faster than they are killed
ATTEMPTS = 8  # times that one command is given, at most
PROGRAM = """
import json, re, sys, time
for line in sys.stdin:
    document = json.loads(line)
    time.sleep(0.02)
    spans = [m.span() for m in re.finditer(r"[A-Z]\\\\w+", document["text"])]
    found = [{"type": "PER", "start": start, "end": end} for start, end in spans]
    print(json.dumps({"document": document["document"], "mentions": found}), flush=True)
"""


class Killer(threading.Thread):
    """Kills workers, and the scheduler if `deadly`, while a command is at work."""

    def __init__(self, hosts: Hosts, chance: random.Random, *, deadly: bool) -> None:
        super().__init__(daemon=True)
        self.hosts, self.chance, self.deadly = hosts, chance, deadly
        self.workers = self.schedulers = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Kill at moments of chance until the command is over."""
        while self.workers < MOST and not self.over.wait(self.chance.uniform(0.5, 2.5)):
            if self.deadly and self.chance.random() < 0.5:
                end(self.hosts.scheduler)
                self.schedulers += 1
                return
            self.workers += kill_worker(self.chance.choice(self.hosts.workers))


def make(folder: Path) -> tuple[Path, str]:
    """A corpus with gold, and the spec of a program that finds capitals."""
    texts = [f"Anna met Ben in Rome, said report {number}." for number in range(DOCUMENTS)]
    documents = [builders.document(text, id=f"d{number:04}") for number, text in enumerate(texts)]
    gold = [builders.annotate(document, ((0, 4), "PER")) for document in documents]
    corpus = builders.corpus(folder / "work", documents, {"gold": gold})
    program = folder / "find.py"
    program.write_text(PROGRAM.replace("\\\\", "\\"))
    return corpus.path, f"mine=cmd:{sys.executable} {program}"


def commands(corpus: Path, spec: str) -> list[list[str]]:
    """What is given to a cluster."""
    run = ["eval", "run", str(corpus), "--system", spec, "--fresh"]
    score = ["eval", "score", str(corpus), "--system", "mine", "--name", "all", "--replace"]
    return [run, score]


def give(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Give a command, as people do."""
    return subprocess.run(
        [sys.executable, "-m", "goldwire", *command], capture_output=True, text=True, check=False
    )


def results(corpus: Path) -> tuple[bytes, bytes]:
    """The layer and the record, without the time it was made and how fast the system was."""
    layer = open_corpus(corpus).layer_path("system/mine").read_bytes()
    record = msgspec.json.decode((corpus / "records" / "all.json").read_bytes())
    record.pop("created", None)
    for system in record["systems"]:
        for name in ("created", "speed"):
            system["facts"].pop(name, None)
    return layer, msgspec.json.encode(record)


def disturb(command: list[str], folder: Path, chance: random.Random, *, deadly: bool) -> tuple[int, int, int]:
    """Give a command until it is carried out, while machines are killed: workers, schedulers, attempts."""
    workers = schedulers = 0
    for attempt in range(1, ATTEMPTS + 1):
        last = attempt == ATTEMPTS
        with Hosts(folder, failures=100) as hosts:
            killer = Killer(hosts, chance, deadly=deadly and not schedulers)
            if not last:
                killer.start()
            # What is fresh is asked for once: given again, the command goes on.
            words = [word for word in command if attempt == 1 or word != "--fresh"]
            done = give([*words, "--on", hosts.on])
            killer.over.set()
            with suppress(RuntimeError):
                killer.join()
        workers, schedulers = workers + killer.workers, schedulers + killer.schedulers
        if done.returncode == 0:
            return workers, schedulers, attempt
        if done.returncode != 2 or "Traceback" in done.stderr:
            sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    sys.exit(f"{' '.join(command)}: not carried out in {ATTEMPTS} attempts\n{done.stderr}")


def main() -> None:
    """The campaign, until so many were killed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=100, help="workers to kill, at least")
    parser.add_argument("--schedulers", type=int, default=20, help="schedulers to kill, at least")
    parser.add_argument("--seconds", type=float, default=3600, help="no further round after so many")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance, begun = random.Random(given.seed), time.monotonic()
    workers = schedulers = rounds = attempts = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, spec = make(folder)
        for command in commands(corpus, spec):
            done = give(command)
            if done.returncode:
                sys.exit(done.stderr)
        expected = results(corpus)
        while workers < given.workers or schedulers < given.schedulers:
            if rounds and time.monotonic() - begun > given.seconds:
                break
            deadly = schedulers < given.schedulers
            for command in commands(corpus, spec):
                found = disturb(command, folder, chance, deadly=deadly)
                workers, schedulers, attempts = (
                    one + two for one, two in zip((workers, schedulers, attempts), found, strict=True)
                )
            rounds += 1
            if results(corpus) != expected:
                sys.exit(f"round {rounds}: another layer or record than on one machine (seed {given.seed})")
            print(f"{rounds} rounds: {workers} workers, {schedulers} schedulers killed", flush=True)
    seconds = time.monotonic() - begun
    print(
        f"{workers} workers and {schedulers} schedulers killed in {rounds} runs and scores, {attempts} times "
        f"given: layers and records as on one machine; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
