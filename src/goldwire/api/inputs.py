"""Inputs of every shape as lines of a layer: the one place where what people pass from Python is read.

Taken are (document, start, end, type) tuples, rows as dicts, data frames, lines of the simple form, a mapping
from documents to units, spaCy Docs and Annotations; tags are read in `api.tags`. Nothing is guessed: what is
no unit is told with its place, all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from goldwire.api import flat
from goldwire.api.documents import Documents
from goldwire.api.flat import Collector
from goldwire.corpora import predictions
from goldwire.corpora.errors import DataError, InputTypeError
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Annotations, Document, Event, Mention, Relation
from goldwire.eval.measures.phrases import amount

EXPECTED = (
    "expected (document, start, end, type) tuples, a data frame with these columns, dicts of the simple "
    "form, {document: units}, spaCy Docs or Annotations"
)


class Given(msgspec.Struct, frozen=True):
    """One side as it was passed: a line for each document that it names.

    `listed` says whether its shape can name a document without units, so that one it does not name was not
    judged; `words` are those that came with units, to be compared with the text: by document and mention.
    """

    lines: dict[str, Annotations]
    listed: bool
    words: dict[tuple[str, str], str] = {}


def read(value: Any, where: str, documents: Documents) -> Given:
    """One side from whatever was passed; the texts of spaCy Docs join `documents`.

    Raises `InputTypeError` for a shape that is none of those taken or for several in one, `InputValueError`
    with every faulty item.
    """
    if flat.is_frame(value):
        side = Collector(where)
        side.add_frame(value)
        return _given(side, listed=False)
    if isinstance(value, Mapping) and "document" not in value:
        return _by_document(value, where, documents)
    return _items(_listed(value, where), where, documents)


def _listed(value: Any, where: str) -> list[Any]:
    """The items of what was passed; one line, Doc or Annotations is one item."""
    if isinstance(value, Annotations | Mapping) or is_doc(value):
        return [value]
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        told = f"{value!r}" if isinstance(value, str) else type(value).__name__
        hint = "; for a corpus on disk, see goldwire.open" if isinstance(value, str) else ""
        raise InputTypeError(f"{where}: got {told}; {EXPECTED}{hint}")
    return list(value)


def _items(items: list[Any], where: str, documents: Documents) -> Given:
    """Items of one shape, which the first of them shows."""
    if not items:
        return Given({}, listed=False)
    first = _shape_of(items[0], f"{where}[0]")
    for number, item in enumerate(items):
        found = _shape_of(item, f"{where}[{number}]")
        if found != first:
            raise InputTypeError(
                f"{where}[{number}]: got a {_NOUNS[found]}, the first item is a {_NOUNS[first]}; "
                "expected one shape in a list"
            )
    side = Collector(where)
    _TAKES[first](side, items, documents)
    return _given(side, listed=first not in ("tuple", "row"))


def _shape_of(item: Any, where: str) -> str:
    found = shape(item)
    if found is None:
        raise InputTypeError(f"{where}: got {_told(item)}; {EXPECTED}")
    return found


def _given(side: Collector, *, listed: bool) -> Given:
    side.check()
    return Given(side.lines(), listed, side.words)


def _told(item: Any) -> str:
    if isinstance(item, Mention | Event | Relation):
        return f"a {type(item).__name__} without its document: pass {{document: [{type(item).__name__}, …]}}"
    if _is_unit(item):
        return f"{item!r}, which names no document"
    return f"{item!r}" if isinstance(item, str | int | float | tuple | list) else type(item).__name__


# ---------------------------------------------------------------- shapes
_NOUNS = {
    "annotations": "line of Annotations",
    "doc": "spaCy Doc",
    "line": "line of the simple form",
    "row": "row as a dict",
    "tuple": "tuple",
    "tags": "list of tags",
}
_LINE = {"mentions", "events", "relations", "error", "sha256", "provenance"}
_WIDTH = 4  # of (document, start, end, type)
_UNIT_WIDTH = 3  # of (start, end, type)


def shape(item: Any) -> str | None:
    """Which of the shapes an item of a list has; None for none of them."""
    if isinstance(item, Annotations):
        return "annotations"
    if is_doc(item):
        return "doc"
    if isinstance(item, Mapping):
        return "line" if _LINE & item.keys() or item.keys() <= {"document"} else "row"
    if isinstance(item, tuple | list):
        if item and all(isinstance(part, str) for part in item) and not _is_row_of_words(item):
            return "tags"
        return "tuple" if len(item) != _UNIT_WIDTH else None
    return None


def _is_row_of_words(item: tuple[Any, ...] | list[Any]) -> bool:
    """Whether four strings are a row whose offsets are text, and no tags."""
    return isinstance(item, tuple) and len(item) == _WIDTH and item[1].strip().isdecimal()


def is_doc(value: Any) -> bool:
    """Whether something is a spaCy Doc, or has what is read of one."""
    return hasattr(value, "ents") and isinstance(getattr(value, "text", None), str)


def _is_unit(item: Any) -> bool:
    """Whether something is a unit of a document that is named elsewhere."""
    if isinstance(item, Mention | Event | Relation):
        return True
    if isinstance(item, Mapping):
        return item.keys().isdisjoint(flat.NAMES["document"])
    return isinstance(item, tuple | list) and len(item) == _UNIT_WIDTH and not isinstance(item[0], str)


# ---------------------------------------------------------------- by document
def is_by_document(value: Mapping[Any, Any], known: Iterable[str]) -> bool:
    """Whether a mapping is from documents to units, and not from names to systems.

    Values decide it: units that name no document are those of the key. Where they do not (a Doc, Annotations,
    nothing at all), a key that is the id of a document does.
    """
    ids = set(known)
    return bool(value) and all(_holds_units(units, str(key) in ids) for key, units in value.items())


def _holds_units(value: Any, of_known: bool) -> bool:
    if isinstance(value, Mapping) and "document" not in value:
        return bool(_LINE & value.keys())
    if isinstance(value, tuple | list) and value:
        return _is_unit(value[0])
    return of_known and not flat.is_frame(value)


def _by_document(value: Mapping[Any, Any], where: str, documents: Documents) -> Given:
    side, seen = Collector(where), dict[str, Any]()
    for key, units in value.items():
        id = side.document(key, f"[{key!r}]")
        if id is not None and seen.setdefault(id, key) is not key:
            side.fault(f"[{key!r}]", f"document {id!r} occurs twice: as {seen[id]!r} too")
        elif id is not None:
            _add_units(side, id, units, documents)
    return _given(side, listed=False)


def _add_units(side: Collector, id: str, units: Any, documents: Documents) -> None:
    path = f"[{id!r}]"
    if isinstance(units, Annotations):
        return side.add_line(units, path, id)
    if is_doc(units):
        documents.add(id, units.text, f"{side.where}{path}")
        return _add_entities(side, id, units)
    if isinstance(units, Mapping):
        return _add_simple(side, {**units, "document": id}, path, documents)
    if isinstance(units, str | bytes) or not isinstance(units, Iterable):
        return side.fault(path, f"got {units!r}; expected (start, end, type) tuples, dicts or Mentions")
    side.name(id)
    for number, unit in enumerate(units):
        side.add_unit(id, unit, f"{path}[{number}]")
    return None


# ---------------------------------------------------------------- by item
def _take_tuples(side: Collector, items: list[Any], documents: Documents) -> None:  # noqa: ARG001 - as all of `_TAKES`
    for number, item in enumerate(items):
        if len(item) != _WIDTH:
            side.fault(f"[{number}]", f"got {item!r}; expected (document, start, end, type)")
        else:
            side.add_row(*item, path=f"[{number}]")


def _take_rows(side: Collector, items: list[Any], documents: Documents) -> None:  # noqa: ARG001 - as all of `_TAKES`
    for number, item in enumerate(items):
        side.add_mapping(item, f"[{number}]")


def _take_annotations(side: Collector, items: list[Any], documents: Documents) -> None:  # noqa: ARG001 - as all
    for number, item in enumerate(items):
        side.add_line(item, f"[{number}]")


def _take_docs(side: Collector, items: list[Any], documents: Documents) -> None:
    """Docs are called by the `id` of their user data, or else by their place."""
    width = len(str(len(items)))
    for number, doc in enumerate(items):
        given = getattr(doc, "user_data", {}).get("id")
        id = side.document(f"{number + 1:0{width}}" if given is None else given, f"[{number}]")
        if id is not None:
            documents.add(id, doc.text, f"{side.where}[{number}]")
            _add_entities(side, id, doc)


def _add_entities(side: Collector, id: str, doc: Any) -> None:
    side.begin(id, f"[{id!r}]")
    for number, entity in enumerate(doc.ents):
        side.add_row(id, entity.start_char, entity.end_char, entity.label_, path=f"[{id!r}].ents[{number}]")


def _take_lines(side: Collector, items: list[Any], documents: Documents) -> None:
    for number, item in enumerate(items):
        if "document" in item:
            _add_simple(side, item, f"[{number}]", documents)
        else:
            side.fault(f"[{number}]", "names no document; a line is {'document': id, 'mentions': […]}")


def _take_tags(side: Collector, items: list[Any], documents: Documents) -> None:  # noqa: ARG001 - as all of `_TAKES`
    raise InputTypeError(
        f"{side.where}: got {amount(len(items), 'list')} of tags; score those by goldwire.score_tags"
    )


_TAKES: dict[str, Callable[[Collector, list[Any], Documents], None]] = {
    "annotations": _take_annotations,
    "doc": _take_docs,
    "line": _take_lines,
    "row": _take_rows,
    "tuple": _take_tuples,
    "tags": _take_tags,
}


# ---------------------------------------------------------------- the simple form
def _add_simple(side: Collector, item: Mapping[str, Any], path: str, documents: Documents) -> None:
    """A line of the simple form (see `corpora.predictions`); each of its items that is faulty is a fault."""
    id = side.document(item["document"], f"{path}['document']")
    if id is None:
        return
    document = documents.document(id)
    try:
        given = _plain({**item, "document": id})
        encoded = msgspec.json.encode(given if document else _without_words(given))
        line = predictions.decode(encoded, path)
    except (DataError, TypeError) as error:
        faults = error.faults if isinstance(error, DataError) else ()
        side.fault(path, "; ".join(fault.message for fault in faults) or str(error))
        return
    known = document or Document(id=id, text="", sha256=line.sha256 or hash_text(""))
    if (failure := predictions.failure(line, known)) is not None:
        side.add_line(predictions.failed(known, failure.reason), path, id)
        return
    found = predictions.read(line, known).annotations
    for rejected in found.rejected:
        by_words = not document and rejected.words and not rejected.spans
        told = f"has words and no offsets: pass documents={{{id!r}: text}}" if by_words else rejected.message
        side.fault(f"{path}{rejected.path.removeprefix('$')}", told)
    sha256 = line.sha256 or (document.sha256 if document else "")
    side.add_line(msgspec.structs.replace(found, rejected=(), sha256=sha256), path, id)


def _without_words(value: Any) -> Any:
    """A line without the words that came with offsets: there is no text to compare them with."""
    if isinstance(value, Mapping):
        placed = value.get("spans") or value.get("trigger")
        gone = ("text", "occurrence") if placed else ()
        return {key: _without_words(part) for key, part in value.items() if key not in gone}
    if isinstance(value, list | tuple):
        return [_without_words(part) for part in value]
    return value


def simple(output: Any) -> Any:
    """What a function gives for one document, in the simple form; what is wrong in it stays, to be judged.

    >>> simple([(0, 5, "GPE")])
    {'mentions': [{'type': 'GPE', 'spans': [[0, 5]]}]}
    """
    if is_doc(output):
        output = [(entity.start_char, entity.end_char, entity.label_) for entity in output.ents]
    if not isinstance(output, str | bytes | Mapping) and isinstance(output, Iterable):
        output = {"mentions": list(map(_mention, output))}
    return _plain(output)


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers in lists, which are offsets, as whole ones where they are."""
    return _whole(msgspec.to_builtins(value, enc_hook=flat.plain))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [int(p) if isinstance(p, float) and p.is_integer() else _whole(p) for p in value]
    return value


def _mention(unit: Any) -> Any:
    if isinstance(unit, tuple | list) and len(unit) == _UNIT_WIDTH:
        start, end, type = unit
        return {"type": type, "spans": [[start, end]]}
    return unit
