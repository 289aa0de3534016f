"""Changes of what a corpus says of itself: its ontology, name, language and licence."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import CorpusError, DataError, GoldwireError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, Manifest, write_manifest, writing
from goldwire.corpora.validate import annotation_faults

ONTOLOGY_FILE = "ontology.toml"
NONE = "none"  # how a command line says that a corpus is to have no ontology
UNREADABLE = "unreadable"
# What a fault of a label is called (see `corpora.rejected`), by where it stands; the first that fits.
_KINDS = (
    (re.compile(r"\.attributes\."), "unknown-value"),
    (re.compile(r"\.role$"), "unknown-role"),
    (re.compile(r"\.type$"), "unknown-type"),
    (re.compile(r"\.(arguments\[\d+\]|source|target)$"), "filler-not-allowed"),
)


class Altered(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus with another manifest: each field that is another one now, as it was and is.

    `unfit` tells for each layer how many of its labels the new ontology does not have, by kind (see
    `corpora.rejected`); a layer that cannot be read has `unreadable`. Layers stay as they are.
    """

    corpus: Corpus
    changed: dict[str, tuple[str, str]]
    unfit: dict[str, dict[str, int]]


def chosen(ontology: str | None) -> str | None:
    """What people name an ontology by: a name that ships or a file; `none` is None."""
    return None if ontology == NONE else ontology


def place_ontology(manifest: Manifest) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest as it is in the corpus, and the ontology file to put beside it."""
    if manifest.ontology is None:
        return manifest, {}
    ontologies.read(manifest.ontology)
    if ontologies.ships(manifest.ontology):
        return manifest, {}
    data = read_bytes(Path(manifest.ontology))
    return msgspec.structs.replace(manifest, ontology=ONTOLOGY_FILE), {ONTOLOGY_FILE: data}


def check_manifest(manifest: Manifest) -> None:
    """Raise `CorpusError` unless a corpus is called something and its texts are in some language."""
    for field in ("name", "language"):
        if not getattr(manifest, field).strip():
            raise CorpusError(
                f"a corpus needs a {field}, got {getattr(manifest, field)!r}; give another --{field}"
            )


def alter(corpus: Corpus, changes: Mapping[str, str | None]) -> Altered:
    """Write a manifest with the changes, by field; an ontology file is copied into the corpus.

    Raises `CorpusError` or `DataError`, and changes nothing, if a value cannot be.
    """
    with writing(corpus, "corpus set") as now:
        return _alter(now, changes)


def _alter(corpus: Corpus, changes: Mapping[str, str | None]) -> Altered:
    wanted = msgspec.structs.replace(corpus.manifest, **changes)
    check_manifest(wanted)
    manifest, unfit, before = wanted, {}, told(corpus)
    if "ontology" in changes:
        manifest, files = place_ontology(wanted)
        unfit = _unfit(corpus, ontologies.read(wanted.ontology) if wanted.ontology else None)
        for name, data in files.items():  # before the manifest names it, so that a kill leaves a sound corpus
            write_atomic(corpus.path / name, data)
    if manifest != corpus.manifest:
        corpus = write_manifest(corpus, manifest)
    now = told(corpus)
    changed = {field: (before[field], now[field]) for field in changes if before[field] != now[field]}
    return Altered(corpus=corpus, changed=changed, unfit=unfit)


def told(corpus: Corpus) -> dict[str, str]:
    """What the manifest says, for people, by field; of the ontology what is in it."""
    manifest = corpus.manifest
    shares = manifest.splits.shares if manifest.splits else {}
    return {
        "name": manifest.name,
        "language": manifest.language,
        "licence": manifest.licence or "not given",
        "ontology": _ontology(corpus),
        "split": ",".join(f"{name}={share:g}" for name, share in sorted(shares.items())) or NONE,
    }


def _ontology(corpus: Corpus) -> str:
    try:
        found = corpus.ontology()
    except GoldwireError:
        return f"{corpus.manifest.ontology} (cannot be read)"
    if found is None:
        return NONE
    # Of all that is in it: two that differ in a definition or a colour alone have one fingerprint.
    content = hashlib.sha256(msgspec.json.encode(found, order="sorted")).hexdigest()[:12]
    return f"{found.name} {found.version} (content {content})"


def _unfit(corpus: Corpus, ontology: Ontology | None) -> dict[str, dict[str, int]]:
    """The labels of each layer that an ontology does not have, by kind."""
    if ontology is None:
        return {}
    documents = {document.id: document for document in corpus.documents()}
    found: dict[str, dict[str, int]] = {}
    for name in corpus.layers():
        try:
            layer = corpus.layer(name)
        except DataError:
            found[name] = {UNREADABLE: 1}
            continue
        kinds: Counter[str] = Counter()
        for id, item in layer.items():
            before = {fault.path for fault in annotation_faults(item, documents[id])}
            faults = annotation_faults(item, documents[id], ontology)
            kinds.update(_kind(fault.path) for fault in faults if fault.path not in before)
        if kinds:
            found[name] = dict(kinds.most_common())
    return found


def _kind(path: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.search(path)), "malformed")
