"""What regions and arrows mean: mentions, events, arguments, clusters, and what is refused."""

from typing import Any

import pytest

from goldwire.annotate.exchange import controls, graph, regions, results
from goldwire.annotate.exchange.graph import Decoded
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Span

CONFLICT = ontologies.read("conflict")
DECLARED = controls.of(CONFLICT)
#       0      7       15      23   28       37 40     47
TEXT = "Rebels shelled Kunduz, then Kunduz fell. Afghan and Uzbek guards fled. >> Advertisement"
DOCUMENT = make_document("d", TEXT, excluded=(Excluded(start=74, end=87, reason="teaser"),))


def region(id: str, words: str, label: str, *, nth: int = 0, control: str | None = None) -> dict[str, Any]:
    start = -1
    for _ in range(nth + 1):
        start = TEXT.index(words, start + 1)
    control = control or ("entity" if label in CONFLICT.entities else "trigger")
    return regions.region(id, control, [label], Span(start, start + len(words)), TEXT)


def choice(id: str, attribute: str, *values: str) -> dict[str, Any]:
    return {
        "id": id,
        "from_name": f"attribute-{attribute}",
        "type": "choices",
        "value": {"choices": [*values]},
    }


REBELS, KUNDUZ, AGAIN = (
    region("r", "Rebels", "MIL"),
    region("k", "Kunduz", "GPE"),
    region("k2", "Kunduz", "GPE", nth=1),
)
SHELLED, FELL = region("s", "shelled", "Attack"), region("f", "fell", "TakeTerritory")


def decode(*found: dict[str, Any]) -> Decoded:
    return graph.decode(results.sort([*found], TEXT, DECLARED), DOCUMENT, DECLARED, CONFLICT)


def kinds(decoded: Decoded) -> list[tuple[str, str]]:
    return [(item.kind, item.path.removeprefix("$.result")) for item in decoded.rejected]


def test_regions_become_mentions_and_events_and_arrows_with_roles_their_arguments() -> None:
    decoded = decode(
        REBELS, KUNDUZ, SHELLED, choice("s", "mode", "shelling"), regions.arrow("s", "r", "attacker")
    )
    assert decoded.rejected == ()
    assert decoded.annotations == Annotations(
        document="d",
        sha256=DOCUMENT.sha256,
        mentions=(
            Mention(id="r", type="MIL", spans=(Span(0, 6),)),
            Mention(id="k", type="GPE", spans=(Span(15, 21),)),
        ),
        events=(
            Event(
                id="s",
                type="Attack",
                trigger=(Span(7, 14),),
                arguments=(Argument(role="attacker", mention="r"),),
                attributes={"mode": "shelling"},
            ),
        ),
    )


@pytest.mark.parametrize(
    "arrow",
    [
        {"from_id": "s", "to_id": "r", "direction": "right"},
        {"from_id": "s", "to_id": "r"},
        {"from_id": "s", "to_id": "r", "direction": None},
        {"from_id": "r", "to_id": "s", "direction": "left"},
        {"from_id": "s", "to_id": "r", "direction": "bi"},
    ],
)
def test_argument_is_read_whichever_way_the_arrow_points(arrow: dict[str, Any]) -> None:
    decoded = decode(REBELS, SHELLED, {"type": "relation", "labels": ["attacker"], **arrow})
    assert [*decoded.annotations.events[0].arguments] == [Argument(role="attacker", mention="r")]
    assert decoded.repaired == {}


def test_arrow_drawn_from_the_mention_is_turned_and_counted() -> None:
    decoded = decode(REBELS, SHELLED, regions.arrow("r", "s", "attacker"))
    assert decoded.annotations.events[0].arguments == (Argument(role="attacker", mention="r"),)
    assert decoded.repaired == {"arrow drawn from mention to trigger": 1}


def test_one_arrow_with_two_roles_is_two_arguments() -> None:
    arrow = {**regions.arrow("s", "k", "target"), "labels": ["target", "place"]}
    decoded = decode(KUNDUZ, SHELLED, arrow)
    assert {(a.role, a.mention) for a in decoded.annotations.events[0].arguments} == {
        ("target", "k"),
        ("place", "k"),
    }


def test_same_joins_mentions_into_one_cluster_through_others() -> None:
    decoded = decode(REBELS, KUNDUZ, AGAIN, regions.arrow("k2", "k", "same"))
    assert [m.cluster for m in decoded.annotations.mentions] == [None, "c1", "c1"]


def test_same_joins_triggers_into_one_event() -> None:
    twice = region("s2", "fled", "Move")
    decoded = decode(FELL, twice, SHELLED, regions.arrow("f", "s2", "same"), regions.arrow("s", "f", "same"))
    assert len({event.cluster for event in decoded.annotations.events}) == 1
    assert decoded.annotations.mentions == ()


def test_same_between_a_mention_and_a_trigger_is_refused() -> None:
    decoded = decode(KUNDUZ, FELL, regions.arrow("f", "k", "same"), regions.arrow("k", "k", "same"))
    assert kinds(decoded) == [("not-coreferent", "[2]"), ("not-coreferent", "[3]")]
    assert decoded.annotations.mentions[0].cluster is None


def test_cluster_that_lost_its_arrows_does_not_take_the_name_along() -> None:
    """k and k2 came as cluster `city`; the annotator cut k off and joined k2 with another."""
    kept = {"meta": {"goldwire": {"cluster": "city"}}}
    third = region("g", "guards", "MIL")
    decoded = decode({**KUNDUZ, **kept}, {**AGAIN, **kept}, third, regions.arrow("g", "k2", "same"))
    assert {m.id: m.cluster for m in decoded.annotations.mentions} == {"k": None, "k2": "city", "g": "city"}


def test_continued_makes_one_mention_of_words_that_stand_apart() -> None:
    afghan, uzbek = region("a", "Afghan", "MIL"), region("u", "Uzbek guards", "MIL")
    guards = region("g", "guards", "MIL")
    decoded = decode(guards, afghan, uzbek, regions.arrow("g", "a", "continued"))
    assert decoded.rejected == ()
    assert {m.id: m.spans for m in decoded.annotations.mentions} == {
        "a": (Span(41, 47), Span(58, 64)),
        "u": (Span(52, 64),),
    }


def test_arguments_may_point_at_any_part() -> None:
    parts = [region("a", "Afghan", "MIL"), region("g", "guards", "MIL"), region("f", "fled", "Withdraw")]
    decoded = decode(*parts, regions.arrow("a", "g", "continued"), regions.arrow("f", "g", "mover"))
    assert decoded.annotations.events[0].arguments == (Argument(role="mover", mention="a"),)


@pytest.mark.parametrize(
    ("other", "reason"),
    [(region("g", "guards", "PER"), "parts-differ"), (region("g", "fell", "Attack"), "parts-differ")],
)
def test_parts_of_different_labels_stay_apart(other: dict[str, Any], reason: str) -> None:
    decoded = decode(region("a", "Afghan", "MIL"), other, regions.arrow("a", "g", "continued"))
    assert kinds(decoded) == [(reason, "[2]")]
    assert len(decoded.annotations.mentions) + len(decoded.annotations.events) == 2


def test_overlapping_parts_are_no_mention() -> None:
    parts = [region("a", "Uzbek guards", "MIL"), region("g", "guards", "MIL")]
    decoded = decode(*parts, regions.arrow("a", "g", "continued"))
    assert kinds(decoded) == [("parts-out-of-order", "[0]")]
    assert decoded.annotations.mentions == ()


def test_region_with_two_labels_is_two_mentions_and_arrows_go_to_the_one_the_role_takes() -> None:
    both = {**KUNDUZ, "value": {**KUNDUZ["value"], "labels": ["GPE", "TIME"]}}
    decoded = decode(both, SHELLED, regions.arrow("s", "k", "target"), regions.arrow("s", "k", "time"))
    assert [(m.id, m.type) for m in decoded.annotations.mentions] == [("k", "GPE"), ("k:TIME", "TIME")]
    assert decoded.annotations.events[0].arguments == (
        Argument(role="target", mention="k"),
        Argument(role="time", mention="k:TIME"),
    )


def test_one_region_may_be_mention_and_trigger() -> None:
    trigger = region("k", "Kunduz", "Attack", control="trigger")
    decoded = decode(KUNDUZ, trigger, regions.arrow("k", "k", "target"))
    assert decoded.annotations.events[0].arguments == (Argument(role="target", mention="k"),)


def test_same_words_marked_twice_are_one_mention_and_its_arrows_are_kept() -> None:
    twice = {**KUNDUZ, "id": "x"}
    decoded = decode(KUNDUZ, twice, SHELLED, regions.arrow("s", "x", "target"))
    assert kinds(decoded) == [("duplicate", "[1]")]
    assert decoded.annotations.events[0].arguments == (Argument(role="target", mention="k"),)


def test_same_words_with_other_types_and_nested_ones_are_mentions_of_their_own() -> None:
    decoded = decode(KUNDUZ, region("l", "Kunduz", "LOC"), region("n", "Kun", "PER"))
    assert decoded.rejected == ()
    assert len(decoded.annotations.mentions) == 3


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([SHELLED, REBELS, regions.arrow("s", "r", "captor")], [("unknown-role", "[2]")]),
        ([SHELLED, REBELS, regions.arrow("s", "r", "instrument")], [("filler-not-allowed", "[2]")]),
        ([REBELS, KUNDUZ, regions.arrow("r", "k", "target")], [("unknown-type", "[2]")]),
        ([SHELLED, FELL, regions.arrow("s", "f", "target")], [("no-mention", "[2]")]),
        ([SHELLED, regions.arrow("s", "gone", "attacker")], [("no-mention", "[1]")]),
        ([SHELLED, REBELS, *[regions.arrow("s", "r", "attacker")] * 2], [("duplicate", "[3]")]),
        ([REBELS, {**REBELS}], [("duplicate", "[1]")]),
        ([FELL, choice("f", "mode", "siege")], [("unknown-value", "[1]")]),
        ([choice("gone", "realis", "planned")], [("no-mention", "[0]")]),
        (
            [
                FELL,
                choice("f", "realis", "planned"),
                choice("f", "realis", "actual"),
                choice("f", "realis", "planned"),
            ],
            [("contradiction", "[2]"), ("duplicate", "[3]")],
        ),
        ([region("t", ">> Adv", "ORG")], [("excluded", "[0]")]),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason_and_place(
    found: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    assert kinds(decode(*found)) == expected


def test_what_hangs_on_a_refused_region_is_refused_with_it() -> None:
    advert = region("t", "Advertisement", "MIL")
    decoded = decode(
        advert, SHELLED, KUNDUZ,
        choice("t", "form", "name"), regions.arrow("s", "t", "attacker"), regions.arrow("t", "k", "same"),
    )  # fmt: skip
    assert kinds(decoded) == [
        ("excluded", "[0]"),
        ("no-mention", "[3]"),
        ("excluded", "[4]"),
        ("no-mention", "[5]"),
    ]
    assert decoded.annotations.events[0].arguments == ()


def units(decoded: Decoded) -> list[tuple[Any, ...]]:
    return [(r.unit, r.kind, r.type, r.role, r.spans, r.trigger) for r in decoded.rejected]


def place(words: str) -> tuple[tuple[int, int], ...]:
    return ((TEXT.index(words), TEXT.index(words) + len(words)),)


def test_a_rejected_trigger_takes_its_arguments_along_for_the_same_reason() -> None:
    trigger, rebels, hit = place("shelled"), place("Rebels"), regions.arrow("s", "r", "attacker")
    differing = {**SHELLED, "value": {**SHELLED["value"], "text": "hit"}}
    unlisted = {**SHELLED, "value": {**SHELLED["value"], "labels": ["Picnic"]}}
    for wrong, kind, type in [(differing, "words-differ", "Attack"), (unlisted, "unknown-type", "Picnic")]:
        assert units(decode(wrong, REBELS, hit)) == [
            ("event", kind, type, None, trigger, ()),
            ("argument", kind, type, "attacker", rebels, trigger),
        ]


def test_an_argument_whose_region_has_an_unknown_label_is_sound_but_for_its_filler() -> None:
    city = {**KUNDUZ, "value": {**KUNDUZ["value"], "labels": ["CITY"]}}
    assert units(decode(SHELLED, city, regions.arrow("s", "k", "target"))) == [
        ("mention", "unknown-type", "CITY", None, place("Kunduz"), ()),
        ("argument", "filler-not-allowed", "Attack", "target", place("Kunduz"), place("shelled")),
    ]


def test_an_arrow_with_an_unknown_label_is_an_argument_of_its_trigger() -> None:
    arrow = {**regions.arrow("s", "k", "target"), "labels": ["by"]}
    assert units(decode(SHELLED, KUNDUZ, arrow)) == [
        ("argument", "unknown-role", "Attack", "by", place("Kunduz"), place("shelled"))
    ]


def test_head_of_a_mention_that_was_moved_off_it_is_lost_and_counted() -> None:
    moved = {**KUNDUZ, "meta": {"goldwire": {"head": [0, 6]}}}
    assert decode(moved).lost == {"head of a mention that was moved": 1}


def test_types_that_the_ontology_lacks_are_refused_though_the_project_has_them() -> None:
    wider = controls.parse(
        '<View><Labels name="entity" toName="text"><Label value="PER"/><Label value="ANIMAL"/></Labels>'
        '<Text name="text" value="$text"/></View>'
    )
    found = results.sort([regions.region("a", "entity", ["ANIMAL"], Span(0, 6), TEXT)], TEXT, wider)
    assert kinds(graph.decode(found, DOCUMENT, wider, CONFLICT)) == [("unknown-type", "[0]")]


def test_without_an_ontology_arrows_between_mentions_are_relations() -> None:
    found = results.sort([REBELS, KUNDUZ, regions.arrow("r", "k", "target")], TEXT, DECLARED)
    (relation,) = graph.decode(found, DOCUMENT, DECLARED).annotations.relations
    assert (relation.type, relation.source, relation.target) == ("target", "r", "k")
