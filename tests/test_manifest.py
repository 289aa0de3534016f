"""What a corpus says of itself is changed in place: texts and layers stay, what no longer fits is counted."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.manifest import alter
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span

Call = Callable[..., Any]
A = make_document("a", "Osprey Bank bought Brightwell.")
COMPANY = """
name = "company"
version = "1.0"
[entities.COMPANY]
[entities.PERSON]
[events.Acquire]
[events.Acquire.roles]
buyer = { fillers = ["COMPANY"] }
"""


@pytest.fixture
def call(said_by: Call) -> Call:
    """Call `goldwire corpus …`."""
    return partial(said_by, "corpus")


@pytest.fixture
def company(tmp_path: Path) -> Path:
    path = tmp_path / "company.toml"
    path.write_text(COMPANY)
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """With gold of two companies, a person and two events, one of a type that only another ontology has."""
    mentions = [("m1", "COMPANY", 0, 11), ("m2", "PERSON", 19, 29), ("m3", "ORG", 0, 6)]
    gold = Annotations(
        document="a",
        sha256=A.sha256,
        mentions=tuple(Mention(id=i, type=t, spans=(Span(s, e),)) for i, t, s, e in mentions),
        events=(
            Event(
                id="e1",
                type="Acquire",
                trigger=(Span(12, 18),),
                arguments=(
                    Argument(role="buyer", mention="m1"),
                    Argument(role="buyer", mention="m2"),
                    Argument(role="seller", mention="m1"),
                ),
                attributes={"realis": "actual"},
            ),
            Event(id="e2", type="Attack", trigger=(Span(12, 18),)),
        ),
    )
    return create_corpus(tmp_path / "c", Manifest(name="c"), [A], layers={"gold": [gold], "blank": []})


def test_labels_that_a_new_ontology_does_not_have_are_counted_by_kind(corpus: Corpus, company: Path) -> None:
    before = (corpus.path / "layers/gold.jsonl").read_bytes()
    altered = alter(corpus, {"ontology": str(company)})
    # ORG and Attack; seller; a person as buyer; realis, which this ontology does not have
    assert altered.unfit == {
        "gold": {"unknown-type": 2, "unknown-role": 1, "filler-not-allowed": 1, "unknown-value": 1}
    }
    assert (corpus.path / "layers/gold.jsonl").read_bytes() == before
    company.unlink()  # a copy is in the corpus
    found = open_corpus(corpus.path).ontology()
    assert found is not None
    assert list(found.entities) == ["COMPANY", "PERSON"]


def test_a_corpus_can_lose_its_ontology_and_get_it_back(corpus: Corpus) -> None:
    assert alter(corpus, {"ontology": "conflict"}).corpus.ontology() is not None
    assert alter(open_corpus(corpus.path), {"ontology": None}).corpus.ontology() is None
    assert "ontology" not in (corpus.path / "corpus.toml").read_text()


def test_only_what_changes_is_told_and_comments_of_the_manifest_stay(corpus: Corpus) -> None:
    manifest = corpus.path / "corpus.toml"
    manifest.write_text("# ours\n" + manifest.read_text())
    altered = alter(open_corpus(corpus.path), {"name": "c", "language": "de", "licence": "CC0"})
    assert altered.changed == {"language": ("en", "de"), "licence": ("not given", "CC0")}
    assert manifest.read_text().startswith("# ours\n")


def test_a_definition_alone_is_a_change_of_the_ontology(corpus: Corpus, company: Path) -> None:
    corpus = alter(corpus, {"ontology": str(company)}).corpus
    assert alter(corpus, {"ontology": str(company)}).changed == {}
    company.write_text(COMPANY.replace("[entities.PERSON]", '[entities.PERSON]\ndefinition = "Somebody."'))
    assert list(alter(corpus, {"ontology": str(company)}).changed) == ["ontology"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": " "}, CorpusError),
        ({"language": ""}, CorpusError),
        ({"ontology": "bad.toml", "name": "d"}, DataError),
    ],
)
def test_what_cannot_be_changes_nothing(
    corpus: Corpus, changes: dict[str, str], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.path.parent)
    Path("bad.toml").write_text('name = "bad"\nversion = "1"\n[events.E.roles]\nr = { fillers = ["NO"] }\n')
    before = {file: file.read_bytes() for file in corpus.path.rglob("*.toml")}
    with pytest.raises(error):
        alter(corpus, changes)
    assert {file: file.read_bytes() for file in corpus.path.rglob("*.toml")} == before


def test_a_broken_ontology_or_layer_does_not_stand_in_the_way(corpus: Corpus, company: Path) -> None:
    corpus = alter(corpus, {"ontology": str(company)}).corpus
    (corpus.path / "ontology.toml").write_text("[")
    (corpus.path / "layers/torn.jsonl").write_text("{")
    altered = alter(corpus, {"ontology": "conflict"})
    assert altered.changed["ontology"][0] == "ontology.toml (cannot be read)"
    assert altered.unfit["torn"] == {"unreadable": 1}


def test_the_command_tells_people_and_programs(call: Call, corpus: Corpus, company: Path) -> None:
    said = call("set", corpus.path, "--ontology", company, "--name", "firms")
    assert said.code == 0
    assert "name: c -> firms" in said.out
    assert "layer gold does not fit the ontology: 2 unknown-type, " in said.out
    assert call("set", corpus.path, "--ontology", "none", "--json").json == {
        "corpus": str(corpus.path),
        "changed": {"ontology": [said.out.splitlines()[0].partition(" -> ")[2], "none"]},
        "unfit": {},
    }
    assert "nothing changed" in call("set", corpus.path, "--ontology", "none").out
    nothing = call("set", corpus.path)
    assert nothing.code == 2
    assert "nothing to set" in nothing.err


def test_a_corpus_of_articles_is_made_without_an_ontology_and_says_how_to_get_one(
    call: Call, tmp_path: Path, said_by: Call
) -> None:
    (tmp_path / "a.txt").write_text("Osprey Bank bought Brightwell.")
    said = call("new", tmp_path / "w", "--from", tmp_path / "a.txt", "--ontology", "none")
    assert open_corpus(tmp_path / "w").ontology() is None
    assert f"goldwire corpus set {tmp_path / 'w'} --ontology" in said.out
    asked = call("new", tmp_path / "w", "--from", tmp_path / "a.txt", "--ontology", "conflict")
    assert asked.code == 2
    assert "ontology none, not conflict 1.0" in asked.err
    assert call("new", tmp_path / "w", "--from", tmp_path / "a.txt", "--ontology", "none").code == 0
    refused = said_by("annotate", "export", tmp_path / "w", tmp_path / "t.json")
    assert f"goldwire corpus set {tmp_path / 'w'} --ontology" in refused.err


def test_types_of_ones_own_are_taken_where_there_is_no_ontology(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Osprey Bank bought Brightwell.")
    (tmp_path / "gold.jsonl").write_text(
        '{"document":"a","mentions":[{"id":"m","type":"COMPANY","spans":[[0,11]]}]}'
    )
    for name, ontology, code in (("free", "none", 0), ("bound", "conflict", 1)):
        call("new", tmp_path / name, "--from", tmp_path / "a.txt", "--ontology", ontology)
        assert call("import", tmp_path / name, tmp_path / "gold.jsonl", "--layer", "gold").code == code
    [line] = (tmp_path / "free/layers/gold.jsonl").read_text().splitlines()
    assert [mention["type"] for mention in json.loads(line)["mentions"]] == ["COMPANY"]
    assert not (tmp_path / "bound/layers/gold.jsonl").exists()  # the ontology has no such type
