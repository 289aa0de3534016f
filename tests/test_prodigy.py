"""Prodigy's lines: what was accepted is judged, what was not is skipped; relations, people, tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.coverage import is_finished
from goldwire.corpora.formats import Reading
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Relation, Span

TEXT = "Acme was founded by Ann Lee in Bern."
ORG = {"start": 0, "end": 4, "label": "ORG", "token_start": 0, "token_end": 0}
PER = {"start": 20, "end": 27, "label": "PER", "token_start": 4, "token_end": 5, "text": "Ann Lee"}
MANUAL = {
    "text": TEXT, "spans": [ORG, PER], "answer": "accept", "_input_hash": 1, "_task_hash": 2,
    "_view_id": "ner_manual", "_timestamp": 1700000000, "_annotator_id": "set-ann", "_session_id": "set-ann",
    "meta": {"source": "x"},
}  # fmt: skip
SPANS = [{"head_span": ORG, "child_span": PER, "head": 0, "child": 5, "label": "FOUNDED"}]
TOKENS = [{"head": 0, "child": 5, "label": "FOUNDED"}]


def read(path: Path, *records: dict[str, Any], **options: str) -> Reading:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    return convert.read("prodigy", [path], options)


def test_what_was_accepted_is_judged_and_the_rest_skipped(tmp_path: Path) -> None:
    other = {"text": "Nobody came to Rome.", "spans": [{"start": 0, "end": 6, "label": "PER"}]}
    reading = read(
        tmp_path / "x.jsonl", MANUAL, {**other, "answer": "reject"},
        {"text": "Skip me.", "spans": [], "answer": "ignore"}, {"text": "Not asked.", "spans": []},
    )  # fmt: skip
    assert [is_finished(line) for line in reading.annotations] == [True, False, False, True]
    assert [len(line.mentions) for line in reading.annotations] == [2, 0, 0, 0]
    assert reading.loss == {"other fields": 1, "spans that were turned down": 1}


def test_who_and_when_are_kept(tmp_path: Path) -> None:
    (line,) = read(tmp_path / "x.jsonl", MANUAL).annotations
    # 1700000000 seconds after 1970 are 14 November 2023, 22:13:20 UTC (`date -u -d @1700000000`).
    assert (line.provenance.author, line.provenance.created) == ("set-ann", "2023-11-14T22:13:20+00:00")


@pytest.mark.parametrize("arcs", [SPANS, TOKENS])
def test_relations_name_spans_or_the_tokens_at_their_ends(arcs: list[Any], tmp_path: Path) -> None:
    (line,) = read(tmp_path / "x.jsonl", {**MANUAL, "relations": arcs}).annotations
    assert line.relations == (Relation(id="r1", type="FOUNDED", source="m1", target="m2"),)


def test_a_relation_of_bare_tokens_a_span_without_label_and_other_words_are_rejected(tmp_path: Path) -> None:
    spans = [ORG, {**PER, "text": "Ann Lea"}, {"start": 31, "end": 35}]
    arcs = [{"head": 0, "child": 2, "label": "of"}]
    reading = read(tmp_path / "x.jsonl", {**MANUAL, "spans": spans, "relations": arcs})
    kinds = [(item.unit, item.kind) for item in reading.quarantined]
    assert kinds == [("mention", "words-differ"), ("mention", "unlabelled"), ("relation", "no-mention")]
    assert len(reading.annotations[0].mentions) == 1


def test_of_two_people_on_one_text_the_first_is_kept_unless_one_is_named(tmp_path: Path) -> None:
    bob = {**MANUAL, "spans": [], "_annotator_id": "set-bob"}
    both = read(tmp_path / "x.jsonl", MANUAL, bob)
    assert [item.kind for item in both.quarantined] == ["repeated-document"]
    assert len(both.annotations[0].mentions) == 2
    one = read(tmp_path / "x.jsonl", MANUAL, bob, annotator="set-bob")
    assert (len(one.annotations), one.annotations[0].mentions) == (1, ())
    assert one.loss["lines of others"] == 1


def test_an_answer_that_there_is_not_is_a_fault_of_its_line(tmp_path: Path) -> None:
    reading = read(tmp_path / "x.jsonl", MANUAL, {"text": "a", "spans": [], "answer": "maybe"})
    assert [(item.kind, item.message) for item in reading.quarantined] == [
        ("malformed", "`answer` is one of accept, reject, ignore, got 'maybe'")
    ]


def test_tokens_and_their_numbers_are_written_as_prodigy_wants_them(tmp_path: Path) -> None:
    document = make_document("d", "Ann-Lee came. ")
    mentions = (
        Mention(id="a", type="PER", spans=(Span(0, 3),)), Mention(id="b", type="PER", spans=(Span(4, 7),)),
        Mention(id="c", type="X", spans=(Span(12, 14),)),
    )  # fmt: skip
    relations = (Relation(id="r", type="with", source="a", target="b"),)
    line = Annotations(document="d", sha256=document.sha256, mentions=mentions, relations=relations)
    writer = formats.writer("prodigy")
    assert writer.write(tmp_path / "x.jsonl", [document], {"d": line}, writer.Options()) == {}
    record = json.loads((tmp_path / "x.jsonl").read_text())
    assert [token["text"] for token in record["tokens"]] == ["Ann", "-", "Lee", "came", "."]
    assert [token["ws"] for token in record["tokens"]] == [False, False, True, False, True]
    assert record["spans"][1] == {"start": 4, "end": 7, "label": "PER", "token_start": 2, "token_end": 2}
    assert "token_start" not in record["spans"][2]  # it ends in white space, where no token does
    assert (record["relations"][0]["head"], record["relations"][0]["child"]) == (0, 2)


def test_gold_goes_out_and_comes_back_but_for_what_is_told(tmp_path: Path) -> None:
    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), corpus.documents()
    for name in ("prodigy", "doccano"):
        path, writer = tmp_path / name, formats.writer(name)
        lost = writer.write(path, documents, gold, writer.Options())
        reading = convert.read(name, [path], {}, documents)
        assert reading.quarantined == []
        back = {
            line.document: sorted((m.type, m.spans) for m in line.mentions) for line in reading.annotations
        }
        single = {
            id: sorted((m.type, m.spans) for m in line.mentions if len(m.spans) == 1)
            for id, line in gold.items()
        }
        assert back == single
        assert lost["events"] == sum(len(line.events) for line in gold.values())
