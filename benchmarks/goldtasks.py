"""Simulation of gold tasks: how often a careless annotator is named, and an innocent one.

    python benchmarks/goldtasks.py [--people 2000] [--write docs/evidence/goldtasks.md]

Careless: 5 % of units wrong, and of all labels 20 % given at random among eight types. They do 15 gold tasks.
Innocent ones do 200: with 5 % wrong, exactly at the floor, and at the floor with good and bad days (a task is
all right, or twice as many as is usual are wrong). Everybody is looked at after each task.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from goldwire.eval.statistics.sequential import below_at

TASKS, LONG, TYPES, RANDOM = 15, 200, 8, 0.2
INTRODUCTION = """# Gold tasks: who is named

Written by `python benchmarks/goldtasks.py`. Simulated people are held against gold after each gold task,
and named when they are [below the floor for certain](../agreement.md#gold-tasks). Careless: 5 % of units
wrong, 20 % of all labels given at random among eight types; within 15 tasks. Innocent: within 200 tasks, 5
% wrong; exactly at the floor; at the floor, with good and bad days. Tasks have a Poisson number of units,
at least 1.
"""
COLUMNS = (
    "floor",
    "units a task",
    "careless",
    "after (median)",
    "innocent",
    "at the floor",
    "good and bad days",
)
CLOSING = """
A floor must lie well between what careful people reach and what it is to find: labels given at random in a
fifth of cases leave F at about 0.78 here. Short tasks tell little each.
"""


def task(random: np.random.Generator, units: int, wrong: float, careless: float) -> float:
    """F of one task."""
    size = max(1, int(random.poisson(units)))
    right = random.random(size) >= wrong
    chance = random.random(size) < careless
    return float(np.where(chance, random.random(size) < 1 / TYPES, right).mean())


def moody(random: np.random.Generator, units: int, wrong: float) -> float:
    """F of one task of somebody who has good days and bad ones."""
    return task(random, units, 2 * wrong * random.integers(0, 2), 0.0)


def row(floor: float, units: int, people: int, seed: int) -> str:
    """A line of the table."""
    random = np.random.default_rng(seed)
    named = partial(_named, floor)
    careless = named(people, TASKS, lambda: task(random, units, 0.05, RANDOM))
    innocent = named(people // 4, LONG, lambda: task(random, units, 0.05, 0.0))
    edge = named(people // 4, LONG, lambda: task(random, units, 1 - floor, 0.0))
    moods = named(people // 4, LONG, lambda: moody(random, units, 1 - floor))
    after = sorted(at for at in careless if at is not None)
    cells = [f"{floor:g}", str(units), share(careless), str(after[len(after) // 2]) if after else "–"]
    return "| " + " | ".join([*cells, *map(share, (innocent, edge, moods))]) + " |"


def _named(floor: float, people: int, tasks: int, one: Callable[[], float]) -> list[int | None]:
    """After how many tasks each of so many people is named."""
    return [below_at([one() for _ in range(tasks)], floor) for _ in range(people)]


def share(named: list[int | None]) -> str:
    """Of how many it was said, in per cent."""
    return f"{100 * np.mean([at is not None for at in named]):.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    cases = [(0.9, 5), (0.9, 10), (0.9, 20), (0.9, 40), (0.85, 20), (0.85, 40), (0.8, 40)]
    rows = [row(floor, units, asked.people, seed) for seed, (floor, units) in enumerate(cases, start=1)]
    head = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    page = "\n".join([INTRODUCTION, *head, *rows, CLOSING])
    if asked.write:
        asked.write.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
