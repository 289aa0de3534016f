"""Whether annotations fit their text and their ontology. Everything wrong is named; nothing is repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from goldwire.corpora import exclude
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.ontology import Attribute, Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document, Event, Mention, Relation, Span, Spans


def annotation_faults(
    annotations: Annotations, document: Document, ontology: Ontology | None = None
) -> list[Fault]:
    """Every fault of one document's annotations; [] if they are sound.

    Checked: the document and its text's hash; spans inside the text, non-empty, in order, apart, outside
    excluded regions; ids unique and none dangling; and, with an ontology, types, roles, fillers and
    attribute values.
    """
    where = document.id
    if annotations.document != document.id:
        return [Fault(where, "$.document", f"annotates {annotations.document!r}, another document")]
    if annotations.sha256 != document.sha256:
        return [
            Fault(
                where,
                "$.sha256",
                f"made for another text: {annotations.sha256[:12]}… is not {document.sha256[:12]}…",
            )
        ]
    found = [*_structure_faults(annotations, document)]
    if ontology is not None:
        found += _label_faults(annotations, ontology)
    return [Fault(where, path, message) for path, message in found]


def corpus_faults(corpus: Corpus, layers: Iterable[str] | None = None) -> dict[str, list[Fault]]:
    """The faults of the texts (under `documents`) and of layers, by layer; what is sound is left out.

    `layers` defaults to all. Raises `CorpusError` if a layer that is named is not there, `DataError` if the
    ontology cannot be read: then nothing can be judged.
    """
    ontology = corpus.ontology()
    found: dict[str, list[Fault]] = {}
    try:
        documents = {document.id: document for document in corpus.documents()}
    except DataError as error:
        return {"documents": list(error.faults)}
    for name in corpus.layers() if layers is None else layers:
        try:
            annotations = corpus.layer(name)
        except DataError as error:
            found[name] = list(error.faults)
            continue
        faults = [
            f for id, item in annotations.items() for f in annotation_faults(item, documents[id], ontology)
        ]
        if faults:
            found[name] = faults
    return found


_Found = Iterator[tuple[str, str]]


def _structure_faults(annotations: Annotations, document: Document) -> _Found:
    for i, mention in enumerate(annotations.mentions):
        yield from _span_faults(mention.spans, document, f"$.mentions[{i}].spans")
        if mention.head is not None and not _inside(mention.head, mention.spans):
            yield f"$.mentions[{i}].head", "is not inside the mention"
    for i, event in enumerate(annotations.events):
        yield from _span_faults(event.trigger, document, f"$.events[{i}].trigger")
    yield from _id_faults(annotations)


def _span_faults(spans: Spans, document: Document, path: str) -> _Found:
    if not spans:
        yield path, "at least one span is needed"
    last = -1
    for i, span in enumerate(spans):
        if not 0 <= span.start < span.end <= len(document.text):
            yield (
                f"{path}[{i}]",
                f"[{span.start}, {span.end}] is not a span of a text of {len(document.text)} code points",
            )
        elif span.start < last:
            yield f"{path}[{i}]", "spans are in text order and do not overlap"
        elif (reason := exclude.reason((span,), document.excluded)) is not None:
            yield f"{path}[{i}]", f"[{span.start}, {span.end}] touches an excluded region ({reason})"
        last = span.end


def _inside(head: Span, spans: Spans) -> bool:
    return any(span.start <= head.start < head.end <= span.end for span in spans)


def _id_faults(annotations: Annotations) -> _Found:
    for kind in ("mentions", "events", "relations"):
        items: Iterable[Mention | Event | Relation] = getattr(annotations, kind)
        for id, times in Counter(item.id for item in items).items():
            if times > 1:
                yield f"$.{kind}", f"id {id!r} is used {times} times"
    known = {mention.id for mention in annotations.mentions}
    for i, event in enumerate(annotations.events):
        for j, argument in enumerate(event.arguments):
            if argument.mention not in known:
                yield f"$.events[{i}].arguments[{j}].mention", f"there is no mention {argument.mention!r}"
    for i, relation in enumerate(annotations.relations):
        for end in ("source", "target"):
            if getattr(relation, end) not in known:
                yield f"$.relations[{i}].{end}", f"there is no mention {getattr(relation, end)!r}"


def _label_faults(annotations: Annotations, ontology: Ontology) -> _Found:
    types = {mention.id: mention.type for mention in annotations.mentions}
    for i, mention in enumerate(annotations.mentions):
        path = f"$.mentions[{i}]"
        if mention.type not in ontology.entities:
            yield f"{path}.type", _unknown("entity type", mention.type, ontology.entities)
        yield from _attribute_faults(mention.attributes, ontology.attributes_of("mention"), path)
    for i, event in enumerate(annotations.events):
        yield from _event_faults(event, types, ontology, f"$.events[{i}]")
    for i, relation in enumerate(annotations.relations):
        yield from _relation_faults(relation, types, ontology, f"$.relations[{i}]")


def _event_faults(event: Event, types: dict[str, str], ontology: Ontology, path: str) -> _Found:
    if event.type not in ontology.events:
        yield f"{path}.type", _unknown("event type", event.type, ontology.events)
        return
    yield from _attribute_faults(event.attributes, ontology.attributes_of("event", event.type), path)
    roles = ontology.events[event.type].roles
    for j, argument in enumerate(event.arguments):
        at = f"{path}.arguments[{j}]"
        filler = types.get(argument.mention)
        if argument.role not in roles:
            yield f"{at}.role", _unknown(f"role of {event.type}", argument.role, roles)
        elif filler is not None and filler not in (allowed := ontology.fillers(event.type, argument.role)):
            known = ", ".join(sorted(allowed))
            yield at, f"{filler} cannot be {argument.role} of {event.type}; allowed are {known}"


def _relation_faults(relation: Relation, types: dict[str, str], ontology: Ontology, path: str) -> _Found:
    if relation.type not in ontology.relations:
        yield f"{path}.type", _unknown("relation type", relation.type, ontology.relations)
        return
    rule = ontology.relations[relation.type]
    for end, fillers in (("source", rule.source), ("target", rule.target)):
        filler = types.get(getattr(relation, end))
        if fillers and filler is not None and filler not in ontology.expand(fillers):
            yield f"{path}.{end}", f"{filler} cannot be the {end} of {relation.type}"


def _attribute_faults(values: dict[str, str], attributes: dict[str, Attribute], path: str) -> _Found:
    for name, value in values.items():
        if name not in attributes:
            yield f"{path}.attributes.{name}", _unknown("attribute here", name, attributes)
        elif value not in attributes[name].values:
            yield f"{path}.attributes.{name}", _unknown(f"value of {name}", value, attributes[name].values)


def _unknown(what: str, got: str, known: Iterable[str]) -> str:
    return f"{got!r} is no {what}; known are {', '.join(known) or 'none'}"
