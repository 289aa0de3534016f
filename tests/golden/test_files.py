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
"""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.store import open_corpus
from goldwire.corpora.validate import corpus_faults
from goldwire.eval.counting import earlier
from goldwire.eval.counting.texts import make_texts, read_texts
from goldwire.eval.scoring.files import read_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import score_corpus

HERE = Path(__file__).parent
BY_HAND = {
    "entity": (2 / 4, 2 / 8, 4 / 12),
    "untyped": (3 / 4, 3 / 8, 6 / 12),
    "overlap": (3 / 4, 3 / 8, 6 / 12),
    "TC": (1 / 1, 1 / 3, 2 / 4),
    "AC+": (2 / 2, 2 / 8, 4 / 10),
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


def test_corpus_and_layers_still_have_the_fingerprints_they_had(record: Record) -> None:
    corpus, scored = open_corpus(HERE / "corpus"), {*record.documents}
    texts = make_texts(row for row in read_texts(corpus).rows if row.id in scored)
    assert earlier.of_texts(texts) == record.corpus.fingerprint
    for layer in (record.gold, *record.systems):
        assert earlier.of_layer(corpus, layer.layer, texts) == layer.fingerprint


def test_record_passes_the_gate_against_its_baseline(tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "files")
    files = tmp_path / "files"
    done = CliRunner().invoke(
        app,
        ["eval", "gate", str(files / "record.json"), "--baseline", str(files / "baseline.json"), "--json"],
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == "pass"
