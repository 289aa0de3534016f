"""Rejected units count against their system, by what is sound of them. Counted by hand.

text    Rebels hit Northville on Monday.
gold    Rebels MIL, Northville GPE; Attack `hit` (attacker Rebels, target Northville)
"""

import msgspec
import pytest

from goldwire.corpora.store import make_document
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Event,
    Excluded,
    Mention,
    Provenance,
    Rejected,
    Relation,
    Span,
)
from goldwire.eval.counting.rejected import BEYOND, put_back, taken
from goldwire.eval.scoring.record import REJECTED
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

TEXT = "Rebels hit Northville on Monday."
DOCUMENT = make_document("a", TEXT)
REBELS = Mention(id="m1", type="MIL", spans=(Span(0, 6),))
TOWN = Mention(id="m2", type="GPE", spans=(Span(11, 21),))
ARGUMENTS = (Argument(role="attacker", mention="m1"), Argument(role="target", mention="m2"))
REALIS = {"realis": "actual"}
ATTACK = Event(id="e1", type="Attack", trigger=(Span(7, 10),), arguments=ARGUMENTS, attributes=REALIS)
GOLD = Annotations(document="a", sha256=DOCUMENT.sha256, mentions=(REBELS, TOWN), events=(ATTACK,))
HIT = ((7, 10),)


def line(*rejected, mentions=(REBELS,), events=(), relations=()):
    return annotate(DOCUMENT, *mentions, events=events, relations=relations, rejected=rejected)


def no(unit, kind, **fields):
    return Rejected(unit=unit, kind=kind, message="for a test", **fields)


def record(system, *measures, document=DOCUMENT, **options):
    return score(
        [GOLD], {"s": system and [system]}, [document], measures, options=Options(trials=0, **options)
    )


def sums(system, measure, **how):
    """Right, given by the system, gold."""
    found = record(system, measure, **how).results[0].averages["micro"]
    return found.gold_hits, found.system, found.gold


NOT_THERE = no("mention", "words-differ", type="GPE", spans=((25, 31),), words="Tuesday")
ODD = no("mention", "unknown-type", type="CITY", spans=((11, 21),), words="Northville")


# ---------------------------------------------------------------- mentions
def test_words_that_are_not_there_are_spurious_whatever_the_match():
    for measure in ("entity", "untyped", "overlap", "iou50", "partial", "entity:span+type@head", "surface"):
        assert sums(line(NOT_THERE), measure) == (1, 2, 2), measure
    assert sums(line(NOT_THERE), "entity:span+type@token-dice") == (1, 2, 2)


def test_a_wrong_place_matches_nothing_even_where_gold_stands():
    there = no("mention", "words-differ", type="GPE", spans=((11, 21),), words="Southville")
    assert sums(line(there), "entity") == (1, 2, 2)
    assert sums(line(there), "overlap") == (1, 2, 2)


def test_a_wrong_type_alone_is_judged_by_its_span_where_types_do_not_count():
    assert sums(line(ODD), "entity") == (1, 2, 2)
    assert sums(line(ODD), "untyped") == (2, 2, 2)
    assert sums(line(ODD), "entity:span@overlap") == (2, 2, 2)


def test_a_rejected_unit_is_counted_under_its_own_type_or_a_question_mark():
    found = record(line(NOT_THERE, ODD, no("mention", "malformed", path="$.mentions[3]")), "entity").results[
        0
    ]
    given = {label: score.system for label, score in found.labels.items()}
    assert given == {"?": 1, "CITY": 1, "GPE": 1, "MIL": 1}


def test_equal_rejected_units_are_one_and_others_are_several():
    other = no("mention", "words-differ", type="GPE", spans=((25, 31),), words="Sunday")
    assert sums(line(NOT_THERE, NOT_THERE), "entity") == (1, 2, 2)
    assert sums(line(NOT_THERE, other), "entity") == (1, 3, 2)


def test_they_can_be_left_out_and_are_told_all_the_same():
    found = record(line(NOT_THERE, ODD), "entity", rejected="left-out")
    assert found.results[0].averages["micro"].system == 1
    assert found.systems[0].rejected == {"unknown-type": 1, "words-differ": 1}
    assert "rejected:left-out" in found.results[0].signature


def test_the_rate_is_of_all_that_was_given():
    [table] = record(line(NOT_THERE, ODD, events=()), "entity").rejections
    assert (table.system, table.measure, table.labels) == (
        "s",
        REJECTED,
        ("", "unknown-type", "words-differ"),
    )
    # one mention taken, two rejected: 2 of 3
    assert table.patterns == (((0, 0, 3, 0, 0), (1, 1, 0, 0, 0), (2, 1, 0, 0, 0)),)


def test_rejected_units_of_gold_are_told_and_never_counted():
    gold = Annotations(document="a", sha256=DOCUMENT.sha256, mentions=(REBELS,), rejected=(NOT_THERE,))
    found = score([gold], {"s": [line()]}, [DOCUMENT], ["entity"], options=Options(trials=0))
    assert found.gold.rejected == {"words-differ": 1}
    assert found.results[0].averages["micro"].gold == 1


def test_nothing_counts_in_excluded_regions():
    document = make_document("a", TEXT, excluded=(Excluded(start=22, end=32, reason="teaser"),))
    assert sums(line(NOT_THERE), "entity", document=document) == (1, 1, 2)


def test_what_is_rejected_is_part_of_the_fingerprint():
    one, two = (record(system, "entity").systems[0] for system in (line(), line(NOT_THERE)))
    assert one.fingerprint != two.fingerprint


# ---------------------------------------------------------------- events, arguments, relations
def test_a_rejected_event_is_spurious_with_its_arguments():
    event = no("event", "words-differ", type="Attack", spans=((22, 24),), words="hits")
    arguments = [
        no("argument", "words-differ", type="Attack", role=role, spans=spans, trigger=((22, 24),))
        for role, spans in (("attacker", ((0, 6),)), ("target", ((11, 21),)))
    ]
    system = line(event, *arguments, mentions=(REBELS, TOWN))
    assert sums(system, "TI") == sums(system, "TC") == (0, 1, 1)
    assert sums(system, "AC+") == sums(system, "AI") == (0, 2, 2)
    assert sums(system, "entity") == (2, 2, 2)


def test_an_event_of_an_unknown_type_is_judged_by_its_trigger_where_types_do_not_count():
    event = no("event", "unknown-type", type="Raid", spans=HIT)
    argument = no("argument", "unknown-type", type="Raid", role="target", spans=((11, 21),), trigger=HIT)
    system = line(event, argument, mentions=(REBELS, TOWN))
    assert sums(system, "TI") == (1, 1, 1)
    assert sums(system, "TC") == (0, 1, 1)
    assert sums(system, "AC") == (0, 1, 2)
    assert sums(system, "argument:trigger+role+span@exact") == (1, 1, 2)
    assert sums(system, "nugget+realis") == (0, 1, 1)  # it has no value


def test_an_unknown_role_is_judged_by_the_rest_where_roles_do_not_count():
    role = no("argument", "unknown-role", type="Attack", role="aim", spans=((11, 21),), trigger=HIT)
    event = Event(id="e", type="Attack", trigger=(Span(7, 10),), arguments=ARGUMENTS[:1])
    system = line(role, mentions=(REBELS, TOWN), events=(event,))
    assert sums(system, "AC+") == (1, 2, 2)
    assert sums(system, "AI+") == (2, 2, 2)
    assert sums(system, "TC") == (1, 1, 1)


def test_a_filler_that_went_leaves_a_spurious_argument_and_no_mention():
    argument = no("argument", "no-mention", type="Attack", role="target", trigger=HIT, path="$.events[0]")
    event = Event(id="e", type="Attack", trigger=(Span(7, 10),), arguments=ARGUMENTS[:1])
    system = line(argument, events=(event,))
    assert sums(system, "AC+") == (1, 2, 2)
    assert sums(system, "entity") == (1, 1, 2)


def test_an_argument_without_its_event_is_no_trigger():
    argument = no("argument", "malformed", role="target", path="$.events[4].arguments[0]")
    system = line(argument)
    assert sums(system, "AC+") == sums(system, "AI") == (0, 1, 2)
    assert sums(system, "TI") == sums(system, "TC") == (0, 0, 1)


def test_a_rejected_relation_is_spurious():
    own = Relation(id="r1", type="of", source="m1", target="m2")
    gold = Annotations(document="a", sha256=DOCUMENT.sha256, mentions=(REBELS, TOWN), relations=(own,))
    relation = no("relation", "no-mention", type="of", path="$.relations[1]")
    system = line(relation, mentions=(REBELS, TOWN), relations=(own,))
    found = score([gold], {"s": [system]}, [DOCUMENT], ["relation", "boundaries"], options=Options(trials=0))
    for result in found.results:
        assert (result.averages["micro"].gold_hits, result.averages["micro"].system) == (1, 2)


# ---------------------------------------------------------------- what is counted otherwise
def test_it_is_a_singleton_of_the_system_in_coreference():
    # B3: the system's mentions are Rebels (right) and one that is nowhere: P 1/2, R 1/2
    found = record(line(NOT_THERE), "B3").results[0].averages["micro"]
    assert (found.precision, found.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 2))


@pytest.mark.parametrize("type", ["AAA", "ZZZ"])
@pytest.mark.parametrize("measure", ["MUC", "B3", "CEAF-e", "CEAF-m", "LEA"])
def test_one_rejected_for_its_type_alone_breaks_no_cluster_of_the_system(measure, type):
    # Gold and system have one cluster of both mentions. REBELS was given once more with an unknown type: the
    # mention is there already, so it is a repetition and dropped, wherever its type comes in the alphabet.
    both = tuple(msgspec.structs.replace(mention, cluster="c") for mention in (REBELS, TOWN))
    gold = msgspec.structs.replace(GOLD, mentions=both, events=())
    again = no("mention", "unknown-type", type=type, spans=tuple((s.start, s.end) for s in REBELS.spans))
    found = score(
        [gold], {"s": [line(again, mentions=both)]}, [DOCUMENT], [measure], options=Options(trials=0)
    )
    assert found.results[0].value == 1


def test_it_is_an_unmatched_template():
    event = no("event", "words-differ", type="Attack", spans=((22, 24),), words="hits")
    argument = no(
        "argument", "words-differ", type="Attack", role="target", spans=((11, 21),), trigger=((22, 24),)
    )
    for measure in ("CEAF-REE", "CEAF-RME-subset", "template:surface+role@ceaf-ree"):
        assert sums(line(event, argument, mentions=(REBELS, TOWN)), measure) == (0, 1, 2), measure


def test_it_is_spurious_among_the_classes_of_semeval():
    found = record(line(NOT_THERE), "entity", classes=True).results[0]
    assert found.classes == {"COR": 1, "INC": 0, "PAR": 0, "MIS": 1, "SPU": 1}


def test_it_is_spurious_in_the_confusion():
    [confusion] = record(line(NOT_THERE, ODD), "entity").confusions
    assert set(confusion.cells) == {("MIL", "MIL", 1), ("GPE", "CITY", 1), (None, "GPE", 1)}


def test_tokens_documents_and_attributes_do_not_see_it():
    event = no("event", "unknown-type", type="Raid", spans=HIT)
    system = line(NOT_THERE, ODD, event)
    assert sums(system, "tokens") == (1, 1, 2)
    assert sums(system, "document") == (0, 0, 1)


def test_what_was_put_back_can_be_taken_out_again():
    event = no("event", "unknown-type", type="Raid", spans=HIT)
    item = line(NOT_THERE, ODD, event, mentions=(REBELS, TOWN), events=(ATTACK,))
    whole = put_back(item, item.rejected)
    assert len(whole.mentions) == 4
    assert max(span.start for mention in whole.mentions for span in mention.spans) >= BEYOND
    assert taken(whole) == item


# ---------------------------------------------------------------- failed documents
def test_a_failed_document_counts_as_empty_and_is_told():
    failed = Annotations(
        document="a", sha256=DOCUMENT.sha256, provenance=Provenance(details={"failed": "time-out"})
    )
    found = record(failed, "entity")
    assert (found.systems[0].failed, found.systems[0].missing) == (1, 0)
    assert found.results[0].value == 0
