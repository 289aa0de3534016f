"""Drawings of a report as SVG, made offline: Altair writes the chart, vl-convert draws it.

Colours are the names of the page's own (`var(--ink)`), so that a drawing follows light and dark.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import msgspec
import vl_convert

from goldwire.corpora.visible import line
from goldwire.eval.measures.phrases import interval, points
from goldwire.eval.report.layout import wrap
from goldwire.eval.report.svg import clean
from goldwire.eval.report.values import Board, Curve, Errors, Report

WIDE, NARROW = 820, 340  # pixels: a laptop's column and a phone's
ROW = 34  # pixels a bar takes with the room around it
LINE, SIGN = 13, 6.5  # pixels of a line of a name, and of a sign in it, at the size that names have
COLOURS = 8  # that the style sheet has for systems; from the ninth on they repeat
# Colours of the style sheet for the classes of units, and for the causes of lost arguments, which have
# nothing right among them and so no green.
CLASSES = (0, 1, 2, 3, 4, 5, 6)
CAUSES = (5, 2, 1, 3, 4, 7, 8, 6)
# Names stand in a column of fixed width: other fonts than the one measured here may be wider, so lines are
# broken earlier than they must.
_COLUMN = {WIDE: 190, NARROW: 104}
_LIMIT = 0.82
Rows = list[dict[str, Any]]


class Drawing(msgspec.Struct, frozen=True):
    """One picture at the width of a laptop and of a phone, with its caption."""

    caption: str
    wide: str
    narrow: str


def draw(report: Report) -> dict[str, Drawing]:
    """All drawings of a report, by the name that the page asks for."""
    colours = colour_numbers(report.overview.systems)
    drawings = {f"forest-{board.key}": forest(board, colours) for board in report.boards}
    if report.errors:
        drawings["errors"] = bars(report.errors, "errors")
    if any(tally.count for errors in report.causes for tally in errors.tallies):
        drawings["causes"] = bars(report.causes, "causes")
    for units in dict.fromkeys(item.units for item in report.curves):
        of = tuple(item for item in report.curves if item.units == units)
        drawings[f"curves-{units}"] = _both("Precision against recall", lambda _, of=of: curves(of, colours))
        drawings[f"calibration-{units}"] = _both(
            "Share that is right, by score", lambda _, of=of: calibration(of, colours)
        )
    return drawings


def bars(found: tuple[Errors, ...], what: str) -> Drawing:
    """What became of all units (`errors`), or what lost arguments are put down to (`causes`)."""
    caption, palette = _BARS[what]
    return _both(caption, lambda width: stacked(found, palette, width))


_BARS = {
    "errors": ("What became of all units, in per cent", CLASSES),
    "causes": ("Lost arguments by cause, in per cent", CAUSES),
}


def colour_numbers(systems: tuple[str, ...]) -> dict[str, int]:
    """The colour of each system, as the style sheet numbers them."""
    return {system: number % COLOURS for number, system in enumerate(systems)}


def forest(board: Board, colours: dict[str, int]) -> Drawing:
    """Each system's figure with its interval, best on top; a dashed line where people agree."""
    rows = [
        {
            "system": standing.system,
            "colour": f"var(--s{colours[standing.system]})",
            "value": standing.f.value,
            "low": standing.f.low,
            "high": standing.f.high,
            "text": points(standing.f.value),
        }
        for standing in board.standings
        if standing.f.value is not None
    ]
    said = "; ".join(
        f"{line(s.system)} {points(s.f.value)} ({interval(s.f.low, s.f.high)})" for s in board.standings
    )
    ends = any(standing.f.low is not None for standing in board.standings)
    return _both(
        f"{board.name}: F1{' with 95 % interval' if ends else ''}",
        lambda width: _forest(rows, board, width),
        f"Forest plot. {said}",
    )


def _forest(rows: Rows, board: Board, width: int) -> Any:
    named, step = _named(rows, "system", width)
    base = _chart(named).encode(
        y=alt.Y("system:N", sort=None, title=None, axis=_name_axis(width)),
        color=alt.Color("colour:N", scale=None),
    )
    scale = alt.Scale(zero=False, nice=True, padding=12)
    layers: list[Any] = [
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("low:Q", title="F1", scale=scale, axis=_value_axis(width)), x2=alt.X2("high:Q")
        ),
        base.mark_point(filled=True, size=110, opacity=1).encode(x=alt.X("value:Q")),
        base.mark_text(dy=-12, fontSize=11, fontWeight=600).encode(
            x=alt.X("value:Q"), text=alt.Text("text:N")
        ),
    ]
    if board.ceiling is not None and board.ceiling.value is not None:
        people = _chart([{"value": board.ceiling.value, "text": "annotators"}])
        layers.append(
            people.mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color="var(--accent)").encode(
                x=alt.X("value:Q")
            )
        )
        layers.append(
            people.mark_text(align="right", dx=-5, fontSize=11, color="var(--accent)").encode(
                x=alt.X("value:Q"), y=alt.value(8), text=alt.Text("text:N")
            )
        )
    return alt.layer(*layers).properties(height=step)


def stacked(errors: tuple[Errors, ...], palette: tuple[int, ...], width: int) -> alt.Chart:
    """One bar for each system and kind of unit, divided by class."""
    names = [tally.name for tally in errors[0].tallies]
    several = len({item.units for item in errors}) > 1
    rows = [
        {
            "bar": f"{item.system}, {item.units}" if several else item.system,
            "class": tally.name,
            "order": order,
            "share": tally.share,
        }
        for item in errors
        for order, tally in enumerate(item.tallies)
        if tally.share
    ]
    colours = [f"var(--c{palette[number % len(palette)]})" for number in range(len(names))]
    named, step = _named(rows, "bar", width)
    chart: alt.Chart = (
        _chart(named)
        .mark_bar(height=18)
        .encode(
            y=alt.Y("bar:N", sort=None, title=None, axis=_name_axis(width)),
            x=alt.X("share:Q", title=None, axis=_value_axis(width), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "class:N",
                sort=names,
                scale=alt.Scale(domain=names, range=colours),
                legend=None,  # the page has it, as text
            ),
            order=alt.Order("order:Q"),
        )
        .properties(height=step)
    )
    return chart


def curves(items: tuple[Curve, ...], colours: dict[str, int]) -> alt.Chart:
    """Precision (up) against recall (right), a line for each system."""
    rows = [
        {
            "line": line(item.system),
            "colour": f"var(--s{colours[item.system]})",
            "recall": recall,
            "precision": precision,
            "order": order,
        }
        for item in items
        for order, (recall, precision) in enumerate(item.points)
    ]
    chart: alt.Chart = (
        _chart(rows)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("recall:Q", title="recall", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
            y=alt.Y("precision:Q", title="precision", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
            color=alt.Color("colour:N", scale=None),
            detail=alt.Detail("line:N"),
            order=alt.Order("order:Q"),
        )
        .properties(height=_SQUARE)
    )
    return chart


def calibration(items: tuple[Curve, ...], colours: dict[str, int]) -> Any:
    """The share that is right among units of about one score; on the diagonal the score is honest."""
    rows = [
        {
            "line": line(item.system),
            "colour": f"var(--s{colours[item.system]})",
            "score": score,
            "right": right,
            "units": number,
        }
        for item in items
        for score, right, number in item.bins
    ]
    diagonal = _chart([{"x": 0, "y": 0}, {"x": 1, "y": 1}]).mark_line(
        strokeDash=[4, 4], color="var(--soft)", strokeWidth=1
    )
    base = _chart(rows).encode(
        x=alt.X("score:Q", title="score", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
        y=alt.Y("right:Q", title="right", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
        color=alt.Color("colour:N", scale=None),
        detail=alt.Detail("line:N"),
    )
    return alt.layer(
        diagonal.encode(x=alt.X("x:Q"), y=alt.Y("y:Q")),
        base.mark_line(strokeWidth=1.5, strokeOpacity=0.6),
        base.mark_point(filled=True, opacity=1).encode(
            size=alt.Size("units:Q", scale=alt.Scale(range=[25, 260]), legend=None)
        ),
    ).properties(height=_SQUARE)


_SQUARE = 236  # the height of drawings that are as high as wide on a phone


def _named(rows: Rows, field: str, width: int) -> tuple[Rows, alt.Step]:
    """The rows with their names broken into lines that fit, and the height that a row then needs."""
    sign = _COLUMN[width] * _LIMIT / SIGN
    told = [{**row, field: "\n".join(wrap(row[field], int(sign)))} for row in rows]
    high = max((row[field].count("\n") + 1 for row in told), default=1)
    return told, alt.Step(max(ROW, LINE * high + 8))


def _name_axis(width: int) -> alt.Axis:
    column = _COLUMN[width]
    return alt.Axis(
        labelLimit=column,
        labelExpr="split(datum.label, '\\n')",
        labelLineHeight=LINE,
        minExtent=column,
        maxExtent=column,
        labelFontSize=12,
        domain=False,
        ticks=False,
        labelPadding=8,
    )


def _value_axis(width: int) -> alt.Axis:
    """Shares of one, written in points."""
    return alt.Axis(
        tickCount=8 if width == WIDE else 4,
        domain=False,
        labelPadding=6,
        labelExpr="round(datum.value * 100)",
    )


def _share_axis() -> alt.Axis:
    return alt.Axis(tickCount=5, domain=False, labelPadding=6, format=".1f")


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]  # altair has no hint


def _both(caption: str, chart: Any, label: str | None = None) -> Drawing:
    return Drawing(
        caption,
        *(
            clean(_svg(chart(width).properties(width=width - _COLUMN[width])), label or caption)
            for width in (WIDE, NARROW)
        ),
    )


def _svg(chart: Any) -> str:
    themed = (
        chart.configure(background="transparent", font="system-ui, sans-serif", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="var(--ink)",
            titleColor="var(--soft)",
            gridColor="var(--line)",
            tickColor="var(--line)",
            titleFontWeight=400,
        )
        .configure_axisY(grid=False)
    )
    drawn: str = vl_convert.vegalite_to_svg(themed.to_json(validate=False))
    return drawn
