"""GLiNER's and DyGIE++'s tokens: spans by first and last token, on tokens or on the texts of a corpus."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Relation, Span

GLINER = {
    "tokenized_text": ["Acme", "was", "founded", "by", "Ann", "Lee"],
    "ner": [[0, 0, "org"], [4, 5, "person"]],
}
# Tokens are counted through the document: Herat is 0, Anna 6, She 14.
SENTENCES = [
    ["Herat", "is", "a", "dry", "city", "."],
    ["Anna", "Lee", "is", "the", "city", "'s", "mayor", "."],
    ["She", "was", "elected", "in", "2017", "."],
]
DYGIE = {
    "doc_key": "d1",
    "dataset": "x",
    "sentences": SENTENCES,
    "ner": [[[0, 0, "City"]], [[6, 7, "Person"], [10, 10, "City"]], [[14, 14, "Person"], [18, 18, "Year"]]],
    "relations": [[], [[6, 7, 10, 10, "Mayor-Of"]], [[14, 14, 18, 18, "Elected-In"]]],
    "events": [[], [], [[[16, "Elect"], [14, 14, "Person"], [18, 18, "Time"]]]],
    "clusters": [[[0, 0], [9, 10]], [[6, 7], [14, 14]]],
}


def read(name: str, path: Path, *records: Any, documents: Any = None, **options: str) -> Reading:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    return convert.read(name, [path], options, documents)


def test_gliners_ends_are_last_tokens(tmp_path: Path) -> None:
    for content in (json.dumps([GLINER]), json.dumps(GLINER) + "\n" + json.dumps(GLINER)):
        (tmp_path / "x.json").write_text(content)
        reading = convert.read("gliner", [tmp_path / "x.json"], {})
        (document, *_), (line, *_) = reading.documents, reading.annotations
        assert document.text == "Acme was founded by Ann Lee"
        assert [surface(document.text, m.spans) for m in line.mentions] == ["Acme", "Ann Lee"]


def test_gliners_tokens_find_the_text_of_a_corpus_whatever_its_white_space(tmp_path: Path) -> None:
    corpus = [make_document("a", "Nobody came."), make_document("b", "Acme was\n\nfounded  by Ann Lee")]
    reading = read("gliner", tmp_path / "x.jsonl", GLINER, documents=corpus)
    (line,) = reading.annotations
    assert (line.document, line.mentions[1].spans) == ("b", (Span(22, 29),))


def test_tokens_that_are_not_there_cost_the_mention(tmp_path: Path) -> None:
    record = {**GLINER, "ner": [[0, 0, "org"], [4, 6, "person"], [2, 1, "x"], ["0", 1, "y"]]}
    reading = read("gliner", tmp_path / "x.jsonl", record)
    assert [item.kind for item in reading.quarantined] == ["malformed", "outside-text", "outside-text"]
    assert len(reading.annotations[0].mentions) == 1


def test_dygie_counts_tokens_through_the_document(tmp_path: Path) -> None:
    reading = read("dygie", tmp_path / "x.jsonl", DYGIE)
    (document,), (line,) = reading.documents, reading.annotations
    assert document.text.split("\n")[1] == "Anna Lee is the city 's mayor ."
    assert [(m.type, surface(document.text, m.spans), m.cluster) for m in line.mentions] == [
        ("City", "Herat", "c1"), ("Person", "Anna Lee", "c2"), ("City", "city", None),
        ("Person", "She", "c2"), ("Year", "2017", None),
    ]  # fmt: skip
    assert [(r.type, r.source, r.target) for r in line.relations] == [
        ("Mayor-Of", "m2", "m3"), ("Elected-In", "m4", "m5"),
    ]  # fmt: skip
    (event,) = line.events
    assert (event.type, surface(document.text, event.trigger)) == ("Elect", "elected")
    assert event.arguments == (Argument(role="Person", mention="m4"), Argument(role="Time", mention="m5"))
    # [9, 10], "the city", is in a cluster and is no entity; `dataset` is not kept.
    assert reading.loss == {"other fields": 1, "parts of clusters that are no mentions": 1}


def test_dygies_predictions_are_read_where_there_is_nothing_else_or_on_request(tmp_path: Path) -> None:
    said = {"predicted_ner": [[[0, 0, "City", 9.1, 0.99]], [], []]}
    texts = {"doc_key": "d1", "sentences": SENTENCES}
    path = tmp_path / "x.jsonl"
    assert len(read("dygie", path, {**texts, **said}).annotations[0].mentions) == 1
    assert len(read("dygie", path, {**DYGIE, **said}).annotations[0].mentions) == 5
    assert len(read("dygie", path, {**DYGIE, **said}, predicted="yes").annotations[0].mentions) == 1
    assert read("dygie", path, texts).annotations[0].mentions == ()


def test_what_names_no_entity_is_rejected_and_a_trigger_may_have_an_end(tmp_path: Path) -> None:
    events = [[[[15, 16, "Elect"], [0, 1, "Person"]], [["x", "Elect"]]]]
    record = {**DYGIE, "events": events, "relations": [[[0, 0, 2, 3, "of"]]], "clusters": [[[0]]]}
    reading = read("dygie", tmp_path / "x.jsonl", record)
    assert sorted((item.unit, item.kind) for item in reading.quarantined) == [
        ("argument", "no-mention"), ("cluster", "malformed"),
        ("event", "malformed"), ("relation", "no-mention"),
    ]  # fmt: skip
    text = reading.documents[0].text
    assert [surface(text, event.trigger) for event in reading.annotations[0].events] == ["was elected"]


@pytest.mark.parametrize("sentences", [["Acme"], [[1]], "Acme", []])
def test_sentences_that_are_no_lists_of_words_are_refused(sentences: Any, tmp_path: Path) -> None:
    if sentences == []:
        reading = read("dygie", tmp_path / "x.jsonl", {**DYGIE, "sentences": []})
        assert [item.kind for item in reading.quarantined] == ["no-text"]
        return
    with pytest.raises(DataError, match="sentences"):
        read("dygie", tmp_path / "x.jsonl", {**DYGIE, "sentences": sentences})


def test_dygie_is_given_one_sentence_a_line_and_told_what_leaves_it(tmp_path: Path) -> None:
    document = make_document("d", "Ann met Bob.\nCy met them all.")
    ann, bob, cy = (
        Mention(id=id, type="PER", spans=(Span(a, b),))
        for id, a, b in (("a", 0, 3), ("b", 8, 11), ("c", 13, 15))
    )
    events = (
        Event(id="e", type="Meet", trigger=(Span(4, 7),), arguments=tuple(
            Argument(role="who", mention=id) for id in "abc")),
        Event(id="f", type="Meet", trigger=(Span(16, 24),)),
    )  # fmt: skip
    relations = (
        Relation(id="r", type="met", source="a", target="b"),
        Relation(id="s", type="met", source="a", target="c"),
    )  # fmt: skip
    line = Annotations(
        document="d", sha256=document.sha256, mentions=(ann, bob, cy), events=events, relations=relations
    )
    writer = formats.writer("dygie")
    lost = writer.write(tmp_path / "x.jsonl", [document], {"d": line}, writer.Options())
    assert lost == {
        "arguments over sentences": 1, "events with a trigger that is not one word": 1,
        "relations over sentences": 1, "white space of documents": 1,
    }  # fmt: skip
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {
        "doc_key": "d", "dataset": "goldwire",
        "sentences": [["Ann", "met", "Bob", "."], ["Cy", "met", "them", "all", "."]],
        "ner": [[[0, 0, "PER"], [2, 2, "PER"]], [[4, 4, "PER"]]],
        "relations": [[[0, 0, 2, 2, "met"]], []],
        "events": [[[[1, "Meet"], [0, 0, "who"], [2, 2, "who"]]], []],
        "clusters": [],
    }  # fmt: skip


def test_dygie_cannot_say_which_of_two_mentions_in_one_place_is_an_argument(tmp_path: Path) -> None:
    document = make_document("d", "Hundreds fled.")
    number, people = (Mention(id=t, type=t, spans=(Span(0, 8),)) for t in ("NUM", "PER"))
    event = Event(
        id="e", type="Move", trigger=(Span(9, 13),), arguments=(Argument(role="who", mention="PER"),)
    )
    line = Annotations(document="d", sha256=document.sha256, mentions=(number, people), events=(event,))
    writer = formats.writer("dygie")
    lost = writer.write(tmp_path / "x.jsonl", [document], {"d": line}, writer.Options())
    told = {"which of two mentions in one place is an argument": 1, "white space of documents": 1}
    assert lost == told


def test_gold_goes_through_gliner_and_dygie_but_for_what_is_told(tmp_path: Path) -> None:
    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), corpus.documents()
    total = sum(len(line.mentions) for line in gold.values())
    events = sum(len(line.events) for line in gold.values())
    kinds = (
        "discontinuous mentions",
        "mentions over line breaks",
        "mentions that begin or end in white space",
    )
    for name in ("gliner", "dygie"):
        path, writer = tmp_path / name, formats.writer(name)
        lost = writer.write(path, documents, gold, writer.Options())
        reading = convert.read(name, [path], {}, documents)
        assert reading.quarantined == []
        assert {line.document for line in reading.annotations} == set(gold)
        for line in reading.annotations:
            given = {(m.type, m.spans) for m in gold[line.document].mentions}
            assert {(m.type, m.spans) for m in line.mentions} <= given
        back = sum(len(line.mentions) for line in reading.annotations)
        assert back == total - sum(lost.get(kind, 0) for kind in kinds)
        if name == "dygie":
            found = sum(len(line.events) for line in reading.annotations)
            assert found == events - lost.get("events with a trigger that is not one word", 0)
