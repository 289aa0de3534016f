"""UIMA CAS, XMI or JSON, with INCEpTION's layers: one file is one document.

A layer of spans holds mentions: `NamedEntity` and layers of one's own (`webanno.custom.…`); those of tokens,
sentences, parts of speech and the like are passed over. A layer with slots (a feature that lists links of
role and target), as `SemPred` is, holds events: the span is the trigger, and the target of a link is the
mention that fills the role; a target such as `SemArg` stands for the mention with the same span. A layer
that the option `events` names holds events without arguments. A layer with `Governor` and `Dependent` holds
relations, from the first to the second. Chains of coreference join the mentions with the spans of their
links.

The type is the feature `value`, `category`, `label` or `type`, or the one that the option `label` names; the
name of the layer where it has no feature of text. Other features are attributes, `cluster` the cluster. A
document is called by `documentId` or `documentTitle` of its metadata, or by its file. Offsets are UTF-16
code units in the file. XMI needs its type system: TypeSystem.xml beside it, or as the option `types` names
it.

Not kept when read: features with several values, links of coreference where there is no mention, layers that
are passed over. Not held when written: mentions and triggers of several parts, events without a trigger,
attributes whose names are no Java identifiers or that have several values, heads, scores; which of two
mentions of one type and place is meant. Written is a folder, a file for each document: `NamedEntity`,
`SemPred` with `SemArg`, chains of coreference, and relations as `webanno.custom.Relation`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import CorpusError, Faults
from goldwire.corpora.formats import Facts, Reading, layers, loss, uima
from goldwire.corpora.formats.folders import filling
from goldwire.corpora.formats.gather import Gathering
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.layers import TAKEN
from goldwire.corpora.formats.words import whole
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Span,
)

COVERS: Literal["listed"] = "listed"
FACTS = Facts(
    about="UIMA CAS, XMI or JSON, with the layers of INCEpTION",
    loss="mentions and triggers in parts, events without a trigger, attributes of several values, heads, "
    "scores; read: second values of features",
    coverage="a file for the document",
    example="goldwire corpus export work cas --format cas --layer gold",
    extra="cas",
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ENDS = (".xmi", ".json")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`form`: what is written. `types`: the type system of XMI. `label`: the feature that holds the type.

    `events`: layers whose spans are triggers, by their last names, with commas between.
    """

    form: Literal["xmi", "json"] = "xmi"
    types: str = ""
    label: str = ""
    events: str = ""


def recognise(head: Head) -> bool:
    """XMI, or JSON with feature structures; a folder of such files with a type system."""
    if head.names:
        shown = [name for name in head.names if name.rpartition("/")[2] != uima.TYPES]
        return len(shown) < len(head.names) and all(name.endswith(ENDS) for name in shown)
    if head.root.rpartition(":")[2] == "XMI":
        return b"uima" in head.data
    return head.text.lstrip().startswith("{") and b'"%FEATURE_STRUCTURES"' in head.data[:100_000]


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`."""
    gathering = Gathering(documents, options)
    faults = Faults()
    for path in _files(paths):
        with faults.noted():
            _take(path, gathering)
    faults.check()
    return gathering.reading()


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(item for item in path.rglob("*") if item.suffix in ENDS) if path.is_dir() else [path]
        if not inside:
            raise CorpusError(f"{path}: holds no {' or '.join(ENDS)}")
        found += [item for item in inside if item.name != uima.TYPES]
    return found


def _take(path: Path, gathering: Gathering) -> None:
    cas, raw = uima.load(path, gathering.options.types)
    view, text = uima.view(cas, path)
    place = gathering.text(_id(view, path), text, str(path))
    if place is not None:
        layers.take(view, raw, text, place, gathering)


def _id(view: Any, path: Path) -> str:
    found = [item for item in view.select_all_fs() if item.type.name == uima.METADATA]
    names = (getattr(item, name, None) for item in found for name in ("documentId", "documentTitle"))
    return next((str(name) for name in names if name), path.stem)


# ---------------------------------------------------------------- writing


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: a folder with a file for each document; `CorpusError` if it has some of others."""
    lost = loss.count(layer.values())
    names = {
        kind: {name for line in layer.values() for unit in getattr(line, kind) for name in unit.attributes}
        for kind in ("mentions", "events")
    }
    kept = {kind: {name for name in given if _is_free(name)} for kind, given in names.items()}
    system = uima.types(kept)
    items = list(documents)
    with filling(path, {f"{document.id}.{options.form}" for document in items}, {".xmi", ".json"}):
        for document in items:
            cas = _Writer(document, layer[document.id], system, kept, lost).cas()
            write_atomic(path / f"{document.id}.{options.form}", _bytes(cas, document, options.form))
        if options.form == "xmi":
            write_atomic(path / uima.TYPES, system.to_xml().encode("utf-8"))
    return loss.report(lost, held=("events", "arguments", "relations", "cluster links"))


def _is_free(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not name.endswith("_") and name not in TAKEN


def _bytes(cas: Any, document: Document, form: str) -> bytes:
    try:
        return bytes((cas.to_xmi() if form == "xmi" else cas.to_json()).encode("utf-8"))
    except ValueError as error:
        message = f"document {document.id!r} or its labels hold characters that XML cannot: {error}"
        raise CorpusError(f"{message}; write JSON by -o form=json") from error


class _Writer:
    """Writes one document; what it cannot hold is added to `lost`."""

    def __init__(
        self,
        document: Document,
        line: Annotations,
        system: Any,
        kept: Mapping[str, set[str]],
        lost: Counter[str],
    ) -> None:
        self.document, self.line, self.system, self.kept, self.lost = document, line, system, kept, lost
        self.made: dict[str, Any] = {}
        self.firsts: dict[tuple[Span, str], str] = {}
        self.mentions = {mention.id: mention for mention in whole(line.mentions, lost)}

    def cas(self) -> Any:
        cas = uima.cassis().Cas(typesystem=self.system)
        cas.sofa_string, cas.sofa_mime = self.document.text, "text/plain"
        end, id = len(self.document.text), self.document.id
        cas.add(self.new(uima.METADATA, Span(0, end), documentId=id, documentTitle=id))
        for mention in self.mentions.values():
            self.made[mention.id] = self.entity(mention)
            self.firsts.setdefault((mention.spans[0], mention.type), mention.id)
        for item in (*self.made.values(), *self.events(), *self.relations(), *self.chains()):
            cas.add(item)
        return cas

    def new(self, type: str, span: Span, **features: Any) -> Any:
        return self.system.get_type(type)(begin=span.start, end=span.end, **features)

    def entity(self, mention: Mention) -> Any:
        attributes = self.attributes(mention, "mentions")
        return self.new(uima.ENTITY, mention.spans[0], value=mention.type, **attributes)

    def attributes(self, unit: Mention | Event, kind: str) -> dict[str, str]:
        """Those that a feature of text can hold: of one value, with a name that is free."""
        given = ((name, value) for name, value in unit.attributes.items() if name in self.kept[kind])
        held = {name: value for name, value in given if isinstance(value, str)}
        self.lost["attributes"] -= len(held)
        return held

    def is_told_apart(self, mention: Mention) -> bool:
        """Whether span and type name a mention; else what is linked to it is counted as lost."""
        apart = self.firsts[(mention.spans[0], mention.type)] == mention.id
        self.lost["links to the second mention of one type and place"] += not apart
        return apart

    def events(self) -> Iterator[Any]:
        for event in loss.with_triggers(self.line, self.lost).events:
            if len(event.trigger) > 1:
                self.lost["events with a trigger in parts"] += 1
                self.lost["arguments of lost events"] += len(event.arguments)
                continue
            fillers: list[tuple[str, Any]] = []
            for argument in event.arguments:
                fillers += self.filler(argument)
            yield from (filler for _, filler in fillers)
            link = self.system.get_type(uima.ARGUMENT_LINK)
            links = [link(role=role, target=filler) for role, filler in fillers]
            more: dict[str, Any] = {"category": event.type, "cluster": event.cluster}
            if links:  # cassis cannot read an empty array in JSON
                more["arguments"] = self.system.get_type("uima.cas.FSArray")(elements=links)
            yield self.new(uima.PREDICATE, event.trigger[0], **more, **self.attributes(event, "events"))

    def filler(self, argument: Argument) -> Iterator[tuple[str, Any]]:
        mention = self.mentions.get(argument.mention)
        if mention is None:
            self.lost["arguments of lost mentions"] += 1
        elif self.is_told_apart(mention):
            yield argument.role, self.new(uima.ARGUMENT, mention.spans[0], value=mention.type)

    def relations(self) -> Iterator[Any]:
        for relation in self.line.relations:
            source, target = self.made.get(relation.source), self.made.get(relation.target)
            if source is None or target is None:
                self.lost["relations of lost mentions"] += 1
                continue
            span = Span(target.begin, target.end)  # a relation stands at its end, as INCEpTION has it
            yield self.new(uima.RELATION, span, label=relation.type, Governor=source, Dependent=target)

    def chains(self) -> Iterator[Any]:
        clusters: dict[str, list[Any]] = defaultdict(list)
        for mention in self.mentions.values():
            if mention.cluster is not None and self.is_told_apart(mention):
                link = self.new(uima.LINK, mention.spans[0], referenceType=mention.type)
                clusters[mention.cluster].append(link)
        for links in clusters.values():
            for link, after in pairwise(links):
                link.next = after
            yield self.system.get_type(uima.CHAIN)(first=links[0])
            yield from links
