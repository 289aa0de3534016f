"""Rich ERE's annotation XML (`.rich_ere.xml`): entities, fillers, relations and hoppers of events.

Form: the DTD deft_rich_ere.1.1 and the guidelines of DEFT Rich ERE (LDC; Song et al. 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.markup import Element
from goldwire.corpora.formats.sheet import Filled, Happening, Named, Sheet
from goldwire.corpora.formats.sources import Stretch
from goldwire.corpora.types import Relation

ROOT = "deft_ere"
_ENDS = ("rel_arg1", "rel_arg2")
_FILLS = ("entity_mention_id", "filler_id")


def read(root: Element) -> Sheet:
    """What an annotation file says; `DataError` if it names no source."""
    sheet = Sheet(named=root.get("doc_id") or _most_named(root), about=root.get("source_type"))
    readers = {
        "entities": ("entity", _entity),
        "fillers": ("filler", _filler),
        "relations": ("relation", _relations),
        "hoppers": ("hopper", _hopper),
    }
    for part in root.children:
        tag, take = readers.get(part.tag, ("", None))
        for element in part.children:
            if take is not None and element.tag == tag:
                take(element, sheet)
            else:
                sheet.lost[f"<{element.tag}>"] += 1
    return sheet


def _most_named(root: Element) -> str:
    """The source that most mentions name."""
    entities = root.first("entities")
    items = [] if entities is None else [m for e in entities.children for m in e.all("entity_mention")]
    sources = Counter(source for item in items if (source := item.get("source")))
    if not sources:
        raise root.fault("<deft_ere> has no 'doc_id', and no mention names a source")
    return sources.most_common(1)[0][0]


def _type(element: Element) -> str:
    return ":".join(filter(None, (element.need("type"), element.get("subtype"))))


def _stretch(element: Element, words: str | None) -> Stretch:
    start, length = element.number("offset"), element.number("length")
    return Stretch(start, start + length, words or None)


# ---------------------------------------------------------------- mentions


def _entity(element: Element, sheet: Sheet) -> None:
    for item in element.all("entity_mention"):
        try:
            sheet.mentions.append(_mention(element, item))
        except DataError as error:
            sheet.break_off("mention", item, error, "id")


def _mention(element: Element, item: Element) -> Named:
    head = item.first("nom_head")
    said = {"specificity": element.get("specificity"), "mention_type": item.get("noun_type")}
    return Named(
        id=item.need("id"),
        type=element.need("type"),
        extent=_stretch(item, item.text_of("mention_text")),
        where=item.where,
        head=None if head is None else _stretch(head, head.text),
        attributes={name: value for name, value in said.items() if value},
        joins=element.need("id"),
    )


def _filler(element: Element, sheet: Sheet) -> None:
    try:
        stretch = _stretch(element, element.text)
        found = Named(element.need("id"), element.need("type"), stretch, element.where)
        sheet.mentions.append(found)
    except DataError as error:
        sheet.break_off("mention", element, error, "id")


# ---------------------------------------------------------------- relations and events


def _relations(element: Element, sheet: Sheet) -> None:
    for item in element.all("relation_mention"):
        sheet.lost["realis of relations"] += item.get("realis") is not None
        sheet.lost["triggers of relations"] += item.first("trigger") is not None
        try:
            source, target = (_filled(_end(item, tag)) for tag in _ENDS)
            found = Relation(id=item.need("id"), type=_type(element), source=source, target=target)
            sheet.relations.append(found)
        except DataError as error:
            sheet.break_off("relation", item, error, "id")


def _end(item: Element, tag: str) -> Element:
    found = item.first(tag)
    if found is None:
        raise item.fault(f"<relation_mention> has no <{tag}>")
    return found


def _filled(element: Element) -> str:
    """The id of the mention or filler that an argument names."""
    found = next((element.attributes[name] for name in _FILLS if element.get(name)), None)
    if found is None:
        raise element.fault(f"<{element.tag}> names neither an entity_mention_id nor a filler_id")
    return found


def _hopper(element: Element, sheet: Sheet) -> None:
    for item in element.all("event_mention"):
        try:
            trigger = item.first("trigger")
            if trigger is None:
                raise item.fault("<event_mention> has no <trigger>")
            sheet.events.append(
                Happening(
                    id=item.need("id"),
                    type=_type(item),
                    trigger=_stretch(trigger, trigger.text),
                    where=item.where,
                    arguments=list(_arguments(item, sheet)),
                    attributes={"realis": realis} if (realis := item.get("realis")) else {},
                    joins=element.need("id"),
                )
            )
        except DataError as error:
            sheet.break_off("event", item, error, "id")


def _arguments(item: Element, sheet: Sheet) -> Iterator[Filled]:
    for one in item.all("em_arg"):
        sheet.lost["realis of arguments"] += one.get("realis") is not None
        try:
            yield Filled(one.need("role"), _filled(one))
        except DataError as error:
            sheet.break_off("argument", one, error)
