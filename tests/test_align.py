"""The assignment is the best one, and which of several best ones is settled."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.counting import align
from goldwire.eval.counting.align import CrowdError, Pairs, assign, components, equal_pairs, overlaps
from goldwire.eval.counting.columns import make_extents


@st.composite
def pairs(draw):
    """Some of the pairs of up to five gold and five system units, with credits and overlaps that tie."""
    sizes = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    cells = draw(
        st.lists(
            st.tuples(*(st.integers(0, size - 1) for size in sizes)), min_size=1, max_size=11, unique=True
        )
    )
    credit = st.sampled_from(draw(st.sampled_from([[1.0], [0.5, 1.0], [1 / 3, 2 / 3, 1.0]])))
    overlap = st.sampled_from(draw(st.sampled_from([[2], [1, 2, 3]])))
    return [(*cell, draw(credit), draw(overlap)) for cell in cells]


def columns(rows):
    gold, system, credit, overlap = zip(*rows, strict=True)
    return Pairs(np.array(gold), np.array(system), np.array(credit), np.array(overlap))


def tried(rows):
    """The best one-to-one choice by trying all: credit, then overlap, then the leftmost partners."""
    found = []
    for size in range(len(rows) + 1):
        for chosen in itertools.combinations(rows, size):
            partner = {row[0]: row[1] for row in chosen}
            if len(partner) == size == len({row[1] for row in chosen}):
                credit = sum(round(row[2] * 10**9) for row in chosen)
                places = [partner.get(gold, 99) for gold in sorted({row[0] for row in rows})]
                worth = (-credit, -sum(row[3] for row in chosen), places)
                found.append((worth, sorted(partner.items())))
    return min(found)[1]


@pytest.mark.parametrize("limit", [align._TRIED, 0, 99], ids=["as it is", "optimised", "all tried"])
@given(rows=pairs())
def test_the_choice_is_the_best_and_then_the_leftmost(limit, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(align, "_TRIED", limit)
        patch.setattr(align, "_SELDOM", limit)
        found = assign(columns(rows))
    assert list(zip(found.gold.tolist(), found.system.tolist(), strict=True)) == tried(rows)


@given(rows=pairs(), dice=st.randoms())
def test_the_order_of_pairs_does_not_matter(rows, dice):
    one, other = assign(columns(rows)), assign(columns(dice.sample(rows, len(rows))))
    for name in ("gold", "system", "credit", "overlap"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_pair_that_is_worth_more_gives_way_to_two():
    # Gold 0 and system 0 are equal; but then gold 1 and system 1 are left alone.
    rows = [(0, 0, 1.0, 9), (0, 1, 1.0, 1), (1, 0, 1.0, 1)]
    found = assign(columns(rows))
    assert list(zip(found.gold, found.system, strict=True)) == [(0, 1), (1, 0)]


def test_units_of_one_long_chain_give_way_from_end_to_end():
    # Gold i overlaps system i - 1 and i, and there is one gold unit too many: the last one stays alone.
    size = 3000
    gold = np.repeat(np.arange(size), 2)[1:-1]
    found = assign(Pairs(gold, np.repeat(np.arange(size - 1), 2), np.ones(len(gold)), np.full(len(gold), 5)))
    assert found.gold.tolist() == found.system.tolist() == list(range(size - 1))


def test_equal_crowds_pair_up_in_order():
    gold, system = np.divmod(np.arange(40 * 40), 40)
    found = assign(Pairs(gold, system, np.ones(1600), np.ones(1600, np.int64)))
    assert found.gold.tolist() == found.system.tolist() == list(range(40))


@given(rows=pairs())
def test_components_share_no_unit(rows):
    found = columns(rows)
    index, sizes = components(found.gold, found.system, np.arange(len(found)))
    parts = np.split(index, np.cumsum(sizes)[:-1])
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(found)))
    for side in (found.gold, found.system):
        units = [set(side[part].tolist()) for part in parts]
        assert sum(map(len, units)) == len(set().union(*units))


spans = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
units = st.lists(st.tuples(st.integers(0, 2), st.lists(spans, min_size=1, max_size=2)), max_size=6)


@given(units, units)
def test_all_pairs_that_share_characters_are_found_and_no_others(gold, system):
    found = overlaps(*(extents(side) for side in (gold, system)))
    expected = {
        (i, j): len(shared)
        for i, one in enumerate(gold)
        for j, other in enumerate(system)
        if one[0] == other[0] and (shared := characters(one) & characters(other))
    }
    cells = zip(found.gold.tolist(), found.system.tolist(), strict=True)
    assert dict(zip(cells, found.overlap.tolist(), strict=True)) == expected


def test_too_many_pairs_of_a_document_are_counted_and_not_formed():
    # 1,500 units that nest in one another, and as many of a system: each overlaps each, 2.25 million pairs.
    nested = [(1, [(place, 3001 - place)]) for place in range(1500)]
    few = [(0, [(0, 5)]), (2, [(0, 5)])]
    with pytest.raises(CrowdError, match=r"document number 2 in order of id: 2,250,000 pairs") as caught:
        overlaps(extents(few + nested), extents(few + nested))
    assert caught.value.crowds == {1: 2_250_000}
    assert pickle.loads(pickle.dumps(caught.value)).crowds == {1: 2_250_000}  # from a process to another
    keys, document = np.ones(1500, np.int64), np.ones(1500, np.int64)
    with pytest.raises(CrowdError, match="2,250,000 pairs"):
        equal_pairs(keys, keys, document)


def extents(side):
    from goldwire.corpora.types import Span

    document = np.array([document for document, _ in side], np.int64)
    return make_extents(document, [tuple(Span(*span) for span in parts) for _, parts in side])


def characters(unit):
    return {place for span in unit[1] for place in range(*span)}


@given(st.lists(st.integers(0, 5), max_size=8), st.lists(st.integers(0, 5), max_size=8))
def test_pairs_of_equal_keys_are_all_found(gold, system):
    found = equal_pairs(np.array(gold, np.int64), np.array(system, np.int64), np.zeros(len(gold), np.int64))
    assert set(zip(*(side.tolist() for side in found), strict=True)) == {
        (i, j) for i, one in enumerate(gold) for j, other in enumerate(system) if one == other
    }
