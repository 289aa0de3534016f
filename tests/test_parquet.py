"""Articles from other people's Parquet: columns by name, odd types, folders of parts, stores, damage."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from goldwire.corpora import ingest, parquet
from goldwire.corpora.columns import Columns, parse
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.packed import storage
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Document, Meta

SECRET = "planted/secret+of+forty+characters/in+all"


def documents(*paths: Path, **options: Any) -> list[Document]:
    return ingest.read(paths, **options).documents


def faults(*paths: Path, **options: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        ingest.read(paths, **options)
    return [str(fault) for fault in caught.value.faults]


# ---------------------------------------------------------------- columns
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_columns_are_named_the_same_way_in_every_table(suffix: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "guid": ["g1", "g2"],
            "body": ["Rain.", "Sun."],
            "head": ["A", "B"],
            "desk": ["x", "y"],
            "n": ["1", "2"],
        }
    )
    path = tmp_path / f"news.{suffix}"
    {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[suffix](path)
    columns = parse({"text": "body", "id": "guid", "title": "head", "more": "desk"})
    found = documents(path, columns=columns)
    assert [(one.id, one.text, one.meta) for one in found] == [
        ("g1", "Rain.", Meta(title="A", more={"desk": "x"})),
        ("g2", "Sun.", Meta(title="B", more={"desk": "y"})),
    ]
    kept = documents(path, columns=parse({"text": "body", "id": "guid", "more": ""}))
    assert [one.meta for one in kept] == [Meta(), Meta()]
    [told] = faults(path, columns=parse({"text": "article", "id": "guid"}))
    assert "has no column 'article'; it has guid, body, head, desk, n" in told


def test_one_column_may_hold_two_fields_and_one_that_was_displaced_is_told(tmp_path: Path) -> None:
    rows = {"url": ["u/1"], "text": ["Short."], "body": ["The whole."]}
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    intake = ingest.read([tmp_path], columns=Columns({"text": "body", "source": "url"}))
    [one] = intake.documents
    assert (one.text, one.meta) == ("The whole.", Meta(source="u/1", url="u/1"))
    assert (
        intake.notes
        == [
            "not kept: field 'text' of 1 row(s): it is not the column that --column names for text",
            "without an id: 1 row(s), each called by the hash of its text",
        ][::-1]
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"txt": "body"}, "there is no field 'txt'; nearest: text"),
        ({"text": ""}, "every article has a text"),
        ({"more": "a,text"}, "text is the name of a field"),
        ({"sha256": "h"}, "there is no field 'sha256'"),
    ],
)
def test_columns_that_cannot_be_asked_for_are_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        parse(given)


def test_a_column_for_files_without_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Rain.")
    with pytest.raises(CorpusError, match="--column has no effect"):
        ingest.read([tmp_path], columns=Columns({"text": "body"}))


def test_a_date_that_cannot_be_read_is_left_by_naming_no_column(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["Rain."], "published": ["4 May"]}).write_parquet(tmp_path / "a.parquet")
    assert "'4 May' is not an ISO 8601 date" in faults(tmp_path)[0]
    assert documents(tmp_path, columns=Columns({"published": ""}))[0].meta == Meta()


def test_a_file_without_texts_says_once_which_columns_it_has(tmp_path: Path) -> None:
    pl.DataFrame({"body": ["a"] * 500, "n": range(500)}).write_parquet(tmp_path / "a.parquet")
    assert faults(tmp_path) == [
        f"{tmp_path}/a.parquet: has no column 'text'; it has body, n; name one by --column text=COLUMN"
    ]


# ---------------------------------------------------------------- types
def test_types_of_other_writers_are_read_as_what_they_say(tmp_path: Path) -> None:
    pa, pq = (
        pytest.importorskip(name, reason="pyarrow is not installed")
        for name in ("pyarrow", "pyarrow.parquet")
    )
    zoned = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
    table = pa.table(
        {
            "id": pa.array([7], pa.uint64()),
            "text": pa.array([b"Caf\xc3\xa9.\r\nRain."], pa.large_binary()),
            "title": pa.array(["T"], pa.large_string()),
            "source": pa.array(["Wire"]).dictionary_encode(),
            "published": pa.array([zoned], pa.timestamp("us", "Asia/Kabul")),
            "language": pa.array([None], pa.string()),
            "seen": pa.array([dt.datetime.fromisoformat("2024-05-04")], pa.timestamp("ns")),
            "share": pa.array([0.5], pa.float32()),
            "good": pa.array([True]),
            "tags": pa.array([["a"]]),
            "place": pa.array([{"lat": 1.0}]),
            "image": pa.array([b"\xff\xd8"], pa.binary()),
            "nothing": pa.array([None], pa.null()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", compression="gzip", version="1.0", use_dictionary=True)
    intake = ingest.read([tmp_path])
    [one] = intake.documents
    # 12:00 UTC is 16:30 in Kabul
    assert one.meta == Meta(
        title="T",
        source="Wire",
        published="2024-05-04T16:30:00+04:30",
        more={"seen": "2024-05-04T00:00:00", "share": 0.5, "good": True},
    )
    assert (one.id, one.text) == ("7", "Café.\nRain.")
    assert [note.split("'")[1] for note in intake.notes] == ["image", "place", "tags"]


def test_rows_without_a_sound_text_or_with_an_id_again_are_told_by_their_number(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b", "c", "a", "e"],
            "text": [b"One.", None, b"  ", b"Two.", b"\xff"],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=2)
    told = [fault.removeprefix(f"{tmp_path}/a.parquet:") for fault in faults(tmp_path)]
    assert told == [
        "2 $.text: a text is needed, got nothing",
        "5 $.text: holds bytes that are not UTF-8 (0xff at offset 0)",
        "3 $.text: is empty",
        f"4 $.id: 'a' is the id of {tmp_path}/a.parquet:1 too",
    ]


def test_a_list_in_the_place_of_a_text_and_a_number_in_that_of_a_date_are_told(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1.0], "text": [["a"]], "published": [1714]}).write_parquet(tmp_path / "a.parquet")
    told = " ".join(faults(tmp_path))
    assert "an id is text or a whole number, got 1.0" in told
    assert "a text is needed, got ['a']" in told
    assert "$.published: text is needed, got 1714" in told


# ---------------------------------------------------------------- files
@pytest.mark.parametrize("size", [1, 700, 5000])
def test_row_groups_of_any_size_are_read_slice_by_slice(size: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parquet, "SLICE", 20_000)
    texts = [f"Report {n}. " + "x" * (n % 90) for n in range(2600)]
    pl.DataFrame({"id": range(2600), "text": texts}).write_parquet(
        tmp_path / "a.parquet", row_group_size=size
    )
    assert max(frame.height for frame in parquet.iter_slices(tmp_path / "a.parquet")) <= 500
    found = documents(tmp_path)
    assert [(one.id, one.text) for one in found] == [(str(n), text) for n, text in enumerate(texts)]


def test_long_texts_are_read_few_at_a_time_even_behind_short_ones(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parquet, "SLICE", 1_000_000)
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["x" * 100_000] * 60}).write_parquet(path)
    heights = [frame.height for frame in parquet.iter_slices(path)]
    assert (heights[0], sum(heights)) == (20, 60)
    assert max(heights[1:]) <= 10
    pl.DataFrame({"text": ["x"] * 3000}).write_parquet(path)
    assert [frame.height for frame in parquet.iter_slices(path)] == [20, 100, 500, 2380]


def test_folders_of_parts_as_spark_writes_them(tmp_path: Path) -> None:
    root = tmp_path / "news.parquet"
    for number, (year, text) in enumerate(
        [("2023", "Rain."), ("2024", "Sun."), ("__HIVE_DEFAULT_PARTITION__", "Fog.")]
    ):
        folder = root / f"year={year}" / "desk=home%20news"
        folder.mkdir(parents=True)
        pl.DataFrame({"id": [str(number)], "text": [text]}).write_parquet(
            folder / f"part-0000{number}.snappy.parquet"
        )
        (folder / f".part-0000{number}.snappy.parquet.crc").write_bytes(b"crc")
    (root / "_SUCCESS").write_bytes(b"")
    (root / "_temporary" / "0").mkdir(parents=True)
    (root / "_temporary" / "0" / "part-9.parquet").write_bytes(b"PAR1 half")
    intake = ingest.read([root])
    assert [(one.id, one.meta.more) for one in intake.documents] == [
        ("0", {"desk": "home news", "year": 2023}),
        ("1", {"desk": "home news", "year": 2024}),
        ("2", {"desk": "home news"}),
    ]
    assert len(intake.notes) == 2
    assert "_temporary/0/part-9.parquet (in the making" in intake.notes[1]
    assert [one.id for one in documents(root / "year=2024")] == ["1"]
    assert documents(root, columns=Columns({"source": "desk"}))[0].meta.source == "home news"


def test_patterns_that_no_shell_resolved_are_resolved(tmp_path: Path) -> None:
    for name in ("part-1", "part-0", "other"):
        pl.DataFrame({"id": [name], "text": [name]}).write_parquet(tmp_path / f"{name}.parquet")
    for given in (tmp_path / "part-*.parquet", Path(f"file://{tmp_path}/part-*.parquet")):
        assert [one.id for one in documents(given)] == ["part-0", "part-1"]
    with pytest.raises(CorpusError, match="is not there"):
        ingest.read([tmp_path / "nothing-*.parquet"])


def test_two_schemas_in_one_folder_are_read_if_both_have_what_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["a"], "text": ["One."], "desk": ["x"]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"text": [b"Two."], "id": [2], "n": [1]}).write_parquet(tmp_path / "b.parquet")
    assert [(one.id, one.meta.more) for one in documents(tmp_path)] == [("a", {"desk": "x"}), ("2", {"n": 1})]
    [told] = faults(tmp_path, columns=Columns(more=("desk",)))
    assert told == f"{tmp_path}/b.parquet: has no column 'desk'; it has text, id, n"


def test_a_file_without_rows_is_told_and_those_beside_it_are_read(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["a"], "text": ["One."]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"id": [], "text": []}, schema={"id": pl.String, "text": pl.String}).write_parquet(
        tmp_path / "b.parquet"
    )
    intake = ingest.read([tmp_path])
    assert [one.id for one in intake.documents] == ["a"]
    assert intake.notes == [f"{tmp_path}/b.parquet: has no rows"]


@pytest.mark.parametrize("damage", ["cut", "none", "empty", "page"])
def test_a_damaged_file_and_one_that_is_none_are_refused_by_name(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": range(3000), "text": [f"Report {n}." for n in range(3000)]}).write_parquet(
        path, row_group_size=500
    )
    data = bytearray(path.read_bytes())
    if damage == "page":
        data[4:60] = b"\xa5" * 56  # the head of the first
    path.write_bytes({"cut": data[:-100], "none": b"id,text\n1,Rain.\n", "empty": b"", "page": data}[damage])
    [told] = faults(path)
    assert told.startswith(f"{path}: not a Parquet file, or damaged: ")
    pl.DataFrame({"id": ["a"], "text": ["One."]}).write_parquet(path)
    assert len(documents(path)) == 1  # whatever became of the process that read the other


def test_a_reader_that_was_killed_or_went_to_sleep_is_told_or_started_again(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": ["a"], "text": ["One."]}).write_parquet(path)
    assert len(documents(path)) == 1
    process = parquet._reader(os.getpid()).process
    process.kill()
    process.wait()
    assert len(documents(path)) == 1
    stdin = parquet._reader(os.getpid()).process.stdin
    assert stdin is not None
    stdin.close()  # it ends, as when it has waited for long
    assert len(documents(path)) == 1


def test_a_process_that_damage_ends_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    program = tmp_path / "frames.py"
    program.write_text("import os, sys\nsys.stdin.readline()\nos.abort()\n")
    monkeypatch.setattr("goldwire.corpora.frames.__file__", str(program))
    parquet._reader.cache_clear()
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": ["a"], "text": ["One."]}).write_parquet(path)
    try:
        assert faults(path) == [
            f"{path}: not a Parquet file, or damaged: what reads it was ended by {signal.SIGABRT.name}"
        ]
    finally:
        parquet._reader.cache_clear()


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["One."] * 2000}).write_parquet(path)
    slices = parquet.iter_slices(path)
    next(slices)
    pl.DataFrame({"text": ["Two."] * 2100}).write_parquet(path)
    with pytest.raises(DataError, match="became another file"):
        list(slices)


# ---------------------------------------------------------------- by the command line
def test_the_command_makes_and_adds_and_says_what_is_wrong(
    tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    pl.DataFrame({"guid": [1, 2], "body": ["Rain.", "Sun."]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"guid": [3], "body": ["Fog."]}).write_parquet(tmp_path / "b.parquet")
    named = ("--column", "text=body", "--column", "id=guid")
    said = said_by("corpus", "new", tmp_path / "work", "--from", tmp_path / "a.parquet")
    assert said.code == 2
    assert "has no column 'text'; it has guid, body; name one by --column text=COLUMN" in said.err
    assert not (tmp_path / "work").exists()
    assert said_by("corpus", "new", tmp_path / "work", "--from", tmp_path / "a.parquet", *named).code == 0
    assert said_by("corpus", "add", tmp_path / "work", "--from", tmp_path / "b.parquet", *named).code == 0
    assert [one.id for one in open_corpus(tmp_path / "work").documents()] == ["1", "2", "3"]
    said = said_by(
        "corpus", "new", tmp_path / "x", "--from", tmp_path / "a.parquet", *named, "--format", "huggingface"
    )
    assert said.code == 2
    assert "--format" in said.err


# ---------------------------------------------------------------- S3 on this machine
@pytest.fixture
def put(s3: str, s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Puts tables of these texts under an address of this test's own, which it returns."""
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bucket, _, base = s3.removeprefix("s3://").partition("/")

    def put_all(**files: str | bytes) -> str:
        client = boto3.client("s3", endpoint_url=s3_server)
        for number, (name, content) in enumerate(files.items()):
            data = content
            if isinstance(content, str):
                pl.DataFrame({"id": [str(number)], "text": [content]}).write_parquet(tmp_path / "one.parquet")
                data = (tmp_path / "one.parquet").read_bytes()
            client.put_object(Bucket=bucket, Key=f"{base}/{name}", Body=data)
        client.close()
        return s3

    return put_all


def test_parquet_at_an_address_is_read_in_order(
    put: Callable[..., str], tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    where = put(
        **{
            "year=2024/part-1.parquet": "Sun.",
            "year=2024/part-0.parquet": "Rain.",
            "year=2023/part-0.parquet": "Fog.",
            "_SUCCESS": b"",
            "_temporary/part-0.parquet": b"half",
            "read.me": b"x",
        }
    )
    intake = ingest.read([Path(where)])
    assert [(one.text, one.meta.more) for one in intake.documents] == [
        ("Fog.", {"year": 2023}),
        ("Rain.", {"year": 2024}),
        ("Sun.", {"year": 2024}),
    ]
    assert len(intake.notes) == 2
    for pattern, texts in [
        ("year=2024/*.parquet", ["Rain.", "Sun."]),
        ("*/part-0.parquet", ["Fog.", "Rain."]),
        ("year=2024/part-1.parquet", ["Sun."]),
    ]:
        assert [one.text for one in documents(Path(f"{where}/{pattern}"))] == texts
    said = said_by("corpus", "new", tmp_path / "work", "--from", f"{where}/**/part-*.parquet")
    assert said.code == 0
    assert len(open_corpus(tmp_path / "work").documents()) == 3
    assert not any((tmp_path / "cache").rglob("*.parquet"))


def test_what_is_not_there_or_damaged_at_an_address_is_told_with_the_address(
    put: Callable[..., str], tmp_path: Path
) -> None:
    where = put(**{"a.parquet": "Sun.", "b.parquet": b"", "c.parquet": b"PAR1 cut"})
    told = faults(Path(where))
    assert [fault.partition(": ")[0] for fault in told] == [f"{where}/b.parquet", f"{where}/c.parquet"]
    for missing in ("none/", "d.parquet", "*.txt"):
        with pytest.raises(CorpusError, match="there is no object"):
            ingest.read([Path(f"{where}/{missing}")])


def test_a_network_that_breaks_off_leaves_nothing_and_the_command_can_be_run_again(
    put: Callable[..., str], tmp_path: Path, said_by: Callable[..., Any], monkeypatch: Any
) -> None:
    where = put(**{"a.parquet": "Sun.", "b.parquet": "Rain."})
    whole = storage.Bucket._pieces

    def broken(store: storage.Bucket, name: str, found: Any) -> Iterator[bytes]:
        pieces = whole(store, name, found)
        yield next(pieces)[:50]
        if name == "b.parquet":
            raise CorpusError(f"{store.address}/{name}: the store cannot be used (connection reset)")
        yield from pieces

    with monkeypatch.context() as patch:
        patch.setattr(storage.Bucket, "_pieces", broken)
        said = said_by("corpus", "new", tmp_path / "work", "--from", f"{where}/b.parquet")
        assert (said.code, "connection reset" in said.err) == (2, True)
        said = said_by("corpus", "new", tmp_path / "work", "--from", f"{where}/*.parquet")
        assert said.code == 2
        assert "did not come whole" in said.err
    assert not (tmp_path / "work").exists()
    assert said_by("corpus", "new", tmp_path / "work", "--from", where).code == 0
    monkeypatch.setattr(storage, "RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    said = said_by("corpus", "add", tmp_path / "work", "--from", where)
    assert said.code == 2
    assert "look at the address, at the network and at the credentials" in said.err
    assert SECRET not in said.err


@pytest.mark.parametrize("address", [f"s3://AK:{SECRET}@archive/x", f"s3://archive/x.parquet?sig={SECRET}"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(
    address: str, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    said = said_by("corpus", "new", tmp_path / "work", "--from", address)
    assert said.code == 2
    assert not any(SECRET[k : k + 8] in said.out + said.err for k in range(len(SECRET) - 8))
