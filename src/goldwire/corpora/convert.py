"""Layers in and out of files of other formats: checked, with what was lost and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import coverage, formats, library, views
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Reading, native
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.labels import LEFT_OUT, LabelMap
from goldwire.corpora.lens import Lens
from goldwire.corpora.names import check_new
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import by_kind, in_line, is_all_rejected, write_quarantine
from goldwire.corpora.store import SYSTEM, Corpus, encode_layer, writing
from goldwire.corpora.types import Annotations, Document, Tokens
from goldwire.corpora.valid import sound
from goldwire.corpora.values import rejoined
from goldwire.corpora.views import Asked

TAGS = "documents' tokens, whose tags have other labels than the view"  # what a loss calls them


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: documents in the layer, and those of them on which the system failed; units lost
    and things rejected, by kind, and where those are.

    `written` is false where everything was rejected: then the layer, if there is one, is as it was.
    """

    layer: str
    documents: int
    covered: coverage.Covered
    failed: int
    loss: dict[str, int]
    rejected: dict[str, int]
    quarantine: Path | None
    notes: list[str]
    written: bool


@no_collection()
def read(
    format: str,
    paths: Sequence[Path],
    values: Mapping[str, str],
    documents: Sequence[Document] | None = None,
    ontology: Ontology | None = None,
    *,
    view: Asked = Asked(),  # noqa: B008 - frozen
) -> Reading:
    """Read files of a format; what does not fit text or ontology is rejected, in the line of its document.

    `values` are the format's options as text, `view` what the files' labels are called here. Without
    `documents` they are made from the files. All that was rejected is in `quarantined` as well, whole: lines
    do not keep where it stood and the thing itself.
    """
    options = formats.options(format, values)
    if format == "goldwire":
        labels = _plain(view, native.values(paths), ontology) if view else LabelMap()
        reading = native.read(paths, options, documents, ontology, labels)
    else:
        reading = formats.load(format).read(paths, options, documents)
        lines = [rejoined(line, ontology) for line in reading.annotations]
        reading = msgspec.structs.replace(reading, annotations=lines)
        if view:
            labels = _plain(view, map(msgspec.to_builtins, reading.annotations), ontology)
            seen, loss = see(reading.annotations, labels)
            tokens = _unlabelled(reading.tokens, seen)
            lost = len(reading.tokens) - len(tokens)
            whole = {**reading.loss, **loss, **({TAGS: lost} if lost else {})}
            reading = msgspec.structs.replace(reading, annotations=seen, loss=whole, tokens=tokens)
    source = str(paths[0]) if len(paths) == 1 else f"the {len(paths)} files"
    reading = msgspec.structs.replace(reading, covers=formats.covers(format), source=source)
    return _sifted(reading, reading.documents if documents is None else documents, ontology)


def _plain(view: Asked, lines: Iterable[Any], ontology: Ontology | None) -> LabelMap:
    """What a view makes of the labels of some lines."""
    return views.resolve(view, {"": views.seen_in(lines)}, ontology)[""].labels


def see(lines: Iterable[Annotations], labels: LabelMap) -> tuple[list[Annotations], dict[str, int]]:
    """Lines through a plain map, and how many units that leaves out, as a loss."""
    found = [Lens(labels).see(line) for line in lines]
    left = sum(number for _, number in found)
    return [line for line, _ in found], {LEFT_OUT: left} if left else {}


def _unlabelled(tokens: Iterable[Tokens], seen: Iterable[Annotations]) -> list[Tokens]:
    """Tokens without tags, bound to lines that were seen through a view: no view changes them."""
    lines = {line.document: line for line in seen}
    return [
        kept_tokens.keep(lines[item.document], item.starts, item.ends, item.tags, item.scheme, whole=False)
        for item in tokens
        if item.scheme == kept_tokens.UNTAGGED
    ]


def _sifted(reading: Reading, documents: Iterable[Document], ontology: Ontology | None) -> Reading:
    known = {document.id: document for document in documents}
    kept, refused = [], list(reading.quarantined)
    for item in reading.annotations:
        good, rejected = sound(item, known[item.document], ontology)
        found = (*item.rejected, *rejected)
        refused += found
        if found:
            good = msgspec.structs.replace(good, rejected=in_line(found, known[item.document]))
        kept.append(good)
    tokens = list(_bound(reading, kept))
    return msgspec.structs.replace(reading, annotations=kept, quarantined=refused, tokens=tokens)


def _bound(reading: Reading, kept: Iterable[Annotations]) -> Iterator[Tokens]:
    """The tokens that were read, bound anew to lines that were sifted."""
    if not reading.tokens:
        return
    given = {item.document: item for item in reading.tokens}
    for before, line in zip(reading.annotations, kept, strict=True):
        if (tokens := given.get(line.document)) is not None:
            if line.mentions is not before.mentions:
                content = tokens.starts, tokens.ends, tokens.tags, tokens.scheme
                tokens = kept_tokens.keep(line, *content, whole=False)
            yield tokens


@no_collection()
def import_layer(
    corpus: Corpus, layer: str, reading: Reading, *, covers: str | None = None, replace: bool = False
) -> Imported:
    """Write what was read as a layer, and what was rejected to the layer's quarantine.

    `covers` says which documents that were not read are judged and empty (see `coverage.gap`); without it
    the format does. A layer that is there with the same content stays as it is; so does one in place of
    which nothing would stand, because all was rejected. Raises `CorpusError` if it has other content and is
    not to be replaced.
    """
    with writing(corpus, "corpus import") as now:
        return _import_layer(now, layer, reading, covers, replace)


def _import_layer(
    corpus: Corpus, layer: str, reading: Reading, covers: str | None, replace: bool
) -> Imported:
    corpus.check_new_layer(layer)
    read = reading.annotations
    if not layer.startswith(SYSTEM):  # only a system fails; what cannot be read judges nothing
        read = [item for item in read if not coverage.has_failed(item)]
    turned_away = (item.document for item in reading.quarantined)
    gap = coverage.gap(corpus, read, turned_away, covers or reading.covers)
    lines = [*read, *coverage.empty_lines(corpus.hashes(), gap.empty)]
    named = {line.document for line in lines}
    tokens = [item for item in reading.tokens if item.document in named]
    written = not is_all_rejected(read, reading.quarantined)
    if written and not replace and _is_other(corpus, layer, lines, tokens):
        raise CorpusError(
            f"{corpus.where}: layer {layer!r} is there with other content; choose another name, "
            f"or give --replace to put this in its place"
        )
    quarantine = write_quarantine(corpus.quarantine_path(layer), reading.quarantined)
    if written:
        corpus.write_layer(layer, lines, tokens)
    covered = coverage.describe(lines, gap.corpus)
    return Imported(
        layer=layer,
        documents=len(lines),
        covered=covered,
        failed=covered.failed,
        loss=reading.loss,
        rejected=by_kind(reading.quarantined),
        quarantine=quarantine,
        notes=[*reading.notes, *(gap.notes(reading.source, layer, covers) if written else [])],
        written=written,
    )


def _is_other(corpus: Corpus, layer: str, lines: Iterable[Annotations], tokens: Sequence[Tokens]) -> bool:
    """Whether a layer is there with other content; one without tokens may get some."""
    path, beside = corpus.layer_path(layer), corpus.tokens_path(layer)
    if not path.is_file():
        return False
    if path.read_bytes() != encode_layer(lines):
        return True
    return bool(tokens) and beside.is_file() and beside.read_bytes() != kept_tokens.encode(tokens)


def read_library(name: str, corpus: Corpus) -> Reading:
    """Gold that ships without texts, for those texts that the corpus has."""
    gold, documents = library.read_standoff(name), corpus.documents()
    if several := library.doubtful(gold, documents):
        raise CorpusError(
            f"{corpus.where}: {name} goes by the texts alone, and several documents have one: {several}; "
            "nothing was taken. Make a corpus with one document of each text (--skip-duplicates), and export"
        )
    bound = library.bind(gold, documents)
    if not bound:
        raise CorpusError(f"{corpus.where}: has none of the texts of {name!r} (no SHA-256 is the same)")
    return Reading(annotations=bound, source=name)


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export wrote: so many documents, of those that the layer covers; and what the format cannot
    hold of them.
    """

    documents: int
    covered: coverage.Covered
    loss: dict[str, int]


@no_collection()
def export_layer(
    corpus: Corpus,
    layer: str,
    path: Path,
    format: str,
    values: Mapping[str, str],
    *,
    view: Asked = Asked(),  # noqa: B008 - frozen
) -> Exported:
    """Write those documents that a layer has judged to files of a format, through a view.

    Those on which a system failed are written in our own form only: all others would say that nothing was
    found. Raises `CorpusError` if there are none.
    """
    loaded, given = formats.writer(format), formats.options(format, values)
    check_new(path.parent, Path(path.name))
    lines, documents = corpus.layer(layer), corpus.documents()
    found, covered = coverage.finished(lines), coverage.describe(lines.values(), len(documents))
    if format == "goldwire":
        found |= {id: line for id, line in lines.items() if coverage.has_failed(line)}
    if not found:
        raise CorpusError(f"{corpus.where}: layer {layer!r} {covered}: nothing was written")
    written = [document for document in documents if document.id in found]
    left: dict[str, int] = {}
    if view:
        labels = _plain(view, map(msgspec.to_builtins, found.values()), corpus.ontology())
        seen, left = see(found.values(), labels)
        found = {line.document: line for line in seen}
    write_kept = getattr(loaded, "write_kept", None)
    if write_kept is not None and not view:  # tags beside the layer have its own labels
        tokens = kept_tokens.believed(kept_tokens.read(corpus.tokens_path(layer)), found)
        loss = write_kept(path, written, found, given, tokens)
    else:
        loss = loaded.write(path, written, found, given)
    return Exported(documents=len(written), covered=covered, loss={**left, **loss})
