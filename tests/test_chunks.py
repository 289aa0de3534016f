"""Scoring block by block, with documents named or forgotten, gives what scoring all at once gives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldwire import testing
from goldwire.corpora import forked
from goldwire.corpora.errors import CorpusError, DataError, Fault, GoldwireError, JudgementError
from goldwire.corpora.store import DOCUMENTS, Manifest, create_corpus, make_document
from goldwire.eval.counting import chunks, texts
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.scoring import find
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate

MEASURES = [
    "entity",
    "untyped",
    "overlap",
    "partial",
    "entity,average=documents",
    "entity,average=macro",
    "TC",
]
TEXT = "x" * 20
NAMES = [f"d{number:02}" for number in range(9)]


def line(document, units):
    """Mentions given as (start, size, type)."""
    return annotate(document, *((start, start + size, type) for start, size, type in units))


def corpus_of(folder, names, gold, system, **fields):
    documents = [make_document(name, TEXT, **fields) for name in names]
    by_name = {document.id: document for document in documents}
    layers = {"gold": gold, "system/s": system}
    lines = {
        layer: [line(by_name[name], found) for name, found in units.items()]
        for layer, units in layers.items()
    }
    return testing.corpus(folder, documents, lines, name="c")


layers = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5), st.sampled_from("AB")), max_size=4),
)
judged = layers.filter(bool)


def whole(corpus, **options):
    return score(
        corpus.layer("gold"),
        {"s": corpus.layer("system/s")},
        corpus.documents(),
        MEASURES,
        corpus="c",
        options=Options(**options),
    )


def same(record, other):
    """Everything but what only a corpus on disk tells."""
    for field in ("measures", "policies", "documents", "groups", "coverage", "counts", "confusions"):
        assert getattr(record, field) == getattr(other, field), field
    for one, two in zip(record.results, other.results, strict=True):
        assert msgspec.structs.replace(one, signature="") == msgspec.structs.replace(two, signature="")
    assert record.corpus.fingerprint == other.corpus.fingerprint
    assert record.gold.fingerprint == other.gold.fingerprint
    for one, two in zip(record.systems, other.systems, strict=True):
        assert one.fingerprint == two.fingerprint
        assert (one.documents, one.missing, one.excluded) == (two.documents, two.missing, two.excluded)


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gold=judged, system=layers, size=st.integers(1, 1000), chunk=st.sampled_from([50, 400, 10_000]))
def test_blocks_of_any_size_give_the_same_record(tmp_path_factory, gold, system, size, chunk):
    corpus = corpus_of(tmp_path_factory.mktemp("c") / "c", NAMES, gold, system)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        patch.setattr(texts, "CHUNK", chunk)
        same(score_corpus(corpus, "gold", ["s"], MEASURES), whole(corpus))


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gold=judged, system=layers, size=st.integers(1, 1000))
def test_a_streamed_record_has_the_same_figures_and_names_no_document(tmp_path_factory, gold, system, size):
    corpus = corpus_of(tmp_path_factory.mktemp("c") / "c", NAMES, gold, system)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        patch.setattr(texts, "CHUNK", 300)
        streamed = score_corpus(corpus, "gold", ["s"], MEASURES, options=Options(stream=True))
    named = whole(corpus)
    for one, two in zip(streamed.results, named.results, strict=True):
        assert one.averages == two.averages
        assert one.labels == two.labels
        assert one.intervals == two.intervals
    assert streamed.confusions == named.confusions
    assert streamed.documents == ()
    for table in streamed.counts:
        assert table.documents == ()
        assert sum(table.times) == len(gold)


def test_several_processes_give_the_same_record(tmp_path, monkeypatch):
    gold = {name: [(0, 3, "A"), (4, 3, "B")] for name in NAMES[1:]}
    corpus = corpus_of(tmp_path / "c", NAMES, gold, {name: [(0, 3, "A")] for name in NAMES[::2]})
    monkeypatch.setattr(chunks, "SIZE", 200)
    assert len(chunks.find_places(corpus, ["gold"])) > 3
    same(score_corpus(corpus, "gold", ["s"], MEASURES, workers=3), whole(corpus))


def test_blocks_that_are_not_in_order_of_their_documents_are_read_at_once(tmp_path, monkeypatch):
    corpus = corpus_of(tmp_path / "c", NAMES, {}, {})
    path = corpus.path / DOCUMENTS
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    monkeypatch.setattr(chunks, "SIZE", 1)  # a block for each document: none is out of order in itself
    assert len(chunks.find_places(corpus, ["gold"])) == len(NAMES)
    record = score_corpus(corpus, "gold", ["s"], ["entity"], options=Options(scope=Scope(unjudged="empty")))
    assert record.documents == tuple(NAMES)


def test_processes_do_not_run_ahead_of_what_is_taken(tmp_path):
    """Each number leaves a file when it is worked on."""

    def work(number):
        (tmp_path / str(number)).touch()
        return number

    found = forked.iter_forked(work, 60, 2)
    assert next(found) == 0
    time.sleep(0.2)  # long enough for all sixty
    assert 1 <= len([*tmp_path.iterdir()]) <= 2 * forked.AHEAD
    assert [*found] == [*range(1, 60)]
    assert len([*tmp_path.iterdir()]) == 60


def test_what_a_process_raises_is_raised_in_its_turn_and_ends_the_others(tmp_path):
    def work(number):
        (tmp_path / str(os.getpid())).touch()
        if number == 2:
            raise DataError("two", [Fault("here", "$", "wrong")])
        return number

    found = forked.iter_forked(work, 60, 2)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(DataError, match="two") as raised:
        next(found)
    assert [fault.message for fault in raised.value.faults] == ["wrong"]
    assert "in work" in raised.value.__notes__[0]
    for process in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process.name), 0)


def test_processes_end_when_the_rest_is_not_wanted(tmp_path):
    def work(number):
        (tmp_path / str(os.getpid())).touch()
        return bytes(10**6)  # more than a pipe holds, so that they wait for a reader

    found = forked.iter_forked(work, 60, 2)
    next(found)
    found.close()
    for process in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process.name), 0)


FORKS = """
import os, sys, time
from pathlib import Path
from goldwire.corpora.forked import iter_forked

def work(number):
    Path(sys.argv[1], str(os.getpid())).touch()
    return bytes(10**6)  # more than a pipe holds: all but the one that is read wait for a reader

for _ in iter_forked(work, 60, 3):
    time.sleep(60)
"""


def test_processes_end_with_the_one_that_forked_them(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", FORKS, str(tmp_path)])
    wait_until(lambda: len([*tmp_path.iterdir()]) == 3)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(Path(f"/proc/{child.name}").exists() for child in tmp_path.iterdir()))


def wait_until(true, seconds=20.0):
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_killed_process_is_told(tmp_path, monkeypatch):
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    corpus = corpus_of(tmp_path / "c", NAMES, {}, {})
    monkeypatch.setattr(chunks, "SIZE", 200)
    monkeypatch.setattr(find, "score_block", die)
    with pytest.raises(GoldwireError, match="killed"):
        score_corpus(corpus, "gold", ["s"], ["entity"], workers=2)


@given(ids=st.lists(st.text("abc", min_size=1, max_size=3), unique=True).map(sorted), size=st.integers(1, 60))
def test_pieces_of_files_meet_at_the_same_ids(tmp_path_factory, ids, size):
    """Every line of documents and layers is in one piece, that of its document."""
    names = [f"{id}-{number}" for number, id in enumerate(ids)] or ["a"]
    corpus = corpus_of(
        tmp_path_factory.mktemp("c") / "c", sorted(names), {name: [] for name in names[::2]}, {}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        found = [
            chunks.read_block(place, Wanted(items=True)) for place in chunks.find_places(corpus, ["gold"])
        ]
    assert [id for block in found for id in block.texts.ids] == sorted(names)
    assert [item.document for block in found for item in block.layers[0].items] == sorted(names[::2])


def test_a_streamed_record_does_not_compare_by_document(tmp_path):
    corpus = corpus_of(tmp_path / "c", NAMES, {"d00": []}, {})
    record = score_corpus(corpus, "gold", ["s"], ["entity"], options=Options(stream=True))
    with pytest.raises(JudgementError, match="without --stream"):
        record.get_counts("s", "entity:span+type@exact")


def test_near_duplicates_have_no_interval_once_they_are_forgotten(tmp_path):
    gold = {name: [(0, 3, "A")] for name in NAMES}
    corpus = corpus_of(tmp_path / "c", NAMES, gold, gold, group="d00")
    named, streamed = (
        score_corpus(corpus, "gold", ["s"], ["entity"], options=Options(stream=stream)) for stream in (0, 1)
    )
    assert named.groups == (0,) * 9
    assert streamed.results[0].intervals == {}
    assert streamed.policies["intervals"] == "none"


def test_near_duplicates_in_some_blocks_alone_are_kept_together(tmp_path, monkeypatch):
    documents = [make_document(name, TEXT, group="d07" if name in ("d07", "d08") else None) for name in NAMES]
    corpus = create_corpus(tmp_path / "c", Manifest(name="c"), documents)
    for layer in ("gold", "system/s"):
        corpus.write_layer(layer, [line(document, [(0, 3, "A")]) for document in documents])
    monkeypatch.setattr(chunks, "SIZE", 200)
    found = score_corpus(corpus, "gold", ["s"], ["entity"])
    assert found.groups == (0, 1, 2, 3, 4, 5, 6, 7, 7)
    same(found, score_corpus(corpus, "gold", ["s"], ["entity"], workers=2))


# ---------------------------------------------------------------- disorder
def test_documents_out_of_order_are_read_all_at_once(tmp_path, monkeypatch):
    gold = {name: [(0, 3, "A")] for name in NAMES[:5]}
    corpus = corpus_of(tmp_path / "c", NAMES[::-1], gold, {})
    monkeypatch.setattr(chunks, "SIZE", 200)
    monkeypatch.setattr(texts, "CHUNK", 300)
    with pytest.raises(chunks.DisorderError):
        [chunks.read_block(place, Wanted()) for place in chunks.find_places(corpus, ["gold"])]
    same(score_corpus(corpus, "gold", ["s"], MEASURES), whole(corpus))


@pytest.mark.parametrize("size", [200, 100_000])
@pytest.mark.parametrize("chunk", [10, 300, 100_000])
def test_lines_out_of_order_give_the_same_record(tmp_path, monkeypatch, chunk, size):
    gold = {name: [(0, 3, "A")] for name in NAMES}
    corpus = corpus_of(tmp_path / "c", NAMES, gold, gold)
    path = corpus.layer_path("system/s")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[::-1]))
    monkeypatch.setattr(chunks, "SIZE", size)
    monkeypatch.setattr(texts, "CHUNK", chunk)
    same(score_corpus(corpus, "gold", ["s"], MEASURES), whole(corpus))


def test_faults_of_all_blocks_are_told_at_once(tmp_path, monkeypatch):
    corpus = corpus_of(tmp_path / "c", NAMES, {}, {})
    broken = [make_document(name, "another text") for name in (NAMES[0], NAMES[8], "e")]
    path = corpus.layer_path("system/s")
    path.write_bytes(b"".join(msgspec.json.encode(line(document, [])) + b"\n" for document in broken))
    monkeypatch.setattr(chunks, "SIZE", 200)
    monkeypatch.setattr(texts, "CHUNK", 300)
    with pytest.raises(DataError) as caught:
        score_corpus(corpus, "gold", ["s"], ["entity"])
    assert [fault.where for fault in caught.value.faults] == [NAMES[0], NAMES[8], "e"]


def test_a_corpus_without_documents_is_refused(tmp_path):
    corpus = create_corpus(tmp_path / "c", Manifest(name="c"), [])
    (corpus.path / DOCUMENTS).write_bytes(b"")
    corpus.write_layer("gold", [])
    corpus.write_layer("system/s", [])
    with pytest.raises(CorpusError, match="no documents"):
        score_corpus(corpus, "gold", ["s"], ["entity"])
