"""Suggestions are drawn as a project's configuration can show them, and nothing leaves that harms a task."""

from collections import Counter
from typing import Any

import pytest

from goldwire.annotate.backend.protocol import NOTHING, Asked, Suggestion, decode, encode, faults
from goldwire.annotate.backend.shown import fit
from goldwire.annotate.exchange import controls, regions
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span

#       0      7        16    22 25     32    38  42
TEXT = "Rebels attacked Herat on Monday. Elders met."
CONFLICT = ontologies.read("conflict")
GIVEN = Annotations(
    document="d",
    sha256="",
    mentions=(
        Mention(id="r", type="MIL", spans=(Span(0, 6),), attributes={"form": "nominal"}, cluster="c"),
        Mention(id="h", type="GPE", spans=(Span(16, 21),), cluster="c"),
        Mention(id="p", type="PER", spans=(Span(25, 31), Span(33, 39))),
    ),
    events=(
        Event(
            id="a",
            type="Attack",
            trigger=(Span(7, 15),),
            arguments=(Argument(role="attacker", mention="r"), Argument(role="place", mention="h")),
            attributes={"realis": "planned"},
        ),
    ),
)
OURS = regions.encode(GIVEN, TEXT)


def foreign(labels: str, more: str = "") -> controls.Controls:
    """A project that Goldwire has not made: names, places, acts."""
    return controls.parse(f'<View>{labels}<Text name="doc" value="$body"/>{more}</View>', ontology=CONFLICT)


NAMES = '<Labels name="names" toName="doc"><Label value="MIL"/><Label value="PER"/></Labels>'
PLACES = '<Labels name="places" toName="doc"><Label value="GPE"/></Labels>'
ACTS = '<Labels name="acts" toName="doc"><Label value="Attack"/></Labels>'


def drawn(results: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(r["from_name"], r["to_name"], r["value"]["labels"][0]) for r in results if r["type"] == "labels"]


def test_a_project_of_ours_shows_everything() -> None:
    shown = fit(OURS, controls.of(CONFLICT))
    assert shown.results == OURS
    assert not shown.left_out


def test_labels_go_into_the_control_that_has_them() -> None:
    shown = fit(OURS, foreign(NAMES + PLACES + ACTS, '<Relations><Relation value="continued"/></Relations>'))
    assert drawn(shown.results) == [
        ("names", "doc", "MIL"),
        ("places", "doc", "GPE"),
        ("names", "doc", "PER"),
        ("names", "doc", "PER"),
        ("acts", "doc", "Attack"),
    ]


def test_what_is_not_declared_is_left_out_and_counted_with_the_arrows_that_name_it() -> None:
    shown = fit(OURS, foreign(PLACES + ACTS, '<Relations><Relation value="place"/></Relations>'))
    assert drawn(shown.results) == [("places", "doc", "GPE"), ("acts", "doc", "Attack")]
    assert [r["labels"] for r in shown.results if r["type"] == "relation"] == [["place"]]
    # Arrows gone with MIL and PER: attacker, the coreference of r and h, and that of the two parts of p.
    assert shown.left_out == Counter(
        {
            "label MIL": 1,
            "label PER": 2,
            "an arrow of what is left out": 3,
            "attribute realis=planned": 1,
        }
    )


def test_a_unit_in_parts_is_left_out_where_no_arrow_can_join_them() -> None:
    shown = fit(OURS, foreign(NAMES + PLACES + ACTS, '<Relations><Relation value="place"/></Relations>'))
    assert ("names", "doc", "PER") not in drawn(shown.results)
    assert shown.left_out["a part of a unit in several parts"] == 2


@pytest.mark.parametrize("name", ["coref", "same as"])
def test_coreference_is_drawn_by_whatever_name_the_project_has_for_it(name: str) -> None:
    arrows = f'<Relations><Relation value="{name}"/><Relation value="continued"/></Relations>'
    shown = fit(OURS, foreign(NAMES + PLACES + ACTS, arrows))
    assert [name] in [r["labels"] for r in shown.results if r["type"] == "relation"]


PLANNED = 'toName="doc" perRegion="true"{}><Choice value="{}"/></Choices>'


@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        ('<Choices name="realis" ' + PLANNED.format("", "planned"), True),
        ('<Choices name="attribute-realis" ' + PLANNED.format("", "planned"), True),
        ('<Choices name="realis" ' + PLANNED.format("", "actual"), False),
        ('<Choices name="realis" toName="doc"><Choice value="planned"/></Choices>', False),  # of the text
        ('<Choices name="realis" ' + PLANNED.format(' whenTagName="names"', "planned"), False),
        ('<Choices name="realis" ' + PLANNED.format(' whenLabelValue="Meet"', "planned"), False),
    ],
)
def test_an_attribute_is_chosen_where_the_project_offers_it(choices: str, kept: bool) -> None:
    shown = fit(OURS, foreign(NAMES + PLACES + ACTS, choices))
    assert [r["value"]["choices"] for r in shown.results if r["type"] == "choices"] == [["planned"]] * kept
    assert ("attribute realis=planned" in shown.left_out) is not kept


# ---------------------------------------------------------------- what leaves


REGION = {"id": "a", "type": "labels", "value": {"start": 0, "end": 6, "labels": ["MIL"]}}


@pytest.mark.parametrize(
    ("result", "score", "fault"),
    [
        ([5], None, "a region is no object"),
        ([REGION], float("nan"), "the score is no number"),
        ([REGION], True, "the score is no number"),
        ([{**REGION, "score": "high"}], None, "the score of a region is no number"),
        ([{**REGION, "score": float("inf")}], None, "the score of a region is no number"),
        ([{**REGION, "value": {"start": 0, "end": 99}}], None, "a region is not in the text"),
        ([{**REGION, "value": {"start": 6, "end": 6}}], None, "a region is not in the text"),
        ([{**REGION, "value": {"start": "0", "end": 6}}], None, "a region is not in the text"),
        ([REGION, REGION], None, "two regions have one id"),
        (
            [REGION, {"type": "relation", "from_id": "a", "to_id": "b"}],
            None,
            "an arrow has no region at an end",
        ),
    ],
)
def test_what_would_harm_a_task_is_found(result: list[Any], score: Any, fault: str) -> None:
    assert list(faults(Suggestion("x@1", result, score), TEXT)) == [fault]


def test_sound_suggestions_have_no_faults() -> None:
    assert list(faults(Suggestion("x@1", OURS, 0.5), TEXT)) == []


def test_an_answer_of_which_nothing_is_to_be_stored_is_no_list_of_empty_results() -> None:
    some = Suggestion("x@1", [])
    assert encode([NOTHING, NOTHING]) == b'{"results":[]}'
    assert encode([NOTHING, some]) == b'{"results":[{},{"model_version":"x@1","result":[]}]}'


def test_a_refused_request_is_not_repeated_in_the_message() -> None:
    with pytest.raises(DataError) as refused:
        decode(b'{"tasks": [{"id": "Kabul", "data": {}}], "label_config": ""}', Asked)
    assert "Kabul" not in str(refused.value)
