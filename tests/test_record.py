"""Records keep everything, come back identical, and say what is wrong with a file that is none."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.codec import from_plain
from goldwire.corpora.errors import CorpusError, DataError, JudgementError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.counting.counts import condense, make_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.files import decode_record, encode_record, read_record, schema, write_record
from goldwire.eval.scoring.record import FORMAT, independent, iter_warnings
from goldwire.eval.scoring.score import score
from goldwire.eval.scoring.tables import encode_patterns
from goldwire.eval.statistics.figures import averages
from goldwire.eval.statistics.intervals import figure_intervals

DOCUMENTS = tuple(f"d{i}" for i in range(7))
LABELS = ("", "GPE", "PER")
row = st.tuples(
    st.integers(0, 6),
    st.integers(0, 2),
    st.lists(st.integers(0, 2) | st.sampled_from([0.5, 1 / 3]), min_size=4, max_size=4),
)


@given(st.lists(row, max_size=20))
def test_counts_come_back_identical(rows):
    counts = make_counts(DOCUMENTS, LABELS, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    table = encode_patterns(condense(counts), "s", "m")
    assert table.decoded.expand(DOCUMENTS) == counts
    written = msgspec.json.encode(table, enc_hook=tuple)
    again = msgspec.json.decode(written, type=type(table), dec_hook=from_plain)
    assert again.decoded.expand(DOCUMENTS) == counts


@given(st.lists(row, max_size=20))
def test_documents_of_equal_counts_share_a_pattern(rows):
    counts = make_counts(DOCUMENTS, LABELS, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    table = encode_patterns(condense(counts), "s", "m")
    assert len(set(table.patterns)) == len(table.patterns)
    assert sorted(set(table.documents)) == list(range(len(table.patterns)))


@pytest.fixture(scope="module")
def record():
    documents = [make_document(f"d{i}", "Rebels took Kunduz and Balkh.") for i in range(5)]

    def layer(*places):
        return [
            Annotations(
                document=document.id,
                sha256=document.sha256,
                mentions=tuple(
                    Mention(id=str(i), type="GPE", spans=(Span(*place),)) for i, place in enumerate(found)
                ),
            )
            for document, found in zip(documents, places, strict=True)
        ]

    kunduz, balkh = (12, 18), (23, 28)
    gold = layer(*[[kunduz, balkh]] * 5)
    systems = {
        "one": layer([kunduz], [kunduz, balkh], [], [balkh], [kunduz, (0, 6)]),
        "two": layer(*[[kunduz]] * 5),
    }
    return score(gold, systems, documents, ["entity", "partial", "entity,average=macro"])


def test_a_record_comes_back_from_disk_identical(record, tmp_path):
    path = write_record(record, tmp_path / "deep" / "r.json")
    assert read_record(path) == record
    assert encode_record(read_record(path)) == path.read_bytes()


def test_everything_can_be_worked_out_again_from_the_record(record, tmp_path):
    found = read_record(write_record(record, tmp_path / "r.json"))
    for result in found.results:
        measure = parse(result.measure)
        counts = found.get_counts(result.system, str(measure.counted))
        assert averages(counts, measure) == result.averages
        again = figure_intervals(counts, measure, seed=0)
        for figure, ends in result.intervals.items():
            assert (again[figure].low, again[figure].high) == (ends.low, ends.high)


def test_what_a_record_does_not_have_is_told(record):
    with pytest.raises(JudgementError, match="no system 'three'; there are: one, two"):
        record.get_counts("three", "entity:span+type@exact")
    with pytest.raises(JudgementError, match="no system 'onee'; nearest: one"):
        record.result("onee", "entity:span+type@exact")
    with pytest.raises(JudgementError, match="no counts of 'one' under 'event:type@bag'"):
        record.get_counts("one", "incident")
    with pytest.raises(JudgementError, match=r"no measure 'overlap'; there are: entity:span\+type@exact, "):
        record.result("one", "overlap")


def test_a_record_is_asked_by_any_name_of_a_measure_and_a_system(record):
    wanted = record.result("one", "entity:span+type@exact")
    assert record.result("one", "entity") is wanted
    assert record.result("one", "entity:type+span@exact") is wanted
    assert record.result("system/one", parse("entity")) is wanted


def test_counts_are_decoded_once(record):
    assert record.get_counts("one", "entity") is record.get_counts("one", "entity,average=macro")


def test_a_record_of_a_later_format_is_refused(record):
    later = json.loads(encode_record(record)) | {"format": FORMAT + 1, "unheard": 1}
    with pytest.raises(DataError, match="newer than this Goldwire reads"):
        decode_record(json.dumps(later).encode())


def test_all_faults_of_a_record_are_told(record):
    broken = json.loads(encode_record(record))
    del broken["gold"]["fingerprint"]
    broken["results"][0]["value"] = "high"
    broken["surprise"] = 1
    broken["counts"][0]["patterns"][0][0][1] = None
    with pytest.raises(DataError) as caught:
        decode_record(json.dumps(broken).encode(), "r.json")
    assert {fault.path for fault in caught.value.faults} == {
        "$",
        "$.gold",
        "$.results[0].value",
        "$.counts[0].patterns[0][0][1]",
    }


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"null"])
def test_what_is_no_record_is_refused(data):
    with pytest.raises(DataError, match="not a record"):
        decode_record(data)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        read_record(tmp_path / "nothing.json")


def test_the_published_schema_is_that_of_the_type(root):
    published = json.loads((root / "docs" / "record.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(schema()))


def test_a_record_fits_the_published_schema(root, record):
    jsonschema = pytest.importorskip("jsonschema")
    published = json.loads((root / "docs" / "record.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(encode_record(record)), published)


def test_a_large_record_is_small():
    rng = np.random.default_rng(0)
    documents = tuple(f"d{i:05}" for i in range(20_000))
    counts = make_counts(
        documents, ("A", "B"), np.arange(20_000), rng.integers(0, 2, 20_000), rng.integers(0, 3, (20_000, 4))
    )
    table = encode_patterns(condense(counts), "s", "m")
    assert len(table.patterns) <= 2 * 81
    assert len(msgspec.json.encode(table, enc_hook=tuple)) < 100_000
    assert table.decoded.expand(documents) == counts


# ---------------------------------------------------------------- what must be told before the figures
def test_ten_documents_or_fewer_are_told_of_and_none_is_not(record):
    assert [told.split(".")[0] for told in iter_warnings(record)] == ["These figures rest on 5 documents"]
    many, one, none = (
        msgspec.structs.replace(record, documents=tuple(f"d{k}" for k in range(size))) for size in (11, 1, 0)
    )
    assert list(iter_warnings(many)) == []
    assert "rest on 1 document." in next(iter_warnings(one))
    assert list(iter_warnings(none)) == []


def test_near_duplicates_are_one_document(record):
    many = msgspec.structs.replace(
        record, documents=tuple(f"d{k}" for k in range(12)), groups=(0, 0, 0, *range(9))
    )
    assert independent(many) == 9
    assert "rest on 12 documents in 9 groups of near-duplicates." in next(iter_warnings(many))


def test_groups_are_told_of_also_where_they_are_enough(record):
    many = msgspec.structs.replace(
        record, documents=tuple(f"d{k}" for k in range(2000)), groups=tuple(k % 18 for k in range(2000))
    )
    assert [told.partition(":")[0] for told in iter_warnings(many)] == [
        "2,000 documents in 18 groups of near-duplicates"
    ]
