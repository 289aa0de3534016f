"""Simulation of the estimate of gold's errors: how often its interval covers the truth.

    python benchmarks/controls.py [--corpora 2000] [--seed 7]

Gold of so many units, of which some are doubted and all of these decided, and a number of controls drawn
from the rest; errors are where chance puts them. Printed: the share of corpora in which the interval covers
the number of errors that there are, and its mean width as a share of the units.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np

from goldwire.eval.doubts.estimate import Stratum, errors


class World(NamedTuple):
    """Units and doubts, the share of errors among doubts and among all others, and how many controls."""

    units: int
    doubts: int
    doubted: float
    rest: float
    controls: int


WORLDS = (
    World(3000, 200, 0.5, 0.005, 86),
    World(3000, 200, 0.6, 0.01, 86),
    World(3000, 200, 0.5, 0.02, 86),
    World(3000, 200, 0.5, 0.03, 150),
    World(1000, 100, 0.6, 0.05, 43),
    World(1000, 100, 0.6, 0.05, 100),
    World(10000, 200, 0.7, 0.02, 300),
    World(5000, 200, 0.5, 0.10, 86),
)


class Covered(NamedTuple):
    """The share of corpora whose truth was covered, and the mean width of the interval."""

    share: float
    width: float


def measure(world: World, corpora: int, seed: int) -> Covered:
    """How often the interval covers the truth."""
    random, covered, width = np.random.default_rng(seed), 0, 0.0
    rest = world.units - world.doubts
    for number in range(corpora):
        doubted = int(random.binomial(world.doubts, world.doubted))
        truth = int(random.binomial(rest, world.rest))
        seen = int(random.hypergeometric(truth, rest - truth, world.controls))
        found = errors(
            [Stratum(world.doubts, world.doubts, doubted), Stratum(rest, world.controls, seen)], number
        )
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= doubted + truth <= found.high
        width += (found.high - found.low) / world.units
    return Covered(covered / corpora, width / corpora)


def main() -> None:
    """Print what each world gives, and the mean."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpora", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    found = [measure(world, given.corpora, given.seed) for world in WORLDS]
    for world, one in zip(WORLDS, found, strict=True):
        print(f"{world}: covered {one.share:.3f}, width {one.width:.3f}")
    print(f"mean: {np.mean([one.share for one in found]):.3f}")


if __name__ == "__main__":
    main()
