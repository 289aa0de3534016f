"""What was pulled and is withdrawn there is named once, kept aside, and told until it is accepted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.exchange.importer import TOOL
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.sync import journal, link, mirror, people, pull
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.journal import Gone
from goldwire.annotate.sync.mirror import Mirror
from goldwire.annotate.sync.pull import Pulled, Request
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Event, Span

ONTOLOGY = ontologies.read("conflict")
DOCUMENTS = [make_document(f"d{n}", f"Rebels fled from town {n}.") for n in range(4)]
REGION = {
    "id": "m", "from_name": "entity", "to_name": "text", "type": "labels",
    "value": {"start": 0, "end": 6, "text": "Rebels", "labels": ["MIL"]},
}  # fmt: skip
SPANS = {"e1": Span(7, 11), "e2": Span(12, 16)}
ANNA, BEN = 4, 5
NAMES = {"4": "anna", "5": "ben"}


class Site:
    """A server in memory, whose tasks a test changes, and a corpus that pulls from it."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.last = 0
        self.tasks: dict[str, dict[str, Any]] = {}
        self.names = NAMES
        for number, document in enumerate(DOCUMENTS, start=1):
            self.make(document.id, number)

    def make(self, key: str, id: int) -> None:
        document = next(item for item in DOCUMENTS if item.id == key)
        data = {"goldwire_id": key, "document": key, "text": document.text, "sha256": document.sha256}
        self.tasks[key] = {"id": id, "data": data, "annotations": [], "drafts": [], "predictions": []}

    def annotate(self, key: str, who: int, **more: Any) -> dict[str, Any]:
        self.last += 1
        at = f"2026-01-01T00:{self.last:02}:00Z"
        done = {"id": self.last, "completed_by": who, "result": [REGION], "was_cancelled": False}
        self.tasks[key]["annotations"].append({**done, "created_at": at, "updated_at": at, **more})
        made: dict[str, Any] = self.tasks[key]["annotations"][-1]
        return made

    def delete(self, key: str, id: int) -> None:
        held = self.tasks[key]["annotations"]
        held[:] = [item for item in held if item["id"] != id]

    def pull(self, **request: Any) -> Pulled:
        return pull.pull(None, self.corpus, ONTOLOGY, Request(group="round", **request))  # type: ignore[arg-type]

    def withdrawn(self, **request: Any) -> list[tuple[str, str, int, str]]:
        """Document, person, annotation and what was done, as a pull tells them."""
        told = self.pull(**request).withdrawn
        return [(gone.document, gone.layer.partition("/")[2], gone.annotation, gone.why) for gone in told]

    def layer(self, name: str) -> dict[str, Annotations]:
        return self.corpus.layer(name) if self.corpus.layer_path(name).is_file() else {}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), DOCUMENTS))
    config = labelconfig.build(ONTOLOGY, "graph", "en")
    project = Project(id=1, title="round", label_config=config, created_at="2026-01-01")

    def there(*_: Any, **__: Any) -> Mirror:
        found = Mirror()
        found.take([msgspec.Raw(msgspec.json.encode(task)) for task in site.tasks.values()], whole=True)
        return found

    monkeypatch.setattr(link, "find", lambda *_, **__: project)
    monkeypatch.setattr(link, "link", lambda *_, **__: None)
    monkeypatch.setattr(mirror, "refresh", there)
    monkeypatch.setattr(people, "names", lambda *_: site.names)
    return site


def test_deleted_annotation_is_told_until_accepted_and_its_line_is_kept(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.annotate("d0", BEN)
    site.annotate("d1", ANNA)
    assert site.withdrawn() == []
    before = site.layer("annotator/anna")["d0"]

    site.delete("d0", 1)
    assert site.withdrawn() == [("d0", "anna", 1, "annotation deleted")]
    assert [*site.layer("annotator/anna")] == ["d1"]
    assert [*site.layer("annotator/ben")] == ["d0"]
    assert site.layer("withdrawn/anna") == {"d0": before}

    assert site.withdrawn() == [("d0", "anna", 1, "annotation deleted")], "told again"
    accepted = site.pull(accept_withdrawn=True)
    assert (len(accepted.withdrawn), accepted.accepted) == (1, True)
    assert site.withdrawn() == [], "silent ever after"
    assert site.layer("withdrawn/anna") == {"d0": before}


def test_line_that_is_put_back_stays_until_the_person_does_the_document_again(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.annotate("d1", ANNA)
    site.pull()
    site.delete("d0", 1)
    site.pull(accept_withdrawn=True)
    kept = site.corpus.layer_path("withdrawn/anna").read_bytes()
    with site.corpus.layer_path("annotator/anna").open("ab") as file:
        file.write(kept)
    for _ in range(2):
        assert site.withdrawn() == []
        assert site.layer("annotator/anna")["d0"].provenance.details["annotation"] == 1
    site.annotate("d0", ANNA)
    site.pull()
    assert site.layer("annotator/anna")["d0"].provenance.details["annotation"] == 3


def test_task_deleted_whole_is_told_of_each_of_its_people(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.annotate("d0", BEN)
    site.pull()
    del site.tasks["d0"]
    assert site.withdrawn() == [("d0", "anna", 1, "task deleted"), ("d0", "ben", 2, "task deleted")]
    site.make("d0", 9)
    site.annotate("d0", ANNA)
    assert site.withdrawn() == [("d0", "ben", 2, "task deleted")], "anna has done it again"


def test_task_that_was_made_anew_meanwhile_was_deleted_all_the_same(site: Site) -> None:
    """And one of a project that Goldwire did not make has no key, and is known by its number."""
    site.annotate("d0", ANNA)
    site.annotate("d1", ANNA)
    site.pull()
    site.make("d0", 9)
    del site.tasks["d1"]["data"]["goldwire_id"]
    site.delete("d1", 2)
    assert site.withdrawn() == [("d0", "anna", 1, "task deleted"), ("d1", "anna", 2, "annotation deleted")]


def test_what_is_deleted_and_done_again_is_no_withdrawal(site: Site) -> None:
    """Between two pulls, and after the pull that told of it."""
    site.annotate("d0", ANNA)
    site.annotate("d1", ANNA)
    site.pull()
    site.delete("d0", 1)
    site.annotate("d0", ANNA)
    assert site.withdrawn() == []
    site.delete("d1", 2)
    assert len(site.withdrawn()) == 1
    site.annotate("d1", ANNA)
    assert site.withdrawn() == []
    site.delete("d1", 4)
    assert site.withdrawn() == [("d1", "anna", 4, "annotation deleted")], "and once more"


def test_acceptance_holds_for_what_was_told_and_not_for_what_comes_after(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.pull()
    site.delete("d0", 1)
    site.pull(accept_withdrawn=True)
    site.annotate("d0", ANNA)
    assert site.withdrawn() == []
    site.delete("d0", 2)
    assert site.withdrawn() == [("d0", "anna", 2, "annotation deleted")]


def test_last_of_two_deleted_falls_back_to_the_first_and_is_told(site: Site) -> None:
    """The line of the document stays, and is the first annotation's again."""
    site.annotate("d0", ANNA, result=[])
    site.annotate("d0", ANNA)
    site.pull()
    site.delete("d0", 2)
    assert site.withdrawn() == [("d0", "anna", 2, "annotation deleted")]
    assert site.layer("annotator/anna")["d0"].provenance.details["annotation"] == 1
    assert len(site.layer("withdrawn/anna")["d0"].mentions) == 1


def test_first_of_two_deleted_was_superseded_and_is_not_told(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.annotate("d0", ANNA)
    site.pull()
    site.delete("d0", 1)
    assert site.withdrawn() == []


def test_annotation_turned_into_a_skip_is_told_and_back_again_is_not(site: Site) -> None:
    made = site.annotate("d0", ANNA)
    site.pull()
    made["was_cancelled"] = True
    assert site.withdrawn() == [("d0", "anna", 1, "skipped")]
    assert ([*site.layer("skipped/anna")], [*site.layer("withdrawn/anna")]) == (["d0"], ["d0"])
    made["was_cancelled"] = False
    assert site.withdrawn() == []
    assert ([*site.layer("annotator/anna")], site.layer("withdrawn/anna")) == (["d0"], {})
    site.delete("d0", 1)
    assert site.withdrawn() == [("d0", "anna", 1, "annotation deleted")]


def test_skip_beside_what_was_submitted_is_told_if_it_is_later(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.pull()
    site.annotate("d0", ANNA, was_cancelled=True)
    assert site.withdrawn() == [("d0", "anna", 1, "skipped")]


def test_skips_and_drafts_that_go_are_no_withdrawals(site: Site) -> None:
    site.annotate("d0", ANNA, was_cancelled=True)
    site.tasks["d1"]["drafts"] = [{"id": 7, "created_username": " a@b, 4", "result": [REGION]}]
    assert site.pull().layers == {"skipped/anna": 1, "draft/anna": 1}
    site.delete("d0", 1)
    site.tasks["d1"]["drafts"] = []
    assert site.withdrawn() == []


def test_other_names_for_people_are_no_withdrawals(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.pull()
    site.names = {"4": "A1"}
    assert site.withdrawn() == []
    assert [*site.layer("annotator/A1")] == ["d0"]
    site.delete("d0", 1)
    assert site.withdrawn() == [("d0", "A1", 1, "annotation deleted")]


def test_what_is_there_and_rejected_is_no_withdrawal(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.annotate("d1", ANNA)
    site.pull()
    site.tasks["d0"]["data"] |= {"text": "Another text.", "sha256": "0"}
    assert site.withdrawn() == []


@pytest.mark.parametrize("names", [{"5": "ben"}, {"5": "5"}])
def test_annotations_of_a_deleted_account_stay_their_authors(site: Site, names: dict[str, str]) -> None:
    """The server keeps them without a name; a mirror that is not anew still says an id that nobody has."""
    made = site.annotate("d0", ANNA)
    other = site.annotate("d1", ANNA)
    site.pull()
    site.names = names
    made["completed_by"] = None
    assert site.withdrawn() == []
    assert {id: line.provenance.author for id, line in site.layer("annotator/anna").items()} == {
        "d0": "anna",
        "d1": "anna",
    }
    assert (other["completed_by"], site.layer("annotator/unknown-1")) == (4, {})


def test_two_groups_with_the_same_people_and_documents_do_not_take_each_others_for_withdrawn(
    site: Site,
) -> None:
    """What is pulled last counts; the annotation of the other project was never in this one."""
    site.annotate("d0", ANNA)
    site.pull()
    first, site.tasks = site.tasks, {}
    site.make("d0", 50)
    site.annotate("d0", ANNA)
    second = pull.pull(None, site.corpus, ONTOLOGY, Request(group="other"))  # type: ignore[arg-type]
    assert second.withdrawn == ()
    site.tasks = first
    assert site.withdrawn() == []
    assert site.layer("annotator/anna")["d0"].provenance.details["annotation"] == 1


def test_answer_deleted_in_frames_is_told_with_its_event_and_the_whole_line_is_kept(site: Site) -> None:
    document = DOCUMENTS[0]
    events = tuple(Event(id=id, type="Withdraw", trigger=(span,)) for id, span in SPANS.items())
    base = Annotations(document="d0", sha256=document.sha256, events=events)
    site.corpus.write_layer("gold", [base])
    made = frames.encode([document], ONTOLOGY, {"d0": base}, tasks.version("gold", [base])).tasks
    site.tasks = {}
    for number, task in enumerate(made, start=1):
        rest = {"id": number, "annotations": [], "drafts": [], "predictions": []}
        site.tasks[task["data"]["event"]] = {**task, **rest}
        site.annotate(task["data"]["event"], ANNA, result=[])
    assert site.pull().layers == {"frames/anna": 1}
    before = site.layer("frames/anna")
    assert before["d0"].provenance.status == "submitted"
    site.delete("e2", 2)
    [gone] = site.pull().withdrawn
    assert (gone.document, gone.event, gone.annotation, gone.why) == ("d0", "e2", 2, "annotation deleted")
    assert site.layer("frames/anna")["d0"].provenance.status == "draft"
    assert site.layer("withdrawn/frames/anna") == before
    site.annotate("e2", ANNA, result=[])
    assert site.withdrawn() == []
    site.tasks.clear()
    assert site.withdrawn() == [("d0", "anna", 1, "task deleted"), ("d0", "anna", 3, "task deleted")]


def test_line_that_came_otherwise_is_nobodys_to_withdraw(site: Site) -> None:
    site.annotate("d0", ANNA)
    site.pull()
    line = site.layer("annotator/anna")["d0"]
    assert line.provenance.tool == TOOL
    own = msgspec.structs.replace(line, provenance=msgspec.structs.replace(line.provenance, tool="me"))
    site.corpus.write_layer("annotator/anna", [own])
    site.delete("d0", 1)
    assert site.withdrawn() == []


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[Callable[[], bool]]:
    """The process ends at the so many-eth file or note that is written."""
    steps = [0]

    class Killed(BaseException):
        pass

    def stop(does: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            steps[0] += 1
            if steps[0] == number:
                raise Killed
            return does(*given, **more)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(pull.store, "replace", stop(pull.store.replace))
        patch.setattr(pull, "write_atomic", stop(pull.write_atomic))
        patch.setattr(journal.Journal, "add", stop(journal.Journal.add))
        with suppress(Killed):
            yield lambda: steps[0] >= number


@pytest.mark.parametrize("accept", [False, True])
def test_killed_anywhere_nothing_is_lost_and_nothing_told_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch, accept: bool
) -> None:
    """Before each note and each file; run again, layers, what is kept and what is told are as undisturbed."""
    site.annotate("d0", ANNA)
    site.annotate("d1", ANNA)
    site.annotate("d0", BEN)
    site.pull()
    before = {name: encode_lines(site.layer(name).values()) for name in ("annotator/anna", "annotator/ben")}
    kept = site.layer("annotator/anna")["d0"]
    notes = journal.folder(site.corpus, "round") / journal.JOURNAL
    known, pulled = notes.read_bytes(), site.corpus.path / "labelstudio" / pull.PULLED
    came = pulled.read_bytes()
    site.delete("d0", 1)
    number = 0
    while True:
        number += 1
        for name, lines in before.items():
            site.corpus.layer_path(name).write_bytes(lines)
        notes.write_bytes(known)
        pulled.write_bytes(came)
        site.corpus.layer_path("withdrawn/anna").unlink(missing_ok=True)
        with killed_at(monkeypatch, number) as was_hit:
            site.pull(accept_withdrawn=accept)
        again = site.withdrawn(accept_withdrawn=accept)
        if was_hit() or not accept:
            assert again == [("d0", "anna", 1, "annotation deleted")], number
        assert ([*site.layer("annotator/anna")], site.layer("withdrawn/anna")) == (["d1"], {"d0": kept})
        noted = [note for note in journal.read(notes.parent) if isinstance(note, journal.Withdrawn)]
        assert noted == [
            journal.Withdrawn(
                gone=(Gone(layer="annotator/anna", document="d0", annotation=1, why="annotation deleted"),)
            )
        ]
        if not was_hit():
            break
    assert number > 5
