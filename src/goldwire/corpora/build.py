"""Makes corpora and adds to them, so that a command killed half-way is simply run again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import starmap
from operator import eq
from pathlib import Path

import msgspec

from goldwire.corpora import convert, coverage, duplicates, library, splits, versions
from goldwire.corpora import ontology as ontologies
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.codec import iter_encoded
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Reading
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ingest import Equal, merge
from goldwire.corpora.lock import clear, locked
from goldwire.corpora.manifest import check_manifest, place_ontology, told
from goldwire.corpora.rejected import is_all_rejected, write_quarantine
from goldwire.corpora.spool import Documents, Grouped, Joined
from goldwire.corpora.store import (
    MANIFEST,
    Corpus,
    Manifest,
    create_corpus,
    open_corpus,
    write_documents,
    writing,
)
from goldwire.corpora.types import Annotations, Tokens
from goldwire.corpora.views import Asked
from goldwire.corpora.visible import word


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus after a command: how many documents the command put there, and what people should know."""

    corpus: Corpus
    added: int
    notes: list[str]


def new(
    path: Path,
    manifest: Manifest,
    documents: Documents,
    layers: Mapping[str, Iterable[Annotations]] | None = None,
    *,
    tokens: Mapping[str, Sequence[Tokens]] | None = None,
    asked: Iterable[str] = (),
) -> Built:
    """Make a corpus, with the gold that ships for its texts unless `layers` has gold.

    Near-duplicates are grouped. `tokens` are those that layers come with, by layer. Documents are gone
    through several times: of texts that are on the disk (see `spool`) one is in memory at a time.

    An ontology that the manifest names by file is copied into the corpus. A corpus that is there already
    with these very documents and layers, and those fields of the manifest that are `asked` for, is left as
    it is. Raises `CorpusError` if something else is there.
    """
    check_manifest(manifest)
    items = Grouped(documents, duplicates.find(documents))
    placed, ontology_file = place_ontology(manifest)
    if manifest.splits is not None:
        splits.check(manifest.splits.shares)
    own = {name: list(layer) for name, layer in (layers or {}).items()}
    shipped, notes = ({}, []) if library.GOLD in own else _shipped(items)
    there = path / MANIFEST
    if not there.is_file():  # one that is there is only read: it may be where nothing can be written
        with locked(path, "corpus new"):
            if not there.is_file():
                corpus = create_corpus(
                    path, placed, items, layers={**own, **shipped}, tokens=tokens, files=ontology_file
                )
                return Built(corpus=corpus, added=len(items), notes=notes)
    clear(path)
    corpus = open_corpus(path)
    _check_asked(corpus, manifest, asked)
    _check_same(corpus, items, own, {*own, *shipped})
    _check_tokens(corpus, tokens or {})
    return Built(corpus=corpus, added=0, notes=["the corpus is there already, complete"])


def _shipped(documents: Documents) -> tuple[dict[str, list[Annotations]], list[str]]:
    """The layer of gold that ships for documents, if any does, and what is said of it."""
    some = library.fitting(documents)
    found = library.gold_for(some)
    gold = [item for annotations in found.values() for item in annotations]
    notes = [_shipped_note(name, annotations) for name, annotations in found.items()]
    return ({library.GOLD: gold} if gold else {}), [*notes, *_doubtful_notes(some)]


def _doubtful_notes(documents: Documents) -> list[str]:
    """Notes on gold that ships for a text which several documents have."""
    return [
        f"gold that ships ({name}) fits several documents of one text, and was given to none: {told}"
        for name in library.standoff()
        if (told := library.doubtful(library.read_standoff(name), documents))
    ]


@no_collection()
def new_from(
    path: Path,
    manifest: Manifest,
    paths: Sequence[Path],
    *,
    format: str,
    options: Mapping[str, str],
    layer: str,
    asked: Iterable[str] = (),
    view: Asked = Asked(),  # noqa: B008 - frozen
) -> tuple[Built, Reading]:
    """Make a corpus of annotated files, with their labels as a layer and what was rejected in quarantine.

    Every document in the files is judged, but for those that the format says nothing of. Where all labels
    were rejected there is no layer.
    """
    ontology = ontologies.read(manifest.ontology) if manifest.ontology else None
    reading = convert.read(format, paths, options, None, ontology, view=view)
    lines = [*reading.annotations, *_rest(reading)]
    kept = {} if is_all_rejected(reading.annotations, reading.quarantined) else {layer: lines}
    tokens = dict.fromkeys(kept, reading.tokens)
    built = new(path, manifest, reading.documents, kept, tokens=tokens, asked=asked)
    write_quarantine(built.corpus.quarantine_path(layer), reading.quarantined)
    if unjudged := len(reading.documents) - len(lines):
        told = f"{unjudged} of {len(reading.documents)} documents have no line in layer {layer}: not judged"
        built = msgspec.structs.replace(built, notes=[*built.notes, told])
    return built, reading


def _rest(reading: Reading) -> list[Annotations]:
    """Lines of documents without units, where the format cannot name them."""
    if reading.covers != "all":
        return []
    hashes = {document.id: document.sha256 for document in reading.documents}
    away = {item.document for item in reading.quarantined}
    named = {item.document for item in reading.annotations} | away
    return coverage.empty_lines(hashes, hashes.keys() - named)


def add(corpus: Corpus, documents: Documents, equal: Equal = "refuse") -> Built:
    """Add documents to a corpus; those that are there already are passed over.

    What is new is compared with all; what was there keeps its groups.

    A document that links two groups moves the later one to the earlier, and so perhaps to another split:
    the notes say so.
    """
    with writing(corpus, "corpus add") as now, now.stored() as old:
        intake = merge(old, documents, equal, versions.hashes(now))
        notes = [*intake.notes, *_shipped_notes(now, intake.documents)]
        if len(intake.documents):
            every = Joined(old, intake.documents)
            groups = duplicates.find(every, known=len(old))
            notes += _moves(old, groups)
            write_documents(now, Grouped(every, groups))
    return Built(corpus=now, added=len(intake.documents), notes=notes)


def _moves(old: Documents, groups: Sequence[str | None]) -> list[str]:
    """Notes on documents that join an earlier group because of what was added."""
    return [
        f"{before.id} now goes with {group}, which a new document resembles too: its split may change"
        for before, group in zip(old, groups, strict=False)
        if (before.group or before.id) != (group or before.id)
    ]


def _shipped_notes(corpus: Corpus, documents: Documents) -> list[str]:
    return [
        f"gold for {len(annotations)} of them ships with goldwire: "
        f"goldwire corpus import {word(corpus.path)} --library {name} --layer gold"
        for name, annotations in library.gold_for(documents).items()
    ]


def _shipped_note(name: str, annotations: list[Annotations]) -> str:
    ids = ", ".join(item.document for item in annotations)
    return f"layer gold: {name}, which ships with goldwire, has gold for {ids} (same text by SHA-256)"


def _check_asked(corpus: Corpus, manifest: Manifest, asked: Iterable[str]) -> None:
    """Raise `CorpusError`, naming all of them, where what was asked for is not what the corpus has."""
    there, wanted = told(corpus), told(Corpus(Path(), manifest))
    differ = [
        f"{field} {there[field]}, not {wanted[field]}" for field in asked if there[field] != wanted[field]
    ]
    if differ:
        raise CorpusError(
            f"{corpus.path}: the corpus is there already, with {'; '.join(differ)}. Change it with "
            f"`goldwire corpus set {word(corpus.path)}` (shares: `goldwire corpus split`), or choose another "
            "place"
        )


def _check_same(
    corpus: Corpus, documents: Documents, own: Mapping[str, list[Annotations]], layers: set[str]
) -> None:
    """Raise `CorpusError` if a corpus is not what would be made; it may hold more layers by now."""
    with corpus.stored() as there:
        lines = zip(iter_encoded(there), iter_encoded(documents), strict=False)
        same = len(there) == len(documents) and all(starmap(eq, lines))
    if not same:
        raise CorpusError(
            f"{corpus.path}: a corpus with other documents is there; choose another place, or add to it with "
            f"`goldwire corpus add`"
        )
    if missing := layers - set(corpus.layers()):
        raise CorpusError(
            f"{corpus.path}: the corpus is there without layer {', '.join(sorted(missing))}; "
            f"put it there with `goldwire corpus import`"
        )
    other = [name for name, layer in own.items() if corpus.layer(name) != {a.document: a for a in layer}]
    if other:
        raise CorpusError(
            f"{corpus.path}: the corpus is there, with other content in layer {', '.join(other)}; "
            f"put this in its place with `goldwire corpus import --replace`, or choose another --layer"
        )


def _check_tokens(corpus: Corpus, tokens: Mapping[str, Sequence[Tokens]]) -> None:
    """Raise `CorpusError` if layers did not come with these tokens."""
    there = {name: corpus.tokens_path(name) for name, kept in tokens.items() if kept}
    other = [
        name
        for name, path in there.items()
        if not path.is_file() or path.read_bytes() != kept_tokens.encode(tokens[name])
    ]
    if other:
        raise CorpusError(
            f"{corpus.path}: the corpus is there, without these tokens and tags of layer {', '.join(other)}; "
            f"put them there with `goldwire corpus import --replace`, or choose another --layer"
        )
