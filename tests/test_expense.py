"""Cost and latency in every view, and who is dominated."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.report import expense, plots, svg
from goldwire.eval.report.build import make_report
from goldwire.eval.report.charts import PlaneChart
from goldwire.eval.report.values import Figure, Report
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import score_corpus
from goldwire.eval.systems import facts, shares
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.run import run

NUMBER = 12


@pytest.fixture(autouse=True)
def in_process(serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", f"Report {i}: rebels shelled Herat.") for i in range(NUMBER)]
    made = create_corpus(tmp_path / "c", Manifest(name="t", ontology="conflict"), documents)
    gold = []
    for document in documents:
        start = document.text.index("Herat")
        mention = Mention(id="m1", type="GPE", spans=(Span(start, start + 5),))
        gold.append(Annotations(document=document.id, sha256=document.sha256, mentions=(mention,)))
    made.write_layer("gold", gold)
    return made


def reply(right: bool, tokens: int) -> dict[str, Any]:
    content = json.dumps({"mentions": [{"type": "GPE", "quote": "Herat"}] if right else [], "events": []})
    choices = [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]
    return {"choices": choices, "usage": {"prompt_tokens": tokens, "completion_tokens": 0}}


def answering(serving: ModuleType) -> Callable[[Any], Any]:
    """`good` is right, `poor` in every sixth document; each document takes ten tokens more than the last."""

    def answer(request: Any) -> Any:
        number = int(request.body["messages"][-1]["content"].split("Report ")[1].split(":")[0])
        name = request.body["model"]
        body = reply(name != "poor" or number % 6 == 0, 1000 + 10 * number)
        if name == "silent":
            del body["usage"]
        return serving.Reply(body)

    return answer


def system(url: str, name: str, price: float | None) -> System:
    options = {"price": None if price is None else {"input": price, "output": 0.0}}
    return msgspec.structs.replace(parse_system(f"{name}=llm:{name}@{url}/v1"), options=options)


@pytest.fixture
def record(corpus: Corpus, serving: ModuleType) -> Record:
    with serving.serving(answering(serving)) as server:
        prices = {"good": 1.0, "poor": 30.0, "dear": 60.0, "silent": 1.0}
        run(corpus, [*(system(server.url, *pair) for pair in prices.items()), parse_system("rules=lexicon")])
    return score_corpus(corpus, "gold", ["good", "poor", "dear", "silent", "rules"], ["entity"])


@pytest.fixture
def report(record: Record) -> Report:
    return make_report({"r": record})


def test_cost_is_for_a_thousand_documents_with_the_interval_of_a_mean(report: Report) -> None:
    """Documents cost 1000, 1010, … 1110 millionths: 0.001055 in the mean; their deviation is that of 0 to 11,
    the root of 13, times 0.00001. The quantile of t with 11 degrees of freedom is 2.201 in any table.
    """
    good = next(item for item in report.expenses if item.system == "good")
    half = 2.201 * math.sqrt(13) * 1e-5 / math.sqrt(12)
    assert good.cost.value == pytest.approx(1.055)
    assert good.cost.low == pytest.approx(1000 * (0.001055 - half), rel=1e-4)
    assert good.cost.high == pytest.approx(1000 * (0.001055 + half), rel=1e-4)
    assert good.latency is not None


def test_costs_that_are_not_known_are_told_and_not_drawn(report: Report) -> None:
    unknown = {item.system: item.why for item in report.expenses if item.cost.value is None}
    assert unknown == {
        "silent": "some answers did not say their tokens",
        "rules": "not paid by tokens, or not told",
    }
    drawn = plots.draw(report)["expense-m0"]
    assert isinstance(drawn, PlaneChart)
    assert {dot.name for dot in drawn.dots} == {"good", "poor", "dear"}


def test_dominated_is_who_is_worse_and_dearer_beyond_chance(report: Report) -> None:
    (board,) = report.boards
    # `dear` is right as often as `good` and costs sixty times as much: not shown to be worse.
    assert expense.dominated(board, report.expenses) == {"poor": "good"}
    drawn = plots.draw(report)["expense-m0"]
    assert isinstance(drawn, PlaneChart)
    assert {dot.name: dot.colour == expense.GREY for dot in drawn.dots} == {
        "good": False,
        "poor": True,
        "dear": False,
    }
    assert ">poor<" in svg.render(drawn)


def test_a_difference_within_chance_dominates_nobody(report: Report) -> None:
    (board,) = report.boards
    close = msgspec.structs.replace(
        board, pairs=tuple(msgspec.structs.replace(pair, decided=False) for pair in board.pairs)
    )
    assert expense.dominated(close, report.expenses) == {}
    wide = tuple(
        msgspec.structs.replace(item, cost=Figure(value=item.cost.value, low=0.0, high=99.0))
        for item in report.expenses
    )
    assert expense.dominated(board, wide) == {}


def test_every_view_has_cost_and_latency(report: Report, record: Record) -> None:
    from goldwire.eval.report import html, latex, markdown, summary

    for text in (markdown.render(report), latex.render(report)):
        assert expense.TITLE in text
        assert "1.1" in text
    assert "F1 against cost" in html.render(report, {})
    for tables in (summary.of_score(report, 5), summary.of_comparison(report)):
        assert expense.TITLE in [table.title for table in tables]
    fields = json.loads(msgspec.json.encode(report))["expenses"]
    assert [item["system"] for item in fields] == [one.name for one in contenders({"r": record})]


def test_without_a_cost_there_is_nothing_of_it(corpus: Corpus) -> None:
    run(corpus, [parse_system("rules=lexicon")])
    found = make_report({"r": score_corpus(corpus, "gold", ["rules"], ["entity"])})
    assert found.expenses == ()
    assert expense.table(found) is None


def test_runs_are_one_system_with_the_mean_of_their_costs(corpus: Corpus, serving: ModuleType) -> None:
    from goldwire.eval.systems.runs import expand

    with serving.serving(answering(serving)) as server:
        run(corpus, expand([system(server.url, "good", 1.0)], 2).systems)
    found = make_report({"r": score_corpus(corpus, "gold", ["good/1", "good/2"], ["entity"])})
    (item,) = found.expenses
    assert item.system == "good"
    assert item.cost.value == pytest.approx(1.055)


def test_a_single_document_tells_no_interval() -> None:
    found = shares.costs_of(shares.paid([0.5]))
    assert found == facts.Costs(documents=1, mean=0.5, deviation=0.0)
