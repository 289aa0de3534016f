"""Parts of a corpus, scored and merged in any order: the record is that of one machine, to the last byte."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from goldwire.corpora.errors import GoldwireError
from goldwire.corpora.parts import Part
from goldwire.corpora.types import Meta, Provenance
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.measures.measure import ALIASES, parse
from goldwire.eval.measures.slices import parse_slices
from goldwire.eval.parts import file
from goldwire.eval.parts.merge import check_parts, find_files, merge_scores
from goldwire.eval.parts.score import keep_part
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.plan import Options
from goldwire.eval.scoring.score import make_plan, score_corpus
from goldwire.testing import corpus as make_corpus
from goldwire.testing.strategies import documents, layers

MEASURES = tuple(
    dict.fromkeys(
        parse(name)
        for name, form in ALIASES.items()
        if not form.startswith("entity:surface") and "nam" not in form and "realis" not in form
    )
)
SLICES = parse_slices(["source", "length:2", "nested", "unit-length", "seen:layer=system/r/1"])
NAMES = ("s", "r/1", "r/2")
SYSTEMS = ("system/s", "system/r/1", "system/r/2")


def line_of(draw, line):
    """A line of gold as some are: of a draft, skipped, or done."""
    status = draw(st.sampled_from([None, None, None, "draft", "skipped"]))
    return msgspec.structs.replace(line, provenance=Provenance(status=status))


@st.composite
def corpora(draw):
    """Documents with near-duplicates, gold with gaps, one system and two runs of another; and parts."""
    groups = st.sampled_from([None, None, "d0", "d1"])
    over = [
        msgspec.structs.replace(one, group=draw(groups), meta=Meta(source=draw(st.sampled_from("ab"))))
        for one in draw(documents(1, 7))
    ]
    found = {name: draw(layers(over)) for name in ("gold", *SYSTEMS)}
    found["gold"] = [line_of(draw, line) for line in found["gold"]]
    of = draw(st.integers(1, 9))
    return over, found, draw(st.permutations([Part(number, of) for number in range(1, of + 1)]))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    corpora(),
    st.sampled_from(["left-out", "empty"]),
    st.sampled_from(["left-out", "counted"]),
    st.booleans(),
    st.booleans(),
)
def test_parts_merged_in_any_order_are_the_record_of_one_machine(scene, unjudged, drafts, classes, stream):
    over, found, parts = scene
    options = Options(
        trials=5,
        classes=classes,
        stream=stream,
        slices=() if stream else SLICES,
        scope=Scope(unjudged=unjudged, drafts=drafts),
    )
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(Path(folder) / "c", over, found)
        whole = outcome(lambda: score_corpus(corpus, "gold", NAMES, MEASURES, options=options))
        assert outcome(lambda: in_parts(corpus, options, parts, Path(folder) / "parts")) == whole


def in_parts(corpus, options, parts, folder):
    for part in parts:
        keep_part(corpus, make_plan(corpus, "gold", NAMES, MEASURES, options), part, folder)
    return merge_scores(check_parts(find_files([folder]))).record


def outcome(make):
    """A record as it is written, or why there is none: what one machine refuses, merging does too."""
    try:
        return encode_record(make())
    except GoldwireError as error:
        return str(error)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), st.binary(max_size=50))
def test_headers_and_payloads_survive_their_file(alike, payload):
    header = file.Header(kind="score", name="n", part="1/1", alike=alike)
    with tempfile.TemporaryDirectory() as folder:
        found = file.check(file.write(Path(folder), header, file.encode(header, payload)))
        assert found.header == msgspec.structs.replace(header, size=len(payload))
        assert found.payload() == payload
