"""Conversation with a server of the OpenAI-compatible protocol: what is sent, and in which form it is taken.

Nothing is sent that was not asked for. What a server refuses by its name is asked for in the next way: the
form of the answer (a tool's arguments, a JSON Schema, any JSON object, text) and the name of the limit
(`max_tokens`, which newer models of OpenAI take as `max_completion_tokens`). The way that was taken is kept
for as long as the process lives.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import ExtractorError
from goldwire.eval.systems.adapters.asking import Asker
from goldwire.eval.systems.adapters.completion import Reply
from goldwire.eval.systems.adapters.web import RefusalError
from goldwire.eval.systems.extractor import DocumentError

Form = Literal["tool", "json_schema", "json_object", "text"]
Limit = Literal["max_tokens", "max_completion_tokens"]
Messages = list[dict[str, str]]

_NEXT: dict[Form, Form] = {"tool": "json_schema", "json_schema": "json_object", "json_object": "text"}
# What a refusal of a form speaks of; servers word it freely, so it is looked for in all that they say.
_OF_FORM: dict[Form, str] = {
    "tool": r"\btools?\b|tool_choice|\bfunctions?\b",
    "json_schema": r"response_format|schema|structured|grammar|guided",
    "json_object": r"response_format|json_object|json[ _]mode",
}
# How servers say that text and answer do not fit: OpenAI and vLLM, llama.cpp, Ollama, Anthropic, Mistral.
_TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum context|exceed_context_size|prompt is too long"
    r"|too many (?:input )?tokens|too large for model",
    re.IGNORECASE,
)
_TOO_LARGE = 413  # the status of a request that is too long, whatever is said
_SECRET = re.compile(rb'"[^"]*(?:api_?key|secret|password|authorization)[^"]*":', re.IGNORECASE)
_TAKEN_BACK = frozenset({400, 404, 422, 501})  # statuses by which a parameter or a form is refused
_OWN = ("model", "messages")  # what no option replaces
_SAID = 200  # characters of a refusal, or of a value that was sent, that are told
_TOOL = "annotations"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What every request asks for: None, and what is not in `more`, is not sent."""

    model: str
    schema: dict[str, Any]
    form: Form = "json_schema"
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    more: dict[str, Any] = {}


class Way(msgspec.Struct, frozen=True):
    """The form that answers are asked for in, and the name of their limit."""

    form: Form
    limit: Limit = "max_tokens"


def body(wanted: Wanted, messages: Messages, way: Way | None = None) -> dict[str, Any]:
    """A request; as it was asked for, or in another way: with the schema in words where its form has none."""
    way = way or Way(wanted.form)
    if way.form != wanted.form and way.form in ("json_object", "text"):
        messages = _in_words(messages, wanted.schema)
    fields: dict[str, Any] = {
        "model": wanted.model,
        "messages": messages,
        "response_format": _response_format(way.form, wanted.schema),
        "temperature": wanted.temperature,
        way.limit: wanted.max_tokens,
        "seed": wanted.seed,
        **(_tool(wanted.schema) if way.form == "tool" else {}),
    }
    return {name: value for name, value in fields.items() if value is not None} | wanted.more


def _in_words(messages: Messages, schema: dict[str, Any]) -> Messages:
    """The messages with the schema at the end of the instruction, which is the first."""
    (instruction, *others), written = messages, msgspec.json.encode(schema).decode()
    said = f"{instruction['content']}\n\nAnswer with one JSON object of this JSON Schema:\n{written}"
    return [{**instruction, "content": said}, *others]


def _response_format(form: Form, schema: dict[str, Any]) -> dict[str, Any] | None:
    if form == "json_schema":
        return {"type": form, "json_schema": {"name": "annotations", "strict": True, "schema": schema}}
    return {"type": form} if form == "json_object" else None


def _tool(schema: dict[str, Any]) -> dict[str, Any]:
    function = {"name": _TOOL, "description": "Takes the annotations of the text.", "parameters": schema}
    chosen = {"type": "function", "function": {"name": _TOOL}}
    return {"tools": [{"type": "function", "function": function}], "tool_choice": chosen}


def more(given: dict[str, Any] | str) -> dict[str, Any]:
    """What the option `body` adds to each request; `ExtractorError` if it is no object, or not its to say.

    >>> more('{"top_k": 5}')
    {'top_k': 5}
    """
    found: Any = given
    try:
        found = msgspec.json.decode(given) if isinstance(given, str) else given
    except BROKEN as error:
        raise ExtractorError(
            f"option body: {error}; it is a JSON object, such as '{{\"top_k\": 5}}', "
            f"got {str(given)[:_SAID]!r}"
        ) from error
    if not isinstance(found, dict):
        raise ExtractorError(f"option body: it is a JSON object, got {str(given)[:_SAID]!r}")
    if own := [name for name in _OWN if name in found]:
        raise ExtractorError(
            f"option body: it cannot replace {' and '.join(own)}; the model stands in llm:MODEL@URL, the "
            "messages are made from ontology and text"
        )
    if _SECRET.search(msgspec.json.encode(found)):
        raise ExtractorError(
            "option body: it stands in records, so no key does in it; put the key into an environment "
            "variable and name that in the option `key`"
        )
    return found


class TooLongError(DocumentError):
    """What is asked is longer than the model takes."""


class Chat:
    """Asks one model; `notes` say what its server has refused, and what was asked for instead."""

    def __init__(self, asker: Asker, wanted: Wanted) -> None:
        self._asker, self._wanted = asker, wanted
        self._way = Way(wanted.form)
        self.notes: list[str] = []
        self.sent = ""

    def ask(self, messages: Messages, document: str) -> Reply | str:
        """A reply about a document, or why what came is none.

        `DocumentError` if there is none, or the text is too long.
        """
        way = self._way
        while True:
            request = body(self._wanted, messages, way)
            try:
                reply = self._asker.ask(document, request)
            except RefusalError as error:
                way = self._next(way, error)
                continue
            self._take(way, request)
            return reply

    def _next(self, way: Way, refusal: RefusalError) -> Way:
        """What to try after a refusal; raises it where it speaks of nothing that can be asked otherwise."""
        if refusal.status == _TOO_LARGE or _TOO_LONG.search(refusal.said):
            raise TooLongError(
                f"the text is too long for the model ({refusal}); the option `chunk`, such as chunk=4000, "
                "has it read in pieces"
            )
        if refusal.status in _TAKEN_BACK:
            if self._wanted.max_tokens is not None and re.search(rf"\b{way.limit}\b", refusal.said):
                if way.limit == "max_tokens":
                    return Way(way.form, "max_completion_tokens")
            elif way.form in _NEXT and re.search(_OF_FORM[way.form], refusal.said, re.IGNORECASE):
                return Way(_NEXT[way.form], way.limit)
        raise refusal

    def _take(self, way: Way, request: dict[str, Any]) -> None:
        """Keep to a way that was taken."""
        for before, now in ((self._way.form, way.form), (self._way.limit, way.limit)):
            if now != before:
                self.notes.append(f"the server refused {before}: {now} was asked for instead")
        self._way, self.sent = way, told(request, way.form)


def told(request: dict[str, Any], form: Form) -> str:
    """What a request says besides model, messages and schema, in a line.

    >>> told({"model": "m", "temperature": 0.0, "messages": []}, "text")
    'form=text, temperature=0.0'
    """
    left_out = {*_OWN, "response_format", "tools", "tool_choice"}
    values = {name: msgspec.json.encode(value).decode() for name, value in request.items()}
    said = (f"{name}={value[:_SAID]}" for name, value in values.items() if name not in left_out)
    return ", ".join([f"form={form}", *said])
