"""Intervals against scipy.stats.bootstrap, an implementation of the same definitions by others."""

import numpy as np
import pytest
from scipy import stats

from goldwire.eval.statistics.resample import collect, intervals

TRIALS = 20_000
# Half the share of resamples beyond an end has a standard error of sqrt(.025 x .975 / 20000) = .0011; at the
# density of these distributions that moves an end by less than a hundredth of the interval's width.
TOLERANCE = 0.03


def share(sums):
    return sums[..., :1] / sums[..., 1:]


@pytest.mark.parametrize(("method", "theirs"), [("percentile", "percentile"), ("bca", "BCa")])
@pytest.mark.parametrize("seed", range(4))
def test_ends_agree_but_for_chance(method, theirs, seed):
    random = np.random.default_rng(seed)
    gold = random.poisson(8, 40) + 1
    rows = np.stack([random.binomial(gold, random.beta(6, 2, 40)), gold], axis=1)
    [ours] = intervals(collect(rows), share, method=method, trials=TRIALS, seed=seed)
    other = stats.bootstrap(
        tuple(rows.T),
        lambda hits, gold, axis: hits.sum(axis=axis) / gold.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=TRIALS,
        batch=1000,
        method=theirs,
        random_state=seed,
    ).confidence_interval
    width = other.high - other.low
    assert ours.low == pytest.approx(other.low, abs=TOLERANCE * width)
    assert ours.high == pytest.approx(other.high, abs=TOLERANCE * width)
