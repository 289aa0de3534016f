"""What a push would do is told before anything is touched, and never touches what people have worked on."""

from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import tasks
from goldwire.annotate.exchange.tasks import Encoded
from goldwire.annotate.sync import plan, prefill
from goldwire.annotate.sync.mirror import Task
from goldwire.annotate.sync.prefill import Local
from goldwire.annotate.sync.put import Put

ANNOTATION = {"id": 1, "result": []}


def local(key: str, text: str = "Text.", *, mark: int | None = None, title: str = "T") -> Local:
    """A task as `locals_of` makes it; `mark` stands for what its prediction holds."""
    task: dict[str, Any] = {"data": {"goldwire_id": key, "text": text, "sha256": text, "title": title}}
    if mark is not None:
        task["predictions"] = [{"result": [{"id": mark}]}]
    return prefill.locals_of(Encoded((task,)), "system/x")[0]


def there(id: int, of: Local, **work: Any) -> Task:
    """The task of `of` on the server; with a prediction if it has one."""
    return Task(id=id, data=of.data, predictions=[id * 10] if of.is_prefilled else [], **work)


def test_everything_is_new_on_an_empty_server() -> None:
    made = plan.make([local("a"), local("b")], [])
    assert [item.key for item in made.new] == ["a", "b"]
    assert made.counts()["new"] == 2
    assert not made.is_empty


def test_nothing_is_to_do_when_all_is_there() -> None:
    tasks = [local("a", mark=1), local("b")]
    made = plan.make(tasks, [there(1, tasks[0]), there(2, tasks[1])])
    assert made.is_empty
    assert made.unchanged == 2


def test_what_nobody_has_worked_on_follows_the_corpus() -> None:
    made = plan.make([local("a", "New text.")], [there(7, local("a", "Old text."))])
    assert [(update.id, update.local.data["text"]) for update in made.changed] == [(7, "New text.")]


@pytest.mark.parametrize("work", [{"annotations": [ANNOTATION]}, {"drafts": [ANNOTATION]}])
def test_changed_text_of_a_task_that_somebody_has_worked_on_is_a_conflict(work: dict[str, Any]) -> None:
    made = plan.make([local("a", "New text.")], [there(7, local("a", "Old text."), **work)])
    assert made.changed == ()
    assert [(conflict.key, conflict.tasks) for conflict in made.conflicting] == [("a", (7,))]


def test_title_of_a_task_that_somebody_has_worked_on_is_left_as_it_is() -> None:
    old = there(7, local("a", title="Old"), annotations=[ANNOTATION])
    made = plan.make([local("a", title="New")], [old])
    assert (made.kept, made.changed, made.conflicting) == (("a",), (), ())


def test_predictions_are_replaced_only_where_nobody_has_worked() -> None:
    new = [local("a", mark=2), local("b", mark=2), local("c", mark=1)]
    old = [
        there(1, local("a", mark=1)),
        there(2, local("b", mark=1), annotations=[ANNOTATION]),
        there(3, local("c", mark=1)),
    ]
    made = plan.make(new, old)
    assert [(update.id, update.predictions) for update in made.changed] == [(1, True)]
    assert made.kept == ("b",)
    assert made.unchanged == 1


def test_prediction_that_went_missing_on_the_server_is_brought_again() -> None:
    task = local("a", mark=1)
    made = plan.make([task], [Task(id=1, data=task.data, predictions=[])])
    assert [(update.id, update.predictions) for update in made.changed] == [(1, True)]


def test_title_alone_leaves_predictions_alone() -> None:
    made = plan.make([local("a", mark=1, title="New")], [there(1, local("a", mark=1, title="Old"))])
    assert [(update.id, update.predictions) for update in made.changed] == [(1, False)]


def test_task_whose_document_is_gone_is_named_and_stays() -> None:
    made = plan.make([local("a")], [there(1, local("a")), there(2, local("gone"))])
    assert made.orphaned == ("gone",)
    assert made.is_empty


def test_second_copies_go_and_the_one_that_somebody_works_on_stays() -> None:
    task = local("a")
    made = plan.make([task], [there(1, task), there(2, task, drafts=[ANNOTATION]), there(3, task)])
    assert made.doubled == (1, 3)
    assert made.unchanged == 1
    assert plan.make([task], [there(5, task), there(4, task)]).doubled == (5,)


def test_copies_that_people_have_worked_on_are_a_conflict_and_all_stay() -> None:
    task = local("a")
    copies = [there(id, task, annotations=[ANNOTATION]) for id in (1, 2)]
    made = plan.make([task], copies)
    assert made.doubled == ()
    assert [conflict.tasks for conflict in made.conflicting] == [(1, 2)]


def test_tasks_of_others_are_counted_and_left_alone() -> None:
    made = plan.make([], [Task(id=1, data={"text": "Theirs."})])
    assert made.foreign == 1
    assert made.orphaned == ()


def frame(layer: str, event: str = "e") -> Local:
    """A frames task, bound to an event of a layer."""
    data = {"goldwire_id": f"d/{event}", "text": "T", "sha256": "T", "event": event, "layer": layer}
    return Local(key=f"d/{event}", data=data)


def test_answers_to_frames_are_bound_to_layer_and_event_not_to_the_layers_version() -> None:
    worked = there(1, frame("gold@1111"), annotations=[ANNOTATION])
    assert plan.make([frame("gold@2222")], [worked]).kept == ("d/e",)
    assert plan.make([frame("annotator/anna@1111")], [worked]).conflicting[0].key == "d/e"
    assert plan.make([frame("gold@2222")], [there(1, frame("gold@1111"))]).changed[0].id == 1


# ---------------------------------------------------------------- what somebody else has put there


def put_of(*tasks: Local) -> Put:
    return Put(tasks={task.key: (prefill.digest(task.data),) for task in tasks})


def test_what_somebody_else_has_put_there_is_a_conflict_that_names_what_it_is() -> None:
    mine, theirs = local("a", title="Mine"), local("a", title="Theirs")
    made = plan.make([mine], [there(7, theirs)], put=put_of(mine))
    assert made.changed == ()
    [conflict] = made.conflicting
    assert (conflict.key, conflict.tasks) == ("a", (7,))
    assert conflict.message.startswith("title was changed there since")


def test_what_this_clone_put_there_follows_the_corpus() -> None:
    before, now = local("a", title="Before"), local("a", title="Now")
    assert plan.make([now], [there(7, before)], put=put_of(before)).changed[0].what == ("title",)


def test_a_push_that_was_killed_is_not_taken_for_somebody_elses() -> None:
    before, sent, now = local("a", title="1"), local("a", title="2"), local("a", title="3")
    noted = put_of(before).with_more({}, {"a": prefill.digest(sent.data)})
    for state in (before, sent):
        assert len(plan.make([now], [there(7, state)], put=noted).changed) == 1


def test_a_clone_that_never_pushed_changes_nothing_that_is_there() -> None:
    mine = [local("a", title="Mine"), local("b"), local("c", mark=1)]
    remote = [there(1, local("a", title="Theirs")), there(2, local("b")), there(3, local("c", mark=2))]
    made = plan.make(mine, remote, put=Put())
    assert (made.changed, made.unchanged) == ((), 1)
    told = {conflict.key: conflict.message.partition(" was")[0] for conflict in made.conflicting}
    assert told == {"a": "title", "c": "prediction"}


def test_a_task_that_was_there_and_is_gone_is_named() -> None:
    made = plan.make([local("a"), local("b")], [], put=put_of(local("a")))
    assert made.gone == ("a",)


def test_predictions_that_are_taken_away_are_told_from_those_that_are_set() -> None:
    remote = [there(1, local("a", mark=1)), there(2, local("b", mark=1)), there(3, local("c"))]
    made = plan.make([local("a"), local("b", mark=2), local("c", mark=3)], remote)
    assert {update.local.key: update.removes for update in made.changed} == {
        "a": True,
        "b": False,
        "c": False,
    }
    assert (made.counts()["predictions"], made.counts()["removed predictions"]) == (2, 1)


def test_a_prediction_that_gives_way_to_marks_of_what_is_excluded_is_taken_away() -> None:
    marks = prefill.locals_of(
        Encoded(({"data": {"goldwire_id": "a"}, "predictions": [{"result": [{"id": "_m1"}]}]},)), "gold"
    )[0]
    task: dict[str, Any] = {"data": {"goldwire_id": "a"}, "predictions": [{"result": [{"id": "m"}]}]}
    shown = prefill.locals_of(Encoded((task,)), "gold")[0]
    assert [update.removes for update in plan.make([marks], [there(1, shown)]).changed] == [True]
    assert [update.removes for update in plan.make([shown], [there(1, marks)]).changed] == [False]


def test_the_name_of_a_layer_alone_changes_no_prediction() -> None:
    task: dict[str, Any] = {"data": {"goldwire_id": "a"}, "predictions": [{"result": [{"id": "m"}]}]}
    gold, copy = (prefill.locals_of(Encoded((task,)), name)[0] for name in ("gold", "copy of gold"))
    made = plan.make([copy], [there(1, gold)])
    assert made.is_empty
    assert made.unchanged == 1


# ---------------------------------------------------------------- drawn documents
def test_a_drawn_task_has_a_prediction_with_its_place_even_if_nothing_is_shown() -> None:
    bare, shown = prefill.scored(local("a"), 0.000003), prefill.scored(local("b", mark=1), 0.0)
    assert bare.sent()["predictions"] == [
        {"model_version": "goldwire", "result": msgspec.Raw(b"[]"), "score": 0.000003}
    ]
    assert (shown.score, shown.result) == (0.0, [{"id": 1}])
    assert shown_layers(bare, shown) == ["none", "system/x"]
    assert prefill.scored(local("a"), None) == local("a")


def shown_layers(*items: Local) -> list[str | None]:
    return [tasks.shown(item.data) for item in items]


def test_another_place_in_the_order_changes_the_prediction_alone() -> None:
    before, after = (prefill.scored(local("a", mark=1), score) for score in (0.000001, 0.000002))
    [update] = plan.make([after], [there(1, before)]).changed
    assert (update.what, update.predictions, update.removes) == (("prediction",), True, False)
    assert plan.make([after], [there(1, after)]).is_empty


def test_another_clone_sees_the_place_that_a_prediction_has() -> None:
    wanted = prefill.scored(local("a", mark=1), 0.000001)
    same = {"result": [{"id": 1}], "score": 0.000001}
    assert prefill.shown_of([same], wanted) == prefill.shown_by(wanted.data)
    assert prefill.shown_of([{**same, "score": 0.5}], wanted) != prefill.shown_by(wanted.data)


def test_tasks_of_documents_that_were_not_drawn_are_left_and_belong_to_no_other_kind() -> None:
    others = [there(n, document(id)) for n, id in enumerate(["b", "gone"])]
    made = plan.make([local("a")], others, apart={"b"})
    assert (made.unpicked, made.orphaned) == (1, ("gone",))
    assert made.counts()["unpicked"] == 1


def document(id: str) -> Local:
    item = local(id)
    return msgspec.structs.replace(item, data={**item.data, "document": id})
