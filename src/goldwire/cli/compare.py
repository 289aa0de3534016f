"""`goldwire eval compare`: which system is ahead, and whether that is more than chance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.output import Json, print_json

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
    the pairs of a measure. `+/=/-` are documents where the second is better, equal, worse; `shows` is the
    smallest true difference that this corpus shows at 80 % power, `needs` the documents that would show the
    one found. Exit 2 if the records are of different corpora, gold layers or policies.

    \b
    Examples:
      goldwire eval compare work/records/today.json
      goldwire eval compare before.json after.json --measure TC --json
    """
    from goldwire.eval.compare import compare as compare_records
    from goldwire.eval.record import read_record

    named = {str(path): read_record(path) for path in records}
    comparisons = compare_records(named, measure, seed=seed)
    if as_json:
        print_json(comparisons)
    else:
        _show(comparisons)


def _show(comparisons: list[Comparison]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for comparison in comparisons:
        console.print(Text(f"\n{comparison.measure}, {comparison.documents} documents", "bold"))
        console.print(_ranking(comparison))
        if comparison.pairs:
            console.print(_pairs(comparison.pairs))
        console.print(Text(comparison.sentence))
    console.print(Text("\nSignatures", "bold"))
    for comparison in comparisons:
        for standing in comparison.standings:
            line = f"{standing.system}: {standing.signature}|test:{comparison.test}"
            console.print(Text(line, "dim"), soft_wrap=True)


def _ranking(comparison: Comparison) -> Table:
    table = _table("system", "F", "95 % interval", "alike")
    for standing in comparison.standings:
        ends = standing.interval
        groups = " ".join(map(str, standing.groups))
        interval = _interval(None, None) if ends is None else _interval(ends.low, ends.high)
        table.add_row(*_cells(standing.system, _number(standing.value), interval, groups))
    return table


def _pairs(pairs: tuple[Pair, ...]) -> Table:
    table = _table("second - first", "difference", "95 % interval", "p (Holm)", "+/=/-", "shows", "needs")
    for pair in pairs:
        table.add_row(
            *_cells(
                f"{pair.second} - {pair.first}",
                _number(pair.difference, sign=True),
                _interval(pair.low, pair.high, sign=True),
                "-" if pair.p_holm is None else f"{pair.p_holm:.4f}" + ("*" if pair.decided else " "),
                f"{pair.wins}/{pair.ties}/{pair.losses}",
                _number(pair.detectable),
                "-" if pair.needed is None else str(pair.needed),
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
    """Text as it stands: names of systems may look like markup."""
    from rich.text import Text

    return [Text(value) for value in values]


def _number(value: float | None, *, sign: bool = False) -> str:
    return "-" if value is None else f"{value:+.3f}" if sign else f"{value:.3f}"


def _interval(low: float | None, high: float | None, *, sign: bool = False) -> str:
    if low is None or high is None:
        return "-"
    return f"{_number(low, sign=sign)}, {_number(high, sign=sign)}"
