"""Whoever waits for something long is told that it goes on, and is not told more than that."""

import time

import pytest

from goldwire.annotate.waiting import telling


def test_the_last_word_is_repeated_with_its_seconds_while_nothing_else_is_said() -> None:
    told: list[str] = []
    with telling(told.append, every=0.2) as tell:
        tell("Unpacking")
        time.sleep(0.5)
        tell("Making tables")
        time.sleep(0.1)
    assert told == ["Unpacking", "Unpacking … 0 s", "Unpacking … 0 s", "Making tables"]


def test_nothing_is_added_where_words_come_in_time_and_nothing_comes_afterwards() -> None:
    told: list[str] = []
    with telling(told.append, "waiting", every=0.3) as tell:
        for number in range(4):
            time.sleep(0.1)
            tell(str(number))
    time.sleep(0.4)
    assert told == ["0", "1", "2", "3"]


def test_what_goes_on_before_the_first_word_is_told_too_and_errors_pass_through() -> None:
    told: list[str] = []
    with pytest.raises(ZeroDivisionError), telling(told.append, "waiting", every=0.1):
        print(time.sleep(0.15) or 1 / 0)
    assert told == ["waiting … 0 s"]
