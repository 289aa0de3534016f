"""Bytes become text once, or are refused with what to do about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.encodings import decode, normalise, text_faults, text_warnings
from goldwire.corpora.errors import DataError

TEXT = "Mazar’s fall,\nüber Nacht 😀\n"


def refusal(data: bytes, encoding: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        decode(data, "a.txt", encoding)
    (fault,) = caught.value.faults
    assert fault.where == "a.txt"
    return fault.message


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode("utf-8"),
        TEXT.replace("\n", "\r").encode("utf-8"),
        TEXT.replace("\n", "\r\n").encode("utf-16"),
    ],
    ids=["utf-8", "utf-8 BOM", "utf-16", "utf-16-be", "utf-32", "CRLF", "CR", "utf-16 CRLF"],
)
def test_text_is_the_same_however_it_was_stored(data: bytes) -> None:
    assert decode(data, "a.txt") == TEXT


def test_named_encoding_is_used_and_a_byte_order_mark_goes_before_it() -> None:
    assert decode("Mazar’s".encode("cp1252"), "a.txt", "cp1252") == "Mazar’s"
    assert decode("é".encode("latin-1"), "a.txt", "latin-1") == "é"
    assert decode("Mazar’s".encode("utf-8-sig"), "a.txt", "cp1252") == "Mazar’s"


def test_windows_text_is_refused_with_place_sample_and_option() -> None:
    message = refusal("Rain.\nMazar’s fall".encode("cp1252"))
    assert "byte 0x92 at offset 11 (line 2) is not UTF-8" in message
    assert "Mazar’s fall" in message
    assert "--encoding cp1252" in message


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("Rain fell in Herat".encode("utf-16-le"), "--encoding utf-16-le"),
        ("Rain fell in Herat".encode("utf-16-be"), "--encoding utf-16-be"),
        (b"Rain\0", "a binary file cannot be annotated"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a binary file, or one that was cut off"),
        (b"\xff\xfea", "is not UTF-16-LE"),
    ],
    ids=["utf-16-le", "utf-16-be", "NUL", "PNG", "cut off"],
)
def test_what_is_no_text_is_refused(data: bytes, told: str) -> None:
    assert told in refusal(data)


@pytest.mark.parametrize("encoding", ["no-such", "hex", "a\0b"])
def test_unknown_encoding_is_refused(encoding: str) -> None:
    assert "there is no encoding" in refusal(b"a", encoding)


def test_normalising_twice_changes_nothing_more() -> None:
    assert normalise("\ufeffa\r\n\rb\n") == "a\n\nb\n" == normalise(normalise("\ufeffa\r\n\rb\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "is empty"), (" \n\t", "is empty"), ("a\0", "holds NUL"), ("ab\ud800", "half a character")],
)
def test_text_that_cannot_be_annotated_is_told(text: str, told: str) -> None:
    assert [told in fault for fault in text_faults(text)] == [True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mazar\ufffds", "1 character(s) lost"),
        ("Mazarâ€™s", "UTF-8 that was read as cp1252"),
        ("Ã¼ber", "UTF-8 that was read as cp1252"),
        ("Mazar\x92s", "control character U+0092 at code point 5"),
        ("a\x0bb", "control character U+000B"),
    ],
)
def test_signs_of_damage_are_told(text: str, told: str) -> None:
    assert [told in warning for warning in text_warnings(text)] == [True]


def test_sound_text_raises_no_suspicion() -> None:
    assert text_faults(TEXT) == text_warnings(TEXT) == []
    assert text_warnings("São Paulo\tÃO, 5 € â la carte\x0c\x85") == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff")))
def test_text_without_odd_line_ends_is_kept_to_the_character(text: str) -> None:
    assert decode(text.encode("utf-8"), "a.txt") == text
