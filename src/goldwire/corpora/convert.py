"""Layers in and out of files of other formats: checked, with what was lost and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora import coverage, formats, library
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Quarantined, Reading
from goldwire.corpora.names import check_new
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sift import sound
from goldwire.corpora.store import Corpus, encode_layer, write_atomic, writing
from goldwire.corpora.types import Document


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: documents in the layer, units lost by kind, units refused, where those are."""

    layer: str
    documents: int
    covered: coverage.Covered
    loss: dict[str, int]
    quarantined: int
    quarantine: Path | None
    notes: list[str]


def read(
    format: str,
    paths: Sequence[Path],
    values: Mapping[str, str],
    documents: Sequence[Document] | None = None,
    ontology: Ontology | None = None,
) -> Reading:
    """Read files of a format; what does not fit text or ontology is moved to the quarantine.

    `values` are the format's options as text. Without `documents` they are made from the files.
    """
    reading = formats.load(format).read(paths, formats.options(format, values), documents)
    source = str(paths[0]) if len(paths) == 1 else f"the {len(paths)} files"
    reading = msgspec.structs.replace(reading, covers=formats.covers(format), source=source)
    return _sifted(reading, reading.documents if documents is None else documents, ontology)


def _sifted(reading: Reading, documents: Iterable[Document], ontology: Ontology | None) -> Reading:
    known = {document.id: document for document in documents}
    kept, refused = [], list(reading.quarantined)
    for item in reading.annotations:
        good, dropped = sound(item, known[item.document], ontology)
        kept.append(good)
        refused += [
            Quarantined(where=item.document, document=item.document, reason=part.message, value=part.key)
            for part in dropped
        ]
    return msgspec.structs.replace(reading, annotations=kept, quarantined=refused)


def import_layer(
    corpus: Corpus, layer: str, reading: Reading, *, covers: str | None = None, replace: bool = False
) -> Imported:
    """Write what was read as a layer, and what was refused to the layer's quarantine.

    `covers` says which documents that were not read are judged and empty (see `coverage.gap`); without it
    the format does. A layer that is there with the same content stays as it is. Raises `CorpusError` if it
    has other content and is not to be replaced.
    """
    with writing(corpus, "corpus import") as now:
        return _import_layer(now, layer, reading, covers, replace)


def _import_layer(
    corpus: Corpus, layer: str, reading: Reading, covers: str | None, replace: bool
) -> Imported:
    corpus.check_new_layer(layer)
    path, quarantine = corpus.layer_path(layer), corpus.quarantine_path(layer)
    turned_away = (item.document for item in reading.quarantined)
    gap = coverage.gap(corpus, reading.annotations, turned_away, covers or reading.covers)
    lines = [*reading.annotations, *coverage.empty_lines(corpus.hashes(), gap.empty)]
    data = encode_layer(lines)
    if path.is_file() and not replace and path.read_bytes() != data:
        raise CorpusError(
            f"{corpus.path}: layer {layer!r} is there with other content; choose another name, "
            f"or give --replace to put this in its place"
        )
    write_quarantine(quarantine, reading.quarantined)
    corpus.write_layer(layer, lines)
    return Imported(
        layer=layer,
        documents=len(lines),
        covered=coverage.describe(lines, gap.corpus),
        loss=reading.loss,
        quarantined=len(reading.quarantined),
        quarantine=quarantine if reading.quarantined else None,
        notes=[*reading.notes, *gap.notes(reading.source, layer, covers)],
    )


def write_quarantine(path: Path, items: Sequence[Quarantined]) -> None:
    """Put refused units where they can be looked at; no file where there are none."""
    if items:
        write_atomic(path, encode_lines(items))
    else:
        path.unlink(missing_ok=True)


def read_library(name: str, corpus: Corpus) -> Reading:
    """Gold that ships without texts, for those texts that the corpus has."""
    bound = library.bind(library.read_standoff(name), corpus.documents())
    if not bound:
        raise CorpusError(f"{corpus.path}: has none of the texts of {name!r} (no SHA-256 is the same)")
    return Reading(annotations=bound, source=name)


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export wrote: the documents that the layer covers; and what the format cannot hold of them."""

    covered: coverage.Covered
    loss: dict[str, int]


def export_layer(corpus: Corpus, layer: str, path: Path, format: str, values: Mapping[str, str]) -> Exported:
    """Write those documents that a layer has judged to files of a format.

    Raises `CorpusError` if there are none.
    """
    loaded, given = formats.load(format), formats.options(format, values)
    check_new(path.parent, Path(path.name))
    lines, documents = corpus.layer(layer), corpus.documents()
    found, covered = coverage.finished(lines), coverage.describe(lines.values(), len(documents))
    if not found:
        raise CorpusError(f"{corpus.path}: layer {layer!r} {covered}: nothing was written")
    judged = [document for document in documents if document.id in found]
    return Exported(covered=covered, loss=loaded.write(path, judged, found, given))
