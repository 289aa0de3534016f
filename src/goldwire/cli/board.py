"""A record on the terminal: who leads, by which measure, type by type, and what stands behind the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from goldwire.eval.measure import ALIASES, name, parse
from goldwire.eval.record import iter_warnings
from goldwire.eval.text import UNDEFINED, amount, interval, line, number, points, signed

if TYPE_CHECKING:
    from goldwire.eval.record import LayerFacts, Record, Result
    from goldwire.eval.statistics.metrics import Score

TYPES_SHOWN = 30  # rows of the table by type; the record has all
ATTACHED = ALIASES["AC+"]  # what the other definitions of arguments are compared with
COLUMN, GAP = 13, 4  # the width of a column of figures, and what of it the table needs for itself


def show(record: Record, console: Console | None = None) -> None:
    """Print a record for people."""
    console = console or Console()
    told = [measure for measure in record.measures if _is_defined(record, measure)]
    console.print(Group(*_parts(record, told, console.width)))
    console.print(_signatures(record, told), soft_wrap=True)  # so that a signature can be copied whole


def _parts(record: Record, told: Sequence[str], width: int) -> Iterable[RenderableType]:
    yield _title(record)
    yield from (Text(told, "yellow") for told in iter_warnings(record))
    if len(record.systems) > 1:
        yield from _leaderboards(record, told, width)
    elif told:
        yield _sheet(record, told)
    by_type = next((measure for measure in told if _labels(record, measure) != [""]), None)
    if by_type is not None:
        yield _types(record, by_type)
    if len(_arguments(told)) > 1 and ATTACHED in told:
        yield _apart(record, _arguments(told))
    if any(result.classes for result in record.results):
        yield _classes(record)
    yield from _notes(record, told)


def label(measure: str) -> str:
    """How a measure is headed: by its name and what departs from it, or by its string form."""
    parsed = parse(measure)
    short = name(parsed) or name(parsed.plain)
    return measure if short is None else short + measure.removeprefix(str(parsed.plain))


def _is_defined(record: Record, measure: str) -> bool:
    return any(record.result(system.name, measure).value is not None for system in record.systems)


def _title(record: Record) -> Text:
    corpus = record.corpus
    documents = record.gold.documents + record.gold.missing
    about = [amount(documents, "document"), f"gold: {line(record.gold.layer)}"]
    if record.suite:
        about.append(f"suite: {record.suite}")
    return Text.assemble((f"{line(corpus.name)} {corpus.version}", "bold"), "  ", " · ".join(about))


# ---------------------------------------------------------------- tables
def _leaderboards(record: Record, measures: Sequence[str], width: int) -> Iterable[Table]:
    """Systems by measures, best by the first measure on top; as many measures a table as fit beside."""
    names = max(len(line(system.name)) for system in record.systems)
    columns = max(1, (width - names - GAP) // COLUMN)
    for first in range(0, len(measures), columns):
        yield _leaderboard(record, measures[first : first + columns], measures[0])


def _leaderboard(record: Record, measures: Sequence[str], by: str) -> Table:
    """F1 with its interval; the best figure of each column stands out."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("system", no_wrap=True)
    for measure in measures:
        table.add_column(label(measure), justify="right", min_width=COLUMN - GAP)
    best = {measure: max(_values(record, measure)) for measure in measures}
    for system in _ranked(record, by):
        cells = [_figure(record.result(system.name, m), best[m]) for m in measures]
        table.add_row(line(system.name), *cells)
    return table


def _ranked(record: Record, measure: str) -> list[LayerFacts]:
    def worth(system: LayerFacts) -> tuple[float, str]:
        value = record.result(system.name, measure).value
        return (1.0 if value is None else -value, system.name)

    return sorted(record.systems, key=worth)


def _values(record: Record, measure: str) -> list[float]:
    results = (record.result(system.name, measure) for system in record.systems)
    return [result.value for result in results if result.value is not None]


def _figure(result: Result, best: float) -> Text:
    found = result.intervals.get("f")
    ends = "" if found is None or found.low is None else f"\n{interval(found.low, found.high)}"
    return Text.assemble((points(result.value), "bold green" if result.value == best else ""), (ends, "dim"))


def _sheet(record: Record, measures: Sequence[str]) -> Table:
    """The measures of one system, with precision, recall and the counts behind them."""
    table = Table(box=box.SIMPLE_HEAD, title=line(record.systems[0].name), title_justify="left")
    table.add_column("measure", no_wrap=True)
    for column in ("P", "R", "F1", "95 %", "right", "system", "gold"):
        table.add_column(column, justify="right", no_wrap=True)
    for measure in measures:
        result = record.result(record.systems[0].name, measure)
        average, found = parse(measure).average, result.intervals.get("f")
        ends = UNDEFINED if found is None else interval(found.low, found.high)
        sums = _sums(result.averages["micro"]) if average == "micro" else (UNDEFINED,) * 3
        table.add_row(label(measure), *_prf(result.averages[average]), Text(ends, "dim"), *sums)
    return table


def _prf(score: Score) -> tuple[RenderableType, ...]:
    return points(score.precision), points(score.recall), Text(points(score.f), "bold")


def _sums(score: Score) -> tuple[str, ...]:
    """What was right, produced and wanted; two numbers where the sides hit differently."""
    hits = [number(score.system_hits), number(score.gold_hits)]
    return "/".join(dict.fromkeys(hits)), number(score.system), number(score.gold)


def _labels(record: Record, measure: str) -> list[str]:
    """The labels of a measure, those with most gold units first."""
    gold: dict[str, float] = {}
    for system in record.systems:
        for name_, score in record.result(system.name, measure).labels.items():
            gold[name_] = score.gold or 0.0
    return sorted(gold, key=lambda name_: (-gold[name_], name_))


def _types(record: Record, measure: str) -> Table:
    """F1 by type, a column for each system."""
    labels = _labels(record, measure)
    rest = len(labels) - TYPES_SHOWN
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{label(measure)} by type",
        title_justify="left",
        caption=f"… and {amount(rest, 'type')} more in the record" if rest > 0 else None,
        caption_justify="left",
    )
    table.add_column("type", no_wrap=True)
    table.add_column("gold", justify="right")
    systems = _ranked(record, measure)
    for system in systems:
        table.add_column(line(system.name), justify="right")
    for name_ in labels[:TYPES_SHOWN]:
        scores = [record.result(system.name, measure).labels.get(name_) for system in systems]
        gold = max((score.gold or 0.0) for score in scores if score is not None)
        table.add_row(line(name_), number(gold), *(points(score.f if score else None) for score in scores))
    return table


def _arguments(measures: Sequence[str]) -> list[str]:
    """The measures of arguments other than AC+."""
    return [measure for measure in measures if parse(measure).units == "argument" and measure != ATTACHED]


def _apart(record: Record, measures: Sequence[str]) -> Table:
    """How far the definitions of a right argument are from AC+ for this very output, in points."""
    table = Table(box=box.SIMPLE_HEAD, title="arguments: points from AC+", title_justify="left")
    table.add_column("measure", no_wrap=True)
    for system in record.systems:
        table.add_column(line(system.name), justify="right")
    for measure in measures:
        pairs = [
            (record.result(system.name, measure).value, record.result(system.name, ATTACHED).value)
            for system in record.systems
        ]
        apart = [None if one is None or other is None else one - other for one, other in pairs]
        table.add_row(label(measure), *map(signed, apart))
    return table


def _classes(record: Record) -> Table:
    """How many units are correct, incorrect, partial, missing and spurious."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("measure", "system"):
        table.add_column(column, no_wrap=True)
    told = [result for result in record.results if result.classes]
    for column in told[0].classes:
        table.add_column(column, justify="right")
    for result in told:
        table.add_row(label(result.measure), line(result.system), *map(number, result.classes.values()))
    return table


# ---------------------------------------------------------------- what stands behind the numbers
def _notes(record: Record, told: Sequence[str]) -> Iterable[Text]:
    """What was not counted, and why."""
    notes = [*_layer_notes(record), *_duplicate_notes(record)]
    silent = [label(measure) for measure in record.measures if measure not in told]
    if silent:
        notes.append(f"Undefined, since neither gold nor a system has such units: {', '.join(silent)}")
    return [Text(note, "yellow") for note in dict.fromkeys(notes)]


def _layer_notes(record: Record) -> Iterable[str]:
    for layer in (record.gold, *record.systems):
        if layer.missing:
            yield f"{line(layer.name)}: {amount(layer.missing, 'document')} without a line count as empty"
        if layer.excluded:
            yield f"{line(layer.name)}: {amount(layer.excluded, 'unit')} in excluded regions do not count"


def _duplicate_notes(record: Record) -> Iterable[str]:
    for result in record.results:
        for side, count in (("gold", result.gold_collapsed), (result.system, result.system_collapsed)):
            if count:
                repeats = amount(count, "unit repeats", "units repeat")
                yield f"{line(side)}: {repeats} another one under {label(result.measure)}, counted once"


def _signatures(record: Record, told: Sequence[str]) -> Text:
    """The signature of every number: what all share once, and what is each measure's own."""
    signatures = {measure: _signature(record, measure) for measure in told}
    shared = _shared_end(list(signatures.values()))
    wide = max((len(label(measure)) for measure in told), default=0)
    lines = [
        f"{label(measure):{wide}}  {signature.removesuffix(shared).rstrip('|')}"
        for measure, signature in signatures.items()
    ]
    text = "\n".join(["Signatures", *lines, f"{'all':{wide}}  …|{shared}"]) if told else ""
    return Text(text, "dim")


def _signature(record: Record, measure: str) -> str:
    return record.result(record.systems[0].name, measure).signature


def _shared_end(signatures: Sequence[str]) -> str:
    """The longest run of parts that all signatures end in."""
    if not signatures:
        return ""
    parts = [signature.split("|")[::-1] for signature in signatures]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "|".join(shared[::-1])
