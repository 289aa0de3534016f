"""Types of events as units of their own, and alternatives of types and fillers, of which any is right."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate import adjudicate as adjudication
from goldwire.annotate.exchange import tasks
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.exclude import leave_out
from goldwire.corpora.predictions import decode, read
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Argument, Event, Excluded, Mention, Rejected, Span
from goldwire.corpora.valid import sound
from goldwire.corpora.validate import annotation_faults
from goldwire.eval.scoring.notes import make_notes
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

DOCUMENT = make_document("d", "Rebels of the front, said to be bandits, attacked Herat.")
CONFLICT = ontologies.read("conflict")
MENTIONS = (
    Mention(id="m1", type="MIL", spans=(Span(0, 6),)),
    Mention(id="m2", type="MIL", spans=(Span(14, 19),)),
    Mention(id="m3", type="PER", spans=(Span(32, 39),)),
)
EITHER = Argument(role="attacker", mention="m1", alternatives=("m3",))


def line(*events, **fields):
    return annotate(DOCUMENT, *MENTIONS, events=events, **fields)


def of_types(*types, **fields):
    """Events of types; a tuple has alternatives behind its first."""
    each = [(type,) if isinstance(type, str) else type for type in types]
    events = [Event(id=f"e{i}", type=own[0], alternatives=own[1:]) for i, own in enumerate(each)]
    return line(*events, **fields)


def scored(gold, system, *measures):
    return score([gold], {"s": [system]}, [DOCUMENT], measures, options=Options(trials=0))


def micro(gold, system, measure="incident"):
    found = scored(gold, system, measure).results[0].averages["micro"]
    return found.gold_hits, found.system, found.gold


# ---------------------------------------------------------------- the type of an incident
def test_the_types_of_a_document_are_a_multiset():
    # attack twice in gold and three times in the system; arson in gold alone, bombing in the system alone
    gold = of_types("attack", "arson", "attack")
    system = of_types("attack", "attack", "attack", "bombing")
    assert micro(gold, system) == (2, 4, 3)


def test_any_alternative_of_a_type_is_right_once():
    gold = of_types(("bombing", "attack"))
    assert micro(gold, of_types("attack")) == (1, 1, 1)
    assert micro(gold, of_types("bombing")) == (1, 1, 1)
    assert micro(gold, of_types("attack", "bombing")) == (1, 2, 1)
    assert micro(gold, of_types("arson")) == (0, 1, 1)


def test_alternatives_are_given_to_whom_no_other_type_is_right():
    gold = of_types(("attack", "bombing"), "attack")
    assert micro(gold, of_types("attack", "bombing")) == (2, 2, 2)
    assert micro(gold, of_types("bombing", "attack")) == (2, 2, 2)


def test_a_hit_by_an_alternative_is_under_each_side_s_own_type():
    found = scored(of_types(("bombing", "attack")), of_types("attack"), "incident").results[0].labels
    assert found["bombing"].recall == 1
    assert found["attack"].precision == 1


def test_an_event_rejected_for_its_place_alone_is_right_by_its_type():
    lost = [
        Rejected(unit="event", kind=kind, message="", type="attack", path=f"$.events[{i}]")
        for i, kind in enumerate(("quote-not-found", "malformed"))
    ]
    assert micro(of_types("attack", "attack"), of_types(rejected=tuple(lost))) == (1, 2, 2)


names = st.lists(st.sampled_from(["attack", "arson", "bombing"]), max_size=8)


@given(names, names)
def test_without_alternatives_the_counts_are_those_of_a_counter(gold, system):
    if gold:
        right = (Counter(gold) & Counter(system)).total()
        assert micro(of_types(*gold), of_types(*system)) == (right, len(system), len(gold))


# ---------------------------------------------------------------- alternatives
def test_templates_take_any_alternative_of_a_filler_and_arguments_say_that_they_do_not():
    gold = line(Event(id="e", type="Attack", arguments=(EITHER,)))
    for mention in ("m1", "m3"):
        system = line(Event(id="e", type="Attack", arguments=(Argument(role="attacker", mention=mention),)))
        assert micro(gold, system, "CEAF-REE") == (1, 1, 1)
    record = scored(gold, system, "AC", "CEAF-REE")
    assert record.results[0].value == 0
    notes = [n.text for n in make_notes({"r": record}, {}) if n.kind == "alternatives"]
    assert notes == ["gold: 1 filler with alternatives, of which the first alone is right by AC."]


def test_measures_that_take_the_first_type_alone_say_so():
    record = scored(of_types(("Bombing", "Attack")), of_types("Attack"), "incident", "document")
    notes = [n.text for n in make_notes({"r": record}, {}) if n.kind == "alternatives"]
    assert notes == ["gold: 1 event type with alternatives, of which the first alone is right by document."]


def test_the_simple_form_brings_alternatives():
    value = b"""{"mentions": [{"id": "a", "type": "MIL", "text": "Rebels"}, {"id": "b", "type": "PER",
      "text": "bandits"}], "events": [{"type": "Attack", "alternatives": ["Fight"],
      "arguments": [{"role": "attacker", "mention": "a", "alternatives": ["b"]}]}]}"""
    event = read(decode(value, "d"), DOCUMENT).annotations.events[0]
    assert event.alternatives == ("Fight",)
    assert event.arguments == (Argument(role="attacker", mention="a", alternatives=("b",)),)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (
            Event(id="e", type="Attack", arguments=(msgspec.structs.replace(EITHER, alternatives=("x",)),)),
            ("$.events[0].arguments[0].alternatives[0]", "no-mention"),
        ),
        (
            Event(id="e", type="Attack", alternatives=("Raid",)),
            ("$.events[0].alternatives", "unknown-type"),
        ),
    ],
)
def test_alternatives_must_be_there_and_be_known(event, fault):
    path, kind = fault
    assert [f.path for f in annotation_faults(line(event), DOCUMENT, CONFLICT)] == [path]
    kept, rejected = sound(line(event), DOCUMENT, CONFLICT)
    assert [one.kind for one in rejected] == [kind]
    assert annotation_faults(kept, DOCUMENT, CONFLICT) == []


def test_where_the_first_filler_is_in_an_excluded_region_an_alternative_stands():
    event = Event(id="e", type="Attack", arguments=(EITHER,))
    kept, _ = leave_out(line(event), [Excluded(start=0, end=6, reason="byline")])
    assert kept.events[0].arguments == (Argument(role="attacker", mention="m3"),)


def test_adjudication_keeps_alternatives_that_are_the_same():
    event = Event(id="e1", type="Attack", trigger=(Span(41, 49),), arguments=(EITHER,))
    fewer = msgspec.structs.replace(event, arguments=(Argument(role="attacker", mention="m1"),))
    for other, kept in ((event, ("m3",)), (fewer, ())):
        layers = {"a": {"d": line(event)}, "b": {"d": line(other)}}
        made = adjudication.adjudicate(layers, [DOCUMENT], ontology=CONFLICT)
        assert made.annotations[0].events[0].arguments[0].alternatives == kept


def test_label_studio_has_no_place_for_alternatives_and_is_told_how_many():
    event = Event(id="e1", type="Attack", trigger=(Span(41, 49),), arguments=(EITHER,))
    assert tasks.encode([DOCUMENT], CONFLICT, prefill={"d": line(event)}).lost["alternatives"] == 1
