"""Every column of a table of articles is kept, or named as lost."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora import build, ingest
from goldwire.corpora.rows import Row, iter_csv, iter_jsonl
from goldwire.corpora.store import Manifest, make_document, open_corpus
from goldwire.corpora.types import Document, Meta, Scalar
from goldwire.eval.systems.journal import document_key


def row(**columns: Any) -> Row:
    [found] = iter_jsonl([json.dumps({"id": "a", "text": "Rain.", **columns})], "f")
    return found


@pytest.mark.parametrize("value", ["world", " ", 0, 3, -1, 2.0, 0.1, True, False])
def test_columns_of_ones_own_are_kept_as_they_are(value: Scalar) -> None:
    kept = row(desk=value).meta.more["desk"]
    assert kept == value
    assert type(kept) is type(value)


def test_a_column_without_a_value_is_not_there() -> None:
    found = row(a="", b=None, c=[], d={}, e=float("nan"))
    assert (found.meta, found.lost) == (Meta(), {})


def test_what_no_column_can_hold_is_named_with_the_reason() -> None:
    found = row(tags=["a"], place={"city": "Bern"}, far=float("inf"), half="\ud83d", **{"": "index"})
    assert found.meta.more == {}
    assert found.lost == {
        "tags": "holds a list or an object",
        "place": "holds a list or an object",
        "far": "holds inf",
        "half": "holds '\\ud83d'",
        "": "has no sound name",
    }


def test_whole_numbers_beyond_what_json_readers_agree_on_are_kept_as_text() -> None:
    assert row(n=2**64 - 1, m=2**64, k=10**400).meta.more == {
        "n": 2**64 - 1,
        "m": str(2**64),
        "k": "1" + "0" * 400,
    }


def test_columns_with_the_names_of_our_own_are_kept_where_they_mean_something_else() -> None:
    found = row(excluded="no", group="west", more="yes", meta="data", spans="x")
    assert found.meta.more == {"excluded": "no", "group": "west", "more": "yes", "meta": "data", "spans": "x"}
    assert found.excluded == ()


def test_the_fields_of_meta_may_stand_in_it_or_beside_it() -> None:
    assert row(meta={"title": "T", "desk": "west"}, size=3).meta == Meta(
        title="T", more={"desk": "west", "size": 3}
    )
    twice = row(meta={"title": "T", "desk": "west"}, title="U", desk="east")
    assert twice.meta == Meta(title="T", more={"desk": "west"})
    assert twice.lost.keys() == {"title", "desk"}
    assert row(meta={"title": "T"}, title="T").lost == {}


def test_a_name_given_twice_counts_once_and_is_told() -> None:
    [found] = iter_jsonl(['{"text": "Rain.", "desk": "west", "desk": "east", "meta": {"k": 1, "k": 2}}'], "f")
    assert found.meta.more == {"desk": "west", "k": 1}
    assert found.lost.keys() == {"desk", "meta.k"}
    [found] = iter_csv(["text,desk,desk\n", "Rain.,,east\n"], "f")
    assert (found.meta.more, found.lost) == ({"desk": "east"}, {})


def test_a_known_name_given_twice_with_two_values_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text(
        '{"text": "Rain.", "text": "Sun."}\n{"text": "Fog.", "title": "A", "title": "A"}'
    )
    with pytest.raises(Exception, match="given twice") as caught:
        ingest.read([tmp_path])
    assert [fault.path for fault in caught.value.faults] == ["$.text"]  # type: ignore[attr-defined]


def test_a_thousand_columns_with_odd_names_come_back_from_the_corpus(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(1000)] + ["a.b", "a b", "日付", "\n", "\x00", "$", "__proto__", "e\u0301"]
    line = {"id": "a", "text": "Rain.", **{name: f"v {name}" for name in names}}
    (tmp_path / "f.jsonl").write_text(json.dumps(line))
    made = build.new(tmp_path / "c", Manifest(name="c"), ingest.read([tmp_path / "f.jsonl"]).documents)
    [document] = open_corpus(made.corpus.path).documents()
    assert document.meta.more == {name: f"v {name}" for name in names}
    assert ingest.read([tmp_path / "c" / "documents.jsonl"]).documents == [document]


def test_what_is_lost_of_very_many_columns_takes_few_lines(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text(json.dumps({"text": "Rain.", **{f"c{i:03}": [i] for i in range(500)}}))
    notes = [note for note in ingest.read([tmp_path]).notes if note.startswith("not kept")]
    assert len(notes) == 21
    assert notes[-1] == "not kept: 480 more fields, for such reasons"


def test_the_order_of_columns_changes_nothing() -> None:
    assert list(row(b=1, a=2).meta.more) == list(row(a=2, b=1).meta.more)


def test_the_key_of_a_run_is_what_it_was_where_there_are_no_columns_of_ones_own() -> None:
    document = make_document("a", "Rain.", meta=Meta(title="T", language="en"))
    # SHA-256 by sha256sum of the line as corpora held it before there were columns of one's own
    line = (
        b'{"id":"a","text":"Rain.","sha256":"%s","meta":{"title":"T","language":"en"}}'
        % document.sha256.encode()
    )
    assert msgspec.json.encode(document) == line
    assert document_key(document) == "3b89143f49c91503"
    more = msgspec.structs.replace(document, meta=Meta(more={"desk": "west"}))
    assert document_key(more) != document_key(document)


def test_a_line_of_a_corpus_keeps_its_group_out_of_the_metadata(tmp_path: Path) -> None:
    document = Document(id="b", text="Rain.", sha256=make_document("b", "Rain.").sha256, group="a")
    (tmp_path / "f.jsonl").write_bytes(msgspec.json.encode(document))
    intake = ingest.read([tmp_path])
    assert [found.meta for found in intake.documents] == [Meta()]
    assert [note.partition(":")[0] for note in intake.notes] == ["not kept"]
