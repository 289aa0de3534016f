"""ACE 2005's annotation XML (`.apf.xml`): entities, values, time expressions, relations and events.

Form: the DTD apf.v5.1.1 and the annotation guidelines of ACE 2005 (LDC).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.markup import Element
from goldwire.corpora.formats.sheet import Filled, Happening, Named, Sheet
from goldwire.corpora.formats.sources import Stretch
from goldwire.corpora.types import Relation

ROOT = "source_file"
TIMEX = "TIMEX2"  # the type of time expressions, to which the files give none
_OF_EVENTS = ("MODALITY", "POLARITY", "GENERICITY", "TENSE")
_OF_TIMES = ("VAL", "MOD", "ANCHOR_VAL", "ANCHOR_DIR", "SET", "NON_SPECIFIC")
_KINDS = {"entity": "entity_mention", "value": "value_mention", "timex2": "timex2_mention"}
_ENDS = ("Arg-1", "Arg-2")


def read(root: Element) -> Sheet:
    """What an annotation file says; `DataError` if it names no source."""
    documents = list(root.all("document"))
    if len(documents) != 1:
        raise root.fault(f"<source_file> holds {len(documents)} times <document>, and is read with one")
    document = documents[0]
    uri = PurePosixPath(root.get("URI") or "").name
    sheet = Sheet(named=uri or document.need("DOCID"), about=root.get("SOURCE"))
    for element in document.children:
        if element.tag in _KINDS:
            _mentions(element, sheet)
        elif element.tag == "relation":
            _relations(element, sheet)
        elif element.tag == "event":
            _events(element, sheet)
        else:
            sheet.lost[f"<{element.tag}>"] += 1
    return sheet


def _type(element: Element) -> str:
    """TYPE:SUBTYPE, or the type alone where there is no other."""
    return ":".join(filter(None, (element.need("TYPE"), element.get("SUBTYPE"))))


def _stretch(element: Element, tag: str) -> Stretch:
    """The characters of `<extent>`, `<head>` or `<anchor>`: END names the last of them."""
    part = element.first(tag)
    sequence = None if part is None else part.first("charseq")
    if sequence is None:
        raise element.fault(f"<{element.tag}> has no <{tag}> with a <charseq>")
    return Stretch(sequence.number("START"), sequence.number("END") + 1, sequence.text or None)


def _attributes(element: Element, *names: str) -> dict[str, str]:
    return {name.lower(): value for name in names if (value := element.get(name))}


# ---------------------------------------------------------------- mentions


def _mentions(element: Element, sheet: Sheet) -> None:
    """The mentions of an entity, a value or a time expression."""
    for item in element.all(_KINDS[element.tag]):
        try:
            sheet.mentions.append(_mention(element, item))
        except DataError as error:
            sheet.break_off("mention", item, error, "ID")
    names = element.first("entity_attributes")
    sheet.lost["names of entities"] += 0 if names is None else len(names.children)


def _mention(element: Element, item: Element) -> Named:
    is_entity = element.tag == "entity"
    attributes = _attributes(element, *(("SUBTYPE", "CLASS") if is_entity else ()), *_OF_TIMES)
    if is_entity and (level := item.get("TYPE")):
        attributes["mention_type"] = level
    return Named(
        id=item.need("ID"),
        type=TIMEX if element.tag == "timex2" else element.need("TYPE") if is_entity else _type(element),
        extent=_stretch(item, "extent"),
        where=item.where,
        head=_stretch(item, "head") if item.first("head") is not None else None,
        attributes=attributes,
        joins=element.need("ID") if is_entity else None,
    )


# ---------------------------------------------------------------- relations and events


def _relations(element: Element, sheet: Sheet) -> None:
    sheet.lost["attributes of relations"] += len(_attributes(element, "MODALITY", "TENSE"))
    for item in element.all("relation_mention"):
        sheet.lost["extents of relations"] += item.first("extent") is not None
        try:
            sheet.relations.append(_relation(element, item, sheet))
        except DataError as error:
            sheet.break_off("relation", item, error, "ID")


def _relation(element: Element, item: Element, sheet: Sheet) -> Relation:
    given = [(one.need("ROLE"), one.need("REFID")) for one in item.all("relation_mention_argument")]
    ends = dict(given)
    sheet.lost["arguments of relations besides the two"] += len(given) - len(ends.keys() & set(_ENDS))
    if missing := [role for role in _ENDS if role not in ends]:
        raise item.fault(f"<relation_mention> has no argument {' and no '.join(missing)}")
    source, target = (ends[role] for role in _ENDS)
    return Relation(id=item.need("ID"), type=_type(element), source=source, target=target)


def _events(element: Element, sheet: Sheet) -> None:
    for item in element.all("event_mention"):
        sheet.lost["extents of events"] += len(list(item.all("extent", "ldc_scope")))
        try:
            sheet.events.append(
                Happening(
                    id=item.need("ID"),
                    type=_type(element),
                    trigger=_stretch(item, "anchor"),
                    where=item.where,
                    arguments=list(_arguments(item, sheet)),
                    attributes=_attributes(element, *_OF_EVENTS),
                    joins=element.need("ID"),
                )
            )
        except DataError as error:
            sheet.break_off("event", item, error, "ID")


def _arguments(item: Element, sheet: Sheet) -> Iterator[Filled]:
    for one in item.all("event_mention_argument"):
        try:
            yield Filled(one.need("ROLE"), one.need("REFID"))
        except DataError as error:
            sheet.break_off("argument", one, error)
