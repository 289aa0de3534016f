"""Killed at any moment, client or server, the next run completes: nothing is lost and nothing is doubled.

GOLDWIRE_KILLS is how many kills each test of the client deals at least, those of the server half as many.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters, journal, mirror, orders, pull, push
from goldwire.annotate.sync.client import Client
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus

pytestmark = [pytest.mark.live, pytest.mark.slow]

KILLS = int(os.environ.get("GOLDWIRE_KILLS", "2"))
SEED = int(os.environ.get("GOLDWIRE_SEED", "1"))
WORKER = Path(__file__).with_name("worker.py")

MakeCorpus = Callable[..., Corpus]


def keys_of(client: Client, project: int) -> list[str]:
    return sorted(task.data["goldwire_id"] for task in api.tasks(client, project, filters.everything()))


def predictions_of(client: Client, project: int) -> list[int]:
    answer = client.read_as(dict[str, Any], "api/tasks/", {"project": project, "page_size": 1000})
    return [task["total_predictions"] for task in answer["tasks"]]


def annotate_all(client: Client, corpus: Corpus, title: str) -> int:
    """Push a corpus, and let the owner annotate every document: one mention each."""
    ontology = corpus.ontology()
    assert ontology is not None
    order = orders.Order(title=title, group=title, documents=tuple(corpus.documents()))
    local, _ = orders.encode(corpus, ontology, order)
    project = api.create_project(
        client, title=title, **orders.settings(ontology, order, local, corpus.manifest)
    ).id
    value = {"start": 10, "end": 16, "labels": ["MIL"]}
    mention = {"id": "r", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}
    done = [{"result": [mention], "lead_time": 2.0, "ground_truth": False}]
    tasks = [msgspec.json.encode({"data": task.data, "annotations": done}) for task in local]
    api.import_tasks(client, project, tasks)
    return project


def run_worker(labelstudio: Server, arguments: Iterable[object], kill_after: float | None) -> bool:
    """Run the worker, killed some seconds after it has begun if wished; whether it was through before."""
    environment = {**os.environ, "LABEL_STUDIO_API_KEY": server.token(labelstudio.data_dir)}
    command = [sys.executable, str(WORKER), *map(str, arguments)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(kill_after)
            assert process.returncode == 0
        process.kill()
        process.wait()
        return process.returncode == 0


def deal(chance: random.Random, run: Callable[[float | None], bool], longest: float) -> int:
    """Kill it up to four times at random moments, then let it through; how often it was killed."""
    for kills in range(min(KILLS, 4)):
        if run(chance.uniform(0.0, longest)):
            return kills
    assert run(None)
    return min(KILLS, 4)


def test_client_killed_in_mid_push(
    labelstudio: Server, client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS:
        trial += 1
        corpus = make_corpus(tmp_path / f"push {SEED}-{trial}", 32)
        arguments = ("push", corpus.path, labelstudio.url, f"{tmp_path.name} {trial}")
        kills += deal(chance, partial(run_worker, labelstudio, arguments), 2.0)
        [project] = api.projects(client, f"{tmp_path.name} {trial}")
        assert keys_of(client, project.id) == [document.id for document in corpus.documents()]
        assert predictions_of(client, project.id) == [1] * 32
    print(kills, "kills in", trial, "pushes")


def shorten(corpus: Corpus) -> None:
    """Give each document another prediction: without its last event."""
    lines = corpus.layer("system/x").values()
    shorter = [msgspec.structs.replace(line, events=line.events[:-1]) for line in lines]
    corpus.write_layer("system/x", shorter)


def test_client_killed_while_predictions_are_changed(
    labelstudio: Server, client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    """Another model has predicted for each task too, and that stays."""
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS:
        trial += 1
        corpus = make_corpus(tmp_path / f"bulk {SEED}-{trial}", 48)
        title = f"bulk {tmp_path.name} {trial}"
        arguments = ("push", corpus.path, labelstudio.url, title)
        assert run_worker(labelstudio, arguments, None)
        [project] = api.projects(client, title)
        ids = [task.id for task in api.tasks(client, project.id, filters.everything())]
        theirs = [{"task": id, "model_version": "theirs", "result": [], "score": 0.5} for id in ids]
        assert api.import_predictions(client, project.id, theirs) == 48
        shorten(corpus)
        kills += deal(chance, partial(run_worker, labelstudio, arguments), 2.5)
        for task in api.whole_tasks(client, project.id, ids):
            found = {item["model_version"]: item for item in task.predictions}
            assert sorted(item["model_version"] for item in task.predictions) == ["goldwire", "theirs"]
            triggers = [r for r in found["goldwire"]["result"] if r.get("from_name") == "trigger"]
            assert len(triggers) == 2
        assert run_worker(labelstudio, arguments, None)
        assert predictions_of(client, project.id) == [2] * 48
    print(kills, "kills in", trial, "changes")


def test_client_killed_in_mid_pull(
    labelstudio: Server, client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS:
        trial += 1
        corpus = make_corpus(tmp_path / f"pull {SEED}-{trial}", 32)
        title = f"{tmp_path.name} {trial}"
        annotate_all(client, corpus, title)
        how = ("by-id",) if trial % 2 else ()
        arguments = ("pull", corpus.path, labelstudio.url, title, *how)
        kills += deal(chance, partial(run_worker, labelstudio, arguments), 1.0)
        line = corpus.layer("annotator/owner")
        assert sorted(line) == [document.id for document in corpus.documents()]
        assert {len(annotations.mentions) for annotations in line.values()} == {1}
        assert [path.name for path in (corpus.path / "layers").rglob("*.tmp")] == []
    print(kills, "kills in", trial, "pulls")


def test_client_killed_while_documents_are_shared_out_anew(
    labelstudio: Server, client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    """One joins, one leaves: what was begun is where it was, each document with as many as it should be."""
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS:
        trial += 1
        corpus = make_corpus(tmp_path / f"share {SEED}-{trial}", 24)
        share = ("share", corpus.path, labelstudio.url, corpus.path.name)
        assert run_worker(labelstudio, (*share, "anna", "ben"), None)
        begun = {name: begin(client, corpus, name) for name in ("anna", "ben")}
        for names in (("anna", "ben", "cleo"), ("ben", "cleo")):
            kills += deal(chance, partial(run_worker, labelstudio, (*share, *names)), 4.0)
            theirs = {name: tasks_of(client, corpus, name) for name in ("anna", "ben", "cleo")}
            for name, tasks in begun.items():
                assert tasks.items() <= theirs[name].items()
            assert not theirs["cleo"].keys() & {key for tasks in begun.values() for key in tasks}
            times = Counter(key for tasks in theirs.values() for key in tasks)
            # A quarter of 24 for two people.
            assert Counter(times.values()) == {1: 18, 2: 6}
        assert theirs["anna"] == begun["anna"]
    print(kills, "kills in", trial, "sharings")


def tasks_of(client: Client, corpus: Corpus, name: str) -> dict[str, int]:
    """The tasks in somebody's project, by document; each document has one at most."""
    projects = api.projects(client, f"{corpus.path.name} ({name})")
    assert len(projects) <= 1
    listed = [task for item in projects for task in api.tasks(client, item.id, filters.everything())]
    found = {task.data["goldwire_id"]: task.id for task in listed}
    assert len(found) == len(listed)
    return found


def begin(client: Client, corpus: Corpus, name: str) -> dict[str, int]:
    """Do one of somebody's documents, that nobody else has, skip another and begin a third."""
    others = {key for other in {"anna", "ben"} - {name} for key in tasks_of(client, corpus, other)}
    alone = {key: id for key, id in tasks_of(client, corpus, name).items() if key not in others}
    done = dict([*alone.items()][:3])
    kinds: tuple[dict[str, Any] | None, ...] = ({}, {"was_cancelled": True}, None)
    for id, what in zip(done.values(), kinds, strict=True):
        path = f"api/tasks/{id}/drafts" if what is None else f"api/tasks/{id}/annotations/"
        body = {"result": [], "lead_time": 1.0, **(what or {})}
        client.write_once(dict[str, Any], path, msgspec.json.encode(body))
    return done


def test_client_killed_while_what_was_withdrawn_is_put_aside(
    labelstudio: Server, client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS:
        trial += 1
        corpus = make_corpus(tmp_path / f"withdrawn {SEED}-{trial}", 32)
        ontology = corpus.ontology()
        assert ontology is not None
        project = annotate_all(client, corpus, corpus.path.name)
        arguments = ("pull", corpus.path, labelstudio.url, corpus.path.name)
        assert run_worker(labelstudio, arguments, None)
        before = corpus.layer("annotator/owner")
        tasks = {
            task.data["goldwire_id"]: task.id for task in api.tasks(client, project, filters.everything())
        }
        gone = chance.sample(sorted(tasks), 10)
        for key in gone[:5]:
            client.write("DELETE", f"api/annotations/{before[key].provenance.details['annotation']}/")
        for key in gone[5:]:
            api.delete_task(client, tasks[key])
        kills += deal(chance, partial(run_worker, labelstudio, arguments), 1.0)
        assert corpus.layer("annotator/owner") == {k: v for k, v in before.items() if k not in gone}
        assert corpus.layer("withdrawn/owner") == {k: v for k, v in before.items() if k in gone}
        request = pull.Request(group=corpus.path.name, naming="address")
        told = pull.pull(client, corpus, ontology, request).withdrawn
        assert sorted(item.document for item in told) == sorted(gone)
        notes = journal.read(journal.folder(corpus, corpus.path.name))
        noted = [item for note in notes if isinstance(note, journal.Withdrawn) for item in note.gone]
        assert len(noted) == 10
    print(kills, "kills in", trial, "pulls of what was withdrawn")


# ---------------------------------------------------------------- the server


@pytest.fixture(scope="module")
def mortal(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own."""
    folder = tmp_path_factory.mktemp("mortal")
    yield server.start(folder)
    server.stop(folder)


@pytest.fixture
def mortal_client(mortal: Server) -> Iterator[Client]:
    """Its API."""
    connection = Client(mortal.url, server.token(mortal.data_dir))
    yield connection
    connection.close()


def kill(victim: Server) -> None:
    """Kill the server and start it again at the same address."""
    running = server.status(victim.data_dir)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.status(victim.data_dir) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    server.start(victim.data_dir, port=urlsplit(victim.url).port)


def survive(victim: Server, chance: random.Random, work: Callable[[], Any], within: float) -> bool:
    """Do some work while the server is killed; whether it was still going on then."""
    done: list[Any] = []

    def until_done() -> None:
        while not done:
            with contextlib.suppress(ServerError):
                done.append(work())

    worker = threading.Thread(target=until_done)
    worker.start()
    time.sleep(chance.uniform(0.0, within))
    hit = not done
    kill(victim)
    worker.join(120)
    assert done, "it did not come back"
    return hit


def test_server_killed_in_mid_push(
    mortal: Server, mortal_client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    client = mortal_client
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS / 2:
        trial += 1
        corpus = make_corpus(tmp_path / f"push {SEED}-{trial}", 200, 3000)
        ontology = corpus.ontology()
        assert ontology is not None
        title = f"push {trial}"
        documents = tuple(corpus.documents())
        order = orders.Order(title=title, group=title, prefill="system/x", documents=documents)
        work = partial(push.push, client, corpus, ontology, order, batch=20, quiet=2.0)
        kills += survive(mortal, chance, work, 2.0)
        [project] = api.projects(client, title)
        assert keys_of(client, project.id) == [document.id for document in documents]
        assert predictions_of(client, project.id) == [1] * 200
    print(kills, "kills in", trial, "pushes")


def test_server_killed_while_predictions_are_changed(
    mortal: Server, mortal_client: Client, tmp_path: Path, make_corpus: MakeCorpus
) -> None:
    """Another model has predicted for each task too, and that stays, once."""
    client = mortal_client
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS / 2:
        trial += 1
        corpus = make_corpus(tmp_path / f"bulk {SEED}-{trial}", 100, 1000)
        ontology = corpus.ontology()
        assert ontology is not None
        title = f"bulk {trial}"
        order = orders.Order(
            title=title, group=title, prefill="system/x", documents=tuple(corpus.documents())
        )
        work = partial(push.push, client, corpus, ontology, order, quiet=2.0)
        project = work().project
        assert project is not None
        ids = [task.id for task in api.tasks(client, project.id, filters.everything())]
        theirs = [{"task": id, "model_version": "theirs", "result": [], "score": 0.5} for id in ids]
        assert api.import_predictions(client, project.id, theirs) == 100
        shorten(corpus)
        kills += survive(mortal, chance, work, 4.0)
        assert work().plan.is_empty
        for task in api.whole_tasks(client, project.id, ids):
            assert sorted(item["model_version"] for item in task.predictions) == ["goldwire", "theirs"]
    print(kills, "kills in", trial, "changes")


def test_server_killed_in_mid_pull(
    mortal: Server,
    mortal_client: Client,
    tmp_path: Path,
    make_corpus: MakeCorpus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirror, "_LOST", 2.0)
    client = mortal_client
    chance, kills, trial = random.Random(SEED), 0, 0
    while kills < KILLS / 2:
        trial += 1
        corpus = make_corpus(tmp_path / f"pull {SEED}-{trial}", 300, 1000)
        ontology = corpus.ontology()
        assert ontology is not None
        title = f"pull {trial}"
        annotate_all(client, corpus, title)
        request = pull.Request(group=title, naming="address")
        kills += survive(mortal, chance, partial(pull.pull, client, corpus, ontology, request), 2.0)
        assert sorted(corpus.layer("annotator/owner")) == [document.id for document in corpus.documents()]
    print(kills, "kills in", trial, "pulls")
