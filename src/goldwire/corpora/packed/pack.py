"""Packing: a corpus directory into a store, by part, so that a command killed half-way is simply run again.

Parts are named after their content and put where nothing is; what is there already is not sent again. The
index is written last, on the condition that there is none: until then there is no corpus at the address, and
of two who pack at once one is told. A layer that is added later replaces the index as long as it is the one
that was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire import __version__
from goldwire.corpora.codec import check_file, hash_file
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.names import check_apart
from goldwire.corpora.packed import index as indexes
from goldwire.corpora.packed import storage
from goldwire.corpora.packed.address import Address, parse
from goldwire.corpora.packed.index import File, Index, Table, stem
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.packed.tables import Packer, Progress
from goldwire.corpora.packed.writing import writing
from goldwire.corpora.parts import MOST, is_file
from goldwire.corpora.store import DOCUMENTS, INDEX, LAYERS, QUARANTINE, Corpus
from goldwire.corpora.tokens import TOKENS

PART = 64 * 2**20  # bytes of documents in a part, if the number of parts is not given
# What stays: pulls and settings of a server, with names and passwords of people, and what systems were asked
# and said, from which runs go on. Of runs, what is told of them goes along.
STAYING, RUNS, OF_RUNS = "labelstudio", "runs", ("facts.json", "quarantine.jsonl")
TRIES = 20  # to replace an index that others replace too
_LATER = "choose another address, or add a layer to it with --layer"


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus that was packed: its index, whether it was there before, and what people should know."""

    index: Index
    new: bool
    notes: tuple[str, ...]


def pack(
    corpus: Corpus, address: Address, *, parts: int | None = None, workers: int = 1, tell: Progress
) -> Packed:
    """Pack a corpus into a place where nothing is, or where it was begun to be packed.

    `workers` is how many processes may write parts at the same time (see `writing`); what is packed is the
    same. More than one are forked, which a program with threads of its own should not ask for.

    Raises `CorpusError` if something else is there, or the corpus is changed meanwhile; `DataError` if a
    line of it is wrong.
    """
    check_plain(corpus, "packed")
    _check_outside(corpus, address)
    state, number, paths = _state(corpus), _number(corpus, parts), _tables(corpus)
    with writing(paths, number, workers) as writer:  # before the store is asked for anything
        store = storage.connect(address)
        if (there := read_index(store)) is not None:
            return _found(corpus, there, address, parts)
        left = _check_place(store)
        packer = Packer(store, number, writer, tell)
        tables = {name: packer.pack(name, path) for name, path in paths.items()}
    files = _put_files(store, corpus, _files(corpus))
    _check_state(corpus, state)
    index = _index(corpus, tables, number, files)
    indexes.decode(indexes.encode(index), corpus.where)  # raises for names that cannot be read back
    if not store.create(INDEX, indexes.encode(index)):
        raise CorpusError(
            f"{address}: somebody else has packed a corpus there meanwhile; it stays as it is: {_LATER}"
        )
    return Packed(index=index, new=True, notes=(*_staying(corpus), *_useless(left, index)))


def pack_layer(corpus: Corpus, address: Address, layer: str, *, tell: Progress) -> Packed:
    """Add a layer, with its tokens and what was rejected of it, to a packed corpus of the same documents.

    Raises `CorpusError` if the documents are others, or another layer of that name is there.
    """
    check_plain(corpus, "packed")
    store, state = storage.connect(address), _state(corpus)
    before = needed_index(store)
    if hash_file(corpus.documents_path()) != before.documents.sha256:
        raise CorpusError(
            f"{address}: has other documents than {corpus.where} (documents.jsonl differs); a layer goes to "
            "the documents that it is of"
        )
    if layer not in corpus.layers():
        there = ", ".join(corpus.layers()) or "none"
        raise CorpusError(f"{corpus.where}: no layer {layer!r}; there are: {there}")

    def learn(packer: Packer) -> None:
        packer.learn(corpus.documents_path())

    return _put_layer(
        store, before, corpus, layer, learn=learn, check=lambda: _check_state(corpus, state), tell=tell
    )


def add_layer(
    packed: Corpus, made: Path, layer: str, groups: Mapping[str, str], *, tell: Progress = lambda _: None
) -> Packed:
    """Add a layer that lies in a folder `made`, as in a corpus directory, with what is told of it.

    It is of the documents of the packed corpus, of which `groups` has the group of those that have one.
    Raises `CorpusError` if another layer of that name is there, or other documents are by now.
    """
    store = storage.connect(parse(packed.where))
    before = needed_index(store)
    if packed.source is None or before.documents.sha256 != packed.source.digest(stem(DOCUMENTS)):
        raise CorpusError(f"{packed.where}: has other documents than when the command began; run it again")

    def learn(packer: Packer) -> None:
        packer.know(groups)

    of = Corpus(made, packed.manifest)
    return _put_layer(store, before, of, layer, learn=learn, check=lambda: None, tell=tell)


def _put_layer(
    store: Store,
    before: Index,
    corpus: Corpus,
    layer: str,
    *,
    learn: Callable[[Packer], None],
    check: Callable[[], None],
    tell: Progress,
) -> Packed:
    """Add a layer of a directory to a packed corpus, unless it is there; `check` comes before it counts."""
    mine = {name: path for name, path in _tables(corpus).items() if name.partition("/")[2] == layer}
    _check_layer(before, mine, layer, store.address)
    if layer in before.layers:
        return Packed(index=before, new=False, notes=("the layer is there already, complete",))
    with writing(mine, before.parts, 1) as writer:
        packer = Packer(store, before.parts, writer, tell)
        learn(packer)
        tables = {name: packer.pack(name, path) for name, path in mine.items()}
    files = _put_files(store, corpus, [path for path in _files(corpus) if _is_of(path, layer)])
    check()
    return _add(store, tables, files, layer)


def read_index(store: Store) -> Index | None:
    """The index at an address; None if there is no packed corpus. `DataError` if it is not sound."""
    data = storage.read(store, INDEX, indexes.LARGEST)
    return None if data is None else indexes.decode(data, f"{store.address}/{INDEX}")


def needed_index(store: Store) -> Index:
    """The index at an address; `CorpusError` if there is no packed corpus."""
    found = read_index(store)
    if found is None and store.address.scheme == "file" and not Path(store.address.prefix).is_dir():
        raise CorpusError(f"{store.address}: there is no such folder; look at the address")
    if found is None:
        raise CorpusError(
            f"{store.address}: not a packed corpus (no {INDEX}); make one with `goldwire corpus pack`; "
            "one that was begun is gone on with by the same command"
        )
    return found


def check_plain(corpus: Corpus, done: str) -> None:
    """Raise `CorpusError` for a corpus that is packed already."""
    if corpus.source is not None:
        raise CorpusError(
            f"{corpus.where}: is packed, and only a folder can be {done}; copy it with the tools of the "
            "store, or unpack it first (`goldwire corpus unpack`)"
        )


def _check_outside(corpus: Corpus, address: Address) -> None:
    """Raise `CorpusError` for a folder in the corpus, which would be packed with it the next time."""
    if address.scheme == "file" and Path(address.prefix).resolve().is_relative_to(corpus.path.resolve()):
        raise CorpusError(f"{address}: lies in the corpus that is to be packed; choose a place outside of it")


# ---------------------------------------------------------------- what there is to pack
def _tables(corpus: Corpus) -> dict[str, Path]:
    found = {stem(DOCUMENTS): corpus.path / DOCUMENTS}
    for folder in (LAYERS, TOKENS):
        for path in sorted((corpus.path / folder).rglob("*.jsonl")):
            if not path.name.startswith("."):
                found[stem(path.relative_to(corpus.path).as_posix())] = path
    return found


def _files(corpus: Corpus) -> list[str]:
    """All other files of a corpus that go along, by their path in it."""
    found = (path.relative_to(corpus.path) for path in sorted(corpus.path.rglob("*")) if path.is_file())
    return [path.as_posix() for path in found if _goes(path.as_posix())]


def _goes(path: str) -> bool:
    parts = path.split("/")
    top, name = parts[0], parts[-1]
    if any(part.startswith(".") for part in parts) or path == DOCUMENTS:
        return False
    if top in (LAYERS, TOKENS):
        return not path.endswith(".jsonl")
    return top != STAYING and (top != RUNS or name in OF_RUNS) and not is_file(name)


def _is_of(path: str, layer: str) -> bool:
    """Whether a file tells of a layer."""
    system = layer.removeprefix("system/")
    return path == f"{QUARANTINE}/{layer}.jsonl" or (
        system != layer
        and path.startswith(f"{RUNS}/{system}/")
        and path.rpartition("/")[0] == f"{RUNS}/{system}"
    )


def _staying(corpus: Corpus) -> Iterator[str]:
    if (corpus.path / STAYING).is_dir():
        yield f"left out: {STAYING}/ (pulls and settings of a server, with what names people)"
    journals = [
        path for path in (corpus.path / RUNS).rglob("*") if path.is_file() and path.name not in OF_RUNS
    ]
    if journals:
        yield f"left out: {len(journals)} file(s) in {RUNS}/ from which runs go on"


_State = tuple[tuple[str, int, int, int], ...]


def _state(corpus: Corpus) -> _State:
    """Which files there are, and which they are: by number, size and time of change."""
    paths = [*_tables(corpus).values(), *(corpus.path / name for name in _files(corpus))]
    stats = [(str(path), path.stat()) for path in paths]
    return tuple((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _check_state(corpus: Corpus, before: _State) -> None:
    if _state(corpus) != before:
        raise CorpusError(
            f"{corpus.where}: was changed while it was packed, and what was packed may not go together; run "
            "the same command again"
        )


def _number(corpus: Corpus, parts: int | None) -> int:
    size = corpus.documents_path().stat().st_size
    number = max(1, round(size / PART)) if parts is None else parts
    if not 1 <= number <= MOST:
        raise CorpusError(f"--parts {number}: a corpus has from 1 to {MOST:,} parts")
    return number


# ---------------------------------------------------------------- putting it there
def _index(corpus: Corpus, tables: dict[str, Table], parts: int, files: Sequence[File]) -> Index:
    documents = tables[stem(DOCUMENTS)]
    return Index(
        goldwire=__version__, manifest=corpus.manifest, parts=parts, documents=documents,
        layers=_under(LAYERS, tables), tokens=_under(TOKENS, tables), files=tuple(files),
    )  # fmt: skip


def _under(folder: str, tables: dict[str, Table]) -> dict[str, Table]:
    return {
        name.removeprefix(f"{folder}/"): table
        for name, table in tables.items()
        if name.startswith(f"{folder}/")
    }


def _put_files(store: Store, corpus: Corpus, paths: Sequence[str]) -> list[File]:
    files = []
    for path in paths:
        place = corpus.path / path
        check_file(place)
        file = File(path, place.stat().st_size, hash_file(place))
        store.create(file.name, place)
        files.append(file)
    return files


def _check_place(store: Store) -> list[str]:
    """The objects of an unfinished pack; `CorpusError` if there are others."""
    left = [entry.name for entry in store.entries()]
    foreign = [name for name in left if not indexes.is_ours(name)]
    if foreign:
        raise CorpusError(
            f"{store.address}: holds something else ({foreign[0]!r}, {len(foreign)} in all); choose a place "
            "where nothing is"
        )
    return left


def _useless(left: Sequence[str], index: Index) -> Iterator[str]:
    """A note on what another unfinished pack has left."""
    used = {
        indexes.object_name(name, part, index.parts)
        for name, table in index.tables().items()
        for part in table.parts
    } | {file.name for file in index.files}
    if rest := {*left} - used:
        yield (
            f"{len(rest)} object(s) of another pack, which was not finished, are there too and of no use, "
            f"such as {min(rest)}: take them away if nobody packs there now"
        )


def _found(corpus: Corpus, there: Index, address: Address, parts: int | None) -> Packed:
    """What is said of a packed corpus that is there: that it is, and in how many parts, if it is this one."""
    if not is_same(corpus, there):
        raise CorpusError(
            f"{address}: holds another corpus, or another state of {there.manifest.name!r}; nothing is "
            f"written over: {_LATER}"
        )
    notes = ["the corpus is there already, complete"]
    if parts not in (None, there.parts):
        notes.append(f"it stays in {there.parts} part(s); for {parts} choose another address")
    return Packed(index=there, new=False, notes=tuple(notes))


def is_same(corpus: Corpus, index: Index) -> bool:
    """Whether a directory is what was packed, file by file."""
    tables = {name: Table(0, 0, hash_file(path), ()) for name, path in _tables(corpus).items()}
    files = [File(path, 0, hash_file(corpus.path / path)) for path in _files(corpus)]
    return index.same(_index(corpus, tables, index.parts, files))


def _check_layer(index: Index, mine: dict[str, Path], layer: str, address: Address) -> None:
    there = index.tables()
    for name, path in mine.items():
        if f"{LAYERS}/{layer}" in there and (name not in there or there[name].sha256 != hash_file(path)):
            raise CorpusError(
                f"{address}: has another layer {layer!r} ({name} differs); nothing is written over: call "
                "yours otherwise, or pack to another address"
            )


def _add(store: Store, tables: dict[str, Table], files: Sequence[File], layer: str) -> Packed:
    """Put a layer into the index, whatever others add to it meanwhile."""
    for _ in range(TRIES):
        before = storage.read(store, INDEX, indexes.LARGEST) or b""
        index = indexes.decode(before, f"{store.address}/{INDEX}")
        if layer in index.layers:
            if index.layers[layer].sha256 == tables[f"{LAYERS}/{layer}"].sha256:
                return Packed(index=index, new=False, notes=("somebody else has added the same layer",))
            break
        check_apart([*(f"{name}.jsonl" for name in index.tables() | tables)], str(store.address))
        known = {file.path for file in files}
        new = msgspec.structs.replace(
            index,
            layers=index.layers | _under(LAYERS, tables),
            tokens=index.tokens | _under(TOKENS, tables),
            files=(*(file for file in index.files if file.path not in known), *files),
        )
        if store.replace(INDEX, indexes.encode(new), before):
            return Packed(index=new, new=True, notes=())
    raise CorpusError(
        f"{store.address}: somebody else has changed the index meanwhile (layer {layer!r}); run the "
        "same command again"
    )
