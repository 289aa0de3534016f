"""What units tell is the same added up over blocks and at once; pages list some of many documents."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import DataError, JudgementError
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.counting import align, chunks
from goldwire.eval.errors import classes
from goldwire.eval.report import excerpts
from goldwire.eval.report.build import make_report
from goldwire.eval.report.evidence import gather, iter_evidence
from goldwire.eval.report.html import render
from goldwire.eval.report.sums import add_up, with_evidence, with_sums
from goldwire.eval.report.values import Report
from goldwire.eval.report.whole import make_whole
from goldwire.eval.scoring.files import read_record
from goldwire.eval.scoring.parts import DrawnGold
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.testing import corpus as made
from goldwire.testing import document, layer


@pytest.fixture(scope="module")
def scored(scored, tmp_path_factory) -> Path:
    """The corpus with its documents in order of id, so that it can be cut into blocks."""
    folder = Path(shutil.copytree(scored, tmp_path_factory.mktemp("ordered") / "mazar"))
    in_order(open_corpus(folder).documents_path())
    return folder


def in_order(path: Path, *, reverse: bool = False) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(sorted(lines, key=lambda line: json.loads(line)["id"], reverse=reverse)))


@pytest.fixture
def record(scored) -> Record:
    return read_record(scored / "records" / "default.json")


@pytest.fixture
def blocks(monkeypatch) -> None:
    """A document a block, or little more."""
    monkeypatch.setattr(chunks, "SIZE", 1)


def bare(record: Record) -> Report:
    return make_report({"r": record}, quick=True, tested=False)


def at_once(folder, record: Record) -> Report:
    return with_evidence(bare(record), gather(open_corpus(folder), {"r": record}))


def added(folder, record: Record) -> Report:
    return with_sums(bare(record), add_up(open_corpus(folder), {"r": record}))


def drawn(record: Record) -> Record:
    """As if its documents stood for one to three."""
    numbers = range(len(record.documents))
    weights = DrawnGold(
        each=tuple(1.0 + number % 3 for number in numbers),
        strata=tuple(number % 2 for number in numbers),
        names=("a", "b"),
        draws=(),
    )
    return msgspec.structs.replace(record, weights=weights)


# ---------------------------------------------------------------- sums
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_blocks_add_up_to_what_all_documents_tell(scored, record, blocks, kept, weighted):
    found = record if kept else msgspec.structs.replace(record, findings=())
    found = drawn(found) if weighted else found
    assert len(list(iter_evidence(open_corpus(scored), {"r": found}))) == len(found.documents)
    report = added(scored, found)
    assert msgspec.json.encode(report) == msgspec.json.encode(at_once(scored, found))
    assert report.matrices
    assert report.versus
    assert any(step.gain for cost in report.costs for step in cost.steps)
    assert bool(report.curves) is not weighted


def test_what_a_record_keeps_is_not_found_again_in_blocks(scored, record, blocks, monkeypatch):
    def compared(*_):
        raise AssertionError("compared again")

    monkeypatch.setattr(classes, "mentions", compared)
    assert added(scored, record).errors
    with pytest.raises(AssertionError, match="compared again"):
        added(scored, msgspec.structs.replace(record, findings=()))


def test_findings_of_other_units_are_not_believed_in_blocks(scored, record, blocks):
    """As of a record that somebody wrote by other means: those of one system are said to be another's."""
    turned = {"noisy": "lexicon", "lexicon": "noisy"}
    findings = tuple(
        msgspec.structs.replace(found, system=turned.get(found.system, found.system))
        for found in record.findings
    )
    other = msgspec.structs.replace(record, findings=findings)
    assert added(scored, other) == added(scored, record)


def test_documents_in_disorder_are_read_at_once(corpus: Corpus, record, blocks):
    whole = added(corpus.path, record)
    in_order(corpus.documents_path(), reverse=True)
    assert added(corpus.path, record) == whole


def test_layers_and_texts_that_changed_are_refused(corpus: Corpus, record, blocks):
    corpus.write_layer("gold", list(corpus.layer("gold").values())[1:])
    with pytest.raises(JudgementError, match=r"changed since the record was made: gold; score again"):
        add_up(corpus, {"r": record})


def test_all_faults_of_a_broken_layer_are_told(corpus: Corpus, record, blocks):
    path = corpus.layer_path("system/noisy")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0][:-5], *lines[1:-1], lines[-1][:-5]]))
    with pytest.raises(DataError) as raised:
        add_up(corpus, {"r": record})
    assert len(raised.value.faults) == 2


# ---------------------------------------------------------------- pages
def test_a_page_of_many_documents_lists_some_and_says_so(scored, record, monkeypatch):
    home, records = open_corpus(scored), {"r": record}
    report, whole = make_whole(records, home)
    monkeypatch.setattr(excerpts, "LISTED", 7)
    same, some = make_whole(records, home)
    assert same == report
    listed = [entry[0] for entry in some["index"]["documents"]]
    assert len(listed) == 7
    assert listed == sorted(listed)
    figures = {entry[0]: entry for entry in whole["index"]["documents"]}
    assert some["index"]["documents"] == [figures[id] for id in listed]
    texts = {one["i"]: one["t"] for name in some if name.startswith("docs-") for one in some[name]}
    assert texts == {one.id: one.text for one in home.documents() if one.id in listed}
    assert "Of 18 documents 7 are listed here" in render(same, some)
    assert "are listed here" not in render(report, whole)


def test_numbers_beside_examples_are_of_all_and_a_rare_one_is_among_the_documents(tmp_path, monkeypatch):
    documents = [document("Ann saw Rome", f"d{number:02}") for number in range(40)]
    gold = layer(documents, [[("Ann", "PER"), ("Rome", "LOC")]] * 40)
    units = [[("Ann", "PER")] for _ in documents]
    units[23] = [("Ann", "ORG")]
    home = made(tmp_path / "c", documents, {"gold": gold, "system/s": layer(documents, units)})
    records = {"r": score_corpus(home, "gold", ["s"], ["entity"], options=Options(trials=0))}
    _, whole = make_whole(records, home)
    monkeypatch.setattr(excerpts, "LISTED", 12)
    _, some = make_whole(records, home)
    ids = [entry[0] for entry in some["index"]["documents"]]
    assert len(ids) == 12
    assert "d23" in ids

    def totals(blocks):
        return {cell["title"]: cell["total"] for cell in blocks["cells-x0"].values()}

    told = {"gold LOC, system missed": 40, "gold PER, system PER": 39, "gold PER, system ORG": 1}
    assert totals(some) == totals(whole) == told
    for cell in some["cells-x0"].values():
        assert cell["examples"]
        assert all(ids[one["d"]] == one["i"] for one in cell["examples"])


def test_a_text_that_is_not_what_its_hash_says_is_not_shown(corpus: Corpus, record, monkeypatch):
    monkeypatch.setattr(excerpts, "LISTED", 17)
    path = corpus.documents_path()
    path.write_bytes(re.sub(rb'"text":"(.)', rb'"text":"X\1', path.read_bytes()))
    with pytest.raises(DataError, match=r"documents.jsonl: \d+ fault"):
        make_whole({"r": record}, corpus)


@pytest.mark.parametrize("crowded", ["one", "two"])
def test_systems_are_held_against_each_other_where_both_were_compared(tmp_path, monkeypatch, crowded):
    monkeypatch.setattr(align, "MOST", 6)
    over = [document("Ann met Bob in Kabul. Bob left Kabul.", f"d{number}") for number in range(3)]

    def marked(*lines: tuple[int, int]) -> list[Annotations]:
        """So many mentions a document, all of them over each other, from a place on."""
        return [
            Annotations(
                document=one.id,
                sha256=one.sha256,
                mentions=tuple(
                    Mention(id=f"m{number}", type="PER", spans=(Span(first, 10 + number),))
                    for number in range(many)
                ),
            )
            for one, (many, first) in zip(over, lines, strict=True)
        ]

    # In d0 one system has too many mentions over those of gold: its errors there are not looked at.
    layers = {"one": marked((4, 1), (1, 0), (0, 0)), "two": marked((1, 0), (0, 0), (1, 0))}
    if crowded == "two":
        layers = {"one": layers["two"], "two": layers["one"]}
    gold = marked((4, 0), (1, 0), (1, 0))
    corpus = made(
        tmp_path / "c", over, {"gold": gold, **{f"system/{name}": line for name, line in layers.items()}}
    )
    record = score_corpus(corpus, "gold", ["one", "two"], ["entity"], options=Options(trials=0))
    assert {one.system for one in record.confusions if one.left_out} == {crowded}
    report, whole = make_whole({"r": record}, corpus)
    [pair] = report.versus
    # One has the unit of d1 right, the other that of d2.
    assert (pair.fixed, pair.broken, pair.both_right, pair.both_wrong) == (1, 1, 0, 0)
    examples = whole[f"versus-{pair.key}"]
    assert {name: [one["d"] for one in shown] for name, shown in examples.items()} == {
        "fixed": [2 if crowded == "one" else 1],
        "broken": [1 if crowded == "one" else 2],
        "wrong": [],
    }
