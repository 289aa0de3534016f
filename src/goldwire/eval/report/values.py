"""A report as values: all that any form of it shows, computed before anything is rendered.

Shares and their differences are of one, not of a hundred. None is undefined.
"""

from __future__ import annotations

from typing import Any

import msgspec

from goldwire.eval.comparison.slices import SlicedSystem
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.earlier import Was
from goldwire.eval.scoring.notes import Note
from goldwire.eval.statistics.unseen import Remark

SHADES = 10  # steps of a heat map


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Figure(_Struct, frozen=True):
    """A value with the ends of its 95 % interval where there is one, and what is to be said beside it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    remark: Remark | None = None


def figure_of(value: float | None, interval: Any = None) -> Figure:
    """A value with the ends of an interval, where there is one."""
    if interval is None:
        return Figure(value=value)
    return Figure(value=value, low=interval.low, high=interval.high, remark=getattr(interval, "remark", None))


class Run(_Struct, frozen=True):
    """One of several runs of a system under one measure."""

    name: str
    f: float | None
    precision: float | None = None
    recall: float | None = None


class Standing(_Struct, frozen=True):
    """One system under one measure.

    `f` is the figure the measure stands for. `hits` (of gold), `system_hits`, `produced` and `gold` are the
    units behind it. `group` has a letter for each set of systems that cannot be told apart; `lead` is ahead
    of all others by more than chance. `shade` is the step of a heat map. `classes` tells how many units are
    COR, INC, PAR, MIS and SPU where a suite asks for them. On `failed` documents the system failed. Figures
    and units of a system with `runs` are means over them, and `deviation` is the standard deviation of F
    between runs.
    """

    system: str
    f: Figure
    precision: Figure
    recall: Figure
    hits: float | None = None
    system_hits: float | None = None
    produced: float | None = None
    gold: float | None = None
    shade: int | None = None
    group: str = ""
    lead: bool = False
    classes: dict[str, int] = {}
    signature: str = ""
    failed: int = 0
    runs: tuple[Run, ...] = ()
    deviation: float | None = None


class Pair(_Struct, frozen=True):
    """Two systems under one measure: `difference` is `second` less `first`.

    `p` is of the paired test, `adjusted` with Holm's correction over all pairs of the measure. `wins`,
    `ties` and `losses` are documents as `second` sees them, of those where both have a figure. `shows` is the
    smallest true loss, spread over hits, that these documents show at 80 % power, `needs` the documents that
    would show the one found, and `needs_runs` the runs of each system. `freedom` are the degrees of freedom
    of a test over documents and runs.
    """

    first: str
    second: str
    difference: Figure
    p: float | None
    adjusted: float | None
    wins: int
    ties: int
    losses: int
    decided: bool
    shows: float | None = None
    needs: int | None = None
    needs_runs: int | None = None
    freedom: float | None = None


class TypeScore(_Struct, frozen=True):
    """One label of one system: its figures, and how many units were right, found and in gold.

    `shade` is the step of a heat map, 0 to `SHADES`; None where F is undefined.
    """

    f: Figure
    precision: float | None = None
    recall: float | None = None
    hits: float = 0.0
    found: float = 0.0
    gold: float = 0.0
    shade: int | None = None


class Row(_Struct, frozen=True):
    """One label: how many gold units it has, and the figures of each system."""

    label: str
    gold: float
    cells: tuple[TypeScore, ...]


class Board(_Struct, frozen=True):
    """One measure: its systems from best to worst, what tells them apart, and its labels.

    `verdict` says in a sentence whether the ranking is more than chance, by `test`; `smallest` is the
    smallest loss, spread over hits, that this corpus shows at 80 % power; `ceiling` is how well people agree
    under the same measure. `columns` are the systems that the cells of `rows` belong to.
    """

    key: str
    measure: str
    name: str
    definition: str
    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...] = ()
    verdict: str = ""
    test: str = ""
    smallest: float | None = None
    ceiling: Figure | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


class Tally(_Struct, frozen=True):
    """So many units of one class, and their share of all of them."""

    name: str
    count: int
    share: float | None = None


class Entry(_Struct, frozen=True):
    """A cell of a confusion matrix; `share` is of its row, `shade` 0 to `SHADES`."""

    count: int
    shade: int
    share: float | None = None
    right: bool = False


class Matrix(_Struct, frozen=True):
    """How the labels of one kind of unit fall together; the last column is missed, the last row spurious.

    `counts` are all cells by gold and system label, None for spurious and missed; in `cells`, made to be
    looked at, rare labels may stand together as "other".
    """

    key: str
    system: str
    units: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Entry, ...], ...]
    counts: tuple[tuple[str | None, str | None, int], ...] = ()


class Errors(_Struct, frozen=True):
    """What became of the units of one system: classes of all, and the causes of lost arguments."""

    system: str
    units: str
    tallies: tuple[Tally, ...]


class Step(_Struct, frozen=True):
    """What the arguments would score (AC+) with one kind of error put right, and how much that gains."""

    name: str
    value: float | None
    gain: float | None


class Costs(_Struct, frozen=True):
    """What each error upstream costs the arguments of a system; see `errors.oracle`."""

    system: str
    steps: tuple[Step, ...]


class Curve(_Struct, frozen=True):
    """Precision against recall as the least score falls, and how well scores are calibrated.

    `levels` are some least scores with precision, recall and F of what is left, the best one among them.
    """

    system: str
    units: str
    levels: tuple[tuple[float, float, float, float], ...]
    points: tuple[tuple[float, float], ...]
    average_precision: float | None
    threshold: float | None
    best: float | None
    bins: tuple[tuple[float, float, int], ...]
    calibration_error: float | None


class Facts(_Struct, frozen=True):
    """What the runner measured of a system, by name; values as they are shown."""

    system: str
    values: dict[str, str]


class Expense(_Struct, frozen=True):
    """What a system costs for 1,000 documents, and seconds a document: the median, the 95th percentile.

    `why` says why its cost is not known.
    """

    system: str
    cost: Figure = Figure()
    latency: float | None = None
    slow: float | None = None
    why: str = ""


class Versus(_Struct, frozen=True):
    """Gold units under two systems: `fixed` only the second has right, `broken` only the first."""

    key: str
    first: str
    second: str
    units: str
    fixed: int
    broken: int
    both_right: int
    both_wrong: int


class SliceBoard(_Struct, frozen=True):
    """All systems under one measure, by one slice, and what must be told of it."""

    slice: str
    measure: str
    name: str
    systems: tuple[SlicedSystem, ...]
    notes: tuple[str, ...] = ()


class Overview(_Struct, frozen=True):
    """Which texts, which gold, which systems, and what must be known before the figures.

    `created` is when the records were made, not when they are shown. `verdict` is over all measures.
    """

    title: str
    corpus: str
    fingerprint: str
    ontology: str | None
    gold: str
    documents: int
    systems: tuple[str, ...]
    created: str | None
    goldwire: str
    suite: str | None = None
    notes: tuple[Note, ...] = ()
    verdict: str = ""


class Report(_Struct, frozen=True):
    """The whole report, without the texts."""

    overview: Overview
    boards: tuple[Board, ...]
    matrices: tuple[Matrix, ...] = ()
    errors: tuple[Errors, ...] = ()
    causes: tuple[Errors, ...] = ()
    costs: tuple[Costs, ...] = ()
    curves: tuple[Curve, ...] = ()
    facts: tuple[Facts, ...] = ()
    versus: tuple[Versus, ...] = ()
    slices: tuple[SliceBoard, ...] = ()
    expenses: tuple[Expense, ...] = ()
    was: tuple[Was, ...] = ()


def about(report: Report) -> list[str]:
    """What stands under the title: how many documents, which gold, by what and when."""
    overview = report.overview
    told = [amount(overview.documents, "document"), f"gold layer {overview.gold}"]
    if overview.suite:
        told.append(f"suite {overview.suite}")
    if overview.created:
        told.append(f"scored {overview.created}")
    return told
