"""Puts what was read from an export into a corpus: the raw file, the quarantine, the layers.

    CORPUS/labelstudio/NAME.json                 what came, never edited
    CORPUS/quarantine/labelstudio/NAME.jsonl     what was rejected (see `corpora.rejected`)

Each file is replaced whole, and running an import again gives the same files: killed anywhere, it is
simply run again.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange.exports import EntryKind
from goldwire.annotate.exchange.importer import FOLDERS, Imported, Reading
from goldwire.corpora import build
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.build import Built
from goldwire.corpora.encodings import normalise, text_faults
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.integrity import check_id
from goldwire.corpora.lock import locked
from goldwire.corpora.names import check_apart
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.rejected import is_all_rejected, survives, write_quarantine
from goldwire.corpora.store import MANIFEST, Corpus, Manifest, make_document, open_corpus, writing
from goldwire.corpora.types import Annotations, Document, Meta

FOLDER = "labelstudio"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What an import wrote: documents now in each layer that it changed, and where the files are.

    `taken` annotations went into them; `refused` are layers left as they were, since everything for them was
    rejected.
    """

    layers: dict[str, int]
    taken: int
    refused: tuple[str, ...]
    raw: Path
    quarantine: Path | None


def write(corpus: Corpus, imported: Imported, raw: bytes, name: str) -> Stored:
    """Write an import; `raw` is the export as it came, `name` what its file was called.

    A reading replaces the line of its document in its layer. What else the person had there of that
    document (a draft since submitted, a skip taken back) goes, and nothing else is touched.
    """
    stem = f"{re.sub(r'[^A-Za-z0-9]+', '-', Path(name).stem).strip('-')[:60] or 'export'}-{_digest(raw)}"
    with writing(corpus, "annotate import") as now:
        return _write(now, imported, raw, stem)


def _write(corpus: Corpus, imported: Imported, raw: bytes, stem: str) -> Stored:
    refused = all_rejected(corpus, imported.readings)
    changed = changes(imported, refused)
    check_layers(corpus, changed)
    kept = corpus.path / FOLDER / f"{stem}.json"
    quarantine = corpus.quarantine_path(f"{FOLDER}/{stem}")
    write_atomic(kept, raw)
    written = write_quarantine(quarantine, imported.rejected)
    layers = {layer: replace(corpus, layer, lines) for layer, lines in changed.items()}
    return Stored(
        layers={layer: size for layer, size in layers.items() if size},
        taken=sum(reading.layer not in refused for reading in imported.readings),
        refused=refused,
        raw=kept,
        quarantine=written,
    )


def all_rejected(corpus: Corpus, readings: Iterable[Reading]) -> tuple[str, ...]:
    """The layers to leave as they are: all where nothing is left of any reading, since everything was
    rejected, else those of whose readings nothing is left and that would lose what is there.
    """
    lines: dict[str, list[Annotations]] = defaultdict(list)
    for reading in readings:
        lines[reading.layer].append(reading.annotations)
    empty = {layer: found for layer, found in lines.items() if is_all_rejected(found)}
    if len(empty) < len(lines):
        empty = {layer: found for layer, found in empty.items() if _would_lose(corpus, layer, found)}
    return tuple(sorted(empty))


def _would_lose(corpus: Corpus, layer: str, lines: Iterable[Annotations]) -> bool:
    there, _ = corpus.fitting(layer)
    return any(line.document in there and survives(there[line.document]) for line in lines)


Lines = dict[str, Annotations | None]


def changes(imported: Imported, refused: Collection[str] = ()) -> dict[str, Lines]:
    """The lines that an import puts in each layer, by document; None for one that goes.

    Drafts stay where the export only names them. Of readings for layers that are `refused` nothing comes,
    and nothing goes for them.
    """
    people: tuple[EntryKind, ...] = ("submitted", "skipped", "draft")
    kinds = [kind for kind in people if f"{kind} (its id only)" not in imported.found]
    lines: dict[str, Lines] = defaultdict(dict)
    for reading in imported.readings:
        if reading.layer in refused:
            continue
        folder, _, person = reading.layer.partition("/")
        if reading.kind in FOLDERS and folder == FOLDERS[reading.kind] != FOLDERS["prediction"]:
            for kind in kinds:
                lines[f"{FOLDERS[kind]}/{person}"].setdefault(reading.annotations.document, None)
        lines[reading.layer][reading.annotations.document] = reading.annotations
    return dict(lines)


def check_layers(corpus: Corpus, lines: Mapping[str, Lines]) -> None:
    """Raise `CorpusError`, before anything is written, if a layer cannot have the name that it is to have."""
    made = [layer for layer, new in lines.items() if any(new.values())]
    check_apart([f"{layer}.jsonl" for layer in made], str(corpus.path))
    for layer in made:
        corpus.check_new_layer(layer)


def replace(corpus: Corpus, layer: str, lines: Mapping[str, Annotations | None]) -> int:
    """Put lines into a layer; the number of documents that it has then. An empty layer is taken away.

    Lines of other texts than the corpus has stay as they are, unless there is another for their document.
    """
    old, stale = corpus.fitting(layer)
    new = {document: line for document, line in {**old, **lines}.items() if line is not None}
    staying = [line for line in stale if line.document not in lines]
    if new or staying:
        corpus.write_layer(layer, new.values(), stale=staying)
    elif old or stale:
        corpus.layer_path(layer).unlink()
    return len(new)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def opened(folder: Path, *, make: bool) -> Corpus:
    """The corpus in a folder; to `make` where there is none: one that is nowhere yet, without documents."""
    if make and not (folder / MANIFEST).is_file():
        return Corpus(folder, Manifest(name=folder.resolve().name))
    return open_corpus(folder)


def documents(corpus: Corpus, tasks: Iterable[Any], field: str) -> dict[str, Document]:
    """The documents of a corpus by id, with those that the texts of tasks will become."""
    there = corpus.documents() if (corpus.path / MANIFEST).is_file() else []
    return {document.id: document for document in [*there, *new_documents(tasks, there, field)]}


def add_texts(folder: Path, tasks: Sequence[Any], field: str) -> Built:
    """The corpus in a folder, which is made if it is not there, with the texts of tasks that it lacks."""
    with locked(folder, "annotate import"):
        if not (folder / MANIFEST).is_file():
            name = folder.resolve().name
            return build.new(folder, Manifest(name=name), new_documents(tasks, [], field))
        corpus = open_corpus(folder)
        return build.add(corpus, new_documents(tasks, corpus.documents(), field))


def new_documents(tasks: Iterable[Any], known: Iterable[Document], field: str) -> list[Document]:
    """Documents for the texts of tasks that a corpus does not have, each text once.

    Called by `document` in the task's data if that can be a document's id, else `task-` and the task's id.
    """
    hashes = {document.sha256 for document in known}
    ids = {document.id for document in known}
    found = []
    for task in tasks:
        data = task.get("data") if isinstance(task, dict) else None
        text = data.get("text", data.get(field)) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(text, str) or text_faults(normalise(text)):
            continue
        document = _document(task, data, normalise(text), ids)
        if document.sha256 not in hashes:
            found.append(document)
            hashes.add(document.sha256)
            ids.add(document.id)
    return found


def _document(task: dict[str, Any], data: dict[str, Any], text: str, ids: set[str]) -> Document:
    wanted = data.get("document")
    if not isinstance(wanted, str) or wanted in ids or not _is_id(wanted):
        wanted = f"task-{task.get('id')}"
        if wanted in ids or not _is_id(wanted):
            wanted = f"text-{hash_text(text)[:12]}"
    title = data.get("title")
    return make_document(wanted, text, meta=Meta(title=title if isinstance(title, str) else None))


def _is_id(id: str) -> bool:
    try:
        check_id(id)
    except CorpusError:
        return False
    return True
