"""Replies of the OpenAI-compatible protocol, whole or as a stream, and the tokens that they tell of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from goldwire.corpora import connection, secrets
from goldwire.corpora.codec import BOM, BROKEN

# Why an answer ended before its end: OpenAI, Anthropic and Gemini, Mistral.
_CUT = frozenset({"length", "max_tokens", "model_length"})
_SAID = 200  # characters of an error that are told
# Tokens by the name under which they are counted, and where replies have them: DeepSeek's last.
_TOKENS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tokens_in", ("prompt_tokens",)),
    ("tokens_out", ("completion_tokens",)),
    ("tokens_reasoning", ("completion_tokens_details", "reasoning_tokens")),
    ("tokens_cached", ("prompt_tokens_details", "cached_tokens")),
    ("tokens_cached", ("prompt_cache_hit_tokens",)),
)
_BEYOND = 2**53  # tokens; no reply has so many

End = Literal["whole", "cut", "filtered"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said: a text, or the arguments of each call of a tool.

    `end` says how it ended: by itself, by a limit, or by a filter. `refusal` is the model's own.
    """

    texts: tuple[str, ...]
    end: End = "whole"
    refusal: str | None = None
    tokens: dict[str, int] = {}


class _Function(msgspec.Struct):
    arguments: str | dict[str, Any] | None = None


class _Call(msgspec.Struct):
    function: _Function | None = None
    index: int | None = None


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


def decode(data: bytes) -> Reply | str:
    """A reply, or why what came is none."""
    data = data.removeprefix(BOM).strip()
    try:
        if data.startswith((b"data:", b"event:", b":")):
            return _streamed(data)
        found = msgspec.json.decode(data, type=_Completion)
    except BROKEN as error:
        return f"the server's reply is {connection.page(data) or f'no chat completion: {error}'}"
    choice = found.choices[0] if found.choices else _Choice()
    if choice.message is None:
        return _empty(found)
    return _reply([choice.message], choice.finish_reason, found.usage)


def _empty(found: _Completion) -> str:
    if found.error:
        said = secrets.hide(msgspec.json.encode(found.error).decode())
        return f"the server's reply is an error: {said[:_SAID]}"
    return "the server's reply holds no choice"


def _streamed(data: bytes) -> Reply | str:
    """A reply in pieces (server-sent events), put together; one without an end was cut off on its way."""
    lines = [line[5:].strip() for line in data.splitlines() if line.startswith(b"data:")]
    events = [msgspec.json.decode(line, type=_Completion) for line in lines if line and line != b"[DONE]"]
    choices = [event.choices[0] for event in events if event.choices]
    messages = [message for choice in choices if (message := choice.delta or choice.message)]
    if not messages:
        return _empty(next((event for event in events if event.error), _Completion()))
    ends = [choice.finish_reason for choice in choices if choice.finish_reason]
    usage = next((event.usage for event in reversed(events) if event.usage), None)
    unfinished = None if b"[DONE]" in lines else "length"
    return _reply(messages, ends[-1] if ends else unfinished, usage)


def _reply(messages: list[_Message], finish: str | None, usage: Mapping[str, Any] | None) -> Reply:
    """What one message says, or several that are pieces of one."""
    ended = (finish or "").lower()
    return Reply(
        texts=tuple(_arguments(messages)) or ("".join(_text(message.content) for message in messages),),
        end="cut" if ended in _CUT else "filtered" if ended == "content_filter" else "whole",
        refusal="".join(message.refusal or "" for message in messages) or None,
        tokens=tokens(usage or {}),
    )


def _text(content: str | list[Any] | None) -> str:
    """The text of a message; some servers give it in parts."""
    if isinstance(content, list):
        parts = (part.get("text") if isinstance(part, dict) else part for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return content or ""


def _arguments(messages: Iterable[_Message]) -> list[str]:
    """The arguments of each call, whose pieces bear the number of their call."""
    found: dict[int, str] = {}
    for message in messages:
        for i, call in enumerate(message.tool_calls or []):
            given = call.function.arguments if call.function else None
            text = msgspec.json.encode(given).decode() if isinstance(given, dict) else given or ""
            number = i if call.index is None else call.index
            found[number] = found.get(number, "") + text
    return [text for text in found.values() if text]


def tokens(usage: Mapping[str, Any]) -> dict[str, int]:
    """The tokens of a reply by name; those that it does not tell are not there, nor input of which more was
    cached than there is.

    >>> tokens({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}})
    {'tokens_in': 9, 'tokens_cached': 4}
    """
    found: dict[str, int] = {}
    for name, path in _TOKENS:
        value: Any = usage
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BEYOND:
            found.setdefault(name, value)
    if found.get("tokens_cached", 0) > found.get("tokens_in", 0):
        found.pop("tokens_in", None)  # of which it is a part: what was sent is not known
    return found
