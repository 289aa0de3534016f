"""The sound part of annotations is kept, the rest named."""

import pytest

from goldwire.corpora import ontology as ontologies
from goldwire.corpora import sift
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Relation, Span

CONFLICT = ontologies.read("conflict")
DOCUMENT = make_document("d", "Rebels shelled Kunduz.")


def mention(id: str, start: int, end: int, type: str = "MIL", **fields: object) -> Mention:
    return Mention(id=id, type=type, spans=(Span(start, end),), **fields)  # type: ignore[arg-type]


def event(*arguments: tuple[str, str], **fields: object) -> Event:
    made = tuple(Argument(role=role, mention=id) for role, id in arguments)
    return Event(id="e", type="Attack", trigger=(Span(7, 14),), arguments=made, **fields)  # type: ignore[arg-type]


def annotations(*mentions: Mention, events: tuple[Event, ...] = (), **fields: object) -> Annotations:
    return Annotations(document="d", sha256=DOCUMENT.sha256, mentions=mentions, events=events, **fields)  # type: ignore[arg-type]


def test_sound_annotations_are_left_as_they_are() -> None:
    given = annotations(
        mention("m", 0, 6), events=(event(("attacker", "m"), attributes={"mode": "shelling"}),)
    )
    assert sift.sound(given, DOCUMENT, CONFLICT) == (given, [])


def test_only_the_faulty_part_goes() -> None:
    given = annotations(
        mention("m", 0, 6, head=Span(15, 21), attributes={"form": "name", "colour": "red"}),
        mention("gone", 0, 99),
        events=(event(("attacker", "m"), ("captor", "m"), ("target", "gone"), attributes={"mode": "loud"}),),
        relations=(Relation(id="x", type="near", source="m", target="m"),),
    )
    kept, dropped = sift.sound(given, DOCUMENT, CONFLICT)
    assert kept == annotations(
        mention("m", 0, 6, attributes={"form": "name"}), events=(event(("attacker", "m")),)
    )
    assert {item.key for item in dropped} == {
        ("mentions", "m", "head"),
        ("mentions", "m", "attributes", "colour"),
        ("mentions", "gone"),
        ("events", "e", "arguments", "captor", "m"),
        ("events", "e", "arguments", "target", "gone"),
        ("events", "e", "attributes", "mode"),
        ("relations", "x"),
    }


def test_of_a_repeated_id_the_first_is_kept() -> None:
    kept, dropped = sift.sound(
        annotations(mention("m", 0, 6), mention("m", 15, 21, "GPE")), DOCUMENT, CONFLICT
    )
    assert [m.type for m in kept.mentions] == ["MIL"]
    assert [item.key for item in dropped] == [("mentions", "m", "again")]


def test_annotations_of_another_text_are_refused_whole() -> None:
    other = Annotations(document="d", sha256="0" * 64)
    with pytest.raises(DataError, match="made for another text"):
        sift.sound(other, DOCUMENT, CONFLICT)
