"""A record of the front door: asked by any name, shown short, given as frames, kept and read."""

import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import polars as pl
import pytest

import goldwire as gw
from goldwire.corpora.errors import InputTypeError, InputValueError, JudgementError, MeasureError

# Two documents. "mine" has the PER of a, another type at b, and one more there that is not in gold.
GOLD = [("a", 0, 4, "PER"), ("a", 9, 13, "GPE"), ("b", 0, 4, "PER")]
MINE = [("a", 0, 4, "PER"), ("b", 0, 4, "ORG"), ("b", 6, 8, "ORG")]
OLD = GOLD[:1]


@pytest.fixture(scope="module")
def record():
    return gw.score(GOLD, {"mine": MINE, "old": OLD}, ["entity", "untyped"])


def test_it_answers_by_the_name_that_was_asked(record):
    wanted = record["mine", "entity"]
    assert (wanted.precision, wanted.recall, wanted.f1) == (1 / 3, 1 / 3, pytest.approx(1 / 3))
    for name in ("entity", "entity:type+span@exact", wanted.measure):
        assert record["mine", name].f1 == wanted.f1
        assert record["mine"][name].f1 == wanted.f1
    assert record["mine", "untyped"].precision == 2 / 3
    assert wanted.types["GPE"].recall == 0
    assert wanted.types["ORG"].recall is None
    assert wanted.signature.startswith("entity:span+type@exact|")
    assert wanted.interval == wanted.intervals["f"]
    low, high = wanted.interval
    assert 0 <= low <= wanted.f1 <= high <= 1


def test_f1_is_of_measures_with_a_beta_of_one():
    found = gw.score(GOLD, MINE, "entity,beta=2", trials=0)["entity,beta=2"]
    # Three of each with one right: precision and recall are a third, and so is any F.
    assert found.f == pytest.approx(1 / 3)
    assert found.interval is None
    with pytest.raises(InputValueError, match=r"beta 2: ask for \.f"):
        found.f1  # noqa: B018 - asking is the test


@pytest.mark.parametrize(
    ("asked", "kind", "told"),
    [
        (("mne", "entity"), JudgementError, "no system 'mne'; nearest: mine"),
        ("mne", JudgementError, "no system 'mne'; nearest: mine"),
        (("mine", "overlap"), JudgementError, "no measure 'overlap'; there are: "),
        (("mine", "entty"), MeasureError, "nearest: entity"),
        ("entity", InputValueError, r"there are 2 systems: ask for record\[system, measure\]"),
        (3, InputTypeError, "expected record"),
        (("mine", "entity", "f"), InputTypeError, "expected record"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_what_there_is(record, asked, kind, told):
    with pytest.raises(kind, match=told) as caught:
        record[asked]
    assert isinstance(caught.value, (ValueError, TypeError))


def test_the_record_of_one_system_is_a_record(record):
    alone = record["old"]
    assert [system.name for system in alone.systems] == ["old"]
    for field in ("counts", "results", "confusions", "findings"):
        assert {part.system for part in getattr(alone, field)} == {"old"}
    assert alone["entity"].recall == 1 / 3
    assert "mine" not in repr(alone)


# ---------------------------------------------------------------- shown
def test_its_text_is_a_short_table_with_the_signature_below(record):
    shown = repr(record)
    lines = shown.splitlines()
    assert len(lines) < 30
    assert re.search(r"system +P +R +F1", shown)
    assert re.search(r"mine +33\.3 +33\.3 +33\.3", shown)
    assert lines[-1].startswith("all: …|avg:micro|")
    assert "rest on 2 documents" in shown


def test_its_text_stays_short_however_large_it_is():
    systems = {f"system-with-a-long-name-{n}": MINE for n in range(40)}
    measures = ["entity", "untyped", "overlap", "iou50", "partial", "first-overlap"]
    large = gw.score(GOLD, systems, measures, trials=0)
    assert len(repr(large).splitlines()) < 30
    assert 'record.frame("scores")' in repr(large)
    assert large._repr_html_().count("<tr>") < 30
    assert large.frame("scores").height == 240


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_its_html_is_escaped_and_runs_nothing():
    hostile = '<script>alert("x")</script>'
    record = gw.score([("a", 0, 3, hostile)], {hostile: [("a", 0, 3, hostile)]}, "entity", trials=0)
    shown, seen = record._repr_html_(), Tags()
    seen.feed(shown)
    assert "table" in seen.tags
    assert not seen.tags & {"script", "style", "iframe", "link", "img"}
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in shown


def test_a_report_is_shown_in_a_frame_and_saved(record, tmp_path):
    page = record.report()
    seen = Tags()
    seen.feed(page._repr_html_())
    assert seen.tags == {"iframe"}
    assert 'sandbox="allow-scripts"' in page._repr_html_()
    path = page.save(str(tmp_path / "deep" / "report.html"))
    assert path.read_text(encoding="utf-8") == page.html
    assert page.html.startswith("<!doctype html>")
    assert len(repr(page).splitlines()) == 1


@pytest.mark.parametrize("what", ["scores", "errors"])
def test_a_plot_is_an_svg_that_stands_alone(record, what, tmp_path):
    plot = record.plot(what)
    assert ET.fromstring(plot.svg).tag.endswith("svg")
    assert "var(--ink, #" in plot.svg  # a colour where there is no style sheet
    assert plot.svg in plot._repr_html_()
    assert plot.save(tmp_path / "plot.svg").read_text(encoding="utf-8") == plot.svg


def test_what_cannot_be_drawn_is_told(record):
    with pytest.raises(InputValueError, match="no plot 'score'; nearest: scores"):
        record.plot("score")
    with pytest.raises(InputValueError, match="no causes to draw"):
        record.plot("causes")
    with pytest.raises(JudgementError, match="no measure"):
        record.plot("scores", "TC")


# ---------------------------------------------------------------- frames
def test_frames_have_every_figure(record):
    scores = record.frame()
    assert scores.columns[:3] == ["measure", "system", "f"]
    mine = scores.row(
        by_predicate=(pl.col("system") == "mine") & (pl.col("measure") == "entity:span+type@exact"),
        named=True,
    )
    assert (mine["hits"], mine["found"], mine["gold"]) == (1, 3, 3)
    types = record.frame("types").filter(measure="entity:span+type@exact", system="mine")
    assert dict(types.select("label", "gold").iter_rows()) == {"PER": 2, "GPE": 1, "ORG": 0}
    confusion = record.frame("confusion").filter(system="mine")
    cells = {(row["gold"], row["found"]): row["count"] for row in confusion.iter_rows(named=True)}
    assert cells == {("PER", "PER"): 1, ("PER", "ORG"): 1, ("GPE", None): 1, (None, "ORG"): 1}
    errors = dict(record.frame("errors").filter(system="mine").select("class", "count").iter_rows())
    assert {name: count for name, count in errors.items() if count} == {
        "correct": 1,
        "type": 1,
        "spurious": 1,
        "missed": 1,
    }


def test_documents_have_their_own_figures(record):
    found = record.frame("documents").filter(measure="entity:span+type@exact", system="mine")
    rows = {row["document"]: row for row in found.iter_rows(named=True)}
    assert (rows["a"]["precision"], rows["a"]["recall"], rows["a"]["f"]) == (1, 1 / 2, pytest.approx(2 / 3))
    assert (rows["b"]["precision"], rows["b"]["recall"], rows["b"]["f"]) == (0, 0, 0)
    old = record.frame("documents").filter(measure="entity:span+type@exact", system="old", document="b")
    assert old["precision"].to_list() == [None]  # nothing was given: undefined, and no NaN
    assert not any(math.isnan(value) for value in record.frame("documents")["f"].drop_nulls())


@pytest.mark.parametrize("table", ["scores", "types", "documents", "confusion", "errors"])
def test_empty_frames_have_the_same_columns_and_types(record, table):
    empty = gw.score({"a": []}, {"a": []}, "entity", trials=0)
    assert empty.frame(table).schema == record.frame(table).schema


def test_an_unknown_table_is_told(record):
    with pytest.raises(InputValueError, match="no table 'score'; nearest: scores"):
        record.frame("score")


# ---------------------------------------------------------------- kept
def test_it_is_kept_read_and_compared(record, tmp_path):
    path = record.write(str(tmp_path / "records" / "now.json"))
    again = gw.read_record(str(path))
    assert again == record
    assert again["mine", "untyped"].interval == record["mine", "untyped"].interval
    later = gw.score(GOLD, {"mine": GOLD}, ["entity", "untyped"])
    found = gw.compare({"before": path, "after": later}, "entity")
    assert {standing.system for standing in found["entity"].standings} == {"before:mine", "after:mine", "old"}


def test_records_of_other_gold_are_not_compared(record):
    other = gw.score(GOLD[:2], {"mine": MINE}, ["entity", "untyped"])
    with pytest.raises(JudgementError, match="cannot be compared"):
        gw.compare([record, other])


def test_it_is_asked_and_shown_for_one_measure_as_for_several(record):
    one = gw.compare(record, "entity")
    assert len(one) == 1
    assert one["entity"] == one["entity:span+type@exact"]
    assert len(gw.compare(record)) == 2
    assert "Each against each" in repr(one)
    assert one.frame().height == 1
    with pytest.raises(JudgementError, match="not compared by overlap"):
        one["overlap"]
    with pytest.raises(InputTypeError, match="records"):
        gw.compare(3)


# ---------------------------------------------------------------- the gate
def test_a_gate_opens_and_shuts(record, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rules]]\nmeasure = "entity"\ndrop = 0.01\n')
    baseline = tmp_path / "baseline.json"
    with pytest.raises(gw.GoldwireError):
        gw.gate(record, baseline, policy=policy)
    assert gw.gate(record, baseline, policy=policy, update=True).passed
    assert gw.gate(record, str(baseline), policy=str(policy)).passed
    worse = gw.score(GOLD, {"mine": MINE[1:], "old": OLD}, ["entity", "untyped"])
    shut = gw.gate(worse, baseline, policy=policy)
    assert not shut.passed
    assert "mine entity F1: 33.3 -> 0.0" in repr(shut)
