"""Prompts by models: what is run, what is said of each, and when main effects mislead."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.comparison.matrix import MatrixResult, analyse, complete, sentences
from goldwire.eval.report import matrix as shown
from goldwire.eval.scoring.score import score_corpus
from goldwire.eval.statistics import factorial
from goldwire.eval.statistics.factorial import Part
from goldwire.eval.statistics.ratios import Estimator, of_means
from goldwire.eval.statistics.runs import look
from goldwire.eval.systems import matrix
from goldwire.eval.systems.config import parse_system

DOCUMENTS = [make_document(f"d{k:02}", "abc " * 10) for k in range(30)]
CELLS = {(model, prompt): f"{model}.{prompt}" for model in ("m", "n") for prompt in ("a", "b")}


def layer(share: float, seed: int) -> list[Any]:
    """Each of ten words in each document found with this chance; all of them are in gold."""
    drawn = random.Random(seed)
    return testing.layer(
        DOCUMENTS,
        [[((4 * n, 4 * n + 3), "PER") for n in range(10) if drawn.random() < share] for _ in DOCUMENTS],
    )


def judged(folder: Path, shares: dict[str, float], runs: int = 2) -> MatrixResult:
    """The result of combinations that find such shares."""
    corpus = create_corpus(folder, Manifest(name="t"), DOCUMENTS)
    corpus.write_layer("gold", layer(1.0, 0))
    names = [f"{name}/{k}" for name in shares for k in range(1, runs + 1)]
    for seed, name in enumerate(names, start=1):
        corpus.write_layer(f"system/{name}", layer(shares[name.rpartition("/")[0]], seed))
    return analyse(score_corpus(corpus, "gold", names, ["entity"]), CELLS)


# ---------------------------------------------------------------- what is combined
def test_a_combination_is_called_by_model_and_prompt() -> None:
    models = [parse_system(f"{name}=llm:x@http://host.example") for name in ("m", "n")]
    made = matrix.combine(models, {"own": None, "v2": "prompts/v2.toml"})
    assert [one.name for one in made] == ["m.own", "m.v2", "n.own", "n.v2"]
    assert [one.system.options.get("prompt") for one in made] == [None, "prompts/v2.toml"] * 2


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: matrix.prompts_of(["a/v.toml", "b/v.toml"]), "two prompts are called v"),
        (lambda: matrix.models_of(["m"], []), "give a file of systems by --systems"),
        (lambda: matrix.models_of(["m=llm:x@http://h", "m=llm:y@http://h"], []), "two models are called m"),
        (
            lambda: matrix.combine([parse_system("m=llm:x@http://h")], {"own": None}),
            "two combinations at least",
        ),
        (lambda: matrix.combine([parse_system("r=lexicon")], {"a": "a", "b": "b"}), "only language models"),
    ],
)
def test_what_is_no_matrix_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ExtractorError, match=told):
        make()


# ---------------------------------------------------------------- what is said
def test_main_effects_are_means_over_the_other_factor(tmp_path: Path) -> None:
    shares = {"m.a": 0.3, "m.b": 0.6, "n.a": 0.5, "n.b": 0.8}
    found = judged(tmp_path / "c", shares)
    values = {standing.system: standing.value or 0.0 for standing in found.comparison.standings}
    levels = {(level.factor, level.name): level.value for level in found.levels}
    assert levels["prompt", "b"] == pytest.approx((values["m.b"] + values["n.b"]) / 2)
    assert levels["model", "m"] == pytest.approx((values["m.a"] + values["m.b"]) / 2)
    assert {(step.factor, step.first, step.second, step.decided) for step in found.steps} == {
        ("prompt", "b", "a", True),
        ("model", "n", "m", True),
    }
    said = list(sentences(found))
    assert said[0] == "The prompt b is ahead of a in the mean over m and n, beyond chance."
    assert not any("mislead" in told for told in said)
    table = shown.table(found, {})
    assert [group.title for group in table.groups] == ["Prompts", "Models", "Combinations"]
    assert table.groups[2].rows[0][0].text == "n.b"


def test_main_effects_mislead_where_a_prompt_helps_one_model_and_harms_another(tmp_path: Path) -> None:
    found = judged(tmp_path / "c", {"m.a": 0.3, "m.b": 0.8, "n.a": 0.8, "n.b": 0.3})
    (interaction,) = found.interactions
    assert interaction.decided
    first, second = interaction.gains
    assert first is not None
    assert second is not None
    assert first > 0 > second
    assert interaction.difference == pytest.approx(second - first)
    told = next(one for one in sentences(found) if "mislead" in one)
    assert told.endswith("which differ beyond chance. Judge by the combinations.")


def test_what_lacks_a_combination_is_left_out_of_main_effects(tmp_path: Path) -> None:
    cells = {**CELLS, ("o", "a"): "o.a", ("o", "b"): "o.b"}
    assert complete(cells, {name: None for name in cells.values() if name != "o.b"}) == (
        ("m", "n"),
        ("a", "b"),
    )
    found = judged(tmp_path / "c", {"m.a": 0.3, "m.b": 0.6, "n.a": 0.5})
    assert found.left_out  # m with both prompts is left: one model, or one prompt of both
    assert len(found.comparison.standings) == 3
    assert any("Main effects leave out the" in told for told in sentences(found))


def test_a_run_that_is_missing_leaves_the_others(tmp_path: Path) -> None:
    corpus = create_corpus(tmp_path / "c", Manifest(name="t"), DOCUMENTS)
    corpus.write_layer("gold", layer(1.0, 0))
    names = ["m.a/1", "m.a/2", "m.b/1", "m.b/3", "n.a/1", "n.a/2", "n.a/3", "n.b/1", "n.b/2"]
    for seed, name in enumerate(names):
        corpus.write_layer(f"system/{name}", layer(0.5, seed))
    found = analyse(score_corpus(corpus, "gold", names, ["entity"]), CELLS)
    assert found.left_out == ()
    assert {standing.system: standing.runs for standing in found.comparison.standings} == {
        "m.a": 2,
        "m.b": 2,
        "n.a": 3,
        "n.b": 2,
    }
    assert all(step.p is not None for step in found.steps)


def test_equal_prompts_are_told_apart_in_one_of_twenty_cases() -> None:
    """800 tables of two prompts and two models, three runs each, that differ between runs by chance alone."""
    chance, alarms, documents = np.random.default_rng(3), 0, 40
    estimator = Estimator(lambda sums: sums / documents, of_means)
    for _ in range(800):
        hard = chance.normal(0, 0.3, documents)  # what all systems find hard
        cells = []
        for _ in range(4):
            luck = chance.normal(0, 0.03, 3)  # of each run
            each = [hard + one + chance.normal(0, 0.1, documents) + 0.5 for one in luck]
            cells.append(look([values[:, None] for values in each], estimator))
        spreads = factorial.known_spreads(cells, 0)
        weights = (0.5, -0.5, 0.5, -0.5)
        parts = [Part(*one) for one in zip(cells, spreads, weights, strict=True)]
        found = factorial.effect(parts, 0)
        alarms += found.p is not None and found.p <= 0.05
    assert 0.02 <= alarms / 800 <= 0.08


# ---------------------------------------------------------------- the command
@pytest.fixture
def corpus(tmp_path: Path, serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)
    monkeypatch.chdir(tmp_path)
    documents = [make_document(f"d{i}", f"Report {i}: rebels shelled Herat.") for i in range(12)]
    made = create_corpus(tmp_path / "work", Manifest(name="t", ontology="conflict"), documents)
    spans = [document.text.index("Herat") for document in documents]
    made.write_layer("gold", testing.layer(documents, [[((at, at + 5), "GPE")] for at in spans]))
    (tmp_path / "short.toml").write_text('instruction = "SHORT"\n')
    return made


def answering(serving: ModuleType, broken: str = "") -> Callable[[Any], Any]:
    """`good` is always right, `poor` with the short prompt alone; whatever is `broken` is refused."""

    def answer(request: Any) -> Any:
        short = request.body["messages"][0]["content"].startswith("SHORT")
        if broken == f"{request.body['model']}.{'short' if short else 'own'}":
            return serving.Reply("no", 401)
        right = short or request.body["model"] == "good"
        mentions = [{"type": "GPE", "quote": "Herat"}] if right else []
        message = {"role": "assistant", "content": json.dumps({"mentions": mentions, "events": []})}
        usage = {"prompt_tokens": 1000, "completion_tokens": 100}
        return serving.Reply({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    return answer


def invoke(url: str, *more: str) -> Any:
    models = f"good=llm:good@{url}/v1,poor=llm:poor@{url}/v1"
    words = ["eval", "matrix", "work", "--prompts", "own,short.toml", "--models", models, "--runs", "2"]
    return CliRunner().invoke(app, [*words, "--option", "wait=0.01", *more])


def test_all_combinations_are_run_once_and_shown(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(answering(serving)) as server:
        first = invoke(server.url)
        assert first.exit_code == 0, first.output
        assert len(server.requests) == 2 * 2 * 2 * 12
        assert "The prompt short is ahead of own" in first.output
        assert "Main effects mislead" in first.output
        assert {f"system/{m}.{p}/{k}" for m in ("good", "poor") for p in ("own", "short") for k in (1, 2)} < {
            *corpus.layers()
        }
        second = invoke(server.url, "--json")
        assert len(server.requests) == 2 * 2 * 2 * 12
        found = json.loads(second.stdout)
    assert {*found} == {"outcomes", "result"}
    assert [level["name"] for level in found["result"]["levels"]] == ["short", "own", "good", "poor"]
    assert (corpus.path / "records" / "matrix.json").is_file()


def test_gold_that_is_not_there_is_said_before_anybody_is_asked(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(answering(serving)) as server:
        found = invoke(server.url, "--gold", "glod")
        assert "no layer 'glod'" in str(found.exception)
        assert server.requests == []


def test_a_combination_that_fails_is_told_and_the_rest_is_shown(corpus: Corpus, serving: ModuleType) -> None:
    with serving.serving(answering(serving, broken="poor.own")) as server:
        found = invoke(server.url)
    assert found.exit_code == 2
    assert "poor.own is left out: no layer of poor.own/1, poor.own/2" in found.output
    assert "Main effects leave out the" in found.output
    assert "good.short" in found.output


def test_a_budget_holds_for_all_combinations(corpus: Corpus, serving: ModuleType, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(
        "".join(f"[prices.{m}]\ninput = 1\noutput = 0\nlongest = 9\n" for m in ("good", "poor"))
    )
    with serving.serving(answering(serving)) as server:
        # A document costs 0.001: 96 of them 0.096.
        stopped = invoke(server.url, "--prices", str(prices), "--budget", "0.05")
        assert stopped.exit_code == 2
        assert len(server.requests) <= 50
        done = invoke(server.url, "--prices", str(prices), "--budget", "1")
    assert done.exit_code == 0, done.output
    assert len(server.requests) == 96
    assert "cost/" in done.output
