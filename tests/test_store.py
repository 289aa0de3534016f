"""A corpus on disk is whole or absent; what was written is read; what does not fit is refused."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.digest import of_documents
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.store import (
    Corpus,
    Manifest,
    Splits,
    create_corpus,
    make_document,
    open_corpus,
    write_documents,
    write_manifest,
)
from goldwire.corpora.types import Annotations, Document, Excluded, Mention, Meta, Span

A = make_document("a", "Rebels attacked Balkh.", meta=Meta(title="Attack"))
B = make_document("b", "Nothing happened.\n", excluded=(Excluded(start=0, end=7, reason="test"),))
ON_A = Annotations(
    document="a", sha256=A.sha256, mentions=(Mention(id="m", type="MIL", spans=(Span(0, 6),)),)
)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [A, B])


def test_corpus_comes_back_as_it_was_made(corpus: Corpus) -> None:
    again = open_corpus(corpus.path)
    assert again == corpus
    assert again.documents() == [A, B]
    assert again.hashes() == {"a": A.sha256, "b": B.sha256}
    assert again.layers() == []
    ontology = again.ontology()
    assert ontology is not None
    assert ontology.name == "conflict"


def test_layers_come_back_in_order_of_document(corpus: Corpus) -> None:
    on_b = Annotations(document="b", sha256=B.sha256)
    corpus.write_layer("annotator/anna", [on_b, ON_A])
    assert corpus.layers() == ["annotator/anna"]
    assert list(corpus.layer("annotator/anna").items()) == [("a", ON_A), ("b", on_b)]


def test_corpus_can_be_made_with_layers_and_files(tmp_path: Path) -> None:
    corpus = create_corpus(
        tmp_path / "c", Manifest(name="c"), [A], layers={"gold": [ON_A]}, files={"ontology.toml": b"x"}
    )
    assert corpus.layer("gold") == {"a": ON_A}
    assert (corpus.path / "ontology.toml").read_bytes() == b"x"


def test_missing_layer_is_told_with_those_there_are(corpus: Corpus) -> None:
    corpus.write_layer("gold", [ON_A])
    with pytest.raises(CorpusError, match="no layer 'silver'; there are: gold"):
        corpus.layer("silver")


@pytest.mark.parametrize("name", ["", "../gold", "a//b", "/gold", "a/..", ".gold", "a b", "ä" * 101, "a/"])
def test_layer_name_that_could_leave_its_place_is_refused(corpus: Corpus, name: str) -> None:
    for path in (corpus.layer_path, corpus.quarantine_path):
        with pytest.raises(CorpusError, match="no layer name"):
            path(name)


def test_every_faulty_document_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    bad = [
        make_document("x/y", "text"),
        A,
        A,
        Document(id="c", text="changed", sha256=A.sha256),
        make_document("d", "short", excluded=(Excluded(start=2, end=9, reason="r"),)),
        make_document("e", " \n"),
    ]
    with pytest.raises(DataError) as caught:
        create_corpus(tmp_path / "c", Manifest(name="c"), bad)
    assert [(fault.where, fault.path) for fault in caught.value.faults] == [
        ("x/y", "$.id"),
        ("a", "$.id"),
        ("c", "$.sha256"),
        ("d", "$.excluded[0]"),
        ("e", "$.text"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_layer_that_does_not_fit_is_refused_and_the_old_one_stays(corpus: Corpus) -> None:
    corpus.write_layer("gold", [ON_A])
    bad = [ON_A, ON_A, Annotations(document="z", sha256=""), Annotations(document="b", sha256=A.sha256)]
    with pytest.raises(DataError) as caught:
        corpus.write_layer("gold", bad)
    assert [str(fault) for fault in caught.value.faults] == [
        "a $.document: occurs twice in the layer",
        "z $.document: is not a document of the corpus",
        "b $.sha256: the layer was made for another text",
    ]
    assert corpus.layer("gold") == {"a": ON_A}


def test_lines_of_a_layer_come_one_by_one_and_faults_as_for_the_whole(corpus: Corpus) -> None:
    corpus.write_layer("gold", [ON_A])
    path = corpus.layer_path("gold")
    line = path.read_bytes()
    stale = line.replace(A.sha256.encode(), B.sha256.encode())
    for data, documents in ((line, []), (line + stale, ["a"]), (stale, ["a"])):
        path.write_bytes(data)
        assert [*corpus.iter_fitting("gold")] == [*corpus.fitting("gold")[0].values()]
        assert corpus.stale("gold") == documents
    wrong = [
        line + line,  # a document twice
        b'{"document":"a"}\n{"document":1}\n',  # two lines that are none
        b'{"document":"a","sha256":"\xff"}\n',
    ]
    for data in wrong:
        path.write_bytes(data)
        with pytest.raises(DataError) as whole:
            corpus.fitting("gold")
        with pytest.raises(DataError) as single:
            next(corpus.iter_fitting("gold"))
        assert (str(single.value), single.value.faults) == (str(whole.value), whole.value.faults)
    path.unlink()
    with pytest.raises(CorpusError, match="no layer 'gold'"):
        next(corpus.iter_fitting("gold"))


def test_text_changed_on_disk_is_noticed(corpus: Corpus) -> None:
    path = corpus.path / "documents.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Rebels", b"Rabels"))
    with pytest.raises(DataError, match="not the hash of the text"):
        corpus.documents()


def test_corpus_is_not_made_over_something_else(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is there already"):
        create_corpus(corpus.path, Manifest(name="d"), [A])
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CorpusError, match="is there already"):
        create_corpus(tmp_path / "file", Manifest(name="d"), [A])
    (tmp_path / "empty").mkdir()
    assert create_corpus(tmp_path / "empty", Manifest(name="d"), [A]).documents() == [A]


def test_folder_that_is_no_corpus_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not a corpus"):
        open_corpus(tmp_path)
    (tmp_path / "corpus.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(DataError, match="not UTF-8 text"):
        open_corpus(tmp_path)


def test_comments_in_the_manifest_survive_a_change(corpus: Corpus) -> None:
    path = corpus.path / "corpus.toml"
    path.write_text('# ours\nname = "c" # short\nversion = "2.0"\nontology = "conflict"\nlicence = "none"\n')
    opened = open_corpus(corpus.path)
    manifest = Manifest(
        name="c", version="2.0", ontology="conflict", splits=Splits({"train": 0.8, "test": 0.2})
    )
    written = write_manifest(opened, manifest)
    assert open_corpus(corpus.path) == written
    assert written.manifest == manifest
    assert path.read_text().startswith('# ours\nname = "c" # short\nversion = "2.0"\nontology = "conflict"\n')
    assert "licence" not in path.read_text()


def test_ontology_in_the_corpus_goes_before_one_that_ships(corpus: Corpus) -> None:
    (corpus.path / "ontology.toml").write_text('name = "own"\nversion = "1"\n')
    own = write_manifest(corpus, Manifest(name="c", ontology="ontology.toml")).ontology()
    assert own is not None
    assert own.name == "own"
    assert write_manifest(corpus, Manifest(name="c")).ontology() is None


def named(documents: list[Document]) -> str:
    return of_documents(documents).name


def test_fingerprint_is_of_texts_and_regions_whatever_their_order(corpus: Corpus) -> None:
    assert corpus.fingerprint() == named([B, A])
    assert named([A]) != named([A, B])
    assert named([make_document("b", B.text)]) != named([B])
    assert named([make_document("a", A.text)]) == named([A])  # the title does not count
    write_documents(corpus, [B])
    assert corpus.fingerprint() == named([B])


def test_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "x", b"")
    with pytest.raises(CorpusError, match="cannot be written"):
        create_corpus(tmp_path / "file" / "c", Manifest(name="c"), [A])


@pytest.mark.parametrize("data", [b"one two", [b"one ", b"two"]])
def test_a_pipe_takes_what_is_written_and_stays_a_pipe(tmp_path: Path, data: bytes | list[bytes]) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)  # as the shell's `>(…)` is, in /dev/fd
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    for place in (pipe, link):
        write_atomic(place, data)
        assert os.read(reader, 100) == b"one two"
    os.close(reader)
    assert (pipe.is_fifo(), link.is_symlink()) == (True, True)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    place = tmp_path / "null"
    try:
        os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        place.write_bytes(b"")
    except OSError:
        pytest.skip("only root may make a device, and not on every disk")
    write_atomic(place, b"data")
    assert place.is_char_device()


def test_what_killed_writers_left_is_cleared_and_running_ones_keep_theirs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    dead, alive = int(done.stdout), os.getppid()
    left = [tmp_path / f".x.{process}.tmp" for process in (dead, alive)]
    for path in left:
        path.write_text("half")
    write_atomic(tmp_path / "x", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [left[1].name, "x"]


def test_what_another_machine_is_writing_into_a_shared_folder_is_left_for_a_day(tmp_path: Path) -> None:
    now, old = (tmp_path / f".x.0123abcd-{number}.tmp" for number in (1, 2))
    for path in (now, old):
        path.write_text("half")
    os.utime(old, (0, 0))
    write_atomic(tmp_path / "x", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [now.name, "x"]


KILLED = """
import os, signal, sys
from pathlib import Path
from goldwire.corpora import store
real = getattr(os, sys.argv[2])
calls = 0
def dying(*arguments):
    global calls
    calls += 1
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(os, sys.argv[2], dying)
documents = [store.make_document(c, f"Text {c}.") for c in "abc"]
store.create_corpus(Path(sys.argv[1]), store.Manifest(name="c"), documents)
"""


@pytest.mark.parametrize(
    ("call", "number"), [("fsync", n) for n in range(1, 7)] + [("open", 1), ("rename", 1)]
)
def test_killed_at_any_step_the_corpus_is_absent_or_whole(tmp_path: Path, call: str, number: int) -> None:
    path = tmp_path / "c"
    command = [sys.executable, "-c", KILLED, str(path), call, str(number)]
    done = subprocess.run(command, check=False)
    if path.exists():
        assert len(open_corpus(path).documents()) == 3
    else:
        assert done.returncode == -signal.SIGKILL
        create_corpus(path, Manifest(name="c"), [A])
    write_manifest(open_corpus(path), Manifest(name="c"))  # the next writer clears what was left
    assert [item.name for item in tmp_path.iterdir()] == ["c"]
