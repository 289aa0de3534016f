"""Documents on the disk: what is read back is what was put there, and memory does not grow with texts."""

import json
import os
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import spool
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.spool import Chosen, Grouped, Joined, Spool, Stored
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Document, Meta

A, B, C = (make_document(id, f"Text {id}: Zoë, 😀.\n", meta=Meta(more={"n": 5.0})) for id in "abc")


def content(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


# ---------------------------------------------------------------- what comes back
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=30),
    st.integers(0, 500),
    st.integers(0, 500),
    st.data(),
)
def test_what_is_put_in_comes_back_in_order_and_by_number(
    texts: list[str], held: int, chunk: int, data: st.DataObject
) -> None:
    made = [make_document(f"d{number}", text) for number, text in enumerate(texts)]
    more = data.draw(st.integers(0, len(made)))
    with pytest.MonkeyPatch.context() as patch, Spool(Path("work")) as kept:
        patch.setattr(spool, "HELD", held)
        patch.setattr(spool, "CHUNK", chunk)
        for document in made[:more]:
            kept.append(document)
        assert [*kept] == made[:more]
        for document in made[more:]:
            kept.append(document)
        assert len(kept) == len(made)
        assert [kept[number] for number in reversed(range(len(made)))] == made[::-1]
        assert [*kept] == made


def test_two_go_through_the_same_documents_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "HELD", 0)
    monkeypatch.setattr(spool, "CHUNK", 0)
    with Spool(Path("work")) as kept:
        for document in (A, B, C):
            kept.append(document)
        assert [(one, kept[2], other) for one, other in zip(kept, kept, strict=True)] == [
            (one, C, one) for one in (A, B, C)
        ]


def test_some_of_documents_others_behind_them_and_other_groups() -> None:
    chosen = Chosen([A, B, C], [2, 0])
    assert ([*chosen], len(chosen), chosen[0]) == ([C, A], 2, C)
    joined = Joined(chosen, [B])
    assert ([*joined], len(joined), joined[1], joined[2]) == ([C, A, B], 3, A, B)
    grouped = Grouped(joined, [None, "x", None])
    assert [one.group for one in grouped] == [None, "x", None]
    assert (grouped[1].group, grouped[1].text, len(grouped)) == ("x", A.text, 3)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("between", [b"", b"\n", b" \t\n\n"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_a_file_is_read_as_the_whole_of_it_is(
    tmp_path: Path, mark: bytes, between: bytes, end: bytes
) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_bytes(mark + between + between.join(map(encode_lines, ([A], [B], [C]))).strip() + end)
    with Stored(path) as documents:
        assert [*documents] == [A, B, C] == [documents[number] for number in range(3)]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "work", Manifest(name="w"), [A, B, C])


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-40],
        lambda data: data + data,
        lambda data: data.replace(b"Text", b"Test"),
        lambda data: data.replace(b"\n", b"\n[]\n"),
        lambda data: data.replace(b'"text"', b'"test"') + b"{\n\xff\n",
        lambda data: b"\xff" + data,
    ],
)
def test_damage_is_told_as_by_who_reads_the_whole_file(corpus: Corpus, harm: Any) -> None:
    path = corpus.documents_path()
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DataError) as whole:
        corpus.documents()
    with pytest.raises(DataError) as streamed, corpus.stored():
        pass
    assert (streamed.value.what, streamed.value.faults) == (whole.value.what, whole.value.faults)


@pytest.mark.parametrize("nothing", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\n \n"])
def test_a_file_without_a_line_has_no_document(tmp_path: Path, nothing: bytes) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_bytes(nothing)
    with Stored(path) as documents:
        assert [*documents] == []


def test_a_file_that_takes_the_place_of_an_open_one_does_not_disturb(corpus: Corpus, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(encode_lines([C]))
    with corpus.stored() as documents:
        other.replace(corpus.documents_path())
        assert [*documents] == [A, B, C]


def test_a_file_that_is_not_there_or_none_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "away", tmp_path):
        with pytest.raises(CorpusError, match="cannot be read"), Stored(path):
            pass


# ---------------------------------------------------------------- where they are
def test_they_are_beside_their_place_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "HELD", 0)
    asked = []
    make = spool.tempfile.TemporaryFile
    monkeypatch.setattr(
        spool.tempfile, "TemporaryFile", lambda **given: asked.append(given["dir"]) or make(**given)
    )
    with Spool(tmp_path / "not" / "there" / "work") as kept:
        kept.append(A)
        assert [*tmp_path.iterdir()] == []
        assert [*kept] == [A]
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Spool(tmp_path / "work") as kept:
        kept.append(A)
    assert asked == [tmp_path, None]


def test_few_texts_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool.tempfile, "TemporaryFile", None)
    with Spool(tmp_path / "work") as kept:
        kept.append(A)
        assert [*kept] == [A]


# ---------------------------------------------------------------- a full disk, and memory
WORDS = [f"word{number}" for number in range(3000)]
# The peak of this process alone: that of `getrusage` begins with that of who started it.
PEAK = """
import re, sys
from pathlib import Path
from goldwire.__main__ import main
try:
    main()
except SystemExit as error:
    print("PEAK", re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1], error.code)
"""


def write_articles(path: Path, number: int, words: int, seed: int = 0) -> Path:
    rng = random.Random(seed)
    texts = (" ".join(rng.choices(WORDS, k=words)) for _ in range(number))
    path.write_text("".join(json.dumps({"id": f"{seed}-{n}", "text": t}) + "\n" for n, t in enumerate(texts)))
    return path


def peak(*arguments: object) -> int:
    """The most memory that a command had, in bytes."""
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _, size, code = said.splitlines()[-1].split()
    assert code == "0"
    return int(size) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
def test_memory_does_not_grow_with_the_texts(tmp_path: Path) -> None:
    """Eight megabytes of text in 300 articles; held together, they took four bytes of memory for each."""
    few, many = (
        write_articles(tmp_path / "few.jsonl", 20, 3000),
        write_articles(tmp_path / "many.jsonl", 300, 3000),
    )
    one = write_articles(tmp_path / "one.jsonl", 1, 3000, seed=1)
    growth = many.stat().st_size - few.stat().st_size
    small = peak("corpus", "new", tmp_path / "small", "--from", few)
    large = peak("corpus", "new", tmp_path / "large", "--from", many)
    assert large - small < growth / 2
    small = peak("corpus", "add", tmp_path / "small", "--from", one)
    large = peak("corpus", "add", tmp_path / "large", "--from", one)
    assert large - small < growth / 2


def full(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command where no file can have more than a megabyte and a half."""
    limit = 3 * 2**19
    return subprocess.run(
        [sys.executable, "-m", "goldwire", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_on_a_full_disk_nothing_is_made_or_changed_and_the_same_command_completes_later(
    tmp_path: Path,
) -> None:
    articles = write_articles(tmp_path / "articles.jsonl", 60, 4500)
    place = tmp_path / "here"
    place.mkdir()
    done = full("corpus", "new", place / "work", "--from", articles)
    assert (done.returncode, content(place)) == (2, {})
    assert f"{place / 'work'}: cannot be written (File too large)" in done.stderr
    few = write_articles(tmp_path / "few.jsonl", 2, 4500, seed=1)
    subprocess.run(
        [sys.executable, "-m", "goldwire", "corpus", "new", place / "work", "--from", few], check=True
    )
    before = content(place)
    done = full("corpus", "add", place / "work", "--from", articles)
    assert (done.returncode, content(place)) == (2, before)
    assert f"{place / 'work' / 'documents.jsonl'}: cannot be written (File too large)" in done.stderr
    command = [sys.executable, "-m", "goldwire", "corpus", "add", place / "work", "--from", articles]
    subprocess.run(command, check=True)
    assert len(content(place)["work/documents.jsonl"].splitlines()) == 62


def test_a_document_is_what_it_was_to_the_last_figure() -> None:
    more: dict[str, Any] = {"a": 5.0, "b": -0.0, "c": 2**63, "d": 1e22, "e": 0.1, "f": True, "g": "\u2028"}
    document = make_document("d", "x\u0000y", meta=Meta(title="t", more=more))
    with Spool(Path("work")) as kept:
        kept.append(document)
        back: Document = kept[0]
    assert encode_lines([back]) == encode_lines([document])
    assert [type(value) for value in back.meta.more.values()] == [type(value) for value in more.values()]
