"""Files of format 1 stay readable and say what they said: a corpus, a record, a baseline. Counted by hand.

one   Rebels shelled Balkh on Monday. The governor fled to Kabul.
      gold: MIL GPE TIME PER GPE; Attack (3 arguments), Move (2)
      a:    Rebels MIL, Balkh FAC, "The governor" PER, Kabul GPE; Attack with 2 of the 3 arguments
two   The governor met elders in Kabul.
      gold: PER PER GPE; Meet (3 arguments)
      a:    no line

entity   right 2 (Rebels, Kabul) of 4; gold 8      P 2/4  R 2/8  F 4/12
untyped  and Balkh: right 3 of 4; gold 8           P 3/4  R 3/8  F 6/12
overlap  Rebels, the governor, Kabul: 3 of 4       P 3/4  R 3/8  F 6/12
TC       right 1 of 1; gold 3                      P 1/1  R 1/3  F 2/4
AC+      right 2 of 2; gold 8                      P 2/2  R 2/8  F 4/10

Format 2 (`partial`, `record-2.json`, `baseline-2.json`: layers written by hand, the record by `eval score`):

one    Rebels shelled Balkh on Monday.   gold MIL GPE TIME; Attack (2 arguments)
       a: Rebels MIL, Balkh FAC, the Attack; rejected CITY at Balkh (unknown type), GPE (words not there)
two    The governor met elders.          gold empty; a: "The governor" PER
three  Troops left Kabul.                gold MIL GPE; Withdraw (2 arguments)
       a: both mentions; rejected the Withdraw (words not there), and so its 2 arguments
four, five, six                          gold skipped, a draft, no line; a: 1, 1 and 2 mentions
seven  Kunduz fell.                      gold GPE; a failed, as it was allowed to once

scored are one, two, three and seven
entity   right Rebels, Troops, Kabul: 3 of 3 + 2 + 1 + 1; gold 6         P 3/7  R 3/6  F 6/13
untyped  CITY and FAC are one span, and right: 4 of 6; gold 6            P 4/6  R 4/6  F 8/12
TC       right 1 of 2; gold 2                                            P 1/2  R 1/2  F 2/4
AC+      right 2 of 4; gold 4                                            P 2/4  R 2/4  F 4/8
rejected 2 mentions, 1 event, 2 arguments of 7 + 1 + 5 units given: 5 of 13
"""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import open_corpus
from goldwire.corpora.validate import corpus_faults
from goldwire.eval.compare import compare
from goldwire.eval.gate import policy as policies
from goldwire.eval.gate.baseline import read_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.record import Coverage, Record, read_record
from goldwire.eval.rejections import rejection_rate
from goldwire.eval.score import score_corpus

HERE = Path(__file__).parent
BY_HAND = {
    "entity": (2 / 4, 2 / 8, 4 / 12),
    "untyped": (3 / 4, 3 / 8, 6 / 12),
    "overlap": (3 / 4, 3 / 8, 6 / 12),
    "TC": (1 / 1, 1 / 3, 2 / 4),
    "AC+": (2 / 2, 2 / 8, 4 / 10),
}

PARTIAL = {
    "entity": (3 / 7, 3 / 6, 6 / 13),
    "untyped": (4 / 6, 4 / 6, 8 / 12),
    "TC": (1 / 2, 1 / 2, 2 / 4),
    "AC+": (2 / 4, 2 / 4, 4 / 8),
}


def figures(record: Record) -> list[tuple[float | None, ...]]:
    micro = [result.averages["micro"] for result in record.results]
    return [(score.precision, score.recall, score.f) for score in micro]


@pytest.fixture
def record() -> Record:
    return read_record(HERE / "record.json")


def test_corpus_is_sound_and_scores_as_counted() -> None:
    corpus = open_corpus(HERE / "corpus")
    assert corpus_faults(corpus) == {}
    found = figures(score_corpus(corpus, "gold", ["a"], BY_HAND))
    assert found == [pytest.approx(values) for values in BY_HAND.values()]


def test_record_is_read_with_its_figures(record: Record) -> None:
    assert figures(record) == [pytest.approx(values) for values in BY_HAND.values()]


def test_corpus_and_layers_have_the_fingerprints_they_had(record: Record) -> None:
    found = score_corpus(open_corpus(HERE / "corpus"), "gold", ["a"], ["entity"])
    assert found.corpus.fingerprint == record.corpus.fingerprint
    assert found.gold.fingerprint == record.gold.fingerprint
    assert found.systems[0].fingerprint == record.systems[0].fingerprint


def test_record_passes_the_gate_against_its_baseline(tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "files")
    files = tmp_path / "files"
    done = CliRunner().invoke(
        app,
        ["eval", "gate", str(files / "record.json"), "--baseline", str(files / "baseline.json"), "--json"],
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == "pass"


# ---------------------------------------------------------------- format 2
def test_partial_corpus_is_sound_and_scores_as_counted() -> None:
    corpus = open_corpus(HERE / "partial")
    assert corpus_faults(corpus) == {}
    found = score_corpus(corpus, "gold", ["a"], PARTIAL)
    assert figures(found) == [pytest.approx(values) for values in PARTIAL.values()]
    kept = read_record(HERE / "record-2.json")
    assert figures(kept) == figures(found)
    assert kept.coverage == found.coverage == Coverage(corpus=7, unjudged=1, skipped=1, drafts=1, empty=1)
    for record in (kept, found):
        [system] = record.systems
        assert (system.failed, system.missing, system.uncounted) == (1, 0, 4)
        assert system.rejected == {"unknown-type": 1, "words-differ": 4}
        found_rate = rejection_rate(record, "a")
        assert found_rate is not None
        assert found_rate[:2] == (5, 13)
    assert found.systems[0].fingerprint == kept.systems[0].fingerprint
    assert found.corpus.fingerprint == kept.corpus.fingerprint


def test_baseline_of_format_2_judges_its_record_and_holds_what_was_rejected() -> None:
    held, record = read_baseline(HERE / "baseline-2.json"), read_record(HERE / "record-2.json")
    rules = policies.decode(
        '[[rules]]\nmeasure = "entity"\ndrop = 0.02\n[[rules]]\nfigure = "rejected"\nceiling = 0.5\n'
    )
    judged = judge(record, held, rules)
    assert [check.verdict for check in judged.checks] == ["pass", "pass"]
    assert judged.checks[1].now == pytest.approx(5 / 13)


# ---------------------------------------------------------------- both together
def test_a_record_of_format_1_is_compared_where_the_new_policies_decided_nothing(record: Record) -> None:
    corpus = open_corpus(HERE / "corpus")
    new = score_corpus(corpus, "gold", ["a"], ["entity"])
    [comparison] = compare({"old": record, "new": new}, ["entity"])
    assert [standing.value for standing in comparison.standings] == [pytest.approx(4 / 12)] * 2


def test_a_record_of_format_1_is_not_compared_where_a_policy_decided(record: Record) -> None:
    [system] = record.systems
    counted = msgspec.structs.replace(system, facts={"quarantined": {"mentions": 3}})
    old = msgspec.structs.replace(record, systems=(counted,))
    new = score_corpus(open_corpus(HERE / "corpus"), "gold", ["a"], ["entity"])
    with pytest.raises(JudgementError) as caught:
        compare({"old": old, "new": new}, ["entity"])
    told = "policy rejected, which decides on 3 units: old has left-out, new has spurious"
    assert told in str(caught.value)
