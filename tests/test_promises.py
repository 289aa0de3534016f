"""A short form of `make stats`: intervals, tests and power on simulated corpora, up to chance."""

import math
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import worlds
from grid import Cell, Tally, draw_interval, error, is_known, tally
from pairs import Change, Trial, share_for, traded, true_loss, try_statement, try_test
from worlds import FIGURE, Shape

CORPORA = 200
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _fewer_documents(monkeypatch):
    """A truth that is off by a hundredth of an interval's width will do."""
    monkeypatch.setattr(worlds, "MANY", 100_000)


@pytest.mark.parametrize(
    ("figure", "shape", "documents"),
    [
        ("micro", Shape(), 20),
        ("micro", Shape("1 in 10 bad", "heavy"), 10),
        ("micro", Shape("1 in 20 bad", "varied", 0.985), 50),
        ("micro", Shape("1 in 20 good", "heavy", 0.05), 50),
        ("micro", Shape("independent", "equal", 0.985, 0.5), 200),
        ("macro, rare types", Shape("independent", "equal", 0.95), 20),
        ("mean of documents", Shape("1 in 20 bad", "varied", 0.985), 20),
        ("clusters, B³", Shape(), 20),
        ("agreement of three", Shape(), 20),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(figure, shape, documents):
    cell = Cell(figure, shape, documents)
    found = tally(cell, draw_interval(cell, worlds.truth(figure, shape), range(CORPORA)))
    assert [str(one) for one in found if one.fails] == []
    assert len(found) == len(FIGURE[figure][2])


def test_what_is_known_not_to_hold_is_told_apart():
    flooded = Tally(
        Cell("micro", Shape("1 in 20 flooded"), 20), "precision", 2000, 0.3, 0, 30, 0, 0, 0.4, 0, 30
    )
    benign = flooded._replace(cell=Cell("micro", Shape(), 20))
    assert (flooded.fails, benign.fails) == (True, True)
    assert (is_known(flooded.cell, "precision"), is_known(benign.cell, "precision")) == (True, False)
    assert "the page says why" in str(flooded)
    assert not benign._replace(low=0.065).fails  # 93.5 of 2,000 may be 94 by chance: an error is .55
    assert benign._replace(low=0.08).fails


def rate(one, trial):
    return sum(one(trial, corpus, 0)["found"] for corpus in range(CORPORA)) / CORPORA


@pytest.mark.parametrize("change", [Change(), traded(0.8)], ids=["alike", "traded"])
def test_systems_of_equal_f_are_seldom_called_different(change):
    found = rate(try_test, Trial(Shape(), 50, change))
    assert 0.04 - error(found, CORPORA) < found < 0.06 + error(found, CORPORA)


@pytest.mark.parametrize("lost", ["spread", "whole"])
@pytest.mark.parametrize("shape", [Shape(), Shape("1 in 20 bad", "varied", 0.985)], ids=str)
def test_a_loss_is_found_as_often_as_is_stated(lost, shape):
    stated = [try_statement(Trial(shape, 50), corpus, 0)[lost] for corpus in range(50)]
    loss = math.fsum(stated) / len(stated)
    change = Change(lost, share_for(shape, "micro", loss))
    assert true_loss(shape, "micro", change.share) == pytest.approx(loss, abs=1e-6)
    found = rate(try_test, Trial(shape, 50, change))
    assert 0.75 - error(found, CORPORA) < found < 0.92 + error(found, CORPORA)
