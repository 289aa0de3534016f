"""Services that extract: what is asked, what is tried again, what is given up."""

import socket
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Meta
from goldwire.eval.systems.adapters.web import Caller
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.facts import read as facts_of
from goldwire.eval.systems.run import run, run_system

GOOD = {"mentions": [{"type": "GPE", "spans": [[0, 5]], "text": "Kabul"}]}
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, but for what is about their time limit."""
    if "slow" not in request.node.name:
        monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    meta = Meta(title="Fall of a city")
    documents = [make_document(f"d{i}", f"Kabul fell, {i}.", meta=meta) for i in range(3)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def service(url: str, **options: object) -> System:
    return msgspec.structs.replace(
        parse_system(f"web={url}"), options={"wait": 0.01, **options}, timeout=30.0
    )


def ask(corpus: Corpus, serving: ModuleType, *replies: object, **options: object) -> tuple[Facts, list]:
    with serving.serving(*replies) as server:
        facts = run_system(corpus, service(f"{server.url}/extract", **options))
        return facts, server.requests


def everything_written(corpus: Corpus) -> str:
    return "".join(path.read_text(errors="replace") for path in corpus.path.rglob("*") if path.is_file())


def test_a_service_is_posted_each_document_and_its_answer_becomes_annotations(
    corpus: Corpus, serving: ModuleType
) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(GOOD))
    assert facts.failed == {}
    assert [request.body["document"] for request in requests] == ["d0", "d1", "d2"]
    assert requests[0].body["text"] == "Kabul fell, 0."
    assert requests[0].body["meta"] == {"title": "Fall of a city"}
    assert [len(item.mentions) for item in corpus.layer("system/web").values()] == [1, 1, 1]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_or_broken_service_is_asked_again(corpus: Corpus, serving: ModuleType, status: int) -> None:
    broken = serving.Reply("try later", status)
    facts, requests = ask(corpus, serving, broken, broken, serving.Reply(GOOD))
    assert facts.failed == {}
    assert len(requests) == 5


@pytest.mark.slow
def test_retry_after_is_obeyed(corpus: Corpus, serving: ModuleType) -> None:
    begun = time.monotonic()
    busy = serving.Reply("slow down", 429, {"Retry-After": "1"})
    facts, _ = ask(corpus, serving, busy, serving.Reply(GOOD))
    assert facts.failed == {}
    assert time.monotonic() - begun >= 1.0


def test_a_service_that_wants_too_much_waiting_is_not_waited_for(corpus: Corpus, serving: ModuleType) -> None:
    busy = serving.Reply("slow down", 429, {"Retry-After": "86400"})
    facts, _ = ask(corpus, serving, busy, serving.Reply(GOOD))
    assert facts.failed == {"d0": "the server answered 429 slow down; the server wants 86400 s of waiting"}


def test_a_service_that_stays_broken_costs_the_document(corpus: Corpus, serving: ModuleType) -> None:
    broken = serving.Reply("out of order", 503)
    facts, requests = ask(corpus, serving, broken, broken, serving.Reply(GOOD), tries=2)
    assert facts.failed == {"d0": "the server answered 503 out of order (2 tries)"}
    assert len(requests) == 4


def test_a_reply_cut_off_is_asked_for_again(corpus: Corpus, serving: ModuleType) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(GOOD, cut=20), serving.Reply(GOOD))
    assert facts.failed == {}
    assert len(requests) == 4


def test_a_slow_service_is_ended_by_the_time_limit(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(serving.Reply(GOOD, slow=20.0), serving.Reply(GOOD)) as server:
        system = msgspec.structs.replace(service(server.url), timeout=0.5)
        facts = run_system(corpus, system)
    assert facts.failed == {"d0": "time-out after 0.5 s"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html>", "garbled reply: not valid JSON"),
        ("[]", "garbled reply: Expected `object`"),
        ("", "garbled reply"),
    ],
)
def test_garbage_costs_the_document(corpus: Corpus, serving: ModuleType, body: str, reason: str) -> None:
    facts, _ = ask(corpus, serving, serving.Reply(body), serving.Reply(GOOD))
    assert list(facts.failed) == ["d0"]
    assert reason in facts.failed["d0"]


def test_a_request_refused_costs_the_document(corpus: Corpus, serving: ModuleType) -> None:
    facts, _ = ask(corpus, serving, serving.Reply("too long", 413), serving.Reply(GOOD))
    assert facts.failed == {"d0": "the server answered 413 too long"}


def many(folder: Path) -> Corpus:
    """Forty documents, d00 to d39."""
    documents = [make_document(f"d{i:02}", f"Kabul fell, {i}.") for i in range(40)]
    return create_corpus(folder / "many", Manifest(name="t", ontology="conflict"), documents)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_five_refusals_in_a_row_stop_the_run(tmp_path: Path, serving: ModuleType, status: int) -> None:
    with serving.serving(serving.Reply("no such key", status)) as server:
        (outcome,) = run(many(tmp_path), [service(server.url)])
        assert len(server.requests) == 5
    assert outcome.status == 2
    assert outcome.error is not None
    assert f"5 documents in a row were refused alike: the server answered {status}" in outcome.error
    assert "--keep-going" in outcome.error
    assert "Mend the key" in outcome.error


def test_refusals_that_only_differ_in_the_number_of_the_request_are_alike(
    tmp_path: Path, serving: ModuleType
) -> None:
    numbers = iter(range(100))

    def refuse(_: object) -> object:
        return serving.Reply({"error": {"message": "no such key"}, "request_id": next(numbers)}, 401)

    with serving.serving(refuse) as server:
        run(many(tmp_path), [service(server.url)])
        assert len(server.requests) == 5


@pytest.mark.slow
def test_refusals_stop_a_run_that_went_well_too_and_what_is_done_is_kept(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = many(tmp_path)
    replies = [serving.Reply(GOOD)] * 10 + [serving.Reply("the key has expired", 401)] * 5
    with serving.serving(*replies, serving.Reply(GOOD)) as server:
        (stopped,) = run(corpus, [service(server.url)])
        assert (stopped.status, corpus.layers()) == (2, [])
        (done,) = run(corpus, [service(server.url)])
        # 10 were done; the 5 refused ones and the 25 others are asked for again.
        assert len(server.requests) == 15 + 30
    assert done.facts is not None
    assert done.facts.failed == {}
    assert done.reused is not None
    assert (done.reused.documents, done.reused.of) == (10, 40)


@pytest.mark.slow
def test_refusals_that_differ_or_stand_apart_cost_their_documents_only(
    tmp_path: Path, serving: ModuleType
) -> None:
    """Four alike, a good one, four alike, three of other words: never five in a row."""
    no, other, good = serving.Reply("no", 400), serving.Reply("other", 400), serving.Reply(GOOD)
    replies = [no] * 4 + [good] + [no] * 4 + [other] * 3 + [good]
    with serving.serving(*replies) as server:
        facts = run_system(many(tmp_path), service(server.url))
    assert len(facts.failed) == 11


@pytest.mark.slow
def test_documents_that_are_refused_run_after_run_stop_no_later_one(
    tmp_path: Path, serving: ModuleType
) -> None:
    """Six in forty are always refused; run again, they follow each other."""
    corpus = many(tmp_path)

    def answer(request: Any) -> object:
        refused = request.body["document"] in ("d01", "d05", "d11", "d17", "d23", "d29")
        return serving.Reply("too much blood", 400) if refused else serving.Reply(GOOD)

    with serving.serving(answer) as server:
        system = msgspec.structs.replace(service(server.url), allow_failures=6)
        outcomes = [run(corpus, [system])[0] for _ in range(3)]
    assert [outcome.status for outcome in outcomes] == [0, 0, 0]
    assert outcomes[2].reused is not None
    assert outcomes[2].reused.documents == 34


@pytest.mark.slow
def test_keep_going_goes_on_after_refusals(tmp_path: Path, serving: ModuleType) -> None:
    refusals = [serving.Reply("no", 403)] * 39
    with serving.serving(*refusals, serving.Reply(GOOD)) as server:
        (outcome,) = run(many(tmp_path), [service(server.url)], keep_going=True)
    assert outcome.facts is not None
    assert (outcome.status, len(outcome.facts.failed)) == (1, 39)


def test_where_nobody_listens_patience_is_had_once_not_once_a_document(tmp_path: Path) -> None:
    """Two tries with 0.4 s between them; forty documents would take 16 s."""
    begun = time.perf_counter()
    (outcome,) = run(many(tmp_path), [service(f"http://127.0.0.1:{free_port()}/", tries=2, wait=0.4)])
    assert 0.4 <= time.perf_counter() - begun < 4
    assert outcome.status == 2
    assert outcome.error is not None
    assert outcome.error.startswith("stopped after 1 of 40 documents: nobody can be reached there: no answer")
    assert "Start the service" in outcome.error


@pytest.mark.slow
def test_a_service_that_goes_away_stops_the_run_and_what_it_gave_is_kept(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = many(tmp_path)
    port = free_port()
    (first,) = run(corpus, [service(f"http://127.0.0.1:{port}/", tries=1)])
    assert first.status == 2
    with serving.serving(serving.Reply(GOOD), port=port):
        (second,) = run(corpus, [service(f"http://127.0.0.1:{port}/", tries=1)])
    assert second.status == 0
    made = corpus.layer_path("system/web").read_bytes()
    (third,) = run(corpus, [service(f"http://127.0.0.1:{port}/", tries=1)], fresh=True)
    assert (third.status, third.kept) == (2, second.facts.created)
    assert corpus.layer_path("system/web").read_bytes() == made
    assert facts_of(corpus, "web") == second.facts
    (fourth,) = run(corpus, [service(f"http://127.0.0.1:{port}/", tries=1)])
    # `--fresh` came to nothing, so the answers that were paid for are still there.
    assert fourth.facts == second.facts
    assert fourth.reused.documents == 40


def test_keep_going_waits_for_each_document_where_nobody_listens(corpus: Corpus) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    (outcome,) = run(corpus, [service(url, tries=1)], keep_going=True)
    assert outcome.error is not None
    assert outcome.error.startswith("none of 3 documents succeeded (3 documents: no answer (nobody listens")


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_redirect_is_not_followed(corpus: Corpus, serving: ModuleType) -> None:
    elsewhere = serving.Reply("", 307, {"Location": "http://127.0.0.1:9/elsewhere"})
    with pytest.raises(ExtractorError, match="the server answered 307"):
        ask(corpus, serving, elsewhere)


def test_the_key_is_sent_and_stands_nowhere(
    corpus: Corpus, serving: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    echo = serving.Reply(f"bad key {KEY}", 400)
    facts, requests = ask(corpus, serving, echo, serving.Reply(GOOD), key="TEST_KEY")
    assert requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert facts.failed == {"d0": "the server answered 400 bad key ***"}
    assert KEY not in everything_written(corpus)


@pytest.mark.parametrize(
    ("value", "message"), [(None, "TEST_KEY is not set"), ("sk-\x07bell", "no header can hold")]
)
def test_a_missing_or_impossible_key_is_said_without_the_key(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, value: str | None, message: str
) -> None:
    if value is None:
        monkeypatch.delenv("TEST_KEY", raising=False)
    else:
        monkeypatch.setenv("TEST_KEY", value)
    with pytest.raises(ExtractorError, match=message) as caught:
        run_system(corpus, service("http://127.0.0.1:9/", key="TEST_KEY"))
    assert "sk-" not in str(caught.value)


def test_what_follows_a_question_mark_is_not_recorded(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(serving.Reply(GOOD)) as server:
        facts = run_system(corpus, service(f"{server.url}/x?token={KEY}"))
        assert server.requests[0].path == f"/x?token={KEY}"
    assert facts.spec == f"{server.url}/x"
    assert KEY not in everything_written(corpus)


def test_unknown_options_are_refused(corpus: Corpus) -> None:
    with pytest.raises(ExtractorError, match="unknown field `retries`; known are key, version, wait, tries"):
        run_system(corpus, service("http://127.0.0.1:9/", retries=3))


def test_one_connection_serves_many_documents(serving: ModuleType) -> None:
    with serving.serving(serving.Reply(GOOD)) as server:
        caller = Caller(server.url, None)
        for _ in range(3):
            caller.post(b"{}")
        caller.close()
        assert len(server.requests) == 3
