"""The report as one HTML file that asks for nothing from outside, and runs no script but its own.

The Content-Security-Policy in the file allows one style sheet and one script, by their hashes. All foreign
text is escaped by the template or reaches the page as text nodes; long data lie in the file as packed blocks
that the browser unpacks when they are looked at.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FunctionLoader
from markupsafe import Markup

from goldwire.corpora.garbage import no_collection
from goldwire.corpora.visible import visible
from goldwire.eval.measures import phrases
from goldwire.eval.measures.phrases import amount
from goldwire.eval.report import diagnosis, earlier, expense, plots, svg, tables
from goldwire.eval.report import slices as sliced
from goldwire.eval.report.signatures import fold, tests
from goldwire.eval.report.table import Summary, abreast, heads
from goldwire.eval.report.values import Board, Report

TEMPLATE, CELL = "report.html.j2", "cell.html.j2"
STYLE, COMMON, SCRIPT = "style.css", "common.js", "script.js"
PACKING = 6  # gzip's usual level: the last three cost much time for little
TYPED = 3  # systems side by side, with all figures by type, that a page of usual width shows whole
BUDGET = 48 * 10**6  # bytes of packed texts in one page: more than browsers open with ease


@no_collection()
def render(report: Report, blocks: Mapping[str, Any], *, budget: int = BUDGET) -> str:
    """The page; `blocks` are JSON values by name, packed into it (see `payload`).

    Texts beyond the budget, in bytes, are left out; their figures stay, and the page says so.
    """
    packed = pack_all(blocks, budget)
    style, script = read_asset(STYLE), read_asset(COMMON) + read_asset(SCRIPT)
    charts = plots.draw(report)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            report=report,
            policy=policy(style, script),
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
            blocks=packed,
            left_out=sum(len(blocks[name]) for name in blocks.keys() - packed.keys()),
            listed=len(blocks["index"]["documents"]) if blocks else 0,
            drawings={name: (chart.caption, Markup(svg.render(chart))) for name, chart in charts.items()},  # noqa: S704 - all text in it is escaped
            examples=any(name.startswith("cells-") for name in blocks),
            colours=plots.colour_numbers(report.overview.systems),
            definitions=tables.definitions(report),
            diagnosis=diagnosis,
            sheet_heads=heads,
            facts=list(tables.facts(report)),
            expense=expense.table(report),
            unknown=[item for item in report.expenses if item.cost.value is None],
            beside=[
                table
                for table in (
                    *earlier.sheets(report),
                    tables.runs(report),
                    tables.apart(report),
                    tables.classes(report),
                )
                if table is not None
            ],
            ranking=tables.ranking,
            pairs=tables.pairs,
            by_type=lambda board: abreast(tables.types(board), TYPED),
            typed=_typed(report),
            slices=list(sliced.by_measure(report)),
            slice_tabs=[
                (f"slice-{number}", called) for number, (called, _) in enumerate(sliced.by_measure(report))
            ],
            folded=fold(report.boards),
            tested=tests(report.boards),
            sections=_sections(report, blocks),
            boards_tabs=[(f"board-{board.key}", board.name) for board in report.boards],
            types_tabs=[(f"types-{board.key}", board.name) for board in _typed(report)],
            matrix_tabs=[(f"matrix-{item.key}", f"{item.system}: {item.units}") for item in report.matrices],
            curve_tabs=[
                (f"curves-{units}", units) for units in dict.fromkeys(curve.units for curve in report.curves)
            ],
            class_colours=plots.CLASSES,
            cause_colours=plots.CAUSES,
        )
    )


def render_cell(summary: Summary, *, more: Sequence[str] = (), notes: int) -> str:
    """Tables for a notebook, without style sheet and script, and so many of the notes."""
    told = summary.notes
    left = [f"{amount(len(told) - notes, 'more note')} in the report"] if len(told) > notes else []
    return (
        environment()
        .get_template(CELL)
        .render(
            summary=summary,
            notes=[*told[:notes], *left],
            more=more,
            colours={},
            plain=True,
            sheet_heads=heads,
        )
    )


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy that lets nothing in but these two.

    >>> policy("", "").split("; ")[0]
    "default-src 'none'"
    """
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def pack(value: Any) -> str:
    """JSON, gzipped, in base64: letters only, so nothing in it can end the element that holds it."""
    return base64.b64encode(gzip.compress(msgspec.json.encode(value), PACKING, mtime=0)).decode()


def pack_all(blocks: Mapping[str, Any], budget: int) -> dict[str, str]:
    """Every block, packed; chunks of documents only as long as they keep within the budget."""
    packed, spent = {}, 0
    for name, value in blocks.items():
        if not name.startswith("docs-"):
            packed[name] = pack(value)
        elif spent <= budget:
            data = pack(value)
            spent += len(data)
            if spent <= budget:
                packed[name] = data
    return packed


def read_asset(name: str) -> str:
    """A file of the page, as text."""
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def environment() -> Environment:
    """Templates in which all that is foreign is escaped and visible."""
    environment = Environment(
        loader=FunctionLoader(read_asset), autoescape=True, finalize=_finalize, keep_trailing_newline=True
    )
    environment.filters |= {
        "points": phrases.points,
        "number": phrases.number,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Foreign text loses what nobody sees; our own markup stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _typed(report: Report) -> list[Board]:
    """The measures that have scores by type."""
    return [board for board in report.boards if any(row.label for row in board.rows)]


def _sections(report: Report, blocks: Mapping[str, Any]) -> list[tuple[str, str]]:
    there = {
        "ranking": True,
        "measures": True,
        "types": bool(_typed(report)),
        "slices": bool(report.slices),
        "confusion": bool(report.matrices),
        "errors": bool(report.errors or report.causes),
        "confidence": bool(report.curves),
        "cost": bool(report.expenses),
        "speed": bool(report.facts),
        "versus": bool(report.versus),
        "documents": bool(blocks),
        "signatures": True,
    }
    names = {"types": "By type", "versus": "A against B", "measures": "Definitions"}
    return [(anchor, names.get(anchor, anchor.capitalize())) for anchor, shown in there.items() if shown]
