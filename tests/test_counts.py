"""Counts are in canonical form and add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.counting.counts import (
    condense,
    forget,
    join,
    join_patterns,
    make_counts,
    no_counts,
    positions,
)

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.lists(st.integers(0, 3), min_size=4, max_size=4)),
    max_size=12,
)

# Values so many and so far apart that the rows of a document fill more than one machine word.
wide = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 2),
        st.lists(st.sampled_from([0, 1, 0.5, 7, 2**17, 2**20 + 0.25]), min_size=4, max_size=4),
    ),
    max_size=12,
)


def counts(rows, documents=("a", "b", "c", "d"), labels=("Z", "M", "A")):
    return make_counts(documents, labels, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


@given(rows, st.randoms())
def test_the_order_of_rows_does_not_matter(found, dice):
    assert counts(found) == counts(dice.sample(found, len(found)))


@given(rows)
def test_the_form_is_canonical(found):
    made = counts(found)
    cells = list(zip(made.document.tolist(), made.label.tolist(), strict=True))
    assert cells == sorted(set(cells))
    assert list(made.labels) == sorted({made.labels[label] for _, label in cells})
    assert made.values.any(axis=1).all()
    assert make_counts(made.documents, made.labels, made.document, made.label, made.values) == made


@given(rows, rows)
def test_counts_add_up(one, other):
    assert counts(one) + counts(other) == counts([*one, *other]) == counts(other) + counts(one)
    assert counts(one) + no_counts(("a", "b", "c", "d")) == counts(one)


@given(rows, rows)
def test_counts_of_different_documents_stand_side_by_side(one, other):
    both = counts(one) + counts(other, documents=("e", "f", "g", "h"))
    assert both.documents == tuple("abcdefgh")
    assert both.select(tuple("abcd")) == counts(one)
    assert both.select(tuple("efghxyz")) == counts(other, documents=("e", "f", "g", "h"))


@given(rows)
def test_sums_by_document_and_by_label_have_one_total(found):
    made = counts(found)
    total = np.array([row for _, _, row in found], float).reshape(-1, 4).sum(axis=0)
    for sums in (made.by_document(), made.by_label()):
        np.testing.assert_array_equal(sums.sum(axis=0), total)
    np.testing.assert_array_equal(made.total(), total)
    assert made.by_document().shape == (4, 4)


def test_documents_without_a_unit_are_there():
    assert counts([(1, 0, [1, 1, 1, 1])]).by_document().tolist() == [[0] * 4, [1] * 4, [0] * 4, [0] * 4]


def test_counts_compare_by_value_and_have_no_hash():
    one = counts([(1, 0, [1, 1, 1, 1])])
    assert one != counts([(2, 0, [1, 1, 1, 1])])
    assert one != "counts"
    with pytest.raises(TypeError):
        hash(one)


def test_a_document_that_is_not_there_has_no_place():
    with pytest.raises(KeyError):
        positions(("a",), ("b",))


@given(rows | wide)
def test_patterns_hold_the_counts_of_every_document(found):
    made = counts(found)
    patterns = condense(made)
    assert patterns.expand(made.documents) == made
    by_document = [tuple(map(tuple, made.select((id,)).values)) for id in made.documents]
    labels = [tuple(made.select((id,)).labels) for id in made.documents]
    assert len(patterns.times) == len({*zip(labels, by_document, strict=True)})
    assert patterns.times.sum() == len(made.documents)
    np.testing.assert_array_equal(patterns.whole().total(), made.total())


@given(rows | wide, rows | wide)
def test_patterns_of_blocks_are_those_of_all_documents(one, other):
    blocks = [counts(one), counts(other, documents=("e", "f", "g", "h"))]
    joined, whole = join_patterns([condense(block) for block in blocks]), condense(join(blocks))
    assert joined.expand(tuple("abcdefgh")) == whole.expand(tuple("abcdefgh")) == join(blocks)
    assert joined.times.tolist() == whole.times.tolist()
    assert joined.counts == whole.counts


def test_forgotten_documents_are_not_told_apart():
    patterns = forget(condense(counts([(1, 0, [1, 1, 1, 1]), (2, 0, [1, 1, 1, 1])])))
    assert sorted(patterns.times.tolist()) == [2, 2]
    with pytest.raises(TypeError, match="forgotten"):
        patterns.expand(tuple("abcd"))
