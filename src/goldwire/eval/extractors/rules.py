"""`lexicon`: mentions, triggers, arguments and attributes by rules over word lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention
from goldwire.eval.extractors import Context, lexicon, options
from goldwire.eval.extractors.arguments import Attacher, chains
from goldwire.eval.extractors.lexicon import Cue, Group, Lexicon, Phrases
from goldwire.eval.extractors.mentions import Finder, Found
from goldwire.eval.extractors.text import Sentence, sentences, span
from goldwire.eval.extractors.triggers import Spotter, Trigger

DEFAULT = "conflict"
VERSION = "1"  # of the rules; goes up when they give something else


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    """None: the lexicon says it all."""


class RuleExtractor:
    """Applies a lexicon; nominals are kept only where they fill a role."""

    name = "lexicon"
    provides = frozenset({"mentions", "triggers", "arguments", "attributes"})

    def __init__(self, lexicon: Lexicon, ontology: Ontology) -> None:
        self.version = f"{VERSION} ({lexicon.name} {lexicon.version})"
        self._lexicon, self._ontology = lexicon, ontology
        self._finder, self._spotter = Finder(lexicon), Spotter(lexicon)
        self._attacher = Attacher(lexicon, ontology)
        self._cues = [
            (cue, Phrases([(words, True) for words in cue.words], fold=True)) for cue in lexicon.cues
        ]

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """The annotations of each document."""
        return map(self.annotate, documents)

    def annotate(self, document: Document) -> Annotations:
        """The annotations of one document; the same every time."""
        parts = list(sentences(document))
        mentions: dict[tuple[int, Found], Mention] = {}
        events: list[Event] = []
        for number, (sentence, found) in enumerate(
            zip(parts, self._finder.find(parts, document.text), strict=True)
        ):
            drafts = self.events(sentence, found)
            used = {mention for *_, arguments in drafts for _, mention in arguments}
            for mention in found:
                if mention.form != "nominal" or mention in used:
                    mentions[number, mention] = self._mention(f"m{len(mentions) + 1}", sentence, mention)
            for trigger, group, arguments in drafts:
                filled = tuple(
                    Argument(role=role, mention=mentions[number, mention].id) for role, mention in arguments
                )
                events.append(self._event(f"e{len(events) + 1}", sentence, trigger, group, filled))
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(mentions.values()),
            events=tuple(events),
        )

    def events(
        self, sentence: Sentence, found: Sequence[Found]
    ) -> list[tuple[Trigger, Group, list[tuple[str, Found]]]]:
        """The events of a sentence: trigger, group and arguments."""
        triggers = self._spotter.find(sentence, found)
        joined = chains(sentence, found, self._lexicon.words)
        drafts = []
        for trigger in triggers:
            for group in trigger.groups:
                arguments = self._attacher.attach(sentence, trigger, group, joined, triggers)
                if group.needs is None or any(role == group.needs for role, _ in arguments):
                    drafts.append((trigger, group, arguments))
                    break
        times = self._attacher.times([d[0] for d in drafts], [d[1] for d in drafts], found)
        return [
            (
                trigger,
                group,
                [*dict.fromkeys([*arguments, *self._attacher.numbers(group, arguments, found), *when])],
            )
            for (trigger, group, arguments), when in zip(drafts, times, strict=True)
        ]

    def _mention(self, id: str, sentence: Sentence, found: Found) -> Mention:
        form = {"form": found.form} if found.form in self._values("mention", "form") else {}
        return Mention(
            id=id,
            type=found.type,
            spans=(span(sentence, found.first, found.last),),
            attributes=self._known(form),
        )

    def _event(
        self, id: str, sentence: Sentence, trigger: Trigger, group: Group, arguments: tuple[Argument, ...]
    ) -> Event:
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
            if sentence[i].lower in self._lexicon.words.borders and sentence[i].lower not in cue.words:
                break
            match = phrases.at(sentence, i)
            if match is not None and i + match[0] <= trigger.first:
                return True
        after = range(trigger.last + 1, min(len(sentence), trigger.last + 1 + cue.after))
        return any(phrases.at(sentence, i) for i in after)

    def _values(self, on: str, name: str) -> frozenset[str]:
        attribute = self._ontology.attributes.get(name)
        return frozenset(attribute.values) if attribute is not None and attribute.on == on else frozenset()

    def _known(self, attributes: dict[str, str], event: str | None = None) -> dict[str, str]:
        """The attributes that the ontology has for this type, defaults left out."""
        rules = self._ontology.attributes_of("event" if event else "mention", event)
        return {
            name: value
            for name, value in sorted(attributes.items())
            if name in rules and value in rules[name].values and value != rules[name].default
        }


def load(target: str, context: Context) -> RuleExtractor:
    """The extractor of a lexicon; `ExtractorError` if the ontology does not have what it names."""
    options(context, _Options)
    words = lexicon.read(target or DEFAULT)
    ontology = ontologies.read(words.ontology)
    unknown = lexicon.check(words, ontology)
    if unknown:
        raise ExtractorError(f"lexicon {words.name!r}: its ontology has no {', '.join(unknown)}")
    return RuleExtractor(words, ontology)


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the corpus does not matter
    """The version of the rules, the lexicon and its ontology."""
    words = lexicon.read(target or DEFAULT)
    return [VERSION, words, ontologies.read(words.ontology)]
