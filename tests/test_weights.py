"""Scores of drawn gold: each document counts by what it stands for. All figures are counted by hand."""

from __future__ import annotations

import json
import sys
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

import goldwire as gw
from goldwire.corpora import samples
from goldwire.corpora.errors import JudgementError, MeasureError
from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Provenance
from goldwire.eval.comparison.compare import compare
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.gate.baseline import make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.measures.measure import parse
from goldwire.eval.report.build import make_report
from goldwire.eval.report.ceilings import with_ceilings
from goldwire.eval.scoring.files import read_record, write_record
from goldwire.eval.scoring.notes import iter_notes
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.scoring.weights import Weighting, weights
from goldwire.eval.statistics.figures import rows
from goldwire.testing import annotate

# Ten documents with a person and a place each. The system has both in even documents and the person alone in
# odd ones: F 1 and 2·1/(2+1) = 2/3.
DOCUMENTS = [make_document(f"d{number}", "Anna met Bern there.") for number in range(10)]
PERSON, PLACE = ((0, 4), "PER"), ((9, 13), "LOC")
QUICK = Options(trials=0)


def line(document, *units, **provenance):
    return annotate(document, *units, provenance=Provenance(**provenance))


SYSTEM = [
    line(document, PERSON, *([PLACE] if number % 2 == 0 else [])) for number, document in enumerate(DOCUMENTS)
]


def corpus_of(path, done, *, layer="gold", **statuses):
    corpus = create_corpus(path / "c", Manifest(name="c", version="1", language="en"), DOCUMENTS)
    gold = [line(DOCUMENTS[n], PERSON, PLACE, status=statuses.get(f"d{n}")) for n in done]
    corpus.write_layer(layer, gold)
    corpus.write_layer("system/one", SYSTEM)
    corpus.write_layer("system/both", [line(document, PERSON, PLACE) for document in DOCUMENTS])
    return corpus


def draw(corpus, chances, drawn, name="a", *, before=(), layer="gold", made="2026-01-01T00:00:00Z"):
    """A draw that could take the documents of `chances`, and took those in `drawn`."""
    candidates = tuple(
        Candidate(
            document=f"d{number}",
            probability=chance,
            rank=drawn.index(number) + 1 if number in drawn else None,
        )
        for number, chance in chances.items()
    )
    made_by = Draw(
        draw=name,
        purpose="scoring",
        how="by hand",
        made=made,
        layer=layer,
        before=tuple(f"d{number}" for number in before),
    )
    samples.write(corpus, Sample(made_by, candidates))


def scored(corpus, gold="gold", systems=("one",), measures=("entity",), **options):
    return score_corpus(corpus, gold, systems, measures, options=Options(**{"trials": 0, **options}))


def told(record):
    return " ".join(note.text for note in iter_notes(record) if note.kind == "weights")


# ---------------------------------------------------------------- figures
def test_a_document_counts_by_one_over_its_probability(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    [result] = scored(corpus).results
    # weights 2 and 8: right 2·2 + 8·1 = 12, given 4 + 8 = 12, gold 4 + 16 = 20
    score_ = result.averages["micro"]
    assert (score_.precision, score_.recall) == pytest.approx((1, 12 / 20))
    assert result.value == pytest.approx(24 / 32)
    # the mean over documents: (2·1 + 8·2/3) / 10
    assert result.averages["documents"].f == pytest.approx((2 + 16 / 3) / 10)
    # labels: persons all right; places 2·1 right of 2·1 + 8·1: P 1, R 1/5, F 1/3; macro (1 + 1/3) / 2
    assert result.labels["LOC"].recall == pytest.approx(0.2)
    assert result.averages["macro"].f == pytest.approx(2 / 3)


def test_sums_are_of_the_size_of_what_was_annotated(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    [result] = scored(corpus).results
    assert result.averages["micro"].gold == pytest.approx(4)  # 20 / mean weight 5


def test_what_was_annotated_before_is_a_stratum_that_stands_for_itself(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 2])
    draw(corpus, dict.fromkeys((0, *range(3, 10)), 0.1) | {1: 0.25}, [1], before=[2])
    record = scored(corpus, scope=Scope(documents=frozenset({"d1", "d2"})))
    # d1 weighs 4, d2 1: gold 10, found 4 + 2 = 6, right 6
    assert record.results[0].value == pytest.approx(12 / 16)
    assert record.weights.each == (4.0, 1.0)
    assert [record.weights.names[number] for number in record.weights.strata] == ["a", "a: before"]
    assert record.weights.before == 1


def test_equal_probabilities_give_the_figures_and_intervals_of_no_weights(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 2, 5])
    draw(corpus, dict.fromkeys(range(10), 0.3), [0, 1, 2, 5])
    one = scored(corpus, measures=["entity", "overlap"], trials=200)
    two = scored(corpus, measures=["entity", "overlap"], trials=200, unweighted=True)
    bare = [msgspec.structs.replace(result, signature="") for result in one.results]
    assert bare == [msgspec.structs.replace(result, signature="") for result in two.results]
    assert "All stand for as many" in told(one)


def test_two_draws_are_two_estimates_of_one_corpus(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 2])
    draw(corpus, dict.fromkeys(range(10), 0.2), [0, 1])
    draw(corpus, dict.fromkeys(range(2, 10), 0.1), [2], "b", before=[0, 1], made="2026-02-01T00:00:00Z")
    record = scored(corpus)
    # The first says 5 for each of its two; the second 1 for those and 10 for its own. Shares 2/3 and 1/3.
    assert record.weights.each == pytest.approx([11 / 3, 11 / 3, 10 / 3])


def a_draw(name, chances, taken, before=()):
    candidates = tuple(
        Candidate(document=f"d{n}", probability=p, rank=taken.index(n) + 1 if n in taken else None)
        for n, p in chances.items()
    )
    earlier = tuple(f"d{n}" for n in before)
    return Sample(Draw(draw=name, purpose="scoring", how="", made=name, before=earlier), candidates)


def test_over_all_draws_that_can_be_each_document_stands_for_one():
    """Two of five by chance, then one of the rest by size: every outcome, by how likely it is."""
    sizes, stood = [1, 2, 3, 4, 5], dict.fromkeys(range(5), 0.0)
    for first in combinations(range(5), 2):
        rest = [n for n in range(5) if n not in first]
        chances = {n: sizes[n] / sum(sizes[k] for k in rest) for n in rest}
        for second, chance in chances.items():
            both = (
                a_draw("a", dict.fromkeys(range(5), 2 / 5), list(first)),
                a_draw("b", chances, [second], first),
            )
            found = weights(Weighting(samples=both), [f"d{n}" for n in (*first, second)], None)
            for n, weight in zip((*first, second), found.each, strict=True):
                stood[n] += weight * chance / 10  # of ten pairs
    assert list(stood.values()) == pytest.approx([1] * 5)


def test_a_document_that_only_a_later_draw_could_take_is_of_that_draw_alone(tmp_path):
    corpus = corpus_of(tmp_path, [0, 9])
    draw(corpus, dict.fromkeys(range(9), 0.5), [0])
    draw(corpus, dict.fromkeys(range(1, 10), 0.25), [9], "b", before=[0], made="2026-02-01T00:00:00Z")
    # d0: 2 by the first, 1 by the second, in equal shares; d9 came later: 4 by the second alone
    assert scored(corpus).weights.each == pytest.approx([1.5, 4])


def test_a_document_annotated_between_draws_counts_for_the_later_one(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 9])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0])
    draw(corpus, dict.fromkeys(range(1, 9), 0.25), [1], "b", before=[0, 9], made="2026-02-01T00:00:00Z")
    record = scored(corpus)
    # d0: 2 and 1; d1: 0 and 4; d9, which the first could have drawn: 0 and 1
    assert record.weights.each == pytest.approx([1.5, 2, 0.5])
    assert "1 annotated between draws" in told(record)


def test_what_was_annotated_before_a_draw_of_which_nothing_is_done_is_left_out(tmp_path):
    corpus = corpus_of(tmp_path, [0, 9])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0])
    draw(corpus, dict.fromkeys(range(1, 9), 0.25), [1], "b", before=[0, 9], made="2026-02-01T00:00:00Z")
    assert scored(corpus).documents == ("d0",)


def test_the_mean_over_documents_weighs_them_in_its_interval_and_in_tests(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    record = scored(corpus)
    [measure] = [parse("entity:span+type@exact,average=documents")]
    table = rows(record.get_counts("one", "entity"), measure)
    # weights 2 and 8 are .4 and 1.6 on average 1; F 1 and 2/3; one unit is 1/4 and 1/3 of the F of each
    assert table[:, 2] == pytest.approx([0.4, 1.6 * 2 / 3])
    assert table[:, 5] == pytest.approx([0.4, 1.6])
    assert table[:, 8] == pytest.approx([1 / 4, 1 / 3])


def test_slices_and_comparisons_are_weighted_too(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    record = scored(corpus, systems=["one", "both"])
    [comparison] = compare({"r": record})
    [pair] = comparison.pairs
    assert pair.difference == pytest.approx(24 / 32 - 1)  # of the second in rank less the first


def test_documents_in_frames_are_as_they_were_counted_with_their_weight_beside(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    frame = gw.open(corpus.path).score(systems="one", measures="entity", trials=0).frame("documents")
    assert frame.select("document", "hits", "gold", "weight").rows() == [("d0", 2, 2, 2), ("d1", 1, 2, 8)]


def test_documents_that_came_for_certain_are_a_stratum_of_their_own(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.125) | {0: 1.0}, [0, 1])
    found = scored(corpus).weights
    assert (found.each, [found.names[k] for k in found.strata]) == ((1.0, 8.0), ["a: certain", "a"])


def test_how_well_annotators_agree_is_weighted_beside_systems(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    corpus.write_layer("annotator/a", [line(DOCUMENTS[n], PERSON, PLACE, status="submitted") for n in (0, 1)])
    theirs = [(DOCUMENTS[0], PERSON, PLACE), (DOCUMENTS[1], PERSON)]
    corpus.write_layer("annotator/b", [line(*one, status="submitted") for one in theirs])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    records = {"r": scored(corpus)}
    report = with_ceilings(make_report(records, quick=True), records, corpus)
    # b is to a as the system is to gold
    assert report.boards[0].ceiling.value == pytest.approx(24 / 32)


# ---------------------------------------------------------------- who is missing
def test_documents_drawn_and_not_done_are_told_and_not_made_up_for(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 2], d2="skipped")
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1, 2, 3])
    record = scored(corpus)
    [facts] = record.weights.draws
    assert (facts.candidates, facts.drawn, facts.scored, facts.skipped) == (10, 4, 2, 1)
    assert record.weights.each == (2.0, 2.0)
    assert "2 of 4 documents drawn from 10 by a" in told(record)
    assert "2 drawn and not done (1 skipped)" in told(record)


def test_what_no_draw_took_is_left_out_and_told(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 5])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    record = scored(corpus)
    assert record.documents == ("d0", "d1")
    assert record.weights.unknown == 1
    assert "1 document was annotated though no draw took them" in told(record)
    assert scored(corpus, unweighted=True).documents == ("d0", "d1", "d5")


def test_a_draw_for_another_layer_does_not_weigh_gold_that_it_does_not_explain(tmp_path):
    corpus = corpus_of(tmp_path, range(10))
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1], layer="other")
    record = scored(corpus)
    assert record.weights is None
    assert record.policies["weights"] == "none"
    assert "a was not drawn for 'gold'" in told(record)


def test_the_layer_of_an_annotator_who_did_what_was_drawn_is_weighted(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1], layer="annotator/x")
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    assert scored(corpus, gold="annotator/x").weights.each == (2.0, 8.0)


# ---------------------------------------------------------------- simulated, and real gold as a pool
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))


def of_draws(world, corpora):
    import weights as simulation  # of benchmarks

    return simulation.measure(world, corpora)


@pytest.mark.parametrize("number", [0, 3])
def test_weights_take_away_the_bias_of_what_was_picked(number):
    import weights as simulation

    found = of_draws(simulation.SHAPES[number], 40)
    for one in found.values():  # an average of 40 is within three of its errors, and the .3 points allowed
        assert abs(one.bias) < 3 * one.error + 0.3
        assert one.covers >= 0.85  # 95 % of 40, less three standard errors
    assert found["by difference"].bare < -5
    assert found["for training, by difference"].bare < -10


def test_real_gold_that_was_drawn_scores_as_all_of_it_does(shared):
    if not (shared / "data" / "wnut17").is_dir():
        pytest.skip(f"no {shared / 'data' / 'wnut17'}")
    import weights as simulation

    for pool in simulation.pools(shared):
        found = of_draws(pool, 40)["by units found"]
        assert abs(found.bias) < 3 * found.error + 0.3
        assert found.covers >= 0.85


# ---------------------------------------------------------------- what is refused
def test_a_gate_judges_weighted_figures(tmp_path):
    corpus = corpus_of(tmp_path, range(10))
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [*range(10)])
    policy = Policy(rules=(Rule(measure="entity", margin=0.01, floor=0.85),))
    baseline = make_baseline(scored(corpus), policy)
    # weights 2, and 8 for d1: right 5·4 + 4·2 + 8 = 36, given 36, gold 9·4 + 16 = 52
    checks = judge(scored(corpus), baseline, policy).checks
    assert [check.now for check in checks] == pytest.approx([72 / 88] * 2)
    assert {check.kind: check.verdict for check in checks}["floor"] == "fail"


def test_measures_that_do_not_add_up_are_refused_with_a_way_out(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    with pytest.raises(MeasureError, match=r"cannot be weighted.*--unweighted"):
        scored(corpus, measures=["entity", "surface"])
    assert scored(corpus, measures=["surface"], unweighted=True).policies["weights"] == "none"


def test_measures_that_do_not_add_up_are_scored_where_all_stand_for_as_many(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    even, bare = (scored(corpus, measures=["surface"], unweighted=flag) for flag in (False, True))
    assert even.results[0].value == bare.results[0].value


def test_a_streamed_record_cannot_be_weighted(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    with pytest.raises(MeasureError, match="--stream"):
        scored(corpus, stream=True)


def test_documents_that_nobody_was_to_do_are_not_counted_as_empty(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    with pytest.raises(MeasureError, match=r"--unjudged empty.*--unweighted"):
        scored(corpus, scope=Scope(unjudged="empty"))
    assert len(scored(corpus, scope=Scope(unjudged="empty"), unweighted=True).documents) == 10


def test_several_gold_layers_weigh_what_all_of_them_judge(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1, 2])
    corpus.write_layer("second", [line(DOCUMENTS[n], PERSON, PLACE) for n in (0, 1)])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1, 2])
    record = scored(corpus, gold=["gold", "second"], references="mean")
    assert (record.documents, record.weights.each) == (("d0", "d1"), (2.0, 8.0))
    assert record.results[0].value == pytest.approx(24 / 32)
    assert record.agreement[0].score.f == 1


def test_weighted_and_unweighted_records_are_not_compared(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    one, two = scored(corpus), scored(corpus, systems=["both"], unweighted=True)
    with pytest.raises(JudgementError, match="policy weights: "):
        compare({"one": one, "two": two})


# ---------------------------------------------------------------- records
def test_a_corpus_without_draws_has_the_record_it_had(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    record = scored(corpus)
    assert "weights" not in record.policies
    assert b"weights" not in msgspec.json.encode(record, enc_hook=tuple)
    assert "weights" not in record.results[0].signature


def test_signatures_name_the_draws_and_a_digest_of_them(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    signature = scored(corpus).results[0].signature
    assert "|weights:a#" in signature
    assert "|weights:none|" in scored(corpus, unweighted=True).results[0].signature


def test_a_record_that_was_kept_gives_weighted_counts(tmp_path):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5) | {1: 0.125}, [0, 1])
    record = scored(corpus)
    write_record(record, tmp_path / "r.json")
    again = read_record(tmp_path / "r.json")
    assert again == record
    # 12 right, 12 given, 12 right, 20 in gold, by the mean weight 5
    assert again.get_counts("one", "entity").total() == pytest.approx([2.4, 2.4, 2.4, 4])
    # each document by itself is as it was counted
    assert again.get_counts("one", "entity").by_document().tolist() == [[2, 2, 2, 2], [1, 1, 1, 2]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"each": [1.0]}, "1 and 2 strata for 2 documents"),
        ({"each": [1.0, 0.0]}, "more than 0"),
        ({"strata": [0, 7]}, "there are 1 strata"),
    ],
)
def test_a_damaged_record_says_what_is_wrong_with_its_weights(tmp_path, change, message):
    corpus = corpus_of(tmp_path, [0, 1])
    draw(corpus, dict.fromkeys(range(10), 0.5), [0, 1])
    path = tmp_path / "r.json"
    write_record(scored(corpus), path)
    raw = json.loads(path.read_text())
    raw["weights"] |= change
    path.write_text(json.dumps(raw))
    with pytest.raises(Exception, match=message):
        read_record(path)
