"""The difference of two ontologies names every label that came, went or follows another rule."""

import pytest

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.ontology_diff import diff

OLD = """
name = "x"
version = "1"
[groups]
PARTY = ["PER", "ORG"]
[entities.PER]
[entities.ORG]
[entities.LOC]
definition = "a river, a mountain, a valley"
[events.Attack]
title = "Attack"
[events.Attack.roles]
attacker = { fillers = ["PARTY"], definition = "who attacks" }
victim = { fillers = ["PER"], definition = "who is hurt in the attack" }
[attributes.realis]
on = "event"
default = "actual"
values = { actual = {}, planned = {} }
"""
REALIS = "on event; default actual; events all"


def changes(*edits: tuple[str, str]) -> list[str]:
    new = OLD
    for old, replacement in edits:
        assert old in new
        new = new.replace(old, replacement)
    return [str(change) for change in diff(ontologies.decode(OLD), ontologies.decode(new))]


def test_no_label_changed_no_difference() -> None:
    assert (
        changes(('title = "Attack"', 'title = "Strike"\ncolour = "red"'), ('version = "1"', 'version = "2"'))
        == []
    )


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (("[entities.ORG]", "[entities.ORG]\n[entities.WEA]"), ["added entities.WEA"]),
        (("planned = {}", "planned = {}, generic = {}"), ["added attributes.realis.values.generic"]),
        (
            ('victim = { fillers = ["PER"]', 'victim = { fillers = ["LOC", "PER"]'),
            ["changed events.Attack.roles.victim: fillers PER -> fillers LOC, PER"],
        ),
        (
            ('default = "actual"', 'default = "planned"'),
            [f"changed attributes.realis: {REALIS} -> {REALIS.replace('actual', 'planned')}"],
        ),
        (
            ('["PER", "ORG"]', '["PER"]'),
            [
                "changed events.Attack.roles.attacker: fillers ORG, PER -> fillers PER",
                "changed groups.PARTY: ORG, PER -> PER",
            ],
        ),
    ],
)
def test_change_of_a_rule_is_told(edit: tuple[str, str], told: list[str]) -> None:
    assert changes(edit) == told


def test_alike_definition_or_name_makes_a_renaming_likely() -> None:
    assert changes(("[entities.LOC]", "[entities.PLACE]")) == [
        "renamed? entities.LOC: perhaps to entities.PLACE"
    ]
    assert changes(("attacker =", "attackers =")) == [
        "renamed? events.Attack.roles.attacker: perhaps to events.Attack.roles.attackers"
    ]


def test_label_that_went_and_one_that_has_nothing_of_it_are_two_changes() -> None:
    assert changes(('[entities.LOC]\ndefinition = "a river, a mountain, a valley"', "[entities.WEAPON]")) == [
        "removed entities.LOC",
        "added entities.WEAPON",
    ]


def test_difference_turned_round_swaps_added_and_removed() -> None:
    old, new = ontologies.decode(OLD), ontologies.decode(OLD + "[events.Zap]\n")
    assert [(c.path, c.kind) for c in diff(old, new)] == [("events.Zap", "added")]
    assert [(c.path, c.kind) for c in diff(new, old)] == [("events.Zap", "removed")]


def test_a_relation_that_becomes_symmetric_follows_another_rule() -> None:
    toml = 'name = "x"\nversion = "1"\n[entities.PER]\n[relations.spouse]\n'
    old, new = (ontologies.decode(text) for text in (toml, toml + "symmetric = true"))
    assert [str(change) for change in diff(old, new)] == [
        "changed relations.spouse: source any; target any -> source any; target any; symmetric True"
    ]
