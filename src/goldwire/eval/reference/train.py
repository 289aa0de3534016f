"""Training: annotations of documents become rows of features with labels, and those become classifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sentences import Sentence, sentences
from goldwire.corpora.types import Annotations, Document, Event, Mention, Spans
from goldwire.corpora.values import code
from goldwire.eval.reference import crossfit, lexicon
from goldwire.eval.reference.features import Lookup, Unit, attribute_features, pair_features, word_features
from goldwire.eval.reference.linear import encode_tags, fit
from goldwire.eval.reference.model import Model

VERSION = "1"  # of features and training; goes up when they give something else
NEIGHBOURS = 1  # sentences to each side of a trigger in which its arguments are looked for
NO_ROLE = ""

Rows = list[list[str]]


class Sample(msgspec.Struct, frozen=True):
    """A document in sentences, its gold mentions and triggers as units, by id."""

    sentences: list[Sentence]
    mentions: dict[str, Unit]
    triggers: dict[str, Unit]
    gold: Annotations


def train(
    pairs: Sequence[tuple[Document, Annotations]], ontology: Ontology | None, *, lexicon: str, seed: int
) -> Model:
    """A model of annotated documents. Discontinuous units, and those that cut words, are left out."""
    samples = [read_sample(document, gold) for document, gold in pairs]
    if not any(sample.mentions or sample.triggers for sample in samples):
        raise ExtractorError(
            f"nothing to learn from: {len(samples)} document(s) without a mention or event of whole words"
        )
    lookup = Lookup(lexicon_of(lexicon))
    allowed = allowed_roles(samples, ontology)
    data: dict[str, tuple[Rows, list[str]]] = defaultdict(lambda: ([], []))
    for sample in samples:
        for name, row, label in _examples(sample, lookup, allowed, ontology):
            rows, labels = data[name]
            rows.append(row)
            labels.append(label)
    parts = {name: fit(rows, labels, seed) for name, (rows, labels) in sorted(data.items())}
    return Model(
        version=VERSION,
        lexicon=lexicon,
        seed=seed,
        seen=tuple(sorted(document.sha256 for document, _ in pairs)),
        sketches=tuple(sorted(crossfit.sketch(document.text) for document, _ in pairs)),
        allowed=allowed,
        scope=_scope(samples, ontology),
        parts=parts,
    )


def _scope(samples: Sequence[Sample], ontology: Ontology | None) -> dict[str, list[str]]:
    """The types of mention or event that were seen with each attribute."""
    found: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        for on, item, _ in _described(sample):
            for name in values_of(on, item, ontology):
                found[f"{on}:{name}"].add(item.type)
    return {name: sorted(types) for name, types in sorted(found.items())}


def _described(sample: Sample) -> Iterator[tuple[str, Mention | Event, Unit]]:
    for mention in sample.gold.mentions:
        if mention.id in sample.mentions:
            yield "mention", mention, sample.mentions[mention.id]
    for event in sample.gold.events:
        if event.id in sample.triggers:
            yield "event", event, sample.triggers[event.id]


def lexicon_of(name: str) -> lexicon.Lexicon | None:
    """The lexicon whose lists are features; None for ""."""
    return lexicon.read(name) if name else None


def read_sample(document: Document, gold: Annotations) -> Sample:
    """A document and its annotations as a model sees them."""
    parts = list(sentences(document.text, document.excluded))
    starts = {word.start: (s, i) for s, sentence in enumerate(parts) for i, word in enumerate(sentence)}
    ends = {word.end: (s, i) for s, sentence in enumerate(parts) for i, word in enumerate(sentence)}

    def unit(spans: Spans, type: str) -> Unit | None:
        if len(spans) != 1:
            return None
        first, last = starts.get(spans[0].start), ends.get(spans[0].end)
        if first is None or last is None or first[0] != last[0]:
            return None
        return Unit(first[0], first[1], last[1], type)

    mentions = {m.id: found for m in gold.mentions if (found := unit(m.spans, m.type))}
    triggers = {e.id: found for e in gold.events if (found := unit(e.trigger, e.type))}
    return Sample(parts, mentions, triggers, gold)


def allowed_roles(samples: Sequence[Sample], ontology: Ontology | None) -> dict[str, dict[str, list[str]]]:
    """The roles that an entity type may play in an event type: by the ontology, or else as seen."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if ontology is not None:
        for event, type in ontology.events.items():
            for role in type.roles:
                for filler in ontology.fillers(event, role):
                    found[event][filler].add(role)
    else:
        for sample in samples:
            for item in sample.gold.events:
                for argument in item.arguments:
                    if argument.mention in sample.mentions:
                        found[item.type][sample.mentions[argument.mention].type].add(argument.role)
    return {
        event: {filler: sorted(roles) for filler, roles in sorted(types.items())}
        for event, types in sorted(found.items())
    }


def candidates(
    trigger: Unit, mentions: Sequence[Unit], allowed: dict[str, dict[str, list[str]]]
) -> Iterator[tuple[Unit, Sequence[str]]]:
    """The mentions near a trigger that may play a role, with the roles."""
    types = allowed.get(trigger.type, {})
    for mention in mentions:
        if abs(mention.sentence - trigger.sentence) <= NEIGHBOURS and mention.type in types:
            yield mention, types[mention.type]


def layers(units: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Units of one sentence parted: the outermost, and the outermost of those inside them.

    Units that cross an earlier one, and those still deeper, are in neither.
    """
    outer: list[Unit] = []
    inner: list[Unit] = []
    for unit in sorted(set(units), key=lambda u: (u.first - u.last, u.first, u.type)):
        holders = [o for o in outer if o.first <= unit.last and unit.first <= o.last]
        if not holders:
            outer.append(unit)
        elif (
            len(holders) == 1
            and _inside(unit, holders[0])
            and not any(i.first <= unit.last and unit.first <= i.last for i in inner)
        ):
            inner.append(unit)
    return outer, inner


def _inside(unit: Unit, holder: Unit) -> bool:
    return holder.first <= unit.first and unit.last <= holder.last


Example = tuple[str, list[str], str]


def _examples(
    sample: Sample, lookup: Lookup, allowed: dict[str, dict[str, list[str]]], ontology: Ontology | None
) -> Iterator[Example]:
    for number, sentence in enumerate(sample.sentences):
        mentions = [unit for unit in sample.mentions.values() if unit.sentence == number]
        triggers = [unit for unit in sample.triggers.values() if unit.sentence == number]
        yield from _tagging(sentence, mentions, triggers, lookup)
    yield from _arguments(sample, allowed)
    yield from _attributes(sample, ontology)


def _tagging(
    sentence: Sentence, mentions: Sequence[Unit], triggers: Sequence[Unit], lookup: Lookup
) -> Iterator[Example]:
    outer, inner = layers(mentions)
    rows = word_features(sentence, lookup)
    tags = tags_of(sentence, outer)
    yield from _tagged("mentions", rows, tags)
    yield from _tagged("triggers", rows, tags_of(sentence, layers(triggers)[0]))
    if outer:
        yield from _tagged("inner", word_features(sentence, lookup, tags), tags_of(sentence, inner))


def tags_of(sentence: Sentence, units: Sequence[Unit]) -> list[str]:
    """The BIO tags of units in a sentence."""
    return encode_tags(len(sentence), [(unit.first, unit.last, unit.type) for unit in units])


def _tagged(name: str, rows: Rows, tags: Sequence[str]) -> Iterator[Example]:
    for row, tag in zip(rows, tags, strict=True):
        yield name, row, tag


def _arguments(sample: Sample, allowed: dict[str, dict[str, list[str]]]) -> Iterator[Example]:
    mentions, triggers = list(sample.mentions.values()), list(sample.triggers.values())
    for event in sample.gold.events:
        trigger = sample.triggers.get(event.id)
        if trigger is None:
            continue
        roles = {
            sample.mentions[argument.mention]: argument.role
            for argument in event.arguments
            if argument.mention in sample.mentions
        }
        for mention, _ in candidates(trigger, mentions, allowed):
            row = pair_features(sample.sentences, trigger, mention, mentions, triggers)
            yield "arguments", row, roles.get(mention, NO_ROLE)


def _attributes(sample: Sample, ontology: Ontology | None) -> Iterator[Example]:
    """An example for each attribute of each mention and event; absent ones have the ontology's default."""
    for on, item, unit in _described(sample):
        row = attribute_features(sample.sentences[unit.sentence], unit)
        for name, value in values_of(on, item, ontology).items():
            yield f"{on}:{name}", row, value


def values_of(on: str, item: Mention | Event, ontology: Ontology | None) -> dict[str, str]:
    """The attributes of a mention or event, defaults included where the ontology has them.

    Several values of one are a class of their own (`values.code`).
    """
    if ontology is None:
        every = {name: code(value) for name, value in item.attributes.items()}
        return {name: value for name, value in every.items() if value is not None}
    rules = ontology.attributes_of(
        "event" if on == "event" else "mention", item.type if on == "event" else None
    )
    found = {name: code(item.attributes.get(name, rule.default)) for name, rule in rules.items()}
    return {name: value for name, value in found.items() if value is not None}
