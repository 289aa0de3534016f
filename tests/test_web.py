"""Services that extract: what is asked, what is tried again, what is given up."""

import time
from pathlib import Path
from types import ModuleType

import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Meta
from goldwire.eval.extractors.web import Caller, retry_after
from goldwire.eval.running.facts import Facts
from goldwire.eval.running.run import run_system
from goldwire.eval.running.systems import System, parse_system

GOOD = {"mentions": [{"type": "GPE", "spans": [[0, 5]], "text": "Kabul"}]}
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, but for what is about their time limit."""
    if "slow" not in request.node.name:
        monkeypatch.setattr("goldwire.eval.running.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    meta = Meta(title="Fall of a city")
    documents = [make_document(f"d{i}", f"Kabul fell, {i}.", meta=meta) for i in range(3)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def service(url: str, **options: object) -> System:
    import msgspec

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
    facts, requests = ask(corpus, serving, serving.Reply("out of order", 503), tries=2)
    assert facts.failed == {f"d{i}": "the server answered 503 out of order (2 tries)" for i in range(3)}
    assert len(requests) == 6


def test_a_reply_cut_off_is_asked_for_again(corpus: Corpus, serving: ModuleType) -> None:
    facts, requests = ask(corpus, serving, serving.Reply(GOOD, cut=20), serving.Reply(GOOD))
    assert facts.failed == {}
    assert len(requests) == 4


def test_a_slow_service_is_ended_by_the_time_limit(corpus: Corpus, serving: ModuleType) -> None:
    import msgspec

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


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_service_that_will_refuse_all_stops_the_run(
    corpus: Corpus, serving: ModuleType, status: int
) -> None:
    with pytest.raises(ExtractorError, match=f"the server answered {status}"):
        ask(corpus, serving, serving.Reply("no", status))
    assert corpus.layers() == []


def test_nobody_there_costs_the_document(corpus: Corpus) -> None:
    facts = run_system(corpus, service("http://127.0.0.1:9/", tries=2))
    assert all(reason.startswith("no answer (ConnectError") for reason in facts.failed.values())
    assert len(facts.failed) == 3


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


def test_retry_after_reads_seconds_and_dates() -> None:
    from email.utils import formatdate

    assert retry_after("12") == 12.0
    assert retry_after(formatdate(time.time() + 30, usegmt=True)) == pytest.approx(30, abs=2)
    assert retry_after("whenever") is None
    assert retry_after(None) is None
