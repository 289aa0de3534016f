"""A line of decisions shows the sentence that it is about, with the words marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.adjudicate.quoting import CONTEXT, Quoted
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Span

TEXT = "Snow fell. Rebels shelled Kunduz in May. The city fell."


def quote(text: str, *spans: tuple[int, int]) -> str:
    return Quoted(make_document("d", text)).quote(Span(*span) for span in spans)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Rebels"], "⟦Rebels⟧ shelled Kunduz in May."),
        (["Kunduz", "Rebels"], "⟦Rebels⟧ shelled ⟦Kunduz⟧ in May."),
        (["Snow", "city"], "⟦Snow⟧ fell. … The ⟦city⟧ fell."),
        (["May. The city"], "Rebels shelled Kunduz in ⟦May. The city⟧ fell."),
        (["Rebels shelled", "shelled Kunduz"], "⟦Rebels shelled Kunduz⟧ in May."),
        ([], ""),
    ],
)
def test_the_sentences_of_the_words(words: list[str], expected: str) -> None:
    places = [(TEXT.index(word), TEXT.index(word) + len(word)) for word in words]
    assert quote(TEXT, *places) == expected


def test_a_text_without_an_end_is_shown_around_the_words() -> None:
    text = "a " * 500_000 + "Kunduz" + " b" * 500_000
    assert len(quote(text, (1_000_000, 1_000_006))) == 6 + 2 + 2 * CONTEXT


@given(st.text(max_size=60), st.data())
def test_marks_are_all_that_a_quotation_adds(text: str, data: st.DataObject) -> None:
    """Whatever the text, its own words stand between the marks."""
    text = text.replace("⟦", "").replace("⟧", "") + "x"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    shown = quote(text, (start, end))
    assert shown[shown.index("⟦") + 1 : shown.index("⟧")] == text[start:end]
    assert shown.replace("⟦", "").replace("⟧", "") in text
