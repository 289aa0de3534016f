"""Adjudication, whatever people did and decided: a function of layers and decisions, in whatever order."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotate.adjudicate import Adjudicated, Disagreement, adjudicate
from goldwire.annotate.adjudicate import cases as grouping
from goldwire.annotate.adjudicate.decisions import key_of
from goldwire.annotate.adjudicate.judge import Judge
from goldwire.annotate.adjudicate.merge import iter_views
from goldwire.annotate.adjudicate.returned import join
from goldwire.annotate.adjudicate.views import View
from goldwire.corpora.types import Annotations
from goldwire.testing.builders import document
from goldwire.testing.strategies import annotated

DOCUMENT = document("Rebels shelled Kunduz. The city fell.", id="d")
Layers = dict[str, dict[str, Annotations]]


@st.composite
def several(draw: st.DrawFn) -> Layers:
    """Three people, who each did most of the same, and some of it otherwise."""
    item = draw(annotated(DOCUMENT))
    return {name: {"d": draw(slipping(item))} for name in ("anna", "ben", "cem")}


@st.composite
def slipping(draw: st.DrawFn, item: Annotations) -> Annotations:
    """The same with units left out, other types, attributes, arguments and clusters."""

    def seldom() -> bool:
        return draw(st.integers(0, 4)) == 0

    mentions = {}
    for mention in item.mentions:
        if not seldom():
            type = "X" if seldom() else mention.type
            cluster = draw(st.sampled_from([mention.cluster, "c", None]))
            mentions[mention.id] = msgspec.structs.replace(mention, type=type, cluster=cluster)
    events = tuple(
        msgspec.structs.replace(
            event,
            arguments=tuple(a for a in event.arguments if a.mention in mentions and not seldom()),
            attributes={**event.attributes, **({"realis": "other"} if seldom() else {})},
        )
        for event in item.events
        if not seldom()
    )
    relations = tuple(r for r in item.relations if {r.source, r.target} <= {*mentions} and not seldom())
    return msgspec.structs.replace(
        item, mentions=tuple(mentions.values()), events=events, relations=relations
    )


def merge(layers: Layers, decisions: Any = ()) -> Adjudicated:
    return adjudicate(layers, [DOCUMENT], decisions)


def decided(draw: Any, items: Any) -> list[Disagreement]:
    """Each of the items decided, or not."""
    return [
        msgspec.structs.replace(item, decision=draw(st.sampled_from([*item.says.values(), None])))
        for item in items
    ]


def settle(draw: Any, layers: Layers) -> list[Disagreement]:
    """Decisions on what comes up, and on what comes up then."""
    decisions: list[Disagreement] = []
    for _ in range(4):
        known = {key_of(item) for item in decisions}
        new = [item for item in merge(layers, decisions).disagreements if key_of(item) not in known]
        decisions += decided(draw, new)
    return decisions


@given(several(), st.data(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_layer_does_not_depend_on_the_order_of_decisions(
    layers: Layers, data: st.DataObject, chance: random.Random
) -> None:
    decisions = settle(data.draw, layers)
    turned = decisions[:]
    chance.shuffle(turned)
    assert merge(layers, decisions) == merge(layers, turned)


@given(several(), st.data())
@settings(max_examples=60)
def test_a_decision_that_was_taken_back_leaves_no_trace(layers: Layers, data: st.DataObject) -> None:
    decisions = settle(data.draw, layers)
    if not decisions:
        return
    gone = data.draw(st.integers(0, len(decisions) - 1))
    without = decisions[:gone] + decisions[gone + 1 :]
    back = [*without, msgspec.structs.replace(decisions[gone], decision=None)]
    assert merge(layers, back) == merge(layers, without)


@given(several(), st.data())
@settings(max_examples=60)
def test_what_all_say_stays_whatever_is_decided(layers: Layers, data: st.DataObject) -> None:
    """Units that all have, and arguments of these between what all have, are in every layer that comes."""
    decisions = settle(data.draw, layers)
    others = [msgspec.structs.replace(item, key=f"{item.key} ") for item in decisions]
    made = View(merge(layers, [*decisions, *others]).annotations[0])
    views = [View(layer["d"]) for layer in layers.values()]
    for there, all_ in (
        (made.mentions, [view.mentions for view in views]),
        (made.events, [view.events for view in views]),
        (made.arguments, [view.arguments for view in views]),
    ):
        assert set.intersection(*(set(items) for items in all_)) <= set(there)
    for there, all_ in ((made.mentions, views), (made.events, views)):
        nobody = set(there) - {key for view in all_ for key in (*view.mentions, *view.events)}
        assert not nobody


@given(several(), st.data())
@settings(max_examples=60)
def test_a_page_knows_beforehand_all_that_can_come_up(layers: Layers, data: st.DataObject) -> None:
    """What comes up after decisions is what was known with everything kept, as far as all that it hangs on is
    kept; but for clusters, which the page works out."""
    [(_, views)] = iter_views(layers, [DOCUMENT], None)
    every = Judge(DOCUMENT, views, {}, None, every=True)
    decisions = settle(data.draw, layers)
    kept = {(item.unit, item.key) for item in decisions if item.decision is True}
    bearers = {(item.unit, item.key) for item in every.found if item.unit in ("mention", "event")}
    expected = {
        (item.unit, item.key, item.words)
        for item, about in zip(every.found, every.about, strict=True)
        if item.unit != "cluster"
        and all(on in kept or on not in bearers for on in about.on if on != (item.unit, item.key))
    }
    found = {(i.unit, i.key, i.words) for i in merge(layers, decisions).disagreements if i.unit != "cluster"}
    assert found == expected


@given(several())
@settings(max_examples=60)
def test_each_disagreement_is_in_one_case_and_nobody_has_two_of_one_but_values(layers: Layers) -> None:
    [(_, views)] = iter_views(layers, [DOCUMENT], None)
    judge = Judge(DOCUMENT, views, {}, None, every=True)
    cases = grouping.group(judge)
    numbers = [number for case in cases for number in case]
    assert sorted(numbers) == [n for n, item in enumerate(judge.found) if item.unit != "cluster"]
    for case in cases:
        assert len({judge.found[number].unit for number in case}) == 1
        assert len(case) <= grouping.LARGEST or judge.found[case[0]].unit == "attribute"


lines = st.builds(
    Disagreement,
    document=st.just("d"),
    unit=st.just("mention"),
    key=st.sampled_from(["X [[0, 1]]", "Y [[0, 1]]"]),
    words=st.just("X “R”"),
    says=st.just({"a": True, "b": False}),
    decision=st.sampled_from([True, False, None]),
    by=st.sampled_from(["", "Ann", "Bob"]),
    at=st.sampled_from(["", "2026-01-01", "2026-01-02"]),
    note=st.sampled_from(["", "x"]),
)


@given(st.lists(st.lists(lines, max_size=4), max_size=4), st.randoms(use_true_random=False))
def test_lists_join_to_the_same_in_any_order(lists: Any, chance: random.Random) -> None:
    turned = [chance.sample(items, len(items)) for items in lists]
    chance.shuffle(turned)

    def told(joined: Any) -> Any:
        return sorted((i.key, repr(i.decision), i.by, i.at, i.note) for i in joined.decisions)

    assert told(join(lists)) == told(join(turned))
    assert {c.said for c in join(lists).conflicts} == {c.said for c in join(turned).conflicts}
