"""The test of a slice against the rest: its level, what it finds, and when it could find nothing."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import slices
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.resample import summed

F = FIGURES.index("f")


def simulation():
    path = Path(__file__).parent.parent / "benchmarks" / "slices.py"
    spec = importlib.util.spec_from_file_location("slices_simulation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(*hits: tuple[int, int, int]) -> np.ndarray:
    """Rows of documents from (right, given, in gold)."""
    return np.array([(right, given, right, gold) for right, given, gold in hits], float)


def pieces(inside, outside, measure="entity", *, units=False):
    return slices.pieces(inside, outside, estimator(parse(measure)), F, units=units)


NOTHING = (0, 0, 0)


def test_the_difference_is_that_of_the_figures():
    inside = table((3, 4, 4), (1, 2, 4), NOTHING, NOTHING)
    outside = table(NOTHING, NOTHING, (5, 5, 6), (2, 6, 2))
    # 2 * 4 / (6 + 8) less 2 * 7 / (11 + 8)
    assert slices.difference(pieces(inside, outside)) == pytest.approx(8 / 14 - 14 / 19)


def test_one_document_on_a_side_says_nothing():
    assert pieces(table((3, 4, 4), NOTHING, NOTHING), table(NOTHING, (5, 5, 6), (2, 6, 2))) is None


def test_alike_everywhere_is_no_sign():
    half = table(*[(1, 2, 2)] * 10, *[NOTHING] * 10)
    assert slices.p_value(pieces(half, half[::-1])) == 1.0


def test_ten_documents_all_right_are_no_sign_where_four_in_five_are():
    """The chance that ten documents of which each is right with .8 are all right is .107."""
    right = [(4, 4, 4)] * 10
    rest = [(4, 4, 4)] * 72 + [(0, 4, 4)] * 18
    inside, outside = table(*right, *[NOTHING] * 90), table(*[NOTHING] * 10, *rest)
    found = pieces(inside, outside)
    assert slices.p_value(found) > 0.05
    assert not slices.shows(found, 1)


def test_ten_units_all_right_are_too_few_whatever_their_documents_have():
    inside = table(*[(1, 1, 1)] * 10, *[NOTHING] * 40)
    outside = table(*[(15, 19, 19)] * 50)
    # As a part of their documents alone they would have no spread at all.
    [found] = slices.with_design([pieces(inside, outside, units=True)])
    assert not slices.shows(found, 1)


def recall_pieces(inside, outside):
    """Of recall, where each unit is one of gold: its variance is that of a coin."""
    return slices.pieces(inside, outside, estimator(parse("entity")), FIGURES.index("recall"), units=True)


@pytest.mark.parametrize("together", [1, 2, 5])
def test_units_that_stand_or_fall_together_are_so_many_fewer(together):
    """The variance of a sum of m units that are all right or none is m times that of m units alone."""
    right, none = (together, together, together), (0, together, together)
    pairs = [(right, right), (right, none), (none, right), (none, none)] * 25
    inside, outside = (table(*side) for side in zip(*pairs, strict=True))
    alone = recall_pieces(inside, outside)
    [found] = slices.with_design([alone])
    # 100 documents with units on either side, of which half are right; the rest is no larger than the slice.
    by_hand = math.sqrt(2 * 0.25 / (100 * together))
    assert alone.units.own == pytest.approx(by_hand)
    assert found.units.dealt / alone.units.dealt == pytest.approx(math.sqrt(together * 100 / 99))


def test_what_a_slice_could_show_does_not_follow_its_luck():
    """Of 20 slices of 100 units each, one has 4 wrong and one 16: the error of the first is half as large."""
    documents, rate = 50, {0: 4, 1: 16}
    made = np.array(
        [
            table(
                *[
                    (2 - ((number + 10 * place) % documents < rate.get(place, 10)), 2, 2)
                    for number in range(documents)
                ]
            )
            for place in range(20)
        ]
    )
    whole = made.sum(axis=0)
    lucky, unlucky, *_ = slices.with_design([pieces(own, whole - own, units=True) for own in made])
    assert lucky.units.off == pytest.approx(unlucky.units.off, rel=0.02)


def test_without_slices_of_units_there_is_no_design_effect():
    of_documents = pieces(
        table((3, 4, 4), (1, 2, 4), NOTHING, NOTHING), table(NOTHING, NOTHING, (5, 5, 6), (2, 6, 2))
    )
    assert slices.with_design([None, of_documents]) == [None, of_documents]
    assert slices.with_design([]) == []


def test_near_duplicates_count_as_one():
    rows = table((1, 1, 1), (2, 2, 2), (4, 4, 4))
    assert summed(rows, (7, 3, 7)).tolist() == [[2, 2, 2, 2], [5, 5, 5, 5]]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["units of sentences"])
def test_twenty_slices_that_are_no_other_seldom_alarm_and_ten_points_are_found(name):
    """Of 60 corpora, 9 alarms have a chance of .9 % at a rate of 6 %; 37 found, of .1 % at one of 80 %."""
    made = simulation()
    shape = next(shape for shape in made.SHAPES if shape.name == name)
    rates = made.measure(shape, 60, seed=1)
    assert rates.alarms * 60 <= 8
    assert rates.found is not None
    assert rates.found * 60 >= 38
