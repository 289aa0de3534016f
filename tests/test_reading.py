"""Layers from disk: all that is wrong is told at once, what is excluded is left out and counted."""

import gc
from pathlib import Path

import msgspec
import pytest

from goldwire import testing
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Provenance, Relation, Span
from goldwire.eval.counting import texts
from goldwire.eval.counting.columns import Codes
from goldwire.eval.counting.reading import Wanted, read_layer
from goldwire.eval.counting.texts import Row, TextRow, read_texts
from goldwire.testing import annotate

TEXT = "By A. Writer. Rebels took the town."


def line(document, *, mentions=(), **fields):
    return annotate(document, *mentions, **fields)


def mention(id, start, end):
    return testing.mention((start, end), "PER", id=id)


@pytest.fixture
def corpus(tmp_path):
    byline = Excluded(start=0, end=13, reason="byline")
    documents = [
        make_document("b", TEXT, excluded=(byline,)),
        make_document("a", "Kunduz fell."),
        make_document("c", "Nothing here."),
    ]
    return create_corpus(tmp_path / "c", Manifest(name="c"), documents)


NOTHING = Wanted()


def read(corpus, name="gold", need=NOTHING):
    return read_layer(corpus, name, read_texts(corpus, TextRow if need.items else Row), Codes(), need)


def write_raw(corpus, text, name="gold"):
    path = corpus.layer_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_documents_are_in_order_of_id_and_have_the_corpus_s_fingerprint(corpus):
    texts = read_texts(corpus)
    assert texts.ids == ("a", "b", "c")
    assert texts.digest.name == corpus.fingerprint()
    assert read_texts(corpus, TextRow).text(1) == TEXT
    with pytest.raises(TypeError):
        texts.text(1)


def test_what_touches_an_excluded_region_is_left_out_and_counted(corpus):
    document = corpus.documents()[0]
    corpus.write_layer(
        "gold",
        [
            line(
                document,
                mentions=(mention("m1", 3, 12), mention("m2", 14, 20)),
                events=(
                    Event(
                        id="e1",
                        type="Attack",
                        trigger=(Span(21, 25),),
                        arguments=(
                            Argument(role="attacker", mention="m1"),
                            Argument(role="target", mention="m2"),
                        ),
                    ),
                    Event(id="e2", type="Attack", trigger=(Span(10, 15),)),
                ),
                relations=(Relation(id="r", type="of", source="m1", target="m2"),),
            )
        ],
    )
    layer = read(corpus, need=Wanted(items=True))
    assert layer.excluded == 4  # a mention, an event, an argument, a relation
    assert (len(layer.table.mentions), len(layer.table.events), len(layer.table.argument_role)) == (1, 1, 1)
    (item,) = layer.items
    assert [m.id for m in item.mentions] == ["m2"]
    assert [[a.mention for a in e.arguments] for e in item.events] == [["m2"]]
    assert item.relations == ()


def test_an_empty_layer_is_a_layer(corpus):
    write_raw(corpus, "\n\n")
    layer = read(corpus)
    assert (layer.documents, len(layer.table.mentions)) == (0, 0)


def test_a_layer_that_is_not_there_is_told_with_those_that_are(corpus):
    corpus.write_layer("annotator/anna", [])
    with pytest.raises(CorpusError, match="no layer 'gold'; there are: annotator/anna"):
        read(corpus)


def test_every_fault_of_a_file_is_told_with_its_place(corpus):
    path = write_raw(corpus, '{"document":"a"}\n{"document":"b","sha256":"x","mentions":[{"id":1}]}\n{oops\n')
    with pytest.raises(DataError) as caught:
        read(corpus)
    places = {fault.where for fault in caught.value.faults}
    assert places == {f"{path}:{number}" for number in (1, 2, 3)}


def test_a_typing_error_in_a_field_s_name_is_no_empty_layer(corpus):
    document = corpus.documents()[0]
    write_raw(corpus, f'{{"document":"b","sha256":"{document.sha256}","mention":[]}}\n')
    with pytest.raises(DataError, match="unknown field `mention`"):
        read(corpus)


def test_a_document_twice_another_text_and_a_strange_document_are_all_told(corpus):
    b, a, c = corpus.documents()
    lines = [
        line(a),
        line(a),
        msgspec.structs.replace(line(b), sha256=a.sha256),
        line(c),
        Annotations(document="z", sha256=c.sha256),
    ]
    write_raw(corpus, b"".join(msgspec.json.encode(item) + b"\n" for item in lines).decode())
    with pytest.raises(DataError) as caught:
        read(corpus)
    messages = {fault.where: fault.message for fault in caught.value.faults}
    assert messages == {
        "a": "occurs twice in the layer",
        "b": "the layer was made for another text",
        "z": "is not a document of the corpus",
    }


def test_a_document_twice_is_found_over_chunks(corpus, monkeypatch):
    monkeypatch.setattr(texts, "CHUNK", 10)
    a = corpus.documents()[1]
    write_raw(corpus, (msgspec.json.encode(line(a)).decode() + "\n") * 2)
    with pytest.raises(DataError, match="occurs twice"):
        read(corpus)


@pytest.mark.parametrize("chunk", [1, 7, 64, 2**20])
def test_chunks_end_at_lines_whatever_their_size(corpus, monkeypatch, chunk):
    monkeypatch.setattr(texts, "CHUNK", chunk)
    documents = corpus.documents()
    items = [line(d, mentions=(mention("m1", 14, 20), mention("m2", 14, 17))) for d in documents[:1]]
    items += [line(d, mentions=(mention("m1", 0, 6),)) for d in documents[1:]]
    corpus.write_layer("gold", items)
    path = corpus.layer_path("gold")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # a last line without an end
    table = read(corpus).table  # in order of the file: a, b, c
    assert table.mentions.document.tolist() == [0, 1, 1, 2]
    assert table.mentions.end.tolist() == [6, 20, 17, 6]


def test_units_that_cannot_be_scored_are_all_told(corpus):
    documents = corpus.documents()
    broken = line(
        documents[0],
        mentions=(mention("m1", 20, 20), Mention(id="m2", type="PER", spans=())),
        events=(
            Event(id="e", type="Attack", trigger=(), arguments=(Argument(role="target", mention="nobody"),)),
        ),
        relations=(Relation(id="r", type="of", source="m1", target="no one"),),
    )
    write_raw(corpus, msgspec.json.encode(broken).decode())
    with pytest.raises(DataError) as caught:
        read(corpus)
    assert [fault.path for fault in caught.value.faults] == [
        "$.mentions[0].spans[0]",
        "$.mentions[1].spans",
        "$.events[0].arguments[0].mention",
        "$.relations[0].target",
    ]


def test_the_fingerprint_is_of_the_annotations_not_of_who_made_them(corpus):
    a = corpus.documents()[1]
    one = line(a, mentions=(mention("m", 0, 6),))
    found = []
    for item in (
        one,
        msgspec.structs.replace(one, provenance=Provenance(author="anna", seconds=12.0)),
        msgspec.structs.replace(one, mentions=(mention("m", 0, 5),)),
    ):
        corpus.write_layer("gold", [item])
        found.append(read(corpus).digest)
    assert found[0] == found[1] != found[2]


def test_the_collector_works_on_afterwards():
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_documents_twice_are_told(corpus):
    path = Path(corpus.path / "documents.jsonl")
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(DataError, match="earlier document"):
        read_texts(open_corpus(corpus.path))


def test_an_offset_beyond_every_text_is_a_fault_with_its_place(corpus):
    far = Annotations(document="a", sha256=corpus.hashes()["a"], mentions=(mention("m", 0, 2**60),))
    write_raw(corpus, msgspec.json.encode(far).decode() + "\n")
    with pytest.raises(DataError, match=r"a \$\.mentions\[0\]\.spans\[0\].*outside every text"):
        read(corpus)


def test_lines_that_cannot_be_counted_are_never_passed_over(corpus, monkeypatch):
    corpus.write_layer("gold", [line(corpus.documents()[0], mentions=(mention("m", 0, 3),))])
    monkeypatch.setattr("goldwire.eval.counting.reading._table", lambda *_, **__: None)
    with pytest.raises(DataError, match="cannot be counted"):
        read(corpus)


def test_an_event_without_a_trigger_takes_no_mention_away(corpus):
    document = next(document for document in corpus.documents() if document.id == "a")
    event = Event(id="e", type="Attack", arguments=(Argument(role="r", mention="m"),))
    corpus.write_layer("gold", [line(document, mentions=(mention("m", 0, 3),), events=(event,))])
    table = read(corpus).table
    assert (len(table.mentions), len(table.argument_mention)) == (1, 1)
