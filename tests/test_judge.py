"""A judge's figures are corrected by people's gold, and refused where that cannot be."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.samples import Candidate, Draw, Sample, write
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Document, Mention, Provenance, Span
from goldwire.eval.comparison.judged import judge
from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics.figures import FIGURES, estimator
from goldwire.eval.statistics.predicted import Tables, correct

F = FIGURES.index("f")
MICRO = estimator(parse("entity"))
TEXT = "Ann Ben Cid Dan Eve Fay Gus Hal"  # eight names of three letters
PEOPLE = Provenance(status="adjudicated", details={"layers": ["annotator/a", "annotator/b"]})


def line(document: Document, names: Sequence[int], provenance: Provenance = PEOPLE) -> Annotations:
    mentions = tuple(
        Mention(id=f"m{n}", type="PER", spans=(Span(4 * n, 4 * n + 3),)) for n in sorted({*names})
    )
    return Annotations(document=document.id, sha256=document.sha256, mentions=mentions, provenance=provenance)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """120 documents with four names each; the judge takes half of what the system has wrong for right."""
    random = np.random.default_rng(4)
    documents = [make_document(f"d{i:03}", TEXT) for i in range(120)]
    made = create_corpus(tmp_path / "corpus", Manifest(name="t"), documents)
    gold, mine, critic = [], [], []
    for document in documents:
        right = [n for n in range(4) if random.random() < 0.8]
        wrong = [n for n in range(4, 8) if random.random() < 0.3]
        gold.append(line(document, range(4)))
        mine.append(line(document, [*right, *wrong], Provenance()))
        kind = [n for n in wrong if random.random() < 0.5]
        critic.append(line(document, [*range(4), *kind], Provenance()))
    made.write_layer("gold", gold[:60])
    made.write_layer("annotator/all", gold)
    made.write_layer("system/mine", mine)
    made.write_layer("system/critic", critic)
    return made


def test_what_a_kind_judge_says_is_corrected_towards_gold(corpus: Corpus) -> None:
    found = judge(corpus, ("mine", "critic"), ["entity"])
    assert (found.documents, found.others, found.unjudged, found.partial) == (60, 60, 0, 0)
    [one] = found.results
    f = one.figures["f"]
    whole = judge(corpus, ("mine", "critic"), ["entity"], gold="annotator/all", number=60).results[0]
    assert f.judged is not None
    assert f.gold.value is not None
    assert f.corrected.value is not None
    assert f.judged > f.corrected.value > 0
    assert f.worth is not None
    assert f.worth > 60
    assert one.signature.endswith("|judge:system/critic#" + one.signature.rpartition("#")[2])
    assert one.signature.startswith("entity:span+type@exact|avg:micro|")
    assert whole.figures["f"].judged == f.judged  # on all documents, whichever of them have gold


def test_a_judge_that_is_gold_says_what_gold_says_of_all_documents(corpus: Corpus) -> None:
    corpus.write_layer("system/oracle", corpus.layer("annotator/all").values())
    [one] = judge(corpus, ("mine", "oracle"), ["entity"]).results
    f = one.figures["f"]
    assert one.agreement == 1
    assert f.weight == pytest.approx(0.5, abs=0.1)  # 60 with gold, 60 without: each half counts about alike
    assert f.corrected.value == pytest.approx(f.judged, abs=0.01)


def test_a_judge_that_knows_nothing_counts_next_to_nothing() -> None:
    random = np.random.default_rng(7)
    hits = random.binomial(8, 0.7, 60).astype(float)
    gold = np.stack([hits, np.full(60, 8.0), hits, np.full(60, 8.0)], axis=1)
    noise = random.binomial(8, 0.5, 2060).astype(float)
    judged = np.stack([noise, np.full(2060, 8.0), noise, np.full(2060, 8.0)], axis=1)
    found = correct(Tables(gold, judged[:60], judged[60:]), MICRO)[F]
    assert found.weight < 0.4
    assert found.corrected.value == pytest.approx(found.gold.value, abs=0.02)


def test_the_weight_and_the_error_are_those_of_the_formula() -> None:
    # Recall of documents of one unit each is a mean, for which PPI++ has a closed form: with gold's y, the
    # judge's f there and g elsewhere, weight = cov(y, f) / (var(f) + var(g) n / N), all per document.
    y = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 1], float)
    f = np.array([1, 1, 0, 1, 1, 1, 1, 0, 1, 1], float)
    g = np.array([1, 0] * 10, float)

    def rows(hits: np.ndarray) -> np.ndarray:
        return np.stack([hits, np.ones(len(hits)), hits, np.ones(len(hits))], axis=1)

    found = correct(Tables(rows(y), rows(f), rows(g)), MICRO)[FIGURES.index("recall")]
    cov = np.cov(y, f)[0, 1] / 10
    weight = cov / (np.var(f, ddof=1) / 10 + np.var(g, ddof=1) / 20)
    assert found.weight == pytest.approx(weight, abs=1e-6)
    assert found.corrected.value == pytest.approx(0.7 + weight * (0.5 - 0.8), abs=1e-6)
    left = (
        np.var(y, ddof=1) / 10
        - 2 * weight * cov
        + weight**2 * (np.var(f, ddof=1) / 10 + np.var(g, ddof=1) / 20)
    )
    assert found.worth == round(10 * (np.var(y, ddof=1) / 10) / left)


def test_ninety_five_of_a_hundred_intervals_hold_what_is_true() -> None:
    # F of documents of ten units of which 80 % are right on both sides: 0.8. The judge takes a fifth of the
    # wrong for right. 300 repeats: a coverage of 95 % is known to 2.5 points.
    random, held, gaps = np.random.default_rng(3), 0, []
    for repeat in range(300):
        hits = random.binomial(10, random.beta(8, 2, 560))
        kind = hits + random.binomial(10 - hits, 0.2)
        gold, judged = (
            np.stack([n, np.full(560, 10), n, np.full(560, 10)], axis=1).astype(float) for n in (hits, kind)
        )
        found = correct(Tables(gold[:60], judged[:60], judged[60:]), MICRO, seed=repeat)[F].corrected
        assert found.low is not None
        assert found.high is not None
        assert found.value is not None
        held += found.low <= 0.8 <= found.high
        gaps.append(found.value - 0.8)
    assert held >= 0.92 * 300
    assert abs(np.mean(gaps)) < 0.003


# ---------------------------------------------------------------- what is refused
def test_gold_that_is_not_peoples_is_refused(corpus: Corpus) -> None:
    corpus.write_layer("machine", [line(d, range(4), Provenance(tool="x")) for d in corpus.documents()])
    with pytest.raises(MeasureError, match="does not say that people made it"):
        judge(corpus, ("mine", "critic"), ["entity"], gold="machine")


def test_gold_merged_from_what_no_person_made_is_refused(corpus: Corpus) -> None:
    merged = Provenance(status="adjudicated", details={"layers": ["annotator/a", "system/b"]})
    corpus.write_layer("mixed", [line(d, range(4), merged) for d in corpus.documents()])
    with pytest.raises(MeasureError, match="does not say that people made it"):
        judge(corpus, ("mine", "critic"), ["entity"], gold="mixed")


def test_too_little_gold_is_refused(corpus: Corpus) -> None:
    with pytest.raises(MeasureError, match="19 documents with gold"):
        judge(corpus, ("mine", "critic"), ["entity"], number=19)


def test_without_documents_beyond_gold_there_is_nothing_to_judge(corpus: Corpus) -> None:
    with pytest.raises(MeasureError, match="score by gold alone"):
        judge(corpus, ("mine", "critic"), ["entity"], gold="annotator/all")


def test_a_judge_that_disagrees_with_gold_corrects_nothing_and_that_is_told(corpus: Corpus) -> None:
    corpus.write_layer("system/silly", [line(d, [7], Provenance()) for d in corpus.documents()])
    [one] = judge(corpus, ("mine", "silly"), ["entity"]).results
    assert "the judge's own F by gold is 0.0, below 50" in one.refused
    assert one.figures["f"].corrected.value is None
    assert one.figures["f"].gold.value is not None


def draw(corpus: Corpus, probabilities: Sequence[float]) -> None:
    """A draw that took the documents with gold, each with a probability of its own."""
    drawn = tuple(
        Candidate(document=f"d{i:03}", probability=p, rank=i + 1 if i < 60 else None)
        for i, p in enumerate(probabilities)
    )
    write(corpus, Sample(Draw(draw="first", purpose="scoring", how="", made="2026-01-01"), drawn))


def test_gold_that_was_drawn_by_chance_corrects_as_gold_without_a_draw(corpus: Corpus) -> None:
    [before] = judge(corpus, ("mine", "critic"), ["entity"]).results
    draw(corpus, [0.5] * 120)
    [after] = judge(corpus, ("mine", "critic"), ["entity"]).results
    assert after.figures == before.figures


def test_gold_that_was_picked_is_refused(corpus: Corpus) -> None:
    draw(corpus, [0.2 + 0.3 * (i % 2) for i in range(120)])
    with pytest.raises(MeasureError, match="unequal probability"):
        judge(corpus, ("mine", "critic"), ["entity"])


def test_measures_whose_counts_do_not_add_up_are_refused(corpus: Corpus) -> None:
    with pytest.raises(MeasureError, match="do not add up"):
        judge(corpus, ("mine", "critic"), ["surface"])


def test_documents_that_were_not_judged_or_in_part_are_left_out_and_counted(corpus: Corpus) -> None:
    lines = list(corpus.layer("system/critic").values())
    failed = msgspec.structs.replace(lines[0], mentions=(), provenance=Provenance(details={"failed": "x"}))
    half = msgspec.structs.replace(lines[1], provenance=Provenance(details={"partial": "truncated"}))
    corpus.write_layer("system/critic", [failed, half, *lines[2:]])
    found = judge(corpus, ("mine", "critic"), ["entity"])
    assert (found.documents, found.others, found.unjudged, found.partial) == (58, 60, 1, 1)


def test_the_command_tells_all_three_figures_and_what_it_rests_on(corpus: Corpus) -> None:
    args = ["eval", "judge", str(corpus.path), "--system", "mine", "--judge", "critic"]
    told = CliRunner().invoke(app, args)
    assert told.exit_code == 0, told.output
    assert "by gold alone" in told.output
    assert "by the judge alone" in told.output
    assert "drawn by chance" in told.output
    found = json.loads(CliRunner().invoke(app, [*args, "--json"]).output)
    assert found["results"][0]["figures"]["f"]["corrected"]["value"] is not None
