"""Thresholds of confidence: what is left of a system, and that none is chosen on what it is scored on."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora import tokens
from goldwire.corpora.errors import DataError, MeasureError
from goldwire.corpora.types import Annotations
from goldwire.eval.comparison.compare import contenders
from goldwire.eval.comparison.runs import remarks
from goldwire.eval.comparison.same import iter_differences
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.gate.baseline import decode_baseline, encode_baseline, make_baseline
from goldwire.eval.gate.baseline import iter_differences as held
from goldwire.eval.gate.policy import read as read_policy
from goldwire.eval.report.evidence import gather
from goldwire.eval.scoring import thresholds
from goldwire.eval.scoring.files import decode_record, encode_record
from goldwire.eval.scoring.notes import make_notes
from goldwire.eval.scoring.plan import Best
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.eval.scoring.several import with_runs
from goldwire.testing import annotate, corpus, document

TEXT = document("Anna met Tom in Bern", id="a")


def sure(line, mentions=(), events=(), arguments=()):
    """A line with scores: of its mentions, its events and the arguments of the first event, in order."""

    def given_to(units, scores):
        pairs = zip(units, [*scores, *[None] * (len(units) - len(scores))], strict=True)
        return tuple(msgspec.structs.replace(unit, score=score) for unit, score in pairs)

    happened = given_to(line.events, events)
    if arguments:
        first = msgspec.structs.replace(happened[0], arguments=given_to(happened[0].arguments, arguments))
        happened = (first, *happened[1:])
    return msgspec.structs.replace(line, mentions=given_to(line.mentions, mentions), events=happened)


def whole():
    return annotate(
        TEXT,
        ("Anna", "PER"),
        ("Tom", "PER"),
        ("Bern", "GPE"),
        events=[("met", "Meet", [("who", 0), ("who", 1), ("where", 2)])],
    )


def scored(system, measures=("entity", "TC", "AC+"), at=0.5, gold=None, **options):
    return score(
        [whole() if gold is None else gold],
        {"s": [system]},
        [TEXT],
        measures,
        options=Options(trials=0, at={"": at}, **options),
    )


def hits(record, measure):
    found = record.result("s", measure).averages["micro"]
    return found.system_hits, found.system, found.gold


# ---------------------------------------------------------------- what is left
def test_units_below_the_threshold_are_not_counted_and_those_at_it_are():
    system = sure(whole(), (0.4, 0.5, 0.9), (1,), (1, 1, 1))
    assert hits(scored(system), "entity") == (2, 2, 3)


def test_what_hangs_on_a_unit_goes_with_it():
    system = sure(whole(), (0.4, 0.9, 0.9), (1,), (1, 1, 1))
    assert hits(scored(system), "AC+") == (2, 2, 3)  # who: Anna is gone
    system = sure(whole(), (0.9, 0.9, 0.9), (0.1,), (1, 1, 1))
    record = scored(system)
    assert (hits(record, "TC"), hits(record, "AC+")) == ((0, 0, 1), (0, 0, 3))
    assert record.systems[0].at.below == 4  # the event and its three arguments


def test_an_argument_goes_without_its_event_and_filler():
    system = sure(whole(), (0.9, 0.9, 0.9), (0.9,), (0.1, 0.9, 0.9))
    record = scored(system)
    assert [hits(record, name)[1] for name in ("entity", "TC", "AC+")] == [3, 1, 2]


def test_a_mention_below_is_in_no_cluster():
    text = document("Anna met Tom. She left.", id="a")
    line = annotate(text, ("Anna", "PER"), ("She", "PER"), ("Tom", "PER"))
    mentions = tuple(
        msgspec.structs.replace(mention, cluster=cluster)
        for mention, cluster in zip(line.mentions, "xxy", strict=True)
    )
    gold = msgspec.structs.replace(line, mentions=mentions)
    record = score(
        [gold], {"s": [sure(gold, (0.9, 0.1, 0.9))]}, [text], ["B3"], options=Options(at={"": 0.5}, trials=0)
    )
    # Clusters {Anna} and {Tom} against {Anna, She} and {Tom}: of 3 mentions, recall 1/2 + 0 + 1.
    found = record.result("s", "B3").averages["micro"]
    assert (found.gold_hits, found.gold, found.system_hits, found.system) == (1.5, 3, 2, 2)


def test_a_threshold_that_leaves_nothing_is_told():
    record = scored(sure(whole(), (0.1, 0.2, 0.3), (0.1,), (0, 0, 0)))
    assert hits(record, "entity") == (0, 0, 3)
    assert "7 units of a lower score left out; no scored unit is left, for the surest has 0.3." in told(
        record
    )


def told(record):
    return " ".join(note.text for note in make_notes({"r": record}, {("r", "s"): "s"}))


@pytest.mark.parametrize(("at", "left"), [(-3.0, 3), (-2.5, 2), (0, 1), (12, 1), (12.1, 0)])
def test_scores_need_not_lie_between_0_and_1(at, left):
    assert hits(scored(sure(whole(), (-3, -2.5, 12), (99,), (99, 99, 99)), at=at), "entity")[1] == left


@pytest.mark.parametrize("at", [1.5, -0.01])
def test_a_threshold_outside_of_0_to_1_is_refused_where_all_scores_lie_within(at):
    with pytest.raises(MeasureError, match=r"the scores of s lie from 0 to 1 \(0.4 to 1\)"):
        scored(sure(whole(), (0.4, 0.5, 0.9), (1,), (1, 1, 1)), at=at)


def test_scores_of_gold_decide_nothing():
    gold = sure(whole(), (0.1, 0.1, 0.1), (0.1,), (0.1, 0.1, 0.1))
    record = scored(sure(whole(), (1, 1, 1), (1,), (1, 1, 1)), gold=gold)
    assert hits(record, "entity") == (3, 3, 3)
    assert "Scores of gold decide nothing" in told(record)
    record = scored(sure(whole(), (1, 1, 1), (1,), (1, 1, 1)))
    assert "Scores of gold" not in told(record)


def test_a_system_has_its_own_threshold_before_that_of_all():
    lines = {name: [sure(whole(), (0.4, 0.6, 0.8), (1,), (1, 1, 1))] for name in ("one", "two")}
    options = Options(trials=0, at={"": 0.5, "two": 0.7})
    record = score([whole()], lines, [TEXT], ["entity"], options=options)
    signatures = [record.result(name, "entity").signature for name in ("one", "two")]
    assert ["|at:0.5|" in signatures[0], "|at:0.7|" in signatures[1]] == [True, True]
    assert [record.result(name, "entity").averages["micro"].system for name in ("one", "two")] == [2, 1]


def test_runs_of_a_system_have_its_threshold_and_one_note():
    lines = {f"m/{run}": [sure(whole(), (run / 10, 0.6, 0.8), (1,), (1, 1, 1))] for run in (1, 5)}
    options = Options(trials=0, at={"m": 0.5})
    record = with_runs(score([whole()], lines, [TEXT], ["entity"], options=options))
    assert [system.at.values for system in record.systems] == [(0.5,), (0.5,)]
    text = " ".join(note.text for note in make_notes({"r": record}, {("r", n): n for n in lines}))
    assert text.count("from a score of") == 1
    assert "m from a score of 0.5: 2 and 0 units of a lower score left out." in text


def test_systems_that_differ_in_their_threshold_are_no_runs_of_one():
    facts = {"same": "x", "seed": 0}
    lines = {name: [sure(whole(), (0.4, 0.6, 0.8), (1,), (1, 1, 1))] for name in ("s0", "s1")}
    for at, kin in (({"": 0.5}, 1), ({"s0": 0.7}, 0)):
        record = score([whole()], lines, [TEXT], ["entity"], options=Options(trials=0, at=at))
        systems = tuple(
            msgspec.structs.replace(system, facts={**facts, "seed": seed})
            for seed, system in enumerate(record.systems)
        )
        found = contenders({"r": msgspec.structs.replace(record, systems=systems)})
        assert sum("are one system with other seeds" in text for text in remarks(found)) == kin


# ---------------------------------------------------------------- units without scores
def test_a_kind_of_units_of_which_some_have_no_score_is_refused():
    with pytest.raises(DataError, match="mentions: 1 of 3 have no score"):
        scored(sure(whole(), (0.4, 0.5), (1,), (1, 1, 1)))


def test_documents_without_scores_among_others_are_refused():
    other = document("Tom left", id="b")
    system = [sure(whole(), (0.4, 0.5, 0.5), (1,), (1, 1, 1)), annotate(other, ("Tom", "PER"))]
    with pytest.raises(DataError, match="mentions: 1 of 4 have no score"):
        score([whole()], {"s": system}, [TEXT, other], ["entity"], options=Options(at={"": 0.5}))


def test_a_kind_without_any_score_counts_whole_and_is_told():
    record = scored(sure(whole(), (0.4, 0.5, 0.5)))
    assert (hits(record, "TC"), hits(record, "AC+")) == ((1, 1, 1), (2, 2, 3))
    assert record.systems[0].at.without == ("events", "arguments")
    assert "events and arguments have no scores, and all count" in told(record)


def test_a_system_without_any_score_is_refused():
    with pytest.raises(MeasureError, match="s: no unit has a score"):
        scored(whole())


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_refused(score):
    with pytest.raises(DataError, match="expected a number"):
        scored(sure(whole(), (score, 0.5, 0.5), (1,), (1, 1, 1)))


def test_thresholds_of_no_system_are_refused():
    with pytest.raises(MeasureError, match="--at t=…: no such system"):
        score([whole()], {"s": [whole()]}, [TEXT], ["entity"], options=Options(at={"t": 0.5}))


@pytest.mark.parametrize("text", ["", "half", "nan", "inf", "s=", "s=half"])
def test_words_that_are_no_threshold_are_refused(text):
    with pytest.raises(MeasureError, match="expected a number, best"):
        thresholds.parse([text], thresholds.nowhere)


def test_a_threshold_is_given_once():
    assert thresholds.parse(["0.5", "a=best", "b=.25"], thresholds.nowhere) == {
        "": 0.5,
        "a": Best(),
        "b": 0.25,
    }
    with pytest.raises(MeasureError, match="--at a= was given more than once"):
        thresholds.parse(["a=1", "a=2"], thresholds.nowhere)


# ---------------------------------------------------------------- chosen on other documents
def scene(draw_gold, draw_scores, size=12):
    """Documents of six words: which of them gold has, and how sure the system is of each it has."""
    documents = [document("A B C D E F", id=f"d{number:02}") for number in range(size)]
    gold, system = [], []
    for number, one in enumerate(documents):
        words = draw_gold(number)
        scores = draw_scores(number)
        gold.append(annotate(one, *((word, "PER") for word in words)))
        line = annotate(one, *((word, "PER") for word in scores))
        system.append(sure(line, tuple(scores.values())))
    return documents, gold, system


def random_scene(seed, size=12):
    chance = random.Random(seed)

    def words(_):
        return [word for word in "ABCDEF" if chance.random() < 0.5]

    def sureness(_):
        return {word: chance.randrange(11) / 10 for word in "ABCDEF" if chance.random() < 0.7}

    return scene(words, sureness, size)


def best(documents, gold, system, seed=0, measures=("entity",)):
    options = Options(trials=0, seed=seed, at={"": Best()})
    return score(gold, {"s": system}, documents, measures, options=options)


def plain(record, gold, system):
    """The same by a plain script: for each fold all thresholds tried on the documents of the others."""
    folds = record.systems[0].at.folds
    ours = [{mention.spans for mention in line.mentions} for line in gold]
    theirs = [{mention.spans: mention.score for mention in line.mentions} for line in system]
    tried = sorted({score for one in theirs for score in one.values()})
    chosen = []
    for fold in range(max(folds) + 1):
        figures = []
        for at in tried:
            hit = found = wanted = 0
            for number, own in enumerate(folds):
                if own != fold:
                    kept = {spans for spans, score in theirs[number].items() if score >= at}
                    hit, found = hit + len(kept & ours[number]), found + len(kept)
                    wanted += len(ours[number])
            figures.append((round(2 * hit / (found + wanted), 10), at))
        chosen.append(max(figures)[1])
    return tuple(chosen)


@pytest.mark.parametrize("seed", range(8))
def test_the_best_threshold_is_that_of_a_plain_script(seed):
    documents, gold, system = random_scene(seed)
    record = best(documents, gold, system, seed)
    at = record.systems[0].at
    assert at.values == plain(record, gold, system)
    # And the figure is that of the units that it leaves, document by document.
    hit = found = 0
    for fold, ours, theirs in zip(at.folds, gold, system, strict=True):
        kept = {m.spans for m in theirs.mentions if m.score >= at.values[fold]}
        hit, found = hit + len(kept & {m.spans for m in ours.mentions}), found + len(kept)
    micro = record.result("s", "entity").averages["micro"]
    assert (micro.system_hits, micro.system) == (hit, found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.integers(0, 11), st.sets(st.sampled_from("ABCDEF")))
def test_no_gold_of_a_document_decides_on_its_own_threshold(seed, number, words):
    documents, gold, system = random_scene(seed)
    before = best(documents, gold, system).systems[0].at
    other = [*gold]
    other[number] = annotate(documents[number], *((word, "PER") for word in sorted(words)))
    after = best(documents, other, system).systems[0].at
    assert after.folds == before.folds
    assert after.values[after.folds[number]] == before.values[before.folds[number]]


def test_near_duplicates_are_chosen_for_together():
    documents, gold, system = random_scene(1)
    grouped = [msgspec.structs.replace(one, group=f"g{n // 4}") for n, one in enumerate(documents)]
    at = best(grouped, gold, system).systems[0].at
    assert len(at.values) == 3
    assert all(len({*at.folds[n : n + 4]}) == 1 for n in (0, 4, 8))


def test_one_document_has_no_other_to_choose_on():
    documents, gold, system = random_scene(1, size=1)
    with pytest.raises(MeasureError, match="chosen on other documents, and there are none"):
        best(documents, gold, system)


def test_gold_in_one_document_alone_leaves_nothing_to_choose_by():
    documents, gold, system = scene(lambda n: "A" if n == 0 else "", lambda n: {"A": n / 12})
    with pytest.raises(MeasureError, match="gold has no unit of entity in the documents"):
        best(documents, gold, system)


def test_of_thresholds_that_are_equally_good_the_highest_is_taken():
    # B is never right and always less sure; A at .7 or .9 is always right: .7 is needed for all of A.
    documents, gold, system = scene(lambda n: "A", lambda n: {"A": 0.9 if n % 2 else 0.7, "B": 0.1})
    assert set(best(documents, gold, system).systems[0].at.values) == {0.7}
    documents, gold, system = scene(lambda n: "A", lambda n: {"A": 0.5, "B": 0.5})  # all equal
    assert set(best(documents, gold, system).systems[0].at.values) == {0.5}
    documents, gold, system = scene(lambda n: "C", lambda n: {"A": 0.3, "B": 0.6})  # never right
    assert set(best(documents, gold, system).systems[0].at.values) == {0.6}


def test_the_first_measure_chooses_for_all():
    documents, gold, system = random_scene(3)
    first = best(documents, gold, system, measures=("entity,beta=0.1", "entity"))
    other = best(documents, gold, system, measures=("entity,beta=10", "entity"))
    assert first.systems[0].at.values > other.systems[0].at.values  # precision asks for more
    for record in (first, other):
        assert len({record.result("s", m).averages["micro"].system for m in record.measures}) == 1
    assert "|at:best-5fold-seed-0(entity:span+type@exact,beta=0.1)|" in first.results[1].signature


def test_a_system_that_found_nothing_has_nothing_to_choose():
    documents, gold, _ = random_scene(2)
    empty = [Annotations(document=one.id, sha256=one.sha256) for one in documents]
    assert best(documents, gold, empty).result("s", "entity").value == 0


def test_very_many_scores_are_tried_by_rank():
    chance = random.Random(4)
    documents, gold, system = scene(
        lambda n: "ABC", lambda n: {word: chance.random() for word in "ABCDEF"}, size=60
    )
    at = best(documents, gold, system).systems[0].at
    scores = sorted(mention.score for line in system for mention in line.mentions)
    assert len(scores) > thresholds.MOST
    assert set(at.values) <= set(scores)


def test_best_is_not_of_streamed_records_or_distinct_forms():
    documents, gold, system = random_scene(1)
    for options, measure in (({"stream": True}, "entity"), ({}, "surface")):
        with pytest.raises(MeasureError, match="--at best"):
            score(
                gold,
                {"s": system},
                documents,
                [measure],
                options=Options(trials=0, at={"": Best()}, **options),
            )


def test_with_several_references_the_policy_chooses():
    documents, gold, system = random_scene(5)
    _, other, _ = random_scene(6)
    options = Options(trials=0, at={"": Best()}, references="union")
    record = score(gold, {"s": system}, documents, ["entity"], references={"y": other}, options=options)
    union = [
        msgspec.structs.replace(one, mentions=(*one.mentions, *two.mentions))
        for one, two in zip(gold, other, strict=True)
    ]
    assert record.systems[0].at.values == plain(record, union, system)


# ---------------------------------------------------------------- chosen on documents that are named
def on_others(dev, test, documents=None, seed=7):
    texts, gold, system = random_scene(seed)
    options = Options(
        trials=0,
        at={"": Best("split:dev", frozenset(f"d{n:02}" for n in dev))},
        scope=Scope(documents=None if test is None else frozenset(f"d{n:02}" for n in test)),
    )
    return score(gold, {"s": system}, documents or texts, ["entity"], options=options)


def test_a_threshold_is_that_of_a_plain_script_on_the_documents_that_are_named():
    _, gold, system = random_scene(7)
    record = on_others(range(6), range(6, 12))
    at = record.systems[0].at
    pairs = [
        (
            {mention.spans for mention in ours.mentions},
            {mention.spans: mention.score for mention in theirs.mentions},
        )
        for ours, theirs in zip(gold[:6], system[:6], strict=True)
    ]
    figures = []
    for least in {value for _, theirs in pairs for value in theirs.values()}:
        kept = [{spans for spans, value in theirs.items() if value >= least} for _, theirs in pairs]
        hit = sum(len(own & ours) for own, (ours, _) in zip(kept, pairs, strict=True))
        size = sum(map(len, kept)) + sum(len(ours) for ours, _ in pairs)
        figures.append((round(2 * hit / size, 10), least))
    assert at.values == (max(figures)[1],)
    assert record.documents == tuple(f"d{n:02}" for n in range(6, 12))
    assert at.name.startswith("best-on-split:dev#")
    assert "chosen on other documents" in told(record)


@pytest.mark.parametrize("test", [None, range(5, 12)])
def test_documents_that_are_scored_choose_nothing(test):
    with pytest.raises(MeasureError, match="are; say which ones to score with --documents"):
        on_others(range(6), test)


def test_near_duplicates_of_scored_documents_choose_nothing():
    texts, *_ = random_scene(7)
    twins = [msgspec.structs.replace(one, group="g") if n in (2, 8) else one for n, one in enumerate(texts)]
    assert (
        on_others([0, 1, 2], range(6, 12), twins).systems[0].at.values
        == on_others([0, 1], range(6, 12)).systems[0].at.values
    )
    with pytest.raises(MeasureError, match="near-duplicates of scored ones"):
        on_others([2], range(6, 12), twins)


# ---------------------------------------------------------------- records in use
BEST = Best()


def made(folder, at=BEST, name="c"):
    documents, gold, system = random_scene(7)
    home = corpus(folder / name, documents)
    home.write_layer("gold", gold)
    home.write_layer("system/s", system)
    return home, score_corpus(home, "gold", ["s"], ["entity"], options=Options(trials=0, at={"": at}))


def test_blocks_change_no_threshold(tmp_path, monkeypatch):
    home, record = made(tmp_path)
    monkeypatch.setattr("goldwire.eval.counting.chunks.SIZE", 1)
    options = Options(trials=0, at={"": Best()})
    assert score_corpus(home, "gold", ["s"], ["entity"], options=options, workers=2) == record


def test_a_record_keeps_its_thresholds_and_a_report_cuts_likewise(tmp_path):
    home, record = made(tmp_path)
    assert decode_record(encode_record(record)).systems[0].at == record.systems[0].at
    evidence = gather(home, {"r": record})
    assert len(evidence.systems["s"].table.mentions) == record.results[0].averages["micro"].system


def test_a_gate_refuses_another_threshold(tmp_path):
    rules = tuple(rule for rule in read_policy("default").rules if rule.measure == "entity")
    policy = msgspec.structs.replace(read_policy("default"), rules=rules)
    _, record = made(tmp_path, 0.5)
    _, other = made(tmp_path, 0.7, "d")
    baseline = decode_baseline(encode_baseline(make_baseline(record, policy)))
    assert list(held(baseline, record, policy)) == []
    assert list(held(baseline, other, policy)) == ["threshold of s: the baseline has 0.5, the record has 0.7"]
    assert list(iter_differences(record, other)) == []  # which of them is better can be asked


def test_thresholds_that_differ_are_called_otherwise():
    system = sure(whole(), (0.4, 0.5, 0.5), (1,), (1, 1, 1))
    names = [scored(system, at=at).systems[0].at.name for at in (0.12345671, 0.12345672, 1, 0.5)]
    assert names == ["0.12345671", "0.12345672", "1", "0.5"]


def test_mentions_read_anew_from_tags_have_no_scores_to_be_cut_by():
    line = sure(annotate(TEXT, ("Anna", "PER")), (0.9,))
    kept = tokens.keep(line, (0, 5), (4, 8), ["B-PER\tO"], "IOB2")
    options = Options(trials=0, tags="conlleval", at={"": 0.5})
    with pytest.raises(DataError, match="read anew from its tags"):
        score([line], {"s": [line]}, [TEXT], ["entity"], tokens=[[kept], [kept]], options=options)


def test_a_damaged_threshold_is_found(tmp_path):
    _, record = made(tmp_path)
    at = msgspec.structs.replace(record.systems[0].at, folds=(0, 9))
    broken = msgspec.structs.replace(record, systems=(msgspec.structs.replace(record.systems[0], at=at),))
    with pytest.raises(DataError, match="2 folds for 12 documents"):
        decode_record(encode_record(broken))


def test_a_record_without_thresholds_does_not_speak_of_them(tmp_path):
    home, _ = made(tmp_path)
    record = score_corpus(home, "gold", ["s"], ["entity"], options=Options(trials=0))
    assert b'"at"' not in encode_record(record)
    assert "|at:" not in record.results[0].signature


def test_the_command_takes_a_split_and_a_threshold_of_one_system(tmp_path):
    home, _ = made(tmp_path)
    dev = tmp_path / "dev.txt"
    dev.write_text("".join(f"d{n:02}\n" for n in range(6)))
    test = tmp_path / "test.txt"
    test.write_text("".join(f"d{n:02}\n" for n in range(6, 12)))
    words = ["eval", "score", str(home.path), "--measure", "entity", "--documents", str(test)]
    done = CliRunner().invoke(app, [*words, "--at", f"s=best:{dev}", "--json"])
    assert done.exit_code == 0, done.output
    at = json.loads(done.stdout)["systems"][0]["at"]
    assert at["values"] == list(on_others(range(6), range(6, 12)).systems[0].at.values)
    done = CliRunner().invoke(app, [*words, "--at", "0.5", "--at", "s=0.3"])
    assert "s from a score of 0.3" in " ".join(done.output.split())
