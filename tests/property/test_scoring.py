"""What holds for every measure: order does not matter, equal is perfect, sides swap, counts add up."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.ontology import Attribute, Ontology, Value
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.counting.counts import GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS, Counts, no_counts
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.score import Options, score
from goldwire.testing.strategies import scenes

MEASURES = sorted(
    {
        *map(str, map(parse, ALIASES)),
        "entity:span@token-iou>=0.3",
        "entity:span+type+form@dice",
        "entity:span+type@head",
        "entity:span+type@gold-overlap>=0.4",
        "entity:span@edit-similarity>=0.6",
        "entity:span@first-overlap",
        "event:trigger@head",
        "event:trigger+type@partial",
        "argument:role+span@overlap",
        "argument:trigger+type+role+span@token-dice,triggers=matched",
        "argument:trigger+type+role+span@coref,triggers=gold",
        "attribute:span+form@exact",
        "cluster:trigger@lea",
        "template:surface+role@ceaf-rme-phi3",
    }
)
# Gold and system play different parts in these: swapping them is another question.
ONE_SIDED = (
    *("@coref", "@extended", "triggers=gold", "@ceaf-ree", "@ceaf-rme-subset"),
    *("@gold-overlap", "@first-overlap"),
    "cluster:",  # what a system repeats is dropped, and what gold repeats is not
)
NOT_ADDITIVE = ("entity:surface",)

ONTOLOGY = Ontology(
    name="any",
    version="1",
    attributes={
        "form": Attribute(on="mention", values={"nam": Value()}),
        "realis": Attribute(on="event", values={"actual": Value()}),
    },
)

Scene = tuple[list[Document], list[Annotations], list[Annotations]]  # documents, gold, system
FEW = settings(max_examples=30)  # each scores by every measure, two or three times


def counts(gold: list[Annotations], system: list[Annotations], over: list[Document]) -> dict[str, Counts]:
    """The counts under every measure, on all documents, whether gold judges them or not."""
    if not over:
        return dict.fromkeys(MEASURES, no_counts())
    options = Options(trials=0, scope=Scope(unjudged="empty"))
    record = score(gold, {"s": system}, over, MEASURES, ontology=ONTOLOGY, options=options)
    return {measure: record.get_counts("s", str(parse(measure).counted)) for measure in MEASURES}


@FEW
@given(scenes())
def test_a_layer_scored_against_itself_is_perfect(scene: Scene) -> None:
    over, gold, _ = scene
    for measure, found in counts(gold, gold, over).items():
        np.testing.assert_allclose(found.values[:, SYSTEM_HITS], found.values[:, SYSTEM], err_msg=measure)
        np.testing.assert_allclose(found.values[:, GOLD_HITS], found.values[:, GOLD], err_msg=measure)


@pytest.mark.slow
@FEW
@given(scenes())
def test_swapping_gold_and_system_swaps_precision_and_recall(scene: Scene) -> None:
    over, gold, system = scene
    back = counts(system, gold, over)
    for measure, found in counts(gold, system, over).items():
        if not any(part in measure for part in ONE_SIDED):
            assert found.labels == back[measure].labels, measure
            swapped = back[measure].values[:, [GOLD_HITS, GOLD, SYSTEM_HITS, SYSTEM]]
            np.testing.assert_allclose(found.values, swapped, err_msg=measure)


@pytest.mark.slow
@FEW
@given(scene=scenes(), seed=st.integers(0, 2**16))
def test_the_order_of_anything_and_the_names_of_ids_do_not_matter(scene: Scene, seed: int) -> None:
    over, gold, system = scene
    dice = random.Random(seed)
    again = counts(disguise(gold, dice), disguise(system, dice), shuffle(over, dice))
    for measure, found in counts(gold, system, over).items():
        assert found == again[measure], measure


@pytest.mark.slow
@FEW
@given(scene=scenes(), cut=st.integers(0, 3))
def test_counts_of_two_corpora_add_up_to_those_of_both(scene: Scene, cut: int) -> None:
    over, gold, system = scene
    parts = over[:cut], over[cut:]
    one, other = (counts(of(gold, part), of(system, part), part) for part in parts)
    # Relations by entity are undefined, and without counts, where nothing of gold is in a cluster.
    by_entity = all(any(m.cluster for line in of(gold, part) for m in line.mentions) for part in parts)
    for measure, found in counts(gold, system, over).items():
        if not measure.startswith(NOT_ADDITIVE) and (by_entity or not parse(measure).by_entity):
            assert found == one[measure] + other[measure], measure


@pytest.mark.slow
@FEW
@given(scenes())
def test_a_missing_document_counts_as_an_empty_one(scene: Scene) -> None:
    over, gold, system = scene
    named = {item.document for item in system}
    empty = [Annotations(document=d.id, sha256=d.sha256) for d in over if d.id not in named]
    assert counts(gold, system, over) == counts(gold, [*system, *empty], over)


@pytest.mark.slow
@FEW
@given(scenes())
def test_nobody_hits_more_than_there_is(scene: Scene) -> None:
    over, gold, system = scene
    for measure, found in counts(gold, system, over).items():
        assert (found.values >= 0).all(), measure
        assert (found.values[:, SYSTEM_HITS] <= found.values[:, SYSTEM] + 1e-9).all(), measure
        assert (found.values[:, GOLD_HITS] <= found.values[:, GOLD] + 1e-9).all(), measure
        assert found.documents == tuple(sorted(document.id for document in over))


def of(layer: list[Annotations], over: list[Document]) -> list[Annotations]:
    names = {document.id for document in over}
    return [item for item in layer if item.document in names]


def shuffle(items: Any, dice: random.Random) -> list[Any]:
    return dice.sample(list(items), len(items))


def disguise(layer: list[Annotations], dice: random.Random) -> list[Annotations]:
    """The same annotations, in another order and with other ids and cluster names."""
    return [rename(item, dice) for item in shuffle(layer, dice)]


def rename(item: Annotations, dice: random.Random) -> Annotations:
    names = {mention.id: f"x{dice.random()}" for mention in item.mentions}
    homes = {name: f"y{dice.random()}" for name in ("c1", "c2", "k1")}
    change = msgspec.structs.replace
    return change(
        item,
        mentions=tuple(
            change(mention, id=names[mention.id], cluster=homes.get(mention.cluster))
            for mention in shuffle(item.mentions, dice)
        ),
        events=tuple(
            change(
                event,
                id=f"z{number}",
                cluster=homes.get(event.cluster),
                arguments=tuple(change(a, mention=names[a.mention]) for a in shuffle(event.arguments, dice)),
            )
            for number, event in enumerate(shuffle(item.events, dice))
        ),
        relations=tuple(
            change(link, id=f"q{number}", source=names[link.source], target=names[link.target])
            for number, link in enumerate(shuffle(item.relations, dice))
        ),
    )
