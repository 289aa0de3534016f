"""A pull brings back exactly what people have done, and follows what they change."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.sync import api, filters, group, journal, mirror, pull, push, remembered
from goldwire.annotate.sync.client import Client, RefusedError
from goldwire.annotate.sync.mirror import Mirror
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.pull import Pulled, Request
from goldwire.corpora.errors import ServerError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Span

pytestmark = pytest.mark.live


class Site:
    """A pushed corpus, and what people do there."""

    def __init__(self, client: Client, corpus: Corpus, **order: Any) -> None:
        self.client = client
        self.corpus = corpus
        self.title = corpus.path.name
        ontology = corpus.ontology()
        assert ontology is not None
        self.ontology = ontology
        documents = tuple(corpus.documents())
        wanted = Order(**{"title": self.title, "group": self.title, "documents": documents, **order})
        project = push.push(client, corpus, ontology, wanted).project
        assert project is not None
        self.project = project.id
        self.tasks = {
            task.data["goldwire_id"]: task.id for task in api.tasks(client, project.id, filters.everything())
        }

    def pull(self, **request: Any) -> Pulled:
        request = {"group": self.title, **request}
        return pull.pull(self.client, self.corpus, self.ontology, Request(**request))

    def annotate(self, client: Client, key: str, **body: Any) -> int:
        whole = msgspec.json.encode({"result": RESULT, "lead_time": 12.5, **body})
        return int(
            client.write_once(dict[str, Any], f"api/tasks/{self.tasks[key]}/annotations/", whole)["id"]
        )

    def draft(self, client: Client, key: str, **body: Any) -> int:
        whole = msgspec.json.encode({"result": RESULT, "lead_time": 1.5, **body})
        return int(client.write_once(dict[str, Any], f"api/tasks/{self.tasks[key]}/drafts", whole)["id"])

    def raw(self) -> list[Path]:
        return sorted((journal.folder(self.corpus, self.title) / "raw").glob("*.json"))

    def layer(self, name: str) -> dict[str, Annotations]:
        return self.corpus.layer(name)


def region(id: str, control: str, label: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id, "from_name": control, "to_name": "text", "type": "labels", "value": value, **more}


# "Report 0.\nRebels attacked Kunduz 🙂 on day 0000.\n": rebels at 10, the attack at 17, Kunduz at 26.
RESULT = [
    region("r", "entity", "MIL", 10, 16),
    region("k", "entity", "GPE", 26, 32),
    region("t", "trigger", "Attack", 17, 25),
    {"type": "relation", "from_id": "t", "to_id": "k", "direction": "right", "labels": ["place"]},
]


@pytest.fixture
def site(client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Site:
    return Site(client, make_corpus(tmp_path / tmp_path.name, 6))


def test_what_people_have_done_comes_back_to_their_layers(site: Site, annotators: list[Any]) -> None:
    """Submitted, skipped with what was marked, drafted, ground truth, twice, and nonsense."""
    anna, ben = annotators
    first = site.annotate(anna.client, "d00000")
    site.annotate(ben.client, "d00000", result=[region("only", "entity", "GPE", 26, 32)], ground_truth=True)
    site.annotate(anna.client, "d00001", was_cancelled=True)
    site.draft(ben.client, "d00002")
    site.annotate(anna.client, "d00003", result=[])
    last = site.annotate(anna.client, "d00003")
    site.annotate(ben.client, "d00004", result=[*RESULT, region("x", "entity", "DRAGON", 0, 6)])

    pulled = site.pull(names={str(anna.id): "anna", ben.email: "ben"})
    assert pulled.layers == {
        "annotator/anna": 2,
        "annotator/ben": 2,
        "draft/ben": 1,
        "skipped/anna": 1,
    }
    assert pulled.found == {
        "tasks": 6, "submitted": 5, "skipped": 1, "draft": 1, "ground truth": 1,
        # What was sent has no words: three regions each of five (a sixth was superseded), and one.
        "regions without words, their offsets unverified": 16,
    }  # fmt: skip
    assert pulled.rejected == {"superseded": 1, "unknown-type": 1}

    done = site.layer("annotator/anna")["d00000"]
    assert [(m.type, m.spans) for m in done.mentions] == [("MIL", (Span(10, 16),)), ("GPE", (Span(26, 32),))]
    [event] = done.events
    assert (event.type, event.trigger) == ("Attack", (Span(17, 25),))
    assert [(a.role, a.mention) for a in event.arguments] == [("place", "k")]
    provenance = done.provenance
    assert (provenance.author, provenance.seconds, provenance.status) == ("anna", 12.5, "submitted")
    shown = {"prefill": "none"}
    assert provenance.details == {"task": site.tasks["d00000"], "annotation": first, **shown}

    assert site.layer("annotator/ben")["d00000"].provenance.details["ground_truth"] is True
    skipped = site.layer("skipped/anna")["d00001"]
    assert (len(skipped.mentions), skipped.provenance.status) == (2, "skipped")
    draft = site.layer("draft/ben")["d00002"]
    assert (len(draft.mentions), draft.provenance.status, draft.provenance.seconds) == (2, "draft", 1.5)
    assert site.layer("annotator/anna")["d00003"].provenance.details["annotation"] == last
    assert site.layer("annotator/ben")["d00004"].rejected[0].type == "DRAGON"

    [quarantine] = pulled.quarantine
    rows = [json.loads(line) for line in quarantine.read_text().splitlines()]
    assert {row["kind"] for row in rows} == {"superseded", "unknown-type"}
    assert [row["value"]["value"]["labels"] for row in rows if "path" in row] == [["DRAGON"]]


def test_what_came_is_kept_as_the_server_told_it(site: Site, annotators: list[Any]) -> None:
    odd = [region("x", "entity", "DRAGON", 0, 6, invented={"by": "somebody"})]
    site.annotate(annotators[0].client, "d00000", result=odd)
    site.pull()
    [path] = site.raw()
    before = path.read_bytes()
    told = {task["id"]: task for task in json.loads(before)}
    assert told[site.tasks["d00000"]]["annotations"][0]["result"] == odd
    site.annotate(annotators[0].client, "d00001")
    site.pull()
    assert path.read_bytes() == before
    later = {task["id"]: task for task in json.loads(site.raw()[1].read_bytes())}
    assert len(later[site.tasks["d00001"]]["annotations"]) == 1


def test_layers_follow_what_is_changed_submitted_and_withdrawn(site: Site, annotators: list[Any]) -> None:
    anna = annotators[0]
    names = {str(anna.id): "anna"}
    site.draft(anna.client, "d00000")
    withdrawn = site.annotate(anna.client, "d00001")
    changed = site.annotate(anna.client, "d00002")
    assert site.pull(names=names).layers == {"annotator/anna": 2, "draft/anna": 1}

    site.annotate(anna.client, "d00000")
    while drafts := api.drafts(anna.client, site.tasks["d00000"]):
        for draft in drafts:
            anna.client.write("DELETE", f"api/drafts/{draft['id']}/")
    anna.client.write("DELETE", f"api/annotations/{withdrawn}/")
    api.update_annotation(anna.client, changed, RESULT[:1])
    pulled = site.pull(names=names)
    assert pulled.layers == {"annotator/anna": 2}
    assert pulled.gone == {"annotator/anna": 1, "draft/anna": 1}
    assert sorted(site.layer("annotator/anna")) == ["d00000", "d00002"]
    assert len(site.layer("annotator/anna")["d00002"].mentions) == 1


def test_what_is_changed_in_the_second_of_the_last_pull_is_seen(
    site: Site, annotators: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server tells its time in whole seconds, and a change may leave all totals as they were."""
    anna = annotators[0]
    changed = site.annotate(anna.client, "d00000")
    now = api.totals(anna.client, site.project)[1]
    totals = api.totals
    monkeypatch.setattr(api, "totals", lambda *given: (totals(*given)[0], now))
    [layer] = site.pull().layers
    assert len(site.layer(layer)["d00000"].mentions) == 2
    api.update_annotation(anna.client, changed, RESULT[:1])
    site.pull()
    assert len(site.layer(layer)["d00000"].mentions) == 1


def test_lines_that_came_otherwise_stay(site: Site, annotators: list[Any]) -> None:
    anna = annotators[0]
    mine = site.corpus.layer("system/x")["d00005"]
    site.corpus.write_layer("annotator/anna", [mine])
    site.annotate(anna.client, "d00000")
    pulled = site.pull(names={str(anna.id): "anna"})
    assert pulled.layers == {"annotator/anna": 2}
    assert site.layer("annotator/anna")["d00005"] == mine


def test_pull_again_changes_no_file_of_the_layers(site: Site, annotators: list[Any]) -> None:
    for key in ("d00000", "d00001"):
        site.annotate(annotators[0].client, key)
    first = site.pull()
    paths = [site.corpus.layer_path(layer) for layer in first.layers]
    before = [path.read_bytes() for path in paths]
    assert site.pull().layers == first.layers
    assert site.pull(full=True).layers == first.layers
    assert [path.read_bytes() for path in paths] == before


def test_people_are_called_as_is_wished_and_pseudonyms_stay(site: Site, annotators: list[Any]) -> None:
    anna, ben = annotators
    site.annotate(ben.client, "d00000")
    assert [*site.pull().layers] == [f"annotator/{ben.id}"]
    assert [*site.pull(naming="address").layers] == ["annotator/ben"]
    assert [*site.pull(naming="pseudonym").layers] == ["annotator/A1"]
    site.annotate(anna.client, "d00001")
    assert site.pull(naming="pseudonym").layers == {"annotator/A1": 1, "annotator/A2": 1}
    assert [*site.layer("annotator/A1")] == ["d00000"]
    assert site.corpus.layers() == ["annotator/A1", "annotator/A2", "system/x"]


def test_answers_to_frames_of_one_person_come_back_as_one_layer(
    client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus], annotators: list[Any]
) -> None:
    site = Site(client, make_corpus(tmp_path / tmp_path.name, 2), layout="frames", prefill="system/x")
    answers = {
        "d00000/e0": [region("r0", "role", "target", 10, 16), region("k0", "role", "place", 26, 32)],
        "d00000/e1": [region("r1", "role", "mention", 50, 56)],
        "d00000/e2": [],
    }
    for key, result in answers.items():
        site.annotate(annotators[0].client, key, result=result)
    assert site.pull(naming="address").layers == {"frames/anna": 1}
    line = site.layer("frames/anna")["d00000"]
    assert {e.id: {(a.role, a.mention) for a in e.arguments} for e in line.events} == {
        "e0": {("target", "r0"), ("place", "k0")},
        "e1": set(),
        "e2": set(),
    }
    assert (line.provenance.status, line.provenance.seconds) == ("submitted", 37.5)


def test_group_of_projects_is_pulled_together(
    client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus], annotators: list[Any]
) -> None:
    corpus = make_corpus(tmp_path / tmp_path.name, 4)
    documents = corpus.documents()
    group = tmp_path.name
    parts = {"anna": documents[:3], "ben": documents[2:]}
    for person in annotators:
        name = person.email.partition("@")[0]
        site = Site(client, corpus, title=f"{group} ({name})", group=group, documents=tuple(parts[name]))
        for document in parts[name]:
            site.annotate(person.client, document.id)
    assert site.pull(naming="address").layers == {"annotator/anna": 3, "annotator/ben": 2}


# ---------------------------------------------------------------- the mirror


def ids(there: Mirror) -> set[int]:
    return {task.id for task in there.tasks()}


def test_task_deleted_there_is_gone_here(site: Site) -> None:
    site.pull()
    with journal.open_journal(journal.folder(site.corpus, site.title)) as notes:
        api.delete_task(site.client, site.tasks["d00003"])
        assert site.tasks["d00003"] not in ids(mirror.refresh(site.client, notes, site.project))


def test_annotations_deleted_in_bulk_are_gone_here(site: Site, annotators: list[Any]) -> None:
    """The server notes no time for this: only the totals tell."""
    for key in site.tasks:
        site.annotate(annotators[0].client, key)
    assert site.pull().layers == {f"annotator/{annotators[0].id}": 6}
    action = {"id": "delete_tasks_annotations", "project": site.project}
    site.client.write(
        "POST",
        f"api/dm/actions/?id=delete_tasks_annotations&project={site.project}",
        {"selectedItems": {"all": True, "excluded": []}, **action},
    )
    assert site.pull().gone == {f"annotator/{annotators[0].id}": 6}


def test_server_that_makes_no_snapshot_is_asked_by_id(
    site: Site, annotators: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.annotate(annotators[0].client, "d00000")

    def refuse(*_: Any) -> None:
        raise RefusedError("no snapshots here", 404)

    monkeypatch.setattr(api, "create_snapshot", refuse)
    monkeypatch.setattr(api, "ASKED", 4)
    assert site.pull().layers == {f"annotator/{annotators[0].id}": 1}
    assert len(site.raw()) == 2
    api.delete_task(site.client, site.tasks["d00005"])
    site.annotate(annotators[0].client, "d00001")
    pulled = site.pull()
    assert pulled.layers == {f"annotator/{annotators[0].id}": 2}
    assert pulled.found["tasks"] == 5


def test_snapshot_that_was_made_and_not_fetched_is_fetched_by_the_next_run(
    site: Site, annotators: list[Any]
) -> None:
    """Killed before the download; what was done meanwhile comes too."""
    anna = annotators[0]
    site.annotate(anna.client, "d00000")
    title = "goldwire test"
    with journal.open_journal(journal.folder(site.corpus, site.title)) as notes:
        _, clock = api.totals(site.client, site.project)
        notes.add(journal.Snapping(title=title, clock=clock))
    made = api.create_snapshot(site.client, site.project, title)
    site.annotate(anna.client, "d00001")
    assert site.pull(names={str(anna.id): "anna"}).layers == {"annotator/anna": 2}
    assert len(json.loads(site.raw()[0].read_bytes())) == 6
    assert len(site.raw()) == 2
    assert api.snapshots(site.client, site.project, title) == []
    assert made.status == "completed"


def test_raw_file_that_is_gone_is_told_and_full_brings_all_anew(site: Site) -> None:
    site.pull()
    site.raw()[0].unlink()
    with pytest.raises(ServerError, match=r"000001\.json is gone.*--full"):
        site.pull()
    assert site.pull(full=True).found["tasks"] == 6


def test_project_that_is_not_there_is_told(client: Client, site: Site) -> None:
    with pytest.raises(ServerError, match="no project 'never pushed'"):
        site.pull(group="never pushed")


def test_what_comes_is_kept_once_whether_asked_for_by_title_or_by_id(site: Site) -> None:
    """Of a project that remembers nothing, as earlier versions made them, in a clone without a journal."""
    project = api.project(site.client, site.project)
    bare = remembered.without(project.label_config)
    api.update_project(site.client, site.project, label_config=bare)
    shutil.rmtree(site.corpus.path / "labelstudio")
    for asked in (str(site.project), site.title, str(site.project)):
        found = group.find(site.client, site.corpus, asked)
        site.pull(group=found.settings.group, projects=found.projects)
    assert len([*(site.corpus.path / "labelstudio").glob("*/raw")]) == 1


def annotations_in(raw: Path) -> set[int]:
    return {item["id"] for task in json.loads(raw.read_bytes()) for item in task["annotations"]}


def test_annotation_that_was_deleted_is_got_back_from_what_had_come(
    site: Site, annotators: list[Any], tmp_path: Path
) -> None:
    """As the page says: the file that has it is read into a copy, and the layer taken over from there."""
    anna = annotators[0]
    id = site.annotate(anna.client, "d00001")
    site.pull(names={anna.email: "anna"})
    line = site.layer("annotator/anna")["d00001"]
    anna.client.write("DELETE", f"api/annotations/{id}/")
    site.pull(names={anna.email: "anna"})
    assert "annotator/anna" not in site.corpus.layers()

    [raw] = [path for path in site.raw() if id in annotations_in(path)]
    work, before = site.corpus.path, tmp_path / "before"
    shutil.copytree(work, before)
    goldwire = [sys.executable, "-m", "goldwire"]
    who = ["--annotator", f"{anna.id}=anna"]
    subprocess.run([*goldwire, "annotate", "import", before, raw, *who], check=True)
    layer = before / "layers" / "annotator" / "anna.jsonl"
    into = ["--layer", "annotator/anna-before"]
    subprocess.run([*goldwire, "corpus", "import", work, layer, *into], check=True)
    back = site.layer("annotator/anna-before")["d00001"]
    assert (back.mentions, back.events) == (line.mentions, line.events)
    assert back.mentions
