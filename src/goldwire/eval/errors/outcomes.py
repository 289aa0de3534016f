"""Outcomes of all units of gold and a system, by kind, block by block: they add up."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from goldwire.eval.counting.columns import NONE
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.errors import causes, classes
from goldwire.eval.errors.classes import Findings

KINDS = ("entity", "event", "argument")


def find(sides: GoldAndSystem, kinds: Collection[str] = KINDS) -> dict[str, Findings]:
    """What became of the units of two layers, by kind, in the order of `KINDS`; of those `kinds` alone."""
    tables = sides.gold.table, sides.system.table
    found = {}
    if "entity" in kinds:
        found["entity"] = classes.mentions(*tables, sides.codes)
    if "event" in kinds or "argument" in kinds:
        found["event"] = classes.triggers(*tables, sides.codes)
    if "argument" in kinds:
        events = causes.pair_events(*tables, found["event"])
        found["argument"] = causes.arguments(*tables, sides.codes, events)
    return {kind: findings for kind, findings in found.items() if kind in kinds}


def count_causes(findings: Findings) -> dict[str, tuple[int, int]]:
    """For each cause, how many gold and how many system arguments; all causes are named, in order."""
    sides = (findings.gold_unit != NONE, findings.system_unit != NONE)
    wrong = findings.cause != NONE
    gold, system = (np.bincount(findings.cause[wrong & side], minlength=len(causes.CAUSES)) for side in sides)
    return dict(zip(causes.CAUSES, zip(gold.tolist(), system.tolist(), strict=True), strict=True))
