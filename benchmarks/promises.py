"""Do the intervals and tests keep their promises? Simulated corpora with known truth, counted.

Writes docs/evidence/statistics.md. Run: make stats (or python benchmarks/promises.py --corpora 2000)
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire import __version__
from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import contrast, resample
from goldwire.eval.statistics.contrast import ALPHA
from goldwire.eval.statistics.figures import FIGURES, prf, statistic
from goldwire.eval.statistics.resample import Interval, Method, collect, intervals

Table = NDArray[np.float64]
TEXT = Path(__file__).with_suffix(".md")  # the page, with names where figures go
PAGE = Path(__file__).parents[1] / "docs" / "evidence" / "statistics.md"
F = FIGURES.index("f")
METHODS: tuple[Method, ...] = ("expanded", "percentile", "bca")
SIZES = (10, 20, 50, 200)  # documents in a corpus

# The world: gold units a document, and what a system does with them.
UNITS, SPREAD = 8.0, 2.0  # negative binomial: mean, and size (the smaller, the more documents differ)
RECALL, EASE = 0.7, 6.0  # beta by document: mean, and strength (the smaller, the more documents differ)
SPURIOUS = 0.3  # per gold unit
COPIED = 0.6  # of the second system's decisions, the share it has in common with the first
TYPES = (0.6, 0.3, 0.1)  # shares of three types, for macro averages
TYPE_RECALL = (1.0, 0.9, 0.7)  # relative to RECALL


class Pair(NamedTuple):
    """How the second system differs: it loses `drop` of its hits, and has `spurious` per gold unit."""

    drop: float = 0.0
    spurious: float = SPURIOUS


# ---------------------------------------------------------------- the world
def draw_ease(random: np.random.Generator, documents: int) -> tuple[NDArray[Any], NDArray[Any]]:
    gold = random.negative_binomial(SPREAD, SPREAD / (SPREAD + UNITS), documents)
    return gold, random.beta(RECALL * EASE, (1 - RECALL) * EASE, documents)


def to_rows(hits: Any, spurious: Any, gold: Any) -> Table:
    return np.stack([hits, hits + spurious, hits, gold], axis=-1).astype(np.float64)


def draw_corpus(random: np.random.Generator, documents: int) -> Table:
    """One system: documents x types x 4."""
    units, ease = draw_ease(random, documents)
    gold = random.multinomial(units, TYPES)
    hits = random.binomial(gold, ease[:, None] * np.array(TYPE_RECALL))
    return to_rows(hits, random.poisson(SPURIOUS * gold), gold)


def true_micro() -> float:
    recall = RECALL * float(np.dot(TYPES, TYPE_RECALL))
    return 2 * recall / (recall + SPURIOUS + 1)


def true_macro() -> float:
    return float(np.mean([2 * RECALL * r / (RECALL * r + SPURIOUS + 1) for r in TYPE_RECALL]))


def draw_systems(random: np.random.Generator, documents: int, others: Sequence[Pair]) -> list[Table]:
    """A first system and others that share some of its decisions: documents x 4 each."""
    units, ease = draw_ease(random, documents)
    owner = np.repeat(np.arange(documents), units)
    first = random.random(len(owner)) < ease[owner]
    noise = random.poisson(SPURIOUS * COPIED * units)
    tables = []
    for pair in (Pair(), *others):
        own = random.random(len(owner)) < ease[owner]
        hits = np.where(random.random(len(owner)) < COPIED, first, own) & (
            random.random(len(owner)) >= pair.drop
        )
        kept = random.binomial(noise, min(1.0, pair.spurious / SPURIOUS))
        extra = random.poisson(max(pair.spurious * (1 - COPIED), 0) * units)
        tables.append(to_rows(np.bincount(owner, hits, documents), kept + extra, units))
    return tables


def f_of(pair: Pair) -> float:
    recall = RECALL * (1 - pair.drop)
    spurious = SPURIOUS * COPIED * min(1.0, pair.spurious / SPURIOUS) + pair.spurious * (1 - COPIED)
    return 2 * recall / (recall + spurious + 1)


def worse_by(loss: float) -> Pair:
    """A second system whose true F1 is lower by `loss`: it misses more."""
    goal = f_of(Pair()) - loss
    # F = 2 r / (r + s + 1), so r = F (s + 1) / (2 - F).
    return Pair(drop=1 - goal * (SPURIOUS + 1) / (2 - goal) / RECALL)


def traded() -> Pair:
    """A second system of the same true F1 that finds less and invents less."""
    recall, goal = 0.62, f_of(Pair())
    return Pair(drop=1 - recall / RECALL, spurious=2 * recall / goal - recall - 1)


def micro(sums: Table) -> Table:
    return prf(sums)[..., F : F + 1]


def macro(sums: Table) -> Table:
    return statistic(parse("entity:span+type@exact,average=macro"))(sums)[..., F : F + 1]


# ---------------------------------------------------------------- one corpus
def holds(ends: Interval, truth: float) -> bool:
    """Whether the truth lies in an interval; one without ends does not claim anything and holds."""
    return ends.low is None or ends.high is None or ends.low <= truth <= ends.high


def cover(documents: int, seed: int) -> dict[str, bool]:
    """Whether each interval holds the truth."""
    rows = draw_corpus(np.random.default_rng([1, documents, seed]), documents)
    found = {}
    for name, table, figure, truth in (
        ("micro", rows.sum(axis=1), micro, true_micro()),
        ("macro", rows.reshape(documents, -1), macro, true_macro()),
    ):
        sample = collect(table)
        drawn = resample.bootstrap(sample, figure, seed=seed)
        for method in METHODS:
            [ends] = resample.summarise(sample, figure, drawn, method=method)
            found[f"{name} {method}"] = holds(ends, truth)
    return found


def cover_duplicates(documents: int, seed: int) -> dict[str, bool]:
    """The same where a third of the documents are copies, drawn alone and drawn in groups."""
    random = np.random.default_rng([2, documents, seed])
    rows = draw_corpus(random, documents).sum(axis=1)
    copied = np.concatenate([np.arange(documents), random.integers(0, documents, documents // 2)])
    found = {}
    for name, groups in (("alone", None), ("grouped", copied)):
        [ends] = intervals(collect(rows[copied], groups), micro, seed=seed)
        found[name] = holds(ends, true_micro())
    return found


def try_pair(documents: int, other: Pair, seed: int) -> dict[str, float]:
    """Whether each test calls a pair different, and what it says it can show."""
    tables = draw_systems(np.random.default_rng([3, documents, seed]), documents, [other])
    [found] = contrast.differences(contrast.pair(*tables), micro, swaps=1000, seed=seed)
    return {
        "randomisation": found.p is not None and found.p <= ALPHA,
        "bootstrap": found.p_bootstrap is not None and found.p_bootstrap <= ALPHA,
        "interval": not holds(found.interval, 0),
        "detectable": found.detectable or math.nan,
    }


def try_family(documents: int, seed: int) -> dict[str, bool]:
    """Whether any pair of four equal systems is called different, without and with Holm."""
    tables = draw_systems(np.random.default_rng([4, documents, seed]), documents, [Pair()] * 3)
    values = [
        contrast.two_sided(
            contrast.subtract(micro)(pairs.total())[0],
            contrast.randomise(pairs, micro, trials=1000, seed=seed)[:, 0],
        )
        for pairs in (contrast.pair(one, two) for one, two in combinations(tables, 2))
    ]
    return {
        "alone": min(values) <= ALPHA,
        "holm": min(p for p in contrast.holm(values) if p is not None) <= ALPHA,
    }


def try_loss(documents: int, other: Pair, margin: float, seed: int) -> dict[str, float]:
    """The verdict on the second system, and the power that was stated."""
    tables = draw_systems(np.random.default_rng([5, documents, seed]), documents, [other])
    [found] = contrast.loss(contrast.pair(*tables), micro, margin, seed=seed)
    verdicts = {name: found.verdict == name for name in ("fail", "warn", "pass")}
    return {**verdicts, "power": math.nan if found.power is None else found.power}


# ---------------------------------------------------------------- many corpora
class Rate(NamedTuple):
    """A mean over corpora."""

    value: float
    number: int

    def __str__(self) -> str:
        return f"{100 * self.value:.1f}"


def repeat(one: Callable[[int], dict[str, Any]], corpora: int, pool: ProcessPoolExecutor) -> dict[str, Rate]:
    """The means of what is found in each of many corpora; undefined ones are left out."""
    found = list(pool.map(one, range(corpora), chunksize=max(1, corpora // 40)))
    columns = {name: np.array([item[name] for item in found], dtype=np.float64) for name in found[0]}
    return {name: Rate(float(np.nanmean(column)), corpora) for name, column in columns.items()}


def lines(header: str, rows: Iterator[Sequence[object]]) -> str:
    names = [name.strip() for name in header.split("|")]
    table = [names, ["---"] + ["---:"] * (len(names) - 1), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def coverage_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    found = {size: repeat(partial(cover, size), corpora, pool) for size in SIZES}
    for average in ("micro", "macro"):
        for size in SIZES:
            yield f"{average} F1", size, *(found[size][f"{average} {method}"] for method in METHODS)


def duplicate_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    for size in (20, 100):
        found = repeat(partial(cover_duplicates, size), corpora, pool)
        yield size + size // 2, found["alone"], found["grouped"]


def alarm_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    for name, other in (("alike", Pair()), ("other precision and recall", traded())):
        for size in SIZES:
            found = repeat(partial(try_pair, size, other), corpora, pool)
            yield name, size, found["randomisation"], found["bootstrap"], found["interval"]


def family_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    for size in (20, 100):
        found = repeat(partial(try_family, size), corpora, pool)
        yield size, found["alone"], found["holm"]


def power_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    for size in SIZES[1:]:
        stated = 0.0
        for _ in range(3):  # until the true difference is the one that its own corpora state, on average
            stated = repeat(partial(try_pair, size, worse_by(stated)), corpora // 8, pool)["detectable"].value
        found = repeat(partial(try_pair, size, worse_by(stated)), corpora, pool)
        yield size, f"{100 * stated:.1f}", "80", found["randomisation"]


def loss_rows(corpora: int, pool: ProcessPoolExecutor) -> Iterator[Sequence[object]]:
    for size, margin in ((50, 0.05), (200, 0.03)):
        for name, other in (
            ("none", Pair()),
            ("half the margin", worse_by(margin / 2)),
            ("the margin", worse_by(margin)),
        ):
            found = repeat(partial(try_loss, size, other, margin), corpora, pool)
            stated = found["power"] if name == "the margin" else "–"
            yield size, f"{100 * margin:g}", name, found["fail"], found["warn"], found["pass"], stated


def speed() -> tuple[int, float, float]:
    """Distinct rows of 100,000 sentences, and seconds for 1000 resamples of them and of the sentences."""
    random = np.random.default_rng(0)
    gold = random.choice(6, 100_000, p=(0.22, 0.34, 0.24, 0.12, 0.06, 0.02))
    hits = random.binomial(gold, 0.8)
    rows = to_rows(hits, random.binomial(gold, 0.2), gold)
    begun = time.perf_counter()
    sample = collect(rows)
    resample.bootstrap(sample, micro)
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    for _ in range(10):  # a hundredth, for time's sake
        rows[random.integers(0, len(rows), len(rows))].sum(axis=0)
    return len(sample.times), ours, 100 * (time.perf_counter() - begun)


def processor_time() -> float:
    """Seconds, of this process and of those that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


# ---------------------------------------------------------------- the page
def write(corpora: int, seed_note: str, workers: int) -> str:
    with ProcessPoolExecutor(workers) as pool:
        tables = {
            "coverage": lines(
                "figure | documents | expanded | percentile | BCa", coverage_rows(corpora, pool)
            ),
            "duplicates": lines("documents | drawn alone | drawn in groups", duplicate_rows(corpora, pool)),
            "alarms": lines(
                "systems | documents | randomisation | paired bootstrap | interval without 0",
                alarm_rows(corpora, pool),
            ),
            "family": lines("documents | each pair at 5 % | with Holm", family_rows(corpora, pool)),
            "power": lines("documents | true difference, points | stated | found", power_rows(corpora, pool)),
            "losses": lines(
                "documents | margin, points | true loss | fails | warns | passes | stated power",
                loss_rows(corpora, pool),
            ),
        }
    distinct, ours, naive = speed()
    return TEXT.read_text(encoding="utf-8").format(
        corpora=f"{corpora:,}",
        error=f"{100 * math.sqrt(0.05 * 0.95 / corpora):.1f}",
        version=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        seconds=f"{processor_time():.0f}",
        workers=workers,
        seeds=seed_note,
        distinct=distinct,
        ours=f"{ours:.2f}",
        naive=f"{naive:.1f}",
        **tables,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=int, default=2000, help="simulated corpora for each row")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    options = parser.parse_args()
    page = write(options.corpora, "corpus k of a table has seed k, from 0", options.workers)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(page, encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
