"""Files of format 2 say what they said: partial gold, rejected units, a failed document. Counted by hand.

        text                                gold                                b
one     Rebels shelled Balkh on Monday.     MIL GPE TIME; Attack, 3 arguments   Rebels MIL
two     The governor met elders in Kabul.   PER PER GPE; Meet, 3 arguments      governor, Kabul; Meet of both
three   Nothing was heard on either side.   an empty line                       side LOC
four    Rebels left Herat.                  MIL GPE                             failed: time-out
five    Rebels took Kunduz.                 no line                             2 mentions, 1 rejected
six     Kabul was quiet.                    skipped                             1 mention
seven   The governor spoke.                 a draft, PER                        1 mention, the same

Rejected of b in the first four, of 14 units given (7 mentions, 2 events, 5 arguments), 7:
    in place       Balkh as CITY; the event Raid at `shelled` with attacker and target    unknown-type    4
    not in place   Monday as TIME, said to read "monday"                                  words-differ    1
                   PER at 17–999                                                          outside-text    1
                   the participant that this PER would be                                 no-mention      1

`corpus`, `record.json`, `baseline.json`: now, on one to four, where gold has 8 mentions
entity    right 3 (Rebels, governor, Kabul) of 7    P 3/7   R 3/8   F 6/15
untyped   and Balkh, whose place is sound           P 4/7   R 4/8   F 8/15
overlap   as entity: Monday's place is not sound    P 3/7   R 3/8   F 6/15
TI        Raid, whose place is sound, and Meet      P 2/2   R 2/2   F 4/4
TC        Meet                                      P 1/2   R 1/2   F 2/4
AC+       right 2 of Meet's 3 and Raid's 2          P 2/5   R 2/6   F 4/11

`before`: of the same files by the first format, on all seven, drafts counted, without what was rejected
entity    right 4 (these 3, seven's) of 8; gold 9   P 4/8   R 4/9   F 8/17     untyped, overlap: the same
TI        Meet                                      P 1/1   R 1/2   F 2/3      TC: the same
AC+       right 2 of Meet's 2                       P 2/2   R 2/6   F 4/8
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora.codec import read_lines
from goldwire.corpora.rejected import by_kind
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Rejected
from goldwire.corpora.validate import corpus_faults
from goldwire.eval.counting import earlier
from goldwire.eval.counting.texts import make_texts, read_texts
from goldwire.eval.gate.baseline import read_baseline
from goldwire.eval.scoring.files import read_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.rejections import rejection_rate
from goldwire.eval.scoring.score import score_corpus

FIRST = Path(__file__).parent
HERE = FIRST / "partial"
Call = Callable[..., Any]
NOW = {
    "entity": (3 / 7, 3 / 8, 6 / 15),
    "untyped": (4 / 7, 4 / 8, 8 / 15),
    "overlap": (3 / 7, 3 / 8, 6 / 15),
    "TI": (1, 1, 1),
    "TC": (1 / 2, 1 / 2, 2 / 4),
    "AC+": (2 / 5, 2 / 6, 4 / 11),
}
BEFORE = {
    **dict.fromkeys(["entity", "untyped", "overlap"], (4 / 8, 4 / 9, 8 / 17)),
    **dict.fromkeys(["TI", "TC"], (1, 1 / 2, 2 / 3)),
    "AC+": (1, 2 / 6, 4 / 8),
}
KINDS = {"unknown-type": 4, "words-differ": 1, "outside-text": 1, "no-mention": 1}
MEASURES = [part for measure in NOW for part in ("--measure", measure)]
AS_BEFORE = ["--unjudged", "empty", "--drafts", "counted", "--rejected", "left-out"]


def figures(record: Record) -> list[Any]:
    micro = [result.averages["micro"] for result in record.results]
    return [pytest.approx((score.precision, score.recall, score.f)) for score in micro]


@pytest.fixture
def record() -> Record:
    return read_record(HERE / "record.json")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of all golden files, to write into."""
    shutil.copytree(FIRST, tmp_path / "golden")
    return tmp_path / "golden"


# ---------------------------------------------------------------- the second generation
def test_corpus_is_sound_and_scores_as_counted() -> None:
    corpus = open_corpus(HERE / "corpus")
    assert corpus_faults(corpus) == {}
    assert figures(score_corpus(corpus, "gold", ["b"], NOW)) == list(NOW.values())


def test_record_is_read_with_its_figures(record: Record) -> None:
    assert figures(record) == list(NOW.values())


def test_record_says_what_is_not_counted(record: Record) -> None:
    (b,) = record.systems
    coverage = record.coverage
    assert coverage is not None
    assert (coverage.corpus, coverage.unjudged, coverage.skipped, coverage.drafts) == (7, 1, 1, 1)
    assert (coverage.empty, record.documents) == (1, ("four", "one", "three", "two"))
    assert (b.missing, b.failed, b.allowed, b.rejected) == (0, 1, 1, KINDS)
    rate = rejection_rate(record, "b")
    assert rate is not None
    assert rate[:2] == (7, 14)


def test_rejected_units_are_read_from_lines_and_from_the_quarantine() -> None:
    layer = open_corpus(HERE / "corpus").layer("system/b")
    kept = [item for document in ("one", "two", "three", "four") for item in layer[document].rejected]
    assert by_kind(kept) == KINDS
    assert layer["four"].provenance.details["failed"] == "time-out"
    quarantine = read_lines(HERE / "corpus" / "runs" / "b" / "quarantine.jsonl", Rejected)
    assert by_kind(quarantine) == KINDS | {"unknown-type": 5}  # with that of five


def test_predictions_become_the_layer_that_they_became(files: Path, said_by: Call) -> None:
    spec = f"b=file:{files / 'partial' / 'predictions.jsonl'}"
    folder = files / "partial" / "corpus"
    assert said_by("eval", "run", folder, "--system", spec, "--allow-failures", "1").code == 0
    old, new = (open_corpus(path / "corpus").layer("system/b") for path in (HERE, files / "partial"))
    assert old.keys() == new.keys()
    for document, line in old.items():
        again = new[document]
        assert (again.mentions, again.events) == (line.mentions, line.events)
        assert [(item.kind, item.spans) for item in again.rejected] == [
            (item.kind, item.spans) for item in line.rejected
        ]


def test_corpus_and_layers_still_have_the_fingerprints_they_had(record: Record) -> None:
    corpus, scored = open_corpus(HERE / "corpus"), {*record.documents}
    texts = make_texts(row for row in read_texts(corpus).rows if row.id in scored)
    assert earlier.of_texts(texts) == record.corpus.fingerprint
    for layer in (record.gold, *record.systems):
        assert earlier.of_layer(corpus, layer.layer, texts) == layer.fingerprint


def test_record_passes_the_gate_against_its_baseline(files: Path, said_by: Call) -> None:
    said = gate(said_by, files / "partial" / "record.json", files / "partial" / "baseline.json")
    assert (said.code, said.json["verdict"]) == (0, "pass")


def gate(said_by: Call, record: Path, baseline: Path) -> Any:
    return said_by("eval", "gate", record, "--baseline", baseline, "--json")


# ---------------------------------------------------------------- both generations, where nothing was decided
@pytest.fixture
def anew(files: Path, said_by: Call) -> Path:
    """The corpus of the first format, which gold covers whole, scored now by the measures of its record."""
    measures = [
        part for measure in read_record(FIRST / "record.json").measures for part in ("--measure", measure)
    ]
    said = said_by("eval", "score", files / "corpus", *measures, "--name", "anew")
    assert said.code == 0, said.err
    return files / "corpus" / "records" / "anew.json"


def test_records_of_both_formats_are_compared(files: Path, said_by: Call, anew: Path) -> None:
    old, new = read_record(files / "record.json"), read_record(anew)
    assert (old.format, new.format) == (1, 4)
    assert {"unjudged", "drafts", "rejected"} <= new.policies.keys() - old.policies.keys()
    said = said_by("eval", "compare", files / "record.json", anew, "--json")
    assert said.code == 0, said.err
    differences = [pair["difference"] for measure in said.json for pair in measure["pairs"]]
    assert differences == [0] * len(old.measures)


def test_records_of_both_formats_are_reported_side_by_side(files: Path, said_by: Call, anew: Path) -> None:
    said = said_by("eval", "report", files / "record.json", anew)
    assert said.code == 0, said.err
    rows = [line.split() for line in said.out.splitlines()]
    for name in ("anew:a", "record:a"):  # entity: P 2/4, R 2/8, F 4/12
        assert any(row[0] == name and {"50.0", "25.0", "33.3"} <= {*row} for row in rows if row), name


def test_a_baseline_of_the_first_format_judges_a_new_record(files: Path, said_by: Call, anew: Path) -> None:
    said = gate(said_by, anew, files / "baseline.json")
    assert (said.code, said.json["verdict"]) == (0, "pass")


# ---------------------------------------------------------------- and where something was decided
def test_files_of_the_first_format_are_read_with_the_figures_they_had(said_by: Call) -> None:
    record = read_record(HERE / "before" / "record.json")
    assert (record.format, figures(record)) == (1, list(BEFORE.values()))
    assert read_baseline(HERE / "before" / "baseline.json").format == 1
    said = " ".join(said_by("eval", "report", HERE / "before" / "record.json").out.split())
    assert "gold has no line for 1 document, which counts as empty." in said
    assert "b failed on 1 of 7 documents, which counts as empty." in said
    assert "b: 6 units rejected when it was run, in no figure" in said


def test_a_layer_that_an_earlier_version_ran_is_not_taken_for_one_that_lost_nothing(
    files: Path, said_by: Call
) -> None:
    """Its lines have nothing rejected, its facts tell of six, as those of `before` do: P 3/4, no more."""
    corpus = open_corpus(files / "partial" / "corpus")
    lines = corpus.layer("system/b").values()
    corpus.write_layer("system/b", [msgspec.structs.replace(line, rejected=()) for line in lines])
    [before] = read_record(HERE / "before" / "record.json").systems
    digest = hashlib.sha256(corpus.layer_path("system/b").read_bytes()).hexdigest()
    (corpus.path / "runs" / "b" / "facts.json").write_text(json.dumps({**before.facts, "layer": digest}))
    said = said_by("eval", "score", corpus.path, "--measure", "entity")
    words = " ".join(said.out.split())
    assert "b: 6 units rejected when it was run, in no figure;" in words
    assert "entity (span + type) 75.0 37.5 50.0 3 4 8" in words


# What each policy decided between the two: one line that nobody judged and one skipped, one draft, 7 units.
DECIDED = [
    "policy drafts, which decides on 1 document: the baseline has counted, the record has left-out",
    "policy rejected, which decides on 7 units: the baseline has left-out, the record has spurious",
    "policy unjudged, which decides on 2 documents: the baseline has empty, the record has left-out",
]


def test_a_difference_that_decided_something_is_named_by_the_gate(files: Path, said_by: Call) -> None:
    said = gate(said_by, files / "partial" / "record.json", files / "partial" / "before" / "baseline.json")
    assert said.code == 2
    assert [line.strip() for line in said.err.splitlines()[1:]] == [
        "documents: the baseline has 7 (five, seven, six only there), the record has 4",
        *DECIDED,
        "If the change is meant, write a new baseline with --update.",
    ]


def test_a_difference_that_decided_something_keeps_records_apart(said_by: Call) -> None:
    said = said_by("eval", "compare", HERE / "before" / "record.json", HERE / "record.json")
    assert said.code == 2
    for policy, number in (("drafts", "1 document"), ("rejected", "7 units"), ("unjudged", "2 documents")):
        assert f"policy {policy}, which decides on {number}: " in said.err


def test_one_policy_that_decided_something_is_enough(files: Path, said_by: Call) -> None:
    folder = files / "partial" / "corpus"
    policies = AS_BEFORE[:4]
    assert said_by("eval", "score", folder, *MEASURES, *policies, "--name", "now").code == 0
    said = gate(said_by, folder / "records" / "now.json", files / "partial" / "before" / "baseline.json")
    assert said.code == 2
    # of all seven documents: with the CITY of five
    told = "policy rejected, which decides on 8 units: the baseline has left-out, the record has spurious"
    assert [line.strip() for line in said.err.splitlines()[1:-1]] == [told]


def test_by_the_policies_of_the_first_format_the_figures_are_what_they_were(
    files: Path, said_by: Call
) -> None:
    folder = files / "partial" / "corpus"
    said = said_by("eval", "score", folder, *MEASURES, *AS_BEFORE, "--name", "now")
    assert said.code == 0, said.err
    record = folder / "records" / "now.json"
    assert figures(read_record(record)) == list(BEFORE.values())
    said = gate(said_by, record, files / "partial" / "before" / "baseline.json")
    assert (said.code, said.json["verdict"]) == (0, "pass")
    before = files / "partial" / "before" / "record.json"
    assert said_by("eval", "compare", before, record).code == 0


def test_an_update_takes_what_is_new(files: Path, said_by: Call) -> None:
    baseline = files / "partial" / "before" / "baseline.json"
    record = files / "partial" / "record.json"
    assert said_by("eval", "gate", record, "--baseline", baseline, "--update").code == 0
    assert json.loads(baseline.read_text("utf-8"))["format"] == 4
    assert gate(said_by, record, baseline).code == 0
