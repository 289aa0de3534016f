"""Predictions of many tasks are changed together: nothing is lost or doubled, nobody is held up, all told."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.sync import api, bulk, filters, push
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.push import Pushed
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Mention

pytestmark = pytest.mark.live

MENTIONS = 150
Push = Callable[..., Pushed]


@pytest.fixture
def work(tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(tmp_path / tmp_path.name, 40, 2000)


@pytest.fixture
def do_push(client: Client, work: Corpus) -> Push:
    def call(layer: str | None = "system/x", **more: Any) -> Pushed:
        ontology, title = work.ontology(), work.path.name
        assert ontology is not None
        documents = tuple(open_corpus(work.path).documents())
        order = Order(title=title, group=title, prefill=layer, documents=documents)
        return push.push(client, work, ontology, order, quiet=0.8, **more)

    return call


def shorten(corpus: Corpus) -> None:
    """Take the last event of each document away."""
    layer = corpus.layer("system/x").values()
    corpus.write_layer("system/x", [msgspec.structs.replace(a, events=a.events[:-1]) for a in layer])


def shown(client: Client, pushed: Pushed) -> dict[str, list[tuple[str, int]]]:
    """Who predicted how many regions, by our id."""
    assert pushed.project is not None
    ids = [task.id for task in api.tasks(client, pushed.project.id, filters.everything())]
    return {
        task.data["goldwire_id"]: sorted((p["model_version"], len(p["result"])) for p in task.predictions)
        for task in api.whole_tasks(client, pushed.project.id, ids)
        if "goldwire_id" in task.data
    }


def give(client: Client, pushed: Pushed, number: int, result: object) -> None:
    """Another model's prediction for the first tasks, which the server does not look at."""
    assert pushed.project is not None
    ids = [task.id for task in api.tasks(client, pushed.project.id, filters.everything())]
    for id in ids[:number]:
        item = {"task": id, "model_version": "theirs", "result": result, "score": 0.5}
        api.create_prediction(client, item)


UNKNOWN = [{"id": "a", "from_name": "gone", "to_name": "text", "type": "labels", "value": {"labels": ["X"]}}]


def test_all_predictions_change_and_those_of_others_stay(client: Client, work: Corpus, do_push: Push) -> None:
    """Even those that an import would leave out without a word."""
    first = do_push()
    give(client, first, 3, UNKNOWN)
    before = shown(client, first)
    shorten(work)
    after = do_push()
    assert after.plan.counts()["predictions"] == 40
    now = shown(client, after)
    assert now.keys() == before.keys()
    for key, predictions in before.items():
        [mine] = [size for who, size in predictions if who == "goldwire"]
        assert [size for who, size in now[key] if who == "goldwire"] == [mine - 3]  # trigger and two arrows
        assert [pair for pair in now[key] if pair[0] == "theirs"] == predictions[1:]
    assert sum(len(predictions) for predictions in now.values()) == 43
    assert do_push().plan.is_empty


STEPS = ["delete_predictions", "import_predictions", "set_field"]


@pytest.mark.parametrize(("step", "after"), [(step, after) for step in STEPS for after in (False, True)])
def test_killed_at_any_step_the_next_push_completes_it(
    client: Client, work: Corpus, do_push: Push, step: str, *, after: bool
) -> None:
    first = do_push()
    give(client, first, 25, [])
    shorten(work)
    whole = getattr(api, step)
    calls = []

    def killed(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            if after:
                whole(*arguments)
            raise KeyboardInterrupt
        return whole(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, step, killed)
        with pytest.raises(KeyboardInterrupt):
            do_push()
    left = shown(client, first)
    do_push(dry_run=True)
    assert shown(client, first) == left  # a plan puts nothing back
    done = do_push()
    for number, predictions in enumerate(shown(client, done).values()):
        assert [who for who, _ in predictions] == ["goldwire", "theirs"][: 2 if number < 25 else 1]
    assert do_push().plan.is_empty


@pytest.mark.parametrize("what", ["deleted late", "imported twice"])
def test_what_a_busy_server_does_twice_is_seen_and_put_right(
    client: Client, work: Corpus, do_push: Push, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A deletion whose answer was lost is carried out again after the import; an import is made twice."""
    first = do_push()
    give(client, first, 5, [])
    shorten(work)
    taken = api.import_predictions

    def disturbed(client: Client, project: int, items: list[dict[str, Any]]) -> int:
        created = taken(client, project, items)
        if what == "imported twice":
            taken(client, project, items[:7])
        else:
            api.delete_predictions(client, project, [item["task"] for item in items[:7]])
        monkeypatch.setattr(api, "import_predictions", taken)
        return created

    monkeypatch.setattr(api, "import_predictions", disturbed)
    done = do_push()
    for number, predictions in enumerate(shown(client, done).values()):
        assert [who for who, _ in predictions] == ["goldwire", "theirs"][: 2 if number < 5 else 1]
    assert do_push().plan.is_empty


def test_a_task_that_is_begun_meanwhile_is_left_alone(
    client: Client, work: Corpus, do_push: Push, annotators: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = do_push()
    assert first.project is not None
    task = next(iter(api.tasks(client, first.project.id, filters.everything())))
    shorten(work)

    def begin(*arguments: Any) -> bulk.Done:
        path = f"api/tasks/{task.id}/drafts"
        annotators[0].client.write("POST", path, {"result": [], "lead_time": 1})
        return change(*arguments)

    change = bulk.Changer.change
    monkeypatch.setattr(bulk.Changer, "change", begin)
    before = shown(client, first)
    after = shown(client, do_push())
    assert [key for key in before if after[key] == before[key]] == [task.data["goldwire_id"]]


def test_what_the_server_leaves_out_is_named(
    client: Client, work: Corpus, do_push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = do_push()
    assert first.project is not None
    shorten(work)
    ids = {t.data["goldwire_id"]: t.id for t in api.tasks(client, first.project.id, filters.everything())}
    taken = api.import_predictions

    def spoilt(client: Client, project: int, items: list[dict[str, Any]]) -> int:
        bad = [{**i, "result": UNKNOWN} if i["task"] == ids["d00007"] else i for i in items]
        return taken(client, project, bad)

    monkeypatch.setattr(api, "import_predictions", spoilt)
    assert do_push().refused == ("d00007",)
    monkeypatch.undo()
    assert do_push().plan.counts()["predictions"] == 1


def test_nobody_who_submits_meanwhile_is_refused(
    client: Client, work: Corpus, do_push: Push, annotators: list[Any]
) -> None:
    """40 tasks of 150 mentions, while somebody submits every second in the same project."""
    rows = {line.document: line for line in work.layer("system/x").values()}
    places = [m.spans[0] for m in rows["d00000"].mentions]

    def layer(type: str) -> None:
        many = tuple(
            Mention(id=f"m{n}", type=type, spans=(places[n % len(places)],)) for n in range(MENTIONS)
        )
        lines = [msgspec.structs.replace(line, mentions=many, events=()) for line in rows.values()]
        work.write_layer("system/x", lines)

    layer("MIL")
    first = do_push()
    assert first.project is not None
    extra = [b'{"data": {"text": "Theirs.", "title": "t", "byline": "b"}}'] * 30
    tasks = api.import_tasks(client, first.project.id, extra).task_ids
    stop, took = threading.Event(), list[float]()

    def submit() -> None:
        for task in tasks:
            if stop.wait(1.0):
                return
            at = time.monotonic()
            annotators[0].client.write_once(
                dict[str, Any], f"api/tasks/{task}/annotations/", b'{"result": []}'
            )
            took.append(time.monotonic() - at)

    thread = threading.Thread(target=submit)
    thread.start()
    layer("LOC")
    begun = time.monotonic()
    told = do_push()
    changed = time.monotonic() - begun
    stop.set()
    thread.join()
    assert told.plan.counts()["predictions"] == 40
    assert {who for all_ in shown(client, told).values() for who, _ in all_} <= {"goldwire"}
    assert max(took, default=0.0) < 5
    assert changed < 30  # a request and more for each task took over a minute
