"""Resampling: distributed as the naive bootstrap, the same each time, None for what is undefined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.statistics import resample
from goldwire.eval.statistics.resample import (
    Interval,
    bootstrap,
    collect,
    expand,
    generator,
    intervals,
    student,
)

counts = st.lists(  # hits, and all: none without the other
    st.tuples(st.integers(0, 4), st.integers(0, 5)).map(lambda t: (t[0], sum(t))), min_size=2, max_size=12
)


def share(sums):
    with np.errstate(invalid="ignore"):
        return sums[..., :1] / sums[..., 1:]


def naive(rows, trials, seed):
    """The bootstrap as in the textbook: draw documents with replacement, add up, divide."""
    rows, random = np.asarray(rows, float), np.random.default_rng(seed)
    picks = random.integers(0, len(rows), (trials, len(rows)))
    return share(rows[picks].sum(axis=1))[:, 0]


def distance(one, other):
    """The two-sample Kolmogorov-Smirnov statistic: the largest gap of two distribution functions."""
    grid = np.concatenate([one, other])
    places = (np.searchsorted(np.sort(x), grid, "right") / len(x) for x in (one, other))
    return np.abs(next(places) - next(places)).max()


# 1.63 sqrt(2 / n) is the two-sided critical value at 1 % for two samples of n, Massey 1951.
TRIALS = 4000
CRITICAL = 1.63 * (2 / TRIALS) ** 0.5


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("few distinct rows: multinomial", [[k % 3, 3] for k in range(200)]),
        ("all rows distinct: single draws", [[k, 30 + k % 7] for k in range(25)]),
    ],
)
def test_distinct_rows_give_the_distribution_of_the_naive_bootstrap(kind, rows):
    sample = collect(rows)
    by_multinomial = len(sample.times) * resample._MULTINOMIAL_COST <= sample.documents
    assert by_multinomial == ("multinomial" in kind)
    drawn = bootstrap(sample, share, trials=TRIALS, seed=3)[:, 0]
    assert distance(drawn, naive(rows, TRIALS, 4)) < CRITICAL
    # The test can fail: a bootstrap of half the documents is not the same.
    assert distance(drawn, naive(rows[::2], TRIALS, 4)) > CRITICAL


def test_both_ways_to_draw_give_one_distribution(monkeypatch):
    sample = collect([[k % 2, 2] for k in range(100)])
    one = bootstrap(sample, share, trials=TRIALS, seed=1)[:, 0]
    monkeypatch.setattr(resample, "_MULTINOMIAL_COST", 10**9)
    other = bootstrap(sample, share, trials=TRIALS, seed=2)[:, 0]
    assert distance(one, other) < CRITICAL


@given(counts)
def test_a_sample_keeps_the_total_and_the_number_of_documents(rows):
    sample = collect(rows)
    assert sample.documents == len(rows)
    assert sample.total().tolist() == np.sum(rows, axis=0).tolist()
    assert len({tuple(row) for row in sample.rows.tolist()}) == len(sample.rows) == len(set(rows))


@given(counts, st.data())
def test_groups_are_drawn_as_one(rows, data):
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    sample = collect(rows, groups)
    assert sample.documents == len(set(groups))
    assert sample.total().tolist() == np.sum(rows, axis=0).tolist()


def test_near_duplicates_widen_the_interval_when_they_are_grouped():
    rows = [[k % 4, 4] for k in range(40)] * 5
    alone, grouped = (intervals(collect(rows, groups), share)[0] for groups in (None, list(range(40)) * 5))
    assert alone.value == grouped.value
    # Five copies of each document are worth one: the interval is sqrt(5) times as wide.
    assert (grouped.high - grouped.low) / (alone.high - alone.low) == pytest.approx(5**0.5, rel=0.1)


@pytest.mark.parametrize("method", ["expanded", "percentile", "bca"])
def test_a_seed_gives_the_same_interval_to_the_last_digit_in_any_order(method):
    rows = [[1 / 3 * (k % 5), 2 + k % 3] for k in range(60)]
    shuffled = [rows[k] for k in np.random.default_rng(0).permutation(60)]
    one, two = (intervals(collect(r), share, method=method, seed=7) for r in (rows, shuffled))
    assert one == two
    assert one != intervals(collect(rows), share, method=method, seed=8)


def test_memory_blocks_do_not_change_the_numbers(monkeypatch):
    sample = collect([[k % 5, 5] for k in range(50)])
    whole = bootstrap(sample, share, trials=100, seed=1)
    monkeypatch.setattr(resample, "_BLOCK", 333)
    for kept in (0, resample.KEPT):
        resample._drawn.cache_clear()
        monkeypatch.setattr(resample, "KEPT", kept)
        assert np.array_equal(whole, bootstrap(sample, share, trials=100, seed=1))


def test_draws_that_are_kept_do_not_change_the_numbers(monkeypatch):
    samples = [collect([[1 / 3 * (k % m), 2 + k % 3] for k in range(60)]) for m in (5, 7)]
    kept = [bootstrap(sample, share, seed=seed) for sample in samples for seed in (0, 1)]
    monkeypatch.setattr(resample, "KEPT", 0)
    fresh = [bootstrap(sample, share, seed=seed) for sample in samples for seed in (0, 1)]
    assert all(map(np.array_equal, kept, fresh))
    assert not np.array_equal(kept[0], kept[1])  # another seed draws others


@pytest.mark.parametrize("method", ["expanded", "percentile", "bca"])
def test_documents_that_are_all_alike_leave_no_doubt(method):
    assert intervals(collect([[1, 2]] * 9), share, method=method) == [Interval(0.5, 0.5, 0.5, 0)]


@pytest.mark.parametrize("method", ["expanded", "percentile", "bca"])
def test_one_document_says_nothing_of_others(method):
    assert intervals(collect([[1, 2]]), share, method=method) == [Interval(0.5, None, None, 0)]


def test_one_document_with_units_among_empty_ones_says_nothing_either():
    [found] = intervals(collect([[1, 2], [0, 0], [0, 0]]), share, trials=3000)
    assert found[:3] == (0.5, None, None)
    # A resample of three has a unit unless it draws the two empty documents only: (2/3)^3 of the time.
    assert found.undefined == pytest.approx(3000 * 8 / 27, rel=0.1)


def test_undefined_resamples_are_named_and_left_out():
    [found] = intervals(collect([[1, 2], [3, 4], [0, 0], [0, 0]]), share, trials=3000)
    assert found.undefined == pytest.approx(3000 / 16, rel=0.2)  # (2/4)^4
    assert found.low == 0.5
    assert found.high == 0.75


def test_no_unit_anywhere_is_undefined():
    assert intervals(collect([[0, 0], [0, 0]]), share, trials=10) == [Interval(None, None, None, 10)]


def test_no_document_at_all_is_undefined():
    assert intervals(collect(np.zeros((0, 2))), share, trials=10) == [Interval(None, None, None, 10)]


@given(counts, st.integers(0, 99))
def test_the_expanded_interval_holds_the_percentile_interval(rows, seed):
    sample = collect(rows)
    [wide], [narrow] = (
        intervals(sample, share, method=m, seed=seed, trials=200) for m in ("expanded", "percentile")
    )
    if narrow.low is not None:
        assert wide.low <= narrow.low <= narrow.high <= wide.high


def test_the_expansion_vanishes_with_many_documents():
    tails = [expand(0.025, n) for n in (2, 5, 20, 100, 10**6)]
    assert tails == sorted(tails)
    assert tails[-1] == pytest.approx(0.025, rel=1e-4)


def test_several_values_come_from_the_same_resamples():
    sample = collect([[k % 4, 4] for k in range(30)])
    both = intervals(sample, lambda sums: np.concatenate([share(sums), 1 - share(sums)], axis=-1))
    assert both[0].low == pytest.approx(1 - both[1].high)


def test_random_numbers_come_from_pcg64():

    assert generator(0).bit_generator.state["bit_generator"] == "PCG64"


def test_many_columns_do_not_overflow_the_row_numbers():
    rows = np.random.default_rng(0).integers(0, 1000, (300, 40))
    rows = np.concatenate([rows, rows[:50]])
    assert sorted(collect(rows).times.tolist()) == [1] * 250 + [2] * 50


def test_the_table_of_student_s_t_is_scipy_s():
    from scipy.special import stdtrit

    freedom = np.arange(1, resample.MANY)
    for tail, values in resample._tabled().items():
        assert values == pytest.approx(stdtrit(freedom, tail).tolist(), rel=1e-12)


# How many tests share an error rate decides on the tails of the gate: 5 % of 1, 6 and 1,000 of them.
@pytest.mark.parametrize("tail", [0.5, 0.9, 0.95, 1 - 0.05 / 6, 1 - 0.05 / 1000, 0.05, 0.05 / 6])
def test_student_s_t_is_scipy_s_at_any_tail(tail):
    from scipy.special import stdtrit

    freedom = [*range(1, 60), 199, 200, 998, 999]
    computed = [student(tail, degrees + 1) for degrees in freedom]
    assert computed == pytest.approx(stdtrit(freedom, tail).tolist(), rel=1e-11, abs=1e-15)


def test_a_tail_too_thin_for_numbers_has_no_end():
    assert 1 - 1e-17 == 1
    assert (student(1e-17, 10), student(1 - 1e-17, 10)) == (-np.inf, np.inf)
    assert (student(0.0, 10**4), student(1.0, 10**4)) == (-np.inf, np.inf)
    assert student(1e-12, 10) == pytest.approx(-51.415, rel=1e-3)  # scipy 1.17: -51.41491602


@pytest.mark.parametrize("documents", [1001, 2000, 10**5])
@pytest.mark.parametrize("tail", [0.0001, 0.005, 0.025, 0.5, 0.9])
def test_the_series_of_student_s_t_is_scipy_s(documents, tail):
    from scipy.special import stdtrit

    assert student(tail, documents) == pytest.approx(float(stdtrit(documents - 1, tail)), abs=1e-9)
