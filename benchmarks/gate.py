"""Does the gate keep its promises? Simulated builds, judged by the gate itself.

Equal builds must fail in at most 5 % of cases, however many figures the policy judges. Builds that truly lose
the margin must fail as often as the gate says they would (its `power`). Run: python benchmarks/gate.py

A corpus is drawn anew for each pair: documents with a varying number of gold units and of hard ones. The new
build shares most of its output with the old one, as builds do, and draws the rest anew; a worse build misses
more. The true F1 of both is worked out from a corpus of a million units, not from the pair.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counting.counts import condense, make_counts
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.scoring.parts import CorpusFacts
from goldwire.eval.scoring.record import FORMAT, LayerFacts, Record
from goldwire.eval.scoring.tables import encode_patterns

Counts = NDArray[np.float64]
MEASURES = ("entity:span+type@exact", "event:trigger+type@exact", "argument:trigger+type+role+span@exact")
UNITS = 12.0  # gold units a document, on average
RECALL = 0.65
SPURIOUS = 0.25  # per gold unit
FRESH = 0.3  # the share of output that the new build draws anew
TRIALS = 1000  # resamples a judgement: enough for rates to a tenth of a per cent, and quick


def draw(random: np.random.Generator, documents: int, drop: float) -> tuple[Counts, Counts]:
    """The counts of two builds on one new corpus; the second's recall is lower by `drop`."""
    gold = random.negative_binomial(4, 4 / (4 + UNITS), documents)
    ease = np.clip(random.normal(RECALL, 0.12, documents), 0.05, 0.95)
    owner = np.repeat(np.arange(documents), gold)
    old = random.random(len(owner)) < ease[owner]
    # What is drawn anew is drawn at the same rate, so that an equal build is equal on average.
    fresh = random.random(len(owner)) < FRESH
    new = np.where(fresh, random.random(len(owner)) < ease[owner], old)
    new &= random.random(len(owner)) >= drop
    spurious = random.poisson(SPURIOUS * gold * (1 - FRESH))
    noise = [random.poisson(SPURIOUS * gold * FRESH) for _ in range(2)]
    before, now = (
        _rows(gold, np.bincount(owner, hits, documents), spurious + extra)
        for hits, extra in zip((old, new), noise, strict=True)
    )
    return before, now


def _rows(gold: NDArray[Any], hits: NDArray[Any], spurious: NDArray[Any]) -> Counts:
    return np.stack([hits, hits + spurious, hits, gold], axis=1).astype(np.float64)


def f1(rows: Counts) -> float:
    """F1 over all documents."""
    hits, system, _, gold = rows.sum(axis=0)
    return float(2 * hits / (system + gold))


def true_loss(drop: float, documents: int = 80_000) -> float:
    """How much F1 a drop of recall costs, over about a million units."""
    old, new = draw(np.random.default_rng(1), documents, drop)
    return f1(old) - f1(new)


def drop_for(loss: float) -> float:
    """The drop of recall that costs this much F1, by bisection."""
    low, high = 0.0, 0.6
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if true_loss(middle) < loss else (low, middle)
    return (low + high) / 2


def make_record(tables: list[Counts]) -> Record:
    """A record of one system with these counts, a measure each."""
    documents = tuple(f"d{number:05d}" for number in range(len(tables[0])))
    layer = LayerFacts(name="gold", layer="gold", fingerprint="0", documents=len(documents))
    numbers, label = np.arange(len(documents)), np.zeros(len(documents), np.int64)
    return Record(
        format=FORMAT,
        goldwire="0",
        corpus=CorpusFacts(name="simulated", version="1", fingerprint="0"),
        gold=layer,
        systems=(LayerFacts(name="build", layer="system/build", fingerprint="0", documents=len(documents)),),
        measures=MEASURES[: len(tables)],
        policies={},
        documents=documents,
        counts=tuple(
            encode_patterns(condense(make_counts(documents, ("",), numbers, label, table)), "build", measure)
            for measure, table in zip(MEASURES, tables, strict=False)
        ),
    )


class Case(NamedTuple):
    """One line of the table: how many documents, figures judged, pairs; the margin, and the true loss."""

    documents: int
    measures: int
    pairs: int
    margin: float
    loss: float


class Rates(NamedTuple):
    """Shares of pairs that failed and that warned, the power that the gate stated, and the mean loss."""

    failed: float
    warned: float
    power: float
    loss: float


def simulate(case: Case, seed: int) -> Rates:
    """Judge as many pairs of builds; with a loss, what counts is the check of the figure that lost."""
    random, drop = np.random.default_rng(seed), drop_for(case.loss) if case.loss else 0.0
    rules = tuple(Rule(measure=measure, margin=case.margin) for measure in MEASURES[: case.measures])
    policy = Policy(rules=rules, trials=TRIALS)
    verdicts, power, losses = [], [], []
    for _ in range(case.pairs):
        # Only the first figure is worse: a build seldom loses in everything at once.
        drawn = [draw(random, case.documents, 0.0 if index else drop) for index in range(case.measures)]
        old, new = (make_record([pair[side] for pair in drawn]) for side in (0, 1))
        judgement = judge(new, make_baseline(old, policy), policy)
        verdicts.append(judgement.checks[0].verdict if case.loss else judgement.verdict)
        power.append(judgement.checks[0].power or 0.0)
        losses.append(f1(drawn[0][0]) - f1(drawn[0][1]))
    return Rates(
        verdicts.count("fail") / case.pairs,
        verdicts.count("warn") / case.pairs,
        float(np.mean(power)),
        float(np.mean(losses)),
    )


HEAD = """| documents | figures judged | equal builds: fail | warn | lost the margin: fail | stated power |
|---:|---:|---:|---:|---:|---:|"""
BEGIN, END = "<!-- written by benchmarks/gate.py -->", "<!-- end -->"


def rows(pairs: int, sizes: Sequence[int], margin: float) -> Iterator[str]:
    """The lines of the table."""
    for documents in sizes:
        for measures in (1, 3):
            begun = time.perf_counter()
            case = Case(documents, measures, pairs, margin, 0.0)
            equal = simulate(case, seed=documents)
            worse = simulate(case._replace(loss=margin), seed=documents + 1)
            shares = [f"{share:.1%}" for share in (equal.failed, equal.warned, worse.failed, worse.power)]
            print(f"{time.perf_counter() - begun:.0f} s, mean loss {worse.loss:.4f}", file=sys.stderr)
            yield f"| {documents} | {measures} | {' | '.join(shares)} |"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--documents", type=int, nargs="+", default=[20, 50, 100, 300])
    parser.add_argument("--margin", type=float, default=0.03)
    parser.add_argument("--write", type=Path, help="put the table into this page, between its marks")
    chosen = parser.parse_args(arguments)
    table = [
        f"{chosen.pairs:,} pairs a line, margin {100 * chosen.margin:g} points, alpha 5 %.",
        "",
        *HEAD.split("\n"),
    ]
    for line in table:
        print(line, flush=True)
    for line in rows(chosen.pairs, chosen.documents, chosen.margin):
        print(line, flush=True)
        table.append(line)
    if chosen.write is not None:
        page = chosen.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        text = "\n".join([BEGIN, *table, END])
        chosen.write.write_text(f"{before}{text}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
