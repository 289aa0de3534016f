"""Access to UIMA CAS by dkpro-cassis: out of files, its text, and the layers that INCEpTION has built in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import extras
from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import markup

DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
ENTITY = DKPRO + "ner.type.NamedEntity"
PREDICATE = DKPRO + "semantics.type.SemPred"
ARGUMENT = DKPRO + "semantics.type.SemArg"
ARGUMENT_LINK = DKPRO + "semantics.type.SemArgLink"
CHAIN = DKPRO + "coref.type.CoreferenceChain"
LINK = DKPRO + "coref.type.CoreferenceLink"
METADATA = DKPRO + "metadata.type.DocumentMetaData"
RELATION = "webanno.custom.Relation"
ANNOTATION = "uima.tcas.Annotation"
TYPES = "TypeSystem.xml"  # what INCEpTION calls it
_FEATURES = "%FEATURE_STRUCTURES"
Raw = dict[int, tuple[int, int]]  # offsets by number of the annotation, as they stand in the file


def cassis() -> Any:
    """The library; `CorpusError` that names the extra without it."""
    return extras.load("cassis", "cas", "UIMA CAS needs dkpro-cassis")


def load(path: Path, types: str) -> tuple[Any, Raw]:
    """The CAS in a file, XMI or JSON, and the offsets as they stand there.

    cassis passes on offsets that are in no place of the text as if they were code points: so they are read
    here from the file itself.
    """
    data = read_bytes(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            return _load_xmi(data, path, types)
        return _load_json(data, path)


def _load_xmi(data: bytes, path: Path, types: str) -> tuple[Any, Raw]:
    root = markup.parse(data, str(path))
    if root.tag != "XMI":
        raise root.fault(f"the outermost element is <{root.tag}>, that of XMI is <xmi:XMI>")
    raw = {
        item.number("xmi:id"): (item.number("begin"), item.number("end"))
        for item in root.children
        if {"xmi:id", "begin", "end"} <= item.attributes.keys()
    }
    system, library = _types(path, types), cassis()
    try:
        return library.load_cas_from_xmi(BytesIO(data), typesystem=system), raw
    except Exception as error:  # what damaged files raise is not documented
        raise _refused(path, error) from error


def _types(path: Path, types: str) -> Any:
    """The type system of XMI: the file that is named, or the one beside it or in the folder above."""
    places = [Path(types)] if types else [folder / TYPES for folder in (path.parent, path.parent.parent)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        message = f"XMI needs its type system: {TYPES} beside it, as INCEpTION exports it, or -o types=FILE"
        raise DataError(f"{path}: cannot be read", [Fault(str(path), "", message)])
    data, library = read_bytes(found), cassis()
    markup.parse(data, str(found))
    try:
        return library.load_typesystem(BytesIO(data))
    except Exception as error:  # as above
        raise _refused(found, error) from error


def _load_json(data: bytes, path: Path) -> tuple[Any, Raw]:
    try:
        value = msgspec.json.decode(data)
    except BROKEN as error:
        message = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{path}: no JSON", [Fault(str(path), "$", message)]) from error
    items = value.get(_FEATURES) if isinstance(value, dict) else None
    if not isinstance(items, list | dict):
        message = f"there is no {_FEATURES!r}, as UIMA's JSON has"
        raise DataError(f"{path}: not UIMA's JSON", [Fault(str(path), "$", message)])
    raw, library = dict(_json_places(items)), cassis()
    try:
        return library.load_cas_from_json(BytesIO(data)), raw
    except Exception as error:  # as above
        raise _refused(path, error) from error


def _json_places(items: list[Any] | dict[str, Any]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Offsets by number; older files have an object by number, newer ones a list."""
    if isinstance(items, list):
        items = {str(item.get("%ID")): item for item in items if isinstance(item, dict)}
    for number, item in items.items():
        if number.isdecimal() and isinstance(item, dict) and {"begin", "end"} & item.keys():
            begin, end = item.get("begin", 0), item.get("end", 0)
            if type(begin) is int and type(end) is int:
                yield int(number), (begin, end)


def _refused(path: Path, error: Exception) -> DataError:
    said = getattr(error, "message", None) or error
    message = f"cassis cannot read it: {type(error).__name__}: {said}"
    return DataError(f"{path}: cannot be read", [Fault(str(path), "", message)])


def view(cas: Any, path: Path) -> tuple[Any, str]:
    """The view with the text: the first one, or the only other that has one."""
    views = [one for one in cas.sofas if one.sofaString is not None]
    named = [one for one in views if one.sofaID == "_InitialView"] or views
    if len(named) != 1:
        message = f"{len(named)} views have a text, and none is _InitialView" if named else "there is no text"
        raise DataError(f"{path}: cannot be read", [Fault(str(path), "", message)])
    return cas.get_view(named[0].sofaID), str(named[0].sofaString)


# ---------------------------------------------------------------- writing


def types(attributes: Mapping[str, set[str]]) -> Any:
    """A type system with INCEpTION's layers, and a feature for each attribute of mentions and of events.

    Besides what INCEpTION has built in: the type of the mention that fills an argument, the cluster of an
    event, and a layer of relations.
    """
    system = cassis().TypeSystem()
    entity = _span(system, ENTITY, "value", "identifier", *sorted(attributes["mentions"]))
    argument = _span(system, ARGUMENT, "value")
    link = system.create_type(name=ARGUMENT_LINK, supertypeName="uima.cas.TOP")
    system.create_feature(link, "role", "uima.cas.String")
    system.create_feature(link, "target", argument)
    predicate = _span(system, PREDICATE, "category", "cluster", *sorted(attributes["events"]))
    system.create_feature(predicate, "arguments", "uima.cas.FSArray", elementType=link)
    coreference = _span(system, LINK, "referenceType", "referenceRelation")
    system.create_feature(coreference, "next", coreference)
    chain = system.create_type(name=CHAIN, supertypeName="uima.cas.AnnotationBase")
    system.create_feature(chain, "first", coreference)
    relation = _span(system, RELATION, "label")
    system.create_feature(relation, "Governor", entity)
    system.create_feature(relation, "Dependent", entity)
    metadata = system.create_type(name=METADATA, supertypeName="uima.tcas.DocumentAnnotation")
    for name in ("documentTitle", "documentId"):
        system.create_feature(metadata, name, "uima.cas.String")
    return system


def _span(system: Any, name: str, *features: str) -> Any:
    made = system.create_type(name=name, supertypeName=ANNOTATION)
    for feature in features:
        system.create_feature(made, feature, "uima.cas.String")
    return made
