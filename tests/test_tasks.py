"""Documents become tasks that say whose they are, with a layer as predictions."""

from typing import Any

import msgspec

from goldwire.annotate.exchange import tasks
from goldwire.corpora import library
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Meta, Provenance, Span

CONFLICT = ontologies.read("conflict")
DOCUMENT = make_document(
    "d",
    "Rebels shelled Kunduz. >> More",
    meta=Meta(title="Shells on Kunduz", source="Wire", published="2021-08-08"),
    excluded=(Excluded(start=23, end=30, reason="teaser"),),
)
GOLD = Annotations(
    document="d",
    sha256=DOCUMENT.sha256,
    mentions=(Mention(id="m", type="MIL", spans=(Span(0, 6),), score=0.5, cluster="c", head=Span(0, 6)),),
    events=(
        Event(
            id="e",
            type="Attack",
            trigger=(Span(7, 14),),
            arguments=(Argument(role="attacker", mention="m"),),
            attributes={"mode": "shelling"},
        ),
    ),
)


def test_task_says_whose_it_is_and_holds_the_text_as_it_is() -> None:
    data = tasks.encode([DOCUMENT], CONFLICT).tasks[0]["data"]
    assert data == {
        "goldwire_id": "d",
        "document": "d",
        "sha256": DOCUMENT.sha256,
        "title": "Shells on Kunduz",
        "byline": "Wire · 2021-08-08 · d",
        "text": DOCUMENT.text,
        "excluded": [{"start": 23, "end": 30, "reason": "teaser"}],
    }


def test_columns_of_ones_own_stay_at_home() -> None:
    more = msgspec.structs.replace(DOCUMENT.meta, more={"reporter": "A. B."})
    document = msgspec.structs.replace(DOCUMENT, meta=more)
    assert tasks.encode([document], CONFLICT).tasks == tasks.encode([DOCUMENT], CONFLICT).tasks


def test_no_field_that_is_shown_is_missing_or_empty() -> None:
    """Label Studio refuses tasks without a field, and shows all of the task in place of an empty one."""
    data = tasks.data(make_document("x", "Text."))
    assert (data["title"], data["byline"]) == ("(no headline)", "x")


def test_prediction_holds_regions_attributes_arrows_and_the_version_of_the_layer() -> None:
    (task,) = tasks.encode([DOCUMENT], CONFLICT, prefill={"d": GOLD}, version="gold@1").tasks
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "gold@1"
    common = {"to_name": "text", "type": "labels"}
    assert prediction["result"] == [
        {
            "id": "m", "from_name": "entity", **common, "score": 0.5,
            "value": {"start": 0, "end": 6, "text": "Rebels", "labels": ["MIL"]},
            "meta": {"goldwire": {"cluster": "c", "head": [0, 6]}},
        },
        {
            "id": "e", "from_name": "trigger", **common,
            "value": {"start": 7, "end": 14, "text": "shelled", "labels": ["Attack"]},
        },
        {
            "id": "e", "from_name": "attribute-mode", "to_name": "text", "type": "choices",
            "value": {"start": 7, "end": 14, "text": "shelled", "choices": ["shelling"]},
        },
        {"type": "relation", "from_id": "e", "to_id": "m", "direction": "right", "labels": ["attacker"]},
        {
            "id": "_m1", "from_name": "excluded", **common, "readonly": True,
            "value": {"start": 23, "end": 30, "text": ">> More", "labels": ["excluded"]},
            "meta": {"text": ["teaser"]},
        },
    ]  # fmt: skip


def test_documents_that_the_layer_lacks_have_marks_of_what_is_excluded_only() -> None:
    plain = make_document("p", "Nothing.")
    marked, unmarked = tasks.encode([DOCUMENT, plain], CONFLICT, prefill={}, version="gold@1").tasks
    assert [p["model_version"] for p in marked["predictions"]] == [tasks.MARKS]
    assert "predictions" not in unmarked


def test_what_predictions_cannot_hold_is_counted() -> None:
    twin = Mention(id="m2", type="MIL", spans=(Span(0, 6),))
    astray = Mention(id="m3", type="MIL", spans=(Span(0, 99),))
    wrong = msgspec.structs.replace(
        GOLD,
        mentions=(*GOLD.mentions, twin, astray),
        events=(msgspec.structs.replace(GOLD.events[0], arguments=(Argument(role="target", mention="m3"),)),),
        provenance=Provenance(author="anna"),
    )
    encoded = tasks.encode([DOCUMENT], CONFLICT, prefill={"d": wrong}, version="x@1")
    assert encoded.lost == {
        "unsound mentions": 1,
        "unsound arguments": 1,
        "record of who annotated a document, and how": 1,
        "mention of the same type and words as another": 1,
    }
    assert [fault.path for fault in encoded.faults] == [
        '$.mentions[?@.id=="m3"]',
        '$.events[?@.id=="e"].arguments[?@.role=="target" && @.mention=="m3"]',
    ]


def test_version_names_the_layer_and_changes_with_it_but_not_with_its_order() -> None:
    other = msgspec.structs.replace(GOLD, document="e")
    assert tasks.version("gold", [GOLD, other]) == tasks.version("gold", [other, GOLD])
    assert tasks.version("gold", [GOLD]) != tasks.version("gold", [other])
    assert tasks.version("system/x", [GOLD]).startswith("system/x@")


def test_shipped_corpus_loses_nothing_on_the_way() -> None:
    corpus = library.open("mazar-2021")
    encoded = tasks.encode(corpus.documents(), CONFLICT, prefill=corpus.layer("gold"), version="gold@1")
    assert encoded.faults == ()
    assert encoded.lost.keys() <= {"record of who annotated a document, and how"}


def test_a_prediction_has_the_mean_of_its_units_scores_and_none_where_one_has_none() -> None:
    def region(id: str, score: float | None, control: str = "entity") -> dict[str, Any]:
        given = {} if score is None else {"score": score}
        return {"id": id, "from_name": control, "type": "labels", **given}

    arrow = {"type": "relation", "from_id": "m1", "to_id": "m1-2", "labels": ["continued"]}
    part = [region("m1-2", None), arrow]
    excluded = region("x", None, "excluded")
    scored = [region("m1", 0.5), region("e1", 1.0, "trigger"), *part, excluded]
    assert tasks.prediction("v", scored)["score"] == 0.75  # (0.5 + 1.0) / 2: a part is no unit of its own
    assert "score" not in tasks.prediction("v", [*scored, region("m2", None)])
    assert "score" not in tasks.prediction("v", [excluded])
