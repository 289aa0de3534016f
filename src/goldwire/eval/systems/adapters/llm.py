"""`llm:MODEL@URL`: a language model behind an OpenAI-compatible address (`URL/chat/completions`).

The instruction comes from the ontology, the answer is asked for by JSON Schema. Quotes are looked up in the
text; what cannot be found is rejected, and counted as unresolved. Tokens are counted, cost where prices are
given. The key is read from an environment variable and is in no message, file or address.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.quotes import Finder
from goldwire.corpora.rejected import NOT_FOUND, raw_spans
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Held,
    Mention,
    Provenance,
    Rejected,
    Spans,
)
from goldwire.corpora.values import held
from goldwire.eval.systems.adapters import prompt
from goldwire.eval.systems.adapters.web import FIRST_WAIT, TRIES, Caller, checked
from goldwire.eval.systems.extractor import Context, DocumentError, options

ANSWERS = 2  # that a document may cost: one, and one more where the first could not be read
PER = 1_000_000  # tokens that a price is for


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a million tokens cost, in whatever currency."""

    input: float
    output: float


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`key` names an environment variable; `form` says how the answer's shape is asked for."""

    key: str | None = None
    form: Literal["json_schema", "json_object", "text"] = "json_schema"
    price: Price | None = None
    temperature: float | None = 0.0
    max_tokens: int | None = None
    seed: int | None = None
    tries: int = TRIES
    wait: float = FIRST_WAIT


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Quote(msgspec.Struct):
    type: str
    quote: str
    id: str = ""
    occurrence: int = 1


class _Filler(msgspec.Struct):
    role: str
    mention: str


class _Event(msgspec.Struct):
    type: str
    trigger: str
    occurrence: int = 1
    arguments: list[_Filler] = []


class _Answer(msgspec.Struct):
    mentions: list[dict[str, Any]]
    events: list[dict[str, Any]] = []


class ModelExtractor:
    """Asks a model."""

    provides = frozenset({"mentions", "triggers", "arguments", "attributes"})

    def __init__(self, model: str, caller: Caller, ontology: Ontology, chosen: Options) -> None:
        self.name, self.version = f"llm {model}", ""
        self._caller, self._ontology, self._chosen = caller, ontology, chosen
        self._body = _body(model, ontology, chosen)

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """What the model says of each document, with tokens, cost and unresolved quotes in `usage`."""
        return map(self._annotate, documents)

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def _annotate(self, document: Document) -> Annotations:
        spent: Counter[str] = Counter()
        answer = self._answer(document, spent)
        resolver = _Resolver(document, self._ontology)
        mentions, events = resolver.mentions(answer.mentions), resolver.events(answer.events)
        usage = self._bill(spent) | resolver.counts
        return Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(mentions),
            events=tuple(events),
            provenance=Provenance(details={"usage": usage}),
            rejected=tuple(resolver.rejected),
        )

    def _answer(self, document: Document, spent: Counter[str]) -> _Answer:
        """The model's answer; asked once more where it cannot be read. What is spent is counted."""
        reason = ""
        for _ in range(ANSWERS):
            found = self._ask(document, spent)
            if isinstance(found, _Answer):
                return found
            reason = found
        raise DocumentError(f"{reason} ({ANSWERS} answers)", {"usage": self._bill(spent)})

    def _ask(self, document: Document, spent: Counter[str]) -> _Answer | str:
        """One answer, or why it cannot be read."""
        messages = [*self._body["messages"], {"role": "user", "content": prompt.article(document)}]
        try:
            reply = self._caller.post(msgspec.json.encode({**self._body, "messages": messages}))
            completion = msgspec.json.decode(reply, type=_Completion)
        except DocumentError as error:
            raise DocumentError(str(error), {"usage": self._bill(spent)}, cause=error.cause) from error
        except BROKEN as error:
            return f"the server's reply is no chat completion: {error}"
        if completion.usage is not None:
            spent["tokens_in"] += completion.usage.prompt_tokens
            spent["tokens_out"] += completion.usage.completion_tokens
        return self._content(completion, spent)

    def _content(self, completion: _Completion, spent: Counter[str]) -> _Answer | str:
        if not completion.choices:
            return "the server's reply holds no choice"
        choice = completion.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            said = choice.message.refusal or "content filter"
            raise DocumentError(f"refused: {said}", {"usage": self._bill(spent)})
        if choice.finish_reason == "length":
            raise DocumentError("the answer was cut off (length)", {"usage": self._bill(spent)})
        try:
            return msgspec.json.decode(_unfenced(choice.message.content or ""), type=_Answer)
        except BROKEN as error:
            return f"the answer is not in the form asked for: {error}"

    def _bill(self, spent: Counter[str]) -> dict[str, float]:
        price, bill = self._chosen.price, dict[str, float](spent)
        if price is not None:
            cost = price.input * spent["tokens_in"] + price.output * spent["tokens_out"]
            bill["cost"] = round(cost / PER, 9)
        return bill


class _Resolver:
    """Turns quotes of one document into spans, counts what that took and keeps what it rejects."""

    def __init__(self, document: Document, ontology: Ontology) -> None:
        self._finder, self._ontology, self._document = Finder(document), ontology, document.id
        self.rejected: list[Rejected] = []
        self._ids: dict[str, str] = {}
        self.counts: dict[str, float] = {"unresolved": 0, "normalised": 0, "malformed": 0}

    def mentions(self, items: Sequence[dict[str, Any]]) -> list[Mention]:
        """The mentions whose quotes are found; the same one twice is one."""
        found: dict[tuple[str, Spans], Mention] = {}
        for i, item in enumerate(items):
            path = f"$.mentions[{i}]"
            quote = self._read(item, _Quote)
            spans = self._spans(quote.quote, quote.occurrence) if isinstance(quote, _Quote) else None
            if not isinstance(quote, _Quote) or not spans:
                self._reject("mention", quote, item, path, words=item.get("quote"))
                continue
            mention = found.setdefault(
                (quote.type, spans),
                Mention(
                    id=f"m{len(found) + 1}",
                    type=quote.type,
                    spans=spans,
                    attributes=self._attributes(item, "mention", None),
                ),
            )
            self._ids[quote.id] = mention.id
        return list(found.values())

    def events(self, items: Sequence[dict[str, Any]]) -> list[Event]:
        """The events whose triggers are found, with the arguments whose mentions are."""
        found: list[Event] = []
        for i, item in enumerate(items):
            path = f"$.events[{i}]"
            event = self._read(item, _Event)
            spans = self._spans(event.trigger, event.occurrence) if isinstance(event, _Event) else None
            if not isinstance(event, _Event) or not spans:
                self._reject("event", event, item, path, words=item.get("trigger"))
                self._reject_arguments(event, item, path)
                continue
            found.append(
                Event(
                    id=f"e{len(found) + 1}",
                    type=event.type,
                    trigger=spans,
                    arguments=tuple(dict.fromkeys(self._arguments(event, spans, path))),
                    attributes=self._attributes(item, "event", event.type),
                )
            )
        return found

    def _arguments(self, event: _Event, trigger: Spans, path: str) -> Iterator[Argument]:
        for i, filler in enumerate(event.arguments):
            if filler.mention in self._ids:
                yield Argument(role=filler.role, mention=self._ids[filler.mention])
                continue
            self.counts["unresolved"] += 1
            self.rejected.append(
                Rejected(
                    unit="argument",
                    kind="no-mention",
                    message=f"mention {filler.mention!r} is not in the answer, or was rejected",
                    where=self._document,
                    document=self._document,
                    type=event.type,
                    role=filler.role,
                    trigger=raw_spans(trigger),
                    path=f"{path}.arguments[{i}]",
                )
            )

    def _read(self, item: dict[str, Any], type: type[Any]) -> Any:
        """An item, or what is wrong with its form."""
        try:
            return msgspec.convert(item, type)
        except msgspec.ValidationError as error:
            self.counts["malformed"] += 1
            return str(error)

    def _reject(
        self, unit: Literal["mention", "event", "argument"], wrong: Any, item: Any, path: str, **more: Any
    ) -> None:
        """Note an item whose form is `wrong` (a text), or whose quote is not there."""
        malformed = isinstance(wrong, str)
        fields = item if isinstance(item, dict) else {}
        read = {"type": fields.get("type"), "id": fields.get("id"), **more}
        given: dict[str, Any] = {name: value for name, value in read.items() if isinstance(value, str)}
        found = Rejected(
            unit=unit,
            kind="malformed" if malformed else NOT_FOUND,
            message=wrong if malformed else "the quoted words are not in the text",
            where=self._document,
            document=self._document,
            path=path,
            value=item,
            **given,
        )
        self.rejected.append(found)

    def _reject_arguments(self, wrong: Any, event: dict[str, Any], path: str) -> None:
        """The arguments of a rejected event."""
        arguments = event.get("arguments")
        for i, item in enumerate(arguments if isinstance(arguments, list) else []):
            role = item.get("role") if isinstance(item, dict) else None
            at = f"{path}.arguments[{i}]"
            self._reject("argument", wrong, item, at, type=event.get("type"), role=role, id=None)

    def _spans(self, quote: str, occurrence: int) -> Spans | None:
        located = self._finder.locate(quote, occurrence)
        if located is None:
            self.counts["unresolved"] += 1
            return None
        self.counts["normalised"] += located.how == "normalised"
        return (located.span,)

    def _attributes(
        self, item: dict[str, Any], on: Literal["event", "mention"], type: str | None
    ) -> dict[str, Held]:
        """The attributes that apply to the type: the form asks for all of them of every event."""
        names = self._ontology.attributes_of(on, type)
        found = {name: held(_texts(item.get(name))) for name in names}
        return {name: value for name, value in found.items() if value is not None}


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _unfenced(content: str) -> str:
    """An answer without the code fence that some models put around it."""
    match = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", content, re.DOTALL)
    return match[1] if match else content


def _body(model: str, ontology: Ontology, chosen: Options) -> dict[str, Any]:
    """What every request says."""
    forms: dict[str, Any] = {
        "json_schema": {
            "type": "json_schema",
            "json_schema": {"name": "annotations", "strict": True, "schema": prompt.schema(ontology)},
        },
        "json_object": {"type": "json_object"},
    }
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": prompt.instruction(ontology)}],
        "response_format": forms.get(chosen.form),
        "temperature": chosen.temperature,
        "max_tokens": chosen.max_tokens,
        "seed": chosen.seed,
    }
    return {name: value for name, value in body.items() if value is not None}


def load(target: str, context: Context) -> ModelExtractor:
    """The extractor of a model; nothing is asked yet."""
    model, url = _parts(target)
    chosen = options(context, Options)
    caller = Caller(url, chosen.key, tries=chosen.tries, wait=chosen.wait)
    return ModelExtractor(model, caller, _ontology(context), chosen)


def identity(target: str, context: Context) -> list[Any]:
    """The model, the address, and the whole of every request but the text."""
    model, url = _parts(target)
    body = _body(model, _ontology(context), options(context, Options))
    return [url, hashlib.sha256(msgspec.json.encode(body)).hexdigest()]


def _parts(target: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+)@(https?://\S+)", target)
    if match is None:
        raise ExtractorError(
            f"llm:{target.partition('?')[0]}: write llm:MODEL@URL, for example llm:NAME@https://HOST/v1"
        )
    base, query, rest = checked(match[2]).partition("?")
    return match[1], f"{base.rstrip('/')}/chat/completions{query}{rest}"


def _ontology(context: Context) -> Ontology:
    if context.ontology is None:
        raise ExtractorError("`llm` is instructed from the corpus's ontology, and the corpus names none")
    return context.ontology
