"""Annotators' layers become one: what all say is taken, the rest listed, decided and then taken or not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate import adjudicate as merging
from goldwire.annotate.adjudicate import Adjudicated, Disagreement
from goldwire.corpora import library
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Provenance, Relation, Span
from goldwire.testing import annotate

CONFLICT = ontologies.read("conflict")
#       0      7       15        24
TEXT = "Rebels shelled Kunduz, the city fell. Rebels cheered."
DOCUMENT = make_document("d", TEXT)
AGAIN = TEXT.rindex("Rebels")

REBELS = Mention(id="x", type="MIL", spans=(Span(0, 6),))
KUNDUZ = Mention(id="y", type="GPE", spans=(Span(15, 21),))
CITY = Mention(id="z", type="GPE", spans=(Span(27, 31),))
OTHERS = Mention(id="w", type="MIL", spans=(Span(AGAIN, AGAIN + 6),))
SHELLED = Event(id="e", type="Attack", trigger=(Span(7, 14),))


def layer(*mentions: Mention, events: tuple[Event, ...] = ()) -> dict[str, Annotations]:
    return {"d": annotate(DOCUMENT, *mentions, events=events)}


def merge(*layers: dict[str, Annotations], decisions: Any = ()) -> Adjudicated:
    named = dict(zip(("anna", "ben", "cem"), layers, strict=False))
    return merging.adjudicate(named, [DOCUMENT], decisions, CONFLICT)


def decide(merged: Adjudicated, decision: Any) -> list[Disagreement]:
    return [msgspec.structs.replace(item, decision=decision) for item in merged.disagreements]


def clustered(*mentions: Mention, cluster: str = "c") -> tuple[Mention, ...]:
    return tuple(msgspec.structs.replace(mention, cluster=cluster) for mention in mentions)


def attacking(*arguments: tuple[str, str], **attributes: str) -> tuple[Event]:
    made = tuple(Argument(role=role, mention=id) for role, id in arguments)
    return (msgspec.structs.replace(SHELLED, arguments=made, attributes=attributes),)


def test_what_all_say_is_taken_whatever_they_call_it_and_in_text_order() -> None:
    anna = layer(KUNDUZ, REBELS, events=attacking(("attacker", "x"), mode="shelling"))
    ids = [msgspec.structs.replace(REBELS, id="1"), msgspec.structs.replace(KUNDUZ, id="2")]
    ben = layer(*ids, events=attacking(("attacker", "1"), mode="shelling"))
    merged = merge(anna, ben)
    (made,) = merged.annotations
    assert merged.disagreements == ()
    assert [(m.id, m.type, m.spans) for m in made.mentions] == [
        ("m1", "MIL", REBELS.spans),
        ("m2", "GPE", KUNDUZ.spans),
    ]
    assert made.events == (
        Event(
            id="e1",
            type="Attack",
            trigger=SHELLED.trigger,
            arguments=(Argument(role="attacker", mention="m1"),),
            attributes={"mode": "shelling"},
        ),
    )
    assert made.provenance.status == "adjudicated"
    assert merged.agreed == {"mention": 2, "event": 1, "argument": 1, "attribute": 1}


def test_what_one_lacks_is_listed_and_left_out_until_it_is_decided() -> None:
    merged = merge(layer(REBELS, KUNDUZ), layer(REBELS), layer(REBELS))
    assert merged.disagreements == (
        Disagreement(
            document="d",
            unit="mention",
            key="GPE [[15, 21]]",
            words="GPE “Kunduz”",
            sentence="Rebels shelled ⟦Kunduz⟧, the city fell.",
            says={"anna": True, "ben": False, "cem": False},
        ),
    )
    assert [m.type for m in merged.annotations[0].mentions] == ["MIL"]
    assert (merged.open, merged.annotations[0].provenance.status) == (1, "draft")


@pytest.mark.parametrize(("decision", "kept"), [(True, 2), (False, 1)])
def test_decision_settles_it(decision: bool, kept: int) -> None:
    layers = layer(REBELS, KUNDUZ), layer(REBELS)
    merged = merge(*layers, decisions=decide(merge(*layers), decision))
    assert len(merged.annotations[0].mentions) == kept
    assert (merged.open, merged.stale) == (0, ())
    assert merged.annotations[0].provenance.status == "adjudicated"


def test_a_decision_on_other_words_at_the_same_place_settles_nothing() -> None:
    layers = layer(REBELS, KUNDUZ), layer(REBELS)
    [decided] = decide(merge(*layers), True)
    before = msgspec.structs.replace(decided, words="GPE “Taluqa”")  # of a text that was corrected since
    merged = merge(*layers, decisions=[before])
    assert (merged.open, merged.stale) == (1, (before,))


def test_another_type_or_extent_is_another_mention() -> None:
    people = msgspec.structs.replace(REBELS, type="PER")
    longer = msgspec.structs.replace(KUNDUZ, spans=(Span(15, 22),))
    merged = merge(layer(REBELS, KUNDUZ), layer(people, longer))
    assert [item.key for item in merged.disagreements] == [
        "MIL [[0, 6]]", "PER [[0, 6]]", "GPE [[15, 21]]", "GPE [[15, 22]]",
    ]  # fmt: skip


def test_attribute_is_compared_with_its_default_and_decided_by_its_value() -> None:
    """An absent realis is `actual`."""
    anna, ben = layer(events=attacking(realis="planned", polarity="positive")), layer(events=attacking())
    merged = merge(anna, ben)
    (item,) = merged.disagreements
    assert (item.unit, item.says) == ("attribute", {"anna": "planned", "ben": "actual"})
    assert item.words == "realis of Attack “shelled”"
    assert merged.annotations[0].events[0].attributes == {}
    settled = merge(anna, ben, decisions=decide(merged, "planned"))
    assert settled.annotations[0].events[0].attributes == {"realis": "planned"}
    assert merge(anna, ben, decisions=decide(merged, "actual")).annotations[0].events[0].attributes == {}


def test_only_who_has_the_event_is_asked_for_its_arguments() -> None:
    anna = layer(REBELS, KUNDUZ, events=attacking(("attacker", "x"), ("target", "y")))
    ben = layer(REBELS, KUNDUZ, events=attacking(("attacker", "x")))
    cem = layer(REBELS, KUNDUZ)
    event = merge(anna, ben, cem)
    assert [item.unit for item in event.disagreements] == ["event"]
    settled = merge(anna, ben, cem, decisions=decide(event, True))
    assert [(item.unit, item.says) for item in settled.disagreements] == [
        ("event", {"anna": True, "ben": True, "cem": False}),
        ("argument", {"anna": True, "ben": False}),
    ]
    assert settled.disagreements[1].words == "target of Attack “shelled”: GPE “Kunduz”"
    assert [a.role for a in settled.annotations[0].events[0].arguments] == ["attacker"]


def test_arguments_of_an_undecided_mention_wait_for_it() -> None:
    anna = layer(REBELS, events=attacking(("attacker", "x")))
    ben = layer(events=attacking())
    merged = merge(anna, ben)
    assert [item.unit for item in merged.disagreements] == ["mention"]
    then = merge(anna, ben, decisions=decide(merged, True))
    assert [item.unit for item in then.disagreements] == ["mention", "argument"]


def test_clusters_are_those_that_all_make_and_doubtful_ones_are_asked_for_once() -> None:
    """anna: {Rebels, Rebels'}, {Kunduz, city}; ben: {Rebels, Rebels', city} and Kunduz alone. One question
    joins Kunduz and the city, one the rebels and the city, though two pairs of words stand behind it."""
    anna = layer(*clustered(REBELS, OTHERS, cluster="r"), *clustered(KUNDUZ, CITY, cluster="k"))
    ben = layer(*clustered(REBELS, OTHERS, CITY), KUNDUZ)
    merged = merge(anna, ben)
    assert [(item.unit, item.key, item.says) for item in merged.disagreements] == [
        ("cluster", "MIL [[0, 6]] = GPE [[27, 31]]", {"anna": False, "ben": True}),
        ("cluster", "GPE [[15, 21]] = GPE [[27, 31]]", {"anna": True, "ben": False}),
    ]
    made = merged.annotations[0].mentions
    assert [m.cluster for m in made] == ["c1", None, None, "c1"]
    decisions = [msgspec.structs.replace(i, decision="GPE [[15" in i.key) for i in merged.disagreements]
    settled = merge(anna, ben, decisions=decisions)
    assert [m.cluster for m in settled.annotations[0].mentions] == ["c1", "c2", "c2", "c1"]


def test_who_lacks_a_mention_has_no_say_on_its_cluster() -> None:
    anna, ben = layer(*clustered(KUNDUZ, CITY)), layer(KUNDUZ)
    settled = merge(anna, ben, decisions=decide(merge(anna, ben), True))
    assert [m.cluster for m in settled.annotations[0].mentions] == ["c1", "c1"]


def test_two_events_on_one_trigger_are_told_apart() -> None:
    twice = (SHELLED, msgspec.structs.replace(SHELLED, id="f"))
    merged = merge(layer(events=twice), layer(events=(SHELLED,)))
    assert [item.key for item in merged.disagreements] == ["Attack [[7, 14]] #2"]


def test_line_of_a_document_says_how_many_decisions_are_open() -> None:
    merged = merge(layer(REBELS, KUNDUZ, CITY), layer(REBELS))
    (made,) = merged.annotations
    assert (made.provenance.status, made.provenance.details["open"]) == ("draft", 2)
    one = decide(merged, True)[:1]
    (made,) = merge(layer(REBELS, KUNDUZ, CITY), layer(REBELS), decisions=one).annotations
    assert (made.provenance.status, made.provenance.details["open"]) == ("draft", 1)
    (made,) = merge(layer(), layer()).annotations  # both looked and found nothing
    assert (made.provenance.status, made.provenance.details["open"]) == ("adjudicated", 0)


def test_documents_of_one_person_are_left_out_and_named() -> None:
    merged = merging.adjudicate({"anna": layer(REBELS), "ben": {}}, [DOCUMENT], (), CONFLICT)
    assert (merged.alone, merged.annotations) == (("d",), ())


def test_decision_on_what_nobody_differs_on_any_more_is_stale_not_lost() -> None:
    old = decide(merge(layer(REBELS, KUNDUZ), layer(REBELS)), True)
    assert merge(layer(REBELS), layer(REBELS), decisions=old).stale == tuple(old)


@pytest.mark.parametrize("decision", ["yes", 1.5, ["x"]])
def test_decision_of_the_wrong_kind_is_refused(decision: Any) -> None:
    layers = layer(REBELS), layer()
    with pytest.raises(DataError, match="true or false"):
        merge(*layers, decisions=decide(merge(*layers), decision))


def test_value_that_the_ontology_lacks_is_refused() -> None:
    layers = layer(events=attacking(realis="planned")), layer(events=attacking())
    with pytest.raises(DataError, match="no value of realis"):
        merge(*layers, decisions=decide(merge(*layers), "perhaps"))


def test_shipped_gold_merged_with_itself_is_itself_but_for_names() -> None:
    corpus = library.open("mazar-2021")
    gold = corpus.layer("gold")
    merged = merging.adjudicate({"a": gold, "b": gold}, corpus.documents(), (), CONFLICT)
    assert (merged.disagreements, merged.alone) == ((), ())
    again = merging.adjudicate(
        {"a": gold, "b": {item.document: item for item in merged.annotations}},
        corpus.documents(),
        (),
        CONFLICT,
    )
    assert again.disagreements == ()
    assert again.annotations == merged.annotations


# ---------------------------------------------------------------- whatever people do

GOLD = library.open("mazar-2021").layer("gold")
NEWS = library.open("mazar-2021").documents()[:3]


@st.composite
def variants(draw: st.DrawFn) -> dict[str, Annotations]:
    """The gold of three reports with some mentions, events and clusters left out."""
    made = {}
    for document in NEWS:
        item = GOLD[document.id]
        less = {m.id for m in item.mentions if draw(st.integers(0, 9)) == 0}
        mentions = tuple(
            msgspec.structs.replace(m, cluster=m.cluster if draw(st.integers(0, 9)) else None)
            for m in item.mentions
            if m.id not in less
        )
        events = tuple(
            msgspec.structs.replace(e, arguments=tuple(a for a in e.arguments if a.mention not in less))
            for e in item.events
            if draw(st.integers(0, 9))
        )
        made[document.id] = msgspec.structs.replace(item, mentions=mentions, events=events)
    return made


@given(variants(), variants(), st.booleans())
def test_order_of_layers_does_not_matter_and_deciding_ends(one: Any, other: Any, decision: bool) -> None:
    decisions: tuple[Disagreement, ...] = ()
    for _ in range(4):  # mentions and events, what hangs on them, clusters of what was kept
        merged = merging.adjudicate({"a": one, "b": other}, NEWS, decisions, CONFLICT)
        turned = merging.adjudicate({"b": other, "a": one}, NEWS, decisions, CONFLICT)
        assert [
            msgspec.structs.replace(a, provenance=GOLD[a.document].provenance) for a in merged.annotations
        ] == [msgspec.structs.replace(a, provenance=GOLD[a.document].provenance) for a in turned.annotations]
        if merged.open == 0:
            break
        values = {"attribute": "planned"}
        decisions = tuple(
            msgspec.structs.replace(d, decision=values.get(d.unit, decision)) for d in merged.disagreements
        )
    assert merged.open == 0
    for made in merged.annotations:
        both = [
            {merging.name(m.type, m.spans) for m in layer[made.document].mentions} for layer in (one, other)
        ]
        expected = both[0] | both[1] if decision else both[0] & both[1]
        assert {merging.name(m.type, m.spans) for m in made.mentions} == expected


def test_a_symmetric_relation_drawn_either_way_is_no_disagreement() -> None:
    met = ontologies.decode(
        'name = "x"\nversion = "1"\n[entities.MIL]\n[relations.ally]\nsymmetric = true\n[relations.of]'
    )

    def drawn(type: str, source: str, target: str) -> dict[str, Annotations]:
        (made,) = layer(REBELS, OTHERS).values()
        link = Relation(id="r", type=type, source=source, target=target)
        return {"d": msgspec.structs.replace(made, relations=(link,))}

    def differ(type: str) -> int:
        layers = {"anna": drawn(type, "x", "w"), "ben": drawn(type, "w", "x")}
        return len(merging.adjudicate(layers, [DOCUMENT], (), met).disagreements)

    assert (differ("ally"), differ("of")) == (0, 2)


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        (("system/x", "system/x"), {"prefill": "system/x"}),
        (("none", "none"), {"prefill": "none"}),
        (("system/x", "none"), {}),
        ((None, "none"), {}),
        ((None, None), {}),
    ],
)
def test_what_all_annotators_of_a_document_were_shown_stays(
    shown: tuple[str | None, ...], kept: dict[str, str]
) -> None:
    said = (Provenance(details={} if one is None else {"prefill": one}) for one in shown)
    layers = ({"d": msgspec.structs.replace(layer(REBELS)["d"], provenance=one)} for one in said)
    details = merge(*layers).annotations[0].provenance.details
    assert {name: value for name, value in details.items() if name == "prefill"} == kept
