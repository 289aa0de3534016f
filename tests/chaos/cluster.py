"""A campaign against clusters: `python tests/chaos/cluster.py`, or `make cluster`.

Systems are run and scored by two workers of Dask. These are killed while they work on a part or a block, now
and then while they only start or wait, and so is the scheduler, after which the same command is given again
on a new cluster. Layers and records must be those of one machine, to the last byte but for the time. Where a
killed worker was is known from what it noted (see `noting.py`). Counts go to standard output; a difference
ends in exit 1.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from hosts import Hosts, children, end, until

from goldwire.corpora.store import open_corpus
from goldwire.eval.cluster.run import FEWEST as PARTS
from goldwire.eval.counting.chunks import find_places
from goldwire.testing import builders

DOCUMENTS, LENGTH = 480, 50_000  # and characters of each: a score of many blocks, a run of some seconds
ATTEMPTS = 8  # times that one command is given, at most
PATIENCE = 180.0  # seconds until a cluster is begun anew: a busy machine takes long for one
IDLE = 0.15  # of the kills are aimed at a worker that starts or waits, if there is one
WORKERS, SCHEDULERS, APART = "workers", "schedulers", "workers apart"
MOST = {WORKERS: 10, SCHEDULERS: 2}  # killed under one command: what is left must be enough for so many
NOTING = Path(__file__).with_name("noting.py")
LOG = "GOLDWIRE_CAMPAIGN_LOG"
PROGRAM = """
import json, re, sys, time
for line in sys.stdin:
    document = json.loads(line)
    time.sleep(0.03)
    spans = [m.span() for m in re.finditer(r"[A-Z]\\w+", document["text"])]
    found = [{"type": "PER", "start": start, "end": end} for start, end in spans]
    print(json.dumps({"document": document["document"], "mentions": found}), flush=True)
"""


class Killer(threading.Thread):
    """Kills workers, and the scheduler if it is wanted, while a command is at work."""

    def __init__(self, hosts: Hosts, log: Path, chance: random.Random, workers: int, schedulers: int) -> None:
        super().__init__(daemon=True)
        self.hosts, self.log, self.chance = hosts, log, chance
        self.workers = chance.randint(0, workers) if schedulers else workers
        self.scheduler = schedulers > 0
        self.killed = Counter[str]()
        self.over = threading.Event()

    def run(self) -> None:
        """Kill at moments of chance, from the first piece of the command to its end; the scheduler last."""
        while not self.over.wait(self.chance.uniform(0.1, 0.9)):
            start_anew(self.hosts, self.log)
            if not self._noted():
                continue
            if self.killed[WORKERS] < self.workers:
                self._kill_worker()
            elif self.scheduler and self._at_work():
                end(self.hosts.scheduler)
                self.killed[SCHEDULERS] += 1
                return

    def _at_work(self) -> list[int]:
        """The workers that have begun a piece and not ended it."""
        noted = self._noted()
        return [pid for pid in self._there() if noted.get(pid) == "begin"]

    def _kill_worker(self) -> None:
        """Kill one, and count what it did when it died."""
        busy = self._at_work()
        others = [pid for pid in self._there() if pid not in busy]
        if not busy:  # or none would ever be there, on a machine that starts them slowly
            return
        pid = self.chance.choice(others if others and self.chance.random() < IDLE else busy)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid))
        self.killed[WORKERS if self._noted().get(pid) == "begin" else APART] += 1

    def _there(self) -> list[int]:
        """The processes of all workers."""
        return [pid for nanny in self.hosts.workers for pid in children(nanny) if is_worker(pid)]

    def _noted(self) -> dict[int, str]:
        """What each worker has noted last."""
        lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        return {int(pid): what for pid, what, _ in map(str.split, lines)}


def start_anew(hosts: Hosts, log: Path) -> None:
    """Have two workers: a nanny gives up, and ends, whose worker is killed before it is there."""
    hosts.workers = [nanny for nanny in hosts.workers if nanny.poll() is None]
    for _ in range(2 - len(hosts.workers)):
        hosts.add_worker("--preload", str(NOTING), **{LOG: str(log)})


def is_worker(pid: int) -> bool:
    """Whether a child of a nanny is the worker, and not what watches it."""
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def make(folder: Path) -> tuple[Path, str]:
    """A corpus with gold, and the spec of a program that finds capitals."""
    filling = "the rest of it is of no account. " * (LENGTH // 33)
    texts = [f"Anna met Ben in Rome, said report {number}. {filling}" for number in range(DOCUMENTS)]
    documents = [builders.document(text, id=f"d{number:04}") for number, text in enumerate(texts)]
    gold = [builders.annotate(document, ((0, 4), "PER")) for document in documents]
    corpus = builders.corpus(folder / "corpus", documents, {"gold": gold})
    program = folder / "find.py"
    program.write_text(PROGRAM)
    return corpus.path, f"mine=cmd:{sys.executable} {program}"


def commands(corpus: Path, spec: str) -> dict[str, list[str]]:
    """What is given to a cluster, in this order."""
    return {
        "runs": ["eval", "run", str(corpus), "--system", spec],
        "scores": ["eval", "score", str(corpus), "--system", "mine", "--name", "all"],
    }


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


def carried_out(command: list[str]) -> None:
    """Give a command to this machine."""
    if (done := give(command)).returncode:
        sys.exit(done.stderr)


class Campaign:
    """What was killed so far, by the kind of command."""

    def __init__(self, folder: Path, workers: int, schedulers: int, seed: int) -> None:
        self.folder, self.work = folder, folder / "work"
        self.wanted, self.chance = {WORKERS: workers, SCHEDULERS: schedulers}, random.Random(seed)
        self.corpus, self.spec = make(folder)
        self.blocks = len(find_places(open_corpus(self.corpus), ["gold"]))
        self.killed = {kind: Counter[str]() for kind in self.commands()}
        self.rounds = self.given = 0
        self.log = folder / "pieces.log"
        self.hosts: Hosts | None = None
        self.fresh()
        for command in self.commands().values():
            carried_out(command)
        self.expected = results(self.work)

    def commands(self) -> dict[str, list[str]]:
        """What is given to a cluster, by its kind, in this order."""
        return commands(self.work, self.spec)

    def fresh(self) -> None:
        """Put a corpus without layers of systems and records in the place of the last."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.corpus, self.work)

    def left(self, what: str) -> int:
        """How many are still to be killed."""
        return max(0, self.wanted[what] - sum(counts[what] for counts in self.killed.values()))

    def round(self) -> None:
        """Run and score once; ends the process if anything is otherwise than on one machine."""
        self.fresh()
        for commands, (kind, command) in zip((2, 1), self.commands().items(), strict=True):
            share = {what: min(most, -(-self.left(what) // commands)) for what, most in MOST.items()}
            self.killed[kind] += self.disturb(command, share)
        self.rounds += 1
        if results(self.work) != self.expected:
            sys.exit(f"round {self.rounds}: another layer or record than on one machine")

    def disturb(self, command: list[str], share: dict[str, int]) -> Counter[str]:
        """Give a command until it is carried out, while machines are killed; how many were."""
        killed = Counter[str]()
        for attempt in range(1, ATTEMPTS + 1):
            self.given += 1
            self.log.unlink(missing_ok=True)
            hosts = self.cluster()
            left = (max(0, share[what] - killed[what]) for what in (WORKERS, SCHEDULERS))
            killer = Killer(hosts, self.log, self.chance, *left)
            if attempt < ATTEMPTS:
                killer.start()
            done = give([*command, "--on", hosts.on])
            killer.over.set()
            with suppress(RuntimeError):
                killer.join()
            if done.returncode == 0:
                killer.killed.pop(SCHEDULERS, None)  # too late to be felt
                return killed + killer.killed
            killed += killer.killed
            if done.returncode != 2 or "the scheduler was lost" not in done.stderr:
                sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        sys.exit(f"{' '.join(command)}: not carried out in {ATTEMPTS} attempts\n{done.stderr}")

    def cluster(self) -> Hosts:
        """The cluster that is there, with all its workers; a new one if its scheduler was killed."""
        while True:
            if self.hosts is not None and self.hosts.scheduler.poll() is not None:
                self.end()
            try:
                if self.hosts is None:
                    self.hosts = Hosts(self.folder, workers=0, failures=1000, patience=PATIENCE)
                start_anew(self.hosts, self.log)
                self.hosts.wait(2, PATIENCE)
            except OSError:  # its port was taken meanwhile, or a worker was not there in time
                self.end()
            else:
                return self.hosts

    def end(self) -> None:
        """End the cluster."""
        if self.hosts is not None:
            self.hosts.__exit__()
        self.hosts = None

    def told(self, what: str) -> str:
        """How many were killed, and where."""
        each = {kind: counts[what] for kind, counts in self.killed.items()}
        return f"{sum(each.values())} ({', '.join(f'{number} in {kind}' for kind, number in each.items())})"


def main() -> None:
    """The campaign, until so many were killed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=100, help="workers to kill at work, at least")
    parser.add_argument("--schedulers", type=int, default=20, help="schedulers to kill, at least")
    parser.add_argument("--seconds", type=float, default=3600, help="no further round after so many")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        campaign = Campaign(Path(name), given.workers, given.schedulers, given.seed)
        try:
            while campaign.left(WORKERS) or campaign.left(SCHEDULERS):
                if campaign.rounds and time.monotonic() - begun > given.seconds:
                    break
                campaign.round()
                workers, schedulers = campaign.told(WORKERS), campaign.told(SCHEDULERS)
                seconds = time.monotonic() - begun
                print(f"round {campaign.rounds}: {workers}; {schedulers}; {seconds:.0f} s", flush=True)
        finally:
            campaign.end()
    print(f"workers killed at work on a part or a block: {campaign.told(WORKERS)}")
    print(f"workers killed while they started or waited: {campaign.told(APART)}")
    print(f"schedulers killed while workers were at work: {campaign.told(SCHEDULERS)}")
    print(
        f"{campaign.rounds} runs of {PARTS} parts and scores of {campaign.blocks} blocks, {campaign.given} "
        f"times given: layers and records as on one machine; {time.monotonic() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
