"""Pieces of long texts: all of it is in them, they end with sentences, and they overlap."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Excluded, Meta
from goldwire.eval.systems.adapters.passages import OVERLAP, pieces

NEWS = " ".join(f"Sentence number {i} is here." for i in range(100))


@given(st.text(alphabet="ab .!?\n”。", max_size=400), st.integers(min_value=1, max_value=60))
def test_every_character_is_in_a_piece_and_no_piece_is_too_long(text: str, size: int) -> None:
    document = make_document("a", text)
    covered: set[int] = set()
    found = pieces(document, size)
    for part, start in found:
        assert part.text == text[start : start + len(part.text)]
        assert len(part.text) <= size or found == [(document, 0)]
        covered |= set(range(start, start + len(part.text)))
    assert all(text[at].isspace() for at in set(range(len(text))) - covered)


@given(st.text(alphabet="ab .\n", min_size=1, max_size=400), st.integers(min_value=1, max_value=60))
def test_pieces_go_on_and_overlap_by_no_more_than_their_share(text: str, size: int) -> None:
    spans = [(start, start + len(part.text)) for part, start in pieces(make_document("a", text), size)]
    for (begin, end), (following, after) in pairwise(spans):
        assert begin < following
        assert end < after
        assert end - following <= size * OVERLAP


def test_pieces_begin_and_end_with_sentences_and_share_some() -> None:
    found = pieces(make_document("a", NEWS), 300)
    assert len(found) > 10
    assert all(part.text.startswith("Sentence") and part.text.rstrip().endswith(".") for part, _ in found)
    ends = [start + len(part.text) for part, start in found]
    assert all(start < end for (_, start), end in zip(found[1:], ends, strict=False))


def test_a_text_that_fits_is_itself() -> None:
    document = make_document("a", NEWS)
    assert pieces(document, None) == pieces(document, len(NEWS)) == [(document, 0)]


def test_excluded_regions_move_with_the_piece_and_a_piece_of_nothing_else_is_left_out() -> None:
    begin = NEWS.index("Sentence number 10 ")
    regions = (Excluded(start=begin, end=len(NEWS), reason="advert"),)
    found = pieces(make_document("a", NEWS, excluded=regions), 300)
    assert max(start for _, start in found) < begin
    part, start = found[-1]
    assert [(one.start, one.end) for one in part.excluded] == [(begin - start, len(part.text))]


def test_the_headline_goes_with_the_first_piece_alone() -> None:
    found = pieces(make_document("a", NEWS, meta=Meta(title="War")), 300)
    assert [part.meta.title for part, _ in found] == ["War", *[None] * (len(found) - 1)]


@pytest.mark.parametrize("text", ["x" * 1000, "word " * 200, "\n" * 1000])
def test_a_text_without_sentences_is_cut_between_words_or_anywhere(text: str) -> None:
    assert all(len(part.text) <= 99 for part, _ in pieces(make_document("a", text), 99))
