"""What touches an excluded region is no unit, and what hangs on it goes with it."""

from goldwire.corpora import exclude
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Relation, Span

REGIONS = (Excluded(start=10, end=20, reason="teaser"),)


def test_a_region_is_touched_by_a_character_in_it_and_not_by_its_edge() -> None:
    assert exclude.reason((Span(5, 10),), REGIONS) is None
    assert exclude.reason((Span(20, 25),), REGIONS) is None
    assert exclude.reason((Span(5, 11),), REGIONS) == "teaser"
    assert exclude.reason((Span(0, 3), Span(19, 25)), REGIONS) == "teaser"


def test_arguments_and_relations_go_with_their_mention() -> None:
    found = Annotations(
        document="a",
        sha256="0",
        mentions=(
            Mention(id="in", type="GPE", spans=(Span(12, 15),)),
            Mention(id="out", type="GPE", spans=(Span(0, 3),)),
        ),
        events=(
            Event(
                id="e",
                type="Attack",
                trigger=(Span(4, 8),),
                arguments=(Argument(role="place", mention="in"), Argument(role="target", mention="out")),
            ),
            Event(id="f", type="Attack", trigger=(Span(9, 11),)),
        ),
        relations=(Relation(id="r", type="in", source="in", target="out"),),
    )
    kept, gone = exclude.leave_out(found, REGIONS)
    assert gone == 2
    assert [mention.id for mention in kept.mentions] == ["out"]
    assert [(event.id, [a.role for a in event.arguments]) for event in kept.events] == [("e", ["target"])]
    assert kept.relations == ()
    assert exclude.leave_out(found, ()) == (found, 0)
