"""Slices of any documents and units: they sum to the whole, in whatever blocks and order they are scored."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from goldwire.corpora.offsets import surface, tokens
from goldwire.corpora.types import Meta, Span
from goldwire.eval.comparison.slices import sides
from goldwire.eval.counting import chunks
from goldwire.eval.counting.columns import make_extents
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.slices import Known, surfaces
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.counting.words import count_tokens
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.slices import parse_slice, parse_slices
from goldwire.eval.scoring.blockwise import decode, encode
from goldwire.eval.scoring.compose import make_record
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.find import score_block
from goldwire.eval.scoring.plan import Options, Plan, PlannedLayer
from goldwire.eval.scoring.score import _row
from goldwire.eval.scoring.slices import Basis
from goldwire.eval.scoring.views import Sights
from goldwire.testing.strategies import scenes

MEASURES = tuple(
    map(
        parse,
        (
            "entity",
            "entity:span@partial",
            "overlap",
            "TC",
            "event:type+trigger@exact,average=macro",
            "AC",
            "AC+",
            "argument:role+span@head,triggers=matched",
            "realis",
            "relation",
            "MUC",
        ),
    )
)
SLICES = parse_slices(
    [
        *("source", "published:month", "length:3", "seen:layer=other", "frequency:layer=other"),
        *("nested", "discontinuous", "unit-length", "sentence", "distance", "realis"),
    ]
)
KNOWN = Known({"mention": {"a": 1, "b c": 7}, "event": {"a": 2}}, frozenset(), frozenset(), "0")
BASIS = Basis({part: KNOWN for part in SLICES if part.looks_at_others})


def plan() -> Plan:
    return Plan(
        layers=(PlannedLayer("gold", "gold"), PlannedLayer("s", "system/s")),
        measures=MEASURES,
        corpus="c",
        ontology=None,
        seen=frozenset({("event", "realis")}),
        options=Options(scope=Scope(unjudged="empty"), trials=0, slices=SLICES),
        sights=Sights((None, None)),
        basis=BASIS,
    )


# The measures of which an average over types is asked for: their counts are kept by label.
BY_TYPE = {measure.counted for measure in MEASURES if measure.average == "macro"}


def _by_label(side):
    """What is in a slice, labels x 4, of all labels that its sides have."""
    labels = sorted({*side.inside.labels, *side.outside.labels})
    found = np.zeros((len(labels), 4))
    found[[labels.index(label) for label in side.inside.labels]] = side.inside.by_label()
    return found


def scored(by: Plan, over, gold, system):
    ids = {one.id for one in over}
    ours, theirs = ([line for line in lines if line.document in ids] for lines in (gold, system))
    texts = make_texts(map(_row, over))
    return score_block(
        chunks.make_block(texts, [("gold", ours)], [("s", [theirs])], by.wanted, by.options.scope), by
    )


@st.composite
def sources(draw):
    """A scene whose documents have sources and dates, or none, and are near-duplicates now and then."""
    over, gold, system = draw(scenes(1, 5))
    source, day = st.sampled_from([None, "x", "y|z"]), st.sampled_from([None, "2024-02-01", "soon"])
    group = st.sampled_from([None, None, "g"])
    over = [
        msgspec.structs.replace(one, meta=Meta(source=draw(source), published=draw(day)), group=draw(group))
        for one in over
    ]
    # A slice is refused where no document has what it parts by: the first has it.
    over[0] = msgspec.structs.replace(over[0], meta=Meta(source="x", published="2024-02-01"))
    return over, gold, system


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(sources(), st.data())
def test_slices_sum_to_the_whole_and_blocks_may_come_in_any_order(scene, data):
    over, gold, system = scene
    by = plan()
    record = make_record(by, [scored(by, over, gold, system)])
    for slicing in record.slices:
        for measure in MEASURES:
            found = sides(record, slicing, "s", measure)
            whole = record.get_counts("s", measure)
            for side in found.values():
                assert np.array_equal(side.inside.total() + side.outside.total(), whole.total())
            if found:
                parts = [side.inside.by_document() for side in found.values()]
                assert np.array_equal(np.sum(parts, axis=0), whole.by_document())
                labels = {label for side in found.values() for label in side.inside.labels}
                if not parse_slice(slicing.slice).of_units or measure.counted in BY_TYPE:
                    assert labels == set(whole.labels)
                    assert np.array_equal(sum(map(_by_label, found.values())), whole.by_label())
                else:
                    assert labels <= {""}
            else:
                assert str(measure.counted) in slicing.unparted or not whole.total().any()
    encoded = encode_record(record)
    assert decode_record(encoded) == record
    cut = data.draw(st.integers(0, len(over)))
    blocks = [decode(encode(scored(by, part, gold, system))) for part in (over[cut:], over[:cut]) if part]
    total = blocks[0] if len(blocks) == 1 else blocks[0] + blocks[1]
    assert encode_record(make_record(by, [total])) == encoded


CUT = "ab1_ .-’'\u200c\u0301\u00a0é\t\n!\u3042\U0001f600"  # what tokens are cut at, or hold together


@given(st.lists(st.text(st.sampled_from(CUT)), min_size=1, max_size=4), st.data())
def test_units_have_the_tokens_that_their_words_are_cut_into(over, data):
    """Wherever they stand in their texts: they may begin or end within a word, or beyond the text."""
    texts = make_texts([TextRow(id=f"{i}", sha256="", text=text) for i, text in enumerate(over)])
    places = data.draw(st.lists(st.tuples(*[st.integers(0, 3)] * 5), max_size=8))
    document = [place[0] % len(over) for place in places]
    spans = []
    for _, start, size, gap, more in places:
        parts = [Span(start, start + size + 1)]
        if more:  # a second part
            parts.append(Span(parts[0].end + gap + 1, parts[0].end + gap + 1 + more))
        spans.append(tuple(parts))
    found = surfaces(make_extents(np.array(document, np.int64), spans), texts)
    whole = [surface(over[number], own) for number, own in zip(document, spans, strict=True)]
    assert found == [" ".join(words.split()) for words in whole]
    assert count_tokens(whole).tolist() == [len(tokens(words)) for words in whole]
