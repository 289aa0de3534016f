"""All forms of an export are read; whose text and who did it are found out."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.annotate.exchange import exports
from goldwire.annotate.exchange.exports import Bound, Entry
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Rejected

DOCUMENT = make_document("d", "Rebels took\nKunduz.")
DOCUMENTS, HASHES = {"d": DOCUMENT}, {DOCUMENT.sha256: ["d"]}


def bind(**data: Any) -> Bound | Rejected:
    return exports.bind({"data": data}, DOCUMENTS, HASHES, "body")


@pytest.mark.parametrize("name", ["export", "export_snapshot", "tasks_list"])
def test_each_form_holds_the_same_annotations(shared: Path, name: str) -> None:
    """Counted by hand in export.json: tasks 1, 2 and 7 have 3, 3 and 2 annotations, number 3 is a skip."""
    found = exports.read(shared / "labelstudio" / f"{name}.json")
    kinds = [
        (kind, entry.id)
        for task in found
        for kind, entry in exports.entries(task)
        if kind in ("submitted", "skipped")
    ]
    submitted = [("submitted", id) for id in (1, 2, 4, 5, 6, 7, 8)]
    assert sorted(kinds) == [("skipped", 3), *submitted]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"data": {}}]',
        b'{"data": {}}',
        b'{"tasks": [{"data": {}}], "total": 1}',
        b'\xef\xbb\xbf[{"data": {}}]',
    ],
)
def test_lists_single_tasks_and_pages_are_tasks(data: bytes) -> None:
    assert exports.decode(data) == [{"data": {}}]


def test_export_without_tasks_is_empty() -> None:
    assert exports.decode(b"[]") == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[NaN]", "not JSON"),
        (b'"x"', "a list of tasks is expected, got str"),
        (b"7", "a list of tasks is expected, got int"),
        (b'{"tasks": 7}', "a list of tasks is expected, got int"),
        (b'[{"text": "x", "label": []}]', "export as JSON, not as JSON_MIN"),
    ],
)
def test_what_is_no_export_is_refused_with_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        exports.decode(data, "export.json")


def test_missing_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        exports.read(tmp_path / "nope.json")


def test_document_is_found_by_id() -> None:
    found = bind(document="d", text=DOCUMENT.text)
    assert isinstance(found, Bound)
    assert (found.document, found.place(12)) == (DOCUMENT, 12)


def test_document_is_found_by_its_text_whatever_the_project_calls_it() -> None:
    assert isinstance(bind(uid="x-1", body=DOCUMENT.text), Bound)
    assert isinstance(bind(goldwire_id="e", text=DOCUMENT.text), Bound)


def test_other_line_ends_and_a_byte_order_mark_are_seen_through() -> None:
    found = bind(body="\ufeffRebels took\r\nKunduz.")
    assert isinstance(found, Bound)
    #  before R, after "took", before K, at the end
    assert [found.place(offset) for offset in (1, 12, 14, 21)] == [0, 11, 12, 19]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"document": "d", "text": "Rebels lost Kunduz."}, "text-changed"),
        ({"body": "Another text."}, "unknown-document"),
        ({"body": 5}, "no-text"),
        ({}, "no-text"),
        ({"text": "\ud800"}, "unknown-document"),
        ({"document": {"id": "d"}, "text": "Another"}, "unknown-document"),
    ],
)
def test_task_of_no_document_has_its_reason(data: dict[str, Any], reason: str) -> None:
    found = exports.bind(json.loads(json.dumps({"data": data})), DOCUMENTS, HASHES, "body")
    assert isinstance(found, Rejected)
    assert found.kind == reason


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"completed_by": 4}, "4"),
        ({"completed_by": "4"}, "4"),
        ({"completed_by": {"id": 4, "email": "ben@example.org"}}, "4"),
        ({"completed_by": 4, "created_username": " ben@example.org, 4"}, "4"),
        ({"user": "ben@example.org", "created_username": "ben@example.org, 4"}, "4"),
        ({"user": "eve@example.org"}, "9"),  # her id is known from elsewhere in the export
        ({"completed_by": 1}, "anna"),
        ({"user": "anna@example.org"}, "anna"),
        ({}, "unknown"),
        ({"completed_by": True}, "unknown"),
    ],
)
def test_people_go_by_the_name_given_to_them_or_by_their_id(entry: dict[str, Any], name: str) -> None:
    names = {"1": "anna", "anna@example.org": "anna"}
    assert exports.author(Entry(**entry), names, {"eve@example.org": "9"}) == name


def test_somebody_known_by_address_alone_is_not_called_by_it() -> None:
    name = exports.author(Entry(user="ben@example.org"), {}, {})
    assert "ben" not in name
    assert name == exports.author(Entry(user="ben@example.org"), {}, {})
    assert name != exports.author(Entry(user="ben@example.com"), {}, {})


def test_address_and_id_are_paired_where_the_export_has_both(shared: Path) -> None:
    """The draft in the samples gives `admin@example.com, 1`."""
    assert exports.addresses(exports.read(shared / "labelstudio" / "export.json")) == {
        "admin@example.com": "1"
    }


def test_predictions_and_drafts_may_be_ids_only() -> None:
    task = {"data": {}, "annotations": [3], "drafts": [1], "predictions": [7]}
    there = exports.contents(task)
    assert not there.entries
    assert [(kind, damaged.kind) for kind, damaged in there.damaged] == [("submitted", "malformed")]
    assert there.named == ["draft", "prediction"]


def test_completions_of_older_versions_are_read_with_their_skips() -> None:
    old = {"id": 1, "completed_by": 3, "created_at": 1600000000, "result": []}
    task = {"data": {"text": "a"}, "completions": [old, {"id": 2, "skipped": True, "result": []}]}
    (found,) = exports.decode(json.dumps([task]).encode())
    (kind, entry), (other, _) = exports.entries(found)
    assert (kind, other) == ("submitted", "skipped")
    # by `date -u -d @1600000000`
    assert entry.created_at == "2020-09-13T12:26:40+00:00"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"annotation": [{"result": []}]}, "under the key 'annotation'"),
        ({"annotations": [], "labels": [{"result": []}]}, "under the key 'labels'"),
        ({"annotations": [], "total_annotations": 3}, "total_annotations is 3, and 0 are there"),
        ({"annotations": [{"result": []}], "total_annotations": 2}, "is 2, and 1 are there"),
    ],
)
def test_annotations_that_are_promised_and_not_there_are_an_error(more: Any, told: str) -> None:
    with pytest.raises(DataError) as caught:
        exports.decode(json.dumps([{"data": {"text": "a"}, **more}]).encode())
    assert told in str(caught.value.faults[0])


@pytest.mark.parametrize("data", [b'{"data": {}}\n{"data": {}}\n', b"id,text\n1,a\n"])
def test_other_kinds_of_export_are_named_in_the_refusal(data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        exports.decode(data)
    assert "export as JSON, not as CSV or JSON lines" in str(caught.value.faults[0])


def test_a_task_without_an_id_whose_text_two_documents_have_is_refused_with_both() -> None:
    twin = make_document("e", DOCUMENT.text)
    documents, hashes = {"d": DOCUMENT, "e": twin}, {DOCUMENT.sha256: ["d", "e"]}
    found = exports.bind({"data": {"text": "\ufeff" + DOCUMENT.text}}, documents, hashes, "text")
    assert isinstance(found, Rejected)
    assert (found.kind, "d, e" in found.message) == ("ambiguous-document", True)
    named = exports.bind({"data": {"document": "e", "text": DOCUMENT.text}}, documents, hashes, "text")
    assert isinstance(named, Bound)
    assert named.document is twin
