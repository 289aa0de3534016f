"""A gold layer before: what changed for each system, and whether the order of systems turned."""

import json

import pytest
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.eval.comparison.earlier import with_was
from goldwire.eval.scoring.files import encode_record, read_record
from goldwire.eval.scoring.plan import Options
from goldwire.eval.scoring.score import score_corpus

DOCUMENTS = [testing.document("aa bb cc dd", id=f"d{k}") for k in range(12)]
A, B, C = (0, 2), (3, 5), (6, 8)


def made(tmp_path, gold, before, **systems):
    layers = {"gold-2": gold, "gold": before}
    return testing.corpus(
        tmp_path / "c", DOCUMENTS, layers | {f"system/{name}": units for name, units in systems.items()}
    )


def everywhere(*units, but=None):
    return {one.id: list(units) for one in DOCUMENTS} | (but or {})


def scored(corpus, *systems, options=None, gold="gold-2", was="gold"):
    options = options or Options(trials=100)
    record = score_corpus(corpus, gold, systems, ["entity"], options=options)
    return with_was(corpus, record, was, options).was


def test_each_system_has_its_figure_before_and_now(tmp_path):
    """Gold had two units a document, of which one was of the wrong type in half of them."""
    wrong = {f"d{k}": [(*A, "PER"), (*B, "LOC")] for k in range(6)}
    corpus = made(
        tmp_path,
        everywhere((*A, "PER"), (*B, "ORG")),
        everywhere((*A, "PER"), (*B, "ORG"), but=wrong),
        good=everywhere((*A, "PER"), (*B, "ORG")),
    )
    found = scored(corpus, "good")
    [moved] = found.moved
    # Of 24 units 18 were right before, all are now.
    assert (moved.before, moved.now, moved.difference) == (0.75, 1.0, 0.25)
    assert moved.low < 0.25 < moved.high
    assert (found.layer, found.documents, found.changed) == ("gold", 12, 6)
    assert found.turns == ()


def test_two_systems_that_change_places_are_told(tmp_path):
    corpus = made(
        tmp_path,
        everywhere((*A, "PER")),
        everywhere((*A, "ORG"), but={"d0": [(*A, "PER")]}),
        per=everywhere((*A, "PER")),
        org=everywhere((*A, "ORG")),
    )
    [turn] = scored(corpus, "per", "org").turns
    assert (turn.ahead, turn.behind) == ("per", "org")


def test_only_documents_that_both_golds_judge_are_compared(tmp_path):
    now = everywhere((*A, "PER"))
    before = {id: units for id, units in everywhere((*A, "ORG")).items() if id not in ("d0", "d1", "d2")}
    del now["d11"]
    found = scored(made(tmp_path, now, before, per=everywhere((*A, "PER"))), "per")
    # d0 to d2 are judged by gold-2 alone, d11 by gold alone.
    assert (found.documents, found.only_now, found.only_before) == (8, 3, 1)
    assert found.moved[0].before == 0
    assert found.moved[0].now == 1


def test_a_gold_that_did_not_change_moves_nothing(tmp_path):
    units = everywhere((*A, "PER"))
    found = scored(
        made(tmp_path, units, units, some=everywhere((*B, "PER"), but={"d0": [(*A, "PER")]})), "some"
    )
    assert found.changed == 0
    assert found.moved[0].difference == 0
    assert found.moved[0].low <= 0 <= found.moved[0].high


def test_what_cannot_be_compared_is_refused(tmp_path):
    corpus = made(tmp_path, {"d0": [(*A, "PER")]}, {"d1": [(*A, "PER")]}, some=everywhere())
    with pytest.raises(CorpusError, match="--was"):
        scored(corpus, "some")
    with pytest.raises(MeasureError, match="is the layer that is scored against"):
        scored(corpus, "some", was="gold-2")
    with pytest.raises(MeasureError, match="--stream"):
        scored(corpus, "some", options=Options(trials=0, stream=True))


def test_a_record_without_another_gold_is_as_it_was(tmp_path):
    corpus = made(tmp_path, everywhere((*A, "PER")), everywhere(), some=everywhere((*A, "PER")))
    record = score_corpus(corpus, "gold-2", ["some"], ["entity"])
    assert b'"was"' not in encode_record(record)


def test_every_view_shows_it_and_the_record_keeps_it(tmp_path):
    corpus = made(
        tmp_path,
        everywhere((*A, "PER")),
        everywhere((*A, "ORG"), but={"d0": [(*A, "PER")]}),
        per=everywhere((*A, "PER")),
        org=everywhere((*A, "ORG")),
    )

    def run(*words):
        done = CliRunner().invoke(app, ["eval", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    call = ("score", str(corpus.path), "--gold", "gold-2", "--was", "gold", "--measure", "entity")
    shown = run(*call)
    assert "What changed since gold" in shown
    assert "the order turned: per is ahead of org now." in " ".join(shown.split())
    told = json.loads(run(*call, "--json"))
    path = corpus.path / "records" / "measures.json"
    assert told["was"]["turns"] == [{"measure": "entity:span+type@exact", "ahead": "per", "behind": "org"}]
    assert read_record(path).was is not None
    html, markdown, latex = (tmp_path / name for name in ("r.html", "r.md", "r.tex"))
    run("report", str(path), "--html", str(html), "--markdown", str(markdown), "--latex", str(latex))
    for form in (html, markdown, latex):
        assert "the order turned: per is ahead of org now." in form.read_text("utf-8")
