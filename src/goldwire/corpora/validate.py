"""Check annotations against their text and ontology. Everything wrong is named; nothing is repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from goldwire.corpora import exclude, tokens
from goldwire.corpora.codec import iter_lines
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ontology import Attribute, Ontology, RelationType
from goldwire.corpora.store import Corpus
from goldwire.corpora.tokens import TOKENS
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Held,
    Mention,
    Relation,
    Span,
    Spans,
    Tokens,
)
from goldwire.corpora.values import each


def annotation_faults(
    annotations: Annotations, document: Document, ontology: Ontology | None = None
) -> list[Fault]:
    """Every fault of one document's annotations; [] if they are sound.

    Checked: the document and its text's hash; spans inside the text, non-empty, in order, apart, outside
    excluded regions; ids unique and none dangling; and, with an ontology, types, roles, fillers and
    attribute values.
    """
    where = document.id
    found = binding_faults(annotations, document)
    if found or is_plain(annotations, document, ontology):
        return found
    flaws = [*_structure_flaws(annotations, document)]
    if ontology is not None:
        flaws += _label_flaws(annotations, ontology)
    return [Fault(where, path, message) for path, _, message in flaws]


def is_plain(annotations: Annotations, document: Document, ontology: Ontology | None) -> bool:
    """Whether a line is nothing but mentions of one span each, without a fault: most are, and soon seen."""
    if annotations.events or annotations.relations or annotations.rejected or document.excluded:
        return False
    mentions, size = annotations.mentions, len(document.text)
    for mention in mentions:
        spans = mention.spans
        if len(spans) != 1 or mention.head is not None or not 0 <= spans[0].start < spans[0].end <= size:
            return False
        if ontology is not None and (mention.attributes or mention.type not in ontology.entities):
            return False
    return len(mentions) < 2 or len({mention.id for mention in mentions}) == len(mentions)  # noqa: PLR2004


def binding_faults(annotations: Annotations, document: Document) -> list[Fault]:
    """Why annotations are not of this document and text; [] if they are."""
    where, theirs = document.id, annotations
    if theirs.document != document.id:
        return [Fault(where, "$.document", f"annotates {theirs.document!r}, another document")]
    if theirs.sha256 != document.sha256:
        hashes = f"{theirs.sha256[:12]}… is not {document.sha256[:12]}…"
        return [Fault(where, "$.sha256", f"made for another text: {hashes}")]
    return []


@no_collection()
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
        if faults := _token_faults(corpus, name, annotations):
            found[f"{TOKENS}/{name}"] = faults
    if layers is None:
        found |= _orphans(corpus)
    return found


def _orphans(corpus: Corpus) -> dict[str, list[Fault]]:
    """Tokens of layers that are not there."""
    there = {corpus.tokens_path(name) for name in corpus.layers()}
    alone = set((corpus.path / TOKENS).rglob("*.jsonl")) - there
    return {
        path.relative_to(corpus.path).with_suffix("").as_posix(): [
            Fault(str(path), "", "there is no layer of this name: import it again, or take the file away")
        ]
        for path in sorted(alone)
        if not path.name.startswith(".")
    }


def _token_faults(corpus: Corpus, layer: str, annotations: Mapping[str, Annotations]) -> list[Fault]:
    """What is wrong with the tokens that were kept beside a layer."""
    path = corpus.tokens_path(layer)
    try:
        return tokens.faults(iter_lines(path, Tokens), annotations) if path.is_file() else []
    except DataError:
        return _unreadable(path)


def _unreadable(path: Path) -> list[Fault]:
    """Every fault of the lines of a file that is read one by one as long as it has none."""
    try:
        tokens.read(path)
    except DataError as error:
        return list(error.faults)
    return []


class Flaw(NamedTuple):
    """A fault of a unit: where in it (`.spans[0]`), its kind (`corpora.rejected.KINDS`), and why."""

    path: str
    kind: str
    message: str


Flaws = Iterator[Flaw]


def _at(path: str, flaws: Iterable[Flaw]) -> Flaws:
    return (flaw._replace(path=path + flaw.path) for flaw in flaws)


def _structure_flaws(annotations: Annotations, document: Document) -> Flaws:
    for i, mention in enumerate(annotations.mentions):
        yield from _at(f"$.mentions[{i}].spans", span_flaws(mention.spans, document))
        yield from _at(f"$.mentions[{i}]", head_flaws(mention))
    for i, event in enumerate(annotations.events):
        yield from _at(f"$.events[{i}].trigger", trigger_flaws(event, document))
    yield from _id_flaws(annotations)


def span_flaws(spans: Spans, document: Document) -> Flaws:
    """Of a mention or trigger: spans not in the text, empty, out of order or in an excluded region."""
    if not spans:
        yield Flaw("", "empty-span", "at least one span is needed")
    last = -1
    for i, span in enumerate(spans):
        place = f"[{span.start}, {span.end}]"
        if not 0 <= span.start < span.end <= len(document.text):
            kind = "outside-text" if span.end > len(document.text) or span.start < 0 else "empty-span"
            message = f"{place} is not a span of a text of {len(document.text)} code points"
            yield Flaw(f"[{i}]", kind, message)
        elif span.start < last:
            yield Flaw(f"[{i}]", "parts-out-of-order", "spans are in text order and do not overlap")
        elif (reason := exclude.reason((span,), document.excluded)) is not None:
            yield Flaw(f"[{i}]", "excluded", f"{place} touches an excluded region ({reason})")
        last = span.end


def trigger_flaws(event: Event, document: Document) -> Flaws:
    """Of a trigger as of a mention; an event without one has nothing that could be wrong."""
    return span_flaws(event.trigger, document) if event.trigger else iter(())


def head_flaws(mention: Mention) -> Flaws:
    """A head that is not inside its mention."""
    if mention.head is not None and not _inside(mention.head, mention.spans):
        yield Flaw(".head", "head-outside", "is not inside the mention")


def _inside(head: Span, spans: Spans) -> bool:
    return any(span.start <= head.start < head.end <= span.end for span in spans)


def _id_flaws(annotations: Annotations) -> Flaws:
    for kind in ("mentions", "events", "relations"):
        items: Iterable[Mention | Event | Relation] = getattr(annotations, kind)
        for id, times in Counter(item.id for item in items).items():
            if times > 1:
                yield Flaw(f"$.{kind}", "repeated-id", f"id {id!r} is used {times} times")
    known = {mention.id for mention in annotations.mentions}
    for i, event in enumerate(annotations.events):
        for j, argument in enumerate(event.arguments):
            places = ((part, id) for part, id in named(argument) if id not in known)
            yield from (Flaw(f"$.events[{i}].arguments[{j}].{part}", *missing(id)) for part, id in places)
    for i, relation in enumerate(annotations.relations):
        for end in ("source", "target"):
            if getattr(relation, end) not in known:
                yield Flaw(f"$.relations[{i}].{end}", *missing(getattr(relation, end)))


def named(argument: Argument) -> Iterator[tuple[str, str]]:
    """The mentions that an argument names, each with its place in it."""
    yield "mention", argument.mention
    for i, id in enumerate(argument.alternatives):
        yield f"alternatives[{i}]", id


def missing(id: str) -> tuple[str, str]:
    """The kind and the words for a mention that is named and not there."""
    return "no-mention", f"there is no mention {id!r}"


def _label_flaws(annotations: Annotations, ontology: Ontology) -> Flaws:
    types = {mention.id: mention.type for mention in annotations.mentions}
    for i, mention in enumerate(annotations.mentions):
        path = f"$.mentions[{i}]"
        yield from _at(path, type_flaws(mention, ontology))
        yield from _at(path, attribute_flaws(mention, ontology))
    for i, event in enumerate(annotations.events):
        path = f"$.events[{i}]"
        yield from _at(path, type_flaws(event, ontology))
        yield from _at(path, attribute_flaws(event, ontology))
        for j, argument in enumerate(event.arguments):
            for _, id in named(argument):
                flaws = role_flaws(event.type, argument.role, types.get(id), ontology)
                yield from _at(f"{path}.arguments[{j}]", flaws)
    for i, relation in enumerate(annotations.relations):
        ends = types.get(relation.source), types.get(relation.target)
        yield from _at(f"$.relations[{i}]", relation_flaws(relation.type, ends, ontology))


def type_flaws(unit: Mention | Event, ontology: Ontology) -> Flaws:
    """A type of mention or event that the ontology does not have."""
    is_mention = isinstance(unit, Mention)
    known: Iterable[str] = ontology.entities if is_mention else ontology.events
    others = () if isinstance(unit, Mention) else unit.alternatives
    for part, type in ((".type", unit.type), *((".alternatives", other) for other in others)):
        if type not in known:
            what = "entity type" if is_mention else "event type"
            yield Flaw(part, "unknown-type", _unknown(what, type, known))


def role_flaws(event: str, role: str, filler: str | None, ontology: Ontology) -> Flaws:
    """A role that this type of event does not have, or that does not take the filler; a filler that is not
    known (None) is not judged, nor is a role in an event of unknown type.
    """
    if event not in ontology.events:
        return
    roles = ontology.events[event].roles
    if role not in roles:
        yield Flaw(".role", "unknown-role", _unknown(f"role of {event}", role, roles))
    elif filler is not None and filler not in (allowed := ontology.fillers(event, role)):
        known = ", ".join(sorted(allowed))
        message = f"{filler} cannot be {role} of {event}; allowed are {known}"
        yield Flaw("", "filler-not-allowed", message)


def relation_flaws(type: str, ends: tuple[str | None, str | None], ontology: Ontology) -> Flaws:
    """A type of relation that the ontology does not have, or that does not take mentions of these types.

    A symmetric one takes them in either order.
    """
    if type not in ontology.relations:
        yield Flaw(".type", "unknown-type", _unknown("relation type", type, ontology.relations))
        return
    rule = ontology.relations[type]
    flaws = list(_end_flaws(type, ends, rule, ontology))
    if flaws and rule.symmetric and not any(_end_flaws(type, ends[::-1], rule, ontology)):
        return
    yield from flaws


def _end_flaws(
    type: str, ends: tuple[str | None, str | None], rule: RelationType, ontology: Ontology
) -> Flaws:
    for end, fillers, filler in zip(("source", "target"), (rule.source, rule.target), ends, strict=True):
        if fillers and filler is not None and filler not in ontology.expand(fillers):
            yield Flaw(f".{end}", "filler-not-allowed", f"{filler} cannot be the {end} of {type}")


def attribute_flaws(unit: Mention | Event, ontology: Ontology) -> Flaws:
    """Attributes that this type does not have, or not with this value; an unknown type is not judged."""
    return (flaw for _, _, flaw in value_flaws(unit, ontology))


def value_flaws(unit: Mention | Event, ontology: Ontology) -> Iterator[tuple[str, Held, Flaw]]:
    """`attribute_flaws` with the name of the attribute, and what it holds that is wrong."""
    if not unit.attributes:
        return
    if isinstance(unit, Mention):
        attributes = ontology.attributes_of("mention")
    elif unit.type in ontology.events:
        attributes = ontology.attributes_of("event", unit.type)
    else:
        return
    for name, value in unit.attributes.items():
        for wrong, kind, message in _wrong_values(name, value, attributes):
            yield name, wrong, Flaw(f".attributes.{name}", kind, message)


def _wrong_values(name: str, value: Held, known: Mapping[str, Attribute]) -> Iterator[tuple[Held, str, str]]:
    if name not in known:
        yield value, "unknown-value", _unknown("attribute here", name, known)
        return
    rule = known[name]
    if len(each(value)) > 1 and not rule.multiple:
        told = f"{name} is {' and '.join(each(value))}: the ontology allows one value, no `multiple`"
        yield value, "contradiction", told
        return
    for one in each(value):
        if one not in rule.values:
            yield one, "unknown-value", _unknown(f"value of {name}", one, rule.values)


def _unknown(what: str, got: str, known: Iterable[str]) -> str:
    return f"{got!r} is no {what}; known are {', '.join(known) or 'none'}"
