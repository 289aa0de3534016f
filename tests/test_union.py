"""The union of what annotators marked goes to a server, and what is left of it there decides."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotate import adjudicate as merging
from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.exchange import controls, graph, results
from goldwire.annotate.exchange.regions import Result
from goldwire.annotate.union import amend, answers, facts, pull, shown
from goldwire.annotate.union.answers import Answer, Decided
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.ontology import Ontology, RelationType
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Held, Mention, Span
from goldwire.corpora.valid import sound
from goldwire.testing import annotate
from goldwire.testing.strategies import annotated, texts

CONFLICT = ontologies.read("conflict")
REALIS = msgspec.structs.replace(CONFLICT.attributes["realis"], multiple=True)
ANY = {"near": RelationType(symmetric=True), "in": RelationType()}
# Conflict with all that an ontology can have: relations, one of them symmetric, and an attribute of several.
RICH = msgspec.structs.replace(CONFLICT, attributes={**CONFLICT.attributes, "realis": REALIS}, relations=ANY)
#       0      7       15        24
TEXT = "Rebels shelled Kunduz, the city fell. Rebels cheered."
DOCUMENT = make_document("d", TEXT)
REBELS = Mention(id="x", type="MIL", spans=(Span(0, 6),))
KUNDUZ = Mention(id="y", type="GPE", spans=(Span(15, 21),))
CITY = Mention(id="z", type="GPE", spans=(Span(27, 31),))
SHELLED = Event(id="e", type="Attack", trigger=(Span(7, 14),))


def attack(*arguments: tuple[str, str], **attributes: Held) -> tuple[Event, ...]:
    made = tuple(Argument(role=role, mention=id) for role, id in arguments)
    return (msgspec.structs.replace(SHELLED, arguments=made, attributes=attributes),)


def line(*mentions: Mention, events: tuple[Event, ...] = ()) -> Annotations:
    return annotate(DOCUMENT, *mentions, events=events)


def layers(*lines: Annotations) -> dict[str, dict[str, Annotations]]:
    names = ("annotator/anna", "annotator/ben", "annotator/cem")
    return {name: {"d": each} for name, each in zip(names, lines, strict=False)}


def show(
    *lines: Annotations, blind: bool = False, document: Document = DOCUMENT, ontology: Ontology = CONFLICT
) -> list[Result]:
    """What a task shows of these annotators' lines."""
    made = layers(*lines)
    union = shown.unions(made, [document], ontology)[document.id]
    [task] = shown.encode(union, document, made, ontology, blind=blind).tasks
    return list(task["predictions"][0]["result"])


def regions(found: list[Result]) -> dict[str, Result]:
    """The regions by words and label."""
    marked = (one for one in found if one["type"] == "labels")
    return {f"{one['value']['text']} {one['value']['labels'][0]}": one for one in marked}


def notes(found: list[Result]) -> dict[str, str]:
    return {
        name: one["meta"]["text"][0] for name, one in regions(found).items() if "text" in one.get("meta", {})
    }


def read(found: list[Result], document: Document = DOCUMENT, ontology: Ontology = CONFLICT) -> Annotations:
    """Results as an answer of the server is read."""
    known = controls.of(ontology)
    decoded = graph.decode(results.sort(found, document.text, known), document, known, ontology)
    assert not decoded.rejected
    return decoded.annotations


def without(found: list[Result], *names: str) -> list[Result]:
    """What is left when regions are deleted: their choices and arrows go with them."""
    gone = {regions(found)[name]["id"] for name in names}
    return [one for one in found if not {one.get("id"), one.get("from_id"), one.get("to_id")} & gone]


def decide(lines: tuple[Annotations, ...], *left: list[Result], seen: list[Result] | None = None) -> Decided:
    """What people decide who leave this of the union of these lines, or of what they were `seen`."""
    made = layers(*lines)
    given = [
        Answer(who=who, when=f"2026-01-0{n}", line=read(found), shown=read(seen or show(*lines)))
        for n, (who, found) in enumerate(zip(("dora", "emil"), left, strict=False), start=1)
    ]
    union = shown.unions(made, [DOCUMENT], CONFLICT)["d"]
    return answers.decide(made, DOCUMENT, union.line, given, CONFLICT)


def gold(lines: tuple[Annotations, ...], decided: Decided) -> tuple[Annotations, list[Disagreement]]:
    """The line that comes of decisions, read from a file; and what is open."""
    items = [*decided.decisions, *decided.amendments]
    items = [msgspec.json.decode(msgspec.json.encode(item), type=Disagreement) for item in items]
    made = amend.amended(
        merging.adjudicate(layers(*lines), [DOCUMENT], items, CONFLICT), [DOCUMENT], CONFLICT
    )
    assert made.adjudicated.stale == ()
    [found] = made.adjudicated.annotations
    return found, [item for item in made.adjudicated.disagreements if item.decision is None]


def says(found: Annotations, document: Document = DOCUMENT, ontology: Ontology = CONFLICT) -> dict[Any, Any]:
    """All that a line says, whatever its ids and whether a default is written out."""
    stated = facts.stated(facts.shown(found), document.text, ontology)
    return {key: fact.says for key, fact in stated.items() if fact.says != fact.default}


# ---------------------------------------------------------------- what is shown


def test_regions_are_scored_by_who_agrees_and_least_agreed_ones_come_first() -> None:
    found = show(line(REBELS, KUNDUZ), line(REBELS, CITY), line(REBELS, CITY))
    scored = {name: one["score"] for name, one in regions(found).items()}
    assert scored == pytest.approx({"Kunduz GPE": 1 / 3, "city GPE": 2 / 3, "Rebels MIL": 1})
    assert [*scored] == ["Kunduz GPE", "city GPE", "Rebels MIL"]
    assert notes(found) == {
        "Kunduz GPE": "anna: GPE; ben: not marked; cem: not marked",
        "city GPE": "anna: not marked; ben: GPE; cem: GPE",
    }


def test_both_readings_are_there_where_types_differ() -> None:
    person = msgspec.structs.replace(REBELS, type="PER")
    found = notes(show(line(REBELS), line(person)))
    assert found == {"Rebels MIL": "anna: MIL; ben: PER", "Rebels PER": "anna: MIL; ben: PER"}


def test_two_readings_that_are_left_are_both_taken_and_told() -> None:
    lines = line(REBELS, KUNDUZ), line(msgspec.structs.replace(REBELS, type="PER"), KUNDUZ)
    found = show(*lines)
    assert decide(lines, found).both == ["MIL “Rebels” and PER “Rebels”"]
    assert decide(lines, without(found, "Rebels PER")).both == []


def test_blind_notes_say_how_many_and_not_who() -> None:
    lines = line(REBELS, KUNDUZ, events=attack(mode="siege")), line(REBELS, events=attack(mode="ground"))
    found = notes(show(*lines, blind=True))
    assert found == {
        "Kunduz GPE": "1 of 2 marked it",
        "shelled Attack": "mode of Attack “shelled” (1 of 2: siege; 1 of 2: ground)",
    }


def test_arrows_in_doubt_are_last_and_told_at_the_trigger() -> None:
    lines = (
        line(REBELS, KUNDUZ, events=attack(("place", "y"), ("attacker", "x"))),
        line(REBELS, KUNDUZ, events=attack(("attacker", "x"))),
    )
    found = show(*lines)
    assert [one["labels"] for one in found if one["type"] == "relation"] == [["attacker"], ["place"]]
    assert notes(found) == {"shelled Attack": "place of Attack “shelled”: GPE “Kunduz” (anna: yes; ben: no)"}
    assert regions(found)["shelled Attack"]["score"] == 0.5


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        (("siege", "ground"), None),  # nobody's is more than the other's
        (("siege", "siege", "ground"), "siege"),
        (("siege", None), "siege"),  # the default is meant by the other: see below
    ],
)
def test_of_one_value_that_of_most_is_chosen_and_none_where_none_has_most(
    values: tuple[str | None, ...], chosen: str | None
) -> None:
    # `mode` has the default `unspecified`, which is a value like any other.
    lines = [line(events=attack(**({"mode": value} if value else {}))) for value in values]
    found = [one["value"]["choices"] for one in show(*lines) if one["type"] == "choices"]
    assert found == ([[chosen]] if chosen and None not in values else [])


def test_a_default_of_most_is_chosen_so_that_it_is_seen_and_decided() -> None:
    lines = line(events=attack()), line(events=attack()), line(events=attack(mode="siege"))
    found = show(*lines)
    assert [one["value"]["choices"] for one in found if one["type"] == "choices"] == [["unspecified"]]
    [decided] = decide(lines, found).decisions
    assert decided.decision == "unspecified"
    assert gold(lines, decide(lines, found))[0].events[0].attributes == {}


def test_of_several_values_all_are_chosen_and_each_is_decided() -> None:
    names = [*REALIS.values][:2]
    lines = line(events=attack(realis=names[0])), line(events=attack(realis=tuple(sorted(names))))
    found = show(*lines, ontology=RICH)
    [choice] = [one for one in found if one["type"] == "choices"]
    assert sorted(choice["value"]["choices"]) == sorted(names)


def test_doubtful_links_are_arrows_of_their_own() -> None:
    one, other = (msgspec.structs.replace(each, cluster="c") for each in (KUNDUZ, CITY))
    lines = line(one, other), line(KUNDUZ, CITY)
    found = show(*lines)
    assert [each["labels"] for each in found if each["type"] == "relation"] == [["same"]]
    kept, _ = gold(lines, decide(lines, found))
    assert {mention.cluster for mention in kept.mentions} == {"c1"}
    parted, undecided = gold(lines, decide(lines, [each for each in found if each["type"] != "relation"]))
    assert ({mention.cluster for mention in parted.mentions}, undecided) == ({None}, [])


def test_what_hangs_on_an_event_without_a_trigger_is_left_to_the_file() -> None:
    nameless = (Event(id="f", type="Attack", arguments=(Argument(role="attacker", mention="x"),)),)
    lines = line(REBELS, KUNDUZ, events=nameless), line(REBELS)
    union = shown.unions(layers(*lines), [DOCUMENT], CONFLICT)["d"]
    assert [item.words for item in union.differing] == ["GPE “Kunduz”"]
    assert [item.words for item in union.hidden] == ["Attack (attacker: MIL [[0, 6]])"]
    _, undecided = gold(lines, decide(lines, show(*lines)))
    assert [item.words for item in undecided] == ["Attack (attacker: MIL [[0, 6]])"]


# ---------------------------------------------------------------- what is left decides


def test_what_is_left_is_right_and_what_is_gone_is_wrong_one_level_down_included() -> None:
    lines = line(REBELS, KUNDUZ, events=attack(("attacker", "x"), ("place", "y"))), line(REBELS, CITY)
    decided = decide(lines, without(show(*lines), "city GPE"))
    assert {item.words: item.decision for item in decided.decisions} == {
        "GPE “Kunduz”": True,
        "GPE “city”": False,
        "Attack “shelled”": True,
    }
    assert {(item.by, item.at) for item in decided.decisions} == {("dora", "2026-01-01")}
    made, undecided = gold(lines, decided)
    assert (undecided, decided.amendments, decided.conflicts) == ([], (), ())
    assert says(made) == says(line(REBELS, KUNDUZ, events=attack(("attacker", "x"), ("place", "y"))))
    assert made.provenance.status == "adjudicated"


def test_nothing_chosen_between_two_values_decides_nothing() -> None:
    lines = line(events=attack(mode="siege")), line(events=attack(mode="ground"))
    _, undecided = gold(lines, decide(lines, show(*lines)))
    assert [item.words for item in undecided] == ["mode of Attack “shelled”"]


def test_a_third_reading_is_taken_and_the_same_comes_of_the_file() -> None:
    """What nobody marked and what all did: added, taken out, and given another value."""
    lines = (
        line(REBELS, KUNDUZ, events=attack(("attacker", "x"), mode="siege")),
        line(REBELS, KUNDUZ, CITY, events=attack(("attacker", "x"), mode="siege")),
    )
    third = line(KUNDUZ, CITY, events=attack(("place", "y"), mode="ground"))
    made = layers(*lines)
    union = shown.unions(made, [DOCUMENT], CONFLICT)["d"]
    answer = Answer(who="dora", when="", line=third, shown=read(show(*lines)))
    decided = answers.decide(made, DOCUMENT, union.line, [answer], CONFLICT)
    assert [item.words for item in decided.decisions] == ["GPE “city”"]
    assert {item.words: item.decision for item in decided.amendments} == {
        "MIL “Rebels”": False,
        "mode of Attack “shelled”": "ground",
        "place of Attack “shelled”: GPE “Kunduz”": True,
    }
    found = gold(lines, decided)[0]
    assert says(found) == says(third)
    assert found.provenance.author == "dora"
    [sentence] = [item.sentence for item in decided.amendments if item.unit == "mention"]
    assert sentence == "⟦Rebels⟧ shelled Kunduz, the city fell."


def test_an_amendment_is_stale_once_annotators_say_it_and_decides_once_they_differ() -> None:
    before = line(REBELS), line(REBELS)
    added = read(show(line(REBELS, CITY), line(REBELS, CITY)))
    answer = Answer(who="dora", when="", line=added, shown=read(show(*before)))
    union = shown.unions(layers(*before), [DOCUMENT], CONFLICT)["d"]
    [item] = answers.decide(layers(*before), DOCUMENT, union.line, [answer], CONFLICT).amendments
    both = merging.adjudicate(layers(line(REBELS, CITY), line(REBELS, CITY)), [DOCUMENT], [item], CONFLICT)
    assert amend.amended(both, [DOCUMENT], CONFLICT).adjudicated.stale == (item,)
    one = merging.adjudicate(layers(line(REBELS, CITY), line(REBELS)), [DOCUMENT], [item], CONFLICT)
    assert (one.open, one.stale, len(one.annotations[0].mentions)) == (0, (), 2)


def test_an_amendment_on_other_words_at_the_same_place_changes_nothing() -> None:
    item = Disagreement(
        document="d",
        unit="mention",
        key="GPE [[27, 31]]",
        words="GPE “town”",
        says={"annotator/anna": False, "annotator/ben": False},
        decision=True,
    )
    found = merging.adjudicate(layers(line(REBELS), line(REBELS)), [DOCUMENT], [item], CONFLICT)
    assert amend.amended(found, [DOCUMENT], CONFLICT).adjudicated.stale == (item,)


def test_two_who_adjudicate_decide_what_they_agree_on() -> None:
    lines = line(REBELS, KUNDUZ, CITY), line(REBELS)
    found = show(*lines)
    decided = decide(lines, without(found, "city GPE"), without(found, "city GPE", "Kunduz GPE"))
    assert {(i.words, i.decision, i.by, i.at) for i in decided.decisions} == {
        ("GPE “city”", False, "dora, emil", "2026-01-02")
    }
    [conflict] = decided.conflicts
    assert (conflict.item.words, dict(conflict.said)) == ("GPE “Kunduz”", {"dora": True, "emil": False})
    assert [item.words for item in gold(lines, decided)[1]] == ["GPE “Kunduz”"]


def test_what_one_of_two_adds_is_a_conflict() -> None:
    lines = line(REBELS, KUNDUZ), line(REBELS)
    found = show(*lines)
    more = [*found, *(one for one in show(line(CITY), line(CITY)))]
    more[-1] = {**more[-1], "id": "new"}
    decided = decide(lines, found, more)
    assert decided.amendments == ()
    assert [(c.item.words, dict(c.said)) for c in decided.conflicts] == [
        ("GPE “city”", {"dora": False, "emil": True})
    ]


def test_what_annotators_said_later_is_open_and_what_they_took_back_is_not_taken() -> None:
    seen = show(line(REBELS, KUNDUZ), line(REBELS))
    now = line(REBELS), line(REBELS, CITY)
    decided = decide(now, seen, seen=seen)
    assert (decided.is_changed, decided.gone, decided.decisions, decided.amendments) == (True, 1, (), ())
    made, undecided = gold(now, decided)
    assert [item.words for item in undecided] == ["GPE “city”"]
    assert [mention.type for mention in made.mentions] == ["MIL"]


def test_of_two_events_alike_the_one_that_is_deleted_goes() -> None:
    twice = (
        *attack(("attacker", "x")),
        msgspec.structs.replace(SHELLED, id="f", arguments=(Argument(role="place", mention="y"),)),
    )
    lines = line(REBELS, KUNDUZ, events=twice), line(REBELS, KUNDUZ)
    found = show(*lines)
    first = next(
        one["id"] for one in found if one["type"] == "labels" and one["value"]["labels"] == ["Attack"]
    )
    left = [one for one in found if first not in (one.get("id"), one.get("from_id"))]
    [event] = gold(lines, decide(lines, left))[0].events
    assert [argument.role for argument in event.arguments] == ["place"]


# ---------------------------------------------------------------- beside the list


def decision(value: Any, by: str = "", at: str = "", words: str = "GPE “Kunduz”") -> Disagreement:
    views: Mapping[str, bool] = {"annotator/anna": True, "annotator/ben": False}
    return Disagreement(
        document="d", unit="mention", key=words, words=words, says={**views}, decision=value, by=by, at=at
    )


@pytest.mark.parametrize(
    ("own", "before", "now", "then"),
    [
        (None, None, True, [True]),
        (True, True, False, [False]),  # changed on the server since the last pull
        (True, True, None, []),  # taken back there, so open again
        (False, None, True, [False]),  # decided by hand: it stays, and is told
        (False, True, True, [False]),  # decided otherwise by hand since
    ],
)
def test_server_has_its_own_say_and_the_list_keeps_what_was_decided_by_hand(
    own: bool | None, before: bool | None, now: bool | None, then: list[bool]
) -> None:
    theirs = {value: [] if value is None else [decision(value, "dora", "2026")] for value in (before, now)}
    there = theirs[before] if own == before else [] if own is None else [decision(own)]
    found = pull.join(there, theirs[before], theirs[now])
    assert [item.decision for item in found.decisions] == then
    assert len(found.contradicted) == (now is not None and [now] != then)
    assert found.reopened == (now is None)


def test_later_decision_of_the_same_person_counts_in_a_clone_that_has_not_pulled_before() -> None:
    found = pull.join([decision(True, "dora", "2026-01")], [], [decision(False, "dora", "2026-02")])
    assert [item.decision for item in found.decisions] == [False]
    assert found.contradicted == ()


def test_remarks_on_what_is_open_stay_in_the_list() -> None:
    remark = msgspec.structs.replace(decision(None), note="ask the desk")
    assert pull.join([remark], [], []).decisions == (remark,)


# ---------------------------------------------------------------- whatever annotators and adjudicators do


def touched(draw: Any, seen: Annotations) -> Annotations:
    """What is left when somebody goes over a task and takes out, unlinks and keeps at will."""

    def loose(unit: Any) -> Any:
        return msgspec.structs.replace(
            unit, cluster=draw(st.sampled_from([unit.cluster, unit.cluster, None]))
        )

    mentions = [loose(mention) for mention in seen.mentions if draw(st.integers(0, 3))]
    ids = {mention.id for mention in mentions}
    events = []
    for event in seen.events:
        if draw(st.integers(0, 3)):
            kept = tuple(a for a in event.arguments if a.mention in ids and draw(st.integers(0, 3)))
            events.append(msgspec.structs.replace(loose(event), arguments=kept))
    relations = tuple(r for r in seen.relations if {r.source, r.target} <= ids and draw(st.booleans()))
    return msgspec.structs.replace(seen, mentions=tuple(mentions), events=tuple(events), relations=relations)


def renamed(found: Annotations) -> Annotations:
    """Events under ids that no task has shown."""
    events = tuple(msgspec.structs.replace(event, id=f"new-{event.id}") for event in found.events)
    return msgspec.structs.replace(found, events=events)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_gold_is_what_is_left_whatever_was_there_and_whatever_was_done(data: st.DataObject) -> None:
    document = make_document("d", data.draw(texts))
    first, second, third = (sound(data.draw(annotated(document, RICH)), document, RICH)[0] for _ in range(3))
    made = layers(first, second)
    union = shown.unions(made, [document], RICH)["d"]
    [task] = shown.encode(union, document, made, RICH).tasks
    seen = read(task["predictions"][0]["result"], document, RICH)
    left = renamed(facts.shown(third)) if data.draw(st.booleans()) else touched(data.draw, seen)
    answer = Answer(who="dora", when="", line=left, shown=seen)
    decided = answers.decide(made, document, union.line, [answer], RICH)
    assert not decided.is_changed
    items = [*decided.decisions, *decided.amendments]
    found = amend.amended(merging.adjudicate(made, [document], items, RICH), [document], RICH).adjudicated
    assert found.stale == ()
    undecided = {(item.unit, item.key) for item in found.disagreements if item.decision is None}
    hidden = {(item.unit, item.key) for item in union.hidden}
    assert all(unit == "attribute" for unit, _ in undecided - hidden), "only between values is nothing said"
    [line] = found.annotations
    expected, got = says(left, document, RICH), says(line, document, RICH)
    assert {k: v for k, v in got.items() if k not in undecided} == {
        k: v for k, v in expected.items() if k not in undecided
    }
