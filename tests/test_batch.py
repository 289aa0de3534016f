"""Batch files: what is written into them, and what becomes of answers, whole or not."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.run import Outcome, run
from goldwire.eval.systems.runs import expand

GOOD = {"mentions": [{"type": "GPE", "quote": "Herat", "occurrence": 1}], "events": []}
# A million tokens in cost 1, out 10; in batches half. An answer takes 1000 in and 200 out.
PRICE = {"input": 1.0, "output": 10.0, "batch": {"input": 0.5, "output": 5.0}}
EACH = 0.0015


@pytest.fixture(autouse=True)
def in_process(serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", f"Report {i}: rebels shelled Herat.") for i in range(4)]
    return create_corpus(tmp_path / "c", Manifest(name="t", ontology="conflict"), documents)


def model(name: str = "m", **options: Any) -> System:
    """Nobody listens there: whatever is sent fails."""
    given = {"price": PRICE, "max_tokens": 300, "tries": 1, **options}
    return msgspec.structs.replace(parse_system(f"{name}=llm:tiny@http://127.0.0.1:9/v1"), options=given)


class Desk:
    """A folder of batch files, and what comes of a run with it."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self.corpus, self.folder, self.remarks = corpus, folder, list[str]()

    def run(self, *systems: System, **how: Any) -> Outcome:
        self.remarks.clear()
        found = run(self.corpus, systems or [model()], batch=self.folder, remark=self.remarks.append, **how)
        return found[-1]

    def requests(self, name: str = "m") -> list[dict[str, Any]]:
        path = self.folder / f"{name}.requests.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def put(self, name: str, lines: list[Any]) -> None:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (self.folder / name).write_text("\n".join(texts) + "\n")


@pytest.fixture
def desk(corpus: Corpus, tmp_path: Path) -> Desk:
    return Desk(corpus, tmp_path / "batch")


def answer(request: dict[str, Any], content: Any = None, reason: str = "stop") -> dict[str, Any]:
    """An answer as OpenAI's batch API and vLLM's `run-batch` give it."""
    text = content if isinstance(content, str) else json.dumps(GOOD if content is None else content)
    body = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
    }
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "batch_1", "custom_id": request["custom_id"], "response": response, "error": None}


def refused(request: dict[str, Any], status: int, message: str) -> dict[str, Any]:
    response = {"status_code": status, "body": {"error": {"message": message}}}
    return {"id": "batch_1", "custom_id": request["custom_id"], "response": response, "error": None}


def expired(request: dict[str, Any]) -> dict[str, Any]:
    error = {"code": "batch_expired", "message": "This request could not be executed in time."}
    return {"id": "batch_1", "custom_id": request["custom_id"], "response": None, "error": error}


def test_requests_are_written_and_their_answers_become_the_layer(corpus: Corpus, desk: Desk) -> None:
    first = desk.run()
    assert first.status == 2
    assert "still to come: 4 answers, for 4 of 4 documents" in str(first.error)
    lines = desk.requests()
    assert [set(line) for line in lines] == [{"custom_id", "method", "url", "body"}] * 4
    assert {(line["method"], line["url"]) for line in lines} == {("POST", "/v1/chat/completions")}
    assert all(f"Report {i}:" in line["body"]["messages"][-1]["content"] for i, line in enumerate(lines))
    desk.put("output.jsonl", [answer(line) for line in reversed(lines)])
    second = desk.run()
    assert second.status == 0
    assert second.taken is not None
    assert (second.taken.taken, second.taken.missing) == (4, 0)
    assert [len(line.mentions) for line in corpus.layer("system/m").values()] == [1] * 4
    assert desk.requests() == []
    assert second.facts is not None
    assert second.facts.usage["cost"] == pytest.approx(4 * EACH)
    assert second.facts.speed.latency is None


def test_names_are_the_same_each_time_and_apart_for_systems_and_runs(desk: Desk) -> None:
    both = expand([model("gpt")], 2).systems
    desk.run(*both)
    before = [desk.requests(name) for name in ("gpt/1", "gpt/2")]
    desk.run(*both)
    assert [desk.requests(name) for name in ("gpt/1", "gpt/2")] == before
    names = [line["custom_id"] for lines in before for line in lines]
    assert len(set(names)) == 8
    assert all(len(name) <= 64 and name.replace("-", "").isalnum() for name in names)


def test_what_is_missing_expired_doubled_damaged_or_of_others_is_told(desk: Desk) -> None:
    desk.run()
    one, two, three, _ = desk.requests()
    foreign = {"custom_id": "someone-else-1"}
    whole = json.dumps(answer(two))
    desk.put("a.jsonl", [answer(one), answer(one), expired(three), answer(foreign), whole[: len(whole) // 2]])
    outcome = desk.run()
    assert outcome.taken is not None
    assert (outcome.taken.taken, outcome.taken.doubled, outcome.taken.missing) == (1, 1, 2)
    assert outcome.taken.failed == {"batch_expired": 1}
    assert any("a.jsonl:5" in told for told in desk.remarks)
    assert any("answers to 1 request" in told for told in desk.remarks)
    assert "still to come: 3 answers, for 3 of 4" in str(outcome.error)
    # What was not answered at all has a new name, so that the old line cannot be taken for its answer.
    names = [line["custom_id"] for line in desk.requests()]
    assert two["custom_id"] in names
    assert three["custom_id"] not in names
    desk.put("b.jsonl", [answer(line) for line in desk.requests()])
    assert desk.run().status == 0


def test_an_answer_wins_over_a_failure_of_the_same_name(desk: Desk) -> None:
    desk.run()
    lines = desk.requests()
    desk.put("a.jsonl", [expired(lines[0]), *map(answer, lines)])
    assert desk.run().status == 0


def test_what_was_cut_off_or_broken_is_in_the_next_file(corpus: Corpus, desk: Desk) -> None:
    desk.run()
    lines = desk.requests()
    cut = json.dumps(GOOD)[:-15]
    answers = [answer(lines[0], cut, "length"), answer(lines[1], "no JSON"), *map(answer, lines[2:])]
    desk.put("a.jsonl", answers)
    assert "still to come: 2 answers, for 2 of 4" in str(desk.run().error)
    go_on, again = desk.requests()
    assert go_on["body"]["messages"][-1]["content"].startswith("Your answer was cut off")
    assert again["body"] == lines[1]["body"]
    assert again["custom_id"] != lines[1]["custom_id"]
    desk.put("b.jsonl", [answer(go_on, {"mentions": [], "events": []}), answer(again)])
    outcome = desk.run()
    assert outcome.facts is not None
    assert outcome.facts.usage["continued"] == 1
    assert outcome.spent is not None
    assert outcome.spent.cost == pytest.approx(6 * EACH)
    assert [len(line.mentions) for line in corpus.layer("system/m").values()] == [1] * 4


def test_a_refusal_in_the_answers_is_what_it_is_when_asked_at_once(desk: Desk) -> None:
    desk.run()
    lines = desk.requests()
    form = refused(lines[0], 400, "response_format json_schema is not supported")
    desk.put("a.jsonl", [form, refused(lines[1], 400, "no such thing"), *map(answer, lines[2:])])
    outcome = desk.run(keep_going=True)
    assert outcome.taken is not None
    assert outcome.taken.refused == 2
    (other,) = desk.requests()
    assert other["body"]["response_format"] == {"type": "json_object"}
    desk.put("b.jsonl", [answer(other)])
    outcome = desk.run()
    # The document that was refused failed, and is asked about again.
    assert "still to come: 1 answer, for 1 of 4" in str(outcome.error)


def test_each_piece_of_a_long_text_has_a_line_of_its_own(tmp_path: Path) -> None:
    text = "".join(f"On day {i} of the month the rebels shelled Herat again.\n" for i in range(12))
    corpus = create_corpus(
        tmp_path / "long", Manifest(name="t", ontology="conflict"), [make_document("d", text)]
    )
    desk = Desk(corpus, tmp_path / "batch")
    desk.run(model(chunk=200))
    lines = desk.requests()
    assert len(lines) > 2
    desk.put("a.jsonl", [answer(line) for line in lines[:-1]])
    desk.run(model(chunk=200))
    assert [line["custom_id"] for line in desk.requests()] == [lines[-1]["custom_id"]]
    desk.put("b.jsonl", [answer(lines[-1])])
    assert desk.run(model(chunk=200)).status == 0


def test_a_budget_holds_for_what_is_written(desk: Desk) -> None:
    desk.run()
    size = len(msgspec.json.encode(desk.requests()[0]["body"]))
    largest = size * 0.5e-6 + 300 * 5e-6
    desk.folder.joinpath("m.requests.jsonl").unlink()
    other = [model("n")]
    outcome = desk.run(*other, budget=2.5 * largest)
    assert len(desk.requests("n")) == 2
    assert "stopped by --budget" in str(outcome.error)
    assert "still to come: 2 answers, for 2 of 4" in str(outcome.error)
    # Written again, they are the same requests and count once.
    desk.run(*other, budget=2.5 * largest)
    assert len(desk.requests("n")) == 2


def test_what_batch_answers_hold_is_used_when_asked_at_once(desk: Desk, serving: ModuleType) -> None:
    desk.run()
    desk.put("a.jsonl", [answer(line) for line in desk.requests()])
    desk.run()
    (outcome,) = run(desk.corpus, [model()])
    assert outcome.status == 0


def test_asking_anew_by_batch_files_is_refused(desk: Desk) -> None:
    with pytest.raises(ExtractorError, match="leave --fresh out"):
        desk.run(fresh=True)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_text(""), "is a file; name a folder"),
        (lambda path: None, "--batch is for language models"),
    ],
)
def test_what_cannot_be_a_batch_is_refused(
    desk: Desk, make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    make(desk.folder)
    with pytest.raises(ExtractorError, match=told):
        desk.run(parse_system("rules=lexicon"))
