"""Language models: what they are told, how their answers are read, and what comes of bad ones."""

import itertools
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
from goldwire.corpora.types import Annotations, Excluded, Mention, Meta, Span
from goldwire.eval.scoring.notes import iter_notes
from goldwire.eval.scoring.score import score_corpus
from goldwire.eval.systems.adapters import prompt
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import run_system

TEXT = "Rebels shelled Herat. Herat’s police fled.\n>> Herat latest\nHerat burns."
CUT_OFF = (
    "the answer was cut off (length) before its first item was whole: raise the option `max_tokens`, or have "
    "the text read in pieces by the option `chunk`"
)
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, but for what is about their time limit."""
    if "slow" not in request.node.name:
        monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    begin = TEXT.index(">>")
    region = Excluded(start=begin, end=TEXT.index("\nHerat burns"), reason="teaser")
    documents = [make_document("d0", TEXT, meta=Meta(title="War"), excluded=(region,))]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def completion(content: Any, reason: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    """A reply as the protocol has it, with the tokens of a small answer."""
    text = content if isinstance(content, str) else json.dumps(content)
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


def mention(id: str, type: str, quote: str, occurrence: int = 1) -> dict[str, Any]:
    return {"id": id, "type": type, "quote": quote, "occurrence": occurrence, "form": "name"}


def event(type: str, trigger: str, *arguments: tuple[str, str], **more: Any) -> dict[str, Any]:
    filled = [{"role": role, "mention": id} for role, id in arguments]
    attributes = {"realis": "actual", "polarity": "positive", "historical": "false", "mode": "shelling"}
    return {"type": type, "trigger": trigger, "occurrence": 1, "arguments": filled, **attributes, **more}


ANSWER = {
    "mentions": [
        mention("a", "MIL", "Rebels"),
        mention("b", "GPE", "Herat"),
        mention("c", "GPE", "Herat", 2),
    ],
    "events": [event("Attack", "shelled", ("attacker", "a"), ("target", "b"))],
}


def model(url: str, **options: object) -> System:
    system = parse_system(f"m=llm:tiny@{url}/v1")
    return msgspec.structs.replace(system, options={"wait": 0.01, **options}, timeout=30.0)


def ask(corpus: Corpus, serving: ModuleType, *replies: object, **options: object) -> tuple[Facts, list]:
    with serving.serving(*replies) as server:
        return run_system(corpus, model(server.url, **options)), server.requests


def fail(corpus: Corpus, serving: ModuleType, *replies: object) -> tuple[str, list]:
    """What is said where the only document fails."""
    with serving.serving(*replies) as server, pytest.raises(ExtractorError) as caught:
        run_system(corpus, model(server.url))
    return str(caught.value), server.requests


def found(corpus: Corpus) -> list[tuple[str, int]]:
    (document,) = corpus.documents()
    layer = corpus.layer("system/m")["d0"]
    return [(document.text[m.spans[0].start : m.spans[0].end], m.spans[0].start) for m in layer.mentions]


def test_quotes_become_offsets_and_tokens_and_cost_are_counted(corpus: Corpus, serving: ModuleType) -> None:
    price = {"input": 0.5, "output": 2.0}
    facts, _ = ask(corpus, serving, serving.Reply(completion(ANSWER)), price=price)
    assert (facts.failed, facts.rejected) == ({}, {})
    assert found(corpus) == [("Rebels", 0), ("Herat", 15), ("Herat", 22)]
    (attack,) = corpus.layer("system/m")["d0"].events
    assert [(argument.role, argument.mention) for argument in attack.arguments] == [
        ("attacker", "m1"),
        ("target", "m2"),
    ]
    assert attack.attributes["mode"] == "shelling"
    # 1000 tokens in at 0.5 a million, 200 out at 2.0: 0.0005 + 0.0004.
    nothing = {"malformed": 0, "unresolved": 0}
    assert facts.usage == {"cost": 0.0009, "tokens_in": 1000, "tokens_out": 200, **nothing}


def test_the_request_holds_instruction_text_and_schema(corpus: Corpus, serving: ModuleType) -> None:
    _, (request,) = ask(corpus, serving, serving.Reply(completion(ANSWER)))
    assert request.path == "/v1/chat/completions"
    assert request.body["model"] == "tiny"
    system, user = request.body["messages"]
    assert "Attack" in system["content"]
    assert "Headline: War" in user["content"]
    assert "Herat latest" not in user["content"]
    assert "Herat burns" in user["content"]
    assert request.body["response_format"]["json_schema"]["strict"] is True
    assert "Authorization" not in request.headers


def test_an_occurrence_is_counted_without_excluded_regions(corpus: Corpus, serving: ModuleType) -> None:
    answer = {"mentions": [mention("a", "GPE", "Herat", 3)], "events": []}
    ask(corpus, serving, serving.Reply(completion(answer)))
    assert found(corpus) == [("Herat", TEXT.index("Herat burns"))]


def test_words_that_stand_once_are_found_whichever_place_is_named(
    corpus: Corpus, serving: ModuleType
) -> None:
    given = [
        mention("a", "MIL", "Rebels", 4),
        mention("b", "MIL", "police", 0),
        mention("c", "GPE", "Herat", 0),
    ]
    facts, _ = ask(corpus, serving, serving.Reply(completion({"mentions": given, "events": []})))
    assert found(corpus) == [("Rebels", 0), ("police", TEXT.index("police"))]
    assert (facts.usage["found_at_only_place"], facts.usage["unresolved"]) == (2, 1)
    [rejected] = corpus.layer("system/m")["d0"].rejected
    # Not in the teaser: "shelled Herat", "Herat’s police" and "Herat burns".
    assert rejected.message == "the quoted words are in the text 3 times, and the answer names place 0"


def test_a_draft_is_shown_to_be_corrected_and_a_changed_one_is_asked_about_anew(
    corpus: Corpus, serving: ModuleType
) -> None:
    first = Mention(id="m1", type="GPE", spans=(Span(15, 20),))
    [document] = corpus.documents()
    draft = Annotations(document=document.id, sha256=document.sha256, mentions=(first,))
    corpus.write_layer("system/mine", [draft])
    nothing = serving.Reply(completion({"mentions": [], "events": []}))
    with serving.serving(nothing) as server:
        asked = model(server.url, draft="system/mine")
        run_system(corpus, asked)
        run_system(corpus, asked)  # from the journal
        [request] = server.requests
        corpus.write_layer("system/mine", [msgspec.structs.replace(draft, mentions=())])
        run_system(corpus, asked)
        assert len(server.requests) == 2
    [_, user] = request.body["messages"]
    assert '"quote":"Herat","occurrence":1' in user["content"]
    assert "nothing that is wrong; and what is missing" in user["content"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draft": "system/mien"}, "no layer of that name"),
        ({"draft": "system/mine", "chunk": 500}, "leave out"),
    ],
)
def test_a_draft_that_cannot_be_shown_is_refused(
    corpus: Corpus, serving: ModuleType, options: dict[str, Any], said: str
) -> None:
    corpus.write_layer("system/mine", [])
    with pytest.raises(ExtractorError, match=said):
        ask(corpus, serving, serving.Reply(completion({"mentions": [], "events": []})), **options)


def test_quotes_are_found_but_for_typography_and_never_guessed(corpus: Corpus, serving: ModuleType) -> None:
    answer = {
        "mentions": [
            mention("a", "GPE", "herat's"),  # another apostrophe and case
            mention("b", "GPE", "Kabul"),  # not in the text
            mention("c", "GPE", "Herat", 9),  # not so often
            mention("d", "GPE", ""),
            {"id": "e", "type": "GPE"},  # no quote at all
        ],
        "events": [
            event("Attack", "shelled", ("target", "b"), ("attacker", "zz")),
            event("Attack", "bombed"),
        ],
    }
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert found(corpus) == [("Herat’s", 22)]
    # b, c, d, the trigger "bombed", and two arguments whose mentions are not there.
    assert (facts.usage["unresolved"], facts.usage["found_by_typography"], facts.usage["malformed"]) == (
        6,
        1,
        1,
    )
    rejected = corpus.layer("system/m")["d0"].rejected
    assert [(item.unit, item.kind, item.words or item.role) for item in rejected] == [
        ("mention", "quote-not-found", "Kabul"),
        ("mention", "quote-not-found", "Herat"),
        ("mention", "quote-not-found", None),  # an empty quote
        ("mention", "malformed", None),
        ("argument", "no-mention", "target"),
        ("argument", "no-mention", "attacker"),
        ("event", "quote-not-found", "bombed"),
    ]


def test_types_and_roles_outside_the_ontology_are_quarantined(corpus: Corpus, serving: ModuleType) -> None:
    answer = {
        "mentions": [mention("a", "PLANET", "Herat"), mention("b", "MIL", "Rebels")],
        "events": [event("Attack", "shelled", ("victim", "b")), event("Picnic", "fled")],
    }
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert facts.rejected == {"unknown-type": 2, "unknown-role": 1}
    assert facts.unmapped == {"events:Picnic": 1, "mentions:PLANET": 1, "roles:Attack.victim": 1}


def test_an_attribute_of_other_types_is_left_out(corpus: Corpus, serving: ModuleType) -> None:
    answer = {"mentions": [], "events": [event("Move", "fled")]}  # `mode` is for Attack alone
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert facts.rejected == {}
    assert "mode" not in corpus.layer("system/m")["d0"].events[0].attributes


@pytest.mark.parametrize(
    "bad", ["{'mentions': []", "Sure! Here you go.", '{"entities": []}', '{"mentions": 3}', ""]
)
def test_malformed_answers_are_asked_for_once_more(corpus: Corpus, serving: ModuleType, bad: str) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(completion(bad)), serving.Reply(completion(ANSWER)))
    assert facts.failed == {}
    assert len(requests) == 2
    assert facts.usage["tokens_in"] == 2000


def test_answers_that_stay_malformed_cost_the_document_and_their_tokens(
    corpus: Corpus, serving: ModuleType
) -> None:
    said, requests = fail(corpus, serving, serving.Reply(completion("no JSON")))
    assert "the answer is not in the form asked for" in said
    assert len(requests) == 2
    assert "spent: tokens_in 2000, tokens_out 400" in said


# ---------------------------------------------------------------- answers in part
CUT = json.dumps(ANSWER)[: json.dumps(ANSWER).index('{"id": "c"') + 9]  # within the third mention
REST = {"mentions": [mention("c", "GPE", "Herat", 2)], "events": ANSWER["events"]}


def cut(content: Any) -> dict[str, Any]:
    return completion(content, reason="length")


def test_an_answer_that_was_cut_off_is_continued(corpus: Corpus, serving: ModuleType) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(cut(CUT)), serving.Reply(completion(REST)))
    assert found(corpus) == [("Rebels", 0), ("Herat", 15), ("Herat", 22)]
    (attack,) = corpus.layer("system/m")["d0"].events
    assert [argument.mention for argument in attack.arguments] == ["m1", "m2"]  # of the first answer
    assert (facts.partial, facts.usage["continued"], facts.usage["tokens_in"]) == ({}, 1, 2000)
    *before, arrived, wish = requests[1].body["messages"]
    assert before == requests[0].body["messages"]
    assert json.loads(arrived["content"]) == {"mentions": ANSWER["mentions"][:2], "events": []}
    assert (arrived["role"], wish["role"]) == ("assistant", "user")


@pytest.mark.parametrize("second", [cut(CUT), cut(""), completion("I have no more."), {"choices": []}])
def test_what_came_whole_is_kept_and_flagged_where_the_continuation_is_not_whole_either(
    corpus: Corpus, serving: ModuleType, second: dict[str, Any]
) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(cut(CUT)), serving.Reply(second))
    assert len(requests) == 2
    assert found(corpus) == [("Rebels", 0), ("Herat", 15)]
    assert (facts.failed, facts.partial, facts.usage["truncated"]) == ({}, {"truncated": 1}, 1)
    assert corpus.layer("system/m")["d0"].provenance.details["partial"] == "truncated"


@pytest.mark.parametrize(
    ("status", "said"), [(400, "maximum context length"), (400, "no"), (413, ""), (422, "no")]
)
def test_what_came_whole_is_kept_where_the_continuation_is_not_taken(
    corpus: Corpus, serving: ModuleType, status: int, said: str
) -> None:
    refused = serving.Reply({"error": said}, status)
    facts, _ = ask(corpus, serving, serving.Reply(cut(CUT)), refused)
    assert (len(found(corpus)), facts.partial) == (2, {"truncated": 1})


def test_a_key_that_is_no_longer_taken_fails_the_document_all_the_same(
    corpus: Corpus, serving: ModuleType
) -> None:
    said, _ = fail(corpus, serving, serving.Reply(cut(CUT)), serving.Reply({"error": "expired"}, 401))
    assert "the server answered 401" in said


def test_quotes_with_markup_are_found_and_counted(corpus: Corpus, serving: ModuleType) -> None:
    answer = {"mentions": [mention("a", "GPE", "**Herat**"), mention("b", "MIL", "`rebels`")], "events": []}
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert found(corpus) == [("Herat", 15), ("Rebels", 0)]
    assert (facts.usage["found_by_markup"], facts.usage["unresolved"]) == (2, 0)


def test_an_event_that_a_continuation_says_again_is_one(corpus: Corpus, serving: ModuleType) -> None:
    text = json.dumps(ANSWER)[:-2]  # all items, but for the end
    ask(corpus, serving, serving.Reply(cut(text)), serving.Reply(completion(ANSWER)))
    assert len(corpus.layer("system/m")["d0"].events) == 1
    assert len(found(corpus)) == 3


def test_what_was_rejected_and_is_said_again_counts_once(corpus: Corpus, serving: ModuleType) -> None:
    answer = {
        "mentions": [mention("a", "GPE", "Atlantis"), {"id": "b"}],
        "events": [event("Attack", "bombed", ("target", "a")), event("Attack", "shelled", ("target", "a"))],
    }
    again = {**answer, "mentions": [mention("z", "GPE", "Atlantis"), *answer["mentions"]]}
    text = json.dumps(answer)[:-2]
    facts, _ = ask(corpus, serving, serving.Reply(cut(text)), serving.Reply(completion(again)))
    # Atlantis, the trigger that is not there with its argument, and the argument of the other event.
    assert facts.rejected == {"quote-not-found": 3, "malformed": 1, "no-mention": 1}
    assert (facts.usage["unresolved"], facts.usage["malformed"]) == (3, 1)


def test_a_whole_answer_is_whole_though_a_limit_was_reached(corpus: Corpus, serving: ModuleType) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(cut(json.dumps(ANSWER) + "\n" * 99)))
    assert (facts.partial, len(requests)) == ({}, 1)


def test_of_two_broken_answers_the_one_with_more_is_kept_and_flagged(
    corpus: Corpus, serving: ModuleType
) -> None:
    replies = [serving.Reply(completion(text)) for text in (CUT, CUT[: CUT.index("},") + 2])]
    facts, requests = ask(corpus, serving, *replies)
    assert len(requests) == 2
    assert len(found(corpus)) == 2
    assert (facts.failed, facts.partial) == ({}, {"broken": 1})
    assert corpus.layer("system/m")["d0"].provenance.details["partial"] == "broken"


def test_a_broken_continuation_of_a_refusal_is_the_failure_of_the_document(
    corpus: Corpus, serving: ModuleType
) -> None:
    said, _ = fail(corpus, serving, serving.Reply(cut(CUT)), serving.Reply(completion("", refusal="No.")))
    assert "1 document: refused: No." in said
    assert "tokens_in 2000" in said


def test_thoughts_that_took_all_of_the_limit_are_told(corpus: Corpus, serving: ModuleType) -> None:
    reply = cut(None)
    reply["choices"][0]["message"]["content"] = None
    reply["usage"]["completion_tokens_details"] = {"reasoning_tokens": 200}
    said, _ = fail(corpus, serving, serving.Reply(reply))
    assert (
        "before its first item was whole, after 200 tokens of thoughts: raise the option `max_tokens`" in said
    )


def test_partial_answers_are_told_by_the_run_and_beside_the_scores(
    corpus: Corpus, serving: ModuleType, said_by: Callable[..., Any]
) -> None:
    with serving.serving(serving.Reply(cut(CUT))) as server:
        named = f"m=llm:tiny@{server.url}/v1"
        told = said_by("eval", "run", corpus.path, "--system", named)
    assert "  1 document truncated: the items that came whole are kept, there may be more" in told.out
    assert "  sent: form=json_schema (1 document)" in told.out
    corpus.write_layer("gold", corpus.layer("system/m").values())
    record = score_corpus(corpus, "gold", ["m"], ["entity"])
    assert [note.text for note in iter_notes(record) if note.kind == "partial"] == [
        "m: 1 document of its run truncated; the items that came whole are scored, others count as missed."
    ]


# ---------------------------------------------------------------- long texts
FILL = "Nothing of note was said there on that day by anybody. " * 3  # 165 code points
LONG = f"Rebels from Herat came. {FILL}Then shelling began in Kabul. {FILL}Herat burned."


def of_piece(serving: ModuleType) -> Callable[[Any], Any]:
    """A model that names the places of each piece it is shown, and sees an attack with those before it."""

    def answer(request: Any) -> Any:
        text = request.body["messages"][-1]["content"]
        places = [name for name in ("Rebels", "Herat", "Kabul") if name in text]
        mentions = [mention(name, "MIL" if name == "Rebels" else "GPE", name) for name in places]
        seen = [("target" if name == "Kabul" else "attacker", name) for name in places if name != "Herat"]
        events = [event("Attack", "shelling", *seen)] if "shelling" in text else []
        return serving.Reply(completion({"mentions": mentions, "events": events}))

    return answer


@pytest.fixture
def long(tmp_path: Path) -> Corpus:
    documents = [make_document("d0", LONG)]
    return create_corpus(tmp_path / "long", Manifest(name="t", ontology="conflict"), documents)


def test_a_long_text_is_read_in_pieces_and_offsets_are_those_of_the_text(
    long: Corpus, serving: ModuleType
) -> None:
    facts, requests = ask(long, serving, of_piece(serving), chunk=200)
    assert len(requests) == 3
    assert all(len(request.body["messages"][-1]["content"]) <= 200 + len("Text:\n") for request in requests)
    # "Herat" is the first of its piece in the first and in the last one.
    places = [
        ("Rebels", 0),
        ("Herat", 12),
        ("Kabul", LONG.index("Kabul")),
        ("Herat", LONG.index("Herat burned")),
    ]
    assert found(long) == places
    assert facts.usage["tokens_in"] == 3000


def test_a_text_that_is_not_longer_than_a_piece_is_asked_for_as_before(
    long: Corpus, serving: ModuleType
) -> None:
    _, requests = ask(long, serving, of_piece(serving), chunk=len(LONG))
    assert len(requests) == 1


def test_an_event_in_two_pieces_is_one_with_the_arguments_of_both(
    tmp_path: Path, serving: ModuleType
) -> None:
    """The trigger stands in what two pieces share; one sees the attacker before it, one the target behind."""
    text = f"Rebels came. {FILL}Then shelling began. Kabul suffered. {FILL}"
    corpus = create_corpus(
        tmp_path / "two", Manifest(name="t", ontology="conflict"), [make_document("d0", text)]
    )
    facts, requests = ask(corpus, serving, of_piece(serving), chunk=200)
    shown = [request.body["messages"][-1]["content"] for request in requests]
    assert [("Rebels" in one, "shelling" in one, "Kabul" in one) for one in shown[:2]] == [
        (True, True, False),
        (False, True, True),
    ]
    (attack,) = corpus.layer("system/m")["d0"].events
    assert {argument.role for argument in attack.arguments} == {"attacker", "target"}
    assert facts.usage["events_across_chunks"] == 1


def test_a_piece_that_fails_costs_the_document(long: Corpus, serving: ModuleType) -> None:
    good, bad = serving.Reply(completion({"mentions": []})), serving.Reply(completion("", refusal="No."))
    with pytest.raises(ExtractorError, match="refused: No"):
        ask(long, serving, good, bad, chunk=200)


def test_a_chunk_shorter_than_sentences_are_is_refused(long: Corpus, serving: ModuleType) -> None:
    with pytest.raises(ExtractorError, match=r"options: Expected `int` >= 200 - at `\$\.chunk`"):
        ask(long, serving, of_piece(serving), chunk=10)


# ---------------------------------------------------------------- the prompt's own examples
def test_examples_of_the_prompt_that_come_back_are_told_apart_from_other_inventions(
    corpus: Corpus, serving: ModuleType
) -> None:
    """The instruction has "Guards found two [mortar shells] …" as an example of a type."""
    answer = {
        "mentions": [mention("a", "WEAPON", "mortar shells"), mention("b", "GPE", "Atlantis")],
        "events": [],
    }
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert (facts.usage["unresolved"], facts.usage["prompt_examples"]) == (2, 1)
    said = [item.message for item in corpus.layer("system/m")["d0"].rejected]
    assert said == [
        "the quoted words are of an example in the prompt, and not in the text",
        "the quoted words are not in the text",
    ]


# ---------------------------------------------------------------- ids and arguments
def test_an_id_that_two_mentions_have_names_neither(corpus: Corpus, serving: ModuleType) -> None:
    answer = {
        "mentions": [mention("a", "MIL", "Rebels"), mention("a", "GPE", "Herat")],
        "events": [event("Attack", "shelled", ("attacker", "a"))],
    }
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    assert len(found(corpus)) == 2
    (attack,) = corpus.layer("system/m")["d0"].events
    assert (attack.arguments, facts.rejected) == ((), {"ambiguous": 1})


@pytest.mark.parametrize("quotes", [("Atlantis", "Herat", "Rebels"), ("Herat", "Rebels", "Atlantis")])
def test_a_mention_that_is_rejected_costs_no_other_whatever_the_ids(
    corpus: Corpus, serving: ModuleType, quotes: tuple[str, ...]
) -> None:
    """Ids of answers are no ids of layers: m1 of the answer may be another than m1 of the layer."""
    for ids in itertools.permutations(("m1", "m2", "m3")):
        answer = {"mentions": [mention(*item) for item in zip(ids, ("GPE",) * 3, quotes, strict=True)]}
        facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
        assert (len(found(corpus)), facts.rejected) == (2, {"quote-not-found": 1})


def test_an_argument_that_names_nothing_costs_itself_and_not_its_event(
    corpus: Corpus, serving: ModuleType
) -> None:
    shelling = event("Attack", "shelled", ("attacker", "1"))
    shelling["arguments"] += [{"role": "target"}, 7, {"role": "target", "mention": ""}]
    answer = {
        "mentions": [{**mention("", "MIL", "Rebels"), "id": 1, "occurrence": None}],
        "events": [shelling],
    }
    facts, _ = ask(corpus, serving, serving.Reply(completion(answer)))
    (attack,) = corpus.layer("system/m")["d0"].events
    assert [argument.role for argument in attack.arguments] == ["attacker"]
    assert facts.rejected == {"malformed": 2, "no-mention": 1}


def test_a_fenced_answer_is_read(corpus: Corpus, serving: ModuleType) -> None:
    fenced = f"```json\n{json.dumps(ANSWER)}\n```"
    facts, _ = ask(corpus, serving, serving.Reply(completion(fenced)))
    assert facts.failed == {}
    assert len(found(corpus)) == 3


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion("", refusal="I cannot help with that."), "refused: I cannot help with that."),
        (completion("", reason="content_filter"), "refused: content filter"),
        (completion('{"mentions": [', reason="length"), CUT_OFF),
    ],
)
def test_refusals_and_answers_cut_off_at_once_cost_the_document_and_are_not_repeated(
    corpus: Corpus, serving: ModuleType, reply: dict[str, Any], reason: str
) -> None:
    said, requests = fail(corpus, serving, serving.Reply(reply))
    assert f"1 document: {reason};" in said
    assert len(requests) == 1
    assert "spent: tokens_in 1000" in said


@pytest.mark.parametrize("body", [{"error": "overloaded"}, {"choices": []}, "<html>"])
def test_a_reply_outside_the_protocol_costs_the_document(
    corpus: Corpus, serving: ModuleType, body: Any
) -> None:
    said, _ = fail(corpus, serving, serving.Reply(body))
    assert "1 document: the server's reply" in said


def test_a_busy_server_is_waited_for(corpus: Corpus, serving: ModuleType) -> None:
    busy = serving.Reply({"error": {"message": "rate limit"}}, 429, {"Retry-After": "0"})
    failing = serving.Reply("oops", 500)
    facts, requests = ask(corpus, serving, busy, failing, serving.Reply(completion(ANSWER)))
    assert facts.failed == {}
    assert len(requests) == 3


def test_a_reply_cut_off_on_the_way_is_asked_for_again(corpus: Corpus, serving: ModuleType) -> None:
    cut = serving.Reply(completion(ANSWER), cut=40)
    facts, requests = ask(corpus, serving, cut, serving.Reply(completion(ANSWER)))
    assert (facts.failed, len(requests)) == ({}, 2)


def test_a_slow_server_is_ended_by_the_time_limit(corpus: Corpus, serving: ModuleType) -> None:
    with (
        serving.serving(serving.Reply(completion(ANSWER), slow=20.0)) as server,
        pytest.raises(ExtractorError, match=r"1 document: time-out after 0\.5 s"),
    ):
        run_system(corpus, msgspec.structs.replace(model(server.url), timeout=0.5))


def test_the_key_is_in_the_header_and_nowhere_else(
    corpus: Corpus, serving: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    _, (request,) = ask(corpus, serving, serving.Reply(completion(ANSWER)), key="TEST_KEY")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    written = "".join(p.read_text(errors="replace") for p in corpus.path.rglob("*") if p.is_file())
    assert KEY not in written


def test_a_wrong_key_stops_the_run(corpus: Corpus, serving: ModuleType) -> None:
    with pytest.raises(ExtractorError, match="the server answered 401"):
        ask(corpus, serving, serving.Reply({"error": "invalid key"}, 401))


def test_what_was_paid_for_is_not_asked_for_again(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(serving.Reply(completion(ANSWER))) as server:
        system = model(server.url)
        first = run_system(corpus, system)
        assert run_system(corpus, system) == first
        assert len(server.requests) == 1
        run_system(corpus, msgspec.structs.replace(system, options={**system.options, "temperature": 0.5}))
        assert len(server.requests) == 2


def test_no_package_decides_what_a_model_or_a_service_is(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new release of whatever is installed pays for no answer again."""
    import importlib.metadata

    from goldwire.eval.systems.extractor import Context, identity
    from goldwire.eval.systems.spec import parse

    specs = [parse("llm:tiny@http://host.example/v1"), parse("http://host.example/x")]
    context = Context(ontology=corpus.ontology())
    before = [identity(spec, context) for spec in specs]

    def newer(*_: object, **__: object) -> str:
        raise AssertionError("asked for the release of a package")

    for name in ("version", "distribution", "distributions", "entry_points"):
        monkeypatch.setattr(importlib.metadata, name, newer)
    assert [identity(spec, context) for spec in specs] == before


@pytest.mark.parametrize("target", ["tiny", "tiny@host", "@https://host", ""])
def test_a_target_without_model_or_address_is_refused(corpus: Corpus, target: str) -> None:
    with pytest.raises(ExtractorError, match="write llm:MODEL@URL"):
        run_system(corpus, parse_system(f"m=llm:{target}"))


def test_the_instruction_names_every_type_role_attribute_and_value() -> None:
    ontology = ontologies.read("conflict")
    text = prompt.instruction(ontology)
    for name in (*ontology.entities, *ontology.events, *ontology.attributes):
        assert f"- {name}" in text
    for event_type in ontology.events.values():
        for role in event_type.roles:
            assert f"{role} (" in text
    assert "PARTY" not in text  # groups are resolved
    assert ontology.policy.strip() in text


def test_the_schema_keeps_to_what_strict_output_allows() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for value in node.values():
                check(value)

    schema = prompt.schema(ontologies.read("conflict"))
    check(schema)
    assert "Attack" in schema["properties"]["events"]["items"]["properties"]["type"]["enum"]
