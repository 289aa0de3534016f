"""doccano's lines and spaCy 2's pairs, read as their tools write them, and written so that they read them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Document, Mention, Relation, Span

TEXT = "Acme was founded by Ann Lee in Bern."
# Exported by a project of sequence labelling, and by one with relations.
LABELS = {"id": 7, "text": TEXT, "label": [[0, 4, "ORG"], [20, 27, "PER"]], "Comments": []}
LINKED = {
    "id": 7,
    "text": TEXT,
    "entities": [
        {"id": 11, "label": "ORG", "start_offset": 0, "end_offset": 4},
        {"id": 12, "label": "PER", "start_offset": 20, "end_offset": 27},
    ],
    "relations": [{"id": 3, "from_id": 11, "to_id": 12, "type": "foundedBy"}],
    "Comments": ["sure?"],
    "source": "wire",
}


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    return path


def read(name: str, *paths: Path, documents: list[Document] | None = None) -> Reading:
    return convert.read(name, paths, {}, documents)


def words(reading: Reading, number: int = 0) -> list[tuple[str, str]]:
    texts = {document.id: document.text for document in reading.documents}
    line = reading.annotations[number]
    return [(mention.type, surface(texts[line.document], mention.spans)) for mention in line.mentions]


def rejected(reading: Reading) -> list[tuple[str, str]]:
    return [(item.unit, item.kind) for item in reading.quarantined]


@pytest.mark.parametrize("record", [LABELS, {**LABELS, "labels": LABELS["label"], "label": None}, LINKED])
def test_doccano_has_spans_as_lists_or_as_entities(record: dict[str, Any], tmp_path: Path) -> None:
    reading = read("doccano", lines(tmp_path / "x.jsonl", record))
    assert [document.id for document in reading.documents] == ["7"]
    assert words(reading) == [("ORG", "Acme"), ("PER", "Ann Lee")]


def test_doccanos_relations_join_the_mentions_of_their_ids_and_the_rest_is_counted(tmp_path: Path) -> None:
    reading = read("doccano", lines(tmp_path / "x.jsonl", LINKED))
    assert reading.annotations[0].relations == (
        Relation(id="r1", type="foundedBy", source="m1", target="m2"),
    )
    assert reading.loss == {"comments": 1, "other fields": 1}


def test_a_wrong_item_of_doccano_costs_itself_alone(tmp_path: Path) -> None:
    entities = [
        *LINKED["entities"],  # type: ignore[misc]
        {"id": 13, "label": "LOC", "start_offset": 31, "end_offset": 99},
        {"id": 14, "label": "LOC", "start_offset": "31", "end_offset": 35},
    ]
    relations = [{"id": 1, "from_id": 11, "to_id": 13, "type": "in"}, {"id": 2, "from_id": 11, "type": "in"}]
    path = lines(tmp_path / "x.jsonl", {**LINKED, "entities": entities, "relations": relations})
    reading = read("doccano", path)
    assert words(reading) == [("ORG", "Acme"), ("PER", "Ann Lee")]
    assert sorted(rejected(reading)) == [
        ("mention", "malformed"), ("mention", "outside-text"),
        ("relation", "malformed"), ("relation", "no-mention"),
    ]  # fmt: skip


def test_a_document_without_labels_is_judged_and_labels_of_whole_texts_are_counted(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", LABELS, {"id": 8, "text": "It rained.", "label": ["weather"]})
    reading = read("doccano", path)
    assert [len(line.mentions) for line in reading.annotations] == [2, 0]
    assert reading.loss == {"labels of whole texts": 1}


def test_records_that_are_none_are_rejected_and_a_file_of_nothing_else_refused(tmp_path: Path) -> None:
    some = read("doccano", lines(tmp_path / "x.jsonl", LABELS, {"id": 8}, [1]))
    assert len(some.annotations) == 1
    assert rejected(some) == [("document", "malformed")] * 2
    with pytest.raises(DataError, match="has no `text`"):
        read("doccano", lines(tmp_path / "y.jsonl", {"id": 8}))
    (tmp_path / "z.jsonl").write_text('{"id": 1,\n{"id": 2}\n[\n')
    with pytest.raises(DataError) as caught:
        read("doccano", tmp_path / "z.jsonl")
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == ["1", "3"]


def test_offsets_behind_line_ends_of_two_characters_give_the_same_words(tmp_path: Path) -> None:
    record = {"id": 1, "text": "Rain.\r\nAnn came.", "label": [[7, 10, "PER"]]}
    assert words(read("doccano", lines(tmp_path / "x.jsonl", record))) == [("PER", "Ann")]


def test_doccano_comes_into_a_corpus_by_its_texts(tmp_path: Path) -> None:
    corpus = [make_document("a1", TEXT), make_document("a2", "Nobody came.")]
    reading = read("doccano", lines(tmp_path / "x.jsonl", LABELS), documents=corpus)
    assert [line.document for line in reading.annotations] == ["a1"]
    assert reading.documents == []


def layer(document: Document, **units: Any) -> dict[str, Annotations]:
    return {document.id: Annotations(document=document.id, sha256=document.sha256, **units)}


def write(name: str, path: Path, documents: list[Document], lines: dict[str, Annotations]) -> dict[str, int]:
    return formats.writer(name).write(path, documents, lines, formats.options(name, {}))


def test_what_doccano_gets_is_what_it_exports(tmp_path: Path) -> None:
    document = make_document("d", TEXT)
    two = (
        Mention(id="a", type="ORG", spans=(Span(0, 4),)),
        Mention(id="b", type="PER", spans=(Span(20, 27),)),
    )
    write("doccano", tmp_path / "x.jsonl", [document], layer(document, mentions=two))
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {
        "id": "d", "text": TEXT, "label": [[0, 4, "ORG"], [20, 27, "PER"]],
    }  # fmt: skip
    parts = Mention(id="c", type="PER", spans=(Span(20, 23), Span(31, 35)))
    links = (
        Relation(id="r", type="foundedBy", source="a", target="b"),
        Relation(id="s", type="of", source="a", target="c"),
    )
    lost = write(
        "doccano", tmp_path / "y.jsonl", [document], layer(document, mentions=(*two, parts), relations=links)
    )
    assert lost == {"discontinuous mentions": 1, "relations of lost mentions": 1}
    written = json.loads((tmp_path / "y.jsonl").read_text())
    assert written["relations"] == [{"id": 2, "from_id": 0, "to_id": 1, "type": "foundedBy"}]
    assert set(written) == {"id", "text", "entities", "relations", "Comments"}


# ---------------------------------------------------------------- spaCy 2

PAIRS = [[TEXT, {"entities": [[0, 4, "ORG"], [20, 27, "PER"]]}], ["It rained.", {"entities": []}]]


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_text(json.dumps(PAIRS)),
        lambda path: lines(path, *PAIRS),
        lambda path: path.write_text(json.dumps({"classes": ["ORG"], "annotations": [*PAIRS, None]})),
    ],
    ids=["list", "lines", "annotations"],
)
def test_pairs_of_texts_and_entities_in_all_their_shapes(put: Callable[[Path], Any], tmp_path: Path) -> None:
    put(tmp_path / "x.json")
    reading = read("spacy-train", tmp_path / "x.json")
    assert words(reading) == [("ORG", "Acme"), ("PER", "Ann Lee")]
    assert [line.document for line in reading.annotations] == ["000001", "000002"]
    assert rejected(reading) == []


def test_one_pair_alone_and_more_than_entities(tmp_path: Path) -> None:
    said = {"entities": [[0, 4, "ORG"]], "cats": {"news": 1.0}}
    reading = read("spacy-train", lines(tmp_path / "x.jsonl", [TEXT, said]))
    assert words(reading) == [("ORG", "Acme")]
    assert reading.loss == {"other fields": 1}


def test_spacy_takes_the_pairs_for_its_own(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.training import Example

    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), corpus.documents()
    lost = write("spacy-train", tmp_path / "x.json", documents, gold)
    nlp, seen = spacy.blank("en"), 0
    for text, said in json.loads((tmp_path / "x.json").read_text()):
        example = Example.from_dict(nlp.make_doc(text), said)
        assert example.reference.text == text
        seen += len(said["entities"])
    flat = ("overlapping mentions", "discontinuous mentions")
    assert seen == sum(len(line.mentions) for line in gold.values()) - sum(lost.get(kind, 0) for kind in flat)
