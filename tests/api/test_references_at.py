"""Several references and thresholds through the front door."""

from __future__ import annotations

import polars as pl
import pytest

import goldwire as gw
from goldwire.testing import annotate, corpus, document

ONE = [("a", 0, 4, "PER"), ("a", 9, 13, "GPE")]
OTHER = [("a", 0, 4, "PER"), ("a", 20, 24, "ORG")]


def test_further_gold_has_a_name_and_a_policy():
    found = gw.score(ONE, OTHER, "entity", others={"ben": ONE[:1]}, references="union")
    assert (found["entity"].precision, found["entity"].recall) == (0.5, 0.5)
    assert [layer.name for layer in found.golds] == ["gold", "ben"]
    assert "2 references (gold, ben), union" in repr(found)


def test_further_gold_without_a_policy_is_refused_with_all_policies():
    with pytest.raises(ValueError, match="--references majority"):
        gw.score(ONE, OTHER, "entity", others={"ben": ONE})


@pytest.mark.parametrize("policy", ["worst", 1, ["best"]])
def test_a_policy_that_is_none_is_refused(policy):
    with pytest.raises(ValueError, match="expected mean, best"):
        gw.score(ONE, OTHER, "entity", others={"ben": ONE}, references=policy)


@pytest.mark.parametrize("others", [[ONE], {"gold": ONE}, {"": ONE}])
def test_further_gold_has_a_name_of_its_own(others):
    with pytest.raises(gw.GoldwireError, match="others"):
        gw.score(ONE, OTHER, "entity", others=others, references="mean")


def test_tuples_of_each_reference_judge_every_document():
    ben = [*ONE, ("b", 0, 1, "PER")]
    found = gw.score(ONE, ben, "entity", others={"ben": ben}, references="intersection")
    assert found.documents == ("a", "b")
    assert found["entity"].score.gold == 2


def test_documents_that_a_reference_of_lines_does_not_judge_are_left_out():
    ben = [{"document": "a", "mentions": [{"spans": [[0, 4]], "type": "PER"}]}]
    found = gw.score([*ONE, ("b", 0, 1, "PER")], OTHER, "entity", others={"ben": ben}, references="union")
    assert found.documents == ("a",)
    assert "|unjudged:left-out|" in found["entity"].signature


def sure(*scores):
    return {
        "document": "a",
        "mentions": [
            {"spans": [[start, end]], "type": kind, "score": score}
            for (_, start, end, kind), score in zip(ONE, scores, strict=True)
        ],
    }


def test_a_threshold_is_for_all_systems_or_by_name():
    given = {"one": [sure(0.4, 0.6)], "two": [sure(0.6, 0.8)]}
    found = gw.score(ONE, given, "entity", at=0.5)
    assert (found["one", "entity"].recall, found["two", "entity"].recall) == (0.5, 1)
    found = gw.score(ONE, given, "entity", at={"two": 0.7})
    assert (found["one", "entity"].recall, found["two", "entity"].recall) == (1, 0.5)
    assert "|at:0.7|" in found["two", "entity"].signature


@pytest.mark.parametrize("at", ["half", "best:split:dev", [0.5], float("nan"), {"system": None}])
def test_a_threshold_that_is_none_is_refused(at):
    with pytest.raises(ValueError, match="expected a number"):
        gw.score(ONE, ONE, "entity", at=at)


def test_a_corpus_is_scored_likewise(tmp_path):
    texts = [document("Anna met Tom", id=name) for name in "ab"]
    made = corpus(tmp_path / "c", texts)
    made.write_layer("gold", [annotate(text, ("Anna", "PER")) for text in texts])
    made.write_layer("annotator/b", [annotate(text, ("Tom", "PER")) for text in texts])
    made.write_layer("system/s", [annotate(text, ("Tom", "PER")) for text in texts])
    found = gw.open(made.path).score(["gold", "annotator/b"], "s", "entity", references="best")
    assert found["entity"].f == 1
    with pytest.raises(ValueError, match="no unit has a score"):
        gw.open(made.path).score("gold", "s", "entity", at="best")
    assert isinstance(found.frame("scores"), pl.DataFrame)
    with pytest.raises(ValueError, match="no gold layer"):
        gw.open(made.path).score([], "s", "entity")
