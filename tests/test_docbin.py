"""DocBins that spaCy writes are read, and those that are written here spaCy opens."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora import convert, formats, library
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import docbin
from goldwire.corpora.formats.head import look
from goldwire.corpora.offsets import surface
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span

spacy = pytest.importorskip("spacy")
TEXT = "Acme was founded by Ann Lee in New York."


@pytest.fixture(scope="module")
def nlp() -> Any:
    return spacy.blank("en")


def save(path: Path, *docs: Any, **options: Any) -> Path:
    spacy.tokens.DocBin(docs=docs, **options).to_disk(path)
    return path


def entities(nlp: Any, text: str, *found: tuple[int, int, str]) -> Any:
    doc = nlp(text)
    doc.set_ents([doc.char_span(start, end, label=label) for start, end, label in found])
    return doc


def words(reading: Any, number: int = 0) -> list[tuple[str, str]]:
    texts = {document.id: document.text for document in reading.documents}
    line = reading.annotations[number]
    return [(mention.type, surface(texts[line.document], mention.spans)) for mention in line.mentions]


def test_entities_of_docs_are_mentions_and_docs_without_any_set_are_not_judged(
    nlp: Any, tmp_path: Path
) -> None:
    path = save(
        tmp_path / "x.spacy",
        entities(nlp, TEXT, (0, 4, "ORG"), (31, 39, "GPE")),
        entities(nlp, "Nobody came."),
        nlp("Not looked at."),
    )
    assert formats.recognises("spacy", look(path))
    reading = convert.read("spacy", [path], {})
    assert words(reading) == [("ORG", "Acme"), ("GPE", "New York")]
    assert [document.text for document in reading.documents] == [TEXT, "Nobody came.", "Not looked at."]
    assert [(line.document, len(line.mentions)) for line in reading.annotations] == [
        ("000001", 2),
        ("000002", 0),
    ]


def test_groups_of_spans_may_overlap_and_are_asked_for_where_there_are_several(
    nlp: Any, tmp_path: Path
) -> None:
    doc = nlp(TEXT)
    doc.spans["sc"] = [doc.char_span(31, 39, label="GPE"), doc.char_span(35, 39, label="NAME")]
    one = save(tmp_path / "one.spacy", doc, nlp("Not looked at."))
    reading = convert.read("spacy", [one], {})
    assert words(reading) == [("GPE", "New York"), ("NAME", "York")]
    assert len(reading.annotations) == 1
    doc.spans["other"] = [doc.char_span(0, 4, label="ORG")]
    two = save(tmp_path / "two.spacy", doc)
    with pytest.raises(DataError, match="groups other, sc: say which"):
        convert.read("spacy", [two], {})
    other = convert.read("spacy", [two], {"spans": "other"})
    assert (words(other), other.loss) == ([("ORG", "Acme")], {"spans of other groups": 2})
    with pytest.raises(DataError, match="there are: ents, other, sc"):
        convert.read("spacy", [two], {"spans": "ruler"})


def test_what_is_not_kept_is_counted_and_the_id_is_that_of_the_user_data(nlp: Any, tmp_path: Path) -> None:
    doc = nlp(TEXT)
    doc.set_ents([doc.char_span(0, 4, label="ORG", kb_id="Q1")])
    doc.cats = {"news": 1.0, "sport": 0.0}
    doc.spans["sc"] = [doc.char_span(0, 4, label="X")]
    doc.user_data["id"] = "a1"
    reading = convert.read("spacy", [save(tmp_path / "x.spacy", doc, store_user_data=True)], {})
    assert [document.id for document in reading.documents] == ["a1"]
    assert reading.loss == {"categories": 2, "links to a knowledge base": 1, "spans of other groups": 1}


def test_a_damaged_file_is_told(nlp: Any, tmp_path: Path) -> None:
    data = save(tmp_path / "x.spacy", nlp(TEXT)).read_bytes()
    for broken in (data[:-9], b"x" + data, b"", data[:9]):
        (tmp_path / "y.spacy").write_bytes(broken)
        with pytest.raises(DataError, match="spaCy reads no DocBin"):
            convert.read("spacy", [tmp_path / "y.spacy"], {})


def test_spacy_opens_what_is_written(nlp: Any, tmp_path: Path) -> None:
    corpus = library.open("mazar-2021")
    gold, documents = corpus.layer("gold"), corpus.documents()
    path = tmp_path / "x.spacy"
    lost = docbin.write(path, documents, gold, docbin.Options())
    docs = list(spacy.tokens.DocBin().from_disk(path).get_docs(nlp.vocab))
    assert [doc.text for doc in docs] == [document.text for document in documents if document.id in gold]
    for doc, document in zip(docs, documents, strict=True):
        given = [(m.type, m.spans[0]) for m in gold[document.id].mentions if len(m.spans) == 1]
        spans = doc.spans.get("sc", doc.ents)
        assert sorted((s.label_, Span(s.start_char, s.end_char)) for s in spans) == sorted(given)
    assert lost["events"] == sum(len(line.events) for line in gold.values())


def test_white_space_is_kept_and_a_mention_that_ends_in_it_is_counted(nlp: Any, tmp_path: Path) -> None:
    document = make_document("d", " Ann  Lee\n\nflew 😀to   New York. ")
    mentions = tuple(
        Mention(id=id, type=id, spans=(Span(a, b),))
        for id, a, b in (("A", 1, 9), ("B", 22, 30), ("C", 30, 32))
    )
    line = Annotations(document="d", sha256=document.sha256, mentions=mentions)
    lost = docbin.write(tmp_path / "x", [document], {"d": line}, docbin.Options(spans="all"))
    assert lost == {"mentions that begin or end in white space": 1}
    (doc,) = spacy.tokens.DocBin().from_disk(tmp_path / "x").get_docs(nlp.vocab)
    assert doc.text == document.text
    assert [span.text for span in doc.spans["all"]] == ["Ann  Lee", "New York"]


def test_without_spacy_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys; sys.modules['spacy'] = None\n"
        "from pathlib import Path\n"
        "from goldwire.corpora.formats import docbin\n"
        "docbin.read([Path('x')], docbin.Options())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "DocBin needs spaCy, which is not installed here" in done.stderr
