"""Which units may go together, at the edges of each match."""

import pytest

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

TEXT = "Rebels from the north took  Balkh ."
DOCUMENT = make_document("d", TEXT)


def layer(*units, type="PER"):
    """Mentions, each given by its spans."""
    return [annotate(DOCUMENT, *((spans, type) for spans in units))]


def credit(measure, gold, system):
    record = score(gold, {"s": system}, [DOCUMENT], [measure], options=Options(trials=0))
    return record.results[0].averages["micro"].gold_hits


@pytest.mark.parametrize(("threshold", "matched"), [("0.3", 1), ("0.30000001", 0), ("0.29", 1), ("1", 0)])
def test_a_threshold_is_met_exactly(threshold, matched):
    # 3 of 10 characters: .3 as a double is a little less than three tenths
    assert credit(f"entity:span@iou>={threshold}", layer([(0, 10)]), layer([(0, 3)])) == matched


@pytest.mark.parametrize(("threshold", "matched"), [("0.3333333333333333", 1), ("0.3333333333333334", 0)])
def test_a_threshold_of_many_decimals_is_met_exactly_by_long_mentions(threshold, matched):
    # A third of 6,000 characters, times 10^16, is more than 64 bits hold.
    document = make_document("d", "x" * 6000)
    gold, system = (
        [
            Annotations(
                document="d",
                sha256=document.sha256,
                mentions=(Mention(id="m", type="PER", spans=(Span(0, end),)),),
            )
        ]
        for end in (6000, 2000)
    )
    for match in ("iou", "gold-overlap"):
        measure = f"entity:span@{match}>={threshold}"
        record = score(gold, {"s": system}, [document], [measure], options=Options(trials=0))
        assert record.results[0].averages["micro"].gold_hits == matched


def test_an_iou_of_one_is_the_same_place():
    assert credit("entity:span@iou>=1", layer([(0, 3), (5, 9)]), layer([(0, 3), (5, 9)])) == 1
    assert credit("entity:span@iou>=1", layer([(0, 3), (5, 9)]), layer([(0, 9)])) == 0


def test_parts_of_discontinuous_mentions_overlap_character_by_character():
    gold = layer([(0, 6), (22, 26)])
    assert credit("entity:span@overlap", gold, layer([(7, 21)])) == 0  # in the gap
    assert credit("entity:span@overlap", gold, layer([(4, 24)])) == 1
    assert credit("entity:span@dice", gold, layer([(4, 24)])) == pytest.approx(2 * 4 / (10 + 20))


def test_partial_credit_goes_to_the_pairs_that_are_worth_most():
    # (0-6) with (0-6) and (7-21) with (7-10): 1.5; crosswise there is nothing
    assert credit("partial", layer([(0, 6)], [(7, 21)]), layer([(0, 6)], [(7, 10)])) == 1.5
    # one gold mention cannot pay two system mentions
    assert credit("partial", layer([(0, 21)]), layer([(0, 6)], [(7, 21)])) == 0.5


def test_token_matches_do_not_see_half_words():
    gold, system = layer([(0, 6)]), layer([(1, 5)])  # Rebels, ebel
    assert credit("entity:span@token-iou>=1", gold, system) == 1
    assert credit("entity:span@iou>=0.7", gold, system) == 0


def test_white_space_alone_matches_only_itself_by_tokens():
    assert credit("entity:span@token-dice", layer([(26, 28)]), layer([(26, 28)])) == 1
    assert credit("entity:span@token-dice", layer([(26, 28)]), layer([(26, 27)])) == 0


def test_two_mentions_of_one_head_go_with_two():
    inner, outer = (16, 21), (12, 21)  # north, the north
    assert credit("entity:span+type@head", layer([inner], [outer]), layer([inner], [(0, 21)])) == 1
    assert credit("entity:span+type@head", layer([inner], [outer]), layer([outer], [inner])) == 2


def test_the_type_must_agree_whatever_the_match():
    for match in ("exact", "overlap", "iou>=0.1", "dice", "partial", "head", "extended", "token-dice"):
        assert credit(f"entity:span+type@{match}", layer([(0, 6)]), layer([(0, 6)], type="ORG")) == 0
        assert credit(f"entity:span@{match}", layer([(0, 6)]), layer([(0, 6)], type="ORG")) == 1


def test_clusters_of_the_system_and_of_other_documents_do_not_help():
    def with_event(*mentions):
        event = Event(
            id="e", type="Attack", trigger=(Span(22, 26),), arguments=(Argument(role="target", mention="0"),)
        )
        return Annotations(document="d", sha256=DOCUMENT.sha256, mentions=mentions, events=(event,))

    def place(id, span, cluster=None):
        return Mention(id=id, type="PER", spans=(Span(*span),), cluster=cluster)

    gold = with_event(place("0", (0, 6), "c"), place("1", (28, 33), "c"))
    alone = with_event(place("0", (0, 6)), place("1", (28, 33)))
    system = with_event(place("0", (28, 33)), place("1", (0, 6)))
    clustered = with_event(place("0", (28, 33), "c"), place("1", (0, 6), "c"))
    assert credit("AC+coref", [gold], [system]) == 1
    assert credit("AC+coref", [alone], [clustered]) == 0
    assert credit("AC+coref", [alone], [alone]) == 1
