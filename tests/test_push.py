"""What is pushed is worked out document by document, and comes to the same as all at once."""

from pathlib import Path

import msgspec

from goldwire.annotate.exchange import tasks
from goldwire.annotate.exchange.tasks import MARKS
from goldwire.annotate.sync import orders
from goldwire.annotate.sync.orders import Order
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Event, Excluded, Mention, Span

CONFLICT = ontologies.read("conflict")
SCORED = Mention(id="m", type="MIL", spans=(Span(0, 6),), score=0.25)
NAMELESS = Event(id="e", type="Attack")
OUTSIDE = Mention(id="n", type="MIL", spans=(Span(90, 96),))


def corpus(path: Path) -> Corpus:
    """Documents out of order; `b` is not in the layer and has an excluded place, `a` has a bad mention."""
    made = [make_document(id, f"Rebels attacked {id}.") for id in "cab"]
    made[2] = msgspec.structs.replace(made[2], excluded=(Excluded(0, 6, "a byline"),))
    layer = [
        Annotations(document="c", sha256=made[0].sha256, mentions=(SCORED,), events=(NAMELESS,)),
        Annotations(document="a", sha256=made[1].sha256, mentions=(OUTSIDE,)),
    ]
    return create_corpus(path, Manifest(name="x", ontology="conflict"), made, layers={"system/x": layer})


def test_tasks_are_in_the_order_of_documents_and_say_what_tasks_of_all_at_once_say(tmp_path: Path) -> None:
    work = corpus(tmp_path / "work")
    documents = tuple(work.documents())
    local, unheld = orders.encode(
        work, CONFLICT, Order(title="x", group="x", prefill="system/x", documents=documents)
    )
    whole = tasks.encode(documents, CONFLICT, prefill=work.fitting("system/x")[0])
    assert [task.key for task in local] == ["c", "a", "b"]
    assert (unheld.lost, unheld.faults, unheld.unshown) == (whole.lost, whole.faults, whole.unshown)
    assert unheld.lost["unsound mentions"] == 1
    assert unheld.unshown == ("c: Attack (no arguments)",)
    sent = [msgspec.json.decode(msgspec.json.encode(task.sent())) for task in local]
    assert [task["predictions"] for task in sent] == [list(task["predictions"]) for task in whole.tasks]
    assert [task["predictions"][0].get("score") for task in sent] == [0.25, None, None]
    assert {task["predictions"][0]["model_version"] for task in sent} == {MARKS}
    assert [task.result for task in local] == [task["predictions"][0]["result"] for task in sent]


def test_words_tell_how_far_it_is(tmp_path: Path) -> None:
    documents = [make_document(f"d{n:03}", "Rebels.") for n in range(250)]
    work = create_corpus(tmp_path / "work", Manifest(name="x", ontology="conflict"), documents)
    told: list[str] = []
    orders.encode(
        work, CONFLICT, Order(title="x", group="x", documents=tuple(documents)), progress=told.append
    )
    assert told == ["encoded 100 of 250 document(s)", "encoded 200 of 250 document(s)"]
