"""Models of the day: servers that take one thing and refuse another, and what is sent to each."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems import facts as facts_of
from goldwire.eval.systems import journal
from goldwire.eval.systems.adapters import chat, prompt
from goldwire.eval.systems.adapters.asking import Asker
from goldwire.eval.systems.adapters.web import Caller
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.plan import make_plan
from goldwire.eval.systems.run import run_system

TEXTS = ("Rebels shelled Herat.", "Herat burns.")
ANSWER = {"mentions": [{"id": "a", "type": "GPE", "quote": "Herat", "occurrence": 1}], "events": []}
STRAY = {"model", "messages"}  # what every request has


@pytest.fixture(autouse=True)
def in_process(serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", text) for i, text in enumerate(TEXTS)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def said(content: Any = ANSWER, **message: Any) -> dict[str, Any]:
    text = content if isinstance(content, str | list) or content is None else json.dumps(content)
    return {"choices": [{"message": {"content": text, **message}, "finish_reason": "stop"}]}


def refusing(
    serving: ModuleType, *rules: tuple[Callable[[dict[str, Any]], bool], str], status: int = 400
) -> Any:
    """A server that refuses requests by the first rule that holds, in the words of the rule."""

    def answer(request: Any) -> Any:
        for holds, words in rules:
            if holds(request.body):
                return serving.Reply({"error": {"message": words}}, status)
        return serving.Reply(said())

    return answer


def system(url: str, **options: object) -> System:
    named = parse_system(f"m=llm:tiny@{url}/v1")
    return msgspec.structs.replace(named, options={"wait": 0.01, "tries": 2, **options}, timeout=30.0)


def ask(corpus: Corpus, serving: ModuleType, *replies: object, **options: object) -> tuple[Facts, list]:
    with serving.serving(*replies) as server:
        return run_system(corpus, system(server.url, **options)), [one.body for one in server.requests]


def fails(corpus: Corpus, serving: ModuleType, *replies: object, **options: object) -> str:
    with pytest.raises(ExtractorError) as caught:
        ask(corpus, serving, *replies, **options)
    return str(caught.value)


def form(body: dict[str, Any]) -> str:
    return "tool" if "tools" in body else body.get("response_format", {}).get("type", "text")


def test_nothing_is_sent_that_was_not_asked_for(corpus: Corpus, serving: ModuleType) -> None:
    facts, bodies = ask(corpus, serving, serving.Reply(said()))
    assert [set(body) - STRAY for body in bodies] == [{"response_format"}, {"response_format"}]
    assert facts.sent == {"form=json_schema": 2}


def test_what_was_asked_for_is_sent_and_told(corpus: Corpus, serving: ModuleType) -> None:
    facts, (body, _) = ask(corpus, serving, serving.Reply(said()), temperature=0.5, max_tokens=90, seed=7)
    assert (body["temperature"], body["max_tokens"], body["seed"]) == (0.5, 90, 7)
    told = "form=json_schema, temperature=0.5, max_tokens=90, seed=7"
    assert facts.sent == {told: 2}
    assert {line.provenance.details["sent"] for line in corpus.layer("system/m").values()} == {told}


def test_a_model_that_takes_no_temperature_works_and_says_so_where_one_is_asked_for(
    corpus: Corpus, serving: ModuleType
) -> None:
    server = refusing(
        serving,
        (lambda body: "temperature" in body, "Unsupported value: 'temperature' does not support 0"),
        (lambda body: "max_tokens" in body, "'max_tokens' is not supported. Use 'max_completion_tokens'."),
    )
    facts, _ = ask(corpus, serving, server, max_tokens=90)
    assert (facts.failed, facts.sent) == ({}, {"form=json_schema, max_completion_tokens=90": 2})
    assert "'temperature' does not support 0" in fails(corpus, serving, server, temperature=0)


def test_the_other_name_of_the_limit_is_tried_once_and_kept(corpus: Corpus, serving: ModuleType) -> None:
    server = refusing(serving, (lambda body: "max_tokens" in body, "Unknown parameter: max_tokens"))
    _, bodies = ask(corpus, serving, server, max_tokens=90)
    # refused, taken, and taken at once for the second document
    assert [STRAY ^ set(body) - {"response_format"} for body in bodies] == [
        {"max_tokens"},
        {"max_completion_tokens"},
        {"max_completion_tokens"},
    ]


def test_a_limit_refused_under_both_names_is_an_error(corpus: Corpus, serving: ModuleType) -> None:
    server = refusing(
        serving, (lambda body: "max" in str(set(body)), "max_tokens, max_completion_tokens: no")
    )
    assert "max_completion_tokens: no" in fails(corpus, serving, server, max_tokens=90)


@pytest.mark.parametrize("status", [400, 404, 422, 501])
def test_forms_fall_back_until_one_is_taken_and_that_is_kept(
    corpus: Corpus, serving: ModuleType, status: int
) -> None:
    server = refusing(
        serving,
        (lambda body: form(body) == "tool", "No endpoint supports tool use"),
        (lambda body: form(body) == "json_schema", "response_format json_schema is not supported"),
        (lambda body: form(body) == "json_object", "response_format: extra inputs are not permitted"),
        status=status,
    )
    facts, bodies = ask(corpus, serving, server, form="tool")
    assert [form(body) for body in bodies] == ["tool", "json_schema", "json_object", "text", "text"]
    assert (facts.failed, facts.sent) == ({}, {"form=text": 2})


def test_a_form_without_a_schema_has_it_in_words_where_it_was_fallen_back_to(
    corpus: Corpus, serving: ModuleType
) -> None:
    server = refusing(serving, (lambda body: form(body) == "json_schema", "no response_format json_schema"))
    _, (first, second, _) = ask(corpus, serving, server)
    (before, text), (after, same) = first["messages"], second["messages"]
    assert same == text
    assert after["content"].startswith(before["content"])
    schema = json.loads(after["content"].rpartition("\n")[2])
    assert schema == prompt.schema(ontologies.read("conflict"))
    _, (asked, _) = ask(corpus, serving, server, form="json_object")
    assert asked["messages"] == [before, text]  # what was asked for is sent as it always was


def test_what_is_not_taken_for_another_reason_is_not_asked_for_in_another_form(
    corpus: Corpus, serving: ModuleType
) -> None:
    with serving.serving(serving.Reply({"error": {"message": "no such model"}}, 400)) as server:
        with pytest.raises(ExtractorError, match="no such model"):
            run_system(corpus, system(server.url))
        assert len(server.requests) == 2  # one for each document


def test_a_way_that_was_refused_too_is_not_kept(corpus: Corpus, serving: ModuleType) -> None:
    """A refusal of one text that only sounds as if it were of the form changes nothing for the next."""
    bad = (lambda body: "shelled" in body["messages"][1]["content"], "bad schema, bad json_object, bad input")
    facts, bodies = ask(corpus, serving, refusing(serving, bad))
    assert set(facts.failed) == {"d0"}
    assert [form(body) for body in bodies][-1] == "json_schema"


def test_the_notes_say_what_was_refused(serving: ModuleType) -> None:
    server = refusing(serving, (lambda body: form(body) == "json_schema", "no json_schema here"))
    with serving.serving(server) as there:
        caller = Caller(there.url, None)
        talk = chat.Chat(Asker(caller), chat.Wanted(model="m", schema={}))
        talk.ask([{"role": "system", "content": "Do it."}], "a1")
        caller.close()
        assert talk.notes == ["the server refused json_schema: json_object was asked for instead"]


def test_the_arguments_of_a_tool_are_the_answer(corpus: Corpus, serving: ModuleType) -> None:
    function = {"name": "annotations", "arguments": json.dumps(ANSWER)}
    call = {"id": "1", "type": "function", "function": function}
    facts, bodies = ask(corpus, serving, serving.Reply(said(None, tool_calls=[call])), form="tool")
    assert facts.failed == {}
    assert bodies[0]["tools"][0]["function"]["parameters"] == prompt.schema(ontologies.read("conflict"))
    assert "response_format" not in bodies[0]
    assert [len(line.mentions) for line in corpus.layer("system/m").values()] == [1, 1]


def test_items_in_several_calls_of_a_tool_are_one_answer(corpus: Corpus, serving: ModuleType) -> None:
    quotes = [{"mentions": [{"id": q, "type": "GPE", "quote": q}]} for q in ("Herat", "Rebels")]
    calls = [{"function": {"name": "annotations", "arguments": json.dumps(part)}} for part in quotes]
    ask(corpus, serving, serving.Reply(said(None, tool_calls=calls)), form="tool")
    assert len(corpus.layer("system/m")["d0"].mentions) == 2


# ---------------------------------------------------------------- the option `body`
@pytest.mark.parametrize(
    "given", ['{"top_k": 5, "think": {"on": false}}', {"top_k": 5, "think": {"on": False}}]
)
def test_a_body_is_put_into_each_request(corpus: Corpus, serving: ModuleType, given: object) -> None:
    facts, bodies = ask(corpus, serving, serving.Reply(said()), body=given)
    assert all((body["top_k"], body["think"]) == (5, {"on": False}) for body in bodies)
    assert facts.sent == {'form=json_schema, top_k=5, think={"on":false}': 2}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('{"messages": []}', "it cannot replace messages"),
        ('{"model": "x", "messages": []}', "it cannot replace model and messages"),
        ("{top_k: 5}", "it is a JSON object, such as"),
        ("[1]", "it is a JSON object, got"),
        ('{"extra": {"api_key": "sk-123"}}', "no key does in it; put the key into an environment variable"),
    ],
)
def test_a_body_that_is_none_or_takes_the_place_of_ours_is_refused(
    corpus: Corpus, given: str, why: str
) -> None:
    with pytest.raises(ExtractorError, match=why):
        make_plan(corpus, system("http://host.example", body=given))


def test_what_is_asked_for_decides_the_identity(corpus: Corpus) -> None:
    states = [
        make_plan(corpus, system("http://host.example", **options)).state
        for options in ({}, {"body": '{"top_k": 5}'}, {"temperature": 0}, {"form": "tool"}, {"max_tokens": 9})
    ]
    assert len(set(states)) == 5


# ---------------------------------------------------------------- answers made when 0 was the default
def test_answers_of_the_old_default_are_used_where_a_temperature_of_0_is_asked_for(
    corpus: Corpus, serving: ModuleType
) -> None:
    """The journal lies where a run without options put it when each request had `"temperature": 0.0`.

    Its name is worked out here as it was then: from the bytes of that request, and from no option.
    """
    with serving.serving(serving.Reply(said())) as server:
        ontology = corpus.ontology()
        assert ontology is not None
        request = {
            "model": "tiny",
            "messages": [{"role": "system", "content": prompt.instruction(ontology)}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "annotations", "strict": True, "schema": prompt.schema(ontology)},
            },
            "temperature": 0.0,
        }
        digest = hashlib.sha256(msgspec.json.encode(request)).hexdigest()
        plain = msgspec.structs.replace(system(server.url), options={})
        then = [["llm", f"{server.url}/v1/chat/completions", digest], {}, 0, ontology]
        cold = msgspec.structs.replace(plain, options={"temperature": 0})
        run_system(corpus, cold)
        folder = journal.folder(corpus, "m")
        (made,) = folder.glob("*.jsonl")
        made.rename(folder / f"{journal.fingerprint(then)}.jsonl")
        asked = len(server.requests)
        run_system(corpus, cold)
        assert len(server.requests) == asked  # nothing was paid for again
        facts = facts_of.read(corpus, "m")
        assert facts is not None
        assert facts.fingerprint == journal.fingerprint(then)
        run_system(corpus, plain)
        assert len(server.requests) == asked + 2  # the default of today asks for something else


# ---------------------------------------------------------------- tokens
def test_thoughts_and_cached_tokens_are_counted_and_cached_ones_have_a_price(
    corpus: Corpus, serving: ModuleType
) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "completion_tokens_details": {"reasoning_tokens": 150},
        "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": None},
    }
    price = {"input": 2.0, "output": 5.0, "cached": 0.5}
    facts, _ = ask(corpus, serving, serving.Reply({**said(), "usage": usage}), price=price)
    # Two documents, each 400 at 2, 600 at 0.5 and 200 at 5 for a million: 800 + 300 + 1000 millionths.
    assert facts.usage["cost"] == pytest.approx(0.0042)
    assert (facts.usage["tokens_reasoning"], facts.usage["tokens_cached"]) == (300, 1200)


def test_cached_tokens_cost_as_others_where_they_have_no_price(corpus: Corpus, serving: ModuleType) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "prompt_cache_hit_tokens": 600}  # DeepSeek's
    price = {"input": 2, "output": 5}
    facts, _ = ask(corpus, serving, serving.Reply({**said(), "usage": usage}), price=price)
    assert (facts.usage["tokens_cached"], facts.usage["cost"]) == (1200, 0.004)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": None}, {"prompt_tokens": -5}, {"prompt_tokens": "7"}]
)
def test_a_reply_without_tokens_counts_none(corpus: Corpus, serving: ModuleType, usage: Any) -> None:
    facts, _ = ask(corpus, serving, serving.Reply({**said(), "usage": usage}))
    assert facts.failed == {}
    assert not [name for name in facts.usage if name.startswith("tokens")]


# ---------------------------------------------------------------- texts that are too long
@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "the request exceeds the available context size (4096 tokens), exceed_context_size_error",
        "prompt is too long: 210000 tokens > 200000 maximum; schema",
    ],
)
def test_a_text_that_is_too_long_is_said_with_the_option_that_helps(
    corpus: Corpus, serving: ModuleType, words: str
) -> None:
    why = fails(corpus, serving, serving.Reply({"error": {"message": words}}, 400), max_tokens=9)
    assert "the text is too long for the model" in why
    assert "option `chunk`" in why
