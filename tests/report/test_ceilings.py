"""People among themselves beside systems: every measure, every view, the same documents; else nothing."""

import re

import msgspec
import pytest
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Argument, Event, Mention, Span
from goldwire.eval.comparison.agreement import ceilings

DOCUMENTS = [make_document(f"d{k}", "aa bb cc dd ee") for k in range(4)]
PEOPLE = "annotators among themselves"
MEASURES = ("entity", "TC", "AC+", "MUC", "B3")


def line(document, words, *, event=True):
    """Words are mentions of one person, the first of them the victim of an event of word 4."""
    mentions = tuple(
        Mention(id=f"m{n}", type=type, spans=(Span(3 * n, 3 * n + 2),), cluster="c")
        for n, type in words.items()
    )
    argument = (Argument(role="Victim", mention=mentions[0].id),) if mentions else ()
    events = (Event(id="e", type="Die", trigger=(Span(12, 14),), arguments=argument),) if event else ()
    [made] = testing.layer([document], {document.id: []}, status="submitted")
    return msgspec.structs.replace(made, mentions=mentions, events=events)


def layer(**words):
    documents = {document.id: document for document in DOCUMENTS}
    return [line(documents[id], {int(n): type for n, type in own.items()}) for id, own in words.items()]


SAME = {f"d{k}": {"0": "PER", "1": "PER"} for k in range(4)}
# Anna and Ben agree on d0 and d1 (2 of 2), and on d2 in nothing of mentions.
ANNA = {"d0": SAME["d0"], "d1": SAME["d1"], "d2": {"0": "PER"}}
BEN = {"d0": SAME["d0"], "d1": SAME["d1"], "d2": {"0": "ORG"}}


@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS)
    made.write_layer("gold", layer(**SAME))
    made.write_layer("system/one", layer(**SAME))
    made.write_layer("system/two", layer(**ANNA, d3={}))
    made.write_layer("annotator/anna", layer(**ANNA))
    made.write_layer("annotator/ben", layer(**BEN))
    return made


def run(*words):
    found = CliRunner(env={"COLUMNS": "120"}).invoke(app, list(map(str, words)))
    assert found.exit_code == 0, found.output
    return found.output


def scored(corpus, *options):
    measures = [word for measure in MEASURES for word in ("--measure", measure)]
    return run("eval", "score", corpus.path, *measures, "--trials", 50, "--name", "r", *options)


def test_the_ceiling_is_of_the_documents_that_were_scored(corpus):
    # All three: 4 of 5 mentions agree. Of d0 and d1 alone all do.
    assert ceilings(corpus, ["entity"], documents={"d0", "d1", "d2"})[
        "entity:span+type@exact"
    ].value == pytest.approx(0.8)
    assert ceilings(corpus, ["entity"], documents={"d0", "d1"})["entity:span+type@exact"].value == 1
    assert ceilings(corpus, ["entity"], documents={"d3"}) == {}


def test_a_measure_of_what_annotators_do_not_have_takes_no_other_with_it(corpus):
    found = ceilings(corpus, ["entity", "entity:span+nonesuch@exact", "TC"], documents={"d0"})
    assert len(found) == 2


@pytest.mark.parametrize("systems", [("one",), ("one", "two")])
def test_scores_have_the_ceiling_of_every_measure(corpus, systems):
    said = scored(corpus, *(word for system in systems for word in ("--system", system)))
    if len(systems) == 1:
        assert said.count(PEOPLE) == 1  # one group, a row a measure
        assert len(re.findall(r"^TC\b", said[said.index(PEOPLE) :], re.MULTILINE)) >= 1
    else:
        assert said.count(PEOPLE) == len(MEASURES)
    assert "80.0" in said


def test_every_view_of_a_report_has_it_and_compare_too(corpus, tmp_path):
    scored(corpus)
    record = corpus.path / "records" / "r.json"
    out = [tmp_path / name for name in ("r.html", "r.md", "r.tex")]
    run("eval", "report", record, "--html", out[0], "--markdown", out[1], "--latex", out[2])
    for path in out:
        assert path.read_text().count(PEOPLE) >= len(MEASURES), path
    assert run("eval", "report", record).count(PEOPLE) >= len(MEASURES)
    assert run("eval", "compare", record).count(PEOPLE) == len(MEASURES)


def test_where_no_two_annotated_the_same_nothing_is_said(corpus):
    corpus.write_layer("annotator/ben", layer(d3={"0": "PER"}))
    assert PEOPLE not in scored(corpus)


def test_through_a_view_or_from_outside_a_corpus_nothing_is_said(corpus, tmp_path):
    assert PEOPLE not in scored(corpus, "--only", "PER")
    scored(corpus, "--replace")
    away = tmp_path / "away.json"
    away.write_bytes((corpus.path / "records" / "r.json").read_bytes())
    assert PEOPLE not in run("eval", "compare", away)
