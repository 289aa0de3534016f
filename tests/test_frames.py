"""One task for each event, and all answers of a person back in one layer."""

from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import controls, frames, importer, regions
from goldwire.annotate.exchange.importer import Imported
from goldwire.corpora import library
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Rejected, Span

CONFLICT = ontologies.read("conflict")
#       0      7       15         26    32     39    45
TEXT = "Rebels shelled Kunduz and took Kunduz on Monday night."
DOCUMENT = make_document("d", TEXT)
REBELS = Mention(id="r", type="MIL", spans=(Span(0, 6),))
KUNDUZ = Mention(id="k", type="GPE", spans=(Span(15, 21),))
NIGHT = Mention(id="n", type="TIME", spans=(Span(41, 53),))
SHELLED = Event(
    id="s", type="Attack", trigger=(Span(7, 14),), arguments=(Argument(role="attacker", mention="r"),),
    attributes={"mode": "shelling"},
)  # fmt: skip
TOOK = Event(id="t", type="TakeTerritory", trigger=(Span(26, 30),))
BASE = Annotations(
    document="d", sha256=DOCUMENT.sha256, mentions=(REBELS, KUNDUZ, NIGHT), events=(TOOK, SHELLED)
)


def made(base: Annotations = BASE) -> dict[str, dict[str, Any]]:
    encoded = frames.encode([DOCUMENT], CONFLICT, {"d": base}, "gold@1")
    return {task["data"]["event"]: task for task in encoded.tasks}


def role(id: str, span: Span, *labels: str) -> dict[str, Any]:
    return regions.region(id, "role", labels, span, TEXT)


def verdict(value: str) -> dict[str, Any]:
    return {
        "id": "v",
        "from_name": "verdict",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [value]},
    }


def answered(
    *answers: tuple[str, list[dict[str, Any]]], base: Annotations | None = BASE, **fields: Any
) -> Imported:
    exported = [
        {
            "id": n,
            "data": made()[event]["data"],
            "annotations": [{"id": n, "completed_by": 7, "result": result, **fields}],
        }
        for n, (event, result) in enumerate(answers)
    ]
    return read(exported, base)


def read(exported: list[Any], base: Annotations | None = BASE) -> Imported:
    def layer(name: str) -> dict[str, Annotations]:
        if base is None:
            raise CorpusError(f"no layer {name!r}")
        return {"d": base}

    context = importer.Context(
        documents={"d": DOCUMENT}, controls=controls.of(CONFLICT), ontology=CONFLICT, layer=layer
    )
    return importer.decode(exported, context)


def roles_of(imported: Imported, event: str) -> set[tuple[str, str]]:
    (reading,) = imported.readings
    return {(a.role, a.mention) for e in reading.annotations.events if e.id == event for a in e.arguments}


def test_tasks_come_in_text_order_and_name_document_event_and_layer() -> None:
    shelled, took = made().values()
    assert shelled["data"]["goldwire_id"] == "d/s"
    assert {key: took["data"][key] for key in ("document", "event", "event_type", "layer", "question")} == {
        "document": "d", "event": "t", "event_type": "TakeTerritory", "layer": "gold@1",
        "question": "TakeTerritory: … Rebels shelled Kunduz and ▸took◂ Kunduz on Monday night. …",
    }  # fmt: skip
    assert [r["value"] for r in took["data"]["roles"]] == [
        "captor",
        "territory",
        "loser",
        "place",
        "time",
        "mention",
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [  # 40 characters are shown on each side: of these the first or last word is cut, whole, and too long
        ("said " + 4 * "eight or ", " so" + 10 * " far", f"{(4 * 'eight or ')}▸hit◂ so{9 * ' far'}"),
        (
            "x " + 4 * "ten chars ",
            " " + 4 * "ten chars ",
            f"{4 * 'ten chars '}▸hit◂ {3 * 'ten chars '}ten chars",
        ),
        (50 * "x", 50 * "y", f"{40 * 'x'}▸hit◂{40 * 'y'}"),
        ("Line before\nIt ", " home\nand after", "It ▸hit◂ home"),
    ],
)
def test_question_shows_whole_words_of_the_triggers_line(before: str, after: str, shown: str) -> None:
    document = make_document("q", f"{before}hit{after}")
    event = Event(id="e", type="Attack", trigger=(Span(len(before), len(before) + 3),))
    base = Annotations(document="q", sha256=document.sha256, events=(event,))
    [task] = frames.encode([document], CONFLICT, {"q": base}, "gold@1").tasks
    assert task["data"]["question"] == f"Attack: … {shown} …"


def test_mentions_are_there_with_the_roles_they_have_and_the_trigger_is_locked() -> None:
    results = made()["s"]["predictions"][0]["result"]
    labels = {r["id"]: (r["from_name"], r["value"]["labels"], r.get("readonly", False)) for r in results}
    assert labels == {
        "r": ("role", ["attacker"], False),
        "k": ("role", ["mention"], False),
        "n": ("role", ["mention"], False),
        "s": ("trigger", ["trigger"], True),
    }


def test_mention_with_a_role_is_an_argument_and_one_without_is_not() -> None:
    imported = answered(("t", [role("r", Span(0, 6), "captor"), role("n", Span(41, 53), "mention")]))
    assert roles_of(imported, "t") == {("captor", "r")}
    assert imported.readings[0].layer == "frames/7"


def test_one_mention_can_have_two_roles_and_mention_stays_in_the_list() -> None:
    imported = answered(("t", [role("k", Span(15, 21), "mention", "territory", "place")]))
    assert roles_of(imported, "t") == {("territory", "k"), ("place", "k")}


def test_new_span_stands_for_the_one_mention_there_that_the_role_takes() -> None:
    person = Mention(id="p", type="PER", spans=(Span(15, 21),))
    base = msgspec.structs.replace(BASE, mentions=(*BASE.mentions, person))
    imported = answered(("t", [role("new", Span(15, 21), "territory")]), base=base)
    assert roles_of(imported, "t") == {("territory", "k")}


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (role("new", Span(31, 37), "territory"), "unmatched-span"),  # no mention there
        (role("r", Span(31, 37), "captor"), "unmatched-span"),  # the mention was moved off its words
        (role("n", Span(41, 53), "captor"), "filler-not-allowed"),
        (role("r", Span(0, 6), "attacker"), "unknown-role"),  # no role of TakeTerritory
        (role("r", Span(0, 99), "captor"), "outside-text"),
    ],
)
def test_role_that_cannot_be_given_is_quarantined(region: dict[str, Any], reason: str) -> None:
    imported = answered(("t", [region]))
    (found,) = imported.rejected
    assert (found.unit, found.kind, found.path, found.document) == ("argument", reason, "$.result[0]", "d")
    assert (found.type, found.role, found.trigger) == (
        "TakeTerritory",
        region["value"]["labels"][0],
        ((26, 30),),
    )
    (line,) = (reading.annotations for reading in imported.readings)
    assert [item.kind for item in line.rejected] == [reason]
    assert roles_of(imported, "t") == set()


def test_span_on_two_mentions_that_could_fill_the_role_is_not_guessed() -> None:
    other = Mention(id="x", type="LOC", spans=(Span(15, 21),))
    base = msgspec.structs.replace(BASE, mentions=(*BASE.mentions, other))
    imported = answered(("t", [role("new", Span(15, 21), "territory")]), base=base)
    assert [item.kind for item in imported.rejected] == ["ambiguous"]


def test_all_answers_of_a_person_make_one_layer_and_replace_the_arguments_there_were() -> None:
    imported = answered(
        ("t", [role("k", Span(15, 21), "territory")]),
        ("s", [role("k", Span(15, 21), "target")]),
        lead_time=3.0,
    )
    (reading,) = imported.readings
    assert roles_of(imported, "s") == {("target", "k")}
    assert reading.annotations.mentions == BASE.mentions
    assert [(e.id, e.trigger, e.attributes) for e in reading.annotations.events] == [
        (e.id, e.trigger, e.attributes) for e in BASE.events
    ]
    assert (reading.annotations.provenance.status, reading.annotations.provenance.seconds) == (
        "submitted",
        6.0,
    )


def test_event_said_to_be_none_goes_and_one_without_answer_stays_without_arguments() -> None:
    """Its arguments came from the layer; nobody has looked at them."""
    imported = answered(("t", [role("k", Span(15, 21), "territory"), verdict("not an event")]))
    (reading,) = imported.readings
    assert [(event.id, event.arguments) for event in reading.annotations.events] == [("s", ())]
    assert reading.annotations.provenance.status == "draft"
    assert reading.annotations.provenance.details == {
        "layer": "gold@1",
        "answers": {"t": 0},
        "unanswered": ["s"],
        "no events": ["t"],
    }


def test_what_the_layer_below_had_rejected_is_not_said_of_the_person() -> None:
    unit = Rejected(unit="mention", kind="unknown-type", message="'X' is no entity type", type="X")
    base = msgspec.structs.replace(BASE, rejected=(unit,))
    (reading,) = answered(("s", [verdict("event ok")]), base=base).readings
    assert reading.annotations.rejected == ()


def test_event_said_to_be_ok_stays() -> None:
    imported = answered(("s", [verdict("event ok")]))
    assert {event.id for event in imported.readings[0].annotations.events} == {"s", "t"}


def test_trigger_marked_by_somebody_is_quarantined_and_the_answer_taken() -> None:
    trigger = [regions.region("t", "trigger", ["trigger"], Span(26, 30), TEXT)]
    stray = [regions.region("x", "trigger", ["trigger"], Span(22, 25), TEXT)]
    imported = answered(("t", [*trigger, *stray, role("k", Span(15, 21), "territory")]))
    assert [(item.kind, item.path) for item in imported.rejected] == [("unmatched-span", "$.result[1]")]
    assert roles_of(imported, "t") == {("territory", "k")}


def test_arrow_in_a_frame_is_told() -> None:
    imported = answered(("t", [regions.arrow("k", "r", "same")]))
    assert [(item.kind, item.path) for item in imported.rejected] == [("unknown-control", "$.result[0]")]


def test_skips_and_drafts_are_no_answers_but_are_named() -> None:
    task = {**made()["s"], "drafts": [{"user": 7, "result": []}]}
    skipped = {**made()["t"], "annotations": [{"completed_by": 7, "was_cancelled": True, "result": []}]}
    done = {**made()["t"], "annotations": [{"completed_by": 7, "result": [], "updated_at": "2"}]}
    (reading,) = read([task, skipped, done]).readings
    details = reading.annotations.provenance.details
    assert (details["unanswered"], details["draft events"], details["skipped events"]) == (
        ["s"],
        ["s"],
        ["t"],
    )
    assert read([task, skipped]).readings == ()


def test_later_answer_to_an_event_counts() -> None:
    first = {
        "id": 1,
        "completed_by": 7,
        "result": [role("k", Span(15, 21), "place")],
        "updated_at": "2021-01-01",
    }
    later = {
        "id": 2,
        "completed_by": 7,
        "result": [role("k", Span(15, 21), "territory")],
        "updated_at": "2021-01-02",
    }
    imported = read([{**made()["t"], "annotations": [later, first]}])
    assert roles_of(imported, "t") == {("territory", "k")}
    assert [item.kind for item in imported.rejected] == ["superseded"]
    assert ", submitted 1 of 7" in imported.rejected[0].where


@pytest.mark.parametrize(
    "base",
    [
        None,
        msgspec.structs.replace(BASE, events=(SHELLED,)),
        msgspec.structs.replace(BASE, events=(msgspec.structs.replace(TOOK, trigger=(Span(22, 30),)),)),
    ],
    ids=["layer gone", "event gone", "trigger moved"],
)
def test_answers_to_a_layer_that_changed_are_quarantined(base: Annotations | None) -> None:
    task = made()["t"]
    result = task["predictions"][0]["result"]
    imported = read([{**task, "annotations": [{"id": 5, "completed_by": 7, "result": result}]}], base)
    assert [item.kind for item in imported.rejected] == ["base-changed"]
    assert ", submitted 5 of 7" in imported.rejected[0].where
    assert imported.readings == ()


def test_shipped_corpus_comes_back_from_frames_as_it_went() -> None:
    corpus = library.open("mazar-2021")
    gold = corpus.layer("gold")
    encoded = frames.encode(corpus.documents(), CONFLICT, gold, "gold@1")
    assert len(encoded.tasks) == sum(len(annotations.events) for annotations in gold.values())
    exported = [
        {**task, "annotations": [{"completed_by": 1, "result": task["predictions"][0]["result"]}]}
        for task in encoded.tasks
    ]
    context = importer.Context(
        documents={d.id: d for d in corpus.documents()},
        controls=controls.of(CONFLICT),
        ontology=CONFLICT,
        layer=corpus.layer,
    )
    imported = importer.decode(exported, context)
    assert imported.rejected == ()
    for reading in imported.readings:
        base = gold[reading.annotations.document]
        assert reading.annotations.mentions == base.mentions
        for event, before in zip(reading.annotations.events, base.events, strict=True):
            assert {*event.arguments} == {*before.arguments}
            assert msgspec.structs.replace(event, arguments=()) == msgspec.structs.replace(
                before, arguments=()
            )
