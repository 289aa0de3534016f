"""Alpha for unitizing against its definition, counted character by character; gamma against pygamma.

Krippendorff et al. 2016 give expected coincidences as a formula over lengths. Here they are counted from what
it stands for: all ordered pairs of characters, of whichever person and place, but for pairs within one unit
and a gap's character with itself. The formula is not used.
"""

import json
import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from goldwire.eval.comparison import gamma
from goldwire.eval.comparison.disorder import disorder
from goldwire.eval.comparison.unitizing import Continuum, measure, rows

PEOPLE = "abcd"


def value_of(lengths, **how):
    found = rows(lengths, **how)
    return float(found.statistic(found.table.sum(axis=0))[0])


# ---------------------------------------------------------------- alpha for unitizing
def characters(continuum, home):
    """Each person's characters: value, and what must not be paired with itself."""
    sides = []
    for name, units in continuum.marked.items():
        side = [("", (home, name, "gap", at)) for at in range(continuum.length)]
        for begin, end, type in units:
            side[begin:end] = [(type, (home, name, begin))] * (end - begin)
        sides.append(side)
    return sides


def counted(continua, unlike):
    """1 less the share of unlike pairs at one place by that of unlike pairs anywhere."""
    sides = [characters(one, home) for home, one in enumerate(continua)]
    observed = size = 0.0
    for each in sides:
        for one, other in product(range(len(each)), repeat=2):
            if one != other:
                pairs = zip(each[one], each[other], strict=True)
                observed += sum(unlike(a, b) for (a, _), (b, _) in pairs) / (len(each) - 1)
        size += len(each) * len(each[0])
    everything = [item for each in sides for side in each for item in side]
    pairs = [(a, b) for (a, x), (b, y) in product(everything, repeat=2) if x != y]
    return 1 - (observed / size) / (sum(unlike(a, b) for a, b in pairs) / len(pairs))


def nominal(a, b):
    return a != b


def binary(a, b):
    return (a == "") != (b == "")


def random_continuum(dice):
    """Units that do not overlap, of two to four people."""
    length, marked = dice.randint(6, 24), {}
    for name in PEOPLE[: dice.randint(2, 4)]:
        edges = sorted(dice.sample(range(length + 1), 2 * dice.randint(0, 3)))
        marked[name] = [(b, e, dice.choice("XYZ")) for b, e in zip(edges[::2], edges[1::2], strict=True)]
    return Continuum(length, marked)


@pytest.mark.parametrize("number", range(25))
def test_alpha_is_what_pairs_of_characters_give(number):
    dice = random.Random(number)
    continua = [random_continuum(dice) for _ in range(dice.randint(1, 3))]
    lengths = [measure(one) for one in continua]
    assert value_of(lengths) == pytest.approx(counted(continua, nominal), abs=1e-6)
    assert value_of(lengths, binary=True) == pytest.approx(counted(continua, binary), abs=1e-6)


@pytest.mark.parametrize("number", range(10))
def test_alpha_of_one_type_is_that_of_texts_in_which_the_others_are_not_marked(number):
    dice = random.Random(100 + number)
    continua = [random_continuum(dice) for _ in range(2)]
    bare = [
        one._replace(marked={name: [u for u in units if u[2] == "X"] for name, units in one.marked.items()})
        for one in continua
    ]
    assert value_of([measure(one.only("X")) for one in continua]) == pytest.approx(
        counted(bare, nominal), abs=1e-6, nan_ok=True
    )


# ---------------------------------------------------------------- gamma
THEIRS = json.loads(Path(__file__).with_name("gamma.json").read_text(encoding="utf-8"))["cases"]


def sides_of(case):
    number = {"A": 0.0, "B": 1.0, "C": 2.0}
    return [np.array([(b, e, number[t]) for b, e, t in side], dtype=float) for side in case["sides"]]


@pytest.mark.parametrize("case", THEIRS, ids=range(len(THEIRS)))
def test_the_best_alignment_has_the_disorder_that_pygamma_finds(case):
    sides = sides_of(case)
    # It computes in single precision.
    found = disorder(sides) * len(sides) / sum(map(len, sides))
    assert found == pytest.approx(case["disorder"], abs=1e-6)


@pytest.mark.parametrize("case", [case for case in THEIRS if "gamma" in case])
def test_gamma_is_that_of_pygamma(case):
    marked = {str(place): [tuple(unit) for unit in side] for place, side in enumerate(case["sides"])}
    samples = 2000 if len(marked) == 2 else 1000
    found = gamma.rows([Continuum(case["length"], marked)], seed=7, samples=samples)
    assert float(found.statistic(found.table.sum(axis=0))[0]) == pytest.approx(case["gamma"], abs=0.01)
