"""Splits follow from group, seed and shares alone."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import splits
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Manifest, Splits, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Document

SHARES = Splits({"train": 0.7, "dev": 0.1, "test": 0.2})


def many(number: int) -> list[Document]:
    return [make_document(f"d{n}", f"Text {n}.") for n in range(number)]


def test_adding_documents_moves_none_of_those_there_are() -> None:
    few, more = splits.assign(many(200), SHARES), splits.assign(reversed(many(400)), SHARES)
    assert few.items() <= more.items()


def test_shares_are_met_in_expectation() -> None:
    parts = list(splits.assign(many(5000), SHARES).values())
    # five standard errors of a share of 0.7 in 5,000 draws are 0.032
    assert {name: round(parts.count(name) / 5000, 1) for name in SHARES.shares} == SHARES.shares


def test_near_duplicates_go_together() -> None:
    documents = [msgspec.structs.replace(document, group="d0") for document in many(50)]
    assert len(set(splits.assign(documents, SHARES).values())) == 1
    alone = splits.assign(many(1), SHARES)
    assert alone["d0"] == splits.assign(documents, SHARES)["d7"]


def test_seed_decides_and_the_order_of_shares_does_not() -> None:
    turned = Splits(dict(reversed(SHARES.shares.items())))
    assert splits.assign(many(100), turned) == splits.assign(many(100), SHARES)
    assert splits.assign(many(100), Splits(SHARES.shares, seed=1)) != splits.assign(many(100), SHARES)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.integers())
def test_every_document_is_in_one_split(weights: list[float], seed: int) -> None:
    shares = {f"s{i}": weight / sum(weights) for i, weight in enumerate(weights)}
    found = splits.assign(many(20), Splits(shares, seed=seed))
    assert found.keys() == {document.id for document in many(20)}
    assert set(found.values()) <= shares.keys()


@pytest.mark.parametrize(
    "text", ["", "train", "train=x", "train=0.5", "train=1.2,test=-0.2", "=1", "a=0.5,a=0.5", "a=nan,b=0.5"]
)
def test_shares_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(CorpusError):
        splits.parse(text)


def test_shares_are_kept_with_the_corpus_and_changed_one_by_one(tmp_path: Path) -> None:
    corpus = create_corpus(tmp_path / "c", Manifest(name="c"), many(10))
    for ask in (lambda: splits.parts(corpus), lambda: splits.set_splits(corpus, None, 3)):
        with pytest.raises(
            CorpusError, match=r"has no splits; set them with `goldwire corpus split .* --shares train="
        ):
            ask()
    corpus = splits.set_splits(corpus, {"a": 0.5, "b": 0.5}, None)
    corpus = splits.set_splits(corpus, None, 3)
    assert open_corpus(corpus.path).manifest.splits == Splits({"a": 0.5, "b": 0.5}, seed=3)
    parts = splits.parts(corpus)
    assert sorted(parts["a"] + parts["b"]) == sorted(document.id for document in many(10))
