"""Tables of a report as values, and as they are laid out in the terminal: the same words, no figure cut."""

from __future__ import annotations

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from goldwire.corpora.codec import from_plain
from goldwire.corpora.store import make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.corpora.visible import line
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.errors.confidence import judge
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.phrases import points
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.report import build, diagnosis, latex, markdown, plots, tables, terminal
from goldwire.eval.report.layout import lay_out, wrap
from goldwire.eval.report.signatures import fold
from goldwire.eval.report.summary import of_comparison, of_report, of_score, summarise
from goldwire.eval.report.sums import make_curve
from goldwire.eval.report.table import Cell, Column, Group, Table, abreast
from goldwire.eval.scoring.files import read_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Options, score, score_corpus

LONG = "a-system-with-a-name-of-sixty-characters-and-no-space-in-it-"
NAMES = {"lexicon": LONG, "noisy": "Ein_sehr_langer_Name_ganz_ohne_Leerzeichen_und_Bindestriche_"}
WIDTHS = (40, 60, 80, 120)


def printed(report: build.Report, shown: object, width: int) -> str:
    console = Console(file=io.StringIO(), force_terminal=False, width=width)
    terminal.render(summarise(report, shown), console)
    return console.file.getvalue()


def renamed(record: Record) -> Record:
    text = msgspec.json.encode(record, enc_hook=tuple).decode()
    for old, new in NAMES.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return msgspec.json.decode(text, type=Record, dec_hook=from_plain)


@pytest.fixture(scope="module", params=["hipe", "arguments", "default", "semeval2013"])
def record(request, scored):
    suite = read_suite(request.param)
    options = Options(suite=request.param, classes=suite.classes)
    systems = ["lexicon", "spacy-sm", "noisy"]
    return renamed(score_corpus(open_corpus(scored), "gold", systems, suite.measures, options=options))


@pytest.fixture(scope="module")
def report(record):
    return build.make_report({"r": record})


VIEWS = {
    "score": lambda report: of_score(report, 30),
    "compare": of_comparison,
    "report": of_report,
}


# ---------------------------------------------------------------- widths
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_table_is_wider_than_the_terminal_and_no_figure_is_cut(report, view, width):
    text = printed(report, VIEWS[view](report), width)
    tabled, _, signed = text.partition("\nSignatures\n")
    assert signed
    assert max(map(cell_len, tabled.splitlines())) <= width
    assert "…" not in tabled
    words = set(tabled.split())
    for board in report.boards:
        for item in board.standings:
            for figure in (item.precision, item.recall, item.f):
                if figure.value:
                    assert points(figure.value) in words
                    ends = f"{points(figure.low)}–{points(figure.high)}"
                    assert ends in words or f"{ends}†" in words or f"{ends}‡" in words


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("view", VIEWS)
def test_our_own_signs_are_plain_where_the_encoding_has_none(report, view, encoding):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")  # what it has not is an error
    width = 60
    console = Console(file=out, force_terminal=False, width=width)
    terminal.render(summarise(report, VIEWS[view](report)), console)
    out.seek(0)
    tabled, _, signed = out.read().partition("\nSignatures\n")
    assert signed
    assert max(map(cell_len, tabled.splitlines())) <= width
    dash = "-" if encoding in ("ascii", "latin-1") else "–"
    score = report.boards[0].standings[0].f
    assert any(word.startswith(f"{points(score.low)}{dash}{points(score.high)}") for word in tabled.split())


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_heard(report, monkeypatch, variables, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    terminal.render(summarise(report, of_comparison(report)), console)
    assert ("\x1b[33m" in console.file.getvalue() or "\x1b[1;32m" in console.file.getvalue()) == coloured


def test_a_number_in_a_heading_is_not_broken():
    assert wrap("entity,beta=2.0", 8) == ["entity,", "beta=2.0"]


@pytest.mark.parametrize("width", WIDTHS)
def test_names_of_any_length_are_whole_though_broken(report, width):
    # A name stands first in its lines, its pieces below each other.
    lines = [row.split() for row in printed(report, [tables.scores(report)], width).splitlines()]
    first = "".join(words[0] for words in lines if words)
    for name in NAMES.values():
        assert first.count(name) >= len(report.boards)


@pytest.mark.parametrize("width", WIDTHS)
def test_one_system_has_its_figures_whole_under_a_measure_of_any_length(scored, width):
    measures = ["AC+,triggers=matched", "argument:trigger+type+role+span@token-dice"]
    one = score_corpus(open_corpus(scored), "gold", ["lexicon"], measures)
    report = build.make_report({"r": one})
    words = printed(report, of_score(report, 30), width).split()
    for measure in one.measures:
        score = one.result("lexicon", measure).averages["micro"]
        assert {points(score.precision), points(score.recall), points(score.f)} <= set(words)


cells = st.text(alphabet="0123456789.–−%", min_size=1, max_size=12)


@given(st.lists(cells, min_size=1, max_size=12), st.text(min_size=1, max_size=80), st.integers(30, 140))
def test_every_cell_of_any_table_is_printed_whole(figures, name, width):
    table = Table(
        title="t",
        columns=(Column(title="n", kind="name"), *(Column(title=f"c{k}") for k in range(len(figures)))),
        groups=(Group(rows=((Cell(text=name), *(Cell(text=text) for text in figures)),)),),
    )
    lines = ["".join(piece.text for piece in pieces) for pieces in lay_out(table, width)]
    assert max(map(cell_len, lines)) <= width
    words = [word for row in lines for word in row.split()]
    for text in figures:
        assert text in words


@given(st.text(max_size=100), st.integers(4, 40))
def test_wrapped_text_loses_nothing_but_blanks(text, width):
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(line(text).split())
    assert all(cell_len(part) <= width for part in lines)


# ---------------------------------------------------------------- the same words
def test_every_form_for_people_has_the_figures_of_the_table(report):
    forms = (
        printed(report, of_report(report), 120),
        printed(report, of_comparison(report), 120),
        markdown.render(report),
        latex.render(report).replace("--", "–"),
    )
    for row in tables.scores(report).rows:
        for cell in row[1:]:
            assert all(cell.text in form and cell.range in form for form in forms)


def test_all_systems_have_precision_recall_and_f_with_intervals(report):
    table = tables.scores(report)
    figures = ["P", "R", "F1", "right", "found", "gold"]
    alike = ["alike"] if any(item.group for board in report.boards for item in board.standings) else []
    assert [column.title for column in table.columns] == ["system", *alike, *figures]
    assert all(len(group.rows) == 3 for group in table.groups)
    assert all(cell.range for cell in table.groups[0].rows[0][-6:-3])


def test_types_have_precision_recall_f_gold_and_found_for_every_system(report, record):
    board = next(board for board in report.boards if board.rows)
    table = tables.types(board)
    assert [column.title for column in table.columns] == ["type", "gold", *["P", "R", "F1", "found"] * 3]
    assert [column.over for column in table.columns[2::4]] == list(board.columns)
    for place, system in enumerate(board.columns):
        labels = record.result(system, board.measure).labels
        for row in table.rows:
            score = labels.get(row[0].text)
            if score is not None and score.f:
                shown = [cell.text for cell in row[2 + 4 * place : 5 + 4 * place]]
                assert shown == [points(score.precision), points(score.recall), points(score.f)]


def test_types_of_many_systems_stand_in_tables_of_some(report):
    board = next(board for board in report.boards if board.rows)
    parts = abreast(tables.types(board), 2)
    assert [[column.over for column in part.columns[2::4]] for part in parts] == [
        list(board.columns[:2]), list(board.columns[2:]),
    ]  # fmt: skip
    assert [row[0].text for row in parts[1].rows] == [row.label for row in board.rows]


# ---------------------------------------------------------------- by hand
def layer(*words: list[list[int]]) -> list[Annotations]:
    """Mentions of so many words of each document."""
    documents = [make_document(f"d{k:02}", "abc " * 10) for k in range(len(words[0]))]
    return [
        Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(Mention(id=f"m{n}", type="PER", spans=(Span(4 * n, 4 * n + 3),)) for n in chosen),
        )
        for document, chosen in zip(documents, words[0], strict=True)
    ]


def scored_by_hand(**systems: list[list[int]]) -> Record:
    """Systems against gold that has the first two of ten words in each of 12 documents."""
    documents = [make_document(f"d{k:02}", "abc " * 10) for k in range(12)]
    layers = {name: layer(words) for name, words in systems.items()}
    return score(layer([[0, 1]] * 12), layers, documents, ["entity", "untyped"])


RIGHT, WRONG, HALF = [[0, 1]] * 12, [[5]] * 12, [[0]] * 12


def test_where_nothing_is_right_it_is_said_of_how_many():
    report = build.make_report({"r": scored_by_hand(wrong=WRONG)})
    row = tables.scores(report).rows[0]
    assert [cell.text for cell in row[1:4]] == ["0 of 12", "0 of 24", "0 of 24"]
    # Nothing right of so many may be a little right of more.
    assert all(cell.range.startswith("0.0–") for cell in row[1:4])


def test_a_lead_is_marked_only_where_it_is_told_apart():
    report = build.make_report({"r": scored_by_hand(right=RIGHT, half=HALF)})
    assert [item.lead for item in report.boards[0].standings] == [True, False]
    # The same but for one document of twelve: no test tells these apart.
    near = build.make_report({"r": scored_by_hand(right=RIGHT, near=[[0], *RIGHT[1:]])})
    assert [item.lead for item in near.boards[0].standings] == [False, False]
    assert [item.group for item in near.boards[0].standings] == ["a", "a"]
    assert not any(cell.lead for row in tables.scores(near).rows for cell in row)


def test_one_verdict_stands_over_all_measures():
    led = build.make_report({"r": scored_by_hand(right=RIGHT, half=HALF)})
    assert led.overview.verdict == "right leads by all 2 measures, by more than chance."
    near = build.make_report({"r": scored_by_hand(right=RIGHT, near=[[0], *RIGHT[1:]])})
    assert near.overview.verdict == "By all 2 measures no system leads by more than chance."
    assert build.make_report({"r": scored_by_hand(right=RIGHT)}).overview.verdict == ""


def test_long_tests_are_not_made_unasked(monkeypatch):
    record = scored_by_hand(right=RIGHT, half=HALF)
    monkeypatch.setattr(build, "TESTED", 1)
    quick = build.make_report({"r": record}, quick=True)
    assert quick.boards[0].pairs == ()
    assert "goldwire eval compare" in quick.overview.verdict
    assert "goldwire eval compare" in " ".join(printed(quick, of_score(quick, 30), 80).split())
    assert build.make_report({"r": record}).boards[0].pairs


def test_signatures_are_told_apart_from_what_they_share():
    record = scored_by_hand(right=RIGHT, half=HALF)
    folded = fold(build.make_report({"r": record}).boards)
    whole = [f"{own}|{folded.shared}" for _, own in folded.own]
    assert whole == [record.result("right", measure).signature for measure in record.measures]
    assert [own for _, own in folded.own] == ["entity:span+type@exact", "entity:span@exact"]


def test_measures_of_the_field_are_spelled_out(scored):
    record = read_record(scored / "records" / "default.json")
    report = build.make_report({"r": record}, quick=True)
    text = printed(report, of_score(report, 30), 80)
    for title in ("TI (trigger)", "TC (trigger + type)", "AI+ (trigger + type + span)"):
        assert title in text
    assert report.boards[0].measure == str(parse("entity"))


def two(trials: int) -> build.Report:
    """A report of two systems on two documents, both right on the first, the other empty on the second."""
    documents = [make_document("a", "Anna slept."), make_document("b", "Anna woke.")]
    mention = Mention(id="m", type="PER", spans=(Span(0, 4),))
    gold = [Annotations(document=d.id, sha256=d.sha256, mentions=(mention,)) for d in documents]
    systems = {"one": gold, "half": gold[:1]}
    record = score(gold, systems, documents, ["entity"], options=Options(trials=trials))
    return build.make_report({"r": record})


@pytest.mark.parametrize(("trials", "told"), [(0, False), (50, True)])
def test_intervals_are_announced_only_where_some_are_shown(trials, told):
    report = two(trials)
    assert ("with 95 % intervals" in tables.scores(report).caption) is told
    assert ("without intervals" in tables.scores(report).caption) is not told
    assert ("by bootstrap" in latex.render(report)) is told
    assert "told apart by paired approximate" in latex.render(report)
    title = plots.forest(report.boards[0], {"one": 0, "half": 1}).caption
    assert ("95 %" in title) is told


def test_a_table_of_one_system_says_nothing_of_tests():
    document = make_document("a", "Anna slept.")
    gold = [Annotations(document="a", sha256=document.sha256)]
    record = score(gold, {"s": gold}, [document], ["entity"], options=Options(trials=0))
    assert "told apart" not in latex.render(build.make_report({"r": record}))


# ---------------------------------------------------------------- by the least score
def by_score(scores: list[float], right: list[bool], gold: int) -> Table:
    overview = build.make_report(
        {"r": score({}, {"s": {}}, [make_document("d", "x")], ["entity"], options=EMPTY)}
    )
    curve = make_curve("s", "entities", judge(scores, right, gold))
    return diagnosis.thresholds(msgspec.structs.replace(overview, curves=(curve,)))


EMPTY = Options(trials=0, scope=Scope(unjudged="empty"))


def test_figures_by_the_least_score_say_on_what_the_best_was_chosen():
    shown = by_score([0.9, 0.6, 0.3, 0.2], [True, True, False, False], 3)
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["0.2", "50.0", "66.7", "57.1"],  # 2 of 4, 2 of 3
        ["0.3", "66.7", "66.7", "66.7"],
        ["0.6", "100.0", "66.7", "80.0"],
        ["0.9", "100.0", "33.3", "50.0"],
    ]
    assert "Best F1 80.0 at 0.6, a score chosen on this very gold." in shown.groups[0].caption


def test_of_many_scores_some_are_shown_and_the_best_always():
    scores = [number / 100 for number in range(100)]
    shown = by_score(scores, [number >= 37 for number in range(100)], 63)
    assert 10 <= len(shown.rows) <= 11
    assert ["0.37", "100.0", "100.0", "100.0"] in [[cell.text for cell in row] for row in shown.rows]


def test_without_gold_there_is_no_best_score():
    assert by_score([0.5], [False], 0).groups[0].caption == ""
