"""The Label Studio configuration of an ontology: everything in it, nothing colliding, everything escaped."""

import xml.etree.ElementTree as ET
from collections import Counter

import msgspec
import pytest

from goldwire.annotate.exchange import controls
from goldwire.annotate.interface import labelconfig
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError
from goldwire.corpora.ontology import Attribute, EntityType, EventType, Ontology, RelationType, Role, Value

CONFLICT = ontologies.read("conflict")
NASTY = "<&\"'>]]> é\u00a0😀"
TINY = Ontology(
    name="tiny",
    version="1",
    entities={"PER": EntityType(), NASTY: EntityType()},
    events={"Meet": EventType(roles={"who": Role(fillers=("PER",))})},
)


def elements(xml: str, tag: str) -> list[ET.Element]:
    return [*ET.fromstring(xml).iter(tag)]


def test_every_type_role_and_value_of_the_ontology_is_declared_once() -> None:
    xml = labelconfig.graph(CONFLICT)
    labels = [label.get("value") for label in elements(xml, "Label")]
    assert labels == [*CONFLICT.entities, *CONFLICT.events, "excluded"]
    roles = {role for event in CONFLICT.events.values() for role in event.roles}
    arrows = [arrow.get("value") for arrow in elements(xml, "Relation")]
    assert len(arrows) == len({*arrows})
    assert {*arrows} == {*roles, "same", "continued"}
    values = {c.get("name"): [v.get("value") for v in c] for c in elements(xml, "Choices")}
    assert values == {f"attribute-{name}": [*a.values] for name, a in CONFLICT.attributes.items()}


def test_no_key_is_given_twice_and_none_is_left_to_label_studio() -> None:
    """A choice without a key gets a digit by itself, which may be a label's."""
    xml = labelconfig.graph(CONFLICT)
    shown = [element for tag in ("Label", "Choice") for element in elements(xml, tag)]
    keys = [element.get("hotkey") for element in shown]
    assert None not in keys
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_labels_that_only_show_regions_have_keys_that_nobody_presses() -> None:
    for xml in (labelconfig.graph(CONFLICT), labelconfig.frames()):
        hidden = [
            label
            for view in elements(xml, "View")
            if view.get("style") == "display:none"
            for label in view.iter("Label")
        ]
        assert hidden
        assert all("ctrl+alt+shift+f" in label.attrib["hotkey"] for label in hidden)


def test_attributes_show_only_where_they_apply() -> None:
    shown = {c.get("name"): c for c in elements(labelconfig.graph(CONFLICT), "Choices")}
    mode, form, realis = (shown[f"attribute-{name}"] for name in ("mode", "form", "realis"))
    assert (mode.get("whenTagName"), mode.get("whenLabelValue")) == ("trigger", "Attack")
    assert (form.get("whenTagName"), form.get("whenLabelValue")) == ("entity", ",".join(CONFLICT.entities))
    assert (realis.get("whenTagName"), realis.get("whenLabelValue")) == ("trigger", ",".join(CONFLICT.events))
    assert {c.get("perRegion") for c in shown.values()} == {"true"}


def test_configuration_is_the_same_each_time_and_names_are_escaped() -> None:
    assert labelconfig.graph(TINY) == labelconfig.graph(TINY)
    assert [e.get("value") for e in elements(labelconfig.graph(TINY), "Label")][1] == NASTY


def test_signs_that_xml_cannot_hold_do_not_break_it() -> None:
    attribute = Attribute(on="mention", values={"a": Value(definition="bell \u0007 rings")})
    xml = labelconfig.graph(msgspec.structs.replace(TINY, attributes={"x": attribute}))
    assert elements(xml, "Choice")[0].get("hint") == "bell  rings"


@pytest.mark.parametrize("layout", ["graph", "frames"])
def test_headline_source_and_label_bar_stay_above_the_text(layout: labelconfig.Layout) -> None:
    view = ET.fromstring(labelconfig.build(CONFLICT, layout, "en"))
    bar, text = view[1], next(child for child in view if child.tag == "Text")
    assert "position:sticky" in bar.attrib["style"]
    assert [header.get("value") for header in bar.iter("Header")][:2] == ["$title", "$byline"]
    assert [*view].index(bar) < [*view].index(text)
    assert "Labels" in {child.tag for child in bar}


def test_attributes_stand_below_the_text_where_they_push_nothing_away() -> None:
    view = ET.fromstring(labelconfig.graph(CONFLICT))
    text, foot = (
        next(i for i, child in enumerate(view) if child.find(tag) is not None or child.tag == tag)
        for tag in ("Text", ".//Choices")
    )
    assert text < foot
    assert "position:sticky" in view[foot].attrib["style"]
    assert [header.get("value") for header in view[foot].iter("Header")] == [*CONFLICT.attributes]


def test_frames_offer_the_roles_of_the_events_type_and_nothing_else() -> None:
    bar = labelconfig.role_bars(CONFLICT)["Surrender"]
    assert [role["value"] for role in bar] == ["surrenderer", "recipient", "place", "time", "mention"]
    assert len({role["hotkey"] for role in bar}) == len({role["background"] for role in bar}) == len(bar)
    assert bar[-1] == {"value": "mention", "background": "#d9d9d9", "hotkey": "0"}


def test_regions_of_predictions_have_their_controls_declared_in_both_layouts() -> None:
    """A region of an undeclared control is rewritten by Label Studio on submit."""
    assert {"entity", "trigger", "excluded"} <= controls.of(CONFLICT).controls.keys()
    assert {"role", "trigger", "excluded", "verdict"} <= controls.of_frames().controls.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"relations": {"same": RelationType()}}, "relation same: 'same' is the name of an arrow"),
        (
            {"events": {"A": EventType(roles={"continued": Role(fillers=())})}},
            "event A, role continued: 'continued' is the name",
        ),
        ({"entities": {"$title": EntityType()}}, r"entity type \$title: '\$title' begins with \$"),
        (
            {
                "events": {"a,b": EventType()},
                "attributes": {"x": Attribute(on="event", events=("a,b",), values={"y": Value()})},
            },
            "attribute x: .* its name has a comma",
        ),
        (
            {"entities": {"A": EntityType(key="a"), "B": EntityType(key="A")}},
            "entity type B, key: key .a. is already that of A",
        ),
    ],
)
def test_ontologies_that_label_studio_would_misread_are_refused(changes: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(DataError, match=message):
        labelconfig.graph(msgspec.structs.replace(TINY, **changes))


@pytest.mark.parametrize(
    ("language", "rtl"), [("he", True), ("ar-EG", True), ("en", False), ("uz-Latn", False)]
)
def test_texts_begin_at_the_side_of_their_language(language: str, rtl: bool) -> None:
    for layout in ("graph", "frames"):
        style = ET.fromstring(labelconfig.build(CONFLICT, layout, language)).findtext("Style")
        assert style is not None
        assert (".lsf-htx-richtext{direction:rtl}" in style) == rtl
        assert "unicode-bidi:plaintext" in style  # paragraphs of other languages, in every project


def test_a_role_has_one_key_and_one_colour_in_all_events() -> None:
    bars = labelconfig.role_bars(CONFLICT)
    seen: dict[str, set[tuple[str, str]]] = {}
    for event, bar in bars.items():
        assert [role["value"] for role in bar] == [*CONFLICT.events[event].roles, "mention"]
        for looks in ("hotkey", "background"):
            assert len({role[looks] for role in bar}) == len(bar), event
        for role in bar:
            seen.setdefault(role["value"], set()).add((role["hotkey"], role["background"]))
    assert all(len(looks) == 1 for looks in seen.values())
