"""The match edit-similarity against the rule of brateval: its approximate match of spans (Entity.java).

Two entities of one type match if they share a character and 1 - d / l reaches the threshold, where d is the
edit distance of their strings and l the length of the longer; no case is folded. It works with doubles, so
that at a threshold such as .8 a distance that meets it exactly may be refused there (floor((1 - .8) * 5) is
0, not 1), and it pairs as its hash map has it. Here shares are compared in whole numbers, and pairs are the
best ones.
"""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.counting.words import edit_distance
from goldwire.eval.scoring.score import Options, score


@cache
def distance(one, other):
    """Levenshtein's, by its definition."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        distance(one[1:], other) + 1,
        distance(one, other[1:]) + 1,
        distance(one[1:], other[1:]) + (one[0] != other[0]),
    )


@settings(max_examples=200)
@given(st.text("abé", max_size=8), st.text("abé", max_size=8))
def test_the_edit_distance_is_its_definition(one, other):
    assert edit_distance(one, other) == distance(one, other)


def right(text, gold, system, threshold):
    document = make_document("d", text)
    sides = [
        [
            Annotations(
                document="d",
                sha256=document.sha256,
                mentions=tuple(
                    Mention(id=str(i), type=type, spans=tuple(Span(*span) for span in spans))
                    for i, (spans, type) in enumerate(mentions)
                ),
            )
        ]
        for mentions in (gold, system)
    ]
    measure = f"entity:span+type@edit-similarity>={threshold}"
    record = score(sides[0], {"s": sides[1]}, [document], [measure], options=Options(trials=0))
    return record.results[0].averages["micro"].gold_hits


@settings(max_examples=200)
@given(
    st.text("ab ", min_size=12, max_size=12).filter(lambda text: text.strip()),
    st.tuples(st.integers(0, 5), st.integers(6, 11)),
    st.tuples(st.integers(0, 5), st.integers(6, 11)),
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),  # doubles without a rounding
)
def test_a_pair_matches_by_the_rule(text, gold, system, threshold):
    text = make_document("d", text).text
    one, other = text[slice(*gold)], text[slice(*system)]  # they share a character: both hold 5
    longer = max(len(one), len(other))
    expected = 1 - distance(one, other) / longer >= threshold
    assert right(text, [((gold,), "A")], [((system,), "A")], threshold) == expected


@pytest.mark.parametrize(
    ("gold", "system", "threshold", "hits"),
    [
        # "northern Balkh" and "Balkh": 9 of 14 characters to delete
        ([((0, 14),)], [((9, 14),)], 0.35, 1),
        ([((0, 14),)], [((9, 14),)], 0.36, 0),
        # "Balkh" and " Balkh", 1 of 6: five sixths
        ([((9, 14),)], [((8, 14),)], 0.83, 1),
        ([((9, 14),)], [((8, 14),)], 0.84, 0),
        # Strings of no character in common: "fell" elsewhere in the text is no match, though it is the same.
        ([((15, 19),)], [((20, 24),)], 0.1, 0),
        # "northern fell", its parts joined by a space, and "northern": 5 of 13
        ([((0, 8), (15, 19))], [((0, 8),)], 0.6, 1),
        ([((0, 8), (15, 19))], [((0, 8),)], 0.62, 0),
    ],
)
def test_matches_by_hand(gold, system, threshold, hits):
    text = "northern Balkh fell fell"
    sides = ([(spans, "A") for spans in side] for side in (gold, system))
    assert right(text, *sides, threshold) == hits


def test_a_threshold_is_met_exactly_where_doubles_miss_it():
    # "abcde" and "abcd": 1 of 5, so four fifths; brateval's floor((1 - 0.8) * 5) is 0.
    assert right("abcde", [(((0, 5),), "A")], [(((0, 4),), "A")], 0.8) == 1


def test_the_type_decides_if_it_is_in_the_key():
    assert right("abcde", [(((0, 5),), "A")], [(((0, 5),), "B")], 0.1) == 0
