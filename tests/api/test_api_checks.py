"""What is passed beside inputs is checked before anything is counted."""

import pytest

import goldwire as gw
from goldwire import testing
from goldwire.corpora.errors import GoldwireError

GOLD = [("a", 0, 4, "PER"), ("b", 0, 4, "PER")]


@pytest.mark.parametrize("seed", [None, 1.5, "1", True])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    # One of None would draw other intervals each time, under a signature that cannot say which.
    with pytest.raises(TypeError, match=r"seed: got .*; expected a whole number, 0 or more") as caught:
        gw.score(GOLD, GOLD, seed=seed)
    assert isinstance(caught.value, GoldwireError)


def test_numbers_below_nothing_are_refused():
    with pytest.raises(ValueError, match="trials: got -1"):
        gw.score(GOLD, GOLD, trials=-1)
    record = gw.score(GOLD, {"one": GOLD, "two": GOLD[:1]})
    with pytest.raises(TypeError, match="seed: got None"):
        gw.compare(record, seed=None)
    with pytest.raises(TypeError, match="seed: got None"):
        record.report(seed=None)


def test_no_record_to_compare_is_told_however_it_is_passed():
    for nothing in ([], {}):
        with pytest.raises(TypeError, match="records: got none"):
            gw.compare(nothing)


def test_a_document_by_two_keys_is_told():
    with pytest.raises(ValueError, match=r"gold \['1'\]: document '1' occurs twice: as 1 too"):
        gw.score({1: [(0, 4, "PER")], "1": [(0, 4, "PER")]}, {"1": [(0, 4, "PER")]})


def test_bio_is_told_to_be_iob2():
    with pytest.raises(ValueError, match="'BIO' is no tagging scheme; what is often called BIO is IOB2"):
        gw.score_tags([["O"]], [["O"]], scheme="BIO")


@pytest.fixture
def corpus(tmp_path):
    testing.corpus(tmp_path / "c", [testing.document(f"Rain fell on day {n}.", f"d{n}") for n in range(4)])
    return gw.open(tmp_path / "c")


def nothing(_):
    return {"mentions": []}


def broken(_):
    raise ValueError("broken")


def test_a_run_that_fails_says_which_layer_would_be_scored(corpus):
    with pytest.raises(GoldwireError) as first:
        corpus.run({"mine": broken})
    assert "still there" not in str(first.value)
    corpus.run({"mine": nothing})
    with pytest.raises(GoldwireError, match=r"layer system/mine of an earlier run \(.+\) is still there"):
        corpus.run({"mine": broken})


def test_more_failures_than_were_allowed_are_told(corpus):
    def half(document):
        return broken(document) if document.id in ("d0", "d1") else nothing(document)

    assert "more documents failed than may: 1 allowed, 2 failed" in repr(
        corpus.run({"mine": half}, allow_failures=1)
    )
    assert "than may" not in repr(corpus.run({"mine": half}, allow_failures=2))
