"""`lexicon`: mentions, triggers, arguments and attributes by rules over word lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sentences import Sentence, sentences, span
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention
from goldwire.eval.reference import lexicon
from goldwire.eval.reference.arguments import Attacher, Draft, chains
from goldwire.eval.reference.code import sources
from goldwire.eval.reference.lexicon import Cue, Lexicon, Phrases
from goldwire.eval.reference.mentions import Finder, Found
from goldwire.eval.reference.triggers import Spotter, Trigger
from goldwire.eval.systems.extractor import Context, options

DEFAULT = "conflict"


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """None: the lexicon says it all."""


class Builder:
    """Makes annotations of what was found in sentences; nominals are kept only where they fill a role."""

    def __init__(self, lexicon: Lexicon, ontology: Ontology) -> None:
        self._borders, self._ontology = lexicon.words.borders, ontology
        self._cues = [
            (cue, Phrases([(words, True) for words in cue.words], fold=True)) for cue in lexicon.cues
        ]

    def build(
        self, document: Document, found: Iterable[tuple[Sentence, Sequence[Found], Sequence[Draft]]]
    ) -> Annotations:
        """The annotations of one document, sentence by sentence."""
        mentions: dict[tuple[int, Found], Mention] = {}
        events: list[Event] = []
        for number, (sentence, named, drafts) in enumerate(found):
            used = {mention for *_, arguments in drafts for _, mention in arguments}
            for mention in named:
                if mention.form != "nominal" or mention in used:
                    made = self._mention(f"m{len(mentions) + 1}", sentence, mention)
                    mentions[number, mention] = made
            for draft in drafts:
                filled = tuple(
                    Argument(role=role, mention=mentions[number, mention].id) for role, mention in draft[2]
                )
                events.append(self._event(f"e{len(events) + 1}", sentence, draft, filled))
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(mentions.values()),
            events=tuple(events),
        )

    def _mention(self, id: str, sentence: Sentence, found: Found) -> Mention:
        spans = (span(sentence, found.first, found.last),)
        return Mention(id=id, type=found.type, spans=spans, attributes=self._known({"form": found.form}))

    def _event(self, id: str, sentence: Sentence, draft: Draft, arguments: tuple[Argument, ...]) -> Event:
        trigger, group, _ = draft
        attributes = {**group.attributes, **self.cued(sentence, trigger)}
        return Event(
            id=id,
            type=group.event,
            trigger=(span(sentence, trigger.first, trigger.last),),
            arguments=arguments,
            attributes=self._known(attributes, group.event),
        )

    def cued(self, sentence: Sentence, trigger: Trigger) -> dict[str, str]:
        """The attribute values that the words around a trigger give, the first cue for each."""
        found: dict[str, str] = {}
        for cue, phrases in self._cues:
            if cue.attribute not in found and self._holds(cue, phrases, sentence, trigger):
                found[cue.attribute] = cue.value
        return found

    def _holds(self, cue: Cue, phrases: Phrases[bool], sentence: Sentence, trigger: Trigger) -> bool:
        for i in range(trigger.first - 1, max(-1, trigger.first - 1 - cue.reach), -1):
            if sentence[i].lower in self._borders and sentence[i].lower not in cue.words:
                break
            match = phrases.at(sentence, i)
            if match is not None and i + match[0] <= trigger.first:
                return True
        after = range(trigger.last + 1, min(len(sentence), trigger.last + 1 + cue.after))
        return any(phrases.at(sentence, i) for i in after)

    def _known(self, attributes: dict[str, str], event: str | None = None) -> dict[str, str]:
        """The attributes that the ontology has for this type, defaults left out."""
        rules = self._ontology.attributes_of("event" if event else "mention", event)
        return {
            name: value
            for name, value in sorted(attributes.items())
            if name in rules and value in rules[name].values and value != rules[name].default
        }


class RuleExtractor:
    """Applies a lexicon by position."""

    name = "lexicon"
    provides = frozenset({"mentions", "triggers", "arguments", "attributes"})

    def __init__(self, lexicon: Lexicon, ontology: Ontology) -> None:
        self.version = f"{lexicon.name} {lexicon.version}"
        self._words = lexicon.words
        self._finder, self._spotter = Finder(lexicon), Spotter(lexicon)
        self._attacher, self._builder = Attacher(lexicon, ontology), Builder(lexicon, ontology)

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """The annotations of each document."""
        return map(self.annotate, documents)

    def annotate(self, document: Document) -> Annotations:
        """The annotations of one document; the same every time."""
        parts = list(sentences(document.text, document.excluded))
        named = self._finder.find(parts, document.text)
        drafts = [self.events(sentence, found) for sentence, found in zip(parts, named, strict=True)]
        return self._builder.build(document, zip(parts, named, drafts, strict=True))

    def events(self, sentence: Sentence, found: Sequence[Found]) -> list[Draft]:
        """The events of a sentence."""
        triggers = self._spotter.find(sentence, found)
        joined = chains(sentence, found, self._words)
        drafts: list[Draft] = []
        for trigger in triggers:
            for group in trigger.groups:
                arguments = self._attacher.attach(sentence, trigger, group, joined, triggers)
                if group.needs is None or any(role == group.needs for role, _ in arguments):
                    drafts.append((trigger, group, arguments))
                    break
        return self._attacher.complete(drafts, found)


def read_lexicon(name: str) -> tuple[Lexicon, Ontology]:
    """A lexicon and its ontology; `ExtractorError` if the ontology does not have what the lexicon names."""
    words = lexicon.read(name)
    ontology = ontologies.read(words.ontology)
    unknown = lexicon.check(words, ontology)
    if unknown:
        raise ExtractorError(f"lexicon {words.name!r}: its ontology has no {', '.join(unknown)}")
    return words, ontology


def load(target: str, context: Context) -> RuleExtractor:
    """The extractor of a lexicon."""
    options(context, Options)
    return RuleExtractor(*read_lexicon(target or DEFAULT))


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the corpus does not matter
    """The code of the rules, the lexicon and its ontology."""
    words = lexicon.read(target or DEFAULT)
    code = sources("arguments", "inflect", "lexicon", "mentions", "rules", "triggers")
    return [code, words, ontologies.read(words.ontology)]
