"""Runs of one system: what is between them, and what that leaves of a figure and of a difference."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student_t

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import crossed, runs
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.ratios import Estimator
from goldwire.eval.statistics.resample import Interval, collect

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from runs import Case, simulate

F = FIGURES.index("f")
F1 = estimator(parse("entity"))

# The mean of a first column, documents counted in a second: what analysis of variance is about.
MEAN = Estimator(lambda sums: sums[..., :1] / sums[..., 1:], lambda rows: [])


def table(values):
    return [np.column_stack([column, np.ones(len(column))]) for column in np.asarray(values, float).T]


# Three documents, two runs. Means of runs 2 and 4, of documents 2, 3 and 4.
BY_HAND = [[1, 3], [1, 5], [4, 4]]


def test_variances_are_those_of_two_way_analysis_by_hand():
    found = runs.look(table(BY_HAND), MEAN)
    assert found.mean == pytest.approx([3.0])
    assert found.between == pytest.approx([2.0])  # ((2 - 3)² + (4 - 3)²) / 1
    # Residuals of cells from document and run are 0, -1 and 1 in the first run, the reverse in the second:
    # their mean square is 4 / (2 · 1) = 2, and 2 / 3 is what it adds to the variance between means of runs.
    assert found.crossed == pytest.approx([2 / 3])
    # Over documents: the variance of 2, 3, 4 is 1, that of their mean 1/3.
    assert float((found.influence**2).sum()) * 3 / 2 == pytest.approx(1 / 3)


def test_interval_has_the_spread_between_runs_in_it_once():
    # A hundredth of the table above, so that no end is beyond 0 or 1: variances are a ten-thousandth.
    found = runs.look([rows / [100, 1] for rows in table(BY_HAND)], MEAN)
    half = 0.01
    got = runs.interval(found, 0, Interval(0.5, 0.5 - half, 0.5 + half))
    # In units of 10^-4: documents 1/3, runs (2 - 2/3) / 2 = 2/3; the spread of runs, 2 / 2, is all of it.
    over_documents = half / student_t.ppf(0.975, 2)
    side = student_t.ppf(0.975, 1) * np.sqrt(over_documents**2 + 2e-4 / 3)
    assert (got.low, got.high) == pytest.approx((0.5 - side, 0.5 + side))


def test_ends_stay_between_0_and_1():
    found = runs.look(table(BY_HAND), MEAN)
    assert runs.interval(found, 0, Interval(0.5, 0.4, 0.6))[:3] == (0.5, 0.0, 1.0)


def rows(random, gold, recall):
    hits = random.binomial(gold, recall)
    return np.stack([hits, hits + random.poisson(1, len(gold)), hits, gold], axis=1).astype(float)


@pytest.fixture
def drawn():
    random = np.random.default_rng(5)
    gold = random.poisson(6, 40)
    return [[rows(random, gold, recall) for _ in range(3)] for recall in (0.7, 0.75)]


@pytest.mark.parametrize("method", ["unseen", "expanded"])
def test_equal_runs_have_the_interval_of_one(drawn, method):
    [*alone] = estimate(collect(drawn[0][0]), F1, method=method, trials=200)
    four = [drawn[0][0]] * 4
    ends = runs.over_documents(four, F1, method=method, trials=200)
    found = runs.look(four, F1)
    assert runs.spread_of(found, F) == pytest.approx((0, 0, 4))
    assert runs.interval(found, F, ends[F])[:3] == pytest.approx(alone[F][:3])


def test_more_runs_narrow_the_interval_and_no_run_is_counted_twice(drawn):
    def width(number):
        tables = [drawn[0][k % 3] for k in range(number)]
        ends = runs.over_documents(tables, F1, method="expanded", trials=500)[F]
        got = runs.interval(runs.look(tables, F1), F, ends)
        return got.high - got.low

    assert width(3) > width(9) > width(36)


def test_a_document_unlike_those_seen_is_one_for_all_runs(drawn):
    """However many runs agree, all may be wrong on it: the interval of 36 runs still allows for one."""
    three, many = ([drawn[0][k % 3] for k in range(number)] for number in (3, 36))
    low = [runs.over_documents(tables, F1, trials=500)[F].low for tables in (three, many)]
    plain = [
        runs.over_documents(tables, F1, method="expanded", trials=500)[F].low for tables in (three, many)
    ]
    assert low == pytest.approx([low[0]] * 2, abs=0.02)
    assert all(one < other for one, other in zip(low, plain, strict=True))


def test_of_one_run_the_spread_is_not_known(drawn):
    assert runs.spread_of(runs.look(drawn[0][:1], F1), F) is None


def test_what_is_undefined_in_a_run_is_undefined_in_the_mean(drawn):
    silent = drawn[0][0].copy()
    silent[:, :3] = 0  # nothing given: no precision, recall and F of 0
    found = runs.look([silent, drawn[0][1]], F1)
    precision, f = FIGURES.index("precision"), F
    assert runs.spread_of(found, precision) is None
    assert runs.over_documents([silent, drawn[0][1]], F1, trials=100)[precision].value is None
    assert runs.spread_of(found, f) is not None
    assert crossed.compare(found, found, precision, (runs.FIXED, runs.FIXED)) == crossed.UNDEFINED


def test_one_document_says_nothing_of_others():
    found = runs.look([np.array([[3.0, 4, 3, 4]]), np.array([[2.0, 4, 2, 4]])], F1)
    spread = runs.spread_of(found, F)
    assert runs.interval(found, F, Interval(0.7, None, None)).low is None
    assert crossed.compare(found, found, F, (spread, spread)).p is None
    assert crossed.loss(found, found, F, (spread, spread), 0.02).verdict == "warn"


@pytest.mark.parametrize(("documents", "verdict"), [(3, "warn"), (6, "fail")])
def test_documents_that_are_all_alike_say_no_more_than_their_number(documents, verdict):
    """A coin for each: three that all fall alike are no evidence (1 in 8), six are (1 in 64)."""
    one, two = (runs.look([np.array([[right, 10.0, right, 10]] * documents)] * 2, F1) for right in (8.0, 5.0))
    spreads = runs.spread_of(one, F), runs.spread_of(two, F)
    found = crossed.loss(one, two, F, spreads, 0.02)
    assert found.p == pytest.approx(0.5**documents)
    assert found.verdict == verdict
    assert crossed.compare(one, two, F, spreads).p == pytest.approx(2 * 0.5**documents)


def test_near_duplicates_count_as_one_document(drawn):
    whole = [np.vstack([table, table]) for table in drawn[0]]
    groups = np.tile(np.arange(40), 2)
    one, two = runs.look(drawn[0], F1), runs.look(whole, F1, groups)
    assert two.documents == one.documents
    assert two.between == pytest.approx(one.between)
    assert two.crossed == pytest.approx(one.crossed)


@pytest.mark.parametrize("form", ["entity", "entity:span+type@exact,average=macro"])
def test_influences_are_those_of_leaving_a_document_out(drawn, form):
    """To first order the jackknife gives the same: (n - 1) times what a document's leaving changes."""
    measure = estimator(parse(form))
    random = np.random.default_rng(1)
    tables = [np.hstack([rows(random, random.poisson(3, 200), 0.7) for _ in range(3)]) for _ in range(2)]
    one = tables[0] if form != "entity" else tables[0][:, :4]
    found = runs.look([one], measure)
    total = one.sum(axis=0)
    left_out = measure.values(total) - measure.values(total - one)
    assert np.corrcoef(found.influence[:, F], left_out[:, F])[0, 1] > 0.999
    assert found.influence[:, F].std() == pytest.approx(left_out[:, F].std(), rel=0.03)


def test_a_fixed_system_brings_no_spread_and_no_doubt_of_it(drawn):
    fixed, varied = runs.look(drawn[0][:1], F1), runs.look(drawn[1], F1)
    spread = runs.spread_of(varied, F)
    alone = crossed.compare(fixed, varied, F, (runs.FIXED, spread))
    both = crossed.compare(fixed, varied, F, (spread, spread))
    assert both.high - both.low > alone.high - alone.low
    assert alone.value == both.value == pytest.approx(float(varied.mean[F] - fixed.mean[F]))


def test_needed_documents_and_runs_have_the_error_that_is_wanted():
    error = runs.Error(documents=0.0004, runs=0.0002, crossed=0.0001, freedom=30)
    # With twice the documents the first part is half as large; with twice the runs the second and third are.
    assert crossed.needed(error, np.sqrt(0.0002 + 0.0002), 100) == 100 * 0.0004 / 0.0002
    assert crossed.needed_runs(error, np.sqrt(0.0003 + 0.00015), 5) == 10
    assert crossed.needed(error, np.sqrt(0.0002), 100) is None  # runs alone vary as much
    assert crossed.needed_runs(error, np.sqrt(0.0003), 5) is None  # documents alone do


def test_difference_agrees_with_another_implementation(drawn, shared):
    """The reference in numpy, where two systems have as many runs and share the mean of their spreads."""
    sys.path.append(str(shared / "bench"))
    import statistics_reference as other

    def pairs(tables):
        return [np.array([2 * t[:, 0] for t in tables]), np.array([t[:, 1] + t[:, 3] for t in tables])]

    one, two = (runs.look(tables, F1) for tables in drawn)
    # With the spread of five earlier runs of one of them, for one run of each.
    random = np.random.default_rng(8)
    earlier = [rows(random, drawn[0][0][:, 3].astype(int), 0.7) for _ in range(5)]
    known = runs.spread_of(runs.look(earlier, F1), F)
    found = crossed.compare(*(runs.look(t[:1], F1) for t in drawn), F, (known, known))
    theirs = other.runs(pairs(drawn[0][:1]), pairs(drawn[1][:1]), pairs(earlier))
    assert found.value == pytest.approx(theirs[0])
    error = (found.high - found.low) / student_t.ppf(0.975, found.freedom)
    assert error == pytest.approx((theirs[2] - theirs[1]) / student_t.ppf(0.975, theirs[4]), rel=1e-6)
    assert found.p == pytest.approx(2 * student_t.cdf(-found.value / (error / 2), found.freedom))
    assert found.freedom < theirs[4]  # by shares of the variance, not by their squares
    # Three against three: the same error, with fewer degrees of freedom.
    found = crossed.compare(one, two, F, (runs.spread_of(one, F), runs.spread_of(two, F)))
    theirs = other.runs(pairs(drawn[0]), pairs(drawn[1]))
    assert found.value == pytest.approx(theirs[0])
    error = (found.high - found.low) / student_t.ppf(0.975, found.freedom)
    assert error == pytest.approx((theirs[2] - theirs[1]) / student_t.ppf(0.975, theirs[4]), rel=1e-6)
    assert found.freedom < theirs[4]


def test_degrees_of_freedom_are_those_of_documents_and_runs_by_their_shares():
    """Documents 3 and runs 2 - 1, of 21 documents and three runs against one: 2 is half of 4."""
    spread = runs.Spread(between=1.5, crossed=0.75, runs=3)
    error = runs.make_error(3.0, 21, [(spread, 3), (spread, 1)])
    assert (error.documents, error.runs, error.crossed) == pytest.approx((3, 1, 1))
    # Of three runs, with 2 degrees, the share counts 1 + 2 / 2³ = 1.25 times: 2.5 of 4.5.
    assert error.freedom == pytest.approx(1 / (2 / 4.5 / 20 + 2.5 / 4.5 / 2))
    assert runs.make_error(3.0, 21, [(runs.FIXED, 1), (runs.FIXED, 1)]).freedom == 20


@pytest.mark.parametrize("number", [2, 3, 5])
@pytest.mark.parametrize("spread", [1.0, 4.0, 16.0])
def test_the_spread_of_few_runs_passes_for_that_of_one_run_of_another_system(number, spread):
    """4,000 equal pairs of `number` runs against one: three standard errors of 6 % are 1.1 points.

    Chance is normal, `spread` that of runs as a multiple of that of documents: nothing but the degrees of
    freedom decides. By Satterthwaite's 12, 7.5 and 5.8 % are told apart where runs differ 16 times as much.
    """
    random = np.random.default_rng(number)
    own = spread / (1 + 1 / number)
    alarms = 0
    for between in own * random.chisquare(number - 1, 4000) / (number - 1):
        told = runs.Spread(between, 0.0, number)
        error = runs.make_error(random.chisquare(199) / 199, 200, [(told, number), (told, 1)])
        alarms += crossed.two_sided(random.normal(0, np.sqrt(1 + spread)), error, 200) <= 0.05
    assert 0.02 < alarms / 4000 <= 0.071


@pytest.mark.parametrize("sides", [(2, 5), (2, 9), (2, 20), (3, 9)])
@pytest.mark.parametrize("spread", [1.0, 16.0])
def test_two_runs_against_many_seldom_pass_for_another_system(sides, spread):
    """As above, with a spread of each system's own: by what few runs show alone up to 11 % are told apart."""
    random = np.random.default_rng(sides[1])
    own = spread / sum(1 / number for number in sides)
    alarms = 0
    for _ in range(4000):
        told = [
            runs.Spread(own * random.chisquare(number - 1) / (number - 1), 0.0, number) for number in sides
        ]
        error = runs.make_error(random.chisquare(199) / 199, 200, list(zip(told, sides, strict=True)))
        alarms += crossed.two_sided(random.normal(0, np.sqrt(1 + spread)), error, 200) <= 0.05
    assert alarms / 4000 <= 0.071


def test_a_system_whose_runs_are_all_alike_takes_no_certainty_from_another():
    """Its two runs do not vary: what varies is known from the nine of the other, with 8 degrees."""
    alike, varying = runs.Spread(0.0, 0.0, 2), runs.Spread(9.0, 0.0, 9)
    error = runs.make_error(0.0, 50, [(alike, 2), (varying, 9)])
    assert error.freedom == pytest.approx(8)


@pytest.mark.parametrize("sides", [(3, 3), (5, 1)])
def test_equal_systems_are_seldom_told_apart_and_the_gate_stays_open(sides):
    """900 pairs with runs of 0, 1 and 2 points: three standard errors of a rate of 5 % are 2.2 points."""
    rates = [simulate(Case(50, *sides, spread), 300, seed=11) for spread in (0.0, 0.01, 0.02)]
    assert np.mean([rate.apart for rate in rates]) <= 0.072
    assert np.mean([rate.shut for rate in rates]) <= 0.072


@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_a_true_loss_of_the_margin_is_found_at_the_power_that_is_stated(spread):
    rates = simulate(Case(50, 5, 5, spread, loss=0.05), 300, seed=12)
    assert rates.shut == pytest.approx(rates.power, abs=0.09)  # three standard errors of the first
    assert rates.shut > 0.5


def test_a_test_over_documents_alone_takes_a_lucky_run_for_a_better_system():
    """What this is all for: with 2 points between runs it tells equal systems apart far too often."""
    rates = simulate(Case(50, 3, 3, 0.02), 150, seed=13, alone=True)
    assert rates.alone > 0.15
    assert rates.apart < 0.11
