"""Heads of units, also of those so long that their words are looked up."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.counting import heads as rule
from goldwire.eval.counting.columns import NONE, make_extents
from goldwire.eval.counting.heads import head, heads
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.scoring.score import score

TEXT = "the  third city, fell"


def texts(*given):
    documents = [make_document(f"d{i}", text) for i, text in enumerate(given)]
    return make_texts(TextRow(id=d.id, sha256=d.sha256, text=d.text) for d in documents)


def extents(*units, document=0):
    return make_extents(
        np.full(len(units), document), [tuple(Span(*span) for span in unit) for unit in units]
    )


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Taliban", "Taliban"),
        ("Afghan government forces", "forces"),
        ("column of trucks", "column"),
        ("the governor, who fled", "governor"),
        ("In the Valley", "Valley"),  # a first token never ends the chunk
        ("of", "of"),
        ("  ", "  "),
    ],
)
def test_the_head_is_the_last_token_before_a_preposition_or_comma(phrase, expected):
    assert phrase[slice(*head(phrase, [Span(0, len(phrase))]))] == expected


def test_the_head_of_a_discontinuous_mention_is_in_its_parts():
    text = "Balkh and Samangan provinces"
    assert text[slice(*head(text, [Span(0, 5), Span(19, 28)]))] == "provinces"


def test_a_given_head_stays():
    kept = np.array([[5, 10], [NONE, NONE]])
    found = heads(extents([(0, 15)], [(0, 15)]), kept, texts(TEXT))
    assert found.tolist() == [[5, 10], [11, 15]]


@st.composite
def units(draw):
    words = st.sampled_from(
        ["city", "of", ",", "Mazar-i-Sharif", "(old)", " ", "  ", "\n", "а́б", "the", "who"]
    )
    text = "".join(draw(st.lists(words, min_size=1, max_size=12)))
    cuts = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True))
    edges = sorted(cuts)[: len(cuts) // 2 * 2]
    return text, [Span(*edges[k : k + 2]) for k in range(0, len(edges), 2)]


@given(units())
def test_the_head_of_a_long_unit_is_found_as_that_of_a_short_one(unit):
    text, spans = unit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule, "LONG", 10**9)
        one_by_one = head(text, spans)
        patch.setattr(rule, "LONG", 0)
        assert head(text, spans) == one_by_one


def test_many_mentions_of_many_words_are_no_matter_of_minutes():
    size = 5_000  # one by one these are 12 million tokens: half a minute and more
    document = make_document("d", "x " * size)
    mentions = tuple(Mention(id=f"m{i}", type="A", spans=(Span(0, 2 * i + 1),)) for i in range(size))
    gold = Annotations(document="d", sha256=document.sha256, mentions=mentions)
    began = time.process_time()
    found = score([gold], {"s": [gold]}, [document], ["entity:span+type@head"])
    assert time.process_time() - began < 5
    assert found.results[0].averages["micro"].gold_hits == size
