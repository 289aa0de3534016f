"""Label maps: they are checked before anything runs."""

from pathlib import Path

import pytest

from goldwire import configs
from goldwire.corpora import labels
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError, ExtractorError

CONFLICT = ontologies.read("conflict")


@pytest.mark.parametrize("name", configs.names("labels"))
def test_a_map_that_ships_names_only_what_the_ontology_has(name: str) -> None:
    labels.read(name, CONFLICT)


def test_every_target_that_the_ontology_does_not_have_is_named_at_once() -> None:
    toml = """
    mentions = { CITY = "TOWN", STATE = "GPE" }
    events = { Fight = "Brawl" }
    roles = { Agent = "fighter" }
    relations = { near = "close" }
    attributes = { realis = { REAL = "real" }, tense = { past = "past" } }
    """
    with pytest.raises(DataError) as caught:
        labels.decode(toml, "mine.toml", CONFLICT)
    assert [fault.path for fault in caught.value.faults] == [
        "mentions.CITY", "events.Fight", "roles.Agent", "relations.near", "attributes.realis.REAL",
        "attributes.tense.past",
    ]  # fmt: skip
    assert "GPE" in caught.value.faults[0].message


@pytest.mark.parametrize("toml", ["mentions = 3", "mention = {}", "not toml ["])
def test_what_is_no_map_is_refused(toml: str) -> None:
    with pytest.raises(DataError, match=r"mine\.toml: not a label map"):
        labels.decode(toml, "mine.toml")


def test_an_absent_map_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExtractorError, match="neither a file nor one that ships"):
        labels.read(tmp_path / "absent.toml")


def test_without_an_ontology_labels_stand_for_themselves() -> None:
    empty = labels.LabelMap()
    assert empty.mention("Anything", None) == "Anything"
    assert empty.mention("Anything", CONFLICT) is None
    assert empty.mention("GPE", CONFLICT) == "GPE"


def test_a_role_of_one_event_goes_before_the_role_of_all() -> None:
    found = labels.LabelMap(roles={"Agent": "attacker", "Fight.Agent": "target"})
    assert found.role("Fight", "Agent", "Attack", CONFLICT) == "target"
    assert found.role("Other", "Agent", "Attack", CONFLICT) == "attacker"
