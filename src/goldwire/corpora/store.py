"""A corpus on disk: a directory of documents and layers, written so that a crash never harms it.

    CORPUS/corpus.toml             the manifest: name, version, language, licence, ontology, splits
    CORPUS/documents.jsonl         one Document a line
    CORPUS/layers/NAME.jsonl       one Annotations a line; NAME may have parts: annotator/anna
    CORPUS/tokens/NAME.jsonl       tokens and tags that layer NAME came with (see `tokens`)
    CORPUS/records/*.json          scored runs
    CORPUS/quarantine/NAME.jsonl   what an import could not take into layer NAME, and why
    CORPUS/samples/NAME.jsonl      documents drawn to be annotated, and with which probability (see `samples`)
    CORPUS/versions/ID/N           a text that was corrected, with its layers (see `versions`)

Files are written beside their place and moved there whole, so a reader sees the old or the new content
and a process killed at any moment leaves one of the two. What is read to be changed is read and written
under one lock (see `lock`): `with writing(corpus, "what I do") as corpus`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from goldwire.corpora import ontology as ontologies
from goldwire.corpora import pending, toml
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.atomic import Staged, write_atomic, write_folder
from goldwire.corpora.codec import encode_lines, iter_encoded, iter_lines, read_lines
from goldwire.corpora.digest import of_documents
from goldwire.corpora.errors import CorpusError, DataError, check_sound
from goldwire.corpora.integrity import Bound, check_layer, document_faults, layer_faults
from goldwire.corpora.lock import PACKED, locked
from goldwire.corpora.names import check_apart, check_new
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.source import Source
from goldwire.corpora.spool import Documents, Stored
from goldwire.corpora.types import Annotations, Document, Tokens

MANIFEST, DOCUMENTS, LAYERS, RECORDS = "corpus.toml", "documents.jsonl", "layers", "records"
QUARANTINE = "quarantine"
INDEX = "goldwire.json"  # of a packed corpus
SYSTEM = "system/"  # where the layers of systems are: a document without a line counts as empty there
MACHINES = (SYSTEM, "prediction/")  # layers that no person made: of systems, and pulled from a server


class Splits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of documents by split name, summing to 1; `seed` decides who goes where."""

    shares: dict[str, float]
    seed: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `corpus.toml` says. `ontology` is a name that ships or a path relative to the corpus."""

    name: str
    version: str = "1.0"
    title: str = ""
    description: str = ""
    language: str = "en"
    licence: str = ""
    ontology: str | None = None
    splits: Splits | None = None


class _Identity(msgspec.Struct, frozen=True):
    """What layers need to know of a document; reading no more is several times faster."""

    id: str
    sha256: str


class Corpus(msgspec.Struct, frozen=True):
    """A corpus directory. Methods read from disk each time; nothing is cached.

    Of a packed one `path` is a folder of the cache, into which its `source` brings files when a method asks
    for them or their place, and `workplace` the folder in which journals of its runs are kept.
    """

    path: Path
    manifest: Manifest
    source: Source | None = None
    workplace: Path | None = None

    @property
    def where(self) -> str:
        """What people call it: its folder, or the address of a packed one."""
        return str(self.path) if self.source is None else self.source.address

    def _place(self, path: Path) -> Path:
        if self.source is not None:
            self.source.bring(path.relative_to(self.path).as_posix())
        return path

    def documents_path(self) -> Path:
        """Where the documents are."""
        return self._place(self.path / DOCUMENTS)

    def documents(self) -> list[Document]:
        """All documents, in the order of the file. Raises `DataError` if one is not what its hash says."""
        path = self.documents_path()
        documents = read_lines(path, Document)
        check_sound(path, document_faults(documents))
        return documents

    @contextmanager
    def stored(self) -> Iterator[Documents]:
        """All documents where they are, of whose texts one is in memory at a time.

        Raises what `documents` raises, and reads on in the same file if another takes its place.
        """
        path = self.documents_path()
        with Stored(path) as documents:
            check_sound(path, document_faults(documents))
            yield documents

    def ontology(self) -> Ontology | None:
        """The ontology that the manifest names, or None where it names none."""
        name = self.manifest.ontology
        if name is None:
            return None
        local = self.path / name
        # Not `Path.is_file`, which raises where a damaged manifest has what is too long for a name.
        return ontologies.read(local if os.path.isfile(local) else name)  # noqa: PTH113

    def layers(self) -> list[str]:
        """The names of all layers, sorted."""
        if self.source is not None:
            return self.source.layers()
        root = self.path / LAYERS
        found = (file.relative_to(root).with_suffix("") for file in root.rglob("*.jsonl"))
        return sorted(name.as_posix() for name in found if not name.name.startswith("."))

    def layer_path(self, name: str) -> Path:
        """Where a layer is or would be; `CorpusError` if the name is not allowed."""
        check_layer(name)
        return self._place(self.path / LAYERS / f"{name}.jsonl")

    def quarantine_path(self, name: str) -> Path:
        """Where what could not be taken into a layer is or would be kept."""
        check_layer(name)
        return self.path / QUARANTINE / f"{name}.jsonl"

    def tokens_path(self, name: str) -> Path:
        """Where the tokens that a layer came with are or would be."""
        check_layer(name)
        return self._place(kept_tokens.path_of(self.path, name))

    def document(self, id: str) -> Document:
        """The document of an id; `CorpusError` if there is none."""
        for document in self.documents():
            if document.id == id:
                return document
        raise CorpusError(f"{self.where}: no document {id!r}; `goldwire corpus show` lists them")

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each text by document id, as the file says; `documents` recomputes them."""
        return {item.id: item.sha256 for item in read_lines(self.documents_path(), _Identity)}

    def layer(self, name: str) -> dict[str, Annotations]:
        """The annotations of a layer by document id; documents it does not hold are absent.

        Raises `CorpusError` if there is no such layer, `DataError` if it names a document twice, a
        document that is not in the corpus, or another text than the corpus has.
        """
        path = self.layer_file(name)
        annotations = read_lines(path, Annotations)
        check_sound(path, layer_faults(annotations, self.hashes()))
        return {item.document: item for item in annotations}

    def iter_fitting(self, name: str) -> Iterator[Annotations]:
        """The lines that `fitting` finds, one by one, in memory that does not grow with the layer.

        Raises what that raises, and `CorpusError` if there is no such layer, before the first.
        """
        path, hashes = self.layer_file(name), self.hashes()
        try:
            bound = (line for line in iter_lines(path, Bound) if hashes.get(line.document) == line.sha256)
            faults = layer_faults(bound, hashes)
            for line in iter_lines(path, Annotations) if not faults else ():
                if hashes.get(line.document) == line.sha256:
                    yield line
        except DataError:
            self.fitting(name)  # raises with the faults of all lines
            raise
        check_sound(path, faults)

    def stale(self, name: str) -> list[str]:
        """The documents of a layer's lines that are of other texts than the corpus's."""
        hashes = self.hashes()
        lines = iter_lines(self.layer_file(name), Bound)
        return [line.document for line in lines if hashes.get(line.document) != line.sha256]

    def layer_file(self, name: str) -> Path:
        """Where a layer is; `CorpusError` if it is not."""
        self.check_there(name)
        return self.layer_path(name)

    def check_there(self, name: str) -> None:
        """Raise `CorpusError` if there is no such layer; of a packed corpus nothing is brought for it."""
        check_layer(name)
        path = self.path / LAYERS / f"{name}.jsonl"
        if not (path.is_file() if self.source is None else name in self.layers()):
            raise CorpusError(
                f"{self.where}: no layer {name!r}; there are: {', '.join(self.layers()) or 'none'}"
            )

    def fitting(self, name: str) -> tuple[dict[str, Annotations], list[Annotations]]:
        """The lines of a layer that are of the corpus's texts, by document id, and those of other texts.

        Neither if there is no such layer. Raises `DataError` if it names a document twice.
        """
        path, hashes = self.layer_path(name), self.hashes()
        lines = read_lines(path, Annotations) if path.is_file() else []
        fit = [line for line in lines if hashes.get(line.document) == line.sha256]
        stale = [line for line in lines if hashes.get(line.document) != line.sha256]
        check_sound(path, layer_faults(fit, hashes))
        return {line.document: line for line in fit}, stale

    def write_layer(
        self,
        name: str,
        annotations: Iterable[Annotations],
        tokens: Iterable[Tokens] = (),
        *,
        stale: Iterable[Annotations] = (),
    ) -> Path:
        """Replace a layer as a whole; lines are put in order of document id.

        `tokens` are those that it comes with. Of earlier ones, those of lines that stay the same stay too.
        Killed half-way, the layer has no tokens rather than those of another one. `stale` lines, which are
        of other texts, are kept as they are.
        """
        path, beside = self.layer_path(name), self.tokens_path(name)
        items = list(annotations)
        with locked(self.path, f"writes layer {name}"):
            self.check_new_layer(name)
            faults = layer_faults(items, self.hashes())
            if faults:
                raise DataError(f"layer {name!r} does not fit {self.path}; nothing was written", faults)
            if (staying := kept_tokens.outdated(beside, items)) is not None:
                kept_tokens.write(beside, staying)
            write_atomic(path, encode_layer([*items, *stale]))
            if kept := list(tokens):
                kept_tokens.write(beside, kept)
        return path

    def put_layer(self, name: str, staged: Staged) -> None:
        """Replace a layer by a file that was written to take its place.

        Whoever wrote it knows that its lines are of the documents as they are, in order of id: neither is
        looked at. Tokens are kept as by `write_layer`.
        """
        beside = self.tokens_path(name)
        with locked(self.path, f"writes layer {name}"):
            self.check_new_layer(name)
            if beside.is_file():  # which may be of a layer of this name that was imported once
                lines = iter_lines(staged.temporary, Annotations)
                if (staying := kept_tokens.outdated(beside, lines)) is not None:
                    kept_tokens.write(beside, staying)
            staged.put()

    def check_new_layer(self, name: str) -> None:
        """Raise `CorpusError` if a layer of this name could not stand beside those there are."""
        check_new(self.path / LAYERS, self.layer_path(name).relative_to(self.path / LAYERS))

    def fingerprint(self) -> str:
        """The name of the digest of ids, texts and excluded regions; see `digest.of_documents`."""
        with self.stored() as documents:
            return of_documents(documents).name


def open_corpus(path: Path) -> Corpus:
    """The corpus in a directory, or the packed one at an address; `CorpusError` if there is none.

    A change of several files that was decided on and cut short is finished first.
    """
    if is_packed(path):
        from goldwire.corpora.packed.opened import open_packed

        return open_packed(path)
    if (path / pending.PENDING).is_dir():
        pending.finish(path)
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise CorpusError(f"{path}: not a corpus (no {MANIFEST}); make one with `goldwire corpus new`")
    text = toml.read(manifest, CorpusError)
    return Corpus(path, toml.decode(text, Manifest, "a corpus manifest", str(manifest)))


def is_packed(path: Path) -> bool:
    """Whether a path is the address of a packed corpus, the folder of one, or its folder in the cache."""
    from goldwire.corpora.packed.address import is_address

    return is_address(path) or (path / INDEX).is_file() or (path / PACKED).is_file()


@contextmanager
def writing(corpus: Corpus, what: str) -> Iterator[Corpus]:
    """The corpus as it is on disk now, which nobody else changes until the end of the block.

    `what` is told to commands that wait. See `lock.locked` for what is raised.
    """
    with locked(corpus.path, what):
        yield open_corpus(corpus.path)


def create_corpus(
    path: Path,
    manifest: Manifest,
    documents: Documents,
    *,
    layers: Mapping[str, Iterable[Annotations]] | None = None,
    tokens: Mapping[str, Sequence[Tokens]] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Corpus:
    """Make a corpus directory with its first layers, and `files` by name beside them, all or nothing.

    `tokens` are those that layers come with, by layer.

    Raises `CorpusError` if `path` is there and not empty, `DataError` if documents or layers are faulty.
    """
    annotations = {name: list(layer) for name, layer in (layers or {}).items()}
    faults = [*document_faults(documents)]
    hashes = {document.id: document.sha256 for document in documents} if annotations else {}
    for name, layer in annotations.items():
        check_layer(name)
        faults += layer_faults(layer, hashes)
    if faults:
        raise DataError(f"{path}: {len(faults)} fault(s) in what was given; nothing was written", faults)
    contents: dict[str, bytes | Iterable[bytes]] = {
        DOCUMENTS: iter_encoded(documents),
        MANIFEST: encode_manifest(manifest),
        **(files or {}),
    }
    contents |= {f"{LAYERS}/{name}.jsonl": encode_layer(layer) for name, layer in annotations.items()}
    contents |= {
        kept_tokens.path_of(Path(), name).as_posix(): kept_tokens.encode(kept)
        for name, kept in (tokens or {}).items()
        if kept
    }
    check_new(path.parent, Path(path.name))
    check_apart(contents, str(path))
    with locked(path, "makes the corpus"):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            told = "choose another place, or add to it with `corpus add`"
            raise CorpusError(f"{path}: is there already; {told}")
        write_folder(path, contents, [LAYERS])
    return Corpus(path, manifest)


def write_documents(corpus: Corpus, documents: Documents) -> None:
    """Replace the documents of a corpus as a whole."""
    faults = [*document_faults(documents)]
    if faults:
        raise DataError(f"{corpus.path}: {len(faults)} faulty document(s); nothing was written", faults)
    with locked(corpus.path, "writes documents"):
        write_atomic(corpus.path / DOCUMENTS, iter_encoded(documents))


def write_manifest(corpus: Corpus, manifest: Manifest) -> Corpus:
    """Replace the manifest; comments in the file stay. Returns the corpus with the new one."""
    path = corpus.path / MANIFEST
    with locked(corpus.path, "writes the manifest"):
        write_atomic(path, encode_manifest(manifest, path.read_text(encoding="utf-8")))
    return Corpus(corpus.path, manifest)


def encode_manifest(manifest: Manifest, before: str = "") -> bytes:
    """A manifest as TOML; what people wrote around the values in `before` is kept."""
    import tomlkit

    document, values = tomlkit.parse(before), msgspec.to_builtins(manifest)
    for key in document.keys() - values.keys():
        del document[key]
    for key, value in values.items():
        if document.get(key) != value:
            document[key] = value
    return tomlkit.dumps(document).encode("utf-8")


def encode_layer(annotations: Iterable[Annotations]) -> bytes:
    """A layer as it is on disk: a line for each document, in order of id."""
    return encode_lines(sorted(annotations, key=lambda item: item.document))


def make_document(id: str, text: str, **fields: object) -> Document:
    """A document with its hash computed; `fields` are those of `Document` (meta, excluded)."""
    return Document(id=id, text=text, sha256=hash_text(text), **fields)  # type: ignore[arg-type]  # other names are refused
