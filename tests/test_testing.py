"""Builders say what they are given in few words; strategies give nothing that a check would fault."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire import testing
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.integrity import document_faults
from goldwire.corpora.ontology import RelationType
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Argument, Event, Mention, Relation, Span
from goldwire.corpora.validate import annotation_faults
from goldwire.testing import strategies

MET = testing.document("Anna met Tom in Bern, and Tom left.")


def test_words_offsets_and_finished_mentions_may_be_mixed() -> None:
    ready = Mention(id="t", type="PER", spans=(Span(9, 12),))
    found = testing.annotate(MET, ("Anna", "PER"), ready, (16, 20, "GPE"), (((0, 4), (16, 20)), "X")).mentions
    assert [(one.id, one.type, [(*span,) for span in one.spans]) for one in found] == [
        ("m0", "PER", [(0, 4)]),
        ("t", "PER", [(9, 12)]),
        ("m2", "GPE", [(16, 20)]),
        ("m3", "X", [(0, 4), (16, 20)]),
    ]


def test_events_and_relations_name_mentions_by_number_or_id() -> None:
    ends = [("person", 0), ("person", "tom"), ("person", 0)]
    line = testing.annotate(
        MET,
        ("Anna", "PER"),
        testing.mention("Tom", "PER", on=MET, id="tom"),
        events=[("met", "Meet", ends), ("left", "Leave", {"who": "tom"}), ("met", "Meet")],
        relations=[("knows", 0, "tom")],
        status="draft",
    )
    assert [event.arguments for event in line.events] == [
        tuple(Argument(role="person", mention=id) for id in ("m0", "tom", "m0")),
        (Argument(role="who", mention="tom"),),
        (),
    ]
    assert line.events[1] == Event(
        id="e1", type="Leave", trigger=(Span(30, 34),), arguments=line.events[1].arguments
    )
    assert line.relations == (Relation(id="r0", type="knows", source="m0", target="tom"),)
    assert line.provenance.status == "draft"


@pytest.mark.parametrize("words", ["Berne", "", "Anna…Anna", "Tom…"])
def test_words_that_are_not_there_are_told(words: str) -> None:
    with pytest.raises(ValueError, match="does not stand in"):
        testing.spans(words, MET.text)
    with pytest.raises(ValueError, match=r"does not stand in .* 3 times"):
        testing.spans("Tom", MET.text, nth=3)


def test_a_corpus_has_its_layers_by_id_or_as_lines(tmp_path: Path) -> None:
    documents = [MET, testing.document("Rain fell.", "e")]
    gold = testing.layer(documents, [[("Anna", "PER")], []])
    corpus = testing.corpus(tmp_path / "c", documents, {"gold": gold, "system/s": {"d": [("Tom", "PER")]}})
    assert {name: [*corpus.layer(name)] for name in corpus.layers()} == {
        "gold": ["d", "e"],
        "system/s": ["d"],
    }
    assert open_corpus(tmp_path / "c").manifest.name == "c"


@given(st.data())
def test_what_is_drawn_is_sound(data: st.DataObject) -> None:
    documents = data.draw(strategies.documents(excluded=False))
    gold, system = data.draw(strategies.layers(documents)), data.draw(strategies.layers(documents))
    assert not [*document_faults(documents)]
    by_id = {document.id: document for document in documents}
    for line in (*gold, *system):
        assert annotation_faults(line, by_id[line.document]) == []


@given(st.data())
def test_what_is_drawn_fits_the_ontology(data: st.DataObject) -> None:
    near = RelationType(source=("GPE",), target=("PARTY",))
    ontology = msgspec.structs.replace(ontologies.read("conflict"), relations={"near": near})
    [document] = data.draw(strategies.documents(1, 1, texts=strategies.odd_texts, excluded=False))
    assert annotation_faults(data.draw(strategies.annotated(document, ontology)), document, ontology) == []
