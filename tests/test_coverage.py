"""Documents are named by a word, a file, a split or a layer, and a layer says which of them it covers."""

from pathlib import Path

import pytest

from goldwire.corpora.coverage import named, select
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.splits import parts
from goldwire.corpora.store import Corpus, Manifest, Splits, create_corpus, make_document
from goldwire.corpora.types import Annotations

THIRTY = [make_document(f"d{number:02}", f"Text {number}.") for number in range(30)]


def line(number: int) -> Annotations:
    return Annotations(document=THIRTY[number].id, sha256=THIRTY[number].sha256)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    manifest = Manifest(name="c", splits=Splits({"train": 0.5, "test": 0.5}))
    layers = {"system/x": [line(3), line(5)], "gold": []}
    return create_corpus(tmp_path / "c", manifest, THIRTY, layers=layers)


def test_a_word_names_all_documents(corpus: Corpus) -> None:
    assert select(corpus, "all") == {document.id for document in THIRTY}


def test_splits_and_layers_name_theirs(corpus: Corpus) -> None:
    assert select(corpus, "split:test") == set(parts(corpus)["test"])
    assert select(corpus, "layer:system/x") == {"d03", "d05"}


def test_a_file_names_an_id_a_line_however_it_was_saved(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"\xef\xbb\xbfd03\r\n\r\n d05 \r\nd03")
    assert select(corpus, str(tmp_path / "ids")) == {"d03", "d05"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("split:dev", "no split 'dev'; there are: train, test"),
        ("layer:gol", "no layer 'gol'; there are: gold, system/x"),
        ("layer:gold", "names none of the 30"),
        ("spilt:test", "no file of ids, and not `all`, `split:NAME` or `layer:NAME`"),
    ],
)
def test_what_names_nothing_is_refused_with_what_there_is(corpus: Corpus, text: str, said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        select(corpus, text)


def test_ids_that_the_corpus_does_not_have_are_named(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("d03\nd99\nd98\n")
    with pytest.raises(CorpusError, match=r"2 of 3 ids are not in .*: d98, d99;"):
        select(corpus, str(tmp_path / "ids"))
    (tmp_path / "ids").write_text("\n")
    with pytest.raises(CorpusError, match="names none of the 30"):
        select(corpus, str(tmp_path / "ids"))


def test_of_many_ids_the_first_ten_are_named() -> None:
    assert named([f"d{number:02}" for number in range(12)]).endswith("d08, d09 and 2 more")
