"""Prompts of a language model: the ontology as an instruction, the answer's form as a JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora.ontology import Attribute, EventType, Ontology
from goldwire.corpora.quotes import Finder
from goldwire.corpora.types import Annotations, Document, Held, Spans
from goldwire.corpora.values import each
from goldwire.eval.systems.adapters.answer import Answer

TASK = """You annotate news articles with entity mentions and events for a research corpus.
Follow the annotation policy and the types below exactly. Answer with JSON only.

How to answer:
- `mentions`: every mention. `id` is yours (m1, m2, …). `quote` is copied from the text character by
  character. `occurrence` says which of the places where exactly this quote stands is meant, counted from 1
  at the beginning of the text.
- `events`: every event. `trigger` is a quote like those of mentions, with its own `occurrence`. Each argument
  gives a `role` of the event's type and the `id` of a mention.
- A quote that is not in the text is lost. Do not correct, shorten or translate the text in quotes.
"""


_GO_ON = """Your answer was cut off. What arrived whole stands above and counts. Answer in the same form with
the items that are missing, and with them alone; arguments may name the ids of mentions above.
"""


_CORRECT = """A program annotated this text, in the form of your answer:
{draft}

Some of it may be wrong, and some may be missing. Answer with the annotations as they should be: all that is
right, unchanged; nothing that is wrong; and what is missing.
"""


Message = dict[str, str]


class Shown(NamedTuple):
    """A document that a prompt shows with its annotations."""

    document: Document
    annotations: Annotations


def messages(ontology: Ontology, task: str = TASK, shown: Sequence[Shown] = ()) -> list[Message]:
    """The messages before the text: the instruction, and each example as a question and its answer."""
    found = [{"role": "system", "content": instruction(ontology, task)}]
    for document, line in shown:
        said = msgspec.json.encode(given(document, line, ontology)).decode()
        found += [{"role": "user", "content": article(document)}, {"role": "assistant", "content": said}]
    return found


def given(document: Document, annotations: Annotations, ontology: Ontology) -> dict[str, Any]:
    """Annotations in the form of an answer; what has no place that a quote can name is left out."""
    finder = Finder(document)
    quotes = {mention.id: _quote(finder, document, mention.spans) for mention in annotations.mentions}
    triggers = [(event, _quote(finder, document, event.trigger)) for event in annotations.events]
    return {
        "mentions": [
            {"id": mention.id, "type": mention.type, "quote": quote[0], "occurrence": quote[1]}
            | _values(ontology.attributes_of("mention"), mention.attributes)
            for mention in annotations.mentions
            if (quote := quotes[mention.id])
        ],
        "events": [
            {
                "type": event.type,
                "trigger": trigger[0],
                "occurrence": trigger[1],
                "arguments": [
                    {"role": argument.role, "mention": argument.mention}
                    for argument in event.arguments
                    if quotes.get(argument.mention)
                ],
            }
            | _values(ontology.attributes_of("event", event.type), event.attributes)
            for event, trigger in triggers
            if trigger
        ],
    }


def _quote(finder: Finder, document: Document, spans: Spans) -> tuple[str, int] | None:
    """The words of a span and which of their places it is; None if it is in parts, or no place of a quote."""
    if len(spans) != 1:
        return None
    words = document.text[spans[0].start : spans[0].end]
    places = [located.span for located in finder.places(words)]
    return (words, places.index(spans[0]) + 1) if spans[0] in places else None


def _values(attributes: Mapping[str, Attribute], held: Mapping[str, Held]) -> dict[str, Any]:
    """The values that hold, given or by default."""
    values = {name: held.get(name, attribute.default) for name, attribute in attributes.items()}
    return {
        name: list(each(value)) if attributes[name].multiple else value
        for name, value in values.items()
        if value is not None
    }


def continuation(answer: Answer) -> list[Message]:
    """The messages after an answer that was cut off: its whole items, and the wish for the others."""
    arrived = msgspec.json.encode({"mentions": answer.mentions, "events": answer.events}).decode()
    return [{"role": "assistant", "content": arrived}, {"role": "user", "content": _GO_ON}]


def instruction(ontology: Ontology, task: str = TASK) -> str:
    """The system message: task, policy, and every type, role and attribute with definition and example."""
    parts = [task]
    if ontology.policy:
        parts.append(f"# Policy\n{ontology.policy.strip()}")
    parts.append(
        "# Entity types\n"
        + "\n".join(_entity(n, e.definition, e.example) for n, e in ontology.entities.items())
    )
    if ontology.events:
        parts.append(
            "# Event types and roles\n"
            + "\n".join(_event(n, e, ontology) for n, e in ontology.events.items())
        )
    if ontology.attributes:
        parts.append("# Attributes\n" + "\n".join(_attribute(n, a) for n, a in ontology.attributes.items()))
    return "\n\n".join(parts)


_MARKED = re.compile(r"[\[{]([^\[\]{}|]*)(?:\|[^\[\]{}]*)?[\]}]")


def examples(ontology: Ontology, shown: Sequence[Shown] = ()) -> str:
    r"""The texts of all examples in the messages, a line each, without marks.

    >>> _MARKED.sub(r"\1", "[Rebels|attacker] {shelled} [Herat|target].")
    'Rebels shelled Herat.'
    """
    said = [entity.example for entity in ontology.entities.values()]
    said += [event.example for event in ontology.events.values()]
    sentences = [_MARKED.sub(r"\1", example) for example in said if example]
    return "\n".join([*sentences, *(one.document.text for one in shown)])


def _entity(name: str, definition: str, example: str) -> str:
    return f"- {name}: {definition}" + (f" Example, mentions in brackets: {example}" if example else "")


def _event(name: str, event: EventType, ontology: Ontology) -> str:
    roles = "; ".join(
        f"{role} ({', '.join(sorted(ontology.fillers(name, role)))}): {rule.definition}"
        for role, rule in event.roles.items()
    )
    example = f" Example, trigger in braces, [argument|role]: {event.example}" if event.example else ""
    return f"- {name}: {event.definition} Roles: {roles}.{example}"


def _attribute(name: str, attribute: Attribute) -> str:
    of = f"of {', '.join(attribute.events)}" if attribute.events else f"of every {attribute.on}"
    values = "; ".join(f"{value}: {rule.definition}" for value, rule in attribute.values.items())
    said = "Values, of which several may hold" if attribute.multiple else "Values"
    return f"- {name} ({of}): {attribute.definition} {said}: {values}."


def article(document: Document) -> str:
    """The user message: the text without its excluded regions, under its headline where that is known."""
    body = included(document)
    return f"Headline: {document.meta.title}\n\nText:\n{body}" if document.meta.title else f"Text:\n{body}"


def corrected(document: Document, draft: Annotations, ontology: Ontology) -> str:
    """The user message that shows a text with a draft, and asks for it corrected.

    What of the draft a quote cannot name (mentions in several parts) is not shown.
    """
    said = msgspec.json.encode(given(document, draft, ontology)).decode()
    return f"{article(document)}\n\n{_CORRECT.format(draft=said)}"


def included(document: Document) -> str:
    """A text without its excluded regions."""
    text, last = [], 0
    for region in sorted(document.excluded, key=lambda region: region.start):
        text.append(document.text[last : region.start])
        last = max(last, region.end)
    body = "".join([*text, document.text[last:]])
    return re.sub(r"\n{3,}", "\n\n", body).strip()


def schema(ontology: Ontology) -> dict[str, Any]:
    """The JSON Schema of an answer, as strict structured output wants it: all required, none added."""
    mention = {
        "id": {"type": "string"},
        "type": {"type": "string", "enum": list(ontology.entities)},
        "quote": {"type": "string"},
        "occurrence": {"type": "integer"},
        **_choices(ontology, "mention"),
    }
    roles = sorted({role for event in ontology.events.values() for role in event.roles})
    argument = {"role": {"type": "string", "enum": roles}, "mention": {"type": "string"}}
    event = {
        "type": {"type": "string", "enum": list(ontology.events)},
        "trigger": {"type": "string"},
        "occurrence": {"type": "integer"},
        "arguments": {"type": "array", "items": _object(argument)},
        **_choices(ontology, "event"),
    }
    parts = {"mentions": {"type": "array", "items": _object(mention)}}
    if ontology.events:
        parts["events"] = {"type": "array", "items": _object(event)}
    return _object(parts)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _choices(ontology: Ontology, on: str) -> dict[str, Any]:
    return {
        name: _several(one) if attribute.multiple else one
        for name, attribute in ontology.attributes.items()
        if attribute.on == on
        for one in [{"type": "string", "enum": list(attribute.values)}]
    }


def _several(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}
