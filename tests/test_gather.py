"""Records find their documents: made from the files, or those of a corpus, by id and by text."""

import pytest

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats.gather import Gathering
from goldwire.corpora.offsets import joined, surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Span

CORPUS = [make_document("a", "Ann  Lee\nflew."), make_document("b", "Yes."), make_document("c", "Yes.")]


def kinds(gathering: Gathering) -> list[str]:
    return [item.kind for item in gathering.quarantined]


def test_records_without_an_id_are_numbered_and_repeated_ids_are_turned_away() -> None:
    gathering = Gathering()
    assert gathering.text(None, "x", "f:1") is not None
    assert gathering.text("x", " ", "f:2") is None
    assert gathering.text("d", "y", "f:3") is not None
    assert gathering.text("d", "z", "f:4") is None
    assert gathering.text(None, "x", "f:5") is not None
    assert list(gathering.made) == ["000001", "d", "000005"]
    assert kinds(gathering) == ["no-text", "repeated-document"]


def test_a_text_of_a_corpus_is_found_by_id_and_else_by_its_words_in_order() -> None:
    gathering = Gathering(CORPUS)
    found = [gathering.text(id, "Yes.", "f") for id in ("c", "unknown", "c", None)]
    assert [place.document.id if place else None for place in found] == ["c", "b", None, None]
    assert kinds(gathering) == ["repeated-document", "unknown-document"]


def test_files_without_a_record_are_no_corpus_without_documents() -> None:
    with pytest.raises(CorpusError, match="no document that could be read"):
        Gathering().reading()


def test_an_id_with_another_text_is_not_taken_for_the_document() -> None:
    gathering = Gathering(CORPUS)
    assert gathering.text("b", "No.", "f") is None
    assert kinds(gathering) == ["text-changed"]


def test_offsets_behind_line_ends_of_two_characters_are_counted_anew() -> None:
    place = Gathering().text("d", "\ufeffa\r\nbc\rd", "f")
    assert place is not None
    assert place.document.text == "a\nbc\nd"
    # In the text as it came: mark 0, a 1, CR 2, LF 3, b 4, c 5, CR 6, d 7.
    words = [surface(place.document.text, (place.span(*span),)) for span in ((1, 2), (4, 6), (7, 8))]
    assert words == ["a", "bc", "d"]


def test_tokens_are_found_in_a_text_with_other_white_space() -> None:
    place = Gathering(CORPUS).tokens(None, [["Ann", "", "Lee", "flew."]], "f")
    assert place is not None
    assert place.document.id == "a"
    spans = [place.tokens(0, 3), place.tokens(3, 4), place.tokens(2, 4)]
    assert spans == [Span(0, 8), Span(9, 14), Span(5, 14)]
    empty = place.tokens(1, 2)
    assert empty.start >= empty.end


@pytest.mark.parametrize(("first", "after"), [(-1, 1), (0, 5), (2, 2), (3, 1)])
def test_tokens_that_are_not_there_have_no_span(first: int, after: int) -> None:
    place = Gathering().tokens("d", [["a", "b"], ["c", "d"]], "f")
    assert place is not None
    assert place.document.text == "a b\nc d"
    assert place.tokens(first, after) == Span(-1, -1)


def test_parts_with_white_space_between_them_are_one() -> None:
    assert joined([Span(5, 8), Span(0, 3)], "Ann  Lee") == (Span(0, 8),)
    assert joined([Span(0, 1), Span(0, 2)], "ab") == (Span(0, 1), Span(0, 2))


def test_a_record_that_fits_two_documents_of_one_text_says_so_where_one_goes_without() -> None:
    twins = [make_document(id, "Rain fell.") for id in ("a", "b")]
    for records, told in ((1, 1), (2, 0)):
        gathering = Gathering(twins)
        for number in range(records):
            place = gathering.text(None, "Rain fell.", f"f:{number}")
            assert place is not None
            gathering.add(place)
        notes = gathering.reading().notes
        assert len(notes) == told
        assert all(note.endswith("got none: b") for note in notes)
    named = Gathering(twins)
    place = named.text("b", "Rain fell.", "f:1")
    assert place is not None
    named.add(place)
    assert (place.document.id, named.reading().notes) == ("b", [])
