"""What models cost: budgets, ledgers, prices, and answers that are paid for once however a run ends."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems import budget, journal, prices
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.ledger import Ledger
from goldwire.eval.systems.prices import Price, Rates
from goldwire.eval.systems.run import Outcome, run
from goldwire.eval.systems.spending import Spending, total

# A million tokens in cost 1, out 10: the answers below take 1000 in and 200 out, so 0.001 + 0.002 = 0.003.
PRICE = {"input": 1.0, "output": 10.0}
EACH = 0.003
GOOD = json.dumps({"mentions": [{"type": "GPE", "quote": "Herat", "occurrence": 1}], "events": []})


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, but where they are killed."""
    if "killed" not in request.node.name:
        monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


def make(folder: Path, number: int) -> Corpus:
    documents = [make_document(f"d{i}", f"Report {i}: rebels shelled Herat.") for i in range(number)]
    return create_corpus(folder, Manifest(name="t", ontology="conflict"), documents)


def reply(content: str = GOOD, reason: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 1000, "completion_tokens": 200}
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    return {"choices": choices, "usage": usage, **more}


def model(url: str, name: str = "m", **options: Any) -> System:
    given = {"wait": 0.01, "price": PRICE, "max_tokens": 300, **options}
    return msgspec.structs.replace(parse_system(f"{name}=llm:tiny@{url}/v1"), options=given)


def asked(server: Any) -> Counter[str]:
    """How often each document was asked about, as the server has seen it."""
    texts = [request.body["messages"][-1]["content"] for request in server.requests]
    return Counter(text.split("Report ")[1].split(":")[0] for text in texts)


def spent(outcome: Outcome) -> Spending:
    assert outcome.spent is not None
    return outcome.spent


def test_a_budget_stops_before_it_is_exceeded_and_more_goes_on_without_paying_twice(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = make(tmp_path / "c", 12)
    with serving.serving(serving.Reply(reply())) as server:
        (first,) = run(corpus, [model(server.url)], budget=0.03)
        assert first.status == 2
        assert "stopped by --budget 0.03" in str(first.error)
        done = len(server.requests)
        # The next request was refused for what it could have cost: its bytes as tokens, and 300 tokens out.
        largest = len(msgspec.json.encode(server.requests[0].body)) * 1e-6 + 300 * 10e-6
        assert 0 < done < 12
        assert done * EACH <= 0.03 < done * EACH + largest + EACH
        assert spent(first).cost == pytest.approx(done * EACH)
        (second,) = run(corpus, [model(server.url)], budget=10)
        assert second.status == 0
        assert set(asked(server).values()) == {1}
        assert spent(second).cost == pytest.approx(12 * EACH)


def test_what_is_run_afresh_is_paid_for_again_and_goes_on_with_new_answers_alone(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = make(tmp_path / "c", 4)
    with serving.serving(serving.Reply(reply())) as server:
        run(corpus, [model(server.url)])
        largest = len(msgspec.json.encode(server.requests[0].body)) * 1e-6 + 300 * 10e-6
        limit = (4 + 1.5) * EACH + largest  # four answers, and room for two more
        (stopped,) = run(corpus, [model(server.url)], fresh=True, budget=limit)
        assert stopped.status == 2
        assert len(server.requests) == 4 + 2
        (outcome,) = run(corpus, [model(server.url)], budget=1.0)
    assert len(server.requests) == 8
    assert spent(outcome).cost == pytest.approx(8 * EACH)


def test_a_budget_is_over_all_systems_of_the_command(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 4)
    with serving.serving(serving.Reply(reply())) as server:
        systems = [model(server.url, "a"), model(server.url, "b", temperature=0.5)]
        run(corpus, systems[:1])
        first, second = run(corpus, systems, budget=4 * EACH + 0.001)
    assert first.status == 0
    assert "stopped by --budget" in str(second.error)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"price": None},
            "there is no price of tiny: give it by --prices FILE, or by the option `price` of m",
        ),
        ({"max_tokens": None}, "give the option `max_tokens`, or beside the price `longest`"),
        ({"price": {"input": -1, "output": 1}}, "option price"),
    ],
)
def test_what_cannot_be_counted_has_no_budget(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    corpus = make(tmp_path / "c", 1)
    system = model("http://127.0.0.1:9", **options)
    with pytest.raises(ExtractorError, match=told):
        run(corpus, [system], budget=1.0)


def test_a_limit_in_the_body_is_one(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 1)
    with serving.serving(serving.Reply(reply())) as server:
        system = model(server.url, max_tokens=None, body='{"max_completion_tokens": 300}')
        (outcome,) = run(corpus, [system], budget=1.0)
    assert outcome.status == 0


def test_a_run_without_a_layer_tells_what_it_has_cost(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 8)
    with serving.serving(serving.Reply(reply("no JSON"))) as server:
        (outcome,) = run(corpus, [model(server.url)])
    assert "5 documents failed alike" in str(outcome.error)
    assert spent(outcome).cost == pytest.approx(10 * EACH)  # each was asked about twice


def test_answers_of_no_use_are_paid_for_and_count(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 2)
    bad, good = serving.Reply(reply("no JSON")), serving.Reply(reply())
    with serving.serving(bad, bad, good) as server:
        (outcome,) = run(corpus, [model(server.url)])
    assert outcome.facts is not None
    assert set(outcome.facts.failed) == {"d0"}
    assert spent(outcome).answers == 3
    assert spent(outcome).cost == pytest.approx(3 * EACH)
    # The same again asks about what failed, once more and with the same words.
    with serving.serving(good, port=int(server.url.rpartition(":")[2])) as again:
        (outcome,) = run(corpus, [model(again.url)])
    assert asked(again) == {"0": 1}
    assert spent(outcome).cost == pytest.approx(4 * EACH)
    assert outcome.facts is not None
    assert outcome.facts.usage["cost"] == pytest.approx(2 * EACH)  # of the answers that the layer is made of


def test_a_piece_that_was_answered_is_not_paid_for_again_when_the_next_fails(
    tmp_path: Path, serving: ModuleType
) -> None:
    text = "".join(f"Report {i}: rebels shelled Herat on the {i}. day of the month.\n" for i in range(10, 20))
    documents = [make_document("d", text)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t", ontology="conflict"), documents)
    good, broken = serving.Reply(reply()), serving.Reply("", 500)
    with serving.serving(good, good, broken) as server:
        (outcome,) = run(corpus, [model(server.url, chunk=200, tries=1)])
        assert outcome.status == 2
        pieces = len(server.requests)
    with serving.serving(good, port=int(server.url.rpartition(":")[2])) as again:
        (outcome,) = run(corpus, [model(again.url, chunk=200, tries=1)])
    assert outcome.facts is not None
    whole = outcome.facts.usage["tokens_out"] // 200
    assert pieces == 3
    assert len(again.requests) == whole - 2
    assert outcome.facts.speed.latency is None  # two of its answers were there already


def test_a_price_that_comes_later_asks_nothing_again(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 2)
    with serving.serving(serving.Reply(reply())) as server:
        (without,) = run(corpus, [model(server.url, price=None)])
        (priced,) = run(corpus, [model(server.url)])
        (dearer,) = run(corpus, [model(server.url, price={"input": 2.0, "output": 20.0})])
    assert len(server.requests) == 2
    assert without.facts is not None
    assert "cost" not in without.facts.usage
    costs = [outcome.facts.usage["cost"] for outcome in (priced, dearer) if outcome.facts]
    assert costs == [pytest.approx(2 * EACH), pytest.approx(4 * EACH)]


def test_answers_under_a_price_among_the_options_of_then_are_used(
    tmp_path: Path, serving: ModuleType
) -> None:
    """Up to now a price was part of what named a journal."""
    corpus = make(tmp_path / "c", 1)
    with serving.serving(serving.Reply(reply())) as server:
        system = model(server.url)
        run(corpus, [system])
        (made,) = journal.folder(corpus, "m").glob("*.jsonl")
        from goldwire.eval.systems.extractor import Context, identity

        made_by = identity(system.spec, Context(ontology=corpus.ontology(), options=system.options))
        then = journal.fingerprint([made_by, system.options, 0, corpus.ontology()])
        made.rename(made.with_stem(then))
        made.with_suffix(".ledger").unlink()
        (outcome,) = run(corpus, [system], budget=1.0)
    assert len(server.requests) == 1
    assert spent(outcome).cost == pytest.approx(EACH)  # what was paid before there was a ledger


def test_a_cost_is_not_known_where_answers_do_not_say_their_tokens(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = make(tmp_path / "c", 2)
    silent = {key: value for key, value in reply().items() if key != "usage"}
    with serving.serving(serving.Reply(reply()), serving.Reply(silent)) as server:
        (outcome,) = run(corpus, [model(server.url)], budget=1.0)
    assert outcome.facts is not None
    assert "cost" not in outcome.facts.usage
    assert outcome.facts.usage["untold"] == 1
    # One at 0.003; the other at its most: a token for each byte of the request, and 300 out at 10 a million.
    largest = len(msgspec.json.encode(server.requests[1].body)) * 1e-6 + 300 * 10e-6
    assert spent(outcome).cost == pytest.approx(EACH + largest)


def test_refused_and_busy_answers_cost_nothing_and_lost_ones_may(tmp_path: Path, serving: ModuleType) -> None:
    corpus = make(tmp_path / "c", 1)
    busy, lost = serving.Reply("", 429), serving.Reply(reply(), cut=5)
    with serving.serving(busy, serving.Reply("", 503), lost, serving.Reply(reply())) as server:
        (outcome,) = run(corpus, [model(server.url)])
    assert len(server.requests) == 4
    assert (spent(outcome).answers, spent(outcome).open) == (1, 1)
    assert spent(outcome).cost == pytest.approx(EACH)
    assert spent(outcome).open_cost is not None


# ---------------------------------------------------------------- the ledger
def test_processes_that_share_a_ledger_share_its_budget(tmp_path: Path) -> None:
    one, two = (Ledger(tmp_path / "l", Price(input=1.0, output=1.0)) for _ in range(2))
    most = {"tokens_in": 400_000, "tokens_out": 0}  # 0.4
    tickets = [book.ask("r", most, 1.0) for book in (one, two, one)]
    assert [ticket is not None for ticket in tickets] == [True, True, False]
    two.free(str(tickets[0]))
    assert one.ask("s", most, 1.0) is not None
    assert total(two.spending()) == pytest.approx(0.8)


def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l", Price(input=1.0, output=1.0))
    ticket = book.ask("r", {"tokens_in": 10}, None)
    with (tmp_path / "l").open("ab") as file:
        file.write(b'{"type":"answered","tick')
    book.answer(str(ticket), "r", {"tokens_in": 5, "tokens_out": 5}, b"{}")
    again = Ledger(tmp_path / "l", Price(input=1.0, output=1.0))
    assert (again.spending().answers, again.spending().open, again.damaged) == (1, 0, 1)
    kept = again.take("r")
    assert kept is not None
    assert kept.text == "{}"
    assert again.take("r") is None


def test_each_answer_is_taken_once_and_none_that_was_of_no_use(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l")
    for text in (b"1", b"2"):
        book.answer(str(book.ask("r", {}, None)), "r", {}, text)
    assert book.take("r") is None  # this process had both when they came
    again = Ledger(tmp_path / "l")
    assert [kept and kept.text for kept in (again.take("r"), again.take("r"), again.take("r"))] == [
        "1",
        "2",
        None,
    ]
    again.drop("r")
    assert Ledger(tmp_path / "l").take("r") is None


def test_a_document_that_is_asked_for_again_in_one_process_has_its_answers(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "l")
    book.answer(str(book.ask("r", {}, None)), "r", {}, b"1")
    book.begin()
    assert [kept and kept.text for kept in (book.take("r"), book.take("r"))] == ["1", None]


# ---------------------------------------------------------------- prices
def test_prices_are_read_by_model_and_a_system_keeps_its_own(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("[prices.tiny]\ninput = 1\noutput = 4\nbatch = { input = 0.5, output = 2 }\n")
    known = prices.read(file)
    assert known == {"tiny": Price(input=1, output=4, batch=Rates(0.5, 2))}
    own = model("http://host.example")
    assert budget.with_price(own, known) is own
    bare = msgspec.structs.replace(own, options={})
    assert budget.of(budget.with_price(bare, known)) == known["tiny"]


def test_cached_tokens_and_those_of_batches_have_their_own_price() -> None:
    price = Price(input=2.0, output=8.0, cached=1.0, batch=Rates(1.0, 4.0))
    usage = {"tokens_in": 3_000_000, "tokens_cached": 1_000_000, "tokens_out": 1_000_000}
    # 2 million at 2, 1 at 1, and 1 out at 8.
    assert prices.cost(price, usage) == 4 + 1 + 8
    # The same and a batch of 1 million in at 1 and half a million out at 4.
    more = {"tokens_in": 4_000_000, "tokens_cached": 1_000_000, "tokens_out": 1_500_000}
    assert (
        prices.cost(price, {**more, "batch_tokens_in": 1_000_000, "batch_tokens_out": 500_000}) == 13 + 1 + 2
    )


# ---------------------------------------------------------------- runs that are killed
@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_pays_for_no_answer_twice(
    tmp_path: Path, serving: ModuleType
) -> None:
    corpus = make(tmp_path / "c", 120)
    with serving.serving(serving.Reply(reply(), slow=0.02)) as server:
        command = [sys.executable, "-m", "goldwire", "eval", "run", str(corpus.path), "--system"]
        command += [f"m=llm:tiny@{server.url}/v1", "--option", "m.max_tokens=300", "--workers", "2"]
        command += ["--option", "m.price={ input = 1.0, output = 10.0 }", "--budget", "5", "--json"]
        chance = random.Random(1)
        for _ in range(5):
            _kill(command, chance.uniform(1.5, 3.0))
        done = subprocess.run(command, capture_output=True, check=False)
        (outcome,) = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    counts = asked(server)
    assert len(counts) == 120
    # Each request more than one a document was under way at a kill, and is told.
    assert counts.total() - 120 <= outcome["spent"].get("open", 0) <= 5 * 2
    assert outcome["spent"]["answers"] == 120
    assert outcome["facts"]["usage"]["cost"] == pytest.approx(120 * EACH)


def _kill(command: list[str], after: float) -> None:
    """Kill a command and leave what it started to end by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
