"""Making a corpus again changes nothing that is complete, and harms nothing that is different."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora import build, ingest, library
from goldwire.corpora.errors import CorpusError, DataError, OntologyError
from goldwire.corpora.store import Manifest, Splits, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span

A, B, C = (make_document(id, f"Text {id}.") for id in "abc")
MANIFEST = Manifest(name="c", ontology="conflict")


def content(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_made_twice_it_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first = build.new(tmp_path / "c", MANIFEST, [A, B])
    before = content(tmp_path)
    again = build.new(tmp_path / "c", MANIFEST, [A, B])
    assert (first.added, again.added) == (2, 0)
    assert again.corpus == first.corpus
    assert content(tmp_path) == before


def test_other_documents_or_layers_are_not_put_over_a_corpus(tmp_path: Path) -> None:
    build.new(tmp_path / "c", MANIFEST, [A])
    before = content(tmp_path)
    with pytest.raises(CorpusError, match="corpus add"):
        build.new(tmp_path / "c", MANIFEST, [A, B])
    with pytest.raises(CorpusError, match="corpus import"):
        build.new(tmp_path / "c", MANIFEST, [A], {"gold": [Annotations(document="a", sha256=A.sha256)]})
    assert content(tmp_path) == before


def test_a_layer_with_other_labels_is_not_taken_for_one_that_is_complete(tmp_path: Path) -> None:
    mention = Mention(id="m", type="GPE", spans=(Span(0, 4),))
    empty, full = (
        Annotations(document="a", sha256=A.sha256),
        Annotations(document="a", sha256=A.sha256, mentions=(mention,)),
    )
    build.new(tmp_path / "c", MANIFEST, [A], {"gold": [empty]})
    assert build.new(tmp_path / "c", MANIFEST, [A], {"gold": [empty]}).added == 0
    with pytest.raises(CorpusError, match="other content in layer gold"):
        build.new(tmp_path / "c", MANIFEST, [A], {"gold": [full]})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "d"}, "name c, not d"),
        ({"language": "de"}, "language en, not de"),
        ({"licence": "CC0"}, "licence not given, not CC0"),
        ({"ontology": None}, r"ontology conflict 1.0 .*, not none"),
        ({"splits": Splits({"a": 0.5, "b": 0.5})}, "split none, not a=0.5,b=0.5"),
    ],
)
def test_what_is_asked_of_a_corpus_that_is_there_must_be_what_it_has(
    tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    build.new(tmp_path / "c", MANIFEST, [A])
    wanted = msgspec.structs.replace(MANIFEST, **asked)
    fields = ["split" if field == "splits" else field for field in asked]
    with pytest.raises(CorpusError, match=f"{told}. Change it with `goldwire corpus set"):
        build.new(tmp_path / "c", wanted, [A], asked=fields)
    assert build.new(tmp_path / "c", MANIFEST, [A], asked=["name", "ontology", "split"]).added == 0


def test_a_file_called_as_an_ontology_that_ships_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conflict").write_text('name = "mine"\nversion = "1"\n')
    corpus = build.new(tmp_path / "c", MANIFEST, [A]).corpus
    assert corpus.manifest.ontology == "conflict"
    assert not (corpus.path / "ontology.toml").exists()


def test_added_documents_follow_those_there_are_and_a_second_time_adds_none(tmp_path: Path) -> None:
    corpus = build.new(tmp_path / "c", MANIFEST, [B]).corpus
    assert build.add(corpus, [A, B]).added == 1
    assert build.add(corpus, [A, B]).added == 0
    assert [document.id for document in corpus.documents()] == ["b", "a"]
    with pytest.raises(DataError, match="nothing was taken"):
        build.add(corpus, [C, make_document("a", "Other.")])
    assert len(corpus.documents()) == 2


def test_ontology_file_moves_into_the_corpus(tmp_path: Path) -> None:
    source = tmp_path / "my.toml"
    source.write_text('name = "mine"\nversion = "1"\n')
    corpus = build.new(tmp_path / "c", Manifest(name="c", ontology=str(source)), [A]).corpus
    source.unlink()
    ontology = open_corpus(corpus.path).ontology()
    assert ontology is not None
    assert ontology.name == "mine"


def test_wrong_ontology_or_shares_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OntologyError):
        build.new(tmp_path / "c", Manifest(name="c", ontology="no-such"), [A])
    with pytest.raises(CorpusError):
        build.new(tmp_path / "c", Manifest(name="c", splits=Splits({"a": 0.3})), [A])
    assert list(tmp_path.iterdir()) == []


def test_gold_that_ships_comes_with_the_articles(articles: Path, tmp_path: Path) -> None:
    documents = ingest.read([articles]).documents
    built = build.new(tmp_path / "c", MANIFEST, documents)
    assert built.corpus.layers() == ["gold"]
    assert built.corpus.layer("gold").keys() == {document.id for document in documents}
    assert "ships with goldwire" in built.notes[0]


def test_gold_of_the_users_own_goes_before_gold_that_ships(articles: Path, tmp_path: Path) -> None:
    documents = ingest.read([articles]).documents
    own = [Annotations(document=documents[0].id, sha256=documents[0].sha256)]
    built = build.new(tmp_path / "c", MANIFEST, documents, {library.GOLD: own})
    assert list(built.corpus.layer("gold").values()) == own
    assert built.notes == []


def test_gold_that_ships_for_added_articles_is_offered_and_not_forced(articles: Path, tmp_path: Path) -> None:
    corpus = build.new(tmp_path / "c", MANIFEST, [A]).corpus
    built = build.add(corpus, ingest.read([articles]).documents)
    assert corpus.layers() == []
    assert "goldwire corpus import" in built.notes[0]
