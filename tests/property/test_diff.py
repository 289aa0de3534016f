"""Whatever two texts are: what is said to be the same is, in order, and nothing takes another's place."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.diff import compare
from goldwire.corpora.types import Span

# Few words, so that the same stand everywhere; signs, line ends, marks, and a script without spaces.
WORDS = st.sampled_from(
    ["Kabul", "the", "rebels", "fell", ".", "\n", " ", ", ", "  ", "Zoe\u0308", "喀布", "é", "“", "a"]
)
TEXTS = st.lists(WORDS, max_size=30).map("".join)
# Nothing of these stands in the texts above.
NEW = st.lists(st.sampled_from(["north", "17", "river", "x"]), min_size=1, max_size=4).map(" ".join)


def spans(text: str) -> list[Span]:
    return [
        Span(start, end)
        for start in range(len(text))
        for end in range(start + 1, min(len(text), start + 9) + 1)
    ]


@given(TEXTS, TEXTS)
def test_what_moves_has_the_same_characters_in_the_same_order(old: str, new: str) -> None:
    difference = compare(old, new)
    moved = [(span, place) for span in spans(old) if (place := difference.move(span)) is not None]
    for span, place in moved:
        assert new[place.start : place.end] == old[span.start : span.end]
    characters = [(span.start, place.start) for span, place in moved if span.end - span.start == 1]
    for (one, there), (two, then) in pairwise(sorted(characters)):
        assert one < two
        assert there < then  # so that no two stand at one place


@given(TEXTS)
def test_all_of_a_text_that_is_the_same_stays(text: str) -> None:
    assert all(compare(text, text).move(span) == span for span in spans(text))


def bare(words: str) -> bool:
    """Whether no white space is at the ends: it grows and shrinks with what comes and goes beside it."""
    return words == words.strip()


@given(TEXTS, TEXTS, NEW)
def test_around_new_words_everything_moves_exactly(front: str, back: str, new: str) -> None:
    old = f"{front} {back}"
    difference = compare(old, f"{front} {new} {back}")
    for span in filter(lambda span: bare(old[span.start : span.end]), spans(old)):
        if span.end <= len(front):
            assert difference.move(span) == span
        elif span.start > len(front):
            assert difference.move(span) == Span(span.start + len(new) + 1, span.end + len(new) + 1)
        else:
            assert difference.move(span) is None


@given(TEXTS, TEXTS, NEW)
def test_around_words_that_go_everything_moves_exactly(front: str, back: str, gone: str) -> None:
    old, at = f"{front} {gone} {back}", len(front) + 1 + len(gone)
    difference = compare(old, f"{front} {back}")
    for span in filter(lambda span: bare(old[span.start : span.end]), spans(old)):
        if span.end <= len(front):
            assert difference.move(span) == span
        elif span.start > at:
            assert difference.move(span) == Span(span.start - len(gone) - 1, span.end - len(gone) - 1)
        else:
            assert difference.move(span) is None


@given(TEXTS, TEXTS, TEXTS)
def test_around_any_words_that_come_nothing_moves_elsewhere(front: str, back: str, new: str) -> None:
    old, text = f"{front} {back}", f"{front} {new} {back}"
    difference = compare(old, text)
    for span in spans(old):
        place = difference.move(span)
        words = old[span.start : span.end]
        # Where words come in beside the same words, either may be the one: then neither is said to be.
        if place not in (None, span) and bare(words) and text.count(words) == old.count(words):
            assert place == Span(span.start + len(new) + 1, span.end + len(new) + 1)
