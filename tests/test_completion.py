"""Replies of servers, sound and not: what is read of them, and what is said of those that are none."""

import gzip
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.adapters.completion import Reply, decode, tokens
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import run_system

ANSWER = json.dumps({"mentions": [{"id": "a", "type": "GPE", "quote": "Herat"}]})
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def in_process(serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document("d0", "Rebels shelled Herat.")]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def ask(corpus: Corpus, serving: ModuleType, *replies: object, **options: object) -> Facts:
    with serving.serving(*replies) as server:
        options = {"wait": 0.01, "tries": 2, **options}
        system = msgspec.structs.replace(parse_system(f"m=llm:tiny@{server.url}/v1"), options=options)
        return run_system(corpus, system)


def whole(content: Any = ANSWER) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}).encode()


def stream(*deltas: dict[str, Any], done: bool = True, finish: str | None = "stop") -> bytes:
    events = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    if finish:
        events.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    events.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return (": ping\n\n" + "".join(lines) + ("data: [DONE]\n\n" if done else "")).encode()


@pytest.mark.parametrize(
    "content",
    [ANSWER, [{"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}], [ANSWER]],
)
def test_a_text_is_read_whole_or_in_parts(content: Any) -> None:
    assert decode(whole(content)) == Reply(texts=(ANSWER,))


def test_a_stream_that_nobody_asked_for_is_put_together() -> None:
    pieces = [{"role": "assistant"}, {"content": ANSWER[:9]}, {"content": ANSWER[9:]}]
    assert decode(stream(*pieces)) == Reply(texts=(ANSWER,), tokens={"tokens_in": 7, "tokens_out": 3})


def test_pieces_of_the_calls_of_a_tool_are_put_together_by_their_number() -> None:
    calls = [(0, ANSWER[:5]), (1, "{"), (0, ANSWER[5:]), (1, "}")]
    pieces = [{"tool_calls": [{"index": i, "function": {"arguments": text}}]} for i, text in calls]
    reply = decode(stream(*pieces, finish="tool_calls"))
    assert isinstance(reply, Reply)
    assert reply.texts == (ANSWER, "{}")


def test_a_stream_without_an_end_was_cut_off() -> None:
    reply = decode(stream({"content": ANSWER[:9]}, done=False, finish=None))
    assert isinstance(reply, Reply)
    assert (reply.end, reply.texts) == ("cut", (ANSWER[:9],))


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_whatever_a_server_calls_it_a_limit_cuts_an_answer_off(reason: str) -> None:
    reply = decode(whole().replace(b'"stop"', f'"{reason}"'.encode()))
    assert isinstance(reply, Reply)
    assert reply.end == "cut"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"choices": null}', "the server's reply holds no choice"),
        (b'{"choices": [{"message": null}]}', "the server's reply holds no choice"),
        (
            b'{"error": {"message": "overloaded"}}',
            'the server\'s reply is an error: {"message":"overloaded"}',
        ),
        (b'data: {"error": "overloaded"}\n\n', 'the server\'s reply is an error: "overloaded"'),
        (b"data: {\n\n", "the server's reply is no chat completion"),
        (b"", "the server's reply is no chat completion"),
        (b'{"choices": [{"message": {"content": "\xff"}}]}', "the server's reply is no chat completion"),
        (
            b"<!DOCTYPE html><title>Proxy</title>",
            "the server's reply is a web page ('Proxy') in place of data: check the path of the address",
        ),
    ],
)
def test_a_reply_that_is_none_is_said_and_costs_the_document(
    corpus: Corpus, serving: ModuleType, body: bytes, why: str
) -> None:
    said = decode(body)
    assert isinstance(said, str)
    assert said.startswith(why)
    with pytest.raises(ExtractorError) as caught:
        ask(corpus, serving, serving.Reply(body))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(whole()), {"Content-Encoding": "gzip"}),
        (b"\xef\xbb\xbf" + whole(), {}),
        (whole(ANSWER + " " * 10_000_000), {}),  # what a limit is often spent on
        (stream({"content": ANSWER}), {"Content-Type": "text/event-stream"}),
    ],
)
def test_packed_marked_long_and_streamed_replies_are_read(
    corpus: Corpus, serving: ModuleType, body: bytes, headers: dict[str, str]
) -> None:
    facts = ask(corpus, serving, serving.Reply(body, headers=headers))
    assert facts.failed == {}
    assert len(corpus.layer("system/m")["d0"].mentions) == 1


def test_what_cannot_be_unpacked_is_asked_for_again(corpus: Corpus, serving: ModuleType) -> None:
    bad = serving.Reply(whole(), headers={"Content-Encoding": "gzip"})
    assert ask(corpus, serving, bad, serving.Reply(whole())).failed == {}
    with pytest.raises(ExtractorError, match="the answer cannot be unpacked"):
        ask(corpus, serving, bad, temperature=0.5)


def test_the_key_goes_to_no_other_host(
    corpus: Corpus, serving: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with serving.serving(serving.Reply(whole())) as other:
        away = serving.Reply("", 307, {"Location": f"{other.url}/v1/chat/completions"})
        with pytest.raises(ExtractorError, match="the server is at"):
            ask(corpus, serving, away, key="TEST_KEY")
        assert other.requests == []


@pytest.mark.parametrize(
    "busy",
    [
        {"status": 429},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 429, "headers": {"Retry-After": "soon"}},
        {"status": 500},
        {"status": 503, "body": "<html><title>503</title>"},
        {"status": 529},
        {"cut": 5, "body": "cut off on its way"},
    ],
)
def test_a_busy_server_is_asked_again(corpus: Corpus, serving: ModuleType, busy: dict[str, Any]) -> None:
    assert ask(corpus, serving, serving.Reply(**busy), serving.Reply(whole())).failed == {}


def test_input_of_which_more_was_cached_than_there_is_is_not_told() -> None:
    usage: dict[str, Any] = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 500},
    }
    assert "tokens_in" not in tokens(usage)
    usage["prompt_tokens_details"] = {"cached_tokens": 100}
    assert tokens(usage)["tokens_in"] == 100
