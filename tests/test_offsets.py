"""Offsets of other units come back to the same character; tokens cover every visible character once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.offsets import Converter, OffsetError, hash_text, surface, tokens
from goldwire.corpora.types import Span

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_hash_is_that_of_the_utf8_bytes() -> None:
    # printf 'a\xc3\xa9' | sha256sum
    assert hash_text("aé") == "561951c2b8c47984b8b4b8ae1f173a03d9c703f66cf36f145e27bc6145499f74"


@given(texts, st.data())
def test_utf16_offsets_are_those_of_the_codec(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    converter = Converter(text, "utf-16")
    units = len(text[:offset].encode("utf-16-le")) // 2
    assert converter.encode(offset) == units
    assert converter.decode(units) == offset


@given(texts, st.data())
def test_byte_offsets_are_those_of_the_codec(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    converter = Converter(text, "byte")
    size = len(text[:offset].encode("utf-8"))
    assert converter.encode(offset) == size
    assert converter.decode(size) == offset


@pytest.mark.parametrize(("unit", "offset"), [("utf-16", 2), ("byte", 3), ("byte", 2), ("byte", 4)])
def test_offset_inside_a_character_is_refused(unit, offset: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OffsetError, match="inside a character"):
        Converter("a😀b", unit).decode(offset)


@pytest.mark.parametrize("offset", [-1, 4])
def test_offset_outside_the_text_is_refused(offset: int) -> None:
    converter = Converter("abc", "code point")
    with pytest.raises(OffsetError, match="outside the text"):
        converter.decode(offset)
    with pytest.raises(OffsetError, match="outside the text"):
        converter.encode(offset)


def test_surface_of_a_discontinuous_mention_joins_its_parts() -> None:
    assert surface("Afghan and Uzbek guards", (Span(0, 6), Span(17, 23))) == "Afghan guards"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("US-led forces’ B-52s.", ["US-led", "forces", "’", "B-52s", "."]),
        ("don't  stop", ["don't", "stop"]),
        ("cafe\u0301s ouverts", ["cafe\u0301s", "ouverts"]),
        ("مُحَمَّد قال", ["مُحَمَّد", "قال"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("a\xa0b\u2028c", ["a", "b", "c"]),
        ("😀😀", ["😀", "😀"]),
        ("", []),
    ],
)
def test_tokens_are_words_and_single_signs(text: str, words: list[str]) -> None:
    assert [surface(text, (token,)) for token in tokens(text)] == words


@given(texts)
def test_tokens_are_in_order_and_leave_out_white_space_only(text: str) -> None:
    found = tokens(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    covered = {i for token in found for i in range(token.start, token.end)}
    left = [char for i, char in enumerate(text) if i not in covered]
    assert all(char.isspace() for char in left)
