"""PLOVER's inline markup gives places only where it gives the sentence to the letter."""

import json
from pathlib import Path

import pytest

from goldwire.corpora import formats
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.formats import Reading, plover
from goldwire.corpora.formats.plover import Options, take_apart
from goldwire.corpora.offsets import surface
from goldwire.corpora.types import Span


def record(markup: str, text: str, id: str = "r1", **more: object) -> dict[str, object]:
    return {"id": id, "event": "AGREE", "text": text, "textInfo": {"markup": markup}, **more}


def read(tmp_path: Path, *records: object) -> Reading:
    path = tmp_path / "x.txt"
    path.write_text(json.dumps([{"id": "doc", "event": "DOCUMENT"}, *records]))
    return plover.read([path], Options())


def test_marks_become_actors_arguments_and_one_trigger(tmp_path: Path) -> None:
    text = "The Red Front (RF) and the mayor agreed in Ghor to share salt."
    markup = "The (SRC/TAR: Red Front (RF)) and the (TAR: mayor) (EVT: agreed) in (LOC: Ghor) "
    markup += "to (EVT: share) salt."
    (item,) = read(tmp_path, record(markup, text, mode="talks", context="food", size="3")).annotations
    (event,) = item.events
    spans = {mention.id: surface(text, mention.spans) for mention in item.mentions}
    assert list(spans.values()) == ["Red Front (RF)", "mayor", "Ghor"]
    assert [mention.type for mention in item.mentions] == ["ACTOR", "ACTOR", "LOCATION"]
    assert [(argument.role, spans[argument.mention]) for argument in event.arguments] == [
        ("source", "Red Front (RF)"), ("target", "Red Front (RF)"), ("target", "mayor"), ("location", "Ghor"),
    ]  # fmt: skip
    assert surface(text, event.trigger) == "agreed share"
    assert event.attributes == {"mode": "talks", "context": "food"}


def test_sentence_whose_markup_is_another_is_kept_and_not_judged(tmp_path: Path) -> None:
    reading = read(tmp_path, record("(SRC: Rebels) (EVT: agreed).", "The rebels agreed."), record("x", "x"))
    assert [document.text for document in reading.documents] == ["The rebels agreed."]
    assert reading.annotations == []  # an empty line would say that it has no event; the record names one
    assert [item.kind for item in reading.quarantined] == ["quote-not-found", "repeated-document"]
    event = reading.quarantined[0]
    assert (event.unit, event.message, event.type) == ("event", plover.MISFIT, "AGREE")


def test_unbalanced_parentheses_stay_in_the_sentence() -> None:
    assert take_apart("a) b (c (SRC: d") == ("a) b (c d", [])
    assert take_apart("(TAR: a) b)") == ("a b)", [(("TAR",), Span(0, 1))])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("{}", "a list of records"),
        ('[{"event": "AGREE", "id": "a"}]', r"\$\[0\]"),
        ("[3]", "record"),
    ],
)
def test_what_is_no_plover_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(DataError, match=told):
        plover.read([tmp_path / "x.txt"], Options())


def test_files_make_a_corpus_and_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="corpus new"):
        plover.read([tmp_path], Options(), [])
    with pytest.raises(CorpusError, match="read only"):
        formats.writer("plover")


def test_real_file_is_read_and_what_has_no_certain_place_is_refused(shared: Path) -> None:
    reading = plover.read([shared / "data/plover/PLOVER_GSR_CAMEO.txt"], Options())
    # 322 records besides the documentation, one id twice
    assert len(reading.documents) == 321
    texts = {document.id: document.text for document in reading.documents}
    refused = {item.document for item in reading.quarantined if item.kind == "quote-not-found"}
    placed = [item for item in reading.annotations if item.events]
    assert len(placed) + len(refused) == 321
    assert len(placed) > 290
    for item in placed:
        assert all(surface(texts[item.document], m.spans).strip() for m in item.mentions)
