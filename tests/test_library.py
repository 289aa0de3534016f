"""What ships is sound, and gold without text binds to the user's own copy of the text."""

from pathlib import Path

import msgspec
import pytest

from goldwire.corpora import ingest, library
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.corpora.validate import corpus_faults


@pytest.mark.parametrize("name", library.names())
def test_corpora_that_ship_are_sound_and_have_gold(name: str) -> None:
    corpus = library.open(name)
    assert corpus_faults(corpus) == {}
    assert corpus.layer("gold").keys() == {document.id for document in corpus.documents()}


def test_mazar_2021_is_twelve_reports_of_120_words_or_more() -> None:
    documents = library.open("mazar-2021").documents()
    assert len(documents) >= 12
    assert min(len(document.text.split()) for document in documents) >= 120


def test_copy_is_the_corpus_and_the_original_stays(tmp_path: Path) -> None:
    shipped = library.open("mazar-2021")
    copy = library.copy("mazar-2021", tmp_path / "mine")
    assert copy.fingerprint() == shipped.fingerprint()
    assert copy.layer("gold") == shipped.layer("gold")
    copy.write_layer("system/x", [])
    assert "system/x" not in shipped.layers()
    with pytest.raises(CorpusError, match="is there already"):
        library.copy("mazar-2021", tmp_path / "mine")


@pytest.mark.parametrize("name", ["nothing", "../library", "mazar-articles"])
def test_what_does_not_ship_as_a_corpus_is_refused_with_what_does(name: str) -> None:
    with pytest.raises(CorpusError, match="mazar-2021"):
        library.open(name)


def test_gold_binds_by_hash_whatever_the_documents_are_called() -> None:
    mine, other = make_document("mine", "Rain fell."), make_document("b", "Rain fell")
    gold = Annotations(
        document="theirs",
        sha256=mine.sha256,
        mentions=(Mention(id="m", type="LOC", spans=(Span(0, 4),)),),
    )
    assert library.bind([gold], [other, mine]) == [msgspec.structs.replace(gold, document="mine")]
    assert library.bind([gold], [other]) == []


def test_gold_of_the_articles_binds_to_their_files_and_is_sound(articles: Path) -> None:
    documents = ingest.read([articles]).documents
    (bound,) = library.gold_for(documents).values()
    assert [item.document for item in bound] == [document.id for document in documents]
    assert all(item.mentions and item.events for item in bound)
    assert library.gold_for([make_document("a", "Rain fell.")]) == {}


@pytest.mark.parametrize("name", library.standoff())
def test_standoff_gold_holds_no_text_and_says_how_it_was_made(name: str) -> None:
    for item in library.read_standoff(name):
        assert len(item.sha256) == 64
        assert item.provenance.status == "adjudicated"
        assert item.provenance.details


def test_gold_that_fits_two_documents_is_given_to_neither_and_both_are_named() -> None:
    a, b = make_document("a", "Rain fell."), make_document("b", "Rain fell.")
    gold = Annotations(document="theirs", sha256=a.sha256)
    assert library.bind([gold], [a, b]) == []
    assert library.doubtful([gold], [a, b]) == "a, b"
    assert library.doubtful([gold], [a]) == ""
