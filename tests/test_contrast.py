"""Two systems on the same documents: exact where it can be counted, None where nothing can be said."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics.contrast import (
    differences,
    holm,
    loss,
    one_sided,
    pair,
    randomise,
    two_sided,
)
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.power import FEW, needed
from goldwire.eval.statistics.resample import subtract

RECALL = estimator(parse("entity")).only(FIGURES.index("recall"))
share = RECALL.values


def found(hits, of):
    """A document's counts: so many found of gold's, nothing spurious."""
    return [hits, hits, hits, of]


def make(gains, base=3, of=10):
    """Two systems: the second finds `gains[k]` more than the first in document k, of ten."""
    return pair([found(base, of)] * len(gains), [found(base + gain, of) for gain in gains])


pairs_of_counts = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda t: (found(t[0], 4), found(t[1], 4))),
    min_size=2,
    max_size=8,
)


@given(pairs_of_counts)
def test_randomisation_approaches_the_count_over_all_swaps(items):
    first, second = (np.array([item[k] for item in items], float) for k in (0, 1))
    change = subtract(share)
    observed = change(np.hstack([first.sum(0), second.sum(0)]))[0]
    exact = []
    for swaps in itertools.product([False, True], repeat=len(items)):
        mask = np.array(swaps)[:, None]
        one, two = np.where(mask, second, first), np.where(mask, first, second)
        exact.append(change(np.hstack([one.sum(0), two.sum(0)]))[0])
    expected = np.mean(np.abs(exact) >= abs(observed) - 1e-9)
    drawn = randomise(pair(first, second), share, trials=4000, seed=1)[:, 0]
    # Five standard errors of a share over 4000 trials, and the observed one that is counted in.
    assert two_sided(observed, drawn) == pytest.approx(expected, abs=5 * 0.5 / 4000**0.5 + 1 / 4000)


def test_two_documents_cannot_show_anything():
    # Swapping both or neither gives the difference found: at least half of all swaps are as extreme.
    [told] = differences(make([5, 5]), RECALL)
    assert told.p == pytest.approx(0.5, abs=0.06)


def test_a_difference_in_every_one_of_ten_documents_is_one_in_512():
    [told] = differences(make([2] * 10), RECALL, trials=20_000)
    assert told.p == pytest.approx(2 / 1024, abs=1.5e-3)
    assert told.interval.value == pytest.approx(0.2)


def test_equal_outputs_differ_by_nothing():
    [told] = differences(make([0] * 8), RECALL)
    assert told.interval.value == 0
    assert told.p == told.p_bootstrap == 1
    assert told.needed is None


def test_equal_outputs_may_differ_on_documents_not_seen():
    # The interval of what was seen alone has no width: it allows for a document on which they disagree.
    [told] = differences(make([0] * 8), RECALL)
    [seen] = differences(make([0] * 8), RECALL, method="percentile")
    assert told.interval.low < 0 < told.interval.high
    assert seen.interval[:3] == (0, 0, 0)


def test_exchanging_the_systems_changes_the_sign():
    random = np.random.default_rng(0)
    rows, other = ([found(hits, 9) for hits in random.integers(0, 9, 30)] for _ in range(2))
    [there], [back] = differences(pair(rows, other), RECALL), differences(pair(other, rows), RECALL)
    assert there.interval.value == -back.interval.value
    assert there.p == pytest.approx(back.p, abs=0.08)
    assert there.interval.low == pytest.approx(-back.interval.high, abs=0.02)


def test_an_undefined_value_has_no_test():
    [told] = differences(pair([found(0, 0)] * 5, [found(1, 2)] * 5), RECALL)
    assert told == (told.interval, None, None, None, None, None)
    assert told.interval[:3] == (None, None, None)


def test_undefined_trials_are_no_evidence():
    assert two_sided(0.5, np.array([np.nan, 0.0, 0.0])) == 2 / 4
    assert one_sided(-0.5, np.array([np.nan, 0.0, 0.0])) == 2 / 4


def test_the_paired_bootstrap_agrees_with_randomisation_on_many_documents():
    random = np.random.default_rng(5)
    first, second = random.binomial(10, 0.70, 400), random.binomial(10, 0.68, 400)
    [told] = differences(pair(*([found(n, 10) for n in side] for side in (first, second))), RECALL)
    assert told.p == pytest.approx(told.p_bootstrap, abs=0.03)


# ---------------------------------------------------------------- Holm
def test_holm_by_hand():
    # Four tests, ascending: 4 x .01 = .04, 3 x .02 = .06, 2 x .03 = .06, 1 x .04 = .04 raised to .06.
    assert holm([0.02, 0.01, 0.04, 0.03]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(values):
    adjusted = holm(values)
    assert all(p <= a <= min(1, p * len(values)) + 1e-12 for p, a in zip(values, adjusted, strict=True))
    assert [a for _, a in sorted(zip(values, adjusted, strict=True))] == sorted(adjusted)


# ---------------------------------------------------------------- power
def test_what_is_needed_is_that_of_the_textbook():
    # z of .975 is 1.95996, of .80 is 0.84162. Of a small difference the null varies as the pair does:
    # 100 x (2.80158 x .01 / .001)^2 documents.
    assert needed(0.01**2, 0.001, 100, 100) == pytest.approx(100 * 28.0158**2, rel=1e-2)
    # Of a large one, the null has the difference in it: 100 x (1.95996 x sqrt(.01^2 + .03^2 / 100) +
    # .84162 x .01)^2 / .03^2 = 100 x (.020463 + .008416)^2 / .0009.
    assert needed(0.01**2, 0.03, 100, 100) == pytest.approx(92.7, abs=1)


def test_as_many_documents_as_needed_show_the_difference():
    """Counted: pairs of as many documents are drawn, and tested."""
    [told] = differences(make([-3, 0, 2, 0, 0, -1, 1, -1, 0, 0] * 5), RECALL)
    random, shown = np.random.default_rng(1), 0
    for seed in range(200):
        gains = random.choice([-3, 0, 2, 0, 0, -1, 1, -1, 0, 0], told.needed)
        [again] = differences(make(gains), RECALL, trials=20, swaps=400, seed=seed)
        shown += again.p <= 0.05
    # 80 %, and three standard errors of a share of 200.
    assert shown / 200 == pytest.approx(0.8, abs=3 * (0.8 * 0.2 / 200) ** 0.5)


def test_no_plan_asks_for_so_few_documents_that_they_are_no_evidence(root):
    row = next(
        line
        for line in (root / "docs/size.md").read_text().splitlines()
        if "a first look, no evidence" in line
    )
    assert row.startswith(f"| {FEW} or fewer |")
    # A difference of a hundred standard errors would be seen on few documents.
    assert needed(0.001**2, 0.1, 100, 100) == FEW + 1
    [told] = loss(make([0, 1] * 20), RECALL, 0.25)
    assert told.needed == FEW + 1


# ---------------------------------------------------------------- loss
def verdict(gains, margin):
    [told] = loss(make(gains), RECALL, margin)
    return told.verdict


def test_a_clear_loss_fails_and_a_clear_gain_passes():
    assert verdict([-2, -3] * 10, 0.01) == "fail"
    assert verdict([2, 3] * 10, 0.01) == "pass"


def test_a_real_loss_within_the_margin_passes():
    assert verdict([-1, 0] * 20, 0.0) == "fail"
    assert verdict([-1, 0] * 20, 0.1) == "pass"


def test_noise_warns():
    assert verdict([-3, 3, -2, 2, -1, 0], 0.01) == "warn"


def test_a_loss_in_too_few_documents_warns():
    assert verdict([-3, -2], 0.01) == "warn"


def test_equal_outputs_pass_even_with_no_margin_and_one_document():
    assert verdict([0] * 10, 0.0) == "pass"
    assert verdict([0], 0.0) == "pass"


def test_an_undefined_value_warns():
    [told] = loss(pair([found(0, 0)] * 5, [found(1, 2)] * 5), RECALL, 0.01)
    assert told == ("warn", None, None, None, None, 0.01, None, None)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=20), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_wider_margin_is_never_stricter(gains, margin, more):
    order = ["fail", "warn", "pass"]
    [one], [other] = (loss(make(gains), RECALL, m, trials=100) for m in (margin, margin + more))
    assert order.index(one.verdict) <= order.index(other.verdict)


def test_the_documents_needed_raise_the_power_to_80_percent():
    gains = [-1, 1, 0, 0, 1, -1, 0, 1] * 5
    [told] = loss(make(gains), RECALL, 0.005)
    [again] = loss(make(gains * round(told.needed / len(gains))), RECALL, 0.005)
    assert told.power < 0.5
    assert again.power == pytest.approx(0.8, abs=0.05)
