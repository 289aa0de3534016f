"""The simple form: what outside systems may write, and what becomes of it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.predictions import Reading, decode, read, request
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.corpora.valid import sound

DOCUMENT = make_document("d", "Rebels attacked Herat on Monday.")
CONFLICT = ontologies.read("conflict")


def reading(value: dict[str, Any], labels: LabelMap | None = None) -> Reading:
    return read(decode(json.dumps(value).encode(), "d"), DOCUMENT, CONFLICT, labels)


def test_ids_may_be_left_out_and_never_clash_with_given_ones() -> None:
    spans = {"type": "GPE", "spans": [[16, 21]]}
    found = reading({"mentions": [spans, {**spans, "id": "m1"}, spans], "events": []}).annotations
    assert len({mention.id for mention in found.mentions}) == 3
    assert found.mentions[1].id == "m1"


def test_an_argument_may_name_a_mention_by_its_spans() -> None:
    found = reading(
        {
            "mentions": [{"type": "PER", "spans": [[0, 6]]}, {"type": "WEA", "spans": [[0, 6]]}],
            "events": [
                {
                    "type": "Attack",
                    "trigger": [[7, 15]],
                    "arguments": [{"role": "attacker", "spans": [[0, 6]]}],
                }
            ],
        }
    ).annotations
    assert found.events[0].arguments == (Argument(role="attacker", mention="m1"),)


def test_of_two_mentions_at_one_place_the_one_that_may_play_the_role_is_taken() -> None:
    found = reading(
        {
            "mentions": [{"type": "TIME", "spans": [[0, 6]]}, {"type": "MIL", "spans": [[0, 6]]}],
            "events": [
                {
                    "type": "Attack",
                    "trigger": [[7, 15]],
                    "arguments": [{"role": "attacker", "spans": [[0, 6]]}],
                }
            ],
        }
    ).annotations
    assert found.events[0].arguments[0].mention == "m2"


def test_a_mention_is_made_where_the_type_is_given_or_only_one_can_be() -> None:
    arguments = [
        {"role": "time", "spans": [[25, 31]]},  # only TIME can be a time
        {"role": "target", "spans": [[16, 21]], "type": "GPE"},
        {"role": "attacker", "spans": [[0, 6]]},  # PER, MIL, ORG or GPE: not for us to say
    ]
    found = reading({"events": [{"type": "Attack", "trigger": [[7, 15]], "arguments": arguments}]})
    assert [(m.type, m.spans[0].start) for m in found.annotations.mentions] == [("TIME", 25), ("GPE", 16)]
    assert [argument.role for argument in found.annotations.events[0].arguments] == ["time", "target"]
    (rejected,) = found.annotations.rejected
    assert (rejected.unit, rejected.kind, rejected.path) == (
        "argument", "no-mention", "$.events[0].arguments[2]",
    )  # fmt: skip
    assert (rejected.type, rejected.role, rejected.spans, rejected.trigger) == (
        "Attack", "attacker", ((0, 6),), ((7, 15),),
    )  # fmt: skip
    assert "give the argument a `type`" in rejected.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[]", "Expected `object`"),
        ("{", "not valid JSON"),
        ('{"mentions": {}}', "Expected `array`"),
        ('{"entities": []}', "unknown field `entities`; known are document"),
        ('{"document": 7}', "Expected `str"),
    ],
)
def test_a_line_of_another_shape_is_refused_as_a_whole(line: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        decode(line.encode(), "d")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "item",
    [7, "x", None, [], {}, {"type": "GPE"}, {"type": "GPE", "spans": []}, {"type": "GPE", "spans": [[1]]},
     {"type": "GPE", "spans": [[-1, 2]]}, {"type": "GPE", "spans": [["0", "2"]]},
     {"type": 3, "spans": [[0, 1]]}, {"type": "GPE", "spans": [[0, 6]], "clusters": "c"}],
)  # fmt: skip
def test_a_faulty_item_costs_itself_alone(item: Any) -> None:
    good = {"type": "GPE", "spans": [[16, 21]]}
    found = reading({"mentions": [good, item, good]})
    kept, dropped = sound(found.annotations, DOCUMENT, CONFLICT)
    assert len(kept.mentions) == 2
    assert len(found.annotations.rejected) + len(dropped) == 1


LABELS = LabelMap(
    mentions={"CITY": "GPE", "LAW": ""},
    events={"Conflict.Attack": "Attack"},
    roles={"Conflict.Attack.Victim": "target", "Agent": "attacker"},
    attributes={"realis": {"REAL": "actual"}},
)


@pytest.mark.parametrize(
    ("wrong", "kind", "told"),
    [
        ({"trigger": [[-3, 2]]}, "outside-text", ".trigger[0][0]: Expected `int` >= 0"),
        (
            {"attributes": {"realis": None}},
            "malformed",
            ".attributes.realis: Expected `str | array`, got `null`",
        ),
    ],
)
def test_the_fault_of_an_event_is_not_told_of_its_arguments(wrong: Any, kind: str, told: str) -> None:
    sound_ones = [{"role": "attacker", "spans": [[0, 6]]}, {"role": "target", "spans": [[16, 21]]}]
    event = {"type": "Attack", "trigger": [[7, 15]], "arguments": sound_ones, **wrong}
    [rejected, *_] = reading({"events": [event]}).annotations.rejected
    assert (rejected.unit, rejected.kind, rejected.message) == ("event", kind, told)


def test_the_fault_of_a_line_is_not_told_of_its_units() -> None:
    with pytest.raises(DataError) as found:
        decode(b'{"document": "d", "error": 5, "mentions": [{"type": "GPE", "spans": [[16, 21]]}]}', "here")
    assert [(fault.path, fault.message) for fault in found.value.faults] == [
        ("$.error", "Expected `str | null`, got `int`")
    ]


def test_labels_are_mapped_and_what_has_no_counterpart_is_counted() -> None:
    mentions = [
        {"id": "a", "type": "CITY", "spans": [[16, 21]]},
        {"id": "b", "type": "MIL", "spans": [[0, 6]]},  # stands for itself
        {"id": "c", "type": "LAW", "spans": [[0, 6]]},  # left out on purpose
        {"id": "d", "type": "DISEASE", "spans": [[0, 6]]},
    ]
    arguments = [{"role": r, "mention": m} for r, m in (("Victim", "a"), ("Agent", "b"), ("Colour", "b"))]
    events = [
        {
            "type": "Conflict.Attack",
            "trigger": [[7, 15]],
            "arguments": arguments,
            "attributes": {"realis": "REAL", "polarity": "positive", "tense": "past"},
        },
        {"type": "Business.Merge", "trigger": [[7, 15]]},
    ]
    found = reading({"mentions": mentions, "events": events}, LABELS)
    kept, rejected = sound(found.annotations, DOCUMENT, CONFLICT)
    assert [mention.type for mention in kept.mentions] == ["GPE", "MIL"]
    (event,) = kept.events
    assert [(a.role, a.mention) for a in event.arguments] == [("target", "a"), ("attacker", "b")]
    assert event.attributes == {"realis": "actual", "polarity": "positive"}
    assert found.dropped == {"mentions:LAW": 1}
    assert found.unmapped == {
        "mentions:DISEASE": 1,
        "roles:Conflict.Attack.Colour": 1,
        "attributes:tense.past": 1,
        "events:Business.Merge": 1,
    }
    assert [(r.unit, r.kind, r.type, r.role) for r in rejected] == [
        ("mention", "unknown-type", "DISEASE", None),
        ("argument", "unknown-role", "Attack", "Colour"),
        ("attribute", "unknown-value", "Attack", None),
        ("event", "unknown-type", "Business.Merge", None),
    ]
    assert found.annotations.rejected == ()


def spans_of(text: str) -> st.SearchStrategy[tuple[Span, ...]]:
    return st.integers(0, len(text) - 1).flatmap(
        lambda start: st.integers(start + 1, len(text)).map(lambda end: (Span(start, end),))
    )


@st.composite
def annotated(draw: st.DrawFn) -> tuple[Any, Annotations]:
    text = draw(st.text(min_size=1, max_size=30).filter(str.strip))
    document = make_document("d", text)
    mentions = tuple(
        Mention(id=f"x{i}", type=draw(st.sampled_from(["GPE", "MIL"])), spans=draw(spans_of(text)))
        for i in range(draw(st.integers(0, 4)))
    )
    arguments = [Argument(role="place", mention=m.id) for m in mentions if draw(st.booleans())]
    event = Event(id="y", type="Attack", trigger=draw(spans_of(text)), arguments=tuple(arguments))
    annotations = Annotations(
        document="d",
        sha256=document.sha256,
        mentions=mentions,
        events=(event,) if draw(st.booleans()) else (),
    )
    return document, annotations


@given(annotated())
def test_a_layer_line_is_in_the_simple_form_and_comes_back_as_it_was(case: tuple[Any, Annotations]) -> None:
    document, annotations = case
    found = read(decode(msgspec.json.encode(annotations), "d"), document)
    assert found == Reading(annotations=annotations)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), st.data())
def test_offsets_in_utf16_are_taken_for_what_they_are(before: str, data: st.DataObject) -> None:
    text = f"{before}Herat"
    document = make_document("d", text)
    units = len(before.encode("utf-16-le")) // 2
    line = {"mentions": [{"type": "GPE", "spans": [[units, units + 5]], "text": "Herat"}]}
    found = read(decode(json.dumps(line).encode(), "d"), document).annotations
    assert [tuple(m.spans[0]) for m in found.mentions] == [(len(before), len(before) + 5)]


def test_a_request_says_what_a_program_needs() -> None:
    assert json.loads(request(DOCUMENT)) == {
        "document": "d",
        "text": "Rebels attacked Herat on Monday.",
        "sha256": DOCUMENT.sha256,
    }


# ---------------------------------------------------------------- words without places
HERAT = make_document("h", "Herat fell. From Herat, rebels left Herat’s  gates.")


def of_words(value: dict[str, Any]) -> Annotations:
    return read(decode(json.dumps(value).encode(), "h"), HERAT, CONFLICT).annotations


def test_the_kth_mention_of_equal_words_is_at_their_kth_place() -> None:
    herat = {"type": "GPE", "text": "Herat"}
    found = of_words({"mentions": [herat, {"type": "PER", "text": "rebels"}, herat, herat, herat]})
    places = [mention.spans for mention in found.mentions]
    assert places == [(Span(0, 5),), (Span(24, 30),), (Span(17, 22),), (Span(36, 41),)]
    (gone,) = found.rejected  # Herat is there three times, not four
    assert (gone.unit, gone.kind, gone.type, gone.words) == ("mention", "quote-not-found", "GPE", "Herat")
    assert gone.path == "$.mentions[4]"


def test_an_occurrence_says_which_place_is_meant_and_typography_does_not_matter() -> None:
    found = of_words(
        {
            "mentions": [
                {"type": "GPE", "text": "Herat", "occurrence": 2},
                {"type": "GPE", "text": "herat's gates"},
            ]
        }
    )
    assert [mention.spans for mention in found.mentions] == [(Span(17, 22),), (Span(36, 50),)]


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "GPE", "text": "Kabul"}, "quote-not-found"),
        ({"type": "GPE", "text": "Herat", "occurrence": 4}, "quote-not-found"),
        ({"type": "GPE", "text": " "}, "quote-not-found"),
        ({"type": "GPE", "text": "Herat", "occurrence": 0}, "malformed"),
        ({"type": "GPE"}, "malformed"),
    ],
)
def test_words_that_are_not_there_and_no_words_at_all_are_rejected_by_kind(
    item: dict[str, Any], kind: str
) -> None:
    found = of_words({"mentions": [item]})
    assert found.mentions == ()
    assert [one.kind for one in found.rejected] == [kind]


def test_an_argument_by_its_words_is_the_mention_of_these_words_that_the_role_takes() -> None:
    """`attacker` takes no TIME, so that the second mention of the words is meant."""
    found = of_words(
        {
            "mentions": [{"type": "TIME", "text": "Herat"}, {"type": "GPE", "text": "Herat", "id": "g"}],
            "events": [
                {"type": "Attack", "text": "fell", "arguments": [{"role": "attacker", "text": "Herat"}]},
                {
                    "type": "Attack",
                    "text": "left",
                    "arguments": [{"role": "attacker", "text": "Kabul"}],
                },
            ],
        }
    )
    assert [event.trigger for event in found.events] == [(Span(6, 10),), (Span(31, 35),)]
    assert found.events[0].arguments == (Argument(role="attacker", mention="g"),)
    (gone,) = found.rejected
    assert (gone.unit, gone.kind, gone.words) == ("argument", "quote-not-found", "Kabul")


@pytest.mark.parametrize("trigger", [{}, {"trigger": []}, {"trigger": None}])
def test_an_event_may_come_without_a_trigger(trigger: dict[str, Any]) -> None:
    event = {"type": "Attack", "arguments": [{"role": "attacker", "text": "rebels", "type": "PER"}]}
    found = of_words({"events": [{**event, **trigger}]})
    assert found.rejected == ()
    assert found.events[0].trigger == ()
    assert "trigger" not in msgspec.to_builtins(found.events[0])
    assert sound(found, HERAT, CONFLICT) == (found, [])


def test_the_trigger_of_an_event_that_is_not_in_the_text_costs_its_arguments_too() -> None:
    argument = {"role": "attacker", "text": "rebels", "type": "PER"}
    found = of_words({"events": [{"type": "Attack", "text": "bombed", "arguments": [argument]}]})
    assert found.events == ()
    assert [(one.unit, one.kind) for one in found.rejected] == [
        ("event", "quote-not-found"),
        ("argument", "quote-not-found"),
    ]


def test_a_field_that_nobody_knows_costs_itself_and_is_counted() -> None:
    mentions = [
        {"id": "m", "type": "GPE", "spans": [[16, 21]], "confidence": 0.9, "kind": {"a": 1}},
        {"type": "GPE", "spans": [[16, 21]], "confidence": 1},
    ]
    events = [
        {
            "type": "Attack", "trigger": [[7, 15]], "rank": 1,
            "arguments": [{"role": "target", "mention": "m", "confidence": 0.5}],
        }
    ]  # fmt: skip
    found = reading({"mentions": mentions, "events": events})
    assert found.annotations.rejected == ()
    assert [len(found.annotations.mentions), len(found.annotations.events[0].arguments)] == [2, 1]
    assert found.lost == {
        "fields 'confidence' of mentions": 2,
        "fields 'kind' of mentions": 1,
        "fields 'rank' of events": 1,
        "fields 'confidence' of arguments": 1,
    }


@pytest.mark.parametrize(
    "item",
    [
        # ours, misspelt
        {"type": "GPE", "spans": [[16, 21]], "attribute": {}},
        {"type": "GPE", "spans": [[16, 21]], "Scores": 1},
        # a place that would not be looked at
        {"type": "GPE", "text": "Balkh", "start": 16, "end": 21},
        {"type": "GPE", "text": "Balkh", "offsets": [16, 21]},
        {"type": "GPE", "span": [16, 21]},
    ],
)
def test_a_field_that_may_be_ours_or_a_place_costs_the_item(item: Any) -> None:
    found = reading({"mentions": [item]})
    assert [one.kind for one in found.annotations.rejected] == ["malformed"]
    assert found.lost == {}


def test_an_event_does_not_lose_its_trigger_to_a_name_that_nobody_knows() -> None:
    for name in ("triggers", "trigger_text", "trigger_span"):
        found = reading({"events": [{"type": "Attack", name: "attacked"}]})
        assert [one.kind for one in found.annotations.rejected] == ["malformed"]
    found = reading({"events": [{"type": "Attack", "confidence": 0.5}]})
    assert (len(found.annotations.events), found.lost) == (1, {"fields 'confidence' of events": 1})


@pytest.mark.parametrize("score", [1.7, -0.1, 85, 1e300])
def test_a_score_that_is_none_is_not_kept_and_counted(score: float) -> None:
    span = [[16, 21]]
    first = {"id": "m", "type": "GPE", "spans": span, "score": score}
    found = reading({"mentions": [first, {"type": "GPE", "spans": span, "score": 1}]})
    assert [mention.score for mention in found.annotations.mentions] == [None, 1]
    assert found.lost == {"scores that are not from 0 to 1": 1}


def test_words_in_another_unicode_form_are_told_as_such() -> None:
    document = make_document("d", "Then Zoe\u0308 left.")
    for place in ({"spans": [[5, 8]]}, {}):
        mention = {"type": "PER", "text": "Zo\xeb", **place}
        line = json.dumps({"document": "d", "mentions": [mention]}).encode()
        (rejected,) = read(decode(line, "f"), document).annotations.rejected
        assert "same letters in another Unicode form: NFD in the text, NFC here" in rejected.message
