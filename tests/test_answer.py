"""Answers as models give them: with words around, cut off, broken, doubled, huge."""

import json
import time

import pytest

from goldwire.eval.systems.adapters.answer import Answer, read

A, B = {"id": "a", "quote": "Herat"}, {"id": "b", "quote": "]}, {"}
WHOLE = json.dumps({"mentions": [A, B], "events": []})


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"```json\n{WHOLE}\n```",
        f"Sure! Here you go:\n```\n{WHOLE}\n```\nTell me {{if}} you need more.",
        f'<think>Say {{"mentions": [{{"quote": "Kabul"}}]}}, no.</think>\n{WHOLE}',
        f'Say {{"mentions": []}}?</think>{WHOLE}',  # thoughts whose beginning is part of the prompt
        f'{{"mentions": [], "events": []}} was a draft. Now: {WHOLE}',
        f'{{"annotations": {WHOLE}}}',
        f'{{"why": "{{", {WHOLE[1:]}',
        f'{{"mentions": [{json.dumps(A)}, {json.dumps(B)},], "events": [],}}',
        "\ufeff \n" + WHOLE + "\n" * 1000,
    ],
)
def test_what_stands_around_an_answer_is_passed_over(text: str) -> None:
    assert read([text]) == Answer(mentions=[A, B])


# Cut at each place: how many items have come whole is counted by their closing braces.
@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_of_an_answer_that_breaks_off_the_whole_items_are_kept_wherever_it_does(end: int) -> None:
    ends = [WHOLE.index(json.dumps(item)) + len(json.dumps(item)) for item in (A, B)]
    found = read([WHOLE[:end]])
    assert found.mentions == [item for item, at in zip((A, B), ends, strict=True) if at <= end]
    assert found.fault


def test_a_number_that_may_have_had_more_digits_is_no_whole_item() -> None:
    assert read(['{"mentions": [1, 23']).mentions == [1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("<think>Hm, {", "it is empty"),
        ("Sure!", "there is no object with a list of `mentions`"),
        ("{'mentions': []}", "there is no object with a list of `mentions`"),
        ('{"entities": []}', "there is no object with a list of `mentions`"),
        ('{"mentions": 3}', "there is no object with a list of `mentions`"),
        ('{"events": []}', "it has no list of `mentions`"),
        (WHOLE[:-1] + ' "more": ', "it breaks off"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(text: str, fault: str) -> None:
    assert read([text]).fault == fault


def test_a_whole_draft_is_not_taken_for_an_end_that_is_broken() -> None:
    found = read([f'{WHOLE} Better: {{"mentions": [{json.dumps(A)}, {{"id"'])
    assert found.fault == "it breaks off"


def test_an_item_that_cannot_be_written_down_is_its_text() -> None:
    surrogate, digits = '{"quote": "\\ud83d"}', '{"occurrence": 1' + "0" * 500 + "}"
    found = read([f'{{"mentions": [{surrogate}, {digits}, {json.dumps(A)}]}}'])
    assert found.mentions[0] == surrogate
    assert found.mentions[-1] == A
    json.dumps(found.mentions)


@pytest.mark.parametrize(
    "text",
    [
        '{"mentions":' * 400_000,
        '{"a":' * 1_000_000,
        "[" * 5_000_000,
        '{"mentions":[' + "[" * 1_000_000,
        '{"mentions": [' + '{"quote": "x"},' * 300_000,
        "<think>" * 700_000,
    ],
)
def test_answers_of_megabytes_are_read_in_seconds(text: str) -> None:
    begun = time.monotonic()
    read([text])
    assert time.monotonic() - begun < 5
