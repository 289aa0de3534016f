"""Intervals with documents unlike those seen, and power: against another implementation, and by hand."""

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import contrast, unseen
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.intervals import METHODS, estimate, estimate_difference
from goldwire.eval.statistics.power import LostHits, detectable
from goldwire.eval.statistics.resample import collect

F = FIGURES.index("f")
MICRO = estimator(parse("entity"))
MACRO = estimator(parse("entity:span+type@exact,average=macro"))
DOCUMENTS = estimator(parse("entity:span+type@exact,average=documents"))


def draw(random, documents, labels=1, recall=0.7):
    """Counts of documents of varied size and difficulty: documents x (4 a label)."""
    gold = random.negative_binomial(2, 0.2, (documents, labels))
    hits = random.binomial(gold, random.beta(6 * recall, 6 * (1 - recall), (documents, 1)))
    spurious = random.poisson(0.3 * gold)
    return np.stack([hits, hits + spurious, hits, gold], axis=-1).reshape(documents, -1).astype(float)


def counted(*rows):
    """Rows of (right, found, gold)."""
    return collect([[right, found, right, gold] for right, found, gold in rows])


@pytest.fixture(scope="module")
def reference(shared):
    """The methods as they were tried by simulation, written without ours."""
    path = shared / "bench" / "statistics_reference.py"
    if not path.exists():
        pytest.skip("needs the other implementation")
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("statistics_reference", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    found.WIDTH, found.EVEN = unseen.SPREADS, unseen.EVEN  # it was tried with others
    return found


# ---------------------------------------------------------------- against another implementation
@pytest.mark.parametrize(("figures", "labels"), [(MICRO, 1), (MACRO, 3)])
def test_intervals_are_those_of_the_other_implementation(reference, figures, labels):
    rows = draw(np.random.default_rng(labels), 40, labels)
    table = rows.reshape(40, labels, 4)
    found = estimate(collect(rows), figures, trials=20_000)
    for k, num, den, unit in (
        (0, table[..., 0], table[..., 1], 1),
        (1, table[..., 2], table[..., 3], 1),
        (2, 2 * table[..., 2], table[..., 1] + table[..., 3], 2),
    ):
        expected = reference.interval(num, den, unit, trials=20_000)
        # Two quantiles of 20,000 draws each: within a few hundredths of the width.
        error = 0.03 * (expected[2] - expected[1])
        assert found[k][:2] == pytest.approx(expected[:2], abs=error)
        assert expected[2] - error < found[k].high < expected[2] + 5 * error  # it knows no best document


@pytest.mark.parametrize(("figures", "labels"), [(MICRO, 1), (MACRO, 3)])
def test_differences_and_what_is_shown_are_those_of_the_other_implementation(reference, figures, labels):
    random = np.random.default_rng(7 + labels)
    one, two = draw(random, 40, labels), draw(random, 40, labels, recall=0.6)
    first, second = one.reshape(40, labels, 4), two.reshape(40, labels, 4)
    [*_, found] = contrast.differences(contrast.pair(one, two), figures, swaps=100, trials=20_000)
    (num, den), (num_b, den_b) = ((2 * t[..., 2], t[..., 1] + t[..., 3]) for t in (first, second))
    apart = np.abs(num - num_b) / 2 + np.abs(den - num - den_b + num_b)
    units = (den.sum(0) + den_b.sum(0)) / 2
    expected = reference.difference(num, den, num_b, den_b, apart.sum(0), units, trials=20_000)
    assert found.interval[:3] == pytest.approx(expected, abs=0.03 * (expected[2] - expected[1]))
    assert found.interval.value < 0
    stated = reference.detectable(num_b / 2, den_b, num / 2, den)  # the first is the better one
    assert found.detectable == pytest.approx(stated, rel=1e-3)


# ---------------------------------------------------------------- what every interval must do
def test_none_right_and_all_right_have_intervals_that_hold_them():
    nothing, all_right = counted(*[(0, 3, 4)] * 18), counted(*[(4, 4, 4)] * 18)
    for interval in estimate(nothing, MICRO):
        assert (interval.value, interval.low) == (0, 0)
        assert 0 < interval.high < 0.3
    for interval in estimate(all_right, MICRO):
        assert (interval.value, interval.high) == (1, 1)
        assert 0.7 < interval.low < 1
        assert interval.remark == "unlike"


def test_units_that_are_all_right_have_the_bound_of_clopper_and_pearson():
    """Of 100 units, one a document, that are all right it is the hundredth root of .025, which is .9638."""
    [precision, *_] = estimate(counted(*[(1, 1, 1)] * 100), MICRO, trials=40_000)
    assert precision.low == pytest.approx(0.025 ** (1 / 100), abs=0.002)
    [precision, *_] = estimate(counted(*[(0, 1, 1)] * 100), MICRO, trials=40_000)
    assert precision.high == pytest.approx(1 - 0.025 ** (1 / 100), abs=0.002)


def test_wrong_is_to_right_as_the_low_end_to_the_high_one():
    rows = draw(np.random.default_rng(3), 30)
    mirrored = rows.copy()
    mirrored[:, 0], mirrored[:, 2] = rows[:, 1] - rows[:, 0], rows[:, 3] - rows[:, 2]
    for one, other in zip(
        estimate(collect(rows), MICRO)[:F], estimate(collect(mirrored), MICRO), strict=False
    ):
        assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=0.01)


def test_the_precision_of_a_label_that_is_never_given_may_be_anything():
    """Two labels in gold, one of them always right, the other never given: it counts as 0, and may be 1."""
    [precision, recall, _] = estimate(collect([[1, 1, 1, 1, 0, 0, 0, 1]] * 40), MACRO)
    assert (precision.value, recall.value) == (0.5, 0.5)
    assert precision.low < precision.value < 0.95 < precision.high
    assert recall.high < 0.6  # of 40 units none was found


def test_one_document_has_a_wide_interval_that_says_so():
    [*_, interval] = estimate(counted((6, 9, 10)), MICRO)
    assert (interval.low < 0.3, interval.high > 0.8) == (True, True)
    assert interval.remark == "unlike"


def test_documents_without_units_say_nothing():
    assert [interval[:3] for interval in estimate(counted((0, 0, 0)), MICRO)] == [(None, None, None)] * 3
    few = draw(np.random.default_rng(2), 15)
    many = np.vstack([few, np.zeros((5000, 4))])
    for one, other in zip(estimate(collect(few), MICRO), estimate(collect(many), MICRO), strict=True):
        assert one[:3] == pytest.approx(other[:3], abs=0.02)


def test_where_units_are_rare_every_resample_is_defined():
    rows = [(1, 1, 1), (0, 1, 1), (1, 1, 2), *[(0, 0, 0)] * 40]
    found, resampled = (estimate(counted(*rows), MICRO, method=method)[F] for method in METHODS[:2])
    assert found.undefined == 0 < resampled.undefined


def test_one_document_that_makes_most_of_the_spread_is_told():
    assert estimate(counted(*[(8, 10, 10)] * 30, *[(7, 10, 10), (9, 10, 10)] * 10), MICRO)[F].remark is None
    assert estimate(counted(*[(8, 10, 10)] * 40, (0, 30, 30)), MICRO)[F].remark == "alone"


@given(st.permutations(range(12)), st.integers(1, 4))
def test_neither_the_order_of_documents_nor_their_writing_moves_an_end(order, times):
    rows = draw(np.random.default_rng(4), 12, 2)
    soft = rows / np.array([3, 1, 7, 1, 1, 1, 1, 1])
    assert estimate(collect(soft), MACRO) == estimate(collect(soft[order]), MACRO)
    once = collect(np.repeat(rows, times, axis=0))
    assert estimate(once, MACRO) == estimate(collect(rows, times=[times] * 12), MACRO)


def test_sums_of_weighted_counts_are_exact_in_any_order():
    sample = collect(draw(np.random.default_rng(5), 300) / 7)
    sums = unseen.weigh(sample, 50, 0)
    rows = np.repeat(np.round(sample.rows * 2**16) / 2**16, sample.times, axis=0)
    order = np.random.default_rng(0).permutation(300)
    assert (unseen._drawn(300, 50, 0)[:, order] @ rows[order] == sums).all()


def test_sums_are_exact_of_millions_of_units_too():
    sample = collect(draw(np.random.default_rng(5), 40) / 7, times=[1_000_000 + k for k in range(40)])
    [sums] = unseen.weigh(sample, 1, 0)
    # The same weights, drawn by hand; a sum of whole numbers is exact.
    drawn = np.random.Generator(np.random.PCG64(0)).standard_gamma(sample.times, (1, len(sample.times)))
    steps = unseen._steps(sample.rows, sample)
    whole = [int(w) for w in np.round(drawn[0] * steps)]
    parts = [[int(v) for v in np.round(row * 2**16)] for row in sample.rows]
    by_hand = [sum(w * p[k] for w, p in zip(whole, parts, strict=True)) for k in range(4)]
    assert [total / steps / 2**16 for total in by_hand] == sums.tolist()


def test_near_duplicates_are_one_document():
    rows = draw(np.random.default_rng(6), 20)
    copies, groups = np.repeat(rows, 3, axis=0), np.repeat(np.arange(20), 3)
    alone, grouped = estimate(collect(copies), MICRO)[F], estimate(collect(copies, groups), MICRO)[F]
    assert grouped.high - grouped.low > 1.4 * (alone.high - alone.low)


def test_means_over_documents_have_intervals_too():
    values = [(1.0, 1), (0.5, 1), (0.0, 1), (0.0, 0)] * 8
    rows = [[v, v, v, d, d, d, 0.2, 0.2, 0.2] for v, d in values]
    [*_, found] = estimate(collect(rows), DOCUMENTS)
    assert found.value == pytest.approx(0.5)
    # Of 24 values of standard deviation .408 the mean has the error .083: two of them each way, and more.
    assert 0.2 < found.low < 0.5 - 2 * 0.083 < 0.5 + 2 * 0.083 < found.high < 0.8


def test_a_difference_and_its_opposite_have_opposite_intervals():
    random = np.random.default_rng(8)
    one, two = draw(random, 30), draw(random, 30)
    there = estimate_difference(contrast.pair(one, two), MICRO)[F]
    back = estimate_difference(contrast.pair(two, one), MICRO)[F]
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.01)


# ---------------------------------------------------------------- power
def losing(rows, lost="spread"):
    """What equal outputs show of a loss."""
    sample = collect(rows)
    first = unseen.influences(sample, MICRO.values)[:, F]
    return LostHits(first, MICRO.ratios(sample.rows)[F], sample.times.astype(float), lost)


def test_the_variance_of_a_loss_is_that_of_the_hits_lost():
    """A hundred documents of ten units, all found: who loses a share q of them has F 2 (1 - q) / (2 - q)."""
    loss = losing([[10, 10, 10, 10]] * 100)
    assert loss.amount(0.1) == pytest.approx(1 - 2 * 0.9 / 1.9)
    # One hit less moves F by (2 - F) / (2000 - 100) = 1.0526 / 1900; 1,000 hits, of variance .1 x .9.
    assert loss.variance(0.1) == pytest.approx(1000 * 0.09 * (1.0526 / 1900) ** 2 * 100 / 99, rel=1e-3)


def test_a_loss_in_whole_documents_must_be_larger_to_be_shown():
    rows = draw(np.random.default_rng(9), 50)
    spread, whole = detectable(losing(rows)), detectable(losing(rows, "whole"))
    assert 0 < spread < whole < 0.7


@pytest.mark.parametrize("documents", [20, 100, 1000])
def test_a_loss_in_whole_documents_is_shown_if_six_are_lost(documents):
    """Of equal outputs: five documents that are all worse have a p of 2 / 32, six of 2 / 64."""
    rows = [[10, 10, 10, 10]] * documents
    loss = detectable(losing(rows, "whole"))
    share = 2 * loss / (1 + loss)  # F falls from 1 to 2 (1 - q) / (2 - q)
    fewer = sum(math.comb(documents, k) * share**k * (1 - share) ** (documents - k) for k in range(6))
    assert 0.75 < 1 - fewer < 0.87


def test_nothing_is_shown_where_nothing_would_be():
    # With two documents even the loss of nearly all has a p of one half.
    assert detectable(losing([[3, 4, 3, 4], [2, 3, 2, 4]])) is None
