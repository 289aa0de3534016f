"""What is the same in two texts is found in time that grows with them, and no word takes another's place."""

import time

import pytest

from goldwire.corpora.diff import compare
from goldwire.corpora.types import Span


def places(old: str, new: str, words: str) -> list[str | None]:
    """What is around the places that each occurrence of some words moves to; None for one that does not."""
    difference, found = compare(old, new), list[str | None]()
    start = old.find(words)
    while start >= 0:
        place = difference.move(Span(start, start + len(words)))
        found.append(None if place is None else new[max(0, place.start - 3) : place.end + 3])
        start = old.find(words, start + 1)
    return found


@pytest.mark.parametrize(
    ("old", "new", "words", "moved"),
    [
        # A sentence goes: the word that is left is that of the sentence that is left.
        ("Kabul fell. Kabul burned.", "Kabul burned.", "Kabul", [None, "Kabul bu"]),
        ("Kabul fell.\nKabul burned.\n", "Kabul fell.\n", "Kabul", ["Kabul fe", None]),
        ("Mr. Khan left.\nMr. Khan stayed.", "Mr. Khan stayed.", "Khan", [None, "r. Khan st"]),
        ("X. The army said. The army left.", "X. The army left.", "The army", [None, "X. The army le"]),
        # A sentence comes: the words stay where theirs is.
        ("X. The army left.", "X. The army said. The army left.", "The army", ["d. The army le"]),
        # Either could be the one that was there: neither is.
        ("In Kabul, rebels", "In Kabul, Kabul, rebels", "Kabul", [None]),
        ("In Kabul, Kabul, rebels", "In Kabul, rebels", "Kabul", [None, None]),
        ("Kabul fell. Kabul fell.", "Kabul fell.", "Kabul", [None, None]),
        # A word that could be either, with one that could not.
        ("attacked the village", "attacked the town and the village", "the village", ["nd the village"]),
        ("attacked the village", "attacked the town and the village", "the", [None]),
        # A mark makes another character, and a character that stands alone is a word where there is no space.
        ("Zoe left", "Zoe\u0308 left", "Zoe", [None]),
        ("喀布尔沦陷了", "喀布尔被沦陷了", "沦陷", ["布尔被沦陷了"]),
        # What stands elsewhere now does not go there.
        ("Kabul fell. Herat stood firm.", "Herat stood firm. Kabul fell.", "Kabul", [None]),
    ],
)
def test_words_move_to_where_they_are_and_nowhere_else(
    old: str, new: str, words: str, moved: list[str | None]
) -> None:
    assert places(old, new, words) == moved


@pytest.mark.parametrize(
    ("old", "new", "added"),
    [
        ("a b c", "a x c", 0),
        ("a b c", "a c", 0),
        ("a b c", "a b x c", 1),
        ("a b c", "a x y z c", 2),
        ("a b c", "x a b c y", 2),
        # What goes in one place makes no room in another.
        ("a b c d", "b c d e", 1),
        ("a b", "a, b!", 0),
        ("", "a b", 2),
    ],
)
def test_words_that_came_in_are_counted_place_by_place(old: str, new: str, added: int) -> None:
    assert compare(old, new).added == added


@pytest.mark.parametrize(
    "text", ["a ", "a b ", "Kabul fell. ", "喀布尔", "a\n", ")", " ", "\n", "a. b) c! ", "e\u0301"]
)
def test_a_text_that_says_the_same_all_over_takes_no_longer(text: str) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        compare("x " + text * (size // len(text)), text * (size // len(text) // 2) + text * (size // 4) + "y")
        return time.process_time() - began

    # Linear is 4, quadratic 16; difflib on such texts takes minutes.
    assert seconds(200_000) < 10 * max(seconds(50_000), 0.02)
