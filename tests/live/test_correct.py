"""A text that was corrected goes to a real server, and what people did there with the old comes back once."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.client import Client
from goldwire.corpora.correct import correct
from goldwire.corpora.store import Corpus

pytestmark = pytest.mark.live

Run = Callable[..., Any]
BEGUN, UNTOUCHED = "d00001", "d00002"


@pytest.fixture
def run(labelstudio: Server, said_by: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `goldwire annotate …` for the project that is called like the corpus."""
    monkeypatch.setenv("LABEL_STUDIO_URL", labelstudio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token(labelstudio.data_dir))
    call = partial(said_by, "annotate")
    return lambda name, path, *more: call(name, path, *project_of(path), *more)


def project_of(path: Path) -> list[str]:
    return ["--project", f"corrected {path.name}", "--data-dir", "nowhere"]


def annotate(client: Client, task: api.Listed, words: str) -> int:
    """Mark words where they stand first, and submit."""
    at = task.data["text"].index(words)
    value = {"start": at, "end": at + len(words), "labels": ["GPE"]}
    result = [{"id": "r", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}]
    body = msgspec.json.encode({"result": result, "lead_time": 2.0})
    return int(client.write_once(dict[str, Any], f"api/tasks/{task.id}/annotations/", body)["id"])


def test_the_old_text_with_its_work_stays_beside_the_new_and_counts_once(
    run: Run, client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus]
) -> None:
    work = make_corpus(tmp_path / "work", 4)
    project = run("push", work.path, "--json").json[0]["project"]

    def there() -> dict[str, list[api.Listed]]:
        found: dict[str, list[api.Listed]] = {}
        for task in api.tasks(client, project, filters.everything()):
            found.setdefault(task.data["document"], []).append(task)
        return found

    [old] = there()[BEGUN]
    first = annotate(client, old, "Kunduz")
    for id in (BEGUN, UNTOUCHED):
        correct(work, id, "Corrected since. " + work.document(id).text)

    held = run("push", work.path)
    assert held.code == 1
    assert f"conflict: {BEGUN}" in held.out
    assert "run `annotate pull`, then push again" in held.out
    [changed] = there()[UNTOUCHED]
    assert changed.data["text"].startswith("Corrected since. ")
    assert [task.data["text"] for task in there()[BEGUN]] == [old.data["text"]]

    pulled = run("pull", work.path, "--json")
    assert pulled.json["found"]["carried over from an earlier text"] == 1
    [layer] = pulled.json["layers"]
    line = work.layer(layer)[BEGUN]
    text = work.document(BEGUN).text
    assert [text[slice(*one.spans[0])] for one in line.mentions] == ["Kunduz"]
    assert line.provenance.status == "draft"  # nobody has judged the first two words

    pushed = run("push", work.path)
    assert pushed.code == 0, pushed.out + pushed.err
    assert f"left as they are, worked on: {BEGUN}" in pushed.out
    stays, new = sorted(there()[BEGUN], key=lambda task: task.id)
    assert (stays.id, stays.data["text"], new.data["text"]) == (old.id, old.data["text"], text)
    [prediction] = api.task(client, new.id)["predictions"]
    value = prediction["result"][0]["value"]
    assert (value["start"], value["labels"]) == (text.index("Kunduz"), ["GPE"])
    again = run("push", work.path, "--json").json[0]["tasks"]
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 4)

    second = annotate(client, new, "Rebels")
    assert run("pull", work.path).code == 0
    line = work.layer(layer)[BEGUN]
    assert (line.provenance.details["annotation"], line.provenance.status) == (second, "submitted")
    assert work.layer(layer).keys() == {BEGUN}
    kept = client.read_as(dict[str, Any], f"api/tasks/{old.id}/", {"resolve_uri": False})
    assert [item["id"] for item in kept["annotations"]] == [first]
    assert run("push", work.path).code == 0
    assert {id: len(tasks) for id, tasks in there().items()} == {
        "d00000": 1, BEGUN: 2, UNTOUCHED: 1, "d00003": 1
    }  # fmt: skip


@pytest.mark.slow
def test_killed_anywhere_each_corrected_text_comes_once_beside_its_old_one(
    run: Run, client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus]
) -> None:
    work = make_corpus(tmp_path / "killed", 8)
    project = run("push", work.path, "--json").json[0]["project"]
    for task in api.tasks(client, project, filters.everything()):
        annotate(client, task, "Kunduz")
    assert run("pull", work.path).code == 0
    for document in work.documents():
        correct(work, document.id, f"Corrected since. {document.text}")
    words = ["annotate", "push", str(work.path), *project_of(work.path)]
    rng = random.Random(1)
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-m", "goldwire", *words], stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.5, 2.5))
        child.kill()
        child.wait()
    assert run("push", work.path).code == 0
    found: dict[str, list[api.Listed]] = {}
    for task in api.tasks(client, project, filters.everything()):
        found.setdefault(task.data["document"], []).append(task)
    assert {id: len(tasks) for id, tasks in found.items()} == {
        document.id: 2 for document in work.documents()
    }
    for old, new in (sorted(tasks, key=lambda task: task.id) for tasks in found.values()):
        assert len(api.task(client, old.id)["annotations"]) == 1
        assert len(api.task(client, new.id)["predictions"]) == 1
