"""LangExtract's lines: words where they are said to be, or where they stand, and what stands nowhere."""

import json
from pathlib import Path
from typing import Any

from goldwire.corpora import convert, formats
from goldwire.corpora.formats import Reading
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.offsets import surface

TEXT = "Paris Hilton visits Paris. Hilton smiled 😀 in  New York."


def extraction(label: str, words: str, at: tuple[int, int] | None = None, **more: Any) -> dict[str, Any]:
    """As LangExtract writes it."""
    interval = None if at is None else {"start_pos": at[0], "end_pos": at[1]}
    return {
        "extraction_class": label, "extraction_text": words, "char_interval": interval,
        "alignment_status": "match_exact" if at else None, "extraction_index": 1, "group_index": 0,
        "description": None, "attributes": {}, **more,
    }  # fmt: skip


def lines(path: Path, *extractions: dict[str, Any], **more: Any) -> Path:
    record = {"extractions": list(extractions), "text": TEXT, "document_id": "doc_1", **more}
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
    return path


def read(path: Path) -> Reading:
    return convert.read("langextract", [path], {})


def found(reading: Reading) -> list[tuple[str, int, str]]:
    text = reading.documents[0].text
    return [(m.type, m.spans[0].start, surface(text, m.spans)) for m in reading.annotations[0].mentions]


def test_an_interval_with_the_words_is_the_place(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "x.jsonl", extraction("LOC", "paris", (20, 25)), extraction("LOC", "new york", (47, 55))
    )
    assert recognise([path]).format == "langextract"
    assert found(read(path)) == [("LOC", 20, "Paris"), ("LOC", 47, "New York")]
    assert [document.id for document in read(path).documents] == ["doc_1"]


def test_words_without_a_place_or_with_that_of_others_are_looked_for(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "x.jsonl",
        extraction("PER", "Hilton"), extraction("PER", "Hilton"),  # at 6 and 27
        extraction("LOC", "New York", (20, 25), alignment_status="match_fuzzy"),
        extraction("LOC", "Paris", (-5, 99)),
    )  # fmt: skip
    assert found(read(path)) == [
        ("PER", 6, "Hilton"), ("PER", 27, "Hilton"), ("LOC", 47, "New York"), ("LOC", 0, "Paris"),
    ]  # fmt: skip


def test_words_that_are_not_there_are_rejected_and_so_is_what_has_no_words(tmp_path: Path) -> None:
    no_words = {"extraction_class": "LOC", "extraction_text": 7}
    reading = read(lines(tmp_path / "x.jsonl", extraction("LOC", "Berlin"), no_words))
    assert sorted((item.unit, item.kind) for item in reading.quarantined) == [
        ("mention", "malformed"), ("mention", "quote-not-found"),
    ]  # fmt: skip
    assert found(reading) == []


def test_attributes_are_kept_as_far_as_they_are_text(tmp_path: Path) -> None:
    said = {"form": "name", "also": ["Ms Hilton", "Paris"], "age": 30}
    path = lines(tmp_path / "x.jsonl", extraction("PER", "Hilton", attributes=said, description="a star"))
    reading = read(path)
    assert reading.annotations[0].mentions[0].attributes == {"form": "name", "also": ("Ms Hilton", "Paris")}
    assert reading.loss == {"attributes that are no text": 1, "descriptions": 1}


def test_a_document_from_which_nothing_came_is_judged(tmp_path: Path) -> None:
    for value in ([], None):
        reading = read(lines(tmp_path / "x.jsonl", extractions=value))
        assert [line.mentions for line in reading.annotations] == [()]
    assert not formats.writes("langextract")
