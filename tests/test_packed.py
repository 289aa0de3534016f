"""A corpus packed as Parquet, in a folder or on S3, and what is read of it there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire as gw
from goldwire.cli.clusters import cluster_of
from goldwire.corpora import secrets
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import encode_lines, hash_file
from goldwire.corpora.errors import ClusterError, CorpusError, DataError, GoldwireError
from goldwire.corpora.lock import locked
from goldwire.corpora.packed import columns, kept, sorting, storage, tables
from goldwire.corpora.packed import index as indexes
from goldwire.corpora.packed import pack as packing
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.lines import Line
from goldwire.corpora.packed.pack import Packed, pack, pack_layer
from goldwire.corpora.packed.unpack import unpack
from goldwire.corpora.parts import Part, place
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.taking import take
from goldwire.corpora.types import Annotations, Provenance, Rejected
from goldwire.testing import builders, strategies

SECRET = "planted/secret+of+forty+characters/in+all"


def quiet(_: str) -> None:
    """Say nothing of progress."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Twelve documents, two of them a group, of which gold has ten: one skipped, one a draft, one empty."""
    documents = [builders.document(f"Rebels shelled Balkh, report {n}.", f"d{n:02}") for n in range(12)]
    documents[5] = builders.document("Rebels shelled Balkh, report 4!", "d05", group="d04")
    documents[4] = builders.document(documents[4].text, "d04", group="d04")
    by = {d.id: d for d in documents}
    gold = [builders.annotate(by[f"d{n:02}"], ("Balkh", "GPE")) for n in range(7)]
    gold += [
        builders.annotate(by["d07"], status="skipped"),
        builders.annotate(by["d08"], status="draft", provenance=Provenance(author="a", seconds=1.5)),
        builders.annotate(by["d09"]),
    ]
    mine = [
        Annotations(
            document="d03",
            sha256=by["d03"].sha256,
            rejected=(Rejected(unit="mention", kind="malformed", message="m", type="GPE", spans=((3, 1),)),),
        )
    ]
    return builders.corpus(tmp_path / "work", documents, {"gold": gold, "system/mine": mine})


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def packed(corpus: Corpus, where: Path | str, parts: int = 3) -> Packed:
    return pack(corpus, parse(where), parts=parts, tell=quiet)


def test_a_folder_of_the_cache_that_is_damaged_is_told_and_still_not_changed(
    corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed")
    folder = open_corpus(tmp_path / "packed").path
    for content in (b"", b"{}", b"[1]", b"\xff"):
        (folder / ".goldwire.packed").write_bytes(content)
        with pytest.raises(DataError, match="does not say what it is of"):
            open_corpus(folder)
        with pytest.raises(CorpusError, match="packed corpus is not changed"), locked(folder, "tries"):
            pass


# ---------------------------------------------------------------- there and back
def test_what_is_unpacked_is_what_was_packed(corpus: Corpus, tmp_path: Path) -> None:
    (corpus.path / "samples").mkdir()
    (corpus.path / "samples" / "one.jsonl").write_text('{"id": "d01"}\n')
    (corpus.path / "layers" / "notes.txt").write_text("of the annotators")
    packed(corpus, tmp_path / "packed")
    for _ in range(2):  # what is there already, complete, stays
        unpack(parse(tmp_path / "packed"), tmp_path / "back", tell=quiet)
        assert files(tmp_path / "back") == files(corpus.path)
    (tmp_path / "back" / "more.txt").write_text("x")
    with pytest.raises(CorpusError, match="something else is there"):
        unpack(parse(tmp_path / "packed"), tmp_path / "back", tell=quiet)


@settings(max_examples=25)
@given(data=st.data(), parts=st.integers(1, 5))
def test_any_corpus_comes_back_byte_by_byte(
    data: st.DataObject, parts: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("round")
    documents = data.draw(strategies.documents(0, 6, texts=strategies.odd_texts))
    lines = data.draw(strategies.layers(documents))
    corpus = builders.corpus(root / "work", documents, {"gold": lines})
    # Lines of other programs: other blanks, keys in another order, empty lines, no last line end, a mark.
    path = corpus.layer_path("gold")
    rows = [json.dumps(dict(reversed(json.loads(line).items()))) for line in path.read_text().splitlines()]
    if rows and data.draw(st.booleans()):
        path.write_bytes(b"\xef\xbb\xbf\n" + "\n\n".join(rows).encode())
    packed(corpus, root / "packed", parts)
    unpack(parse(root / "packed"), root / "back", tell=quiet)
    assert files(root / "back") == files(corpus.path)


# Values that others write otherwise than JSON's shortest form, or that may be taken for nothing.
SCORES = ("0.1", "1e-7", "1E-07", "1.0", "1", "-0.0", "5e-324", "1.7976931348623157e308", "1e16", "null")
ODD_LINES = [
    *(f'"mentions":[{{"id":"m","type":"T","spans":[[0,1]],"score":{score}}}]' for score in SCORES),
    '"mentions":[{"id":"m","type":"\\u0000\\u001f\\u2028","spans":[[0,1]],"attributes":{}}]',
    '"mentions":[{"id":"","type":"\\/","spans":[],"attributes":{"b":["y","x"],"a":""}}]',
    '"mentions":[]',
    '"provenance":{}',
    '"provenance":{"seconds":1e2,"details":{"n":18446744073709551615,"deep":[{"x":null,"y":1E5}]}}',
    '"events":[{"id":"e","type":"E","trigger":[],"arguments":[{"role":"r","mention":"m","score":0.30}]}]',
    '"rejected":[{"unit":"mention","kind":"k","message":"m","spans":[[3,1]],"value":{"a":[1.50]}}]',
]


def test_columns_that_hold_rows_as_they_are_give_the_lines_that_are_made_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = columns.kind_of("layers/gold")
    lines = [
        Line(number, f'{{"document":"d{number}","sha256":"0",{rest}}}\n'.encode())
        for number, rest in enumerate(ODD_LINES, start=1)
    ]

    def frames() -> list[polars.DataFrame]:
        pieces = [lines, *([line] for line in lines)]
        return [kind.frame(piece, kind.items(piece, "gold"), "gold") for piece in pieces]

    def made(self: columns.Kind[Any], frame: polars.DataFrame, _: bytes, __: Any, where: str) -> list[bytes]:
        return [line.data for line in self.lines(frame, where)]

    whole, *each = found = frames()
    assert kind.lines(whole, "gold") == lines
    for line, frame in zip(lines, each, strict=True):
        shortest = encode_lines(kind.items([line], "gold"))
        assert frame["raw"].to_list() == [None if shortest == line.data else line.data.decode()]
    monkeypatch.setattr(columns.Kind, "_given", made)
    assert all(one.equals(other) for one, other in zip(found, frames(), strict=True))


def test_a_document_is_in_the_part_of_its_group_and_so_is_what_is_said_of_it(
    corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed", 5)
    for table, key in (("documents", "id"), ("layers/gold", "document")):
        for path in (tmp_path / "packed" / table).glob("*.parquet"):
            ids = polars.read_parquet(path)[key].to_list()
            number = int(path.name.split("-")[1])
            assert {place("d04" if id == "d05" else id, 5) for id in ids} == {number}
            assert ids == sorted(ids)


def test_columns_can_be_asked_by_others(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "packed")
    frame = (
        polars.read_parquet(tmp_path / "packed/layers/gold/*.parquet").explode("mentions").unnest("mentions")
    )
    spans = frame.drop_nulls("type").explode("spans").unnest("spans")
    assert set(spans["type"]) == {"GPE"}
    assert spans.select(polars.col("end") - polars.col("start"))["end"].to_list() == [5] * 7


def test_many_files_are_merged_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "OPEN", 3)
    source = tmp_path / "lines"
    source.write_text("".join(f"{n}\n" for n in range(100)))
    (tmp_path / "sorted").mkdir()
    found = sorting.scatter(source, lambda line: line.number % 11, tmp_path / "sorted")
    with (tmp_path / "back").open("wb") as file:
        sorting.gather([tmp_path / "sorted" / str(part) for part in found.parts], file)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_what_a_server_and_runs_keep_stays_here(corpus: Corpus, tmp_path: Path) -> None:
    for name in ("labelstudio/people.json", "runs/a/123.jsonl", "runs/a/facts.json", ".hidden"):
        (corpus.path / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus.path / name).write_text("{}")
    done = packed(corpus, tmp_path / "packed")
    assert [file.path for file in done.index.files] == ["corpus.toml", "runs/a/facts.json"]
    assert [note.split(":")[0] for note in done.notes] == ["left out", "left out"]


def test_a_layer_whose_name_could_not_be_read_back_is_not_packed(corpus: Corpus, tmp_path: Path) -> None:
    shutil.copy(corpus.layer_path("gold"), corpus.path / "layers" / "my gold.jsonl")
    with pytest.raises(DataError, match="is no layer name"):
        packed(corpus, tmp_path / "packed")
    assert not (tmp_path / "packed" / "goldwire.json").exists()


# ---------------------------------------------------------------- every command that reads
def test_commands_read_a_packed_corpus_as_they_read_the_folder(
    corpus: Corpus, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    packed(corpus, tmp_path / "packed")
    for words in (("corpus", "stats"), ("corpus", "show"), ("corpus", "dedupe"), ("corpus", "validate")):
        there, here = (
            said_by(*words, folder, "--json").json for folder in (tmp_path / "packed", corpus.path)
        )
        there, here = ({k: v for k, v in said.items() if k != "corpus"} for said in (there, here))
        assert there == here


def test_a_score_of_a_packed_corpus_is_that_of_the_folder(
    corpus: Corpus, tmp_path: Path, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(corpus, tmp_path / "packed")
    monkeypatch.chdir(tmp_path)
    words = ("--system", "mine", "--measure", "entity", "--trials", "20", "--json", "--name", "r")
    there = said_by("eval", "score", tmp_path / "packed", *words)
    assert "r.json" in there.err
    here = said_by("eval", "score", corpus.path, *words)
    drop = {"created"}
    assert {k: v for k, v in there.json.items() if k not in drop} == {
        k: v for k, v in here.json.items() if k not in drop
    }
    assert (tmp_path / "r.json").is_file()


def test_a_packed_corpus_is_not_changed(corpus: Corpus, tmp_path: Path, said_by: Callable[..., Any]) -> None:
    packed(corpus, tmp_path / "packed")
    before = files(tmp_path / "packed")
    (tmp_path / "more.jsonl").write_text('{"id": "new", "text": "More."}\n')
    for words in (
        ("corpus", "set", tmp_path / "packed", "--licence", "x"),
        ("corpus", "add", tmp_path / "packed", "--from", tmp_path / "more.jsonl"),
        ("eval", "matrix", tmp_path / "packed", "--models", "a=llm:x@http://127.0.0.1:9"),
    ):
        said = said_by(*words)
        assert said.code == 2
        assert "unpack it" in said.err
    assert files(tmp_path / "packed") == before


# ---------------------------------------------------------------- parts
@pytest.mark.parametrize("of", [1, 2, 3, 4, 6, 12])
def test_a_part_taken_from_a_packed_corpus_is_that_of_the_folder(
    of: int, corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed", 6)
    there = open_corpus(tmp_path / "packed")
    for number in range(1, of + 1):
        for name, source in (("there", there), ("here", corpus)):
            taken = take(source, Part(number, of), ["gold", "system/mine"], tmp_path / f"{name}-{number}")
            assert taken.sources["layers/gold"] == sha256(corpus.layer_path("gold").read_bytes()).hexdigest()
            assert taken.sources.keys() == {"documents", "layers/gold", "layers/system/mine"}
        assert files(tmp_path / f"there-{number}") == files(tmp_path / f"here-{number}")


def test_parts_scored_from_a_packed_corpus_merge_into_the_record_of_the_folder(
    corpus: Corpus, tmp_path: Path, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(corpus, tmp_path / "packed", 4)
    monkeypatch.chdir(tmp_path)
    words = ("--system", "mine", "--measure", "entity", "--trials", "20")
    for number in (1, 2):
        assert said_by("eval", "score", tmp_path / "packed", *words, "--part", f"{number}/2").code == 0
    there = said_by("eval", "merge", "parts", "--into", tmp_path / "packed", "--json").json
    here = said_by("eval", "score", corpus.path, *words, "--json").json
    assert {**there, "created": ""} == {**here, "created": ""}
    assert (tmp_path / "measures.json").is_file()


@pytest.mark.parametrize(("of", "expected"), [(6, 1), (3, 2), (12, 1), (5, 6)])
def test_only_the_files_that_can_have_something_of_a_part_are_read(
    of: int, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [builders.document(f"Report {n}.", f"d{n}") for n in range(60)]
    packed(builders.corpus(tmp_path / "work", documents, {}), tmp_path / "packed", 6)
    corpus, read, bring = open_corpus(tmp_path / "packed"), [], tables.bring
    monkeypatch.setattr(tables, "bring", lambda *given: (read.append(given[1]), bring(*given)))
    take(corpus, Part(2, of), [], tmp_path / "taken")
    assert len(read) == expected


# ---------------------------------------------------------------- never over another's
def test_the_same_pack_again_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    assert packed(corpus, tmp_path / "packed").new
    before = files(tmp_path / "packed")
    assert not packed(corpus, tmp_path / "packed").new
    assert files(tmp_path / "packed") == before


def test_another_number_of_parts_than_are_there_is_told(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "packed", parts=3)
    again = packed(corpus, tmp_path / "packed", parts=5)
    assert again.index.parts == 3
    assert "it stays in 3 part(s); for 5 choose another address" in again.notes


@pytest.mark.parametrize("place", ["", "packed", "layers/packed"])
def test_a_corpus_is_not_packed_into_itself(corpus: Corpus, tmp_path: Path, place: str) -> None:
    before = files(corpus.path)
    (tmp_path / "link").symlink_to(corpus.path)
    for folder in (corpus.path, tmp_path / "link"):
        with pytest.raises(CorpusError, match="lies in the corpus that is to be packed"):
            packed(corpus, folder / place)
    assert files(corpus.path) == before


@pytest.mark.parametrize("content", [b"\n", b"\xef\xbb\xbf", b"\r\n \n"])
@pytest.mark.parametrize("file", ["layers/gold.jsonl", "documents.jsonl"])
def test_a_file_of_empty_lines_alone_is_refused_for_it_would_not_come_back(
    corpus: Corpus, tmp_path: Path, file: str, content: bytes
) -> None:
    (corpus.path / file).write_bytes(content)
    with pytest.raises(DataError, match="has empty lines and no other"):
        packed(corpus, tmp_path / "packed")
    (corpus.path / file).write_bytes(b"")
    assert packed(corpus, tmp_path / "packed").new
    unpack(parse(tmp_path / "packed"), tmp_path / "back", tell=quiet)
    assert files(tmp_path / "back") == files(corpus.path)


def test_another_corpus_is_not_written_over(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "packed")
    corpus.write_layer("gold", [])
    with pytest.raises(CorpusError, match="holds another corpus, or another state"):
        packed(corpus, tmp_path / "packed")


def test_a_place_with_something_else_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "thesis.tex").write_text("x")
    with pytest.raises(CorpusError, match=r"holds something else \('thesis.tex'"):
        packed(corpus, tmp_path / "packed")


def test_of_two_who_pack_at_once_one_is_told(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = builders.corpus(tmp_path / "other", [builders.document("Other.", "o")])
    check = packing._check_state

    def meanwhile(*of: Any) -> None:
        monkeypatch.setattr(packing, "_check_state", check)
        packed(other, tmp_path / "packed")

    monkeypatch.setattr(packing, "_check_state", meanwhile)
    with pytest.raises(CorpusError, match="somebody else has packed"):
        packed(corpus, tmp_path / "packed")
    assert [d.id for d in open_corpus(tmp_path / "packed").documents()] == ["o"]


def test_a_corpus_that_changes_meanwhile_is_not_packed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = packing._put_files

    def meanwhile(*of: Any) -> Any:
        corpus.write_layer("gold", [])
        return put(*of)

    monkeypatch.setattr(packing, "_put_files", meanwhile)
    with pytest.raises(CorpusError, match="was changed while it was packed"):
        packed(corpus, tmp_path / "packed")
    assert not (tmp_path / "packed" / "goldwire.json").exists()


@pytest.mark.slow
def test_killed_at_any_object_the_same_command_completes_it(corpus: Corpus, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from goldwire.corpora.packed import storage\nfrom goldwire.corpora.packed.address import parse\n"
        "from goldwire.corpora.packed.pack import pack\nfrom goldwire.corpora.store import open_corpus\n"
        "create, left = storage.Folder.create, [int(sys.argv[3])]\n"
        "def dying(self, name, content):\n"
        "    if not left[0]: os.kill(os.getpid(), 9)\n"
        "    left[0] -= 1\n    return create(self, name, content)\n"
        "storage.Folder.create = dying\n"
        "pack(open_corpus(Path(sys.argv[1])), parse(sys.argv[2]), parts=2, tell=lambda _: None)\n"
    )
    packed(corpus, tmp_path / "whole", 2)
    whole = files(tmp_path / "whole")
    for number in range(len(whole)):
        place = tmp_path / f"killed-{number}"
        command = [sys.executable, "-c", code, str(corpus.path), str(place), str(number)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        with pytest.raises(CorpusError):
            open_corpus(place)
        packed(corpus, place, 2)
        assert files(place) == whole


FORKS = """
import os, signal, sys
from pathlib import Path
from goldwire.corpora.packed import writing
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.pack import pack
from goldwire.corpora.store import open_corpus

write, writing.LEAST = writing._write, 1

def written(table, where, folder, part):
    Path(sys.argv[3], str(os.getpid())).touch()
    if (table, part, sys.argv[4]) == ("layers/gold", 2, "worker"):
        os.kill(os.getpid(), signal.SIGKILL)
    if (table, part, sys.argv[4]) == ("layers/gold", 2, "parent"):
        os.kill(os.getppid(), signal.SIGKILL)
    return write(table, where, folder, part)

writing._write = written
print(os.getpid(), flush=True)
pack(open_corpus(Path(sys.argv[1])), parse(sys.argv[2]), parts=3, workers=2, tell=lambda _: None)
"""


def forking(
    corpus: Corpus, place: Path | str, pids: Path, killed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Pack by two processes forked from one, of which one is killed, or none; each leaves a file."""
    pids.mkdir()
    command = [sys.executable, "-c", FORKS, str(corpus.path), str(place), str(pids), killed]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_several_processes_pack_what_one_packs(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "one")
    found = forking(corpus, tmp_path / "several", tmp_path / "pids")
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() not in {path.name for path in (tmp_path / "pids").iterdir()} != set()
    assert files(tmp_path / "several") == files(tmp_path / "one")
    # In this process polars has threads: none is forked from it.
    pack(corpus, parse(tmp_path / "here"), parts=3, workers=2, tell=quiet)
    assert files(tmp_path / "here") == files(tmp_path / "one")


def test_several_processes_pack_into_a_bucket_whose_library_has_threads(
    corpus: Corpus, s3: str, tmp_path: Path
) -> None:
    found = forking(corpus, s3, tmp_path / "pids")
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() not in {path.name for path in (tmp_path / "pids").iterdir()} != set()
    unpack(parse(s3), tmp_path / "back", tell=quiet)
    assert files(tmp_path / "back") == files(corpus.path)


def test_what_is_wrong_in_a_line_is_told_by_whichever_process_reads_it(
    corpus: Corpus, tmp_path: Path
) -> None:
    with corpus.layer_path("gold").open("a") as file:
        file.write('{"document":"d11","sha256":"0","mentions":[{"id":1}]}\n')
    found = forking(corpus, tmp_path / "packed", tmp_path / "pids")
    assert "line 11 is wrong; nothing was packed" in found.stderr
    with pytest.raises(DataError, match="line 11 is wrong; nothing was packed"):
        packed(corpus, tmp_path / "packed")
    assert not (tmp_path / "packed" / "goldwire.json").exists()


@pytest.mark.parametrize("killed", ["worker", "parent"])
def test_of_several_processes_one_is_killed_and_the_same_command_completes_it(
    corpus: Corpus, tmp_path: Path, cache: Path, killed: str
) -> None:
    packed(corpus, tmp_path / "whole")
    found = forking(corpus, tmp_path / "packed", tmp_path / "pids", killed)
    if killed == "worker":
        assert "a process that did part of the work was killed" in found.stderr
    else:
        assert found.returncode == -signal.SIGKILL
    limit = time.monotonic() + 20
    while any(is_running(int(path.name)) for path in (tmp_path / "pids").iterdir()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    with pytest.raises(CorpusError):
        open_corpus(tmp_path / "packed")
    packed(corpus, tmp_path / "packed")
    assert files(tmp_path / "packed") == files(tmp_path / "whole")
    assert not [*(cache / "goldwire/packed").glob(".work*")]


# ---------------------------------------------------------------- a layer that is added
def test_a_layer_is_added_to_the_same_documents(corpus: Corpus, tmp_path: Path) -> None:
    other = Corpus(Path(shutil.copytree(corpus.path, tmp_path / "other")), corpus.manifest)
    packed(corpus, tmp_path / "packed")
    other.write_layer("system/new", other.layer("gold").values())
    done = pack_layer(other, parse(tmp_path / "packed"), "system/new", tell=quiet)
    assert done.new
    assert open_corpus(tmp_path / "packed").layer("system/new") == other.layer("system/new")
    assert not pack_layer(other, parse(tmp_path / "packed"), "system/new", tell=quiet).new
    other.write_layer("system/new", [])
    with pytest.raises(CorpusError, match="has another layer"):
        pack_layer(other, parse(tmp_path / "packed"), "system/new", tell=quiet)


def test_a_layer_of_other_documents_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    other = builders.corpus(tmp_path / "other", [builders.document("Other.", "o")], {"gold": []})
    packed(corpus, tmp_path / "packed")
    with pytest.raises(CorpusError, match="has other documents"):
        pack_layer(other, parse(tmp_path / "packed"), "gold", tell=quiet)


# ---------------------------------------------------------------- what is not sound
def damaged(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "goldwire.json"
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.update(format=2), "format 2 is newer"),
        (
            lambda v: v["files"].append({"path": "../out", "bytes": 1, "sha256": "0" * 64}),
            "no path in a corpus",
        ),
        (
            lambda v: v["files"].append({"path": "/etc/x", "bytes": 1, "sha256": "0" * 64}),
            "no path in a corpus",
        ),
        (lambda v: v["files"].append({"path": "layers/x.jsonl", "bytes": 1, "sha256": "0" * 64}), "no path"),
        (lambda v: v["layers"].update({"../x": v["layers"]["gold"]}), "is no layer name"),
        (lambda v: v["documents"].update(rows=99), "not the sum"),
        (lambda v: v["documents"].update(sha256="x"), "sha256"),
        (lambda v: v["documents"]["parts"].reverse(), "in order"),
        (lambda v: v.update(more=1), "unknown field"),
        (lambda v: v.update(files=[]), "corpus.toml"),
    ],
)
def test_an_index_that_is_not_sound_is_refused(
    change: Callable[[dict[str, Any]], None], told: str, corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed")
    damaged(tmp_path / "packed", change)
    with pytest.raises(DataError, match=told):
        open_corpus(tmp_path / "packed")


@pytest.mark.parametrize("how", ["gone", "cut", "longer", "other"])
def test_a_part_that_is_not_what_the_index_says_is_refused_by_name(
    how: str, corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed")
    path = min((tmp_path / "packed" / "documents").iterdir())
    data = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"cut": data[:-1], "longer": data + b"x", "other": b"x" * len(data)}[how])
    with pytest.raises(DataError, match=path.name):
        open_corpus(tmp_path / "packed").documents()
    with pytest.raises(DataError, match=path.name):
        unpack(parse(tmp_path / "packed"), tmp_path / "back", tell=quiet)
    assert not (tmp_path / "back").exists()


def test_sizes_that_lie_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "packed")
    damaged(tmp_path / "packed", lambda v: v["documents"]["parts"][0].update(bytes=1))
    with pytest.raises(DataError, match="is not the 1 bytes"):
        open_corpus(tmp_path / "packed").documents()


# ---------------------------------------------------------------- S3 on this machine
def test_a_corpus_goes_to_s3_and_back(
    corpus: Corpus, s3: str, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    said = said_by("corpus", "pack", corpus.path, s3, "--parts", "4", "--json")
    assert (said.code, said.json["documents"], said.json["address"]) == (0, 12, s3)
    assert said_by("corpus", "pack", corpus.path, s3).code == 0
    assert (
        said_by("corpus", "stats", s3, "--json").json
        == said_by("corpus", "stats", corpus.path, "--json").json
    )
    assert gw.open(s3).layers() == ["gold", "system/mine"]
    assert said_by("corpus", "unpack", s3, tmp_path / "back").code == 0
    assert files(tmp_path / "back") == files(corpus.path)
    corpus.write_layer("gold", [])
    assert said_by("corpus", "pack", corpus.path, s3).code == 2


def test_a_layer_is_added_on_s3(corpus: Corpus, s3: str) -> None:
    packed(corpus, s3)
    corpus.write_layer("system/new", corpus.layer("gold").values())
    assert pack_layer(corpus, parse(s3), "system/new", tell=quiet).new
    assert open_corpus(Path(s3)).layers() == ["gold", "system/mine", "system/new"]


def test_an_index_on_s3_is_replaced_only_while_it_is_what_was_read(corpus: Corpus, s3: str) -> None:
    packed(corpus, s3)
    store = storage.connect(parse(s3))
    before = storage.read(store, "goldwire.json", indexes.LARGEST)
    assert before is not None
    assert not store.replace("goldwire.json", b"mine", before + b" ")
    assert not store.create("goldwire.json", b"mine")
    assert storage.read(store, "goldwire.json", indexes.LARGEST) == before


@pytest.mark.parametrize("words", [("show",), ("unpack", "back"), ("pack",)])
def test_a_bucket_that_is_not_there_is_told(
    words: tuple[str, ...], corpus: Corpus, s3: str, said_by: Callable[..., Any]
) -> None:
    what, *back = words
    address = s3.replace("//news", "//no-such-news")
    said = said_by("corpus", what, *([corpus.path] if what == "pack" else []), address, *back)
    assert (said.code, "there is no bucket or container 'no-such-news'" in said.err) == (2, True)
    assert "not a packed corpus" not in said.err


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, said_by: Callable[..., Any]) -> None:
    said = said_by("corpus", "show", f"file://{tmp_path}/none")
    assert (said.code, "there is no such folder" in said.err) == (2, True)


# ---------------------------------------------------------------- no secret anywhere
@pytest.mark.parametrize(
    "address",
    [
        f"s3://AK:{SECRET}@news/x",
        f"s3://news/x?X-Amz-Signature={SECRET}",
        f"s3://AK:{SECRET}",
        f"gs://news/x#{SECRET}",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(
    address: str, corpus: Corpus, said_by: Callable[..., Any]
) -> None:
    for words in (("pack", corpus.path, address), ("show", address), ("unpack", address, "back")):
        said = said_by("corpus", *words)
        assert said.code == 2
        assert not any(SECRET[k : k + 8] in said.out + said.err for k in range(len(SECRET) - 8))


def test_errors_of_a_store_hold_no_secret(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="not a packed corpus"):
        open_corpus(Path(s3))
    monkeypatch.setattr(storage, "RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://AK:{SECRET}@127.0.0.1:9")
    with pytest.raises(GoldwireError) as caught:
        open_corpus(Path(s3))
    assert SECRET not in str(caught.value)
    assert "docs/packed.md" in str(caught.value)
    assert caught.value.__cause__ is None
    assert secrets.hide(SECRET) != SECRET
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET


# ---------------------------------------------------------------- where outputs go
@pytest.mark.parametrize(
    "words",
    [
        ("corpus", "unpack", "CORPUS", "s3://news/back"),
        ("corpus", "export", "CORPUS", "gs://news/x.jsonl", "--layer", "gold"),
        ("eval", "score", "CORPUS", "--measure", "entity", "--record", "s3://news/r.json"),
        ("eval", "score", "CORPUS", "--measure", "entity", "--part", "1/2", "--parts", "s3://news/parts"),
    ],
)
def test_nothing_is_written_into_a_folder_that_is_called_like_a_bucket(
    words: tuple[str, ...],
    corpus: Corpus,
    tmp_path: Path,
    said_by: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed(corpus, tmp_path / "packed")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    said = said_by(*(str(tmp_path / "packed") if word == "CORPUS" else word for word in words))
    assert said.code == 2
    assert "written to a disk of this machine" in said.err
    assert not [*Path().iterdir()]


@pytest.mark.parametrize(
    "address", ["s3://", "s3:", "s3:news/gold", "gs://", "file://news", "file:news", "file:///"]
)
def test_an_address_that_is_none_is_refused_and_no_folder_made_of_it(
    address: str, corpus: Corpus, tmp_path: Path, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for words in (("pack", corpus.path, address), ("unpack", address, "back")):
        said = said_by("corpus", *words)
        assert (said.code, "no address of a packed corpus" in said.err) == (2, True)
    assert not [*Path().iterdir()]


def test_a_folder_that_is_there_may_be_called_like_a_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s3:").mkdir()
    write_atomic(Path("s3:/note"), b"1")
    assert Path("s3:/note").read_bytes() == b"1"


def test_a_refused_place_is_not_repeated_for_it_may_hold_a_key(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        write_atomic(Path(f"https://me:{SECRET}@host/parts"), b"1")
    assert SECRET not in str(caught.value)


def test_messages_name_the_address_and_not_the_cache(
    corpus: Corpus, tmp_path: Path, cache: Path, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(corpus, tmp_path / "packed")
    monkeypatch.chdir(tmp_path)
    address = f"file://{tmp_path}/packed"
    for words in (
        ("corpus", "validate", address),
        ("corpus", "export", address, "x.jsonl", "--layer", "gold"),
        ("eval", "score", address, "--measure", "entity", "--part", "1/1"),
    ):
        said = said_by(*words)
        assert address in said.out + said.err
        assert str(cache) not in said.out + said.err


def test_a_file_of_the_cache_that_lost_its_end_comes_again(corpus: Corpus, tmp_path: Path) -> None:
    packed(corpus, tmp_path / "packed")
    there = open_corpus(tmp_path / "packed")
    place, whole = there.layer_path("gold"), corpus.layer_path("gold").read_bytes()
    place.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    assert open_corpus(tmp_path / "packed").layer_path("gold").read_bytes() == whole


def edit(path: Path) -> None:
    """Other content of the same size, with the time of change that was there."""
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Balkh", b"Kabul").replace(b"GPE", b"PER"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_of_the_cache_that_was_edited_to_the_same_size_comes_again(
    corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed")
    there = open_corpus(tmp_path / "packed")
    for name in ("documents.jsonl", "layers/gold.jsonl"):
        there.documents_path(), there.layer_path("gold")
        edit(there.path / name)
        again = open_corpus(tmp_path / "packed")
        assert again.documents_path().read_bytes() == corpus.documents_path().read_bytes()
        assert again.layer_path("gold").read_bytes() == corpus.layer_path("gold").read_bytes()
    manifest = there.path / "corpus.toml"
    manifest.write_bytes(manifest.read_bytes()[::-1])
    open_corpus(tmp_path / "packed")
    assert manifest.read_bytes() == (corpus.path / "corpus.toml").read_bytes()


def test_a_stored_part_in_the_cache_that_was_damaged_comes_again(
    corpus: Corpus, tmp_path: Path, cache: Path
) -> None:
    packed(corpus, tmp_path / "packed", 1)
    there = open_corpus(tmp_path / "packed")
    take(there, Part(1, 2), ["gold"], tmp_path / "one")
    objects = [*(cache / "goldwire/packed/objects").glob("*.parquet")]
    assert len(objects) == 2
    for path in objects:
        path.write_bytes(path.read_bytes()[::-1])
    take(there, Part(1, 2), ["gold"], tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "one")


def test_what_was_checked_is_not_read_again(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(corpus, tmp_path / "packed")
    place = open_corpus(tmp_path / "packed").layer_path("gold")
    read = list[Path]()
    monkeypatch.setattr(kept, "hash_file", lambda path: (read.append(path), hash_file(path))[1])
    assert open_corpus(tmp_path / "packed").layer_path("gold") == place
    assert not read
    place.touch()  # checked anew, and believed again
    for _ in range(2):
        open_corpus(tmp_path / "packed").layer_path("gold")
    assert read == [place]


def test_a_packed_corpus_is_not_given_to_a_cluster_whose_workers_have_no_files_of_it(
    corpus: Corpus, tmp_path: Path
) -> None:
    packed(corpus, tmp_path / "packed")
    opened = open_corpus(tmp_path / "packed")
    with pytest.raises(ClusterError, match="corpus unpack"), cluster_of("dask://127.0.0.1:9", opened):
        pass


def test_files_of_parts_that_lie_in_a_corpus_stay(corpus: Corpus, tmp_path: Path) -> None:
    """Made in the folder of the corpus, where `--parts` puts them if it is not given."""
    name = "score-default-00001-of-00002-8c1e99f0a7d4.part"
    (corpus.path / "parts").mkdir()
    (corpus.path / "parts" / name).write_bytes(b"x")
    (corpus.path / "parts" / "notes.txt").write_bytes(b"y")
    packed(corpus, tmp_path / "there")
    unpack(parse(tmp_path / "there"), tmp_path / "back", tell=quiet)
    assert sorted(path.name for path in (tmp_path / "back" / "parts").iterdir()) == ["notes.txt"]
