"""Doubts as tasks of Label Studio: nobody sees whose a reading is, and answers come back as decisions."""

import msgspec
import pytest

from goldwire import testing
from goldwire.annotate.exchange import doubts as tasks
from goldwire.annotate.interface import doubtconfig
from goldwire.annotate.sync import recheck
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.types import Span
from goldwire.eval.doubts.readings import Doubt, Holder, Reading

TEXT = "First line.\nRebels took Kunduz from troops. It was Friday.\nLast line."
DOCUMENT = testing.document(TEXT, id="d")
DOCUMENTS = {"d": DOCUMENT}
ONTOLOGY = ontologies.read("conflict")


def read(label, words):
    return Reading(label=label, spans=testing.spans(words, TEXT), words=words)


def doubt(id="0" * 12, unit="mention", gold=None, other=None, **fields):
    sentence = "Rebels took Kunduz from troops."
    given = {
        "doubt": 3.0,
        "reasons": ("mine reads GPE",),
        "says": {"mine": other},
        "decision": None,
        **fields,
    }
    return Doubt(
        id=id,
        document="d",
        sha256=DOCUMENT.sha256,
        unit=unit,
        kind="type",
        gold=gold,
        other=other,
        sentence=sentence,
        at=TEXT.index(sentence),
        **{**given, **fields},
    )


EVEN = doubt("0" * 12, gold=read("LOC", "Kunduz"), other=read("GPE", "Kunduz from"))
ODD = doubt("1".rjust(8, "0") + "0000", gold=read("LOC", "Kunduz"), other=read("GPE", "Kunduz from"))


def task(one):
    [made] = tasks.encode([one], DOCUMENTS, ONTOLOGY)
    return made


def test_the_paragraph_is_shown_with_both_readings_where_they_stand_in_it():
    made = task(EVEN)
    assert made["data"]["text"] == "Rebels took Kunduz from troops. It was Friday."
    shown = {r["value"]["labels"][0]: r["value"] for r in made["predictions"][0]["result"]}
    assert {label: value["text"] for label, value in shown.items()} == {"1": "Kunduz", "2": "Kunduz from"}
    assert all(made["data"]["text"][v["start"] : v["end"]] == v["text"] for v in shown.values())


def test_the_order_of_readings_goes_by_the_id_and_says_nothing_of_whose_they_are():
    even, odd = (task(one)["data"] for one in (EVEN, ODD))
    assert (even["first"], even["second"]) == ("1. LOC: “Kunduz”", "2. GPE: “Kunduz from”")
    assert (odd["first"], odd["second"]) == ("1. GPE: “Kunduz from”", "2. LOC: “Kunduz”")


def test_a_task_does_not_tell_controls_from_doubts_nor_who_reads_what():
    control = msgspec.structs.replace(EVEN, control=0.01, doubt=-5.0, reasons=())
    assert task(control) == task(EVEN)
    sent = msgspec.json.encode(task(EVEN)).decode()
    assert not [word for word in ("mine", 'gold"', "other", "control", "reads") if word in sent]


def test_no_unit_is_a_reading_too():
    data = task(doubt(gold=read("LOC", "Kunduz")))["data"]
    assert data["second"] == "2. nothing: no such unit here"


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (EVEN, "GPE"),
        (doubt(unit="trigger", gold=read("Attack", "took")), "Attack"),
        (
            doubt(
                unit="argument",
                gold=read("attacker", "Rebels"),
                on=Holder(unit="trigger", type="Attack", spans=testing.spans("took", TEXT), words="took"),
            ),
            "attacker",
        ),
        (
            doubt(
                unit="attribute",
                gold=read("actual", "took"),
                name="realis",
                on=Holder(unit="trigger", type="Attack", spans=testing.spans("took", TEXT), words="took"),
            ),
            "actual",
        ),
    ],
)
def test_a_correction_may_have_any_label_of_its_kind_of_unit(one, name):
    given = [label["value"] for label in tasks.labels(one, ONTOLOGY)]
    assert name in given
    assert len(given) > 1
    taken = [label["hotkey"] for label in tasks.labels(one, ONTOLOGY) if label["hotkey"]]
    assert len({*taken, *doubtconfig.CHOICES.values()}) == len(taken) + len(doubtconfig.CHOICES)


def test_a_doubt_of_another_text_is_refused():
    with pytest.raises(CorpusError, match="another text now"):
        tasks.encode([msgspec.structs.replace(EVEN, sha256="0" * 64)], DOCUMENTS, ONTOLOGY)


# ---------------------------------------------------------------- answers
def answered(one, *answers):
    """The task as the server tells it, with what each person chose; a correction is words and their label."""
    made = task(one)
    annotations = []
    for number, (who, choice, *correction) in enumerate(answers):
        result = [*made["predictions"][0]["result"]]
        if choice is not None:
            result.append(
                {
                    "from_name": "decision",
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": [choice]},
                }
            )
        for words, label in correction:
            start = made["data"]["text"].index(words)
            value = {"start": start, "end": start + len(words), "labels": [label]}
            result.append({"from_name": "correction", "to_name": "text", "type": "labels", "value": value})
        annotations.append(
            {
                "id": number,
                "completed_by": who,
                "result": result,
                "updated_at": f"2026-11-29T10:0{number}:00Z",
            }
        )
    return {"id": 1, "data": made["data"], "annotations": annotations}


def decoded(one, *answers):
    return tasks.decode([answered(one, *answers)], [one], {"1": "anna", "2": "ben"}, DOCUMENTS)


@pytest.mark.parametrize(
    ("one", "choice", "decision"),
    [
        (EVEN, "first", "gold"),
        (EVEN, "second", "other"),
        (ODD, "first", "other"),
        (ODD, "second", "gold"),
        (ODD, "both", "both"),
        (EVEN, "unclear", "unclear"),
    ],
)
def test_a_choice_is_a_decision_for_whoever_stood_there(one, choice, decision):
    [found] = decoded(one, (1, choice)).doubts
    assert (found.decision, found.by, found.when) == (decision, "anna", "2026-11-29T10:00:00Z")


def test_a_correction_stands_where_it_was_marked():
    [found] = decoded(EVEN, (1, "neither", ("troops", "MIL"))).doubts
    at = TEXT.index("troops")
    assert found.correction == Reading(label="MIL", spans=(Span(at, at + 6),), words="troops")


def test_neither_without_one_clear_correction_has_none():
    assert decoded(EVEN, (1, "neither")).doubts[0].correction is None
    two = (1, "neither", ("troops", "MIL"), ("Rebels", "PER"))
    assert decoded(EVEN, two).doubts[0].correction is None


def test_two_who_agree_decide_and_two_who_differ_do_not():
    agreed = decoded(EVEN, (1, "second"), (2, "second")).doubts[0]
    assert (agreed.decision, agreed.by) == ("other", "anna, ben")
    found = decoded(EVEN, (1, "second"), (2, "first"))
    assert (found.doubts[0].decision, found.differ) == (None, [EVEN.id])


def test_the_last_that_somebody_has_said_counts():
    assert decoded(EVEN, (1, "first"), (1, "second")).doubts[0].decision == "other"


def test_an_answer_without_a_choice_is_told():
    found = decoded(EVEN, (1, None))
    assert (found.doubts[0].decision, found.unread) == (None, [EVEN.id])


def test_what_nobody_has_answered_there_stays_as_it_is():
    by_hand = msgspec.structs.replace(EVEN, decision="both", by="cleo")
    assert tasks.decode([], [by_hand], {}, DOCUMENTS).doubts == [by_hand]


def test_a_project_of_documents_is_no_project_of_doubts():
    settings = Settings(corpus="c", group="p", title="p")
    with pytest.raises(CorpusError, match="is one of documents"):
        recheck.check(Group(settings=settings, projects={}, known=True), doubts=True)
    asked = msgspec.structs.replace(settings, doubts=True)
    with pytest.raises(CorpusError, match="say --doubts FILE"):
        recheck.check(Group(settings=asked, projects={}, known=True), doubts=False)
    recheck.check(Group(settings=settings, projects={}, known=False), doubts=True)


def test_tasks_of_other_doubts_are_counted_and_decide_nothing():
    found = tasks.decode([answered(EVEN, (1, "first"))], [ODD], {"1": "anna"}, DOCUMENTS)
    assert (found.foreign, found.doubts) == (1, [ODD])
    assert decoded(EVEN, (1, "first")).foreign == 0
