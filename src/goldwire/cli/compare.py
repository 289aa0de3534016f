"""`goldwire eval compare`: which system is ahead, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.output import Json, print_json
from goldwire.eval.text import UNDEFINED, chance, interval, line, number, points, signed, sized, span

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from goldwire.eval.compare import Comparison, Pair


def compare(
    records: Annotated[
        list[Path], typer.Argument(metavar="RECORD…", help="Records of `eval score` on the same gold.")
    ],
    *,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure to compare by; may be repeated. Without it, all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the random swaps and resamples.")] = 0,
    as_json: Json = False,
) -> None:
    """Compare all systems of one or more records: differences, intervals, p-values, who cannot be told apart.

    Every pair is tested by paired approximate randomisation over documents, p-values corrected by Holm over
    the pairs of a measure; a star marks what is not chance. Figures are points of a hundred, with --json
    shares of one. `+/=/-` are documents where the second is better, equal, worse; `shows` is the smallest
    true difference that this corpus shows at 80 % power, `needs` the documents that would show the one
    found; groups of near-duplicates count once. Exit 2 if the records are of different corpora, gold layers
    or policies.

    \b
    Examples:
      goldwire eval compare work/records/today.json
      goldwire eval compare before.json after.json --measure TC --json
    """
    from goldwire.eval.compare import compare as compare_records
    from goldwire.eval.record import iter_warnings, read_record

    named = {str(path): read_record(path) for path in records}
    comparisons = compare_records(named, measure, seed=seed)
    if as_json:
        print_json(comparisons)
    else:
        _show(comparisons, dict.fromkeys(told for record in named.values() for told in iter_warnings(record)))


def _show(comparisons: list[Comparison], warnings: Iterable[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for warning in warnings:
        console.print(Text(warning, "yellow"))
    if all(len(comparison.standings) == 1 for comparison in comparisons):
        console.print(Text(_alone(comparisons)), soft_wrap=True)
        return
    for comparison in comparisons:
        console.print(
            Text(f"\n{comparison.measure}, {sized(comparison.documents, comparison.independent)}", "bold")
        )
        console.print(_ranking(comparison))
        if comparison.pairs:
            console.print(_pairs(comparison.pairs))
        console.print(Text(line(comparison.sentence)))
    console.print(Text("\nSignatures", "bold"))
    for comparison in comparisons:
        for standing in comparison.standings:
            told = f"{line(standing.system)}: {line(standing.signature)}|test:{comparison.test}"
            console.print(Text(told, "dim"), soft_wrap=True)


def _alone(comparisons: list[Comparison]) -> str:
    """What is said where there is one system."""
    from goldwire.eval.measure import name, parse

    told = [
        f"{name(parse(comparison.measure)) or comparison.measure} {points(standing.value)}"
        for comparison in comparisons
        for standing in comparison.standings
        if standing.value is not None
    ]
    one = line(comparisons[0].standings[0].system)
    return f"One system only: nothing to compare. {one}: {', '.join(told) or UNDEFINED}"


def _ranking(comparison: Comparison) -> Table:
    table = _table("system", "F1", "95 %", "alike")
    for standing in comparison.standings:
        ends = standing.interval
        table.add_row(
            *_cells(
                standing.system,
                points(standing.value),
                UNDEFINED if ends is None else interval(ends.low, ends.high),
                " ".join(map(str, standing.groups)),
            )
        )
    return table


def _pairs(pairs: tuple[Pair, ...]) -> Table:
    table = _table("second - first", "difference", "95 %", "p (Holm)", "+/=/-", "shows", "needs")
    for pair in pairs:
        table.add_row(
            *_cells(
                f"{pair.second} - {pair.first}",
                signed(pair.difference),
                span(pair.low, pair.high),
                chance(pair.p_holm) + ("*" if pair.decided else " "),
                f"{pair.wins}/{pair.ties}/{pair.losses}",
                points(pair.detectable),
                number(pair.needed),
            )
        )
    return table


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left", header_style="dim", no_wrap=True)
    return table


def _cells(*values: str) -> list[Text]:
    """Text as it stands, on one line: names of systems may look like markup."""
    from rich.text import Text

    return [Text(line(value)) for value in values]
