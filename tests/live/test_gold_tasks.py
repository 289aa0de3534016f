"""Gold tasks on a real server: nobody sees which they are, status judges people, gold stays as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import regions
from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.client import Client
from goldwire.corpora.goldtasks import MARK
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Provenance

pytestmark = pytest.mark.live
Run = Callable[..., Any]


@pytest.fixture
def run(labelstudio: Server, said_by: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `goldwire annotate …` as the server's owner."""
    monkeypatch.setenv("LABEL_STUDIO_URL", labelstudio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token(labelstudio.data_dir))
    return lambda *words: said_by("annotate", *map(str, words), "--data-dir", "nowhere")


def submit(client: Client, task: int, line: Annotations, text: str, lead: float) -> None:
    body = {"result": regions.encode(line, text), "lead_time": lead}
    client.write_once(dict[str, Any], f"api/tasks/{task}/annotations/", msgspec.json.encode(body))


@pytest.fixture
def corpus(tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(tmp_path / tmp_path.name, 40)


def test_people_are_judged_on_tasks_that_look_like_all_others(
    run: Run, said_by: Run, client: Client, annotators: list[Any], corpus: Corpus
) -> None:
    right = corpus.layer("system/x")
    decided = Provenance(status="adjudicated", tool="goldwire adjudicate")
    gold = {id: msgspec.structs.replace(line, provenance=decided) for id, line in list(right.items())[:20]}
    corpus.write_layer("gold", gold.values())
    texts = {document.id: document.text for document in corpus.documents()}
    group = corpus.path.name
    words = ("push", corpus.path, "--project", group, "--assign", "anna", "--assign", "ben")
    said = run(*words, "--gold-tasks", "0.3", "--json")
    assert said.code == 0, said.err
    assert "6 gold task(s) of gold are among everybody's, unmarked" in said.err

    projects = {item["title"][len(group) + 2 : -1]: item["project"] for item in said.json}
    there = {name: list(api.tasks(client, id, filters.everything())) for name, id in projects.items()}
    theirs = [{task.data["document"] for task in there[name]} for name in ("anna", "ben")]
    known = theirs[0] & theirs[1]
    assert len(known) == 6
    assert known <= gold.keys()
    # What is seen of them is what is seen of all: the same fields, nothing drawn in, no place of their own.
    for tasks in there.values():
        assert len({tuple(sorted(task.data)) for task in tasks}) == 1
        order = [task.data["document"] for task in sorted(tasks, key=lambda task: task.id)]
        places = [place for place, id in enumerate(order) if id in known]
        assert places != list(range(6))
        assert places != list(range(len(tasks) - 6, len(tasks)))
    assert run(*words, "--json").json[0]["tasks"].get("new", 0) == 0  # pushed again, nothing moves

    # Anna is right in all of it; Ben submits nothing of what is there. Both do one task more.
    for person, name in zip(annotators, ("anna", "ben"), strict=True):
        tasks = {task.data["document"]: task.id for task in there[name]}
        other = next(id for id in tasks if id not in known)
        for id in [*sorted(known), other]:
            line = right[id] if name == "anna" else Annotations(document=id, sha256=right[id].sha256)
            submit(person.client, tasks[id], line, texts[id], 9.0)
    asked = (corpus.path, "--project", group, "--names", "address")
    told = {one["person"]: one for one in run("status", *asked, "--json").json["gold"]}
    seen = {name: (one["done"], one["of"], one["value"], one["below"]) for name, one in told.items()}
    # Ben's F is 0: the stakes of five bets grow by 1.9, 3.25, 5.5, 7.75 and 9.1; after two their mean is 37.
    assert seen == {"anna": (6, 6, 1, None), "ben": (6, 6, 0, 2)}
    assert "ben: 6 of 6 done, F 0.0" in run("status", *asked).out

    assert run("pull", *asked).code == 0
    for name in ("anna", "ben"):
        lines = corpus.layer(f"annotator/{name}")
        assert {id for id, line in lines.items() if MARK in line.provenance.details} == known
    done = said_by("annotate", "adjudicate", str(corpus.path))
    assert done.code == 0, done.err
    assert "left out, gold tasks whose gold is there already: 6 document(s)" in done.err
    after = corpus.layer("gold")
    assert {id: after[id] for id in known} == {id: gold[id] for id in known}
