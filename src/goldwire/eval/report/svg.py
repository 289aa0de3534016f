"""Drawings made fit to stand inside a page: known elements and attributes stay, all else goes."""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from goldwire.corpora.errors import DataError

ELEMENTS = frozenset({"svg", "g", "path", "line", "rect", "circle", "text", "tspan", "title", "desc"})
ATTRIBUTES = frozenset(
    (
        *("class", "xmlns", "viewBox", "width", "height", "transform", "opacity"),
        *("d", "points", "cx", "cy", "r", "x", "x1", "x2", "y", "y1", "y2", "dx", "dy"),
        *("fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray"),
        *("stroke-linecap", "stroke-linejoin", "stroke-miterlimit"),
        *("text-anchor", "font-family", "font-size", "font-weight"),
    )
)


def clean(svg: str, label: str) -> str:
    """The drawing with nothing in it that could run or load, as one image called `label`.

    Raises `DataError` for what is no well-formed XML or declares a document type.
    """
    writer = _Writer(label)
    parser = expat.ParserCreate()
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.data
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(svg, True)
    except expat.ExpatError as error:
        raise DataError(f"a drawing is no well-formed XML: {error}") from error
    return "".join(writer.parts)


class _Writer:
    """Writes what the parser meets and the lists allow; `skipped` is the depth within what they do not."""

    def __init__(self, label: str) -> None:
        self.label, self.parts, self.skipped = label, list[str](), 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.skipped or name not in ELEMENTS:
            self.skipped += 1
            return
        kept = {key: value for key, value in attributes.items() if key in ATTRIBUTES and _harmless(value)}
        if name == "svg":
            # The style sheet decides on the size; viewBox keeps the shape.
            kept = {key: value for key, value in kept.items() if key not in ("width", "height")}
            kept |= {"role": "img", "aria-label": self.label}
        self.parts.append(f"<{name}{''.join(f' {key}={quoteattr(kept[key])}' for key in kept)}>")

    def end(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        else:
            self.parts.append(f"</{name}>")

    def data(self, text: str) -> None:
        if not self.skipped:
            self.parts.append(escape(text))


def _refuse(*_: object) -> None:
    raise DataError("a drawing may not declare a document type")


def _harmless(value: str) -> bool:
    return value.startswith("http://www.w3.org/") or not any(sign in value for sign in ("url(", ":"))
