"""What is passed beside inputs is checked before anything is counted."""

import pytest

import goldwire as gw
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
