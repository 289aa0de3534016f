"""The report for a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from goldwire.eval.report.model import Board, Report, Standing
from goldwire.eval.text import amount, chance, interval, line, number, points, signed, span


def render(report: Report, console: Console) -> None:
    """Print the report: ranking by measure, what the documents decide, and the signatures."""
    overview = report.overview
    console.print(Text(line(overview.title), "bold"))
    facts = [amount(overview.documents, "document"), f"gold {line(overview.gold)}"]
    console.print(Text(", ".join(facts), "dim"))
    for note in overview.notes:
        console.print(Text(f"note: {line(note)}", "yellow"))
    for board in report.boards:
        console.print()
        console.print(board_view(board))
    console.print()
    console.print(Text("Signatures", "bold"))
    for board in report.boards:
        for standing in board.standings:
            console.print(Text(f"{line(standing.system)}: {line(standing.signature)}", "dim"), soft_wrap=True)


def board_view(board: Board) -> RenderableType:
    """One measure: its table, what can be told apart, and the differences."""
    table = Table(
        title=line(board.name), title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    table.add_column("system")
    for name in ("F1", "95 %", "P", "R", "right", "found", "gold"):
        table.add_column(name, justify="right")
    table.add_column("group")
    for standing in board.standings:
        table.add_row(*_cells(standing))
    parts: list[RenderableType] = [table]
    if board.verdict:
        parts.append(Text(line(board.verdict), "italic"))
    parts += [
        Text(
            f"  {line(pair.second)} - {line(pair.first)}: {signed(pair.difference.value)} points "
            f"({span(pair.difference.low, pair.difference.high)}), p {chance(pair.adjusted)}, "
            f"better/same/worse {pair.wins}/{pair.ties}/{pair.losses}",
            "dim",
        )
        for pair in board.pairs
    ]
    return Group(*parts)


def _cells(standing: Standing) -> list[Text]:
    return [
        Text(cell)
        for cell in (
            line(standing.system),
            points(standing.f.value),
            interval(standing.f.low, standing.f.high),
            points(standing.precision.value),
            points(standing.recall.value),
            number(standing.hits),
            number(standing.produced),
            number(standing.gold),
            standing.group,
        )
    ]
