"""Gold done blind beside gold done upon a system's output: how far people follow what they are shown."""

from __future__ import annotations

import pytest

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Provenance
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.comparison.slices import compare_slices
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.slices import parse_slices
from goldwire.eval.report.build import make_report
from goldwire.eval.scoring.notes import iter_notes
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.testing import annotate


def shown_corpus(path, blind, upon, *, follows=True):
    """Gold of so many documents done blind, and so many upon `system/one`, which has the person of two."""
    documents = [make_document(f"d{number:03}", "Anna met Bern there.") for number in range(blind + upon)]
    corpus = create_corpus(path / "c", Manifest(name="c", version="1", language="en"), documents)
    person, place = ((0, 4), "PER"), ((9, 13), "LOC")
    gold = []
    for number, document in enumerate(documents):
        layer = "none" if number < blind else "system/one"
        units = (person,) if follows and number >= blind else (person, place)
        gold.append(annotate(document, *units, provenance=Provenance(details={"prefill": layer})))
    corpus.write_layer("gold", gold)
    corpus.write_layer("system/one", [annotate(document, person) for document in documents])
    return corpus


def pulled(record):
    report = make_report({"r": record}, quick=True)
    return " ".join(note for board in report.slices for note in board.notes)


def test_blind_and_prefilled_gold_stand_side_by_side_without_being_asked_for(tmp_path):
    record = score_corpus(shown_corpus(tmp_path, 30, 30), "gold", ["one"], ["entity"])
    [sliced] = compare_slices(contenders({"r": record}), parse("entity"))
    found = {score.value: score for score in sliced.scores}
    # blind: 1 right of 1 given and 2 of gold, F 2/3; upon its output: all right
    assert found["blind (nothing shown)"].score.f == pytest.approx(2 / 3)
    assert found["system/one"].score.f == 1
    assert found["system/one"].standing == "better"
    assert "Gold that was made upon one gives it +33.3 points of F" in pulled(record)
    assert "annotators follow what they are shown" in pulled(record)


def test_a_system_that_was_shown_to_annotators_is_told_before_its_figures(tmp_path):
    record = score_corpus(shown_corpus(tmp_path, 0, 6), "gold", ["one"], ["entity"])
    [told] = [note.text for note in iter_notes(record) if note.kind == "prefilled"]
    assert "shown what one found, in 6 of 6 documents" in told
    assert "documents done blind would tell" in told
    assert record.systems[0].shown == 6
    beside = score_corpus(shown_corpus(tmp_path / "b", 30, 30), "gold", ["one"], ["entity"])
    [told] = [note.text for note in iter_notes(beside) if note.kind == "prefilled"]
    assert "in 30 of 60 documents" in told
    assert "see the part by prefill" in told


def test_gold_that_was_done_blind_tells_of_no_system(tmp_path):
    record = score_corpus(shown_corpus(tmp_path, 4, 0), "gold", ["one"], ["entity"])
    assert [note for note in iter_notes(record) if note.kind == "prefilled"] == []


def test_too_few_blind_documents_are_said_to_be_too_few(tmp_path):
    record = score_corpus(shown_corpus(tmp_path, 1, 30), "gold", ["one"], ["entity"])
    assert "too few documents to say anything of it" in pulled(record)


def test_gold_that_follows_nothing_is_not_called_pulled(tmp_path):
    record = score_corpus(shown_corpus(tmp_path, 30, 30, follows=False), "gold", ["one"], ["entity"])
    assert "0.0 points of F against the rest: that may be chance" in pulled(record)


def test_gold_that_was_all_done_alike_has_no_slice_of_what_was_shown(tmp_path):
    assert score_corpus(shown_corpus(tmp_path, 4, 0), "gold", ["one"], ["entity"]).slices == ()


def test_what_was_shown_is_refused_where_gold_does_not_say(tmp_path):
    document = make_document("d", "Anna.")
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", version="1", language="en"), [document])
    corpus.write_layer("gold", [annotate(document, ((0, 4), "PER"))])
    corpus.write_layer("system/one", [])
    with pytest.raises(MeasureError, match="does not say of any document what its annotator was shown"):
        score_corpus(corpus, "gold", ["one"], ["entity"], options=Options(slices=parse_slices(["prefill"])))
