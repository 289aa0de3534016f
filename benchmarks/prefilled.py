"""Push of documents with a long layer to be corrected: first, again, and with a changed layer.

    python benchmarks/prefilled.py [--documents 3000] [--changed 300 3000] [--before CHECKOUT]

Starts a Label Studio of its own and gives each step to a process of its own, from start to end, with imports.
Beside the first push stand bare posts of the same bodies to the same server: what no client can be faster
than. `--before` takes the same steps with the code of another checkout, on the same server in the same run;
`--changed-before` says how many predictions that changes, since it may take minutes. Seconds are the clock's,
with whatever else the machine does; the processor's are this side's alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Document, Mention, Span

SIZE = 2990  # characters of a document
SENTENCE = "Rebels attacked Kunduz near {} on day {}. "
TYPES = {"Rebels": "MIL", "Kunduz": "GPE"}
LAYER = "system/x"

# What is sent, made ready before anything is timed: the bodies of the push, a file for each.
BODIES = """
import sys
from pathlib import Path
from goldwire.annotate.sync import orders, sending
from goldwire.corpora.store import open_corpus
corpus, folder = open_corpus(Path(sys.argv[1])), Path(sys.argv[2])
order = orders.Order(title="x", group="x", prefill="system/x", documents=tuple(corpus.documents()))
local, _ = orders.encode(corpus, corpus.ontology(), order)
for number, batch in enumerate(sending.batches(local, sending.BATCH)):
    (folder / f"{number:05}.json").write_bytes(b"[" + b",".join(task for _, task in batch) + b"]")
"""

BARE = """
import os, sys
from pathlib import Path
import httpx
url, config, folder = sys.argv[1:]
client = httpx.Client(base_url=url, timeout=600, trust_env=False)
refresh = {"refresh": os.environ["LABEL_STUDIO_API_KEY"]}
access = client.post("/api/token/refresh", json=refresh).raise_for_status().json()["access"]
client.headers["Authorization"] = f"Bearer {access}"
made = client.post("/api/projects/", json={"title": "bare", "label_config": Path(config).read_text()})
path = f"/api/projects/{made.raise_for_status().json()['id']}/import?return_task_ids=true"
for body in sorted(Path(folder).iterdir()):
    headers = {"Content-Type": "application/json"}
    client.post(path, content=body.read_bytes(), headers=headers).raise_for_status()
"""


class Run(NamedTuple):
    """Seconds of the clock and of this side's processor, peak memory in MB; tasks where a rate is told."""

    seconds: float
    processor: float
    megabytes: float
    tasks: int = 0


def measure(command: Sequence[object], environment: dict[str, str]) -> Run:
    """Run a program to its end; whatever goes wrong there ends all."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*map(str, command)], stdout=said, stderr=said, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{command[:4]} ended with {process.returncode}:\n{said.read().decode()}")
    return Run(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def apart(work: Callable[..., object], *arguments: object) -> None:
    """Do something in a process of its own: the memory of this one would count as that of those it starts."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} failed")


def make_corpus(path: Path, documents: int) -> None:
    """Texts of one length, with 147 mentions each."""
    made = []
    for number in range(documents):
        body = "".join(SENTENCE.format(place, number) for place in range(75))
        made.append(make_document(f"d{number:05}", f"Report {number}.\n{body[:SIZE]}"))
    manifest = Manifest(name="prefilled", ontology="conflict")
    create_corpus(path, manifest, made, layers={LAYER: map(mentions, made)})


def mentions(document: Document) -> Annotations:
    found = enumerate(re.finditer("|".join(TYPES), document.text))
    made = [Mention(id=f"m{k}", type=TYPES[word[0]], spans=(Span(*word.span()),)) for k, word in found]
    return Annotations(document=document.id, sha256=document.sha256, mentions=tuple(made))


def change_layer(path: Path, documents: int, without: int) -> None:
    """Take a mention more out of the lines of the first documents with every round."""
    corpus = open_corpus(path)
    lines = [mentions(document) for document in corpus.documents()]
    for number, line in enumerate(lines[:documents]):
        kept = line.mentions[without:]
        lines[number] = Annotations(document=line.document, sha256=line.sha256, mentions=kept)
    corpus.write_layer(LAYER, lines)


class Contestant(NamedTuple):
    """Whose code it is, and how many documents' predictions it is given to change."""

    name: str
    source: Path
    changed: Sequence[int]


class Steps:
    """The steps of one contestant, in a corpus and a project of its own."""

    def __init__(self, running: Server, folder: Path, contestant: Contestant, documents: int) -> None:
        self.contestant = contestant
        self.corpus = folder / contestant.name
        apart(make_corpus, self.corpus, documents)
        self.environment = {
            **os.environ,
            "LABEL_STUDIO_API_KEY": server.token(running.data_dir),
            "PYTHONPATH": str(contestant.source),
        }
        self.command = [
            *(sys.executable, "-m", "goldwire", "annotate", "push", self.corpus, "--url", running.url),
            *("--project", contestant.name, "--prefill", LAYER, "--data-dir", folder / "nowhere"),
        ]

    def run(self) -> dict[str, Run]:
        found = {"first push": self._push(), "again, nothing new": self._push()}
        for number, documents in enumerate(self.contestant.changed, start=1):
            apart(change_layer, self.corpus, documents, number)
            found[f"{documents} changed predictions"] = self._push()._replace(tasks=documents)
        return found

    def _push(self) -> Run:
        run = measure(self.command, self.environment)
        note(f"{self.contestant.name}: {run}")
        return run


def measure_bare(running: Server, folder: Path, documents: int) -> Run:
    """The same bodies, posted by nothing but a loop."""
    environment = {**os.environ, "LABEL_STUDIO_API_KEY": server.token(running.data_dir)}
    apart(make_corpus, folder / "bare", documents)
    (folder / "bodies").mkdir()
    subprocess.run([sys.executable, "-c", BODIES, folder / "bare", folder / "bodies"], check=True)
    config = subprocess.check_output([sys.executable, "-m", "goldwire", "annotate", "config"])
    (folder / "config.xml").write_bytes(config)
    command = [sys.executable, "-c", BARE, running.url, folder / "config.xml", folder / "bodies"]
    return measure(command, environment)


def tell(documents: int, bare: Sequence[Run], found: dict[str, dict[str, Run]]) -> None:
    print(
        f"{documents} tasks with 147 mentions each; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
    )
    print("| | | seconds | a second | processor, s | peak, MB |\n|---|---|---:|---:|---:|---:|")
    for name, run in zip(("bare posts, before", "bare posts, after"), bare, strict=True):
        print(row(name, "first push", run._replace(tasks=documents)))
    usual = statistics.mean(run.seconds for run in bare)
    for name, steps in found.items():
        for what, run in steps.items():
            print(row(name, what, run._replace(tasks=documents) if what == "first push" else run))
    for name, steps in found.items():
        print(
            f"\n{name}: first push {steps['first push'].seconds / usual:.2f} times the mean of the bare posts"
        )


def row(name: str, what: str, run: Run) -> str:
    rate = f"{run.tasks / run.seconds:.1f}" if run.tasks else ""
    return f"| {name} | {what} | {run.seconds:.1f} | {rate} | {run.processor:.1f} | {run.megabytes:.0f} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--documents", type=int, default=3000)
    arguments.add_argument("--changed", type=int, nargs="*", default=[300, 3000])
    arguments.add_argument("--before", type=Path, help="a checkout of other code")
    arguments.add_argument("--changed-before", type=int, nargs="*", default=[20])
    given = arguments.parse_args()
    root = Path(__file__).resolve().parents[1]
    contestants = [Contestant("now", root / "src", given.changed)]
    if given.before:
        contestants.insert(0, Contestant("before", given.before / "src", given.changed_before))
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder, "server"), progress=note)
        try:
            compare(running, Path(folder), contestants, given.documents)
        finally:
            server.stop(running.data_dir)


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def compare(running: Server, folder: Path, contestants: Sequence[Contestant], documents: int) -> None:
    bare = [measure_bare(running, folder / "1", documents)]
    found = {each.name: Steps(running, folder, each, documents).run() for each in contestants}
    bare.append(measure_bare(running, folder / "2", documents))
    tell(documents, bare, found)


if __name__ == "__main__":
    main()
