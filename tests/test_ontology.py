"""An ontology is read whole or refused with every contradiction; its fingerprint is that of its rules."""

from pathlib import Path

import pytest

from goldwire import configs
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError, OntologyError

SMALL = """
name = "small"
version = "1"
[groups]
PARTY = ["PER", "ORG"]
[entities.PER]
key = "1"
[entities.ORG]
[events.Meet.roles]
participant = { fillers = ["PARTY"] }
[relations.same]
[attributes.realis]
on = "event"
default = "actual"
values = { actual = {}, planned = {} }
"""


def faults(toml: str) -> list[str]:
    with pytest.raises(DataError) as caught:
        ontologies.decode(toml, "x.toml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", configs.names("ontologies"))
def test_ontologies_that_ship_are_sound(name: str) -> None:
    assert ontologies.check(ontologies.read(name)) == []


def test_groups_are_resolved_to_entity_types() -> None:
    assert ontologies.decode(SMALL).fillers("Meet", "participant") == {"PER", "ORG"}


def test_every_contradiction_is_told_at_once() -> None:
    toml = """
name = "bad"
version = "1"
[groups]
PARTY = ["PER", "GHOST"]
WIDE = ["PARTY"]
PER = ["ORG"]
[entities.PER]
key = "1"
[entities.ORG]
key = "1"
[entities." "]
[events.ORG]
[events.Meet.roles]
participant = { fillers = ["NOBODY"] }
[relations.same]
source = ["NOWHERE"]
[attributes.realis]
on = "event"
default = "sure"
events = ["Vanish"]
values = { actual = {} }
"""
    assert faults(toml) == [
        "x.toml entity type  : ' ' is no name: visible characters, no space around them",
        "x.toml group PER: is both a group and an entity type: call one of them otherwise",
        "x.toml group PARTY: 'GHOST' is not an entity type; there are: PER, ORG,  ",
        "x.toml group WIDE: 'PARTY' is not an entity type; nearest: PER",
        (
            "x.toml event Meet, role participant: 'NOBODY' is neither an entity type nor a group; "
            "there are: PER, ORG,  , PARTY, WIDE"
        ),
        ("x.toml relation same: 'NOWHERE' is neither an entity type nor a group; nearest: PER, ORG"),
        "x.toml attribute realis: default 'sure' is not among the values (actual)",
        "x.toml attribute realis: 'Vanish' is not an event type; there are: ORG, Meet",
        "x.toml entity type ORG: key '1' is already that of PER: give one of them another, or none",
        "x.toml entity type ORG: is both an entity type and an event type: call one of them otherwise",
    ]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"', "missing required field `version`"),
        (SMALL + '[entities.GPE]\ncolor = "red"', "unknown field `color`"),
    ],
)
def test_what_is_no_ontology_is_refused_with_the_reason(toml: str, told: str) -> None:
    with pytest.raises(DataError, match=r"ontology|TOML") as caught:
        ontologies.decode(toml, "x.toml")
    assert told in str(caught.value)


def test_name_that_neither_ships_nor_is_a_file_is_refused_with_what_ships() -> None:
    with pytest.raises(OntologyError, match="conflict"):
        ontologies.read("no-such")


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(DataError, match="not UTF-8"):
        ontologies.read(path)


@pytest.mark.parametrize(
    "change",
    [
        ('key = "1"', 'key = "2"\ntitle = "Person"\ndefinition = "somebody"'),
        ('version = "1"', 'version = "2"'),
        ('["PARTY"] }', '["ORG", "PER"], definition = "who meets" }'),
        ("actual = {}, planned = {}", "planned = {}, actual = {}"),
    ],
    ids=["words about a type", "version", "a group spelt out", "order of values"],
)
def test_fingerprint_stays_when_no_rule_changes(change: tuple[str, str]) -> None:
    assert ontologies.decode(SMALL.replace(*change)).fingerprint() == ontologies.decode(SMALL).fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        ("[entities.ORG]", "[entities.ORG]\n[entities.GPE]"),
        ('PARTY = ["PER", "ORG"]', 'PARTY = ["PER"]'),
        ("planned = {}", "generic = {}"),
        ('default = "actual"', 'default = "planned"'),
        ("participant", "guest"),
    ],
)
def test_fingerprint_changes_with_a_rule(change: tuple[str, str]) -> None:
    assert ontologies.decode(SMALL.replace(*change)).fingerprint() != ontologies.decode(SMALL).fingerprint()


def test_attributes_apply_to_the_events_they_name() -> None:
    conflict = ontologies.read("conflict")
    assert "mode" in conflict.attributes_of("event", "Attack")
    assert "mode" not in conflict.attributes_of("event", "Die")
    assert "realis" in conflict.attributes_of("event", "Die")


def test_what_has_another_form_is_told_with_all_that_contradicts_elsewhere() -> None:
    toml = """
name = "company"
[entities.PERSON]
[entities.COMPANY]
color = "#a0d0a0"
[events.Appoint.roles]
person = ["PERSON"]
company = { fillers = ["COMPANIES"], requred = true }
place = { fillers = ["PLACE"] }
[attributes.status]
on = "events"
default = "sure"
values = { done = {} }
"""
    assert faults(toml) == [
        "x.toml entity type COMPANY: unknown field `color`; nearest: colour",
        "x.toml event Appoint, role person: Expected a table, got a list",
        "x.toml event Appoint, role company: unknown field `requred`; there are: fillers, definition",
        "x.toml attribute status, on: 'events' is none of: event, mention",
        "x.toml: missing required field `version`",
        # What a thing of the wrong form contradicts is left for when it has the right one.
        (
            "x.toml event Appoint, role place: 'PLACE' is neither an entity type nor a group; "
            "there are: PERSON, COMPANY"
        ),
    ]


def test_the_skeleton_is_an_ontology_to_begin_with() -> None:
    assert ontologies.decode(ontologies.skeleton('my "own"')).name == 'my "own"'
    with pytest.raises(OntologyError, match="no name"):
        ontologies.skeleton(" ")
