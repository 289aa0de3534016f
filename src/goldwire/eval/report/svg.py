"""Drawings of charts as SVG: elements and attributes only, no script, no style, nothing loaded.

Rows stand at shares of the width and at pixels of the height, so that one drawing fits every width and its
letters keep their size. Colours are the names of the page's own (`var(--ink)`), so that a drawing follows
light and dark; where they are not known, as in a notebook, those of the light page stand in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path

from goldwire.corpora.visible import line
from goldwire.eval.report.charts import Axis, Chart, Dot, Line, PlaneChart, Row, RowChart, Segment, Whisker
from goldwire.eval.report.layout import wrap

Attributes = dict[str, str | float]
STYLE = Path(__file__).parent / "templates" / "style.css"
# Per cent of the width: names end and the axis begins at the first, and ends at the second.
BEGIN, END = 30.0, 97.0
NAME = 13  # letters of a name in a line: what there is room for on a phone
ROW, BAR, LINE, TOP = 34, 18, 14, 6  # pixels: of a row, a bar, a line of a name, above the first row
TICK, NEAR = 17, 22  # pixels from the last row down to labels, and to the end
TITLE, FOOT = 33, 38  # and to the axis' title and the end where it has one
SIDE, LEFT, HIGH, EDGE = 340, 34, 236, 14  # of a plane: width, before its axis, its height, around it
LEAST, MOST = 25, 235  # square pixels of the lightest dot, and how many more the heaviest has


def render(chart: Chart) -> str:
    """The drawing of a chart, as one element `svg` that says in words what it shows."""
    size, parts = _rows(chart) if isinstance(chart, RowChart) else _plane(chart)
    told = (_said("title", chart.caption), _said("desc", chart.text))
    return element("svg", *told, *parts, xmlns="http://www.w3.org/2000/svg", role="img", **size, fill="none")


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """An element with attributes, `stroke_width` for `stroke-width`; what is inside is SVG already.

    >>> element("text", "&lt;", x=1.0, fill='"')
    '<text x="1" fill="&quot;">&lt;</text>'
    """
    written = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(inside)}</{name}>"


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.6g}"


def _said(name: str, text: str, **attributes: str | float) -> str:
    """An element with foreign text in it."""
    return element(name, escape(line(text)), **attributes)


@cache
def _light() -> dict[str, str]:
    """The colours of the light page, by name."""
    return dict(re.findall(r"--(\w+): light-dark\((#\w+)", STYLE.read_text(encoding="utf-8")))


def colour(name: str) -> str:
    """A colour of the style sheet by its name."""
    return f"var(--{name}, {_light()[name]})"


# ---------------------------------------------------------------- rows
def _rows(chart: RowChart) -> tuple[Attributes, list[str]]:
    high = _step(chart)
    depth = TOP + high * len(chart.rows)
    parts = list(_scale(chart.axis, depth))
    for number, row in enumerate(chart.rows):
        parts += _row(row, chart.axis, TOP + high * (number + 0.5))
    if chart.rule is not None:
        parts += _rule(*chart.rule, chart.axis, depth)
    return {"width": "100%", "height": depth + (FOOT if chart.axis.title else NEAR)}, parts


def _rule(value: float, text: str, axis: Axis, depth: int) -> Iterator[str]:
    """A line through all rows, its name on the side with more room."""
    x, left = _across(axis, value), axis.share(value) > 0.5  # noqa: PLR2004 - the middle
    yield _stroke((x, x), (0, depth), "accent", 1.5, stroke_dasharray="5 4")
    side: Attributes = {"dx": -5, "text_anchor": "end"} if left else {"dx": 5}
    yield _said("text", text, x=x, y=10, fill=colour("accent"), font_size=11, **side)


def _step(chart: RowChart) -> int:
    """The height of a row that has room for the longest name."""
    return max(ROW, 8 + LINE * max((len(wrap(row.name, NAME)) for row in chart.rows), default=1))


def _across(axis: Axis, value: float) -> str:
    """Where a value stands, in per cent of the width."""
    return f"{BEGIN + (END - BEGIN) * axis.share(value):.6g}%"


def _scale(axis: Axis, depth: int) -> Iterator[str]:
    lines = (_stroke((x, x), (0, depth), "line", 1) for x in (_across(axis, at) for at, _ in axis.ticks))
    labels = (_said("text", text, x=_across(axis, at), y=depth + TICK) for at, text in axis.ticks)
    yield element("g", *lines)
    yield element("g", *labels, fill=colour("ink"), font_size=11, text_anchor="middle")
    if axis.title:
        middle = f"{(BEGIN + END) / 2:.6g}%"
        yield _said(
            "text",
            axis.title,
            x=middle,
            y=depth + TITLE,
            fill=colour("soft"),
            font_size=12,
            text_anchor="middle",
        )


def _row(row: Row, axis: Axis, y: float) -> Iterator[str]:
    lines = wrap(row.name, NAME)
    first = y + 4 - LINE * (len(lines) - 1) / 2
    x = f"{BEGIN:.6g}%"
    texts = (_said("tspan", text, x=x, dx=-10, y=first + LINE * k) for k, text in enumerate(lines))
    yield element("text", *texts, fill=colour("ink"), font_size=12, text_anchor="end")
    for mark in row.marks:
        yield from _whisker(mark, axis, y) if isinstance(mark, Whisker) else (_segment(mark, axis, y),)


def _whisker(mark: Whisker, axis: Axis, y: float) -> Iterator[str]:
    at = _across(axis, mark.value)
    if mark.low is not None and mark.high is not None:
        ends = _across(axis, mark.low), _across(axis, mark.high)
        yield _stroke(ends, (y, y), mark.colour, 3)
    yield element("circle", cx=at, cy=y, r=5.2, fill=colour(mark.colour))
    yield _said(
        "text",
        mark.text,
        x=at,
        y=y - 9,
        fill=colour(mark.colour),
        font_size=11,
        font_weight=600,
        text_anchor="middle",
    )


def _segment(mark: Segment, axis: Axis, y: float) -> str:
    wide = f"{(END - BEGIN) * (axis.share(mark.end) - axis.share(mark.start)):.6g}%"
    place: Attributes = {"x": _across(axis, mark.start), "y": y - BAR / 2, "width": wide, "height": BAR}
    return element("rect", _said("title", mark.text), **place, fill=colour(mark.colour))


def _stroke(
    xs: Sequence[str | float], ys: Sequence[float], name: str, width: float, **more: str | float
) -> str:
    ends = {"x1": xs[0], "x2": xs[1], "y1": ys[0], "y2": ys[1]}
    return element("line", **ends, stroke=colour(name), stroke_width=width, **more)


# ---------------------------------------------------------------- planes
def _plane(chart: PlaneChart) -> tuple[Attributes, list[str]]:
    depth = 2 * EDGE + HIGH + FOOT
    parts = [*_axes(chart), *(_line(mark, chart) for mark in chart.lines)]
    parts += (_dot(mark, chart) for mark in chart.dots)
    return {"viewBox": f"0 0 {SIDE} {depth}", "width": SIDE, "height": depth}, parts


def _place(chart: PlaneChart, x: float, y: float) -> tuple[float, float]:
    """Where a point stands, in units of the drawing."""
    right, top = SIDE - EDGE - LEFT, 2 * EDGE
    return LEFT + right * chart.x.share(x), top + HIGH * (1 - chart.y.share(y))


def _axes(chart: PlaneChart) -> Iterator[str]:
    (left, bottom), (right, top) = (
        _place(chart, chart.x.low, chart.y.low),
        _place(chart, chart.x.high, chart.y.high),
    )
    over = [(_place(chart, at, chart.y.low)[0], text) for at, text in chart.x.ticks]
    beside = [(_place(chart, chart.x.low, at)[1], text) for at, text in chart.y.ticks]
    yield element(
        "g",
        *(_stroke((x, x), (top, bottom), "line", 1) for x, _ in over),
        *(_stroke((left, right), (y, y), "line", 1) for y, _ in beside),
    )
    labels = [_said("text", text, x=x, y=bottom + TICK) for x, text in over]
    yield element("g", *labels, fill=colour("ink"), font_size=10, text_anchor="middle")
    labels = [_said("text", text, x=left - 8, y=y + 3.5) for y, text in beside]
    yield element("g", *labels, fill=colour("ink"), font_size=10, text_anchor="end")
    under = _said("text", chart.x.title, x=right, y=bottom + TITLE, text_anchor="end")
    above = _said("text", chart.y.title, x=left - 24, y=12)
    yield element("g", under, above, fill=colour("soft"), font_size=11)


def _line(mark: Line, chart: PlaneChart) -> str:
    places = (_place(chart, x, y) for x, y in mark.points)
    more: Attributes = {"stroke_dasharray": "4 4"} if mark.dashed else {}
    if mark.thin and not mark.dashed:
        more = {"stroke_opacity": 0.6}
    return element(
        "polyline",
        points=" ".join(f"{x:.6g},{y:.6g}" for x, y in places),
        stroke=colour(mark.colour),
        stroke_width=1.5 if mark.thin else 2.5,
        **more,
    )


def _dot(mark: Dot, chart: PlaneChart) -> str:
    x, y = _place(chart, mark.x, mark.y)
    radius = math.sqrt((LEAST + MOST * mark.weight) / math.pi)
    circle = element("circle", _said("title", mark.text), cx=x, cy=y, r=radius, fill=colour(mark.colour))
    if not mark.name:
        return circle
    left = x > (SIDE + LEFT) / 2  # its name on the side with more room
    side: Attributes = {"dx": -radius - 2, "text_anchor": "end"} if left else {"dx": radius + 2}
    name = wrap(mark.name, NAME)[0]
    return circle + _said("text", name, x=x, y=y - radius, fill=colour(mark.colour), font_size=10, **side)
