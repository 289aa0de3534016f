"""A key is that of equal rows alone, in their order, however wide rows and however long lists are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Mention, Span
from goldwire.eval.counting.keys import list_keys, row_keys, shared_keys
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

values = st.integers(-(2**61), 2**61) | st.integers(0, 2)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[values] * width), min_size=1, max_size=8)
)


def columns(rows):
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)]


@given(tables)
def test_keys_are_in_the_order_of_the_rows_and_equal_where_they_are(rows):
    keys = row_keys(columns(rows)).tolist()
    for one, key in zip(rows, keys, strict=True):
        for other, other_key in zip(rows, keys, strict=True):
            assert (one < other) == (key < other_key)


@given(tables, st.data())
def test_two_tables_share_their_keys(rows, data):
    cut = data.draw(st.integers(1, len(rows)))
    first, second = rows[:cut], rows[cut:] or rows[:1]
    ours, theirs = shared_keys(columns(first), columns(second))
    for one, key in zip(first, ours.tolist(), strict=True):
        for other, other_key in zip(second, theirs.tolist(), strict=True):
            assert (one < other) == (key < other_key)


@given(st.lists(st.lists(st.integers(1, 3) | st.integers(1, 2**40), max_size=5), min_size=1, max_size=8))
def test_lists_have_equal_keys_where_they_are_equal(lists):
    sizes = np.array([len(one) for one in lists], np.int64)
    keys = list_keys(np.array([value for one in lists for value in one], np.int64), sizes).tolist()
    for one, key in zip(lists, keys, strict=True):
        assert (key == 0) == (not one)
        for other, other_key in zip(lists, keys, strict=True):
            assert (one == other) == (key == other_key)


def test_long_lists_of_many_values_have_keys():
    # 300 values of 300 kinds as digits would be a number of 743 digits, which no float holds
    values = np.arange(1, 301)
    lists = np.concatenate([values, values, values[::-1]])
    one, same, other = list_keys(lists, np.array([300, 300, 300])).tolist()
    assert one == same != other


def test_a_document_with_hundreds_of_types_is_scored():
    document = make_document("d", "x" * 900)
    mentions = tuple(Mention(id=f"m{i}", type=f"T{i}", spans=(Span(i, i + 1 + i % 7),)) for i in range(400))
    line = annotate(document, *mentions)
    record = score([line], {"s": [line]}, [document], ["entity"], options=Options(trials=0))
    assert record.results[0].averages["micro"].gold_hits == 400
