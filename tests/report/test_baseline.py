"""Baselines on disk: small, readable as a diff, and refused when they are something else."""

from __future__ import annotations

import re

import msgspec
import pytest

from goldwire.corpora.errors import CorpusError, DataError, JudgementError
from goldwire.corpora.store import open_corpus
from goldwire.eval.comparison.located import decode_hits
from goldwire.eval.counting import chunks
from goldwire.eval.gate import policy as policies
from goldwire.eval.gate.baseline import (
    decode_baseline,
    encode_baseline,
    iter_changes,
    make_baseline,
    read_baseline,
    write_baseline,
)
from goldwire.eval.gate.examples import read_hits
from goldwire.eval.gate.judgement import judge
from goldwire.eval.scoring.files import decode_record, encode_record, read_record
from goldwire.eval.scoring.score import Options, score_corpus


@pytest.fixture(scope="module")
def record(scored):
    return read_record(scored / "records" / "default.json")


@pytest.fixture(scope="module")
def baseline(scored, record):
    policy = policies.read("default")
    hits = read_hits(open_corpus(scored), record, policy.measures())
    return msgspec.structs.replace(make_baseline(record, policy), hits=hits)


def test_a_baseline_reads_back_as_it_was(baseline, tmp_path):
    write_baseline(baseline, tmp_path / "deep" / "baseline.json")
    assert read_baseline(tmp_path / "deep" / "baseline.json") == baseline


def test_it_holds_only_what_the_policy_judges(baseline):
    assert set(baseline.record.measures) == set(policies.read("default").measures())
    assert {table.measure for table in baseline.record.counts} == set(baseline.record.measures)
    assert all(system.facts in ({}, {"fixed": True}) for system in baseline.record.systems)


def test_it_keeps_the_signatures(baseline, record):
    kept = {(r.system, r.measure): r.signature for r in baseline.record.results}
    assert kept == {key: record.result(*key).signature for key in kept}
    assert len(kept) == 3 * 3


def test_each_list_of_counts_has_a_line_of_its_own(baseline):
    lines = encode_baseline(baseline).decode().splitlines()
    assert sum(line.startswith(' {"system"') and "patterns" in line for line in lines) == 3 * 3


def test_hits_read_in_blocks_are_those_of_all_at_once(corpus, record, monkeypatch):
    measures, path = policies.read("default").measures(), corpus.documents_path()
    whole = read_hits(corpus, record, measures)  # at once: documents are not in order of id here
    path.write_bytes(b"".join(sorted(path.read_bytes().splitlines(keepends=True))))  # the id is in front
    monkeypatch.setattr(chunks, "SIZE", 1)
    monkeypatch.setattr("goldwire.eval.gate.examples._read", None)  # nobody reads all
    found = read_hits(corpus, record, measures)
    assert msgspec.json.encode(found) == msgspec.json.encode(whole)


def test_hits_of_layers_that_changed_are_refused_in_blocks(corpus, record):
    path = corpus.documents_path()
    path.write_bytes(b"".join(sorted(path.read_bytes().splitlines(keepends=True))))
    corpus.write_layer("system/noisy", list(corpus.layer("system/noisy").values())[1:])
    with pytest.raises(JudgementError, match="changed since the record was made: system/noisy"):
        read_hits(corpus, record, policies.read("default").measures())


def test_a_baseline_that_names_no_documents_is_told_as_such(scored):
    policy, options = policies.read("default"), Options(stream=True, trials=0)
    streamed = score_corpus(open_corpus(scored), "gold", ["noisy"], policy.measures(), options=options)
    read = decode_baseline(encode_baseline(make_baseline(streamed, policy)))
    with pytest.raises(JudgementError, match="does not name its documents"):
        judge(streamed, read, policy)


def test_hits_say_as_many_right_units_as_the_counts_do(baseline, record):
    hits = baseline.hits["noisy"]["event:trigger+type@exact"]
    right = sum(sum(decode_hits(digits)) for digits in hits.values())
    assert right == record.result("noisy", "event:trigger+type@exact").averages["micro"].gold_hits


def test_a_record_without_the_measures_of_the_policy_makes_no_baseline(record):
    with pytest.raises(JudgementError, match=r"argument:trigger\+type\+role\+span@exact"):
        make_baseline(msgspec.structs.replace(record, measures=record.measures[:2]), policies.read("default"))


def test_no_baseline_says_how_to_write_one(tmp_path):
    with pytest.raises(CorpusError, match="--update"):
        read_baseline(tmp_path / "none.json")


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"format":1,"policy":"x"}', b"\xff\xfe", b'{"a":1}'])
def test_what_is_no_baseline_is_refused(data):
    with pytest.raises(DataError, match="not a baseline"):
        decode_baseline(data)


def test_a_record_in_place_of_a_baseline_is_told_as_such_in_one_line(baseline, record):
    with pytest.raises(DataError) as told:
        decode_baseline(encode_record(record))
    [fault] = told.value.faults
    assert re.search("another kind of file: it has .*corpus.*, and should have policy, record", fault.message)
    with pytest.raises(DataError) as told:
        decode_record(encode_baseline(baseline))
    [fault] = told.value.faults
    assert re.search("it has policy, .*record, and should have goldwire, corpus, gold", fault.message)


def test_a_baseline_of_a_later_format_is_refused(baseline):
    data = encode_baseline(msgspec.structs.replace(baseline, format=99))
    with pytest.raises(DataError, match="newer"):
        decode_baseline(data)
    with pytest.raises(DataError, match="newer"):
        decode_baseline(b'{"format":99,"a field of that format":1}')


def test_an_update_says_what_changes(baseline, record):
    first = list(iter_changes(None, baseline))
    assert any(line.startswith("noisy TC: none -> ") for line in first)
    assert all(line.endswith("as before") for line in iter_changes(baseline, baseline))
    other = msgspec.structs.replace(
        record, corpus=msgspec.structs.replace(record.corpus, version="9", fingerprint="f9")
    )
    changed = list(iter_changes(baseline, make_baseline(other, policies.read("default"))))
    assert any(line.startswith("corpus: ") and line.endswith("(f9)") for line in changed)
