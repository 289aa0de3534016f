"""Simulation of the guard of slices: alarms among slices that are no other, and what is found of ten points.

    python benchmarks/slices.py [--corpora 2000] [--cost] [--write docs/evidence/slices.md]

20 slices of documents, or of units, of a corpus without any difference between them (sizes negative binomial,
a quality of its own for each document, some of them bad), and the same with one slice that loses ten points.
A corpus counts as an alarm if any slice is told apart, Holm over all 20. With --cost, what slices add to a
scoring of 100,000 sentences is measured instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import slices
from goldwire.eval.statistics.contrast import holm
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.power import ALPHA

ROOT = Path(__file__).resolve().parents[1]
SLICES = 20
LOSS = 0.1
BAD = 0.1  # of the units of a bad document are right
Floats, Integers = NDArray[np.float64], NDArray[np.int64]
_FIGURES, _F = estimator(parse("entity")), FIGURES.index("f")


class Shape(NamedTuple):
    """A corpus: how many documents, gold units a document, and how documents differ."""

    name: str
    documents: int
    mean: float
    bad: float  # share of documents of which next to nothing is found
    f: float
    units: bool  # whether units are parted, and not documents
    alike: int = 0  # of every such slice the units in a document are right or wrong together
    long: bool = False  # whether documents of some slices are longer


SHAPES = (
    Shape("documents, benign", 1600, 20, 0.0, 0.8, units=False),
    Shape("documents, one in twenty bad", 2500, 20, 0.05, 0.85, units=False),
    Shape("documents, few", 100, 20, 0.05, 0.97, units=False),
    Shape("documents, some slices longer", 2500, 12, 0.05, 0.85, units=False, long=True),
    Shape("sentences", 4000, 1.5, 0.0, 0.8, units=False),
    Shape("units, one in ten documents bad", 400, 12, 0.1, 0.8, units=True),
    Shape("units, one in ten of more documents bad", 600, 12, 0.1, 0.8, units=True),
    Shape("units, right or wrong together", 600, 20, 0.0, 0.8, units=True, alike=1),
    Shape("units, right or wrong together, more", 1200, 20, 0.0, 0.8, units=True, alike=1),
    Shape("units, a fourth right or wrong together", 1200, 20, 0.0, 0.8, units=True, alike=4),
    Shape("units of sentences", 4000, 1.5, 0.1, 0.8, units=True),
    Shape("units, few documents, F .95", 60, 30, 0.05, 0.95, units=True),
)


def draw(shape: Shape, random: np.random.Generator, loss: float = 0.0) -> Floats:
    """Counts by slice: slices x documents x 4; the first slice has a recall and precision lower by `loss`."""
    home = random.integers(0, SLICES, shape.documents)
    mean = shape.mean * (1 + 2 * (home % 4 == 0)) if shape.long else np.full(shape.documents, shape.mean)
    sizes = random.poisson(random.gamma(2, mean / 2))
    quality = random.beta(shape.f * 12, (1 - shape.f) * 12, shape.documents)
    quality = np.where(random.random(shape.documents) < shape.bad, BAD, quality)
    gold = _gold(shape, sizes, home, random)
    right = np.tile(quality, (SLICES, 1))
    right[0] = np.maximum(right[0] - loss, 0)
    hits, spurious = random.binomial(gold, right), random.binomial(gold, 1 - right)
    if shape.alike:
        together = gold[:: shape.alike]
        hits[:: shape.alike] = together * (random.random(together.shape) < right[:: shape.alike])
        spurious[:: shape.alike] = together - hits[:: shape.alike]
    return np.stack([hits, hits + spurious, hits, gold], axis=2).astype(np.float64)


def _gold(shape: Shape, sizes: Integers, home: Integers, random: np.random.Generator) -> Integers:
    """How many gold units each slice has in each document."""
    if not shape.units:
        return (np.arange(SLICES)[:, None] == home) * sizes
    even = np.full(SLICES, 1 / SLICES)
    return np.stack([random.multinomial(size, even) for size in sizes], axis=1)


def judge(made: Floats, *, units: bool, seed: int) -> list[float | None]:
    """p of each slice against the rest, corrected; None where it could not show ten points."""
    whole = made.sum(axis=0)
    found = slices.with_design([slices.pieces(own, whole - own, _FIGURES, _F, units=units) for own in made])
    chances = holm([None if one is None else slices.p_value(one, seed=seed) for one in found])
    shown = [one is not None and slices.shows(one, len(made)) for one in found]
    return [p if is_shown else None for p, is_shown in zip(chances, shown, strict=True)]


class Rates(NamedTuple):
    """Of corpora: how often any slice is told apart, the lost one is, and the share that is too few."""

    shape: str
    alarms: float
    found: float | None
    too_few: float


def measure(shape: Shape, corpora: int, seed: int = 0) -> Rates:
    """The rates of one shape; `found` is of lost slices that are not too few."""
    alarms = hit = shown = few = 0
    for number in range(corpora):
        random = np.random.default_rng([seed, number])
        null = judge(draw(shape, random), units=shape.units, seed=number)
        alarms += any(p is not None and p <= ALPHA for p in null)
        few += sum(p is None for p in null)
        lost = judge(draw(shape, random, LOSS), units=shape.units, seed=number)[0]
        shown += lost is not None
        hit += lost is not None and lost <= ALPHA
    return Rates(shape.name, alarms / corpora, hit / shown if shown else None, few / corpora / SLICES)


# ---------------------------------------------------------------- what slices cost
COSTLY = ("", "length:4", "nested", "discontinuous", "unit-length")  # the first is no slice
SCORE = ("--measure", "entity", "--measure", "untyped", "--measure", "overlap", "--measure", "iou50", "-q")


def processor_time(corpus: Path, part: str) -> float:
    """Seconds of all processes of `eval score` with four measures."""
    options = [*SCORE, "--replace", "--name", "cost", *(["--slice", part] if part else [])]
    command = [sys.executable, "-m", "goldwire", "eval", "score", str(corpus), "--system", "pred", *options]
    (corpus / "records" / "cost.json").unlink(missing_ok=True)  # a record that is replaced is read, too
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime


def cost_rows(rounds: int = 11, sentences: int = 100_000) -> Iterator[str]:
    """The lines of the table: the least of each, as what else runs only adds; a round goes through all."""
    import data  # beside this file, which tests load without its folder

    place = data.prepare(ROOT, Path(tempfile.gettempdir()) / "goldwire-bench", sentences)
    corpus = place / data.CORPUS
    seconds = [[processor_time(corpus, part) for part in COSTLY] for _ in range(rounds)]
    least = [min(column) for column in zip(*seconds, strict=True)]
    for part, found in zip(COSTLY, least, strict=True):
        more = f"{100 * (found / least[0] - 1):+.0f} %" if part else ""
        yield f"| {part or 'none'} | {found:.2f} | {more} |"


COST_HEAD = """| slice | processor time, s | more |
|---|---:|---:|"""
COST_MARKS = "<!-- written by benchmarks/slices.py --cost -->", "<!-- end of cost -->"
HEAD = """| 20 slices of | corpora | any alarm | too few | ten points found |
|---|---:|---:|---:|---:|"""
MARKS = "<!-- written by benchmarks/slices.py -->", "<!-- end -->"


def row(rates: Rates, corpora: int) -> str:
    """A line of the table."""
    found = "–" if rates.found is None else f"{100 * rates.found:.1f} %"
    alarms, few = f"{100 * rates.alarms:.1f} %", f"{100 * rates.too_few:.0f} %"
    return f"| {rates.shape} | {corpora:,} | {alarms} | {few} | {found} |"


def write(path: Path, table: Sequence[str], marks: tuple[str, str]) -> None:
    """Put a table into a page, between its marks."""
    begin, end = marks
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text("\n".join([before + begin, *table, end + after]), encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Print a line for each shape, or each slice, and put the table into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=int, default=2000)
    parser.add_argument("--cost", action="store_true", help="measure what slices add to a scoring")
    parser.add_argument("--write", type=Path, help="put the table into this page, between its marks")
    chosen = parser.parse_args(arguments)
    lines = cost_rows() if chosen.cost else (row(measure(s, chosen.corpora), chosen.corpora) for s in SHAPES)
    table = (COST_HEAD if chosen.cost else HEAD).split("\n")
    print("\n".join(table), flush=True)
    for line in lines:
        table.append(line)
        print(line, flush=True)
    if chosen.write is not None:
        write(chosen.write, table, COST_MARKS if chosen.cost else MARKS)


if __name__ == "__main__":
    main(sys.argv[1:])
