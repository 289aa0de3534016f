"""Push and pull against the bare SDK, on the same server, in the same run: seconds and peak memory.

    python benchmarks/labelstudio.py [--documents 5000] [--rounds 2]
    python benchmarks/labelstudio.py --documents 10000 --rounds 1     # near the SDK's own time-out

Starts a Label Studio of its own. Every contestant is a process of its own, from start to end, with imports.
The bare SDK does the least it could for the same: all tasks in one `import_tasks`, and `download_sync` into a
file, which is neither checked nor read; at the end once more with the SDK's own time-out. In between every
task is annotated through the API: predictions are imported and made annotations by the server, for one
annotation after the other takes it ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.client import Client
from goldwire.corpora.store import Manifest, create_corpus, make_document

SIZE = 3000  # characters of a document
LIMIT = 1.3  # times what the bare SDK takes
SENTENCE = "Rebels attacked Kunduz on day {:04}.\n"
WIDTH = len(SENTENCE.format(0))
TITLE = "speed"
ENOUGH = 600  # seconds without a byte that the SDK is given for a pull

BARE_PUSH = """
import json, sys
from label_studio_sdk import LabelStudio
corpus, url, config = sys.argv[1:]
client = LabelStudio(base_url=url, api_key=open(0).read())
project = client.projects.create(title="bare", label_config=open(config).read())
tasks = []
for line in open(corpus + "/documents.jsonl"):
    document = json.loads(line)
    tasks.append({"data": {"text": document["text"], "title": document["id"], "byline": document["id"]}})
client.projects.import_tasks(project.id, request=tasks)
"""

BARE_PULL = """
import sys
from label_studio_sdk import LabelStudio
url, project, path, *seconds = sys.argv[1:]
patience = {"timeout": float(seconds[0])} if seconds else {}
client = LabelStudio(base_url=url, api_key=open(0).read(), **patience)
with open(path, "wb") as file:
    for chunk in client.projects.exports.download_sync(int(project), export_type="JSON"):
        file.write(chunk)
"""


class Run(NamedTuple):
    seconds: float
    megabytes: float
    timed_out: bool = False


def measure(command: Sequence[object], token: str) -> Run:
    """Run a program that finds the token on its standard input or in the environment, to its end or its
    own time-out; whatever else goes wrong there ends all."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "LABEL_STUDIO_API_KEY": token},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(token.encode())
    process.stdin.close()
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    timed_out = b"ReadTimeout" in said
    if process.returncode and not timed_out:
        raise SystemExit(f"{command[:4]} ended with {process.returncode}:\n{said.decode()}")
    return Run(time.monotonic() - begun, usage.ru_maxrss / 1024, timed_out)


def make_corpus(path: Path, documents: int) -> None:
    body = "".join(SENTENCE.format(number) for number in range(SIZE // WIDTH + 1))[: SIZE - 20]
    made = [make_document(f"d{number:05}", f"Report {number:05}.\n{body}") for number in range(documents)]
    create_corpus(path, Manifest(name="speed", ontology="conflict"), made)


def annotate(client: Client, project: int) -> None:
    """Ten mentions on every task."""
    regions = []
    for number in range(10):
        start = len("Report 00000.\n") + number * WIDTH
        value = {"start": start, "end": start + 6, "text": "Rebels", "labels": ["MIL"]}
        region = {"id": f"r{number}", "from_name": "entity", "to_name": "text", "type": "labels"}
        regions.append({**region, "value": value})
    tasks = [task.id for task in api.tasks(client, project, filters.everything())]
    predictions = [{"task": task, "model_version": "bench", "result": regions} for task in tasks]
    for start in range(0, len(predictions), 500):
        body = json.dumps(predictions[start : start + 500]).encode()
        client.write_once(dict, f"api/projects/{project}/import/predictions", body)
    chosen = json.dumps({"selectedItems": {"all": True, "excluded": []}}).encode()
    for action in ("predictions_to_annotations", "delete_tasks_predictions"):
        client.write_once(dict, "api/dm/actions/", chosen, {"id": action, "project": project})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--documents", type=int, default=5000)
    arguments.add_argument("--rounds", type=int, default=2)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder, "server"), progress=lambda line: print(line, file=sys.stderr))
        try:
            compare(running, Path(folder), given.documents, given.rounds)
        finally:
            server.stop(running.data_dir)


def compare(running: Server, folder: Path, documents: int, rounds: int) -> None:
    token = server.token(running.data_dir)
    make_corpus(folder / "corpus", documents)
    goldwire = [sys.executable, "-m", "goldwire", "annotate"]
    python = [sys.executable, "-c"]
    (folder / "config.xml").write_bytes(subprocess.check_output([*goldwire, "config"]))
    common = ["--url", running.url, "--data-dir", folder / "nowhere"]

    runs: dict[str, list[Run]] = {"SDK push": [], "goldwire push": [], "SDK pull": [], "goldwire pull": []}
    for number in range(rounds):
        bare = [*python, BARE_PUSH, folder / "corpus", running.url, folder / "config.xml"]
        runs["SDK push"].append(measure(bare, token))
        ours = [*goldwire, "push", folder / "corpus", "--project", f"{TITLE} {number}", *common]
        runs["goldwire push"].append(measure(ours, token))
    again = measure(ours, token)
    client = Client(running.url, token, timeout=600)
    [project] = api.projects(client, f"{TITLE} {rounds - 1}")
    annotate(client, project.id)
    client.close()
    bare = [*python, BARE_PULL, running.url, project.id, folder / "bare.json"]
    for _ in range(rounds):
        runs["SDK pull"].append(measure([*bare, ENOUGH], token))
        title = ["--project", f"{TITLE} {rounds - 1}", *common]
        runs["goldwire pull"].append(measure([*goldwire, "pull", folder / "corpus", "--full", *title], token))
    nothing = measure([*goldwire, "pull", folder / "corpus", *title], token)
    as_it_comes = measure(bare, token)  # last: where it gives up, the server goes on with it
    more = {
        "goldwire push again, nothing new": again,
        "goldwire pull again, nothing new": nothing,
        "SDK pull, with its own time-out of 60 seconds": as_it_comes,
    }
    tell(documents, runs, more)


def tell(documents: int, runs: dict[str, list[Run]], more: dict[str, Run]) -> None:
    medians = {
        name: Run(statistics.median(r.seconds for r in each), statistics.median(r.megabytes for r in each))
        for name, each in runs.items()
    }
    print(f"{documents} tasks of {SIZE} characters, medians of {len(next(iter(runs.values())))} runs\n")
    print("| | seconds | peak memory, MB |\n|---|---|---|")
    for name, run in {**medians, **more}.items():
        ended = " (timed out, nothing came)" if run.timed_out else ""
        print(f"| {name} | {run.seconds:.1f}{ended} | {run.megabytes:.0f} |")
    bare = medians["SDK push"].seconds + medians["SDK pull"].seconds
    ours = medians["goldwire push"].seconds + medians["goldwire pull"].seconds
    memory = max(
        medians[f"goldwire {what}"].megabytes / medians[f"SDK {what}"].megabytes for what in ("push", "pull")
    )
    print(
        f"\npush and pull: {ours / bare:.2f} times the SDK's seconds, {memory:.2f} times its memory at most"
    )
    print(f"limit: {LIMIT} times")


if __name__ == "__main__":
    main()
