"""Findings kept with a record: read by reports, never stale, not believed when damaged, nowhere else."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import DataError, JudgementError
from goldwire.corpora.store import open_corpus
from goldwire.eval.errors import classes
from goldwire.eval.errors.classes import CLASSES, CORRECT, MISSED, SPURIOUS, TYPE
from goldwire.eval.errors.outcomes import NONE
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.policy import read as read_policy
from goldwire.eval.report.build import make_report
from goldwire.eval.report.evidence import gather
from goldwire.eval.report.payload import make_blocks
from goldwire.eval.report.sums import with_evidence
from goldwire.eval.scoring import kept
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import corpus, document, layer

# Gold: PER at "Ann", LOC at "Rome"; in the second document PER at "Bob".
# The system: PER at "Ann"; then ORG at "Bob", and LOC at "Oslo", which gold does not have.
DOCUMENTS = [document("Ann saw Rome", "a"), document("Bob left Oslo", "b"), document("Nobody", "c")]
GOLD = layer(DOCUMENTS, [[("Ann", "PER"), ("Rome", "LOC")], [("Bob", "PER")], []])
SYSTEM = layer(DOCUMENTS, [[("Ann", "PER")], [("Bob", "ORG"), ("Oslo", "LOC")], []])


def scored(**options) -> Record:
    return score(GOLD, {"s": SYSTEM}, DOCUMENTS, ["entity"], options=Options(trials=0, **options))


def test_each_unit_is_told_of_by_document_with_its_partner():
    found = kept.of_system(scored(), "s")["entity"]
    assert found.document.tolist() == [0, 0, 1, 1]
    assert found.kind.tolist() == [CORRECT, MISSED, TYPE, SPURIOUS]
    assert found.gold.tolist() == [0, 1, 0, NONE]
    assert found.system.tolist() == [0, NONE, 0, 1]


def test_a_record_that_names_no_documents_keeps_no_findings():
    assert scored(stream=True).findings == ()


def test_more_than_is_kept_is_left_out(monkeypatch):
    monkeypatch.setattr(kept, "MOST", 3)  # there are four rows
    assert scored().findings == ()


def shown(folder, record):
    """All of a report, and how often units were compared for it."""
    place, records = open_corpus(folder), {"r": record}
    found = gather(place, records)
    report = with_evidence(make_report(records, quick=True), found)
    return msgspec.json.encode([report, make_blocks(report, found, records)])


@pytest.fixture
def place(tmp_path):
    return corpus(tmp_path / "work", DOCUMENTS, {"gold": GOLD, "system/s": SYSTEM}).path


def record_of(place):
    result = CliRunner().invoke(app, ["eval", "score", str(place), "--trials", "0"])
    assert result.exit_code == 0, result.output
    return place / "records" / "default.json"


def test_a_report_is_the_same_with_findings_and_without_and_compares_nothing_again(place, monkeypatch):
    record = decode_record(record_of(place).read_bytes())
    assert {found.units for found in record.findings} == {"entity", "event", "argument"}
    without = shown(place, msgspec.structs.replace(record, findings=()))

    def compared(*_):
        raise AssertionError("compared again")

    for name in ("mentions", "triggers"):
        monkeypatch.setattr(classes, name, compared)
    assert shown(place, record) == without
    with pytest.raises(AssertionError, match="compared again"):
        shown(place, msgspec.structs.replace(record, findings=()))


def test_layers_edited_since_are_told_as_without_findings(place):
    record = decode_record(record_of(place).read_bytes())
    open_corpus(place).write_layer("system/s", GOLD)
    with pytest.raises(JudgementError, match="changed since the record was made: system/s; score again"):
        gather(open_corpus(place), {"r": record})


def test_json_and_baselines_do_not_carry_them(place):
    result = CliRunner().invoke(app, ["eval", "score", str(place), "--trials", "0", "--json"])
    assert "findings" not in json.loads(result.stdout)
    record = decode_record((place / "records" / "default.json").read_bytes())
    assert record.findings
    assert make_baseline(record, read_policy("default")).record.findings == ()


# ---------------------------------------------------------------- damaged
def test_findings_that_differ_from_the_sums_beside_them_are_damage():
    record = scored()
    [confusion] = record.confusions
    other = msgspec.structs.replace(confusion, classes={**confusion.classes, CLASSES[CORRECT]: 2})
    with pytest.raises(DataError, match=r"other numbers of units than the confusion beside them"):
        decode_record(encode_record(msgspec.structs.replace(record, confusions=(other,))))


@pytest.mark.parametrize("field", ["documents", "classes", "partners"])
@given(data=st.data())
def test_damaged_columns_are_told_and_nothing_else_happens(field, data):
    record = scored()
    [found] = record.findings
    changed = bytearray(getattr(found, field))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = msgspec.structs.replace(found, **{field: bytes(changed)})
    with suppress(DataError):
        read = decode_record(encode_record(msgspec.structs.replace(record, findings=(damaged,))))
        # A bit that says nothing, or other pairs that may be.
        assert len(kept.of_system(read, "s")["entity"]) == 4


@pytest.mark.parametrize("rows", [-1, 5, 10**9])
def test_another_number_of_rows_is_damage(rows):
    record = scored()
    damaged = msgspec.structs.replace(record.findings[0], rows=rows)
    with pytest.raises(DataError):
        decode_record(encode_record(msgspec.structs.replace(record, findings=(damaged,))))


def test_a_record_of_before_has_no_findings_and_is_read():
    raw = json.loads(encode_record(scored()))
    del raw["findings"]
    assert decode_record(json.dumps(raw).encode()).findings == ()
