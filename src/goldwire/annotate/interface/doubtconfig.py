"""The Label Studio configuration for doubts: a text with two readings, one choice, labels to correct both."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # builds only

TEXT, READING, DECISION, CORRECTION = "text", "reading", "decision", "correction"
FIRST, SECOND, HOLDER = "1", "2", "of"  # labels of what is shown
# What may be chosen, with its key; the two readings by their places, so that nobody sees whose they are.
CHOICES = {"first": "1", "second": "2", "both": "3", "neither": "4", "unclear": "5"}
_COLOURS = {FIRST: "#91caff", SECOND: "#ffd591", HOLDER: "#d9d9d9"}
_LOOKS = (
    ".lsf-htx-richtext{line-height:1.9;padding-top:24px;unicode-bidi:plaintext;text-align:start}",
    # A header of size 4 is an h3 there.
    ".goldwire-readings h3{font-size:18px;line-height:24px;margin:2px 0!important}",
    ".goldwire-readings h3{padding:2px 8px;color:#000!important}",
    f".goldwire-first h3{{background:{_COLOURS[FIRST]}}}",
    f".goldwire-second h3{{background:{_COLOURS[SECOND]}}}",
)
INSTRUCTION = (
    "<p>Two readings of one place. Choose the one that is right by the guidelines: the first (1), the second "
    "(2), both where either will do (3), neither (4), or unclear where the text does not say (5). If neither "
    "is right, mark the words that are, with the right label, if there are such.</p>"
)


def build() -> str:
    """The configuration as XML; what a task shows comes from its own data."""
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = "\n" + "\n".join(f"    {look}" for look in _LOOKS) + "\n  "
    ET.SubElement(view, "Header", value="$question", size="4")
    readings = ET.SubElement(view, "View", className="goldwire-readings")
    for place in ("first", "second"):
        one = ET.SubElement(readings, "View", className=f"goldwire-{place}")
        ET.SubElement(one, "Header", value=f"${place}", size="4")
    choices = ET.SubElement(
        view,
        "Choices",
        name=DECISION,
        toName=TEXT,
        choice="single-radio",
        showInline="true",
        required="true",
    )
    for value, key in CHOICES.items():
        ET.SubElement(choices, "Choice", value=value, hotkey=key)
    ET.SubElement(
        view, "Text", name=TEXT, value="$text", granularity="word", showLabels="true", saveTextResult="yes"
    )
    ET.SubElement(view, "Header", value="Neither? What is right instead:", size="5")
    ET.SubElement(view, "Labels", name=CORRECTION, toName=TEXT, value="$labels", showInline="true")
    hidden = ET.SubElement(view, "View", style="display:none")
    shown = ET.SubElement(hidden, "Labels", name=READING, toName=TEXT)
    for number, (label, colour) in enumerate(_COLOURS.items(), start=10):
        # Keys that nobody presses: without any, Label Studio gives the next free ones.
        ET.SubElement(shown, "Label", value=label, background=colour, hotkey=f"ctrl+alt+shift+f{number}")
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"
