"""Drawn documents reach people alone and in their order, and what is shown of them comes back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.sync import api, filters, picking
from goldwire.annotate.sync.client import Client
from goldwire.corpora import samples
from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.store import Corpus, writing

pytestmark = pytest.mark.live

Run = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Corpus:
    """Six documents, two of which the layer `system/x` does not have."""
    corpus = make_corpus(tmp_path / tmp_path.name, 6)
    layer = corpus.layer("system/x")
    corpus.write_layer("system/x", [line for id, line in layer.items() if id not in ("d00001", "d00004")])
    return corpus


def draw(corpus: Corpus, name: str, *numbers: int) -> None:
    """Keep a draw of these documents, to be worked on in this order."""
    rank = {f"d{number:05}": place for place, number in enumerate(numbers, 1)}
    candidates = (Candidate(document=id, probability=0.5, rank=rank.get(id)) for id in corpus.hashes())
    made = Draw(draw=name, purpose="scoring", how="by hand", made=f"2026-01-0{len(name)}")
    with writing(corpus, "test") as now:
        samples.write(now, Sample(made, tuple(candidates)))


def do(client: Client, project: int) -> str | None:
    """Do the task that the server gives its owner next: the document."""
    body = msgspec.json.encode({"project": str(project)})
    path = f"api/dm/actions/?id=next_task&project={project}"
    task = client.write_once(dict[str, Any], path, body)
    done = msgspec.json.encode({"result": [], "lead_time": 5.0})
    client.write_once(dict[str, Any], f"api/tasks/{task['id']}/annotations/", done)
    return str(task["data"]["document"])


def pushed(run: Run, corpus: Corpus, *options: str) -> dict[str, Any]:
    said = run("push", corpus.path, "--project", corpus.path.name, *options, "--json")
    assert said.code == 0, said.out + said.err
    return said.json[0]  # type: ignore[no-any-return]


def test_drawn_documents_alone_are_pushed_and_given_in_their_order(
    client: Client, run: Run, work: Corpus
) -> None:
    draw(work, "r1", 4, 0, 5, 1)
    first = pushed(run, work, "--pick", "r1", "--prefill", "system/x")
    assert first["tasks"]["new"] == 4
    again = pushed(run, work)  # remembered
    assert (again["tasks"]["unchanged"], again["tasks"]["changed"], again["settings"]) == (4, 0, [])
    assert [do(client, first["project"]) for _ in range(4)] == ["d00004", "d00000", "d00005", "d00001"]


def test_a_project_that_is_there_keeps_what_is_not_drawn_and_gives_what_is_first(
    client: Client, run: Run, work: Corpus
) -> None:
    project = pushed(run, work, "--prefill", "system/x")["project"]
    draw(work, "r1", 3, 1)
    told = pushed(run, work, "--pick", "r1")
    assert (told["tasks"]["new"], told["tasks"]["changed"], told["tasks"]["unpicked"]) == (0, 2, 4)
    assert told["orphaned"] == []
    assert do(client, project) == "d00003"
    draw(work, "r22", 5, 2)
    told = pushed(run, work, "--pick", "r22")  # before the rest of the first
    assert (told["tasks"]["changed"], told["tasks"]["unpicked"]) == (2, 4)
    assert [do(client, project) for _ in range(2)] == ["d00005", "d00002"]
    told = pushed(run, work, "--pick", "none")
    assert told["settings"] == ["label_config", "sampling"]
    assert told["tasks"]["kept"] == 3
    assert api.project(client, project).sampling == picking.BY_ID
    assert do(client, project) == "d00000"


def test_people_share_what_was_drawn(run: Run, work: Corpus) -> None:
    draw(work, "r1", 4, 0, 5, 1)
    said = run(
        *("push", work.path, "--project", work.path.name, "--pick", "r1"),
        *("--assign", "anna", "--assign", "ben", "--json"),
    )
    assert said.code == 0, said.out + said.err
    assert sorted(id for one in said.json for id in one["new"]) == ["d00000", "d00001", "d00004", "d00005"]


def test_a_share_is_shown_nothing_and_what_was_shown_comes_back(
    client: Client, run: Run, work: Corpus
) -> None:
    told = pushed(run, work, "--prefill", "system/x", "--blind", "0.5")
    blind = {id for id in work.hashes() if picking.is_blind(id, 0.5)}
    assert 0 < len(blind) < 6
    there = {task.data["document"]: task for task in api.tasks(client, told["project"], filters.everything())}
    bare = blind | {"d00001", "d00004"}  # which the layer does not have
    assert {id for id, task in there.items() if not task.total_predictions} == bare
    for _ in there:
        do(client, told["project"])
    assert run("pull", work.path, "--project", work.path.name).code == 0
    [person] = [name for name in work.layers() if name.startswith("annotator/")]
    shown = {id: line.provenance.details["prefill"] for id, line in work.layer(person).items()}
    assert shown == {id: "none" if id in bare else "system/x" for id in there}
    assert pushed(run, work)["tasks"]["unchanged"] == 6
