"""The Label Studio configuration of an ontology, in two layouts.

`graph`: mentions, triggers and their attributes are marked in the text, arrows join them.
`frames`: one task for each event; its mentions are there already and get roles by key.

Names of controls, which every import reads by: `entity`, `trigger`, `attribute-NAME`, `role`, `verdict`,
`excluded`, and `text` for the text itself. The output is the same for the same ontology.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # builds only; `controls` reads, and refuses entities
from collections.abc import Iterable
from typing import Literal

from goldwire.annotate.interface import check, colours, keys
from goldwire.corpora.languages import is_right_to_left
from goldwire.corpora.ontology import Attribute, EntityType, EventType, Ontology

Layout = Literal["graph", "frames"]

TEXT, ENTITY, TRIGGER, EXCLUDED, ROLE, VERDICT = "text", "entity", "trigger", "excluded", "role", "verdict"
ATTRIBUTE = "attribute-"
SAME, CONTINUED = check.SAME, check.CONTINUED  # arrows: of coreference, between the parts of one mention
MENTION = "mention"  # in frames, the label of a mention without a role
MENTION_KEY = "0"
IS_EVENT, NO_EVENT = "event ok", "not an event"

_GREY = "#d9d9d9"
_YELLOW = "#ffe58f"
_BAR, _FOOT, _ROW = "goldwire-bar", "goldwire-foot", "goldwire-row"
_STICKY = "position:sticky;z-index:200;padding:2px 8px;background:var(--color-neutral-background,#fff);"
# Of the window's height at most so much, however many labels there are: the rest is for the text.
_TOP = f"{_STICKY}top:0;border-bottom:1px solid #d9d9d9;max-height:26vh;overflow-y:auto"
_BOTTOM = (
    f"{_STICKY}bottom:-16px;padding-bottom:18px;border-top:1px solid #d9d9d9;max-height:12vh;overflow-y:auto"
)
_READABLE = "{color:var(--color-neutral-content)!important}"
# Looks only, for Label Studio 1.23: where its class names change, annotation works on as before.
_LOOKS = (
    ".lsf-htx-richtext{line-height:1.9;padding-top:24px}",  # room for arrows over the first line
    f'.htx-highlight[data-label$=":{EXCLUDED}"]{{opacity:.5}}',
    # Each paragraph from the side on which its language begins, regions and their labels within in order.
    # Lines are blocks within a line there, which would hide their language from the paragraph.
    ".lsf-htx-richtext{unicode-bidi:plaintext;text-align:start}",
    ".lsf-htx-richtext .lsf-richtext__line{display:inline}",
    ".htx-highlight{unicode-bidi:isolate}",
    ".htx-highlight::after{unicode-bidi:isolate;direction:ltr}",
    # Names of labels in the colour of text, in light and dark: their own is for backgrounds.
    f".lsf-labels-list,.lsf-labels-list *{_READABLE}",
    f".lsf-label_selected .lsf-label__text,.lsf-label_selected .lsf-label__hotkey{_READABLE}",
    ".lsf-label_selected{background:var(--background)!important;box-shadow:inset 0 0 0 2px var(--color)}",
    f".{_BAR} .lsf-labels{{margin:0!important}}",
    f".{_BAR} h2,.{_BAR} h4{{unicode-bidi:plaintext;text-align:start}}",
    f".{_BAR} h2{{font-size:18px;line-height:24px;margin:2px 0!important}}",
    f".{_BAR} h4{{font-size:13px;font-weight:400;margin:0 0 4px!important}}",
)
_FOOT_LOOKS = (
    f".{_ROW}{{display:flex;align-items:center;gap:8px}}",
    f".{_ROW} h4{{font-size:13px;font-weight:600;margin:0!important;min-width:80px}}",
    f".{_ROW} .lsf-choices{{margin:0}}",
)
_ARROW_LOOKS = (
    # Hundreds of them on one article: between the lines, thin and pale but for the one that is pointed at.
    ".lsf-htx-richtext{line-height:2.2}",
    '.relations-overlay path[opacity="0.6"]{stroke-width:1.2px;opacity:.4;transform:translateY(5px)}',
    ".relations-overlay g g rect{fill:#fff;stroke:#fa541c;stroke-width:.5px;opacity:.85}",
    ".relations-overlay g g text{fill:#333}",
    ".relations-overlay g g rect,.relations-overlay g g text{transform:translateY(6px) scale(.65)}",
)
_FRAME_LOOKS = (
    f'.htx-highlight[data-label$=":{MENTION}"]::after{{content:none}}',
    f'.htx-highlight[data-label$=":{TRIGGER}"]{{background-color:{_YELLOW}!important;color:#000}}',
    f".{_BAR} h3{{font-size:18px;line-height:24px;margin:2px 0!important}}",
)
_RIGHT_TO_LEFT = ".lsf-htx-richtext{direction:rtl}"
_HIDDEN = "display:none"
_NO_KEYS = {TRIGGER: "ctrl+alt+shift+f11", EXCLUDED: "ctrl+alt+shift+f12"}
_NOT_XML = re.compile("[^\\t\\n\\r -\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # XML 1.0, production 2


def graph(ontology: Ontology, language: str = "en") -> str:
    """The configuration for mentions, triggers, attributes and arrows, as XML; of texts in a language.

    Raises `DataError` where names, keys or colours cannot be told apart in Label Studio.
    """
    check.refuse(ontology, check.label_faults(ontology))
    labels: dict[str, EntityType | EventType] = {**ontology.entities, **ontology.events}
    painted = colours.paint({name: label.colour for name, label in labels.items()})
    dealt = keys.deal({name: label.key for name, label in labels.items()})
    view, bar = _start(language, *_FOOT_LOOKS, *_ARROW_LOOKS)
    for control, names in ((ENTITY, ontology.entities), (TRIGGER, ontology.events)):
        element = ET.SubElement(bar, "Labels", name=control, toName=TEXT, showInline="true")
        for name in names:
            _label(element, name, painted[name], dealt.get(name))
    _text(view)
    _attributes(view, ontology)
    _hidden_label(view, EXCLUDED, _GREY)
    relations = ET.SubElement(view, "Relations")
    for name in arrows(ontology):
        ET.SubElement(relations, "Relation", value=name)
    return _xml(view)


def frames(language: str = "en") -> str:
    """The configuration for one task per event; the roles to choose from come from each task's own data."""
    view, bar = _start(language, *_FRAME_LOOKS)
    ET.SubElement(bar, "Header", value="$question", size="4")
    ET.SubElement(bar, "Labels", name=ROLE, toName=TEXT, value="$roles", showInline="true")
    verdict = ET.SubElement(
        bar, "Choices", name=VERDICT, toName=TEXT, choice="single-radio", showInline="true"
    )
    for value, key in ((IS_EVENT, "shift+e"), (NO_EVENT, "shift+n")):
        ET.SubElement(verdict, "Choice", value=value, hotkey=key)
    _text(view)
    _hidden_label(view, TRIGGER, _YELLOW)
    _hidden_label(view, EXCLUDED, _GREY)
    return _xml(view)


def build(ontology: Ontology, layout: Layout, language: str) -> str:
    """The configuration of an ontology in a layout, of texts in a language."""
    return graph(ontology, language) if layout == "graph" else frames(language)


def role_bars(ontology: Ontology) -> dict[str, list[dict[str, str]]]:
    """The label bar of a frames task by event type: its roles, and `mention` for a mention without one.

    A role has one key and one colour in all events.
    """
    every = dict.fromkeys(role for event in ontology.events.values() for role in event.roles)
    painted = colours.paint({MENTION: _GREY, TRIGGER: _YELLOW, **every})
    dealt = _role_keys(ontology, every)
    last = {"value": MENTION, "background": _GREY, "hotkey": MENTION_KEY}
    bar = {
        name: {"value": name, "background": painted[name], "hotkey": dealt.get(name, "")} for name in every
    }
    return {name: [*(bar[role] for role in event.roles), last] for name, event in ontology.events.items()}


def _role_keys(ontology: Ontology, every: Iterable[str]) -> dict[str, str]:
    """A key for each role, another than those of the roles that it stands beside in any event."""
    dealt: dict[str, str] = {}
    for role in every:
        beside = [other for event in ontology.events.values() if role in event.roles for other in event.roles]
        taken = [MENTION_KEY, *(dealt[other] for other in beside if other in dealt)]
        dealt |= keys.deal({role: None}, taken=taken)
    return dealt


def arrows(ontology: Ontology) -> list[str]:
    """The names of all arrows: roles of all event types, relations, `same` and `continued`; each once."""
    return [*_labels_of_arrows(ontology), SAME, CONTINUED]


def _labels_of_arrows(ontology: Ontology) -> list[str]:
    roles = [role for event in ontology.events.values() for role in event.roles]
    return [*dict.fromkeys([*roles, *ontology.relations])]


def _start(language: str, *more: str) -> tuple[ET.Element, ET.Element]:
    """An empty view, and in it the bar that stays in sight, with headline and source."""
    view = ET.Element("View")
    looks = (*_LOOKS, *([_RIGHT_TO_LEFT] if is_right_to_left(language) else []), *more)
    ET.SubElement(view, "Style").text = "\n" + "\n".join(f"    {look}" for look in looks) + "\n  "
    bar = ET.SubElement(view, "View", className=_BAR, style=_TOP)
    ET.SubElement(bar, "Header", value="$title", size="3")
    ET.SubElement(bar, "Header", value="$byline", size="5")
    return view, bar


def _label(parent: ET.Element, name: str, colour: str, key: str | None) -> None:
    _hotkey(ET.SubElement(parent, "Label", value=name, background=colour), key)


def _hotkey(element: ET.Element, key: str | None) -> None:
    if key is not None:
        element.set("hotkey", key)


def _hidden_label(view: ET.Element, control: str, colour: str) -> None:
    """A control that only shows regions; it has to be declared or Label Studio rewrites them.

    Its key is one that nobody presses: without any, Label Studio gives it the next free one.
    """
    hidden = ET.SubElement(view, "View", style=_HIDDEN)
    labels = ET.SubElement(hidden, "Labels", name=control, toName=TEXT)
    ET.SubElement(labels, "Label", value=control, background=colour, hotkey=_NO_KEYS[control])


def _text(view: ET.Element) -> None:
    ET.SubElement(
        view, "Text", name=TEXT, value="$text", granularity="word", showLabels="true", saveTextResult="yes"
    )


def _attributes(view: ET.Element, ontology: Ontology) -> None:
    """Choices for the selected region, each with a key of its own: else Label Studio deals out digits.

    They stand at the foot, where they do not push the text away when a region is clicked.
    """
    dealt = value_keys(ontology)
    foot = ET.SubElement(view, "View", className=_FOOT, style=_BOTTOM)
    for name, attribute in ontology.attributes.items():
        shown = _shown(attribute, ontology)
        row = ET.SubElement(foot, "View", {"className": _ROW, **shown})
        ET.SubElement(row, "Header", value=name, size="5")
        choice = "multiple" if attribute.multiple else "single-radio"
        options = {"perRegion": "true", "choice": choice, "showInline": "true", **shown}
        choices = ET.SubElement(row, "Choices", {"name": f"{ATTRIBUTE}{name}", "toName": TEXT, **options})
        for value, meaning in attribute.values.items():
            one = ET.SubElement(choices, "Choice", value=value, hint=meaning.definition)
            _hotkey(one, dealt.get((name, value)))


def _shown(attribute: Attribute, ontology: Ontology) -> dict[str, str]:
    """Where an attribute applies. The labels are always named: a key works where a choice is not shown, and
    only what is chosen for another label is left out when the annotation is submitted."""
    control, all_labels = (
        (TRIGGER, ontology.events) if attribute.on == "event" else (ENTITY, ontology.entities)
    )
    labels = attribute.events or tuple(all_labels)
    shown = {"visibleWhen": "region-selected", "whenTagName": control}
    is_list = not any("," in label for label in labels)
    return {**shown, "whenLabelValue": ",".join(labels)} if is_list else shown


def value_keys(ontology: Ontology) -> dict[tuple[str, str], str]:
    """The key of each value of an attribute: shift and, where it is free, one of its letters."""
    labels: dict[str, EntityType | EventType] = {**ontology.entities, **ontology.events}
    taken = [*keys.deal({name: label.key for name, label in labels.items()}).values()]
    dealt: dict[tuple[str, str], str] = {}
    for name, attribute in ontology.attributes.items():
        for value in attribute.values:
            found = keys.deal({value: None}, taken=[*taken, *dealt.values()], shifted=True)
            dealt |= {(name, each): key for each, key in found.items()}
    return dealt


def _xml(view: ET.Element) -> str:
    ET.indent(view)
    for element in view.iter():
        for name, value in element.attrib.items():
            element.set(name, _NOT_XML.sub("", value))
    return ET.tostring(view, encoding="unicode") + "\n"
