"""Part files and packed corpora: samples, which only this version can make, and how they are read.

What holds a digest of itself is refused whatever byte of it is changed. So that what lies behind the digest
is tried as well, samples are also in pieces, which are put together, with sound digests, after one was made
wrong.
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import msgspec
import polars

from goldwire.corpora.errors import GoldwireError
from goldwire.corpora.lock import NAME
from goldwire.corpora.packed import columns
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.opened import open_packed
from goldwire.corpora.packed.pack import pack
from goldwire.corpora.packed.unpack import unpack
from goldwire.corpora.parts import Part
from goldwire.corpora.store import INDEX, Corpus, open_corpus
from goldwire.eval.parts import file, merge
from goldwire.eval.parts.layer import merge_runs
from goldwire.eval.parts.run import FLOAT, keep_parts
from goldwire.eval.parts.score import keep_part
from goldwire.eval.scoring import blockwise
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.score import make_plan
from goldwire.eval.systems import facts
from goldwire.eval.systems.config import parse_system

CORPUS = Path(__file__).parent / "seeds/corpus/small"
PARTS = 2
Files = dict[str, bytes]


@contextmanager
def _corpus() -> Iterator[Corpus]:
    with tempfile.TemporaryDirectory() as folder:
        yield open_corpus(shutil.copytree(CORPUS, Path(folder) / "small"))


def _content(folder: Path) -> Files:
    """The files of a folder, but for locks and what begins with a dot."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != NAME)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# ---------------------------------------------------------------- part files
def whole_parts() -> list[Files]:
    """All parts of a run, and all of a scoring."""
    with _corpus() as corpus:
        for number in range(1, PARTS + 1):
            part, folder = Part(number, PARTS), corpus.path.parent
            keep_parts(corpus, [parse_system("b=lexicon")], part, folder / "run")
            keep_part(corpus, _plan(corpus), part, folder / "score")
        return [_content(folder / name) for name in ("run", "score")]


def _plan(corpus: Corpus):  # type: ignore[no-untyped-def]
    return make_plan(corpus, "gold", ["rules"], ["entity:span+type@exact", "AC"])


def parts_in_pieces() -> list[Files]:
    """The same, with that part in pieces that has documents."""
    return [_taken_apart(found) for found in whole_parts()]


def _taken_apart(parts: Files) -> Files:
    name = max(parts, key=lambda name: len(parts[name]))
    line, _, rest = parts[name].partition(b"\n")
    payload = rest[: -hashlib.sha256().digest_size]
    others = {other: data for other, data in parts.items() if other != name}
    if name.startswith("score"):
        plan, block = msgspec.msgpack.decode(payload)
        inner = msgspec.msgpack.decode(block)["block"]
        return {**others, "header.json": line, "plan.msgpack": plan, "block.msgpack": inner}
    first, _, lines = payload.partition(b"\n")
    rows = json.loads(first)["rows"]
    pieces = {"contents.json": first, "rows.jsonl": lines[:rows], "seconds.floats": lines[rows:]}
    return {**others, "header.json": line, **pieces}


def _put_together(files: Mapping[str, bytes], wrong: str) -> bytes:
    """A part file of pieces; sizes are those of the pieces unless they were made wrong."""
    payload = _run(files, wrong) if "contents.json" in files else _score(files)
    line = files["header.json"]
    if wrong != "header.json":
        line = json.dumps({**json.loads(line), "size": len(payload)}).encode()
    whole = line.replace(b"\n", b" ") + b"\n" + payload
    return whole + hashlib.sha256(whole).digest()


def _run(files: Mapping[str, bytes], wrong: str) -> bytes:
    first, rows, seconds = (files[name] for name in ("contents.json", "rows.jsonl", "seconds.floats"))
    if wrong != "contents.json":
        sizes = {"rows": len(rows), "seconds": len(seconds) // FLOAT}
        first = msgspec.json.encode({**json.loads(first), **sizes})
    return first.replace(b"\n", b" ") + b"\n" + rows + seconds


def _score(files: Mapping[str, bytes]) -> bytes:
    inner = files["block.msgpack"]
    block = {"format": blockwise.FORMAT, "digest": hashlib.sha256(inner).digest(), "block": inner}
    return msgspec.msgpack.encode([files["plan.msgpack"], msgspec.msgpack.encode(block)])


def read_parts(folder: Path, name: str) -> None:
    """As `eval merge` reads part files; what is refused has written nothing."""
    files = {path.name: path for path in folder.iterdir()}
    if pieces := {known: path.read_bytes() for known, path in files.items() if path.suffix != file.SUFFIX}:
        (folder / f"0{file.SUFFIX}").write_bytes(_put_together(pieces, name))
    place = folder.parent / "into"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(CORPUS, place)
    before = _content(place)
    try:
        _merge([folder], open_corpus(place))
    except GoldwireError:
        left = _content(place)
        if left != before:
            raise AssertionError(f"refused, but written: {sorted(left.keys() ^ before.keys())}") from None
        raise


def _merge(given: list[Path], corpus: Corpus) -> None:
    wholes = merge.check_wholes(merge.find_files(given))
    if wholes[0][0].header.kind == "score":
        merge.check_corpus(corpus, wholes[0][0].header, "")
        decode_record(encode_record(merge.merge_scores(wholes[0]).record), "record")
    elif wholes[0][0].header.kind == "run":
        for whole in wholes:
            made = merge_runs(corpus, whole)
            if facts.read(corpus, made.system) is None:
                raise AssertionError("merged, and there are no facts")


# ---------------------------------------------------------------- packed corpora
def packed() -> list[Files]:
    """A packed corpus."""
    with _corpus() as corpus, _cache(corpus.path.parent):
        place = corpus.path.parent / "packed"
        pack(corpus, parse(place), parts=PARTS, tell=lambda _: None)
        return [_content(place)]


def packed_in_rows() -> list[Files]:
    """The same, with one part of the documents and of a layer in lines of JSON."""
    [files] = packed()
    found = []
    for table in ("documents/", "layers/gold/"):
        name = max((name for name in files if name.startswith(table)), key=lambda name: len(files[name]))
        rows = polars.read_parquet(io.BytesIO(files[name])).write_ndjson()
        found.append({**files, "rows.jsonl": rows.encode(), "of": name.encode()})
    return found


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    with mock.patch.dict(os.environ, XDG_CACHE_HOME=str(folder / "cache")):
        yield


def read_packed(folder: Path, name: str) -> None:
    """As `corpus unpack` and what reads a packed corpus where it is; what is refused has written nothing."""
    if (rows := folder / "rows.jsonl").exists():
        name = (folder / "of").read_text()
        table = name.rpartition("/")[0]
        try:
            frame = polars.read_ndjson(rows, schema=columns.kind_of(table).schema())
        except polars.exceptions.PolarsError:
            return  # such rows are in no file
        frame.write_parquet(folder / name)
        _seal(folder, name, frame.height)
    elif name.endswith(".parquet") and zlib.crc32((folder / name).read_bytes()) % 2:
        _seal(folder, name, None)
    new = folder.parent / "unpacked"
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(folder.parent / "cache", ignore_errors=True)
    with _cache(folder.parent):
        try:
            unpack(parse(folder), new, tell=lambda _: None)
        except GoldwireError:
            if new.exists():
                raise AssertionError("refused, but there is a folder") from None
            _read_there(folder)
            raise
        _read_there(folder)


def _read_there(folder: Path) -> None:
    corpus = open_packed(folder)
    assert corpus.source is not None
    for table in corpus.source.index.tables():
        for part in range(1, PARTS + 1):
            list(corpus.source.lines(table, Part(part, PARTS)))
    corpus.documents()
    for name in corpus.layers():
        corpus.layer(name)


def _seal(folder: Path, name: str, rows: int | None) -> None:
    """Have the index tell of an object as it is now."""
    data = (folder / name).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    table, _, last = name.rpartition("/")
    stem, _, known = last.removesuffix(".parquet").rpartition("-")
    index = json.loads((folder / INDEX).read_text())
    for each in _tables(index, table)["parts"]:
        if each["sha256"].startswith(known):
            each.update({"bytes": len(data), "sha256": digest}, **({} if rows is None else {"rows": rows}))
    (folder / INDEX).write_text(json.dumps(index))
    (folder / name).rename(folder / table / f"{stem}-{digest[: len(known)]}.parquet")


def _tables(index: dict, table: str) -> dict:  # type: ignore[type-arg]
    kind, _, name = table.partition("/")
    return index[kind][name] if name else index[kind]  # type: ignore[no-any-return]
