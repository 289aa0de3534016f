"""Quotes in texts: which are found, by which way, and which never are."""

import pytest

from goldwire.corpora.quotes import Finder
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
