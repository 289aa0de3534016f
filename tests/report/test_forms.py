"""The forms of a report and of a judgement, read by parsers that are not ours."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import markdown_it
import msgspec
import polars as pl
import pytest
from rich.console import Console

from goldwire.corpora.store import open_corpus
from goldwire.eval.counting import chunks
from goldwire.eval.gate import github, junit, wording
from goldwire.eval.gate import policy as policies
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.examples import illustrate, read_hits
from goldwire.eval.gate.judgement import Check, Judgement, judge
from goldwire.eval.measures.phrases import number, points
from goldwire.eval.report import build, frames, html, latex, markdown, terminal
from goldwire.eval.report.evidence import gather
from goldwire.eval.report.summary import of_report, of_score, summarise
from goldwire.eval.report.sums import with_evidence
from goldwire.eval.scoring.files import read_record

HOSTILE = "<script>alert(1)</script>|`*_[x](http://e)\x00\u202e\x1b[31m &amp; \\end{table} %$#^~\"' @all"


@pytest.fixture(scope="module")
def record(scored):
    return read_record(scored / "records" / "default.json")


@pytest.fixture(scope="module")
def report(scored, record):
    records = {"default": record}
    return with_evidence(build.make_report(records), gather(open_corpus(scored), records))


@pytest.fixture(scope="module")
def hostile(report):
    """The report with a system whose name does what it can."""
    text = msgspec.json.encode(report).decode()
    name = msgspec.json.encode(HOSTILE).decode()
    return msgspec.json.decode(text.replace('"lexicon"', name), type=type(report))


@pytest.fixture
def judgement(scored, record, build) -> Judgement:
    policy = policies.read("default")
    return judge(read_record(build(scored, 1.2)), make_baseline(record, policy), policy)


def illustrated(scored: Path, record, path: Path) -> Judgement:
    policy = policies.read("default")
    hits = read_hits(open_corpus(scored), record, policy.measures())
    baseline = msgspec.structs.replace(make_baseline(record, policy), hits=hits)
    worse = read_record(path)
    return illustrate(judge(worse, baseline, policy), baseline, open_corpus(path.parent.parent), worse)


# ---------------------------------------------------------------- the numbers
def test_every_figure_of_the_record_is_in_the_report(report, record):
    for board in report.boards:
        assert {s.system for s in board.standings} == {"lexicon", "spacy-sm", "noisy"}
        for standing in board.standings:
            assert standing.f.value == record.result(standing.system, board.measure).value
            assert standing.signature == record.result(standing.system, board.measure).signature


def test_standings_go_from_best_to_worst(report):
    for board in report.boards:
        values = [s.f.value for s in board.standings if s.f.value is not None]
        assert values == sorted(values, reverse=True)


def test_a_matrix_has_each_gold_unit_once(report, record):
    for matrix in report.matrices:
        if matrix.units == "entities":
            gold = record.result(matrix.system, "entity:span+type@exact").averages["micro"].gold
            assert sum(cell.count for row in matrix.cells[:-1] for cell in row) == gold
            assert (
                sum(row[-1].count for row in matrix.cells)
                + sum(cell.count for row in matrix.cells[:-1] for cell in row[:-1])
                == gold
            )


def test_fixed_and_broken_explain_the_difference_in_hits(report, record):
    hits = {
        s: record.result(s, "entity:span+type@exact").averages["micro"].gold_hits
        for s in report.overview.systems
    }
    entities = [pair for pair in report.versus if pair.units == "entities"]
    assert len(entities) == 3
    for pair in entities:
        assert pair.fixed - pair.broken == hits[pair.second] - hits[pair.first]


def test_causes_add_up_to_the_arguments_that_are_not_right(report, record):
    for errors in report.causes:
        score = record.result(errors.system, "argument:trigger+type+role+span@exact").averages["micro"]
        assert sum(tally.count for tally in errors.tallies) == score.gold - score.gold_hits


# ---------------------------------------------------------------- Markdown
def parsed(text: str) -> tuple[list[str], list[list[str]]]:
    """Headings and table rows, as markdown-it understands them."""
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    headings, rows = [], []
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            headings.append(token.content)
        if before.type == "tr_open":
            rows.append([])
        if before.type in ("td_open", "th_open"):
            rows[-1].append("".join(child.content for child in token.children or []))
    return headings, rows


def test_markdown_has_a_table_row_for_every_standing(report):
    headings, rows = parsed(markdown.render(report))
    assert headings[0] == "mazar-2021: 3 systems against gold"
    assert {board.name for board in report.boards} <= set(headings)
    for board in report.boards:
        for item in board.standings:
            row = next(row for row in rows if row[0] == item.system and row[-1] == number(item.gold))
            assert len(row) == 8  # system, alike, P, R, F1, right, found, gold


def test_markdown_cells_are_never_torn_by_foreign_text(hostile):
    text = markdown.render(hostile)
    page = markdown_it.MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "<script" not in page
    assert "<a " not in page
    _, rows = parsed(text)
    # Rankings, differences and costs have 8 columns, types of three systems 2 + 3 * 4, speed of two systems
    # 3, what is left by the least score 4, seven classes of errors 2 + 7, eight causes 2 + 8, and units under
    # two systems as confidence 6.
    assert {len(row) for row in rows} == {8, 14, 3, 4, 9, 10, 6}
    assert any("alert(1)" in cell for row in rows for cell in row)


# ---------------------------------------------------------------- JUnit
def test_junit_has_a_case_for_every_check(judgement):
    xml = junitparser.JUnitXml.fromstring(junit.render(judgement).encode())
    cases = [case for suite in xml for case in suite]
    assert len(cases) == len(judgement.checks) == 9
    failed = [case for case in cases if any(isinstance(r, junitparser.Failure) for r in case.result)]
    assert len(failed) == sum(check.verdict == "fail" for check in judgement.checks) > 0
    assert xml.failures == len(failed)
    assert all("noisy" in case.classname for case in failed)


def failing(system: str, *examples: str) -> Judgement:
    """A judgement with one check that failed."""
    check = Check(
        system=system,
        measure="event:trigger+type@exact",
        figure="f",
        kind="drop",
        limit=0.1,
        verdict="fail",
        before=0.5,
        now=0.2,
        examples=examples,
    )
    return Judgement(verdict="fail", alpha=0.05, checks=(check,))


def test_junit_survives_text_that_xml_cannot_hold():
    text = junit.render(failing(HOSTILE, "a]]>b \x0b", "\ud800"))
    [suite] = junitparser.JUnitXml.fromstring(text.encode())
    [case] = suite
    assert "<script>alert(1)</script>" in suite.name
    assert "a]]>b ␋" in case.result[0].text


# ---------------------------------------------------------------- GitHub
def test_annotations_are_one_line_each(judgement):
    lines = github.commands(judgement).splitlines()
    loud = [check for check in judgement.checks if check.verdict in ("fail", "warn")]
    assert len(lines) == len(loud)
    assert all(re.fullmatch(r"::(error|warning) title=[^:,\n]+::.+", line) for line in lines)


def test_annotations_escape_what_the_runner_reads():
    [line] = github.commands(failing("a::b,c\n::error::x")).splitlines()
    assert line.startswith("::error title=a%3A%3Ab%2Cc ")


def test_the_step_summary_has_the_table_and_the_reasons(judgement):
    _, rows = parsed(github.summary(judgement))
    assert len(rows) == 1 + len(judgement.checks)
    assert "❌" in github.summary(judgement)


# ---------------------------------------------------------------- LaTeX
def compiled(text: str, folder: Path) -> None:
    source = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\begin{document}" + "\n"
    (folder / "paper.tex").write_text(source + text + "\n\\end{document}\n", encoding="utf-8")
    subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=folder, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert (folder / "paper.pdf").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_latex_compiles(report, tmp_path):
    compiled(latex.render(report), tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_latex_compiles_with_names_made_of_commands(report, tmp_path):
    name = "".join(map(chr, range(0x20, 0x7F)))  # every character of ASCII
    text = msgspec.json.encode(report).decode().replace('"lexicon"', msgspec.json.encode(name).decode())
    compiled(latex.render(msgspec.json.decode(text, type=type(report))), tmp_path)


def test_latex_marks_what_cannot_be_told_apart(report):
    text = latex.render(report)
    letters = [item.group for board in report.boards for item in board.standings if item.group]
    assert letters
    assert all(f" & {group} & " in text for group in letters)


def test_latex_has_bold_for_no_lead_but_those_that_are_told_apart(report):
    leads = sum(item.lead for board in report.boards for item in board.standings)
    assert 0 < leads < len(report.boards)
    assert latex.render(report).count("\\textbf{") == leads


# ---------------------------------------------------------------- tables
def test_tables_read_back_as_they_were(report, tmp_path):
    for path in frames.write(report, tmp_path / "p", "parquet"):
        assert pl.read_parquet(path).equals(frames.frames(report)[path.stem])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_no_table_of_an_earlier_report_stays(report, tmp_path, form):
    made, runs = frames.write(report, tmp_path, form), tmp_path / f"runs.{form}"
    names = ("measure", "system", "run", "f", "precision", "recall", "deviation")  # of a report with runs
    earlier = pl.DataFrame({name: ["x"] for name in names})
    earlier.write_csv(runs) if form == "csv" else earlier.write_parquet(runs)
    (tmp_path / "notes.txt").write_text("of somebody else")
    assert frames.write(report, tmp_path, form) == made
    assert sorted(tmp_path.iterdir()) == sorted([*made, tmp_path / "notes.txt"])


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("data", [b"", b"date,kilometres\n2026-11-30,12\n", b"\xff\x00"])
def test_a_file_of_somebody_else_with_the_name_of_a_table_of_earlier_reports_stays(
    report, tmp_path, form, data
):
    own = tmp_path / f"runs.{form}"
    own.write_bytes(data)
    frames.write(report, tmp_path, form)
    assert own.read_bytes() == data


def test_csv_is_read_by_the_standard_library(hostile, tmp_path):
    frames.write(hostile, tmp_path, "csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 3 * len(hostile.boards)
    assert {row["system"] for row in rows} == {HOSTILE, "spacy-sm", "noisy"}


def test_undefined_is_empty_in_csv_never_zero(report, tmp_path):
    frames.write(report, tmp_path, "csv")
    rows = csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text(encoding="utf-8")))
    [realis] = [r for r in rows if "realis" in r["measure"] and r["system"] == "spacy-sm"]
    assert realis["f"] == ""


# ---------------------------------------------------------------- what went wrong
def test_error_classes_causes_costs_and_pairs_are_the_same_in_every_form(report):
    page = html.render(report, {}).partition("<body>")[2]
    text = markdown.render(report)
    console = Console(file=io.StringIO(), force_terminal=False, width=200)
    terminal.render(summarise(report, of_report(report)), console)
    printed = [row.split() for row in console.file.getvalue().splitlines()]
    for item in (*report.errors, *report.causes):
        counts = [f"{tally.count:,}" for tally in item.tallies]
        assert [item.system, item.units, *counts] in printed
        told = [f"{tally.count:,} ({points(tally.share)})" for tally in item.tallies]
        assert f"| {item.system} | {item.units} | {' | '.join(told)} |" in text
        cells = [
            f'<td>{tally.count:,}<span class="range">{points(tally.share)}</span></td>'
            for tally in item.tallies
        ]
        assert "".join(cells) in page
    for item in report.versus:
        four = [f"{n:,}" for n in (item.fixed, item.broken, item.both_right, item.both_wrong)]
        assert [item.second, "−", item.first, item.units, *four] in printed
        assert "".join(f"<td>{number}</td>" for number in four) in page


# ---------------------------------------------------------------- the terminal
def test_the_terminal_gets_no_escape_sequence_of_a_document(hostile):
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    terminal.render(summarise(hostile, of_report(hostile)), console)
    text = console.file.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "␛[31m" in text


# ---------------------------------------------------------------- what is not counted
FAILED = "noisy failed on 2 of 18 documents, which count as empty."
NOTES = (
    f"{FAILED} Allowed: 2.",
    "noisy: 3 units rejected: 2 words-differ, 1 unknown-type; they count as spurious, but not in realis.",
)


@pytest.fixture(scope="module")
def faulty(record):
    """The record with documents on which `noisy` failed, and units of it that were rejected."""
    *others, noisy = record.systems
    rejected = {"words-differ": 2, "unknown-type": 1}
    systems = (*others, msgspec.structs.replace(noisy, failed=2, allowed=2, rejected=rejected))
    return msgspec.structs.replace(record, systems=systems)


def test_what_is_not_counted_stands_above_the_figures_in_every_form(faulty):
    report = build.make_report({"r": faulty})
    figure = points(report.boards[0].standings[0].f.value)
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    terminal.render(summarise(report, of_score(report, 30)), console)
    page = html.render(report, {}).partition("<body>")[2]
    for form in (console.file.getvalue(), markdown.render(report), page):
        for note in NOTES:
            assert 0 < form.index(note) < form.index(figure)
    paper = latex.render(report)
    assert all(note in paper for note in NOTES)
    told = frames.frames(report)["notes"].filter(pl.col("about") == "noisy")
    assert set(NOTES) <= set(told["note"])
    assert {"failed", "rejected"} <= set(told["kind"])


def test_the_gate_tells_of_failures_and_rejections_first(record, faulty):
    judgement = judge(faulty, make_baseline(record, policies.read("default")), policies.read("default"))
    lines = wording.lines(judgement)
    assert lines[1:3] == [f"note  {note}" for note in NOTES]
    summary = github.summary(judgement)
    assert all(0 < summary.index(note) < summary.index("| Figure") for note in NOTES)
    suites = ElementTree.fromstring(junit.render(judgement)).findall("testsuite")
    told = [suite.findtext("system-out").split("\n") for suite in suites]
    assert [lines[:2] for lines in told] == [list(NOTES)] * 3
    assert all("one run on either side" in lines[2] for lines in told)  # of what nothing else is known


# ---------------------------------------------------------------- what a failure says
def test_a_failure_names_figure_loss_types_and_three_examples(scored, record, build):
    judgement = illustrated(scored, record, build(scored, 1.2))
    [check] = [c for c in judgement.checks if c.verdict == "fail" and c.title == "noisy TC"]
    assert re.search(r"noisy TC F1: \d+\.\d -> \d+\.\d \(−\d+\.\d\)", wording.summary(check))
    assert "the loss is real" in wording.summary(check)
    assert len(check.examples) == 3
    documents = {document.id: document.text for document in open_corpus(scored).documents()}
    for example in check.examples:
        id, _, quoted = example.partition(": …")
        surface = re.search(r"\[(.+?)\]", quoted)
        assert surface is not None
        assert surface[1] in documents[id]
    assert len({example.partition(":")[0] for example in check.examples}) == 3


def test_examples_read_in_blocks_are_those_of_all_at_once(scored, record, build, monkeypatch):
    path = build(scored, 1.2)
    corpus, policy, worse = open_corpus(path.parent.parent), policies.read("default"), read_record(path)
    hits = read_hits(open_corpus(scored), record, policy.measures())
    baseline = msgspec.structs.replace(make_baseline(record, policy), hits=hits)
    judgement = judge(worse, baseline, policy)
    whole = illustrate(judgement, baseline, corpus, worse)  # documents are not in order of id here
    assert sum(len(check.examples) for check in whole.checks) > 3
    lines = corpus.documents_path().read_bytes().splitlines(keepends=True)
    corpus.documents_path().write_bytes(b"".join(sorted(lines)))  # the id is in front
    monkeypatch.setattr(chunks, "SIZE", 1)
    monkeypatch.setattr("goldwire.eval.gate.examples._read", None)  # nobody reads all
    assert illustrate(judgement, baseline, corpus, worse) == whole


def test_figures_of_a_system_that_failed_are_never_shown_without_that(faulty):
    report = build.make_report({"r": faulty})
    for form in (markdown.render(report), html.render(report, {}).partition("<body>")[2]):
        assert form.count("noisy (2 failed)") >= len(report.boards)
