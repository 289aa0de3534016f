"""Results are checked one by one against text and configuration."""

from typing import Any

import pytest

from goldwire.annotate.exchange import controls, results
from goldwire.annotate.exchange.results import Sorted
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.types import Span

DECLARED = controls.of(ontologies.read("conflict"))
TEXT = "Rebels 😀 took\nKunduz province."


def region(start: Any, end: Any, text: Any = None, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": ["GPE"]} | ({} if text is None else {"text": text})
    return {"id": "r", "from_name": "entity", "to_name": "text", "type": "labels", "value": value} | more


def sort(*found: Any) -> Sorted:
    return results.sort([*found], TEXT, DECLARED)


def kind(*found: Any) -> str:
    (rejected,) = sort(*found).rejected
    return rejected.kind


def test_offsets_are_code_points_and_the_words_agree() -> None:
    (found,) = sort(region(14, 20, "Kunduz")).regions
    assert found.span == Span(14, 20)


@pytest.mark.parametrize("said", ["took\\nKunduz", "took\nKunduz", "took Kunduz", " took  Kunduz ", None])
def test_white_space_in_the_words_is_taken_as_label_studio_writes_it(said: str | None) -> None:
    assert [r.span for r in sort(region(9, 20, said)).regions] == [Span(9, 20)]


def test_utf16_offsets_are_repaired_where_the_words_prove_it_and_counted() -> None:
    found = sort(region(15, 21, "Kunduz"))  # the emoji counts two
    assert [r.span for r in found.regions] == [Span(14, 20)]
    assert found.repaired == {"offsets in UTF-16": 1}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (region(15, 21, "Herat"), "words-differ"),
        (region(500, 900, "zzz"), "outside-text"),
        (region(-3, 4), "outside-text"),
        (region(9, 7), "outside-text"),
        (region(7, 7), "empty-span"),
        (region(7, 7, ""), "empty-span"),
        (region("/div[1]/text()[1]", 4), "malformed"),
        (region(True, 4), "malformed"),
        (region(0.5, 4), "malformed"),
        (region(0, 6, id=None) | {"type": "hypertextlabels"}, "malformed"),
        (region(0, 6, value="x"), "malformed"),
        (region(0, 6, from_name="nope"), "unknown-control"),
        (region(0, 6, to_name="image"), "unknown-control"),
        (region(0, 6, value={"start": 0, "end": 6, "labels": ["NOPE"]}), "unknown-type"),
        (region(0, 6, value={"start": 0, "end": 6, "labels": []}), "unlabelled"),
        (region(0, 6, value={"start": 0, "end": 6}), "unlabelled"),
        ({"type": "relation", "from_id": "a", "to_id": "b"}, "unlabelled"),
        ({"type": "relation", "from_id": "a"}, "malformed"),
        ({"type": "relation", "from_id": "a", "to_id": "b", "direction": "up", "labels": []}, "malformed"),
        (
            {"id": "r", "from_name": "attribute-realis", "type": "choices", "value": {"choices": ["maybe"]}},
            "unknown-value",
        ),
        (
            {"id": "r", "from_name": "attribute-realis", "type": "choices", "value": {"choices": []}},
            "contradiction",
        ),
        (7, "malformed"),
        (None, "malformed"),
    ],
)
def test_each_fault_has_its_reason(found: Any, expected: str) -> None:
    assert kind(found) == expected


def test_one_bad_label_does_not_take_the_good_one_along() -> None:
    found = sort(region(0, 6, value={"start": 0, "end": 6, "labels": ["MIL", "NOPE"]}))
    assert [r.labels for r in found.regions] == [("MIL",)]
    assert [(r.kind, r.type, r.spans) for r in found.rejected] == [("unknown-type", "NOPE", ((0, 6),))]


def test_what_a_layer_has_no_place_for_is_counted() -> None:
    declared = controls.parse(
        '<View><Labels name="e" toName="t"><Label value="PER"/></Labels><Text name="t" value="$text"/>'
        '<TextArea name="note" toName="t" perRegion="true"/><Rating name="stars" toName="t"/>'
        '<Choices name="topic" toName="t"><Choice value="war"/></Choices></View>'
    )
    found = [
        {"id": "a", "from_name": "note", "type": "textarea", "value": {"text": ["why?"]}},
        {"id": "b", "from_name": "stars", "type": "rating", "value": {"rating": 4}},
        {"id": "c", "from_name": "topic", "type": "choices", "value": {"choices": ["war"]}},
    ]
    assert results.sort(found, TEXT, declared).lost == {
        "textarea note": 1,
        "rating stars": 1,
        "choices topic, of the whole text": 1,
    }


def test_marks_of_what_is_excluded_are_passed_over_and_those_of_people_counted() -> None:
    ours, theirs = region(0, 6, from_name="excluded", id="_m1"), region(9, 13, from_name="excluded")
    found = sort(ours, theirs)
    assert (found.regions, found.rejected, found.lost) == ([], [], {"region marked as excluded": 1})


@pytest.mark.parametrize("results_", [None, {}, "x", 3])
def test_results_that_are_no_list_are_refused_whole(results_: Any) -> None:
    (rejected,) = results.sort(results_, TEXT, DECLARED).rejected
    assert (rejected.unit, rejected.kind, rejected.value) == ("document", "malformed", results_)


def test_ids_that_are_numbers_or_missing_are_taken_as_label_studio_takes_them() -> None:
    numbered, bare = region(0, 6), region(7, 11)
    numbered["id"] = 1
    bare.pop("id", None)
    found = sort(numbered, bare)
    assert [item.id for item in found.regions] == ["1", "unnamed-1"]
    assert found.rejected == []


def test_regions_without_words_are_counted_and_taken_where_nothing_speaks_against_them() -> None:
    found = sort(region(14, 20), region(0, 6, "Rebels", id="other"))
    assert [r.span for r in found.regions] == [Span(14, 20), Span(0, 6)]
    assert found.unverified == 1


def test_offsets_without_words_that_fit_words_only_in_utf16_units_are_doubted() -> None:
    # After the emoji, two units: Kunduz is 14 to 20 in code points, 15 to 21 in units.
    found = sort(region(15, 21), region(0, 6, id="before"))
    assert [r.span for r in found.regions] == [Span(0, 6)]  # in front of it both counts say the same
    (rejected,) = found.rejected
    assert rejected.kind == "doubtful-offsets"
    assert "the text has 'unduz ', and 'Kunduz' if they count UTF-16 units" in rejected.message
    assert found.unverified == 1


@pytest.mark.parametrize(
    ("start", "end"), [(14.0, 20.0), ("14", "20"), ("14.0", 20), (14, "20.00"), ("0014", "20")]
)
def test_offsets_that_are_whole_numbers_are_taken_however_they_are_written(start: Any, end: Any) -> None:
    assert [r.span for r in sort(region(start, end, "Kunduz")).regions] == [Span(14, 20)]


@pytest.mark.parametrize(
    "start", ["3.5", 3.5, None, True, "", " 3", "+3", "1e1", "٣", "3,0", [3], float("nan"), "9" * 99]
)
def test_offsets_that_are_no_whole_numbers_are_malformed(start: Any) -> None:
    assert kind(region(start, 20)) == "malformed"


def test_offsets_in_text_are_doubted_like_others_where_they_look_like_utf16() -> None:
    # Without words; as code points "unduz ", in UTF-16 units "Kunduz".
    assert kind(region("15", "21")) == "doubtful-offsets"


def test_words_in_another_unicode_form_are_told_as_such() -> None:
    value = region(0, 3, "Zo\xeb")
    (rejected,) = results.sort([value], "Zoe\u0308 left", DECLARED).rejected
    assert "NFD in the text, NFC here" in rejected.message
