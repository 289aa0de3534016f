"""`spacy:MODEL`: events on top of an installed spaCy pipeline.

Its named entities become mentions under its own labels; the label map turns those into the ontology's.
Where the ontology is that of a lexicon, nominals and triggers come from the lexicon's lists, told apart by
part of speech, and arguments from the dependency tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Literal

import msgspec

from goldwire.corpora import labels
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.sentences import Sentence, Word
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.reference.arguments import Attacher, Draft
from goldwire.eval.reference.code import sources
from goldwire.eval.reference.lexicon import Group, Lexicon, Phrases, Reading, nominal_entries, trigger_entries
from goldwire.eval.reference.mentions import Found
from goldwire.eval.reference.rules import Builder, read_lexicon
from goldwire.eval.reference.triggers import Trigger, Use
from goldwire.eval.systems.adapters import spacy as pipeline
from goldwire.eval.systems.adapters.spacy import Entity, PipelineExtractor
from goldwire.eval.systems.extractor import Context, options

_SUBJECTS = ("nsubj", "csubj", "nsubj:pass", "nsubjpass")
_OBJECTS = ("dobj", "obj", "dative", "iobj")
_PREMODIFIERS = ("compound", "amod", "nmod")
_PRONOUNS = frozenset({"who", "which", "that"})


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """A `lexicon` for nominals and events ("" for none); `trim` determiners and possessive endings."""

    lexicon: str = "conflict"
    trim: bool = True


class EventRules:
    """Nominals and events by word lists and dependency tree."""

    provides = frozenset({"triggers", "arguments", "attributes"})

    def __init__(self, lexicon: Lexicon, mapping: LabelMap, context: Context) -> None:
        ontology = context.ontology
        assert ontology is not None  # noqa: S101 - for the type checker: without one there are no rules
        self._ontology, self._map = ontology, mapping
        self._nominals = Phrases(nominal_entries(lexicon), fold=True)
        self._triggers = Phrases(trigger_entries(lexicon), fold=True)
        self._attacher, self._builder = Attacher(lexicon, ontology), Builder(lexicon, ontology)

    def annotate(self, document: Document, parsed: Any, entities: Sequence[Entity]) -> Annotations:
        """Mentions and events of one parsed document, entities under their own labels."""
        found = [self._sentence(sent, entities) for sent in parsed.sents]
        return self._builder.build(document, [(s, n, d) for s, n, d in found if s])

    def _sentence(self, sent: Any, entities: Sequence[Entity]) -> tuple[Sentence, list[Found], list[Draft]]:
        sentence = tuple(Word(token.text, token.idx, token.idx + len(token.text)) for token in sent)
        named = [
            Found(first - sent.start, last - sent.start, label, "name")
            for first, last, label in entities
            if sent.start <= first and last < sent.end
        ]
        own = {Found(m.first, m.last, self._type(m.type), m.form): m for m in named}
        nominals = list(self._nominals_in(sent, sentence, named))
        known = sorted([*own, *nominals])
        drafts = self._drafts(sent, sentence, known)
        back = [(t, g, [(role, own.get(m, m)) for role, m in filled]) for t, g, filled in drafts]
        return sentence, sorted([*named, *nominals]), back

    def _type(self, label: str) -> str:
        """The ontology's type of a label, or the label itself where there is none."""
        return self._map.mention(label, self._ontology) or label

    def _nominals_in(self, sent: Any, sentence: Sentence, named: Sequence[Found]) -> Iterator[Found]:
        i = 0
        while i < len(sentence):
            match = self._nominals.at(sentence, i)
            last = i + match[0] - 1 if match else i
            taken = any(m.first <= last <= m.last for m in named)
            if match is None or taken or sent[last].pos_ not in ("NOUN", "PROPN"):
                i += 1
                continue
            yield Found(_left_edge(sent, i, last), last, match[1][0], "nominal")
            i = last + 1

    def _drafts(self, sent: Any, sentence: Sentence, known: Sequence[Found]) -> list[Draft]:
        drafts: list[Draft] = []
        i = 0
        while i < len(sentence):
            match = self._triggers.at(sentence, i)
            inside = any(m.first <= i <= m.last and m.form == "name" for m in known)
            draft = None if match is None or inside else self._draft(sent, i, match, known)
            if draft is not None:
                drafts.append(draft)
            i += match[0] if match and draft else 1
        return self._attacher.complete(drafts, known, _owners(sent, drafts, known))

    def _draft(
        self, sent: Any, i: int, match: tuple[int, list[Reading]], known: Sequence[Found]
    ) -> Draft | None:
        token, last = sent[i], i + match[0] - 1
        kind = _reading(token)
        placed = list(_placed(token, sent[last]))
        for reading in match[1]:
            if reading.kind != kind and not (kind == "verb" and reading.kind == "adjective"):
                continue
            trigger = Trigger(i, last, _use(token, reading), (reading.group,))
            filled = sorted(set(self._filled(sent, reading.group, placed, known)))
            if reading.group.needs is None or any(role == reading.group.needs for role, _ in filled):
                return trigger, reading.group, filled
        return None

    def _filled(
        self, sent: Any, group: Group, placed: Sequence[tuple[str, Any]], known: Sequence[Found]
    ) -> Iterator[tuple[str, Found]]:
        for key, token in placed:
            held = [m for m in known if m.first <= token.i - sent.start <= m.last]
            # The widest mention whose last word it is, or else the narrowest around it.
            ending = [m for m in held if m.last == token.i - sent.start]
            best = min(ending or held, key=lambda m: m.first if ending else m.last - m.first, default=None)
            if best is not None:
                yield from self._attacher.fill(group, key, [best])


def _owners(sent: Any, drafts: Sequence[Draft], known: Sequence[Found]) -> dict[Found, int]:
    """For each mention, the event whose trigger is the first above it in the tree."""
    place = {i: n for n, (trigger, _, _) in enumerate(drafts) for i in range(trigger.first, trigger.last + 1)}
    owners: dict[Found, int] = {}
    for mention in known:
        for above in sent[mention.last].ancestors:
            if above.i - sent.start in place:
                owners[mention] = place[above.i - sent.start]
                break
    return owners


def _left_edge(sent: Any, first: int, last: int) -> int:
    """Where a nominal begins: compounds and adjectives directly before its head belong to it."""
    head = sent[last]
    while first > 0:
        before = sent[first - 1]
        if before.dep_ not in _PREMODIFIERS or head not in (before.head, before.head.head):
            break
        first -= 1
    return first


def _reading(token: Any) -> Literal["verb", "noun", "adjective"]:
    if token.pos_ in ("VERB", "AUX") or token.tag_ in ("VBN", "VBD", "VBG"):
        return "verb"
    return "noun" if token.pos_ in ("NOUN", "PROPN") else "adjective"


def _use(token: Any, reading: Reading) -> Use:
    if reading.kind != "verb":
        return "noun" if reading.kind == "noun" else "adjective"
    return (
        "passive" if any(child.dep_ in ("nsubjpass", "nsubj:pass") for child in token.children) else "active"
    )


def _placed(token: Any, last: Any) -> Iterator[tuple[str, Any]]:
    """The tokens that stand to a trigger as subject, object, or behind a preposition; conjuncts too."""
    for key, found in [
        *_dependents(token),
        *(_dependents(last) if last != token else ()),
        *_governors(token),
    ]:
        yield key, found
        for conjunct in found.conjuncts:
            if conjunct.i > found.i and conjunct.pos_ in ("NOUN", "PROPN", "NUM"):
                yield key, conjunct


def _dependents(token: Any) -> Iterator[tuple[str, Any]]:
    for child in token.children:
        if child.dep_ in ("nsubjpass", "nsubj:pass"):
            yield "object", _antecedent(child, token)
        elif child.dep_ in _SUBJECTS:
            yield "subject", _antecedent(child, token)
        elif child.dep_ in _OBJECTS:
            yield "object", child
        elif child.dep_ in ("poss", *_PREMODIFIERS) and token.pos_ in ("NOUN", "PROPN"):
            yield "subject", child
        elif child.dep_ in ("prep", "agent"):
            for inner in child.children:
                if inner.dep_ == "pobj":
                    yield child.lower_, inner


def _governors(token: Any) -> Iterator[tuple[str, Any]]:
    """Subjects that a verb shares with the verb it hangs on, and the noun that a participle describes."""
    subjects = [child for child in token.children if child.dep_ in _SUBJECTS]
    if token.dep_ in ("amod", "acl") and token.tag_ == "VBN":
        yield "object", token.head
    elif token.dep_ in ("conj", "xcomp", "advcl") and not subjects and token.pos_ == "VERB":
        for child in token.head.children:
            if child.dep_ in ("nsubj", "nsubjpass"):
                yield ("subject" if token.tag_ != "VBN" or child.dep_ == "nsubj" else "object"), child


def _antecedent(subject: Any, verb: Any) -> Any:
    return verb.head if subject.lower_ in _PRONOUNS and verb.dep_ == "relcl" else subject


def load(target: str, context: Context) -> PipelineExtractor:
    """The extractor of an installed pipeline; `ExtractorError` if it is not there."""
    chosen = options(context, Options)
    nlp = pipeline.read(target)
    events = _rules(chosen, context) if nlp.has_pipe("parser") else None
    return PipelineExtractor(nlp, target, trim=chosen.trim, events=events)


def _rules(chosen: Options, context: Context) -> EventRules | None:
    if not chosen.lexicon or context.ontology is None:
        return None
    words, ontology = read_lexicon(chosen.lexicon)
    if ontology.name != context.ontology.name:
        return None
    mapping = labels.read(context.labels, context.ontology) if context.labels else LabelMap()
    return EventRules(words, mapping, context)


def identity(target: str, context: Context) -> list[Any]:
    """The releases of spaCy and of the pipeline, the lexicon, the label map, and the code of the rules.

    Of a pipeline in a folder, the contents of its files in place of a release.
    """
    chosen = options(context, Options)
    words = read_lexicon(chosen.lexicon) if chosen.lexicon else None
    mapping = labels.read(context.labels, context.ontology) if context.labels else None
    code = sources("arguments", "inflect", "lexicon", "mentions", "rules", "triggers", "dependencies")
    return [target, version("spacy"), pipeline.release(target), words, mapping, code]
