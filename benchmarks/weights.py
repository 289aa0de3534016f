"""Simulation of scores of drawn gold: what is picked, weighted, against all of a corpus.

    python benchmarks/weights.py [--corpora 1000] [--write docs/evidence/sampling.md]

Two systems read 2,000 documents of a shape (see worlds.py); 100 are drawn, in one of several ways, and
scored. The truth is F1 of the first system on all of them. One picks by how much the systems differ.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from worlds import MICRO, F, Shape, draw_ease, draw_sizes, to_rows

from goldwire.corpora.formats import conll
from goldwire.corpora.formats.conll import Options
from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.types import Annotations, Document, Span
from goldwire.eval.counting.counts import Weights
from goldwire.eval.sampling import design
from goldwire.eval.scoring.weights import Weighting, weights
from goldwire.eval.statistics import contrast
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.power import ALPHA
from goldwire.eval.statistics.resample import collect

SHARED = Path(os.environ.get("GOLDWIRE_SHARED", Path(__file__).parents[2] / "shared"))
DOCUMENTS, DRAWN, BEFORE = 2000, 100, 40
CHANCE = 0.2  # of a picked draw is by chance, so that each document has a probability
STRATA = 4
REPEATS = 2000  # resamples for the interval of a gain
SHAPES = (
    Shape("clustered", "varied"),
    Shape("clustered", "heavy"),
    Shape("1 in 10 bad", "varied"),
    Shape("1 in 20 bad", "varied", level=0.985),
    Shape("long worse", "heavy"),
)
Table, Integers = NDArray[np.float64], NDArray[Any]
NOBODY = np.zeros(0, int)  # documents that were annotated before
CAPITALS = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")


class World(NamedTuple):
    """The rows of both systems, how many units the two differ on, and how many the first found."""

    rows: Table
    second: Table
    differ: Table
    found: Table


def make_world(random: np.random.Generator, shape: Shape) -> World:
    """A corpus with two systems that find it hard alike."""
    gold = draw_sizes(random, shape, DOCUMENTS)
    recall, spurious = draw_ease(random, shape, gold)
    hits, extra = random.binomial(gold, recall), random.poisson(spurious * gold)
    lost, won = random.binomial(hits, 1 - recall), random.binomial(gold - hits, recall)
    more = random.poisson(spurious * gold)
    return World(
        to_rows(hits, extra, gold),
        to_rows(hits - lost + won, more, gold),
        (lost + won + extra + more).astype(float),
        (hits + extra).astype(float),
    )


# ---------------------------------------------------------------- real gold as a pool
class Pool(NamedTuple):
    """Gold that is there for all documents, and two systems on them."""

    name: str
    world: World

    def __str__(self) -> str:
        return f"{self.name}, F {100 * f1(self.world.rows):.1f}"


Units = list[set[tuple[Any, ...]]]


def pools(shared: Path) -> list[Pool]:
    """WNUT-17 with two submissions to its task, and English PUD with two rules of ours."""
    wnut, pud = shared / "data" / "wnut17", shared / "data" / "uner_pud" / "en_pud-ud-test.iob2"
    gold = conll.read([wnut / "emerging.test.annotated"], Options())
    systems = [conll.read([wnut / name], Options(), gold.documents) for name in ("flytxt", "arcada")]
    sentences = conll.read([pud], Options())
    rules = [rule(sentences.documents, first=first) for first in (False, True)]
    return [
        Pool("WNUT-17, flytxt", world_of(*(units(one.annotations) for one in (gold, *systems)))),
        Pool("English PUD, a rule", world_of(units(sentences.annotations), *rules)),
    ]


def units(lines: Iterable[Annotations]) -> Units:
    return [{(m.type, m.spans) for m in line.mentions} for line in lines]


def rule(documents: Iterable[Document], *, first: bool) -> Units:
    """Runs of words with a capital: places behind a preposition, else persons; `first` of a line too."""
    found = []
    for document in documents:
        runs = [one for one in CAPITALS.finditer(document.text) if first or not starts(document.text, one)]
        found.append({(kind(document.text, one), (Span(*one.span()),)) for one in runs})
    return found


def starts(text: str, run: re.Match[str]) -> bool:
    return text[: run.start()].rstrip(' "“')[-1:] in ("", ".", "\n")


def kind(text: str, run: re.Match[str]) -> str:
    before = text[: run.start()].split()[-1:]
    return "LOC" if before and before[0] in ("in", "from", "to", "at", "of") else "PER"


def world_of(gold: Units, first: Units, second: Units) -> World:
    differ = [len(one ^ other) for one, other in zip(first, second, strict=True)]
    rows, others = (_rows(gold, system) for system in (first, second))
    return World(rows, others, np.array(differ, float), rows[:, 1])


def _rows(gold: Units, system: Units) -> Table:
    pairs = zip(gold, system, strict=True)
    return np.array([(hits := len(g & one), len(one), hits, len(g)) for g, one in pairs], float)


# ---------------------------------------------------------------- draws
def name_of(place: int) -> str:
    return f"d{place:05}"


class Taken(NamedTuple):
    """What a draw could take (places of documents), with which probability, and which of these it took."""

    places: Integers
    chance: Table
    numbers: Integers
    strata: Integers | None = None


def sample_of(name: str, taken: Taken, before: Integers) -> Sample:
    """A draw, after documents that were annotated `before`."""
    rank = {int(number): place for place, number in enumerate(taken.numbers, start=1)}
    candidates = tuple(
        Candidate(
            document=name_of(place),
            probability=float(taken.chance[number]),
            rank=rank.get(number),
            stratum="" if taken.strata is None else str(taken.strata[number]),
        )
        for number, place in enumerate(taken.places.tolist())
    )
    earlier = tuple(map(name_of, before.tolist()))
    return Sample(Draw(draw=name, purpose="scoring", how="", made=name, before=earlier), candidates)


def one_draw(random: np.random.Generator, size: Table, before: Integers | None = None) -> list[Sample]:
    """One draw by size, of what was not there before."""
    there = NOBODY if before is None else before
    places = np.setdiff1d(np.arange(len(size)), there)
    chance = design.proportional(size[places], DRAWN, CHANCE)
    return [sample_of("a", Taken(places, chance, design.systematic(chance, random)), there)]


def by_chance(random: np.random.Generator, world: World) -> list[Sample]:
    return one_draw(random, np.ones(len(world.rows)))


def by_found(random: np.random.Generator, world: World) -> list[Sample]:
    return one_draw(random, world.found)


def by_difference(random: np.random.Generator, world: World) -> list[Sample]:
    return one_draw(random, world.differ)


def in_strata(random: np.random.Generator, world: World) -> list[Sample]:
    """From quarters by what was found, as many of each as its spread of differences asks for (Neyman)."""
    size = len(world.rows)
    order = np.argsort(world.found, kind="stable")
    stratum = np.empty(size, int)
    stratum[order] = np.arange(size) * STRATA // size
    spread = np.array([world.differ[stratum == number].std() + 0.5 for number in range(STRATA)])
    there = np.bincount(stratum)
    many = np.clip(np.round(DRAWN * spread / spread.sum()), 2, there).astype(int)
    taken = np.concatenate(
        [random.choice(np.flatnonzero(stratum == n), many[n], replace=False) for n in range(STRATA)]
    )
    chance = (many / there)[stratum]
    return [sample_of("a", Taken(np.arange(size), chance, taken, stratum), NOBODY)]


def twice(random: np.random.Generator, world: World) -> list[Sample]:
    """Half by chance, and half of the rest by difference."""
    everything = np.arange(len(world.rows))
    even = np.full(len(everything), DRAWN / 2 / len(everything))
    first = design.systematic(even, random)
    places = np.setdiff1d(everything, first)
    chance = design.proportional(world.differ[places], DRAWN // 2, CHANCE)
    taken = design.systematic(chance, random)
    return [
        sample_of("a", Taken(everything, even, first), NOBODY),
        sample_of("b", Taken(places, chance, taken), first),
    ]


def after_others(random: np.random.Generator, world: World) -> list[Sample]:
    """By difference, after somebody annotated the longest ones."""
    return one_draw(random, world.differ, np.argsort(-world.found, kind="stable")[:BEFORE])


def for_training(random: np.random.Generator, world: World) -> list[Sample]:
    """Those that the systems differ on most, for certain, and some of the others by chance."""
    found = design.by_value(world.differ, DRAWN, CHANCE, random)
    return [sample_of("a", Taken(np.arange(len(world.rows)), found.probability, found.units), NOBODY)]


DRAWS: dict[str, Callable[[np.random.Generator, World], list[Sample]]] = {
    "by chance": by_chance,
    "by units found": by_found,
    "by difference": by_difference,
    "for training, by difference": for_training,
    "in strata (Neyman)": in_strata,
    "by chance, then by difference": twice,
    f"by difference, {BEFORE} there before": after_others,
}


# ---------------------------------------------------------------- scores
class Scored(NamedTuple):
    """A score less the truth, if the interval has the truth, its width, and the score without weights."""

    error: float
    covers: bool
    width: float
    bare: float


def f1(rows: Table) -> float:
    return float(MICRO.values(rows.sum(axis=0))[F])


def weighed(samples: list[Sample]) -> tuple[list[int], Weights]:
    """Which documents are scored, and what they weigh."""
    ids = sorted({one.document for sample in samples for one in sample.drawn} | set(samples[0].draw.before))
    found = weights(Weighting(samples=tuple(samples)), ids, None)
    assert found is not None
    return [int(id[1:]) for id in ids], Weights.of(found.each, found.strata)


def scored(world: World, samples: list[Sample], seed: int) -> Scored:
    truth = f1(world.rows)
    places, scaled = weighed(samples)
    rows = world.rows[places]
    sample = collect(rows * scaled.each[:, None], weights=scaled)
    [ends] = estimate(sample, MICRO.only(F), seed=seed)
    assert ends.value is not None
    assert ends.low is not None
    assert ends.high is not None
    return Scored(ends.value - truth, ends.low <= truth <= ends.high, ends.high - ends.low, f1(rows) - truth)


class Rates(NamedTuple):
    """Over corpora, in points but for `covers`; `gain` is of the standard deviation against chance."""

    bias: float
    error: float
    deviation: float
    covers: float
    width: float
    bare: float
    gain: tuple[float, float, float]


def measure(shape: Shape | Pool, corpora: int, seed: int = 0) -> dict[str, Rates]:
    """What each draw gives on the same corpora; of a pool, which is one, on as many draws."""
    made: dict[str, list[Scored]] = {name: [] for name in DRAWS}
    for number in range(corpora):
        random = np.random.default_rng([seed, number])
        world = shape.world if isinstance(shape, Pool) else make_world(random, shape)
        for name, draw in DRAWS.items():
            made[name].append(scored(world, draw(random, world), number))
    errors = {name: np.array([one.error for one in found]) for name, found in made.items()}
    return {name: rates(found, errors[name], errors["by chance"]) for name, found in made.items()}


def rates(found: list[Scored], errors: Table, of_chance: Table) -> Rates:
    deviation = errors.std(ddof=1)
    return Rates(
        bias=100 * errors.mean(),
        error=100 * deviation / np.sqrt(len(errors)),
        deviation=100 * deviation,
        covers=float(np.mean([one.covers for one in found])),
        width=100 * float(np.mean([one.width for one in found])),
        bare=100 * float(np.mean([one.bare for one in found])),
        gain=gain(errors, of_chance),
    )


def gain(errors: Table, of_chance: Table) -> tuple[float, float, float]:
    """How much smaller the standard deviation is than of a draw by chance, with its 95 % interval."""
    random = np.random.default_rng(0)
    places = random.integers(0, len(errors), (REPEATS, len(errors)))
    ratios = 1 - errors[places].std(axis=1) / of_chance[places].std(axis=1)
    return 1 - float(errors.std() / of_chance.std()), *np.quantile(ratios, [0.025, 0.975]).tolist()


# ---------------------------------------------------------------- differences
class Apart(NamedTuple):
    """Of two systems that find it hard alike: how often the test alarms, and the interval has the truth."""

    alarms: float
    covers: float


def compare(shape: Shape, draw: str, corpora: int, seed: int = 0) -> Apart:
    alarms = covers = 0
    for number in range(corpora):
        random = np.random.default_rng([seed, number])
        world = make_world(random, shape)
        places, scaled = weighed(DRAWS[draw](random, world))
        truth = f1(world.second) - f1(world.rows)
        sides = (side[places] * scaled.each[:, None] for side in (world.rows, world.second))
        pairs = contrast.pair(*sides, weights=scaled)
        [found] = contrast.differences(pairs, MICRO.only(F), trials=400, swaps=1000, seed=number)
        alarms += found.p is not None and found.p <= ALPHA
        low, high = found.interval.low, found.interval.high
        covers += low is not None and high is not None and low <= truth <= high
    return Apart(alarms / corpora, covers / corpora)


# ---------------------------------------------------------------- the page
COLUMNS = (
    "shape",
    "draw",
    "corpora",
    "bias, points",
    "without weights",
    "standard deviation",
    "interval holds",
    "width",
    "gain against chance",
)
HEAD = [f"| {' | '.join(COLUMNS)} |", "|---|---|" + "---:|" * (len(COLUMNS) - 2)]
PAIRS = [
    "| shape | draw | corpora | test alarms | interval of the difference holds |",
    "|---|---|---:|---:|---:|",
]
COMPARED = ("by chance", "by units found", "by difference", "for training, by difference")
BEGIN, END = "<!-- written by benchmarks/weights.py -->", "<!-- end -->"


def row(shape: Shape | Pool, name: str, found: Rates, corpora: int) -> str:
    """A line of the table."""
    less, low, high = (f"{100 * value:+.0f}" for value in found.gain)
    gained = "" if name == "by chance" else f"{less} % ({low} to {high})"
    cells = (
        str(shape),
        name,
        f"{corpora:,}",
        f"{found.bias:+.2f} ± {1.96 * found.error:.2f}",
        f"{found.bare:+.1f}",
        f"{found.deviation:.2f}",
        f"{100 * found.covers:.1f} %",
        f"{found.width:.1f}",
        gained,
    )
    return f"| {' | '.join(cells)} |".replace("-", "−")


def figures(worlds: Sequence[Shape | Pool], corpora: int, seed: int) -> Iterator[str]:
    """The table of scores, a line after the other."""
    yield from HEAD
    for shape in worlds:
        for name, found in measure(shape, corpora, seed).items():
            yield row(shape, name, found, corpora)


def differences(shapes: Sequence[Shape | Pool], corpora: int, seed: int) -> Iterator[str]:
    """The table of differences; of pools, where the systems are not alike, there is none."""
    yield from PAIRS
    for shape in shapes:
        for name in COMPARED if isinstance(shape, Shape) else ():
            found = compare(shape, name, corpora, seed)
            cells = (str(shape), name, f"{corpora:,}", *(f"{100 * rate:.1f} %" for rate in found))
            yield f"| {' | '.join(cells)} |".replace("-", "−")


def main(arguments: Sequence[str]) -> None:
    """Print both tables, and put them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=1000, help="corpora in which two systems are compared")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shape", type=int, help="one of them, by number; pools come last")
    parser.add_argument("--shared", type=Path, default=SHARED, help="where data/wnut17 and data/uner_pud are")
    parser.add_argument("--write", type=Path, help="put the tables into this page, between its marks")
    chosen = parser.parse_args(arguments)
    worlds = [*SHAPES, *(pools(chosen.shared) if chosen.shared.is_dir() else [])]
    worlds = worlds if chosen.shape is None else worlds[chosen.shape : chosen.shape + 1]
    table = []
    first = figures(worlds, chosen.corpora, chosen.seed) if chosen.corpora else ()
    second = differences(worlds, chosen.pairs, chosen.seed) if chosen.pairs else ()
    for line in chain(first, [""], second):
        print(line, flush=True)
        table.append(line)
    if chosen.write is not None:
        page = chosen.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        chosen.write.write_text("\n".join([before + BEGIN, *table, END + rest.partition(END)[2]]), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
