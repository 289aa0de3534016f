"""Exports of Label Studio in all their forms: the JSON export, snapshots, and task lists of its API.

A task holds annotations (some of them skips), drafts and predictions; each becomes an `Entry` with its kind,
its person and its document, or is rejected with a reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.encodings import composed, normalise
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.nobody import UNKNOWN
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Document, Rejected
from goldwire.corpora.versions import Earlier

EntryKind = Literal["task", "submitted", "skipped", "draft", "prediction"]
_KINDS: Mapping[str, EntryKind] = {"annotations": "submitted", "drafts": "draft", "predictions": "prediction"}

# " ann4@example.com, 4", as task lists and drafts name people: an address and an id.
_USERNAME = re.compile(r"\s*(\S+@\S+),\s*(\d+)\s*")


class Entry(msgspec.Struct):
    """An annotation, draft or prediction as the server tells it, as far as it matters here."""

    result: Any = None
    id: Any = None
    completed_by: Any = None
    user: Any = None
    created_username: str | None = None
    was_cancelled: bool | None = None
    ground_truth: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    lead_time: float | None = None
    model_version: str | None = None
    parent_prediction: Any = None
    annotation: Any = None

    @property
    def updated(self) -> str:
        """When it was last changed, as an ISO 8601 time that sorts; empty if unknown."""
        return self.updated_at or self.created_at or ""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A task with its document; `place` takes an offset in the task's text to one in the document's."""

    document: Document
    text: str
    data: dict[str, Any]
    place: Callable[[int], int] = int


def read(path: Path) -> list[Any]:
    """The tasks of an export file; `DataError` if it is not JSON or holds no tasks."""
    return decode(read_bytes(path), str(path))


def decode(data: bytes, where: str = "export") -> list[Any]:
    """The tasks of an export: a list of tasks, one task, or an object with a list `tasks`."""
    try:
        value = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except BROKEN as error:
        message = f"{error}: export as JSON, not as CSV or JSON lines (JSONL)"
        raise DataError(f"{where}: not JSON", [Fault(where, "$", message)]) from error
    found = value.get("tasks", [value]) if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise _refused(where, "$", f"a list of tasks is expected, got {type(found).__name__}")
    if found and not any(isinstance(task, dict) and "data" in task for task in found):
        raise _refused(where, "$[0]", "no task here has `data`: export as JSON, not as JSON_MIN or CSV")
    tasks = [_renewed(task) for task in found]
    if faults := [Fault(where, f"$[{n}]", told) for n, task in enumerate(tasks) for told in _missing(task)]:
        raise DataError(f"{where}: {len(faults)} task(s) whose annotations are not there", faults)
    return tasks


def _renewed(task: Any) -> Any:
    """A task of versions before 1.0, which called annotations completions, as one of today."""
    if not isinstance(task, dict) or "annotations" in task or not isinstance(task.get("completions"), list):
        return task
    rest = {key: value for key, value in task.items() if key != "completions"}
    return {**rest, "annotations": [_renewed_entry(item) for item in task["completions"]]}


def _renewed_entry(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    made = item.get("created_at")
    if isinstance(made, int | float):  # seconds since 1970
        item = {**item, "created_at": datetime.fromtimestamp(made, UTC).isoformat()}
    return {"was_cancelled": item.get("skipped"), **item}


def _missing(task: Any) -> Iterator[str]:
    """What says that a task has annotations which are not where they are read from."""
    if not isinstance(task, dict):
        return
    for key, items in task.items():
        if key not in _KINDS and isinstance(items, list) and any(_is_entry(item) for item in items):
            keys = ", ".join(_KINDS)
            yield f"annotations under the key {key!r}, which is not read: rename it to one of {keys}"
    total, there = task.get("total_annotations"), task.get("annotations") or []
    if isinstance(total, int) and isinstance(there, list) and len(there) < total:
        yield f"total_annotations is {total}, and {len(there)} are there: export again, with annotations"


def _is_entry(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("result"), list)


def _rejected(kind: str, message: str, value: Any = None) -> Rejected:
    return Rejected(unit="document", kind=kind, message=message, value=value)


def _refused(where: str, path: str, message: str) -> DataError:
    return DataError(f"{where}: not a Label Studio export", [Fault(where, path, message)])


class Contents(msgspec.Struct, frozen=True):
    """What a task has of people and systems: what can be read, what cannot, what is an id alone."""

    entries: list[tuple[EntryKind, Entry]]
    damaged: list[tuple[EntryKind, Rejected]]
    named: list[EntryKind]

    def __bool__(self) -> bool:
        return bool(self.entries or self.damaged or self.named)


def entries(task: Any) -> list[tuple[EntryKind, Entry]]:
    """The annotations, drafts and predictions of a task that can be read."""
    return contents(task).entries


def contents(task: Any) -> Contents:
    """The annotations, drafts and predictions of a task."""
    found = Contents([], [], [])
    if not isinstance(task, dict):
        found.damaged.append(("task", _rejected("malformed", "a task is an object", value=task)))
        return found
    for field, kind in _KINDS.items():
        items = task.get(field) or []
        if not isinstance(items, list):
            found.damaged.append((kind, _rejected("malformed", f"{field} is no list", value=items)))
            continue
        for item in items:
            _hold(found, kind, item)
    return found


def _hold(found: Contents, kind: EntryKind, item: Any) -> None:
    if isinstance(item, int) and kind != "submitted":
        found.named.append(kind)
        return
    try:
        entry = msgspec.convert(item, Entry)
    except msgspec.ValidationError as error:
        found.damaged.append((kind, _rejected("malformed", str(error), value=item)))
        return
    skipped = entry.was_cancelled and kind == "submitted"
    found.entries.append(("skipped" if skipped else kind, entry))


# ---------------------------------------------------------------- whose text


Earliers = Mapping[tuple[str, str], Earlier]


def bind(
    task: Any,
    documents: Mapping[str, Document],
    hashes: Mapping[str, Sequence[str]],
    field: str,
    earlier: Earliers = MappingProxyType({}),
) -> Bound | Rejected:
    """The document of a task, by its id or, in projects that Goldwire did not make, by its text.

    `hashes` has the ids of documents by the SHA-256 of their text, `field` is the key of the text in the
    task's data. A text that differs from the document's in line ends or a byte order mark only is taken.
    Where it is a text that the document had before, of those in `earlier`, it is the document as it was.
    """
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get("text", data.get(field)) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(text, str):
        return _rejected("no-text", f"the task has no text under `data.{field}`", value=data)
    known = data.get("document", data.get("goldwire_id"))
    if not isinstance(known, str) or known not in documents:
        fits = hashes.get(_hash(text)) or hashes.get(_hash(normalise(text))) or ()
        if len(fits) != 1:
            return _unbound(fits)
        known = fits[0]
    document = documents[known]
    if earlier and normalise(text) != document.text:
        before = earlier.get((known, _hash(normalise(text))))
        document = document if before is None else before.document
    if text == document.text:
        return Bound(document=document, text=text, data=data)
    if normalise(text) == document.text:
        return Bound(document=document, text=text, data=data, place=_places(text).__getitem__)
    hint = composed(document.text, normalise(text))
    message = f"the text of {document.id} was another one when the task was made{hint}"
    return _rejected("text-changed", message)


def _unbound(fits: Sequence[str]) -> Rejected:
    if not fits:
        return _rejected("unknown-document", "the corpus has no document with this text")
    message = f"the text is that of {', '.join(fits)}; `data.document` does not say which is meant"
    return _rejected("ambiguous-document", message)


def _hash(text: str) -> str:
    # JSON may hold half a character, which no document does.
    return hash_text(text.encode("utf-8", "replace").decode("utf-8"))


def _places(text: str) -> list[int]:
    """For each offset in a text the one after `normalise`, which makes each line end one character."""
    places, place = [], 0
    for index, char in enumerate(text):
        places.append(place)
        is_mark = index == 0 and char == "\ufeff"
        place += not is_mark and not (char == "\r" and text[index + 1 : index + 2] == "\n")
    return [*places, place]


# ---------------------------------------------------------------- who did it


def addresses(tasks: Iterable[Any]) -> dict[str, str]:
    """The id of each person by address, as far as an export gives both somewhere: drafts give one only."""
    found = {}
    for task in tasks:
        for _, entry in entries(task):
            id, address = person(entry)
            if id is not None and address is not None:
                found[address] = id
    return found


def author(
    entry: Entry,
    names: Mapping[str, str],
    addresses: Mapping[str, str],
    made: Mapping[int, str] | None = None,
) -> str:
    """What a person is called: as `names` has it for their id or address, else their id.

    `made` names who made an annotation, by its id: a deleted account leaves none, and no member of this id.
    Somebody known by address only is called by 8 hexadecimal digits of its SHA-256: layers are shared.
    """
    id, address = person(entry)
    id = id or addresses.get(address or "")
    for known in (id, address):
        if known is not None and known in names:
            return names[known]
    if made is not None and isinstance(entry.id, int) and entry.id in made:
        return made[entry.id]
    if id is not None:
        return id
    return UNKNOWN if address is None else f"user-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def person(entry: Entry) -> tuple[str | None, str | None]:
    """The id and the address of a person, as far as an entry tells them."""
    id, address = None, None
    if found := _USERNAME.fullmatch(entry.created_username or ""):
        address, id = found[1], found[2]
    who = entry.completed_by if entry.completed_by is not None else entry.user
    if isinstance(who, dict):
        id, address = who.get("id", id), who.get("email", address)
    elif isinstance(who, int) and not isinstance(who, bool):
        id = who
    elif isinstance(who, str):
        id, address = (who, address) if who.isdigit() else (id, who)
    return (None if id is None else str(id)), (address if isinstance(address, str) else None)
