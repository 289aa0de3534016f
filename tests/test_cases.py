"""Cases of the page: what stands instead of one another is decided together, what does not is not."""

import msgspec

from goldwire.annotate.adjudicate.cases import group
from goldwire.annotate.adjudicate.judge import Judge
from goldwire.annotate.adjudicate.merge import iter_views
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Argument, Event, Mention, Span
from goldwire.testing import annotate

DOCUMENT = make_document("d", "The president of France met rebels.")
SHELLED = Event(id="e", type="Meet", trigger=(Span(24, 27),))


def mention(type: str, words: str, id: str = "") -> Mention:
    start = DOCUMENT.text.index(words)
    return Mention(id=id or f"{type} {words}", type=type, spans=(Span(start, start + len(words)),))


def cases(*people: list[Mention | Event]) -> list[list[str]]:
    """The words of the units of each case."""
    layers = {
        str(number): {
            "d": annotate(
                DOCUMENT,
                *(unit for unit in units if isinstance(unit, Mention)),
                events=tuple(unit for unit in units if isinstance(unit, Event)),
            )
        }
        for number, units in enumerate(people)
    }
    [(_, views)] = iter_views(layers, [DOCUMENT], None)
    judge = Judge(DOCUMENT, views, {}, None, every=True)
    return [[judge.found[number].words for number in case] for case in group(judge)]


def test_two_types_or_extents_of_the_same_words_are_one_case() -> None:
    assert cases([mention("GPE", "France")], [mention("ORG", "France")]) == [
        ["GPE “France”", "ORG “France”"]
    ]  # fmt: skip
    assert cases([mention("PER", "The president of France")], [mention("PER", "The president")]) == [
        ["PER “The president”", "PER “The president of France”"]
    ]  # fmt: skip


def test_what_one_person_has_both_of_are_two_cases() -> None:
    both: list[Mention | Event] = [mention("PER", "The president of France"), mention("GPE", "France")]
    assert cases(both, []) == [["PER “The president of France”"], ["GPE “France”"]]


def test_a_case_does_not_grow_without_end() -> None:
    """Somebody marked the whole text as one: it stands instead of seven others, but is a case by itself."""
    words = ["The", "president", "of", "France", "met", "rebels", "."]
    assert len(cases([mention("PER", DOCUMENT.text)], [mention("X", word) for word in words])) == 8


def test_two_roles_of_one_filler_are_one_case_and_come_after_what_they_hang_on() -> None:
    rebels, met = mention("MIL", "rebels"), SHELLED
    with_role = [
        msgspec.structs.replace(met, arguments=(Argument(role=role, mention=rebels.id),))
        for role in ("visitor", "host")
    ]
    found = cases([rebels, with_role[0]], [rebels, with_role[1]], [])
    assert found == [
        ["MIL “rebels”"],
        ["Meet “met”"],
        ["host of Meet “met”: MIL “rebels”", "visitor of Meet “met”: MIL “rebels”"],
    ]
