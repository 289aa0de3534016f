"""Blocks of scored documents: written, read and added in any order, they are the record of all at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.errors import DataError, MeasureError
from goldwire.corpora.ontology import Attribute, Ontology, Value
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.counting import chunks
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.measures.measure import ALIASES, parse
from goldwire.eval.scoring.blockwise import ScoredBlock, add, decode, encode
from goldwire.eval.scoring.compose import make_record
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.find import score_block
from goldwire.eval.scoring.plan import Options, Plan, PlannedLayer
from goldwire.eval.scoring.views import Sights
from goldwire.testing.builders import document, layer
from goldwire.testing.strategies import scenes

ONTOLOGY = Ontology(
    name="any",
    version="1",
    attributes={
        "form": Attribute(on="mention", values={"nam": Value()}),
        "realis": Attribute(on="event", values={"actual": Value()}),
    },
)
MEASURES = tuple(
    dict.fromkeys(parse(name) for name in ALIASES if not ALIASES[name].startswith("entity:surface"))
)


def plan(*, measures=MEASURES, **options) -> Plan:
    return Plan(
        layers=(PlannedLayer("gold", "gold"), PlannedLayer("s", "system/s")),
        measures=measures,
        corpus="c",
        ontology=ONTOLOGY,
        options=Options(scope=Scope(unjudged="empty"), **{"trials": 0, **options}),
        sights=Sights((None, None)),
    )


def scored(
    by: Plan, over: Sequence[Document], gold: Sequence[Annotations], system: Sequence[Annotations]
) -> ScoredBlock:
    """Some documents, scored with the lines of theirs."""
    ids = {one.id for one in over}
    rows = (TextRow(id=d.id, sha256=d.sha256, excluded=d.excluded, group=d.group, text=d.text) for d in over)
    ours, theirs = ([line for line in lines if line.document in ids] for lines in (gold, system))
    block = chunks.make_block(
        make_texts(rows), [("gold", ours)], [("s", [theirs])], by.wanted, by.options.scope
    )
    return score_block(block, by)


@st.composite
def split(draw):
    """A scene whose documents lie in blocks, in any of them and in any order; some are near-duplicates."""
    over, gold, system = draw(scenes(1, 6))
    groups = st.sampled_from([None, None, "g"])
    over = [msgspec.structs.replace(one, group=draw(groups)) for one in over]
    block = [draw(st.integers(0, 2)) for _ in over]
    parts = [[one for one, place in zip(over, block, strict=True) if place == number] for number in range(3)]
    return over, gold, system, draw(st.permutations(parts))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(split(), st.booleans())
def test_blocks_written_read_and_added_in_any_order_are_the_record_of_all_at_once(scene, classes):
    over, gold, system, parts = scene
    by = plan(classes=classes, trials=5)
    whole = encode_record(make_record(by, [scored(by, over, gold, system)]))
    first, second, third = (decode(encode(scored(by, part, gold, system))) for part in parts)
    for total in ((first + second) + third, first + (second + third), third + first + second):
        assert encode_record(make_record(by, [decode(encode(total))])) == whole


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(split())
def test_streamed_blocks_have_the_record_of_all_at_once_too(scene):
    over, gold, system, parts = scene
    by = plan(stream=True)
    whole = make_record(by, [scored(by, over, gold, system)])
    assert make_record(by, [add([scored(by, part, gold, system) for part in parts])]) == whole
    assert not whole.documents


def small(id: str, by: Plan) -> ScoredBlock:
    one = document("a b c", id)
    return scored(by, [one], layer([one], [[("a", "X")]]), [])


def test_a_document_counts_in_one_block_alone():
    by = plan()
    with pytest.raises(DataError, match="document 'd1' is in several blocks"):
        add([small("d1", by), small("d2", by), small("d1", by)])


def test_blocks_of_different_plans_are_not_added():
    with pytest.raises(DataError, match="different plans"):
        small("d1", plan()) + small("d2", plan(duplicates="refuse"))


def test_distinct_forms_do_not_add_up_over_blocks():
    by = plan(measures=(parse("surface"),))
    with pytest.raises(MeasureError, match="score all documents at once"):
        small("d1", by) + small("d2", by)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_block_that_was_damaged_on_its_way_is_refused(place, change):
    data = bytearray(encode(BLOCK))
    data[place % len(data)] ^= change
    with pytest.raises(DataError):
        decode(bytes(data), "block 7")


@pytest.mark.parametrize("data", [b"", b"{}", encode(small("d", plan()))[:-1]])
def test_what_is_no_block_is_refused(data):
    with pytest.raises(DataError, match="block 7: no block"):
        decode(data, "block 7")


BLOCK = small("d", plan(measures=(parse("entity"),)))
