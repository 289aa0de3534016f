"""Simulation of judges corrected by little gold: bias, coverage, and what they gain, against full gold.

    python benchmarks/judge.py [--repeats 4000] [--write docs/evidence/judge.md]

A system has rows of counts by gold; a judge is simulated upon them unit by unit, with chances of its own to
take a right unit for right, a wrong one for right, to name what is missed, and what is not there. 60
documents have gold and 2,000 the judge alone. Documents are drawn with replacement, from shapes (see
worlds.py) or from the documents of data sets beside the checkout, so that the truth is F of all that could be
drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from worlds import MICRO, F, Shape, plain, to_rows, truth

from goldwire.corpora.formats.tags import decode
from goldwire.eval.statistics.predicted import Corrected, Tables, correct

GOLD, OTHERS = 60, 2000  # documents with gold, and judged alone
CHUNK = 10  # sentences of a data set that are a document here
Table = NDArray[np.float64]


class Critic(NamedTuple):
    """Chances of a judge: a right unit judged right, a wrong one judged right, a missed one named; and units
    that it names and that are not there, for each unit of the system."""

    name: str
    right: float
    wrong: float
    missed: float
    invented: float


CRITICS = (
    Critic("good", 0.98, 0.08, 0.85, 0.01),
    Critic("too kind", 0.97, 0.25, 0.6, 0.02),
    Critic("poor", 0.8, 0.5, 0.3, 0.1),
)
SHAPES = (
    Shape(),
    Shape("independent", "varied", 0.9),
    Shape("clustered", "heavy"),
    Shape("1 in 10 bad", "varied"),
    Shape("1 in 20 bad", "heavy", 0.95),
)


def judge(random: np.random.Generator, rows: Table, critic: Critic) -> Table:
    """The rows of a system as a judge sees it."""
    hits, found, _, gold = rows.T.astype(int)
    taken = random.binomial(hits, critic.right) + random.binomial(found - hits, critic.wrong)
    named = random.binomial(gold - hits, critic.missed) + random.poisson(critic.invented * found)
    return to_rows(taken, found - taken, taken + named)


class World(NamedTuple):
    """Where rows of documents are drawn from, and the true F1."""

    name: str
    draw: Callable[[np.random.Generator, int], Table]
    truth: float


def worlds() -> Iterator[World]:
    """The shapes, and the data sets that are there."""
    for shape in SHAPES:
        yield World(str(shape), partial(_of_shape, shape), truth("micro", shape)[F])
    for name, rows in data_sets():
        value = MICRO.values(rows.sum(axis=0))[F]
        yield World(name, partial(_of_rows, rows), float(value))


def _of_shape(shape: Shape, random: np.random.Generator, number: int) -> Table:
    return plain(random, shape, number)


def _of_rows(rows: Table, random: np.random.Generator, number: int) -> Table:
    return rows[random.integers(len(rows), size=number)]


# ---------------------------------------------------------------- data sets
def data_sets() -> Iterator[tuple[str, Table]]:
    """Rows of the two published systems of WNUT-17's test set, ten tweets a document."""
    root = Path(os.environ.get("GOLDWIRE_SHARED", Path(__file__).parents[2] / "shared"))
    folder = root / "data" / "wnut17"
    if not folder.is_dir():
        return
    gold = [units(part) for part in sentences(folder / "emerging.test.annotated")]
    for system in ("arcada", "flytxt"):
        found = [units(part) for part in sentences(folder / system)]
        pairs = zip(gold, found, strict=True)
        counts = np.array([[len(g & f), len(f), len(g & f), len(g)] for g, f in pairs])
        chunks = [counts[i : i + CHUNK].sum(axis=0) for i in range(0, len(counts), CHUNK)]
        yield f"WNUT-17, {system}", np.array(chunks, np.float64)


def sentences(path: Path) -> list[list[str]]:
    """The tags of each sentence."""
    found: list[list[str]] = [[]]
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            found[-1].append(line.split()[-1])
        elif found[-1]:
            found.append([])
    return [part for part in found if part]


def units(tags: list[str]) -> set[Any]:
    return set(decode(tags, "IOB2", "conlleval"))


# ---------------------------------------------------------------- repeats
class Seen(NamedTuple):
    """What came of the repeats of one world and judge: shares of one, but coverage."""

    world: str
    critic: str
    truth: float
    alone: float
    corrected: float
    gold_deviation: float
    deviation: float
    covered: float
    gold_covered: float
    width: float
    gold_width: float


def repeat(world: World, critic: Critic, repeats: int, seed: int) -> Seen:
    """Draw, judge and correct so often."""
    random = np.random.default_rng(seed)
    found = [_once(random, world, critic, number) for number in range(repeats)]

    def of(get: Callable[[Corrected], Any]) -> Table:
        return np.array([get(one) for one in found], np.float64)

    corrected, by_gold = of(lambda one: one.corrected[:3]), of(lambda one: one.gold[:3])
    return Seen(
        world.name,
        critic.name,
        world.truth,
        float(of(lambda one: one.judged).mean()) - world.truth,
        float(corrected[:, 0].mean()) - world.truth,
        float(by_gold[:, 0].std()),
        float(corrected[:, 0].std()),
        _covered(corrected, world.truth),
        _covered(by_gold, world.truth),
        float((corrected[:, 2] - corrected[:, 1]).mean()),
        float((by_gold[:, 2] - by_gold[:, 1]).mean()),
    )


def _once(random: np.random.Generator, world: World, critic: Critic, seed: int) -> Corrected:
    rows = world.draw(random, GOLD + OTHERS)
    judged = judge(random, rows, critic)
    return correct(Tables(rows[:GOLD], judged[:GOLD], judged[GOLD:]), MICRO, seed=seed)[F]


def _covered(ends: Table, value: float) -> float:
    return float(((ends[:, 1] <= value) & (value <= ends[:, 2])).mean())


HEAD = (
    "documents",
    "judge",
    "true F",
    "judge alone is off by",
    "corrected is off by",
    "standard deviation: gold alone",
    "corrected",
    "covered by 95 % intervals: corrected",
    "gold alone",
    "width: corrected",
    "gold alone",
)
ABOUT = (
    "# A judge corrected by little gold\n\n"
    "Written by `benchmarks/judge.py`: {gold} documents with gold, {others:,} judged alone, {repeats:,} "
    "repeats each; points of F1. The judges are simulated: none is a language model. A coverage near 95 % is "
    "known to {error:.1f} points.\n"
)


def page(seen: list[Seen], repeats: int) -> str:
    """The page of evidence."""
    error = 196 * (0.95 * 0.05 / repeats) ** 0.5
    rows = [HEAD, ("---",) * len(HEAD), *map(_cells, seen)]
    about = ABOUT.format(gold=GOLD, others=OTHERS, repeats=repeats, error=error)
    return "\n".join([about, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _cells(one: Seen) -> tuple[str, ...]:
    value, alone, corrected, *rest = (100 * figure for figure in one[2:])
    shown = (f"{value:.1f}", f"{alone:+.1f}", f"{corrected:+.2f}", *(f"{figure:.1f}" for figure in rest))
    return (one.world, one.critic, *shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    seen = []
    for world in worlds():
        for critic in CRITICS:
            seen.append(repeat(world, critic, asked.repeats, asked.seed))
            print(seen[-1], file=sys.stderr, flush=True)
    text = page(seen, asked.repeats)
    if asked.write:
        asked.write.write_text(text, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
