"""MAVEN, MAVEN-Arg, RAMS, CASIE and DocEE: records of our own after what was published of each."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Span


def put(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def at(text: str, words: str) -> list[int]:
    """The first place of some words, the end behind them."""
    start = text.index(words)
    return [start, start + len(words)]


def kinds(reading: Any) -> list[tuple[str, str]]:
    return sorted((item.unit, item.kind) for item in reading.quarantined)


# ---------------------------------------------------------------- MAVEN

SENTENCES = [["Rain", "fell", "."], ["The", "dam", "gave", "way", "at", "R&D", "😀", "."]]
MAVEN: dict[str, Any] = {
    "id": "d1",
    "title": "Flood",
    "content": [{"sentence": " ".join(tokens), "tokens": tokens} for tokens in SENTENCES],
    "events": [
        {
            "id": "EV",
            "type": "Destroying",
            "type_id": 3,
            "mention": [
                {"id": "a", "trigger_word": "gave way", "sent_id": 1, "offset": [2, 4]},
                {"id": "b", "trigger_word": "fell", "sent_id": 0, "offset": [1, 2]},
            ],
        }
    ],
    "negative_triggers": [{"id": "n", "trigger_word": "Rain", "sent_id": 0, "offset": [0, 1]}],
}


def test_maven_counts_tokens_of_a_sentence_and_joins_the_mentions_of_an_event(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", MAVEN, {**MAVEN, "id": "d2", "events": []})
    assert recognise([path]).format == "maven"
    reading = convert.read("maven", [path], {})
    # "Rain fell .\n" is 12 characters; "gave way" is at 20 to 28.
    assert reading.documents[0].text == "Rain fell .\nThe dam gave way at R&D 😀 ."
    assert reading.documents[0].meta.title == "Flood"
    first, second = reading.annotations
    assert [(e.id, e.type, e.trigger, e.cluster) for e in first.events] == [
        ("a", "Destroying", (Span(20, 28),), "EV"),
        ("b", "Destroying", (Span(5, 9),), "EV"),
    ]
    assert (second.document, second.events) == ("d2", ())
    assert reading.loss == {"negative triggers": 2}
    assert not reading.quarantined


@pytest.mark.parametrize(
    ("mention", "kind"),
    [
        ({"trigger_word": "gave", "sent_id": 1, "offset": [2, 4]}, "words-differ"),
        ({"trigger_word": ". The", "sent_id": 0, "offset": [2, 4]}, "outside-text"),  # over its sentence
        ({"trigger_word": "fell", "sent_id": 9, "offset": [1, 2]}, "outside-text"),
        ({"trigger_word": "fell", "sent_id": -2, "offset": [1, 2]}, "outside-text"),
        ({"trigger_word": "fell", "sent_id": 0}, "malformed"),
    ],
)
def test_triggers_of_maven_that_do_not_fit_are_rejected(
    tmp_path: Path, mention: dict[str, Any], kind: str
) -> None:
    event = {"type": "X", "mention": [mention]}
    reading = convert.read("maven", [put(tmp_path / "a.jsonl", {**MAVEN, "events": [event]})], {})
    assert kinds(reading) == [("event", kind)]


def test_the_test_set_of_maven_has_no_events_and_is_refused(tmp_path: Path) -> None:
    test = {key: value for key, value in MAVEN.items() if key != "events"} | {"candidates": []}
    with pytest.raises(DataError, match="has no `events`"):
        convert.read("maven", [put(tmp_path / "a.jsonl", test)], {})


# ---------------------------------------------------------------- MAVEN-Arg

TEXT = "A storm , Ada , hit R&D 😀 on the coast . It tore the roof off ."
MAVEN_ARG: dict[str, Any] = {
    "id": "d1",
    "title": "Ada",
    "document": TEXT,
    "entities": [
        {
            "id": "ENTITY_1",
            "type": "Phenomenon",
            "mention": [
                {"id": "m-a", "mention": "A storm", "offset": at(TEXT, "A storm")},
                {"id": "m-b", "mention": "It", "offset": at(TEXT, "It")},
            ],
        },
        {
            "id": "ENTITY_2",
            "type": "Organization",
            "mention": [{"id": "m-c", "mention": "R&D", "offset": at(TEXT, "R&D")}],
        },
    ],
    "events": [
        {
            "id": "EVENT_1",
            "type": "Damaging",
            "type_id": 1,
            "mention": [
                {"id": "t-a", "trigger_word": "hit", "offset": at(TEXT, "hit")},
                {"id": "t-b", "trigger_word": "tore", "offset": at(TEXT, "tore")},
            ],
            "argument": {
                "Agent": [{"entity_id": "ENTITY_1"}],
                "Patient": [
                    {"entity_id": "ENTITY_2"},
                    {"content": "the roof", "offset": at(TEXT, "the roof")},
                ],
                "Place": [],
            },
        }
    ],
    "negative_triggers": [],
}


def test_maven_arg_gives_each_mention_of_an_event_its_arguments(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", MAVEN_ARG, {**MAVEN_ARG, "id": "d2", "entities": [], "events": []})
    assert recognise([path]).format == "maven-arg"
    reading = convert.read("maven-arg", [path], {})
    line = reading.annotations[0]
    assert [(m.id, m.type, m.cluster) for m in line.mentions] == [
        ("m-a", "Phenomenon", "ENTITY_1"),
        ("m-b", "Phenomenon", "ENTITY_1"),
        ("m-c", "Organization", "ENTITY_2"),
        ("m4", "FILLER", None),
    ]
    assert [(e.id, e.cluster) for e in line.events] == [("t-a", "EVENT_1"), ("t-b", "EVENT_1")]
    for event in line.events:
        assert [(a.role, a.mention, a.alternatives) for a in event.arguments] == [
            ("Agent", "m-a", ("m-b",)),
            ("Patient", "m-c", ()),
            ("Patient", "m4", ()),
        ]
    # "A storm , Ada , " is 16 characters.
    assert line.events[0].trigger == (Span(16, 19),)
    assert not reading.quarantined


def test_what_does_not_fit_in_maven_arg_is_rejected(tmp_path: Path) -> None:
    (event,) = MAVEN_ARG["events"]
    argument = {"Agent": [{"entity_id": "ENTITY_9"}, {"content": "roof"}], "Patient": [{"offset": "x"}]}
    mention = [{"id": "t", "trigger_word": "hits", "offset": at(TEXT, "hit")}]
    events = [{**event, "argument": argument}, {**event, "mention": mention, "argument": {}}, {"type": 3}]
    entities = [*MAVEN_ARG["entities"], {"id": "E", "type": "T", "mention": [{"offset": [900, 901]}]}]
    path = put(tmp_path / "a.jsonl", {**MAVEN_ARG, "events": events, "entities": entities})
    assert kinds(convert.read("maven-arg", [path], {})) == [
        ("argument", "malformed"),  # a filler without a place
        ("argument", "malformed"),  # one whose place is no pair
        ("argument", "no-mention"),  # an entity that is not there, once for each of the two mentions
        ("argument", "no-mention"),
        ("event", "malformed"),
        ("event", "words-differ"),
        ("mention", "outside-text"),
    ]


def test_an_entity_fills_a_role_by_the_mentions_of_it_that_are_sound(tmp_path: Path) -> None:
    first, second = MAVEN_ARG["entities"]
    wrong = {**first["mention"][0], "mention": "The storm"}
    entities = [{**first, "mention": [wrong, first["mention"][1]]}, second]
    path = put(tmp_path / "a.jsonl", {**MAVEN_ARG, "entities": entities})
    reading = convert.read("maven-arg", [path], {})
    assert kinds(reading) == [("mention", "words-differ")]
    agent = reading.annotations[0].events[0].arguments[0]
    assert (agent.role, agent.mention, agent.alternatives) == ("Agent", "m-b", ())


# ---------------------------------------------------------------- RAMS

RAMS: dict[str, Any] = {
    "doc_key": "nw_1",
    "language_id": "eng",
    "source_url": "https://example.org/a",
    "split": "dev",
    "sentences": [["Ann", "Lee", "left", "."], ["She", "flew", "to", "Bern", "😀", "."]],
    "evt_triggers": [[5, 5, [["movement.transportperson.n/a", 1.0]]]],
    "ent_spans": [[0, 1, [["evt101arg01transporter", 1.0]]], [7, 7, [["evt101arg04destination", 1.0]]]],
    "gold_evt_links": [
        [[5, 5], [0, 1], "evt101arg01transporter"],
        [[5, 5], [7, 7], "evt101arg04destination"],
    ],
    "rel_triggers": [],
    "gold_rel_links": [],
}


def test_rams_counts_tokens_of_the_record_up_to_the_last(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonlines", RAMS, {**RAMS, "doc_key": "nw_2", "gold_evt_links": []})
    assert recognise([path]).format == "rams"
    reading = convert.read("rams", [path], {})
    assert reading.documents[0].text == "Ann Lee left .\nShe flew to Bern 😀 ."
    assert reading.documents[0].meta.url == "https://example.org/a"
    line, without = reading.annotations
    # The second line begins at 15: flew is 19 to 23, Bern 27 to 31.
    assert [(m.id, m.type, m.spans) for m in line.mentions] == [
        ("m1", "FILLER", (Span(0, 7),)),
        ("m2", "FILLER", (Span(27, 31),)),
    ]
    (event,) = line.events
    assert (event.type, event.trigger) == ("movement.transportperson.n/a", (Span(19, 23),))
    assert [(a.role, a.mention) for a in event.arguments] == [("transporter", "m1"), ("destination", "m2")]
    assert without.events[0].arguments == ()
    assert not reading.quarantined
    assert reading.loss == {}


def test_links_and_spans_of_rams_that_lead_nowhere_are_rejected(tmp_path: Path) -> None:
    record = {
        **RAMS,
        "evt_triggers": [[5, 5, [["a", 0.9], ["b", 0.1]]], [2, 2, []]],
        "ent_spans": [[0, 99, []], [3]],
        "gold_evt_links": [[[4, 4], [0, 1], "evt101arg01who"], [[5, 5], [40, 41], "evt101arg01who"], "x"],
    }
    reading = convert.read("rams", [put(tmp_path / "a.jsonlines", record)], {})
    assert kinds(reading) == [
        ("argument", "malformed"),
        ("argument", "no-mention"),  # no trigger there
        ("argument", "no-mention"),  # its filler is outside
        ("event", "unlabelled"),
        ("mention", "malformed"),
        ("mention", "outside-text"),
        ("mention", "outside-text"),
    ]
    assert reading.loss == {"second types of a trigger": 1}


# ---------------------------------------------------------------- CASIE

NEWS = "Thieves 😀 breached Acme & Co on Monday.\r\nThe breach cost $5."


def stretch(words: str, **more: Any) -> dict[str, Any]:
    start, end = at(NEWS, words)
    return {"startOffset": start, "endOffset": end, "text": words, **more}


def filler(words: str, role: str, type: str, index: str) -> dict[str, Any]:
    return stretch(words, role={"type": role}, type=type, index=index)


CASIE: dict[str, Any] = {
    "sourcefile": "7.txt",
    "content": NEWS,
    "info": {"title": "Breach", "date": "2018_11_09", "link": "https://example.org", "type": "text"},
    "cyberevent": {
        "hopper": [
            {
                "index": 0,
                "relation": "Same",
                "events": [
                    {
                        "index": "E1",
                        "type": "Attack",
                        "subtype": "Databreach",
                        "realis": "Actual",
                        "nugget": stretch("breached", index="T1"),
                        "argument": [
                            filler("Thieves", "Attacker", "Person", "T2"),
                            {**filler("Acme & Co", "Victim", "Organization", "T3"), "external_reference": {}},
                        ],
                    },
                    {
                        "index": "E2",
                        "type": "Attack",
                        "subtype": "Databreach",
                        "realis": "Generic",
                        "nugget": stretch("The breach", index="T4"),
                        "argument": [filler("Thieves", "Attacker", "Person", "T5")],
                    },
                ],
            }
        ]
    },
}


def test_casie_counts_characters_of_its_content(tmp_path: Path) -> None:
    put(tmp_path / "7.json", CASIE)
    put(tmp_path / "8.json", {"content": "Nothing happened.", "cyberevent": {"hopper": []}})
    assert recognise([tmp_path]).format == "casie"
    reading = convert.read("casie", [tmp_path / "7.json", tmp_path / "8.json"], {})
    assert [d.id for d in reading.documents] == ["7", "8"]
    document = reading.documents[0]
    assert (document.meta.title, document.meta.published) == ("Breach", "2018-11-09")
    assert document.text == NEWS.replace("\r\n", "\n")
    line, empty = reading.annotations
    assert [(m.id, m.type) for m in line.mentions] == [("T2", "Person"), ("T3", "Organization")]
    assert [(e.id, e.type, e.attributes, e.cluster) for e in line.events] == [
        ("E1", "Attack:Databreach", {"realis": "Actual"}, "h1"),
        ("E2", "Attack:Databreach", {"realis": "Generic"}, "h1"),
    ]
    # CRLF is one character less behind the first line: "The breach" is at 41 in the file, at 40 in the text.
    assert at(NEWS, "The breach")[0] == 41
    assert line.events[1].trigger == (Span(40, 50),)
    assert [(a.role, a.mention) for a in line.events[1].arguments] == [("Attacker", "T2")]
    assert (empty.events, empty.mentions) == ((), ())
    assert reading.loss == {"references to knowledge bases": 1}
    assert not reading.quarantined


def test_words_of_casie_that_are_elsewhere_are_rejected(tmp_path: Path) -> None:
    (hopper,) = CASIE["cyberevent"]["hopper"]
    first, second = hopper["events"]
    events = [{**first, "argument": [{**first["argument"][0], "startOffset": 1}, {"text": "x"}]}]
    events += [{**second, "nugget": {**second["nugget"], "text": "The attack"}}, {"type": "Attack"}]
    record = {**CASIE, "cyberevent": {"hopper": [{"events": events}]}}
    assert kinds(convert.read("casie", [put(tmp_path / "7.json", record)], {})) == [
        ("argument", "malformed"),
        ("argument", "no-mention"),  # Thieves, whose place is wrong
        ("argument", "words-differ"),  # its event is rejected
        ("event", "malformed"),
        ("event", "words-differ"),
        ("mention", "words-differ"),  # Thieves from the second character
    ]


# ---------------------------------------------------------------- DocEE

STORY = "A quake 😀 shook Bern & Thun on Monday, killing two."


def told(words: str, role: str, more: int = 0) -> dict[str, Any]:
    start, end = at(STORY, words)
    return {"start": start, "end": end + more, "type": role, "text": words}


GIVEN = [("Bern & Thun", "Location"), ("Monday", "Date"), ("two", "Casualties")]


@pytest.mark.parametrize("more", [0, -1])  # the end behind the words, or their last character
@pytest.mark.parametrize("encode", [json.dumps, list])
def test_docee_has_one_event_without_a_trigger(tmp_path: Path, more: int, encode: Any) -> None:
    arguments = [told(words, role, more) for words, role in GIVEN]
    records = [["Quake", STORY, "Earthquakes", encode(arguments)], ["Rain", "It rained.", "Floods", "[]"]]
    path = put(tmp_path / "a.json", records)
    assert recognise([path]).format == "docee"
    reading = convert.read("docee", [path], {})
    line, second = reading.annotations
    assert reading.documents[0].meta.title == "Quake"
    (event,) = line.events
    assert (event.type, event.trigger) == ("Earthquakes", ())
    spans = {mention.id: mention.spans[0] for mention in line.mentions}
    assert [(a.role, STORY[slice(*spans[a.mention])]) for a in event.arguments] == [
        (role, words) for words, role in GIVEN
    ]
    assert (second.events[0].type, second.events[0].arguments) == ("Floods", ())
    assert not reading.quarantined


def test_arguments_of_docee_that_do_not_fit_are_rejected(tmp_path: Path) -> None:
    arguments = [told("Monday", "Date"), {**told("two", "Casualties"), "text": "three"}, {"start": 1}]
    path = put(tmp_path / "a.json", [["Quake", STORY, "Earthquakes", arguments, "more"]])
    reading = convert.read("docee", [path], {})
    assert kinds(reading) == [
        ("argument", "malformed"),
        ("argument", "no-mention"),
        ("mention", "words-differ"),
    ]
    assert reading.loss == {"fields behind the arguments": 1}


def test_records_of_another_form_are_refused(tmp_path: Path) -> None:
    for name in ("maven", "maven-arg", "rams", "casie", "docee"):
        with pytest.raises(DataError, match="nothing was read"):
            convert.read(name, [put(tmp_path / "a.json", {"id": "a", "text": "It rained."})], {})


def test_records_are_put_on_the_texts_of_a_corpus(tmp_path: Path) -> None:
    document = make_document("mine", TEXT)
    reading = convert.read("maven-arg", [put(tmp_path / "a.jsonl", MAVEN_ARG)], {}, [document])
    assert [line.document for line in reading.annotations] == ["mine"]
    tokens = make_document("own", "Rain fell. The dam gave way at R&D 😀.")
    reading = convert.read("maven", [put(tmp_path / "b.jsonl", MAVEN)], {}, [tokens])
    (line,) = reading.annotations
    assert [tokens.text[slice(*event.trigger[0])] for event in line.events] == ["gave way", "fell"]
