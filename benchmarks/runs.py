"""Simulated runs of systems: does a lucky run pass for a better system, and is a real loss found?

Two equal systems of which each run has an effect of its own, of 0, 1 or 2 points of F1: how often they are
told apart, by the test over documents and runs, and by that over documents alone; how often the gate is shut;
and how often a true loss of the margin shuts it, beside the power that was stated.
Run: python benchmarks/runs.py

A corpus is drawn anew for each pair. Systems share half of their decisions, runs of one system seven in ten.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import contrast, crossed, runs
from goldwire.eval.statistics.figures import FIGURES, estimator, prf
from goldwire.eval.statistics.power import ALPHA

Counts = NDArray[np.float64]
UNITS, RECALL, SPURIOUS = 10.0, 0.65, 0.25  # gold units a document; spurious ones are per gold unit
SHARED, SAME = 0.5, 0.7  # decisions that systems share, and that runs of one system share
F1, F = estimator(parse("entity")), FIGURES.index("f")


class Case(NamedTuple):
    """So many documents, and runs of each system; where the second has one, the first's tell its spread.

    `spread` is that of F1 between runs, `loss` what the second truly lost, `margin` that of the gate.
    """

    documents: int
    first: int
    second: int
    spread: float
    loss: float = 0.0
    margin: float = 0.05


class Rates(NamedTuple):
    """Shares of pairs: told apart over documents and runs, over documents of the first runs alone, gate shut.

    `power` is the mean that the gate stated.
    """

    apart: float
    alone: float
    shut: float
    power: float


def f1_of(recall: float) -> float:
    """F1 where so much is found."""
    return 2 * recall / (1 + recall + SPURIOUS)


def recall_of(f1: float) -> float:
    """What must be found for this F1."""
    return f1 * (1 + SPURIOUS) / (2 - f1)


def draw(random: np.random.Generator, case: Case) -> tuple[list[Counts], list[Counts]]:
    """The counts of the runs of two systems on one new corpus."""
    gold = random.poisson(UNITS, case.documents)
    owner = np.repeat(np.arange(case.documents), gold)
    easier = random.normal(0, 0.1, case.documents)[owner]
    common = random.random(len(owner))

    def system(number: int, loss: float) -> list[Counts]:
        own = np.where(random.random(len(owner)) < SHARED, common, random.random(len(owner)))
        effects = random.normal(f1_of(RECALL) - loss, case.spread, number)
        return [_run(random, gold, owner, own, easier + recall_of(effect)) for effect in effects]

    return system(case.first, 0.0), system(case.second, case.loss)


def _run(
    random: np.random.Generator,
    gold: NDArray[np.int64],
    owner: NDArray[np.int64],
    own: Counts,
    chance: Counts,
) -> Counts:
    decided = np.where(random.random(len(owner)) < SAME, own, random.random(len(owner)))
    hits = np.bincount(owner, decided < chance, len(gold))
    return np.stack([hits, hits + random.poisson(SPURIOUS * gold), hits, gold], axis=1).astype(np.float64)


def simulate(case: Case, pairs: int, seed: int, *, alone: bool = False) -> Rates:
    """Judge as many pairs of systems; `alone` tests the first runs over documents too."""
    random = np.random.default_rng(seed)
    apart, by_documents, shut, power = [], [], [], []
    for _ in range(pairs):
        first, second = draw(random, case)
        one, two = runs.look(first, F1), runs.look(second, F1)
        known = runs.spread_of(one, F)
        assert known is not None
        spreads = known, runs.spread_of(two, F) or known
        value, error = crossed.difference(one, two, F, spreads)
        assert value is not None and error is not None  # noqa: PT018 - F1 is defined, of many documents
        apart.append(crossed.two_sided(value, error, case.documents) <= ALPHA)
        found = crossed.loss(one, two, F, spreads, case.margin)
        shut.append(found.verdict == "fail")
        power.append(found.power or 0.0)
        if alone:
            by_documents.append(_p_of_documents(first[0], second[0]) <= ALPHA)
    return Rates(*(float(np.mean(part)) if part else np.nan for part in (apart, by_documents, shut, power)))


def _p_of_documents(first: Counts, second: Counts) -> float:
    pairs = contrast.pair(first, second)
    swapped = contrast.randomise(pairs, prf, trials=1000)
    change = float(prf(second.sum(axis=0))[F] - prf(first.sum(axis=0))[F])
    return contrast.two_sided(change, swapped[:, F])


HEAD = """| documents | runs | spread | equal: apart | documents alone | shut | lost: shut | stated |
|---:|---|---:|---:|---:|---:|---:|---:|"""


BEGIN, END = "<!-- written by benchmarks/runs.py -->", "<!-- end -->"


def rows(pairs: int, margin: float) -> Iterator[str]:
    """The lines of the table."""
    for documents in (50, 200):
        for first, second in ((3, 3), (5, 5), (9, 2), (5, 1), (3, 1)):
            for spread in (0.0, 0.01, 0.02):
                case = Case(documents, first, second, spread, margin=margin)
                equal = simulate(case, pairs, seed=documents, alone=True)
                worse = simulate(case._replace(loss=margin), pairs, seed=documents + 1)
                shares = (equal.apart, equal.alone, equal.shut, worse.shut, worse.power)
                told = " | ".join(f"{share:.1%}" for share in shares)
                yield f"| {documents} | {first} vs {second} | {100 * spread:g} | {told} |"


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--margin", type=float, default=0.05)
    parser.add_argument("--write", type=Path, help="put the table into this page, between its marks")
    chosen = parser.parse_args(arguments)
    table = [f"{chosen.pairs:,} pairs a line, margin {100 * chosen.margin:g} points, alpha 5 %.", "", HEAD]
    print("\n".join(table))
    for line in rows(chosen.pairs, chosen.margin):
        print(line, flush=True)
        table.append(line)
    if chosen.write is not None:
        before, _, rest = chosen.write.read_text(encoding="utf-8").partition(BEGIN)
        text = "\n".join([BEGIN, *table, END])
        chosen.write.write_text(f"{before}{text}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
