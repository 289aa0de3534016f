"""Charts of a report as values and as drawings: marks at their places, text that stays text, every width."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.report import plots, svg
from goldwire.eval.report.charts import (
    Axis,
    Dot,
    Line,
    PlaneChart,
    Row,
    RowChart,
    Segment,
    Whisker,
    around,
    shares,
)
from goldwire.eval.report.values import Board, Curve, Errors, Figure, Standing, Tally

HOSTILE = "<script>alert(1)</script><a href='javascript:x' onload=\"y\">&amp;\x1b\u202e]]>"
STYLE = Path(svg.STYLE).read_text(encoding="utf-8")


def parsed(chart: RowChart | PlaneChart) -> ElementTree.Element:
    return ElementTree.fromstring(svg.render(chart).replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def rows(*marks: Whisker | Segment, name: str = "one", axis: Axis | None = None, **more: object) -> RowChart:
    return RowChart("Caption", "Text", axis or shares(points=True), (Row(name, marks),), **more)


def board(*standings: tuple[str, float | None], name: str = "entity", ceiling: float | None = None) -> Board:
    return Board(
        key="m0",
        measure="entity",
        name=name,
        definition="",
        standings=tuple(
            Standing(system=system, f=Figure(value=f), precision=Figure(), recall=Figure())
            for system, f in standings
        ),
        ceiling=None if ceiling is None else Figure(value=ceiling),
    )


# ---------------------------------------------------------------- axes
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_an_axis_holds_every_value_between_round_numbers_from_0_to_100(values):
    axis = around(values)
    places, labels = zip(*axis.ticks, strict=True)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert (places[0], places[-1]) == (axis.low, axis.high)
    assert 2 <= len(places) <= 9
    assert list(places) == sorted(set(places))
    assert [float(label) for label in labels] == pytest.approx([100 * place for place in places], abs=1e-4)
    assert -1e-9 <= axis.low < axis.high <= 1 + 1e-9


# ---------------------------------------------------------------- rows
def test_marks_stand_at_their_share_of_the_axis():
    # The axis goes from 30 % of the width to 97 %: half of it is at 30 + 67 / 2.
    drawing = parsed(rows(Whisker(0.5, 0.25, 1.0, "s0", "50.0")))
    assert drawing.find("circle").get("cx") == "63.5%"
    [whisker] = drawing.findall("line")
    assert (whisker.get("x1"), whisker.get("x2")) == ("46.75%", "97%")
    assert whisker.get("y1") == whisker.get("y2") == drawing.find("circle").get("cy")


def test_a_value_without_interval_is_a_point_alone():
    assert parsed(rows(Whisker(0.5, None, None, "s0", "50.0"))).findall("line") == []


def test_parts_of_a_bar_touch_and_fill_it():
    tallies = (Tally(name="a", count=1, share=0.25), Tally(name="none", count=0, share=0.0))
    errors = Errors(system="s", units="u", tallies=(*tallies, Tally(name="b", count=3, share=0.75)))
    chart = plots.stacked("c", (errors,), (0, 1, 2))
    bars = parsed(chart).findall("rect")
    # 67 % of the width in all: a quarter is 16.75, and the second begins at 30 + 16.75.
    assert [(bar.get("x"), bar.get("width")) for bar in bars] == [("30%", "16.75%"), ("46.75%", "50.25%")]
    assert [re.findall(r"c\d", bar.get("fill")) for bar in bars] == [["c0"], ["c2"]]
    assert [bar.find("title").text for bar in bars] == ["a 25.0", "b 75.0"]
    assert chart.text == "s: a 25.0, b 75.0"


def test_one_drawing_serves_every_width():
    drawing = parsed(rows(Whisker(0.5, 0.25, 1.0, "s0", "50.0"), axis=around([0.2, 0.9], "F1")))
    assert (drawing.get("width"), drawing.get("viewBox")) == ("100%", None)
    across = [e.get(key) for e in drawing.iter() for key in ("x", "x1", "x2", "cx") if e.get(key)]
    assert len(across) > 20
    assert all(place.endswith("%") for place in across)


def test_long_names_have_as_many_lines_as_they_need():
    name = "a-system-with-a-name-of-forty-characters"
    short, long = parsed(rows()), parsed(rows(name=name))
    lines = [line.text for line in long.iter("tspan")]
    assert "".join(lines) == name
    assert max(map(len, lines)) <= svg.NAME
    assert float(long.get("height")) > float(short.get("height"))


def test_where_people_agree_is_marked_across_all_rows():
    chart = plots.forest(board(("one", 0.5), ceiling=0.9), {"one": 0})
    assert chart.rule == (0.9, "annotators")
    assert chart.axis.high >= 0.9
    assert "annotators" in [text.text for text in parsed(chart).iter("text")]
    [dashed] = parsed(chart).findall("line")
    assert dashed.get("stroke-dasharray")


def test_an_undefined_figure_has_no_row_and_is_told_in_words():
    chart = plots.forest(board(("one", 0.5), ("two", None)), {"one": 0, "two": 1})
    assert [row.name for row in chart.rows] == ["one"]
    assert chart.text == "one 50.0 (–); two – (–)"


def test_what_has_nothing_to_show_is_not_drawn(scored):
    from goldwire.eval.report.build import make_report
    from goldwire.eval.scoring.files import read_record

    report = make_report({"r": read_record(scored / "records" / "default.json")}, quick=True)
    drawn = plots.draw(msgspec.structs.replace(report, boards=(board(("one", None)), *report.boards[1:])))
    assert "forest-m0" not in drawn
    assert "forest-m1" in drawn
    assert "errors" not in drawn


# ---------------------------------------------------------------- planes
def curve(bins: tuple[tuple[float, float, int], ...]) -> Curve:
    return Curve(
        system="one",
        units="entities",
        levels=(),
        points=((0.0, 1.0), (1.0, 0.0)),
        average_precision=0.5,
        threshold=None,
        best=None,
        bins=bins,
        calibration_error=0.25,
    )


def test_precision_goes_up_and_recall_to_the_right():
    drawing = parsed(plots.curves([curve(())], {"one": 0}))
    [line] = drawing.findall("polyline")
    (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in line.get("points").split())
    assert x1 < x2
    assert y1 < y2  # down, on a screen
    assert drawing.find("desc").text == "one: average precision 50.0"


def test_dots_have_areas_by_their_units():
    chart = plots.calibration([curve(((0.1, 0.2, 10), (0.9, 0.8, 40)))], {"one": 0})
    small, large = parsed(chart).findall("circle")
    area = {dot: 3.14159265 * float(dot.get("r")) ** 2 for dot in (small, large)}
    # 25 square pixels and 235 more for the most: 25 + 235 / 4 for a quarter as many.
    assert area[small] == pytest.approx(83.75, rel=1e-4)
    assert area[large] == pytest.approx(260, rel=1e-4)
    assert small.find("title").text == "one: 10 units"


# ---------------------------------------------------------------- harmless
def charts(text: str) -> list[RowChart | PlaneChart]:
    axis = Axis(0.0, 1.0, ((0.5, text),), text)
    marks = (Whisker(0.5, 0.2, 0.7, "s0", text), Segment(0.0, 0.5, "c0", text))
    return [
        RowChart(text, text, axis, (Row(text, marks),), (0.5, text)),
        PlaneChart(text, text, axis, axis, (Line(((0, 0), (1, 1)), "s0"),), (Dot(0, 0, 1, "s1", text),)),
    ]


@pytest.mark.parametrize("chart", charts(HOSTILE), ids=["rows", "plane"])
def test_foreign_text_in_a_drawing_stays_text(chart):
    drawing = parsed(chart)  # well-formed
    names = {"svg", "title", "desc", "g", "line", "text", "tspan", "circle", "rect", "polyline"}
    assert {part.tag for part in drawing.iter()} <= names
    attributes = {key for part in drawing.iter() for key in part.attrib}
    assert not {key for key in attributes if re.search(r"^on|href|style|src", key)}
    told = drawing.find("title").text
    assert told.startswith("<script>alert(1)</script><a href='javascript:x'")
    assert not re.search("[\x1b\u202e]", svg.render(chart))


@given(st.text(), st.integers(0, 1))
def test_any_text_gives_a_well_formed_drawing(text, kind):
    assert parsed(charts(text)[kind]).tag == "svg"


@pytest.mark.parametrize("chart", charts("x"), ids=["rows", "plane"])
def test_every_colour_is_one_of_the_style_sheet_and_the_light_one_stands_in(chart):
    used = re.findall(r"var\(--(\w+), (#\w+)\)", svg.render(chart))
    assert used
    assert {name for name, _ in used} >= {"ink", "line"}
    for name, light in used:
        assert f"--{name}: light-dark({light}, " in STYLE


def test_a_drawing_says_in_words_what_it_shows():
    drawing = parsed(rows())
    assert drawing.get("role") == "img"
    assert [(part.tag, part.text) for part in list(drawing)[:2]] == [("title", "Caption"), ("desc", "Text")]
