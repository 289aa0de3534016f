"""Taking of a part: documents and lines of a part as a corpus of their own, in order, and of nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from goldwire.corpora import taking
from goldwire.corpora.codec import decode_lines
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.parts import Part, place
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.taking import Taken, take
from goldwire.corpora.types import Annotations, Document
from goldwire.testing import annotate, document
from goldwire.testing import corpus as make_corpus

OF = 5
DOCUMENTS = [document(f"word {number} here", f"d{number:02}") for number in range(40)]


def grouped() -> list[Document]:
    """Documents of which every third is a near-duplicate of the first."""
    return [
        document(one.text, one.id, group="d00" if number % 3 == 0 else None)
        for number, one in enumerate(DOCUMENTS)
    ]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = grouped()
    gold = [annotate(one, ("word", "X")) for one in documents[::2]]
    return make_corpus(tmp_path / "c", documents, {"gold": gold, "system/s": gold[::2]})


def every_part(corpus: Corpus, tmp_path: Path, of: int = OF) -> list[Taken]:
    return [
        take(corpus, Part(number, of), ["gold", "system/s"], tmp_path / f"p{number}")
        for number in range(1, of + 1)
    ]


def test_parts_are_all_documents_and_lines_each_once(corpus, tmp_path):
    parts = every_part(corpus, tmp_path)
    ids = [one.id for part in parts for one in part.corpus.documents()]
    assert sorted(ids) == [one.id for one in DOCUMENTS]
    for name in ("gold", "system/s"):
        found = {id: line for part in parts for id, line in part.corpus.layer(name).items()}
        assert found == corpus.layer(name)


def test_each_document_is_where_its_group_belongs(corpus, tmp_path):
    for part in every_part(corpus, tmp_path):
        for one in part.corpus.documents():
            assert place(one.group or one.id, OF) == part.part.number


def test_lines_are_kept_byte_by_byte_and_in_order_of_id(corpus, tmp_path):
    path = corpus.path / "documents.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(reversed([line.replace(b'":', b'" :') for line in lines])))
    for part in every_part(corpus, tmp_path):
        taken = (part.corpus.path / "documents.jsonl").read_bytes().splitlines()
        ids = [one.id for one in decode_lines(b"\n".join(taken), Document)]
        assert ids == sorted(ids)
        assert all(b'" :' in line for line in taken)


def test_a_line_about_no_document_of_the_corpus_is_in_exactly_one_part(corpus, tmp_path):
    strange = annotate(document("word", "stranger"), ("word", "X"))
    path = corpus.layer_path("gold")
    lines = [*decode_lines(path.read_bytes(), Annotations), strange]
    from goldwire.corpora.store import encode_layer

    path.write_bytes(encode_layer(lines))
    holding = [
        part
        for part in every_part(corpus, tmp_path)
        if b"stranger" in part.corpus.layer_path("gold").read_bytes()
    ]
    assert [part.part.number for part in holding] == [place("stranger", OF)]
    with pytest.raises(DataError, match="stranger"):
        holding[0].corpus.layer("gold")


def test_a_part_without_documents_is_a_corpus_without_documents(corpus, tmp_path):
    parts = every_part(corpus, tmp_path, 97)
    empty = [part for part in parts if not part.documents]
    assert empty
    assert empty[0].corpus.documents() == []
    assert empty[0].corpus.layer("gold") == {}


def test_sources_are_the_digests_of_whole_files_whatever_the_part(corpus, tmp_path):
    files = {"documents": "documents.jsonl", "layers/gold": "layers/gold.jsonl"}
    for part in every_part(corpus, tmp_path):
        for name, file in files.items():
            assert part.sources[name] == hashlib.sha256((corpus.path / file).read_bytes()).hexdigest()
        assert part.sources == taking.sources(corpus, [*part.sources])


def test_tokens_come_with_their_layer(tmp_path):
    from goldwire.corpora import tokens

    documents = DOCUMENTS[:9]
    lines = [annotate(one, ("word", "X")) for one in documents]
    corpus = make_corpus(tmp_path / "c", documents, {"gold": lines})
    corpus.write_layer("gold", lines, [tokens.untagged(line, (0, 5), (4, 6), [2]) for line in lines])
    parts = [take(corpus, Part(number, 3), ["gold"], tmp_path / f"p{number}") for number in (1, 2, 3)]
    kept = [one for part in parts for one in tokens.read(part.corpus.tokens_path("gold"))]
    assert sorted(one.document for one in kept) == [one.id for one in documents]
    bare = take(corpus, Part(1, 3), ["gold"], tmp_path / "bare", tokens=False)
    assert not bare.corpus.tokens_path("gold").exists()
    assert "tokens/gold" not in bare.sources


def test_an_ontology_of_the_corpus_comes_along(tmp_path):
    from goldwire.corpora.manifest import place_ontology
    from goldwire.corpora.store import Manifest, create_corpus

    (tmp_path / "mine.toml").write_text('name = "mine"\nversion = "1"\n[entities.X]\ntitle = "X"\n')
    manifest, files = place_ontology(Manifest(name="c", ontology=str(tmp_path / "mine.toml")))
    corpus = create_corpus(tmp_path / "c", manifest, DOCUMENTS[:3], layers={"gold": []}, files=files)
    taken = take(corpus, Part(1, 2), ["gold"], tmp_path / "p")
    assert open_corpus(taken.corpus.path).ontology() == corpus.ontology()


def test_lines_that_say_of_no_document_are_told_at_once_with_their_numbers_by_every_part(corpus, tmp_path):
    path = corpus.layer_path("gold")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3], lines[7] = b"{nothing}\n", b'{"sha256": "x"}\n'
    path.write_bytes(b"".join(lines))
    for number in range(1, OF + 1):
        with pytest.raises(DataError) as caught:
            take(corpus, Part(number, OF), ["gold"], tmp_path / f"p{number}")
        assert {fault.where for fault in caught.value.faults} == {f"{path}:4", f"{path}:8"}


def test_a_fault_of_the_small_corpus_is_told_of_the_corpus_it_was_taken_from(corpus, tmp_path):
    path = corpus.layer_path("gold")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b'"mentions":[{', b'"mentions":[{"x":1,')
    path.write_bytes(b"".join(lines))
    told = []
    for part in every_part(corpus, tmp_path):
        try:
            part.corpus.layer("gold")
        except DataError as error:
            told.append(part.told(error))
    assert len(told) == 1
    assert [fault.where for fault in told[0].faults] == [f"{path}:6"]
    assert str(path) in told[0].what


def test_a_layer_that_is_not_there_is_told(corpus, tmp_path):
    with pytest.raises(CorpusError, match="no layer 'silver'; there are: gold, system/s"):
        take(corpus, Part(1, 2), ["silver"], tmp_path / "p")


def test_one_id_in_two_groups_is_told_by_exactly_one_part(corpus, tmp_path):
    path = corpus.path / "documents.jsonl"
    other = next(one.id for one in DOCUMENTS if place(one.id, OF) != place("d04", OF))
    ending = f',"group":"{other}"}}\n'.encode()
    again = path.read_bytes().splitlines(keepends=True)[4].replace(b"}\n", ending)
    path.write_bytes(path.read_bytes() + again)
    told = []
    for number in range(1, OF + 1):
        try:
            take(corpus, Part(number, OF), ["gold"], tmp_path / f"p{number}").corpus.documents()
        except DataError as error:
            told += error.faults
    assert [(fault.where, fault.message) for fault in told] == [
        ("d04", "is the id of an earlier document too")
    ]
