"""A text that was corrected goes to the server: where nobody has worked in its place, else beside the old."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import controls, importer, regions, store, tasks
from goldwire.annotate.exchange.importer import Context
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.sync import follow, orders, push
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.mirror import Mirror
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.plan import Plan
from goldwire.corpora import ontology as ontologies
from goldwire.corpora import versions
from goldwire.corpora.correct import correct
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document

CONFLICT = ontologies.read("conflict")
TEXT, NEW = "Rebels shelled Balkh on Monday.", "On Monday, rebels shelled Balkh. Rebels fled."
D1, D2 = make_document("d1", TEXT), make_document("d2", "Rain fell in Herat.")
FIRST = "2026-01-01T00:00:00Z"
NEWKEY = f"d1@{make_document('d1', NEW).sha256[:8]}"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), [D1, D2])


def balkh(text: str) -> Any:
    at = text.index("Balkh")
    return regions.region("g", "entity", ["GPE"], regions.Span(at, at + 5), text)


def task(id: int, document: Any, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"id": id, "data": {**tasks.data(document), **data}, "annotations": [*annotations], "drafts": []}


def done(
    id: int, *results: Any, by: int = 1, at: str = "2026-01-01T00:00:00Z", **more: Any
) -> dict[str, Any]:
    return {"id": id, "completed_by": by, "result": [*results], "updated_at": at, **more}


class Server:
    """Tasks as a server tells them, pulled from and planned against as in a push."""

    def __init__(self, corpus: Corpus, *there: dict[str, Any]) -> None:
        self.corpus, self.there = corpus, [*there]

    def pull(self) -> None:
        context = Context(
            documents={document.id: document for document in self.corpus.documents()},
            controls=controls.of(CONFLICT),
            ontology=CONFLICT,
            names={"1": "anna", "2": "ben"},
            earlier=versions.earlier(self.corpus),
        )
        store.write(self.corpus, importer.decode(self.there, context), b"", "e.json")

    def plan(self) -> Plan:
        order = Order(title="t", group="t", documents=tuple(self.corpus.documents()))
        local, _ = orders.encode(self.corpus, CONFLICT, order)
        mirror = Mirror()
        mirror.take([msgspec.Raw(msgspec.json.encode(task)) for task in self.there], whole=True)
        config = labelconfig.build(CONFLICT, "graph", "en")
        project = Project(id=1, title="t", label_config=config, created_at="2026-01-01T00:00:00Z")
        followed = follow.follow(self.corpus, CONFLICT, local, mirror, order.documents)
        return push._plan(project, followed, mirror, {}, known=None, marked={})

    def push(self) -> Plan:
        """Do as the plan says."""
        made = self.plan()
        for update in made.changed:
            [old] = [task for task in self.there if task["id"] == update.id]
            old |= {"data": update.local.data, "predictions": [1] * (update.local.result is not None)}
        for local in made.new:
            sent = {"data": local.data, "predictions": [1] * (local.result is not None)}
            self.there.append({**task(100 + len(self.there), D1), **sent})
        return made


def keys(made: Plan) -> tuple[list[str], list[int], list[str], tuple[str, ...]]:
    """What is new, what is changed, what conflicts and what is left."""
    changed = [update.id for update in made.changed]
    return [one.key for one in made.new], changed, [one.key for one in made.conflicting], made.kept


def test_nothing_is_otherwise_where_no_text_was_corrected(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10, balkh(TEXT))), task(2, D2))
    assert keys(server.plan()) == ([], [], [], ())


def test_a_task_that_nobody_has_begun_gets_the_new_text(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1), task(2, D2, done(20)))
    correct(corpus, "d1", NEW)
    assert keys(server.push()) == ([], [1], [], ())
    assert (server.there[0]["data"]["text"], server.there[0]["data"]["goldwire_id"]) == (NEW, "d1")
    assert server.plan().is_empty


def test_what_is_not_pulled_keeps_the_new_text_back_and_says_what_to_do(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10, balkh(TEXT))), task(2, D2))
    correct(corpus, "d1", NEW)
    made = server.push()
    assert keys(made) == ([], [], ["d1"], ())
    assert "run `annotate pull`, then push again" in made.conflicting[0].message
    server.pull()
    server.there[0]["annotations"][0]["updated_at"] = "2026-01-02T00:00:00Z"  # somebody goes on with it
    assert keys(server.plan()) == ([], [], ["d1"], ())


def test_beside_work_that_was_pulled_comes_a_task_with_it_as_its_prediction(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10, balkh(TEXT))), task(2, D2))
    server.pull()
    correct(corpus, "d1", NEW)
    made = server.push()
    assert keys(made) == ([NEWKEY], [], [], ("d1",))
    [new] = made.new
    assert (new.data["text"], new.data["document"]) == (NEW, "d1")
    # Balkh begins with the 27th character: "On Monday, rebels shelled " has 26.
    assert [(one["value"]["start"], one["value"]["labels"]) for one in new.result or ()] == [(26, ["GPE"])]
    assert server.there[0] == task(1, D1, done(10, balkh(TEXT)))
    again = server.push()
    assert (again.is_empty, again.kept, again.orphaned) == (True, ("d1",), ())


def test_what_is_done_with_the_new_task_counts_and_nothing_is_there_twice(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10, balkh(TEXT))), task(2, D2))
    server.pull()
    correct(corpus, "d1", NEW)
    server.push()
    server.pull()
    assert corpus.layer("annotator/anna")["d1"].provenance.status == "draft"
    server.there[-1]["annotations"] = [done(11, balkh(NEW), at="2026-02-01T00:00:00Z")]
    server.pull()
    line = corpus.layer("annotator/anna")["d1"]
    assert (line.provenance.status, line.provenance.details["annotation"]) == ("submitted", 11)
    made = server.push()
    assert (made.is_empty, made.conflicting) == (True, ())


def test_corrected_once_more_the_new_task_follows_or_stays_as_the_old_does(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10, balkh(TEXT))), task(2, D2))
    server.pull()
    correct(corpus, "d1", NEW)
    server.push()
    correct(corpus, "d1", f"{NEW} Indeed.")
    assert keys(server.push()) == ([], [server.there[-1]["id"]], [], ("d1",))
    server.there[-1]["annotations"] = [done(11, at="2026-02-01T00:00:00Z")]
    server.pull()
    last = f"{NEW} Indeed, indeed."
    correct(corpus, "d1", last)
    assert keys(server.push())[0] == [f"d1@{make_document('d1', last).sha256[:8]}"]
    assert server.plan().is_empty


def test_the_new_task_stays_the_documents_when_the_old_is_deleted(corpus: Corpus) -> None:
    server = Server(corpus, task(1, D1, done(10)), task(2, D2))
    server.pull()
    correct(corpus, "d1", NEW)
    server.push()
    server.there = [one for one in server.there if one["id"] != 1]
    made = server.push()
    assert (keys(made)[0], made.orphaned) == ([], ())


def test_of_two_who_have_done_it_neither_is_shown_to_the_other(corpus: Corpus) -> None:
    both = done(10, balkh(TEXT)), done(11, balkh(TEXT), by=2)
    server = Server(corpus, task(1, D1, *both), task(2, D2))
    server.pull()
    correct(corpus, "d1", NEW)
    [new] = server.plan().new
    assert (new.key, new.result) == (NEWKEY, None)


def test_what_was_skipped_or_begun_is_waited_for_as_well(corpus: Corpus) -> None:
    skipped = task(1, D1, done(10, was_cancelled=True))
    begun = {
        **task(2, D2),
        "drafts": [{"id": 30, "user": 2, "result": [], "updated_at": "2026-01-01T00:00:00Z"}],
    }
    server = Server(corpus, skipped, begun)
    correct(corpus, "d1", NEW)
    correct(corpus, "d2", "Rain fell in Herat again.")
    assert keys(server.plan())[2] == ["d1", "d2"]
    server.pull()
    assert [key.partition("@")[0] for key in keys(server.plan())[0]] == ["d1", "d2"]
