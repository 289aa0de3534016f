"""Words and tokens of units."""

import numpy as np
import pytest

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Span
from goldwire.eval.counting.columns import make_extents
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.counting.words import extended, in_tokens, make_words

TEXT = "the  third city, fell"  # tokens: the 0-3, third 5-10, city 11-15, the comma 15-16, fell 17-21


def texts(*given):
    documents = [make_document(f"d{i}", text) for i, text in enumerate(given)]
    return make_texts(TextRow(id=d.id, sha256=d.sha256, text=d.text) for d in documents)


def extents(*units, document=0):
    return make_extents(
        np.full(len(units), document), [tuple(Span(*span) for span in unit) for unit in units]
    )


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [
        ([(0, 3)], [(0, 1)]),
        ([(0, 6)], [(0, 2)]),  # a part of a token is the token
        ([(5, 15)], [(1, 3)]),
        ([(15, 16)], [(3, 4)]),
        ([(3, 5)], [(1, 1)]),  # white space is no token
        ([(0, 3), (17, 21)], [(0, 1), (4, 5)]),
        ([(5, 7), (8, 10)], [(1, 2), (2, 2)]),  # two parts of one token are one token
        ([(5, 7), (8, 15)], [(1, 2), (2, 3)]),
    ],
)
def test_a_unit_has_the_tokens_it_shares_a_character_with(unit, tokens):
    everything = texts("other words before", TEXT)
    found = in_tokens(extents(unit, document=1), make_words(everything, [0, 1]))
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == tokens


@pytest.mark.parametrize(
    ("unit", "reach"),
    [([(5, 10)], (0, 15)), ([(0, 3)], (0, 10)), ([(17, 21)], (15, 21)), ([(0, 3), (11, 15)], (0, 16))],
)
def test_a_unit_is_extended_by_a_token_on_either_side(unit, reach):
    found = extended(extents(unit), make_words(texts(TEXT), [0]))
    assert (int(found.start[0]), int(found.end[0])) == reach


def test_a_unit_of_a_text_without_tokens_is_not_extended():
    found = extended(extents([(1, 2)]), make_words(texts("   "), [0]))
    assert (int(found.start[0]), int(found.end[0])) == (1, 2)
