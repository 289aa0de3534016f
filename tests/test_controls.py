"""Configurations are read: what they declare, what is an entity and what a trigger; hostile ones refused."""

import time
from pathlib import Path

import pytest

from goldwire.annotate.exchange import controls
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError

CONFLICT = ontologies.read("conflict")


def two(extra: str = "", one: str = "kinds", other: str = "things") -> str:
    return (
        f'<View><Labels name="{one}" toName="t"><Label value="PER"/></Labels>'
        f'<Labels name="{other}" toName="t"><Label value="Attack"/><Label value="Meet"/></Labels>'
        f'<Text name="t" value="$body"/>{extra}</View>'
    )


def test_own_configuration_is_read_back_as_the_ontology() -> None:
    found = controls.of(CONFLICT)
    assert (found.entities, found.triggers, found.text, found.field) == (
        ("entity",),
        ("trigger",),
        "text",
        "text",
    )
    rebuilt = controls.ontology_of(found)
    assert [*rebuilt.entities] == [*CONFLICT.entities]
    assert [*rebuilt.events] == [*CONFLICT.events]
    assert {name: (a.on, [*a.values], a.events) for name, a in rebuilt.attributes.items()} == {
        name: (a.on, [*a.values], a.events) for name, a in CONFLICT.attributes.items()
    }


def test_triggers_of_a_foreign_project_are_those_that_choices_describe(shared: Path) -> None:
    """`modality` and `tense` say whenTagName="trg"; read by eye from the file."""
    found = controls.parse((shared / "labelstudio" / "config.xml").read_text())
    assert (found.entities, found.triggers) == (("ent",), ("trg",))
    assert found.arrows == ("Attacker", "Target", "Place", "coref")
    assert found.controls["tense"].only == ("Attack",)
    assert controls.ontology_of(found).attributes["modality"].on == "event"


def test_triggers_are_known_by_the_ontologys_labels() -> None:
    found = controls.parse(two(), ontology=CONFLICT)
    assert (found.entities, found.triggers, found.field) == (("kinds",), ("things",), "body")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"triggers": ["things"]}, (("kinds",), ("things",))),
        ({"entities": ["kinds"]}, (("kinds",), ("things",))),
        ({"entities": ["things"], "triggers": ["kinds"]}, (("things",), ("kinds",))),
        ({"entities": ["kinds", "things"]}, (("kinds", "things"), ())),
    ],
)
def test_controls_can_be_named_and_the_rest_is_of_the_other_kind(named: dict, expected: tuple) -> None:  # type: ignore[type-arg]
    found = controls.parse(two(), **named)
    assert (found.entities, found.triggers) == expected


def test_one_control_holds_entities() -> None:
    one = (
        '<View><Labels name="l" toName="t"><Label value="PER"/></Labels><Text name="t" value="$text"/></View>'
    )
    assert controls.parse(one).entities == ("l",)


@pytest.mark.parametrize(
    ("xml", "named", "message"),
    [
        (two(), {}, "cannot tell which of the controls kinds, things hold entities"),
        (two(), {"triggers": ["nope"]}, "no control 'nope' for regions; it has: kinds, things"),
        (two(), {"triggers": ["things"], "entities": ["things"]}, "not both: things"),
        (two(one="same", other="same"), {}, "two controls called 'same'"),
        ("<View><Image name='i' value='$image'/></View>", {}, "labels no <Text>"),
        ("<View>", {}, "not valid XML"),
        ("", {}, "not valid XML"),
        ("\ud800", {}, "not valid XML"),
    ],
)
def test_what_cannot_be_worked_out_is_said(xml: str, named: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(DataError, match=message):
        controls.parse(xml, **named)


LAUGHS = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (f"<!DOCTYPE v [{LAUGHS}]><View>&l9;</View>", "document type"),
        ('<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]><View>&x;</View>', "document type"),
        ('<!DOCTYPE v SYSTEM "http://127.0.0.1/x.dtd"><View/>', "document type"),
        ("<View>&x;</View>", "not valid XML"),
        ("<View>" * 100_000, "nests tags more than 60 deep"),
        ("<View>" + " " * 1_000_001 + "</View>", "1000000 are the most"),
    ],
)
def test_hostile_xml_is_refused_at_once(xml: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match=message):
        controls.parse(xml)
    assert time.monotonic() - began < 1


def test_choices_of_another_text_and_marks_of_what_is_excluded_hold_nothing() -> None:
    other = '<Choices name="c" toName="b"><Choice value="x"/></Choices><Text name="b" value="$b"/>'
    marks = '<Labels name="excluded" toName="t"><Label value="excluded"/></Labels>'
    found = controls.parse(two(other + marks), ontology=CONFLICT)
    assert (found.entities, found.triggers, found.text) == (("kinds",), ("things",), "t")


def test_texts_that_tasks_only_give_the_address_of_are_refused() -> None:
    xml = '<View><Labels name="l" toName="t"><Label value="A"/></Labels><Text name="t" value="$u" {}/></View>'
    with pytest.raises(DataError, match="addresses, not texts"):
        controls.parse(xml.format('valueType="url"'))
    assert controls.parse(xml.format('valueType="text"')).field == "u"


def test_labels_for_several_texts_are_refused_at_the_start() -> None:
    xml = (
        '<View><Text name="title" value="$title"/><Labels name="a" toName="title"><Label value="X"/></Labels>'
        '<Text name="body" value="$body"/><Labels name="b" toName="body"><Label value="X"/></Labels></View>'
    )
    with pytest.raises(DataError, match="several texts, 'title' and 'body'"):
        controls.parse(xml)
    plain = xml.replace('<Labels name="a" toName="title"><Label value="X"/></Labels>', "")
    assert controls.parse(plain).text == "body"  # a headline that is only shown is in nobody's way
