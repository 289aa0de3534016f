"""Hugging Face tables: tags by the names of their classes, spans, Parquet as `datasets` has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading
from goldwire.corpora.formats.head import look
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span

arrow = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402 - after the skip

NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"]
ROWS = [
    {"id": "0", "tokens": ["Acme", "hired", "Ann", "Lee"], "ner_tags": [3, 0, 1, 2]},
    {"id": "1", "tokens": ["Nobody", "came"], "ner_tags": [0, 0]},
]


def classes(names: list[str], list_type: str = "Sequence") -> dict[str, Any]:
    """A column of class labels as `datasets` describes it; `List` since its fourth version."""
    return {"feature": {"names": names, "_type": "ClassLabel"}, "_type": list_type}


def save(path: Path, rows: list[dict[str, Any]], features: dict[str, Any] | None = None) -> Path:
    """Parquet as `datasets` saves it: features in the schema's metadata, by pyarrow."""
    said = {"huggingface": json.dumps({"info": {"features": features}})} if features else {}
    parquet.write_table(arrow.Table.from_pylist(rows).replace_schema_metadata(said), path)
    return path


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def read(path: Path, **options: str) -> Reading:
    return convert.read("huggingface", [path], options)


def words(reading: Reading, number: int = 0) -> list[tuple[str, str]]:
    texts = {document.id: document.text for document in reading.documents}
    line = reading.annotations[number]
    return [(mention.type, surface(texts[line.document], mention.spans)) for mention in line.mentions]


@pytest.mark.parametrize("list_type", ["Sequence", "List"])
def test_numbers_are_tags_by_the_names_of_their_classes(list_type: str, tmp_path: Path) -> None:
    path = save(tmp_path / "x.parquet", ROWS, {"ner_tags": classes(NAMES, list_type)})
    assert recognise([path]).format == "huggingface"
    reading = read(path)
    assert words(reading) == [("ORG", "Acme"), ("PER", "Ann Lee")]
    assert [document.text for document in reading.documents] == ["Acme hired Ann Lee", "Nobody came"]
    assert [len(line.mentions) for line in reading.annotations] == [2, 0]
    assert reading.notes == [f"{path}: tags of ner_tags on tokens"]


def test_numbers_without_names_are_asked_for_them(tmp_path: Path) -> None:
    for path in (lines(tmp_path / "x.jsonl", *ROWS), save(tmp_path / "x.parquet", ROWS)):
        with pytest.raises(DataError, match="-o names=O,B-PER"):
            read(path)
        assert words(read(path, names=",".join(NAMES))) == [("ORG", "Acme"), ("PER", "Ann Lee")]
        with pytest.raises(DataError, match="3 is none of the 2 tags"):
            read(path, names="O,B-PER")


def test_of_several_columns_of_tags_those_of_chunks_and_of_speech_are_passed_over(tmp_path: Path) -> None:
    row = {"tokens": ["Ann", "sang"], "pos_tags": [0, 1], "chunk_tags": [1, 2], "ner_tags": [1, 0]}
    features = {
        "pos_tags": classes(["NNP", "VBD"]), "chunk_tags": classes(["O", "B-NP", "B-VP"]),
        "ner_tags": classes(NAMES),
    }  # fmt: skip
    reading = read(save(tmp_path / "x.parquet", [row], features))
    assert (words(reading), reading.loss) == ([("PER", "Ann")], {"columns": 2})
    both = lines(tmp_path / "y.jsonl", {"tokens": ["Ann"], "coarse": ["B-PER"], "fine": ["B-singer"]})
    with pytest.raises(DataError, match="columns coarse, fine hold tags: say which by `-o tags=NAME`"):
        read(both)
    assert words(read(both, tags="fine")) == [("singer", "Ann")]
    with pytest.raises(DataError, match="no column 'finer'"):
        read(both, tags="finer")


def test_types_without_prefixes_are_runs_of_one_type(tmp_path: Path) -> None:
    features = {"ner_tags": classes(["O", "person", "location"])}
    row = {"tokens": ["Ann", "Lee", "Bern", "it", "Bern"], "ner_tags": [1, 1, 2, 0, 2]}
    found = words(read(save(tmp_path / "x.parquet", [row], features)))
    assert found == [("person", "Ann Lee"), ("location", "Bern"), ("location", "Bern")]


@pytest.mark.parametrize(
    "spans",
    [
        [{"start": 0, "end": 4, "label": "ORG"}],
        {"start": [0], "end": [4], "label": ["ORG"]},
        [{"begin": 0, "stop": 4, "type": "ORG"}],
    ],
)
def test_spans_are_lists_of_records_or_records_of_lists(spans: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "x.parquet", [{"id": "a", "text": "Acme hired Ann", "entities": spans}])
    assert recognise([path]).format == "huggingface"
    assert words(read(path)) == [("ORG", "Acme")]


def test_labels_of_spans_may_be_numbers_with_names_and_null_is_not_judged(tmp_path: Path) -> None:
    rows = [
        {"text": "Acme hired Ann", "spans": [{"start": 0, "end": 4, "label": 1}]},
        {"text": "Nobody came", "spans": None},
        {"text": "It rained", "spans": []},
    ]
    path = save(
        tmp_path / "x.parquet", rows, {"spans": [{"label": {"names": ["PER", "ORG"], "_type": "ClassLabel"}}]}
    )
    reading = read(path)
    assert words(reading) == [("ORG", "Acme")]
    assert [line.document for line in reading.annotations] == ["000001", "000003"]
    assert len(reading.documents) == 3


def test_spans_that_are_none_cost_the_row(tmp_path: Path) -> None:
    rows = [{"text": "a b", "spans": value} for value in ([], "[0, 1]", {"start": 0}, 3)]
    reading = read(lines(tmp_path / "x.jsonl", *rows))
    assert [item.kind for item in reading.quarantined] == ["malformed"] * 3


def test_articles_in_parquet_are_articles(tmp_path: Path) -> None:
    for row in (
        {"id": "a", "text": "It rained."},
        {"id": "a", "text": "It rained.", "tags": ["weather", "O"]},
    ):
        assert recognise([save(tmp_path / "x.parquet", [row])]).format is None


def test_ids_that_repeat_from_file_to_file_give_way_to_numbers(tmp_path: Path) -> None:
    rows = [{"id": "0", "tokens": ["Ann"], "ner_tags": ["B-PER"]}]
    paths = [lines(tmp_path / name, *rows) for name in ("train.jsonl", "test.jsonl")]
    reading = convert.read("huggingface", paths, {})
    assert [line.document for line in reading.annotations] == ["000001", "000002"]
    assert "ids repeat from row to row: documents are called by their numbers" in reading.notes


def test_wrong_rows_are_told_all_at_once_or_cost_themselves(tmp_path: Path) -> None:
    rows = [{"tokens": ["a", "b"], "ner_tags": ["O", "B-X"]}, {"tokens": ["c"], "ner_tags": ["Q-X"]}]
    with pytest.raises(DataError) as caught:
        read(lines(tmp_path / "x.jsonl", *rows, rows[1]), tags="ner_tags")
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == ["2", "3"]
    reading = read(lines(tmp_path / "y.jsonl", rows[0], {"tokens": ["c"], "ner_tags": []}), tags="ner_tags")
    assert [item.kind for item in reading.quarantined] == ["malformed"]
    (tmp_path / "z.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="not a Parquet file"):
        read(tmp_path / "z.parquet")
    assert not formats.recognises("huggingface", look(tmp_path / "z.parquet"))


def test_pyarrow_finds_the_classes_in_the_schema_of_what_is_written(tmp_path: Path) -> None:
    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), corpus.documents()
    path, writer = tmp_path / "x.parquet", formats.writer("huggingface")
    lost = writer.write(path, documents, gold, writer.Options())
    schema = parquet.read_schema(path)
    said = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    names = said["ner_tags"]["feature"]["names"]
    assert set(said) == set(schema.names) == {"id", "tokens", "ner_tags"}
    assert str(schema.field("ner_tags").type).startswith("list<")  # not the large lists of polars
    rows = parquet.read_table(path).to_pylist()
    assert [row["id"] for row in rows] == [document.id for document in documents if document.id in gold]
    begun = sum(names[tag].startswith("B-") for row in rows for tag in row["ner_tags"])
    kinds = ("discontinuous mentions", "overlapping mentions", "mentions that begin or end in white space")
    total = sum(len(line.mentions) for line in gold.values())
    assert begun == total - sum(lost.get(kind, 0) for kind in kinds) > 0
    back = convert.read("huggingface", [path], {}, documents)
    assert sum(len(line.mentions) for line in back.annotations) == begun


def test_spans_are_written_with_the_text(tmp_path: Path) -> None:
    document = make_document("d", "Acme hired Ann")
    line = Annotations(
        document="d", sha256=document.sha256, mentions=(Mention(id="m", type="ORG", spans=(Span(0, 4),)),)
    )
    writer = formats.writer("huggingface")
    for name in ("x.parquet", "x.jsonl"):
        assert writer.write(tmp_path / name, [document], {"d": line}, writer.Options(form="spans")) == {}
    row = {"id": "d", "text": "Acme hired Ann", "spans": [{"start": 0, "end": 4, "label": "ORG"}]}
    assert parquet.read_table(tmp_path / "x.parquet").to_pylist() == [row]
    assert json.loads((tmp_path / "x.jsonl").read_text()) == row
    assert words(read(tmp_path / "x.parquet")) == [("ORG", "Acme")]
