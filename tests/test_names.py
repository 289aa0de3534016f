"""Names that Windows keeps for itself, or that a file system takes for another, are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from goldwire.corpora import names
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations

E_ACUTE, E_COMBINING = "\u00e9t\u00e9", "e\u0301te\u0301"  # one word, in two codings


def line(corpus: Corpus) -> list[Annotations]:
    return [Annotations(document=id, sha256=sha) for id, sha in corpus.hashes().items()]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(id, f"Rain fell on {id}.") for id in ("CON", "a", "A", "b")]
    return create_corpus(tmp_path / "work", Manifest(name="w"), documents)


# The list of Microsoft's "Naming Files, Paths, and Namespaces", in any case and with any ending.
@pytest.mark.parametrize("name", ["CON", "nul.jsonl", "Com1.tar.gz", "LPT9", "COM¹", "aux .txt"])
def test_devices_are_no_names(name: str) -> None:
    assert "device" in (names.reason(name) or "")


@pytest.mark.parametrize("name", ["a.", "a ", "report.html."])
def test_a_dot_or_space_at_the_end_is_no_part_of_a_name(name: str) -> None:
    assert names.reason(name) is not None


@pytest.mark.parametrize("name", ["console", "com", "COM10", "a.con", ".hidden", "nul-1", "été"])
def test_what_only_looks_like_a_device_is_a_name(name: str) -> None:
    assert names.reason(name) is None


def test_a_file_that_differs_by_coding_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / E_ACUTE).touch()
    with pytest.raises(CorpusError, match="differ only by case or by the coding of accents"):
        names.check_new(tmp_path, Path(E_COMBINING))
    names.check_new(tmp_path, Path(E_ACUTE))


@pytest.mark.parametrize(("first", "second"), [("gold", "Gold"), ("straße", "STRASSE")])
def test_a_layer_that_differs_by_case_alone_is_refused(corpus: Corpus, first: str, second: str) -> None:
    corpus.write_layer(first, line(corpus))
    with pytest.raises(CorpusError, match="differ only by case or by the coding of accents"):
        corpus.write_layer(second, line(corpus))
    assert corpus.layers() == [first]
    corpus.write_layer(first, line(corpus))  # the one that is there can be written again


def test_folders_of_layers_are_names_too(corpus: Corpus) -> None:
    corpus.write_layer("annotator/anna", line(corpus))
    for name in ("Annotator/ben", "nul/x", "annotator/ANNA", "x./y"):
        with pytest.raises(CorpusError):
            corpus.write_layer(name, line(corpus))
    assert corpus.layers() == ["annotator/anna"]


def test_a_layer_with_a_bad_name_that_is_there_can_be_read_and_replaced(corpus: Corpus) -> None:
    corpus.write_layer("gold", line(corpus))
    corpus.layer_path("gold").rename(corpus.layer_path("aux"))
    assert corpus.layer("aux").keys() == {"CON", "a", "A", "b"}
    corpus.write_layer("aux", line(corpus)[:1])
    assert corpus.layer("aux").keys() == {"CON"}


def test_a_corpus_is_not_made_with_layers_that_are_one_file_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="differ only by case"):
        create_corpus(tmp_path / "c", Manifest(name="c"), [], layers={"gold": [], "GOLD": []})
    with pytest.raises(CorpusError, match="device"):
        create_corpus(tmp_path / "prn", Manifest(name="c"), [])
    assert list(tmp_path.iterdir()) == []


def test_brat_files_that_are_one_file_elsewhere_are_refused_before_any_is_written(
    corpus: Corpus, said_by: Callable[..., object], tmp_path: Path
) -> None:
    lines = line(corpus)
    for kept, reason in (([lines[0]], "device"), (lines[1:3], "differ only by case")):
        corpus.write_layer("gold", kept)
        said = said_by(
            "corpus", "export", corpus.path, tmp_path / "out", "--layer", "gold", "--format", "brat"
        )
        assert said.code == 2  # type: ignore[attr-defined]
        assert reason in said.err  # type: ignore[attr-defined]
        assert not (tmp_path / "out").exists()


def test_commands_refuse_such_names_before_they_work(
    corpus: Corpus, said_by: Callable[..., object], tmp_path: Path
) -> None:
    corpus.write_layer("gold", line(corpus))
    work, rows = corpus.path, tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"document": "b"}) + "\n", encoding="utf-8")
    asked = (
        ("corpus", "import", work, rows, "--layer", "Gold"),
        ("eval", "run", work, "--system", "NUL=lexicon"),
        ("eval", "score", work, "--system", "gold", "--measure", "entity", "--name", "com1"),
        ("annotate", "config", "--out", tmp_path / "aux.xml"),
        ("annotate", "adjudicate", work, "--layers", "gold", "--to", "GOLD"),
    )
    before = sorted(tmp_path.rglob("*"))
    for words in asked:
        said = said_by(*words)
        assert (said.code, "choose another name" in said.err) == (2, True), said  # type: ignore[attr-defined]
    assert sorted(tmp_path.rglob("*")) == before
    assert open_corpus(work).layers() == ["gold"]
