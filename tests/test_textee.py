"""TextEE, OneIE and WikiEvents: records after their READMEs, in our own words."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.types import Span

TOKENS = ["Ann", "shot", "😀", "Bob", "Lee", "."]  # "Ann shot 😀 Bob Lee .": Bob Lee is 11 to 18
ENTITIES = [
    {"id": "E1", "text": "Ann", "entity_type": "PER", "start": 0, "end": 1},
    {"id": "E2", "text": "Bob Lee", "entity_type": "PER", "start": 3, "end": 5},
]
EVENT = {
    "id": "V1",
    "event_type": "Conflict:Attack",
    "trigger": {"text": "shot", "start": 1, "end": 2},
    "arguments": [
        {"entity_id": "E1", "role": "Attacker", "text": "Ann", "start": 0, "end": 1},
        {"entity_id": "E2", "role": "Target", "text": "Bob Lee", "start": 3, "end": 5},
    ],
}
TEXTEE = {"doc_id": "d", "wnd_id": "d-1", "text": "Ann shot 😀 Bob Lee.", "lang": "en"}
ONEIE = {"doc_id": "d", "sent_id": "d-1", "pieces": ["Ann"], "token_lens": [1]}
WIKI = {"doc_id": "d-1", "sentences": [], "text": "Ann shot 😀 Bob Lee."}


def put(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def made(head: dict[str, Any], **more: Any) -> dict[str, Any]:
    relation = {
        "id": "R1",
        "relation_type": "knows",
        "arguments": [{"entity_id": "E1", "role": "Arg-1"}, {"entity_id": "E2", "role": "Arg-2"}],
    }
    units = {"entity_mentions": ENTITIES, "event_mentions": [EVENT], "relation_mentions": [relation]}
    return {**head, "tokens": TOKENS, **units, **more}


@pytest.mark.parametrize("head", [TEXTEE, ONEIE, WIKI])
def test_entities_events_and_relations_are_read(tmp_path: Path, head: dict[str, Any]) -> None:
    path = put(tmp_path / "a.json", made(head))
    assert recognise([path]).format == "textee"
    reading = convert.read("textee", [path], {})
    assert [(d.id, d.text) for d in reading.documents] == [("d-1", "Ann shot 😀 Bob Lee .")]
    (line,) = reading.annotations
    assert [(m.id, m.type, m.spans) for m in line.mentions] == [
        ("E1", "PER", (Span(0, 3),)),
        ("E2", "PER", (Span(11, 18),)),
    ]
    (event,) = line.events
    assert (event.type, event.trigger) == ("Conflict:Attack", (Span(4, 8),))
    assert [(a.role, a.mention) for a in event.arguments] == [("Attacker", "E1"), ("Target", "E2")]
    assert [(r.type, r.source, r.target) for r in line.relations] == [("knows", "E1", "E2")]
    assert not reading.quarantined


def test_what_names_nothing_or_lies_outside_is_rejected(tmp_path: Path) -> None:
    entities = [ENTITIES[0], {**ENTITIES[1], "end": 9}, {"id": "E3"}]
    path = put(tmp_path / "a.json", made(TEXTEE, entity_mentions=entities))
    reading = convert.read("textee", [path], {})
    assert {(item.unit, item.kind) for item in reading.quarantined} == {
        ("mention", "outside-text"),
        ("mention", "malformed"),
        ("argument", "no-mention"),
        ("relation", "no-mention"),
    }


def test_words_that_are_not_those_of_the_tokens_are_rejected(tmp_path: Path) -> None:
    entities = [{**ENTITIES[0], "text": "Anna"}, {**ENTITIES[1], "text": "BobLee"}]  # white space is free
    event = {**EVENT, "id": "V2", "trigger": {"text": "shoot", "start": 1, "end": 2}}
    events = [EVENT, event, {**EVENT, "id": "V3", "trigger": {"start": 1, "end": 2}}]
    path = put(tmp_path / "a.json", made(TEXTEE, entity_mentions=entities, event_mentions=events))
    reading = convert.read("textee", [path], {})
    (line,) = reading.annotations
    assert [mention.id for mention in line.mentions] == ["E2"]
    assert [event.id for event in line.events] == ["V1", "V3"]
    found = sorted((item.unit, item.kind) for item in reading.quarantined)
    # Ann fills a role in the two events that stay, and the relation has her as its source.
    assert found == [
        ("argument", "no-mention"),
        ("argument", "no-mention"),
        ("argument", "words-differ"),
        ("argument", "words-differ"),
        ("event", "words-differ"),
        ("mention", "words-differ"),
        ("relation", "no-mention"),
    ]


def test_what_is_not_kept_is_counted(tmp_path: Path) -> None:
    finer = [{**ENTITIES[0], "entity_subtype": "Individual", "mention_type": "NAM"}, ENTITIES[1]]
    reading = convert.read("textee", [put(tmp_path / "a.json", made(TEXTEE, entity_mentions=finer))], {})
    # `lang` is the other field; the text has no space before its full stop.
    assert reading.loss == {
        "other fields": 1,
        "subtypes and levels of entities": 2,
        "white space of texts": 1,
    }


def test_two_records_of_one_id_are_told(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", made(TEXTEE), made(TEXTEE))
    reading = convert.read("textee", [path], {})
    assert [(item.unit, item.kind) for item in reading.quarantined] == [("document", "repeated-document")]


def test_records_without_tokens_are_refused_with_their_line(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", {**made(TEXTEE), "tokens": []})
    with pytest.raises(DataError, match="`tokens` is no list of words"):
        convert.read("textee", [path], {})
