"""Quotes in texts: which are found, by which way, and which never are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.quotes import Finder, fold
from goldwire.corpora.store import make_document


def find(text: str, quote: str, occurrence: int = 1) -> tuple[str, str] | None:
    """The words that a quote is found at, and the way."""
    located = Finder(make_document("a", text)).locate(quote, occurrence)
    return located and (text[located.span.start : located.span.end], located.how)


@pytest.mark.parametrize(
    ("text", "quote", "words", "how"),
    [
        ("Herat fell.", "Herat", "Herat", "exact"),
        ("Herat\n  Province fell.", "Herat Province", "Herat\n  Province", "space"),
        ("Herat fell.", " HERAT", "Herat", "case"),
        ("Herat’s “fall” – today", 'herat\'s "fall" - TODAY', "Herat’s “fall” – today", "typography"),
        ("Herat fell.", "**Herat**", "Herat", "markup"),
        ("Herat fell.", "_Herat_ `fell`", "Herat fell", "markup"),
        ("Herat fell.", "<b>Herat</b> <a href='x'>fell</a>", "Herat fell", "markup"),
        ("The *fall* of **Herat**.", "fall of Herat", "fall* of **Herat", "markup"),
        ("Smith & Sons fled.", "<i>Smith</i> &amp; Sons", "Smith & Sons", "markup"),
        ("Herat fell.", "<h2>Herat</h2>", "Herat", "markup"),
        ("On 3 May 2024 they fled.", "**3 May 2024**", "3 May 2024", "markup"),
        ("Straße 3", "STRASSE 3", "Straße 3", "case"),
        ("２０ men", "20 men", "２０ men", "typography"),  # full-width digits
    ],
)
def test_a_quote_is_found_by_the_first_way_that_finds_it(text: str, quote: str, words: str, how: str) -> None:
    assert find(text, quote) == (words, how)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("1,500 men", "500 men"),
        ("1,500 men", "1"),
        ("1.5 million", "5 million"),
        ("2.5", "2"),
        ("15 men", "5 men"),
        ("10\u202f000 men", "000 men"),
        ("10² m", "102 m"),
        ("½ a mile", "12 a mile"),
        ("3*4 men", "34 men"),
        ("3<sup>4</sup> men", "34 men"),
        ("1_000 men", "1000 men"),
        ("16 men", "**15** men"),
    ],
)
def test_a_quote_is_never_found_with_another_number_or_within_one(text: str, quote: str) -> None:
    assert find(text, quote) is None


@pytest.mark.parametrize(
    ("text", "quote"),
    [("12.03.2024", "2024"), ("2024-05-01", "2024"), ("at 10:30", "10"), ("5th day", "5"), ("A500B", "500")],
)
def test_parts_of_dates_and_of_words_are_numbers_of_their_own(text: str, quote: str) -> None:
    assert find(text, quote) == (quote, "exact")


def test_places_are_counted_by_one_way_only() -> None:
    text = "Herat, HERAT and herat"
    assert find(text, "Herat", 2) is None  # exact: one place
    assert find(text, "hERAT", 3) == ("herat", "case")


def test_a_number_alone_is_counted_without_those_that_are_parts_of_others() -> None:
    text = "1,500 men, 500 dead"
    located = Finder(make_document("a", text)).places("500")
    assert [place.span.start for place in located] == [text.index("500 dead")]


@pytest.mark.parametrize("quote", ["", " ", "**", "<b></b>", "&nbsp;"])
def test_nothing_is_nowhere(quote: str) -> None:
    assert find("Herat fell.", quote) is None


SIGNS = st.text(alphabet="aBß12², .-*_`’'\n\u00a0", min_size=1, max_size=40)


@given(SIGNS, SIGNS, st.data())
def test_whatever_is_found_has_the_digits_of_the_quote_and_cuts_no_row_of_them(
    text: str, other: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    for quote in (text[start:end], text[start:end].upper(), f"**{text[start:end]}**", other):
        for place in Finder(make_document("a", text)).places(quote):
            found = text[place.span.start : place.span.end]
            assert [c for c in found if c.isdigit()] == [c for c in quote if c.isdigit()]
            before, after = text[: place.span.start][-1:], text[place.span.end :][:1]
            assert not (found[0].isdecimal() and before.isdecimal())
            assert not (found[-1].isdecimal() and after.isdecimal())
            assert fold(found, "markup").text.strip() == fold(quote, "markup").text.strip()


@given(SIGNS)
def test_a_text_is_found_in_itself_exactly(text: str) -> None:
    found = Finder(make_document("a", text)).places(text)
    assert [place.how for place in found] == (["exact"] if text.strip() else [])
