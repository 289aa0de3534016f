"""Two systems on the same documents: exact where it can be counted, None where nothing can be said."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.statistics.contrast import (
    FEW,
    detectable,
    differences,
    holm,
    loss,
    needed,
    one_sided,
    pair,
    randomise,
    subtract,
    two_sided,
)

pairs_of_counts = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda t: ([t[0], 4], [t[1], 4])),
    min_size=2,
    max_size=8,
)


def share(sums):
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., :1] / sums[..., 1:]


def make(gains, base=3, of=10):
    """Two systems: the second finds `gains[k]` more than the first in document k, of ten."""
    return pair([[base, of]] * len(gains), [[base + gain, of] for gain in gains])


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
    [found] = differences(make([5, 5]), share)
    assert found.p == pytest.approx(0.5, abs=0.06)


def test_a_difference_in_every_one_of_ten_documents_is_one_in_512():
    [found] = differences(make([2] * 10), share, trials=20_000)
    assert found.p == pytest.approx(2 / 1024, abs=1.5e-3)
    assert found.interval[:3] == pytest.approx((0.2, 0.2, 0.2))


def test_equal_outputs_differ_by_nothing():
    [found] = differences(make([0] * 8), share)
    assert found.interval[:3] == (0, 0, 0)
    assert found.p == found.p_bootstrap == 1
    assert found.error == 0
    assert (found.detectable, found.needed) == (None, None)


def test_documents_that_do_not_vary_do_not_tell_what_they_could_show():
    [found] = differences(make([2] * 10), share)
    assert found.error == pytest.approx(0, abs=1e-12)
    assert found.detectable is None


def test_exchanging_the_systems_changes_the_sign():
    rows = np.random.default_rng(0).integers([0, 9], [9, 18], (30, 2))
    other = np.random.default_rng(1).integers([0, 9], [9, 18], (30, 2))
    [there], [back] = differences(pair(rows, other), share), differences(pair(other, rows), share)
    assert there.interval.value == -back.interval.value
    assert there.p == pytest.approx(back.p, abs=0.08)
    assert there.error == pytest.approx(back.error, rel=0.15)


def test_an_undefined_value_has_no_test():
    [found] = differences(pair([[0, 0]] * 5, [[1, 2]] * 5), share)
    assert found == (found.interval, None, None, None, None, None)
    assert found.interval[:3] == (None, None, None)


def test_undefined_trials_are_no_evidence():
    assert two_sided(0.5, np.array([np.nan, 0.0, 0.0])) == 2 / 4
    assert one_sided(-0.5, np.array([np.nan, 0.0, 0.0])) == 2 / 4


def test_the_paired_bootstrap_agrees_with_randomisation_on_many_documents():
    random = np.random.default_rng(5)
    first = random.binomial(10, 0.70, 400)
    second = random.binomial(10, 0.68, 400)
    [found] = differences(pair(np.stack([first, [10] * 400], 1), np.stack([second, [10] * 400], 1)), share)
    assert found.p == pytest.approx(found.p_bootstrap, abs=0.03)
    # Two independent shares of 4000: the standard error of their difference by the textbook.
    assert found.error == pytest.approx((0.7 * 0.3 / 4000 + 0.68 * 0.32 / 4000) ** 0.5, rel=0.15)


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
def test_the_detectable_difference_is_that_of_the_textbook():
    # z of .975 is 1.95996, of .80 is 0.84162: together 2.80158 standard errors.
    assert detectable(1.0, 10**6) == pytest.approx(2.80158, abs=1e-4)
    # With 10 documents, t of 9 degrees of freedom: 2.26216 and 0.88340.
    assert detectable(1.0, 10) == pytest.approx(3.14556, abs=1e-4)


def test_as_many_documents_as_needed_make_the_difference_detectable():
    documents = needed(0.02, 0.03, 50)
    assert detectable(0.02 * (50 / documents) ** 0.5, documents) == pytest.approx(0.03, rel=0.02)


def test_no_plan_asks_for_so_few_documents_that_they_are_no_evidence(root):
    row = next(
        line
        for line in (root / "docs/size.md").read_text().splitlines()
        if "a first look, no evidence" in line
    )
    assert row.startswith(f"| {FEW} or fewer |")
    # A difference of a hundred standard errors would be seen on two documents.
    assert needed(0.001, 0.1, 100) == FEW + 1
    [found] = loss(make([0, 1] * 20), share, 0.5)
    assert found.needed == FEW + 1


# ---------------------------------------------------------------- loss
def verdict(gains, margin):
    [found] = loss(make(gains), share, margin)
    return found.verdict


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
    [found] = loss(pair([[0, 0]] * 5, [[1, 2]] * 5), share, 0.01)
    assert found == ("warn", None, None, None, None, 0.01, None, None)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=20), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_wider_margin_is_never_stricter(gains, margin, more):
    order = ["fail", "warn", "pass"]
    [one], [other] = (loss(make(gains), share, m, trials=100) for m in (margin, margin + more))
    assert order.index(one.verdict) <= order.index(other.verdict)


def test_the_documents_needed_raise_the_power_to_80_percent():
    gains = [-1, 1, 0, 0, 1, -1, 0, 1] * 5
    [found] = loss(make(gains), share, 0.005)
    [again] = loss(make(gains * round(found.needed / len(gains))), share, 0.005)
    assert found.power < 0.5
    assert again.power == pytest.approx(0.8, abs=0.05)
