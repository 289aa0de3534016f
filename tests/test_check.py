"""What keeps an ontology from annotators is found at once, by the check and before anything is sent."""

import json
from pathlib import Path

import pytest

from goldwire.annotate.interface import check, guidelines, labelconfig
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError

COMPANY = """
name = "company"
version = "1"
[entities.PERSON]
key = "ctrl"
[entities.COMPANY]
key = "a"
[entities.MONEY]
colour = "greenish"
[events.Acquire]
key = "shift+A"
example = "[Acme|byer] {buys} [Beta|target]."
[events.Acquire.roles]
buyer = { fillers = ["COMPANY"] }
target = { fillers = ["COMPANY"] }
[events.Sue]
key = "SHIFT+a"
example = "[Acme] went to court."
"""
TOLD = [
    "entity type MONEY, colour: 'greenish' is no colour: #rrggbb is expected",
    "entity type PERSON, key: 'ctrl' is no key for Label Studio",
    "event Sue, key: key 'shift+a' is already that of Acquire: give one of them another",
    "event Acquire, example: no role 'byer'; nearest: buyer",
    "event Sue, example: marks no trigger: put it in {braces}",
]


def test_colours_keys_and_examples_are_told_with_their_places() -> None:
    ontology = ontologies.decode(COMPANY)
    found = [*check.label_faults(ontology), *check.example_faults(ontology)]
    told = [f"{ontologies.place(fault.path)}: {fault.message}" for fault in found]
    assert len(told) == len(TOLD)
    assert all(one.startswith(expected) for one, expected in zip(told, TOLD, strict=True))


def test_the_command_finds_all_that_any_other_would_refuse(said_by, tmp_path: Path) -> None:
    path = tmp_path / "company.toml"
    path.write_text(COMPANY + '[relations.owns]\nsource = ["PERSONS"]\n')
    code, out, _ = said_by("corpus", "ontology", "check", str(path), "--json")
    assert code == 1
    assert len(json.loads(out)["faults"]) == len(TOLD) + 1


def test_what_misleads_annotators_is_never_sent() -> None:
    ontology = ontologies.decode(COMPANY)
    with pytest.raises(DataError, match="3 fault"):
        labelconfig.graph(ontology)
    with pytest.raises(DataError, match="5 fault"):
        guidelines.fragment(ontology)


def test_an_ontology_is_begun_sound_and_never_over_a_file(said_by, tmp_path: Path) -> None:
    path = tmp_path / "company.toml"
    assert said_by("corpus", "ontology", "new", "company", "--out", str(path))[0] == 0
    assert said_by("corpus", "ontology", "check", str(path))[0] == 0
    labelconfig.graph(ontologies.read(path))
    path.write_text("mine")
    code, _, err = said_by("corpus", "ontology", "new", "company", "--out", str(path))
    assert (code, path.read_text()) == (2, "mine")
    assert "is there already" in err
