"""Versions of a document: the texts that it had before it was corrected, each with its layers.

    CORPUS/versions/ID/N               a corpus of this one document as it was; 1 is the first
    CORPUS/versions/ID/N/version.json  which text it was, what came in its place, and when

Every command reads such a folder like any corpus. Nothing there is ever changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.codec import decode_versioned, encode_lines, read_bytes, read_lines
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import (
    DOCUMENTS,
    LAYERS,
    MANIFEST,
    Corpus,
    encode_layer,
    encode_manifest,
)
from goldwire.corpora.types import Annotations, Document, Tokens

VERSIONS, FILE = "versions", "version.json"
FORMAT = 1


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a document that is not its text any more, by hash, and when which came in its place.

    `unjudged` says that words came in with it which nobody has looked at.
    """

    format: int
    document: str
    number: int
    sha256: str
    replaced_by: str
    replaced: str
    unjudged: bool = False


class Earlier(msgspec.Struct, frozen=True):
    """A document as it was; `judged` if all that came in since was looked at."""

    document: Document
    judged: bool


def of(corpus: Corpus, id: str) -> list[Version]:
    """The earlier texts of a document, the first in front; none if it was never corrected."""
    return [_read(path) for path in _files(corpus, id)]


def all_of(corpus: Corpus) -> dict[str, list[Version]]:
    """The earlier texts of all documents that were corrected, by id."""
    home = corpus.path / VERSIONS
    ids = sorted(folder.name for folder in home.iterdir()) if home.is_dir() else []
    return {id: versions for id in ids if (versions := of(corpus, id))}


def earlier(corpus: Corpus, id: str | None = None) -> dict[tuple[str, str], Earlier]:
    """Documents as they were, by id and the hash of their text; of one document, if its id is given."""
    every = all_of(corpus) if id is None else {id: of(corpus, id)}
    found = dict[tuple[str, str], Earlier]()
    for document, versions in every.items():
        judged = True
        for version in reversed(versions):
            judged &= not version.unjudged
            if (document, version.sha256) not in found:
                [before] = read_lines(place(corpus, document, version.number) / DOCUMENTS, Document)
                found[document, version.sha256] = Earlier(before, judged)
    return found


def hashes(corpus: Corpus) -> set[tuple[str, str]]:
    """The keys of `earlier`: ids and hashes of texts that their documents have no more."""
    return {(id, version.sha256) for id, versions in all_of(corpus).items() for version in versions}


def place(corpus: Corpus, id: str, number: int) -> Path:
    """Where a version is or would be."""
    return corpus.path / VERSIONS / id / str(number)


def files(
    corpus: Corpus,
    version: Version,
    document: Document,
    layers: Mapping[str, Sequence[Annotations]],
    tokens: Mapping[str, Tokens],
) -> dict[str, bytes]:
    """The files of a new version, by name within the corpus."""
    home = Path(VERSIONS) / version.document / str(version.number)
    manifest = msgspec.structs.replace(corpus.manifest, splits=None)
    found = {
        home / FILE: msgspec.json.format(msgspec.json.encode(version), indent=1) + b"\n",
        home / MANIFEST: encode_manifest(manifest),
        home / DOCUMENTS: encode_lines([document]),
    }
    found |= {home / LAYERS / f"{name}.jsonl": encode_layer(lines) for name, lines in layers.items()}
    found |= {kept_tokens.path_of(home, name): kept_tokens.encode([kept]) for name, kept in tokens.items()}
    own = corpus.path / (manifest.ontology or "")
    if own.is_file():
        found[home / str(manifest.ontology)] = read_bytes(own)
    return {path.as_posix(): data for path, data in found.items()}


def _files(corpus: Corpus, id: str) -> Iterable[Path]:
    found = (corpus.path / VERSIONS / id).glob(f"*/{FILE}")
    return sorted((path for path in found if _is_number(path)), key=lambda path: int(path.parent.name))


def _is_number(path: Path) -> bool:
    return re.fullmatch("[1-9][0-9]*", path.parent.name, re.ASCII) is not None


def _read(path: Path) -> Version:
    found = decode_versioned(read_bytes(path), Version, "a version of a document", str(path), FORMAT)
    if (found.document, str(found.number)) != (path.parents[1].name, path.parent.name):
        raise DataError(f"{path}: says that it is {found.document!r}, version {found.number}")
    return found
