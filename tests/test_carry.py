"""Annotations move with their words, and what hangs on words that were changed is rejected, never moved."""

import pytest

from goldwire import testing
from goldwire.corpora.carry import CARRIED, Correction, carry, carry_tokens, correction
from goldwire.corpora.store import make_document
from goldwire.corpora.tokens import fits, keep
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Mention,
    Provenance,
    Rejected,
    Relation,
    Span,
    Spans,
)

TEXT = "Rebels shelled Balkh and Herat on Monday."
OLD = make_document("d", TEXT)


def at(words: str, text: str = TEXT) -> Spans:
    """Where words stand that are there once; parts of a discontinuous unit are parted by `…`."""
    assert all(text.count(part) == 1 for part in words.split("…"))
    return testing.spans(words, text)


def mention(id: str, words: str, **fields: object) -> Mention:
    return Mention(id=id, type="GPE", spans=at(words), **fields)  # type: ignore[arg-type]


def line(*mentions: Mention, old: Document = OLD, **fields: object) -> Annotations:
    return testing.annotate(old, *mentions, **fields)  # type: ignore[arg-type]


def corrected(text: str, **fields: object) -> Correction:
    return correction(OLD, make_document("d", text, **fields))


def words(found: Annotations, text: str) -> dict[str, list[str]]:
    return {one.id: [text[span.start : span.end] for span in one.spans] for one in found.mentions}


def lost(found: Annotations) -> list[tuple[str, str, str | None]]:
    return [(one.unit, one.kind, one.id) for one in found.rejected]


def test_a_mention_moves_with_its_words_and_one_whose_word_was_changed_is_rejected() -> None:
    text = "On Monday: rebels shelled Balch and Herat on Monday."
    found = carry(line(mention("a", "Balkh"), mention("b", "Herat")), corrected(text)).line
    assert words(found, text) == {"b": ["Herat"]}
    [gone] = found.rejected
    assert (gone.unit, gone.kind, gone.id, gone.type) == ("mention", "text-corrected", "a", "GPE")
    # Where it stood, in the text before: B is the sixteenth character.
    assert (gone.spans, gone.words) == (((15, 20),), "Balkh")
    assert found.sha256 == corrected(text).new.sha256
    assert found.provenance.details[CARRIED] == OLD.sha256


def test_a_word_that_grew_is_another_word_and_one_beside_new_words_is_not() -> None:
    text = "Rebels shelled Balkhs and old Herat on Monday."
    found = carry(line(mention("a", "Balkh"), mention("b", "Herat")), corrected(text)).line
    assert words(found, text) == {"b": ["Herat"]}


def test_a_discontinuous_mention_moves_if_each_of_its_parts_does() -> None:
    both = line(mention("a", "Balkh…Monday"), mention("b", "Rebels…Herat"))
    text = "Rebels shelled Balkh and then Heraat on Monday."
    found = carry(both, corrected(text)).line
    assert words(found, text) == {"a": ["Balkh", "Monday"]}
    assert lost(found) == [("mention", "text-corrected", "b")]


def test_of_nested_mentions_the_inner_one_stays_where_only_the_outer_was_changed() -> None:
    nested = line(mention("a", "Balkh and Herat"), mention("b", "Herat"), mention("c", "and Herat"))
    text = "Rebels shelled Balkh, and Herat on Monday."
    assert words(carry(nested, corrected(text)).line, text) == {"b": ["Herat"], "c": ["and Herat"]}


def test_the_head_moves_with_its_part_even_where_alone_it_could_be_either() -> None:
    # "and" comes in a second time beside itself.
    text = "Rebels shelled Balkh and and Herat on Monday."
    whole = mention("a", "and Herat", head=at("Herat")[0])
    [found] = carry(line(whole), corrected(text)).line.mentions
    assert found.head is not None
    assert text[found.head.start : found.head.end] == "Herat"
    assert found.spans == (Span(25, 34),)  # the second "and", which Herat follows


def test_a_span_without_a_character_moves_only_inside_what_stays() -> None:
    empty = Mention(id="a", type="GPE", spans=(Span(2, 2),))
    assert carry(line(empty), corrected(f"So {TEXT}")).line.mentions[0].spans == (Span(5, 5),)
    assert carry(line(empty), corrected(TEXT.replace("Rebels", "Troops"))).line.mentions == ()


def test_spans_that_were_never_in_the_text_are_not_put_anywhere() -> None:
    outside = Mention(id="a", type="GPE", spans=(Span(90, 95),))
    assert lost(carry(line(outside), corrected(f"{TEXT} {TEXT} {TEXT}")).line) == [
        ("mention", "text-corrected", "a")
    ]


def test_an_event_that_loses_its_trigger_is_rejected_with_its_arguments() -> None:
    event = Event(
        id="e", type="Attack", trigger=at("shelled"), arguments=(Argument(role="target", mention="a"),)
    )
    text = TEXT.replace("shelled", "shelling")
    found = carry(line(mention("a", "Balkh"), events=(event,)), corrected(text)).line
    assert found.events == ()
    assert lost(found) == [("event", "text-corrected", "e"), ("argument", "text-corrected", None)]
    assert found.rejected[1].trigger == ((7, 14),)
    assert words(found, text) == {"a": ["Balkh"]}


def test_an_event_without_a_trigger_stays_and_loses_only_arguments() -> None:
    arguments = (Argument(role="target", mention="a"), Argument(role="place", mention="b"))
    event = Event(id="e", type="Attack", arguments=arguments)
    whole = line(mention("a", "Balkh"), mention("b", "Herat"), events=(event,))
    found = carry(whole, corrected(TEXT.replace("Balkh", "Kabul"))).line
    assert [one.mention for one in found.events[0].arguments] == ["b"]
    assert lost(found) == [("mention", "text-corrected", "a"), ("argument", "text-corrected", None)]


def test_of_alternative_fillers_one_that_is_left_stands_in() -> None:
    argument = Argument(role="target", mention="a", alternatives=("b",))
    event = Event(
        id="e", type="Attack", trigger=at("shelled"), arguments=(argument,), alternatives=("Fight",)
    )
    whole = line(mention("a", "Balkh"), mention("b", "Herat"), events=(event,))
    found = carry(whole, corrected(TEXT.replace("Balkh", "Kabul"))).line
    assert found.events[0].arguments == (Argument(role="target", mention="b"),)
    assert found.events[0].alternatives == ("Fight",)
    assert lost(found) == [("mention", "text-corrected", "a")]


def test_a_relation_goes_with_either_end_and_a_cluster_keeps_its_other_members() -> None:
    mentions = (
        mention("a", "Balkh", cluster="c"),
        mention("b", "Herat", cluster="c"),
        mention("m", "Rebels"),
    )
    relations = (
        Relation(id="r", type="Near", source="a", target="b"),
        Relation(id="s", type="Near", source="m", target="b"),
    )
    found = carry(line(*mentions, relations=relations), corrected(TEXT.replace("Balkh", "Kabul"))).line
    assert [one.id for one in found.relations] == ["s"]
    assert lost(found) == [("mention", "text-corrected", "a"), ("relation", "text-corrected", "r")]
    assert [(one.id, one.cluster) for one in found.mentions] == [("b", "c"), ("m", None)]


def test_attributes_and_scores_stay_as_they_are() -> None:
    one = mention("a", "Herat", attributes={"mention": "name"}, score=0.5)
    [found] = carry(line(one), corrected(f"So {TEXT}")).line.mentions
    assert (found.attributes, found.score) == ({"mention": "name"}, 0.5)


def test_what_an_excluded_region_takes_is_told_and_not_in_the_line() -> None:
    new = make_document("d", f"So {TEXT}", excluded=(Excluded(start=18, end=23, reason="teaser"),))
    found = carry(line(mention("a", "Balkh"), mention("b", "Herat")), correction(OLD, new))
    assert [(one.kind, one.id) for one in found.lost] == [("excluded", "a")]
    assert found.line.rejected == ()


def test_what_was_rejected_before_keeps_its_kind_and_moves_where_its_place_is_sound() -> None:
    before = (
        Rejected(unit="mention", kind="unknown-type", message="", spans=((25, 30),)),
        Rejected(unit="mention", kind="unknown-type", message="", spans=((15, 20),)),
        Rejected(unit="mention", kind="outside-text", message="", spans=((90, 95),)),
    )
    found = carry(line(rejected=before), corrected(f"So {TEXT.replace('Balkh', 'Kabul')}")).line
    assert [(one.kind, one.spans) for one in found.rejected] == [
        ("unknown-type", ((28, 33),)),
        ("text-corrected", ((15, 20),)),
        ("outside-text", ((90, 95),)),
    ]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (TEXT.replace("Balkh", "Kabul"), "adjudicated"),  # a word for a word
        (TEXT.replace(" on Monday", ""), "adjudicated"),
        (TEXT.replace(" and ", ",  and\n"), "adjudicated"),  # signs and space are no words
        (TEXT.replace("Balkh", "all Balkh"), "draft"),
        (TEXT.replace("Balkh", "Mazar i Sharif"), "draft"),
        (f"{TEXT} Kabul fell.", "draft"),
        # A word went elsewhere: what came in is new all the same.
        (f"{TEXT.replace(' and Herat', '')} Kabul.", "draft"),
    ],
)  # fmt: skip
def test_who_judged_still_has_unless_words_came_in(text: str, status: str) -> None:
    judged = line(provenance=Provenance(status="adjudicated"))
    assert carry(judged, corrected(text)).line.provenance.status == status
    looked = correction(OLD, make_document("d", text), judged=True)
    assert carry(judged, looked).line.provenance.status == "adjudicated"


def test_what_was_skipped_stays_skipped() -> None:
    skipped = line(provenance=Provenance(status="skipped"))
    assert carry(skipped, corrected(f"{TEXT} More.")).line.provenance.status == "skipped"


def test_tokens_move_only_where_all_of_them_are_there_and_nothing_else_is() -> None:
    before = line(mention("a", "Balkh"))
    starts, ends = [0, 7, 15, 21, 25, 31, 34, 40], [6, 14, 20, 24, 30, 33, 40, 41]
    kept = keep(before, starts, ends, ["O\tO\tB-GPE\tO\tO\tO\tO\tO"], "iob2")
    spaced = corrected(TEXT.replace(" and ", "\n and "))
    after = carry(before, spaced).line
    found = carry_tokens(kept, before, after, spaced)
    assert found is not None
    assert fits(found, after)
    assert found.starts == (0, 7, 15, 22, 26, 32, 35, 41)  # one more in front of "and" and what follows
    for text in (TEXT.replace(" on ", " in "), TEXT.replace(" on ", " "), f"{TEXT} More."):
        other = corrected(text)
        assert carry_tokens(kept, before, carry(before, other).line, other) is None
