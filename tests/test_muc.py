"""Templates of MUC-4 in the JSON of GTT: events without triggers, entities of which any mention is right."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading, muc
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Argument
from goldwire.eval.scoring.score import Options, score

TEXT = "two rebels, said to be bandits, burned a truck; the rebels fled."
TEMPLATE = {
    "incident_type": "arson / attack",
    "PerpInd": [[["two rebels", 0], ["bandits", 23]]],
    "PerpOrg": [],
    "Target": [[["truck", 41]]],
}


def record(*templates: Any, id: str = "d1", **more: Any) -> dict[str, Any]:
    return {"docid": id, "doctext": TEXT, "templates": list(templates), **more}


def read(tmp_path: Path, *records: Any, **how: Any) -> Reading:
    path = tmp_path / "dev.json"
    path.write_text("\n".join(json.dumps(each) for each in records))
    return muc.read([path], muc.Options(), **how)


def test_a_template_is_an_event_without_a_trigger(tmp_path: Path) -> None:
    reading = read(tmp_path, record(TEMPLATE), record(id="d2"))
    item, empty = reading.annotations
    (event,) = item.events
    assert (event.type, event.alternatives, event.trigger) == ("arson", ("attack",), ())
    assert event.arguments == (
        Argument(role="PerpInd", mention="m1", alternatives=("m2",)),
        Argument(role="Target", mention="m3"),
    )
    assert [surface(TEXT, m.spans) for m in item.mentions] == ["two rebels", "bandits", "truck"]
    assert (empty.document, empty.events, reading.loss) == ("d2", (), {})


def test_words_without_an_offset_are_at_their_first_place(tmp_path: Path) -> None:
    (item,) = read(tmp_path, record({"incident_type": "attack", "PerpInd": [["rebels"]]})).annotations
    assert [list(m.spans[0]) for m in item.mentions] == [[4, 10]]


def test_what_is_not_where_it_is_said_to_be_is_rejected(tmp_path: Path) -> None:
    broken = {"incident_type": "attack", "Target": [[["truck", 40]], [], [["bus"], ["truck", 41]]]}
    (item,) = read(tmp_path, record(broken, {"Target": []})).annotations
    assert [(one.unit, one.kind, one.words) for one in item.rejected] == [
        ("argument", "words-differ", "truck"),
        ("argument", "malformed", None),
        ("mention", "quote-not-found", "bus"),
        ("event", "malformed", None),
    ]
    assert item.events[0].arguments == (Argument(role="Target", mention="m1"),)


PIECES = "two rebels , said to be ban ##dit ##s , burned a truck ; the rebels fled ."
PREDICTED = {
    "30001": {
        "doctext": PIECES,
        "pred_seq": "arson [SEP]",
        "pred_templates": [
            {"incident_type": "arson", "PerpInd": [["bandits"], ["the rebels"]], "Target": []}
        ],
        "gold_templates": [{"incident_type": "attack"}],
    },
    "30002": {"doctext": "nothing happened .", "pred_templates": []},
}


def test_predictions_of_gtt_are_read_from_their_pieces(tmp_path: Path) -> None:
    path = tmp_path / "preds_gtt.out"
    path.write_text(json.dumps(PREDICTED, indent=4))
    assert recognise([path]).format == "muc"
    reading = muc.read([path], muc.Options())
    text = reading.documents[0].text
    assert text == "two rebels , said to be bandits , burned a truck ; the rebels fled ."
    item, empty = reading.annotations
    assert [surface(text, m.spans) for m in item.mentions] == ["bandits", "the rebels"]
    assert [event.type for event in item.events] == ["arson"]
    assert (empty.document, empty.events) == ("30002", ())
    assert reading.loss == {"field gold_templates": 1, "field pred_seq": 1}


def test_predictions_of_gtt_belong_to_the_documents_that_their_numbers_mean(tmp_path: Path) -> None:
    path = tmp_path / "preds_gtt.out"
    path.write_text(json.dumps({**PREDICTED, "40009": {"doctext": "x", "pred_templates": []}}))
    known = [make_document("TST3-MUC4-0001", TEXT.upper()), make_document("TST3-MUC4-0002", "Nothing.")]
    reading = muc.read([path], muc.Options(), known)
    assert [line.document for line in reading.annotations] == ["TST3-MUC4-0001", "TST3-MUC4-0002"]
    (event,) = reading.annotations[0].events
    spans = {m.id: m.spans for m in reading.annotations[0].mentions}
    assert [surface(TEXT, spans[a.mention]) for a in event.arguments] == ["bandits", "the rebels"]
    assert [(item.unit, item.kind, item.document) for item in reading.quarantined] == [
        ("document", "unknown-document", "40009")
    ]


def test_objects_over_several_lines_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pretty.json"
    path.write_text("\n".join(json.dumps(record(TEMPLATE, id=id), indent=4) for id in ("a", "b")))
    assert [line.document for line in muc.read([path], muc.Options()).annotations] == ["a", "b"]


def test_documents_are_those_of_the_corpus_or_turned_away(tmp_path: Path) -> None:
    here = [make_document("d1", TEXT), make_document("d3", "Another text.")]
    without = {"docid": "d1", "templates": [TEMPLATE]}
    reading = read(tmp_path, without, without, record(id="d2"), record(id="d3"), documents=here)
    assert [line.document for line in reading.annotations] == ["d1"]
    assert [one.kind for one in reading.quarantined] == [
        "repeated-document",
        "unknown-document",
        "text-changed",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "not JSON"), ('{"docid": "\\udcff"}', "not JSON"), ("[]", "no MUC"), ("", "no MUC")],
)
def test_another_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match=told):
        muc.read([path], muc.Options())


def test_a_file_is_recognised_by_its_templates(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text("\n".join(json.dumps(each) for each in (record(id="d0"), record(TEMPLATE))))
    assert recognise([path]).format == "muc"


def test_any_mention_of_an_entity_is_right_in_a_template(tmp_path: Path) -> None:
    system = {"incident_type": "arson", "PerpInd": [[["bandits", 23]]], "Target": [["rebels"]]}
    gold, found = (read(tmp_path, record(each)) for each in (TEMPLATE, system))
    made = score(
        gold.annotations, {"s": found.annotations}, gold.documents, ["CEAF-REE"], options=Options(trials=0)
    )
    micro = made.results[0].averages["micro"]
    assert (micro.gold_hits, micro.system, micro.gold) == (1, 2, 2)  # PerpInd right, Target not
