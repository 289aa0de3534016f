"""Who has done how much is counted task by task, and undefined where nothing was measured."""

from typing import Any

import pytest

from goldwire.annotate.sync import status
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.pull import Request
from goldwire.annotate.sync.status import Work

NAMES = {"1": "anna", "2": "ben"}


def annotation(who: int, seconds: float | None = 10.0, day: int = 1, **more: Any) -> dict[str, Any]:
    at = f"2026-03-0{day}T09:00:00.000000Z"
    return {"id": who, "completed_by": who, "lead_time": seconds, "created_at": at, "result": [], **more}


def draft(who: int) -> dict[str, Any]:
    return {
        "id": 9,
        "user": "x@y",
        "created_username": f" x@y, {who}",
        "lead_time": 3.0,
        "created_at": "2026",
    }


def task(id: int, annotations: list[Any], drafts: list[Any] | None = None) -> dict[str, Any]:
    return {"id": id, "data": {"goldwire_id": f"d{id}"}, "annotations": annotations, "drafts": drafts or []}


def project(**fields: Any) -> Project:
    return Project(id=1, title="p", created_at="", **fields)


TASKS = [
    task(1, [annotation(1, 10.0), annotation(2, 40.0)]),
    task(2, [annotation(1, 30.0, day=2)], [draft(1), draft(2)]),
    task(3, [annotation(1, None, day=2)]),
    task(4, [annotation(2, 5.0, was_cancelled=True)]),
    task(5, [], [draft(1)]),
    task(6, []),
]


def work() -> list[Work]:
    return [item for each in TASKS for item in status.work_of(each, NAMES)]


def test_each_is_told_by_name_task_and_state() -> None:
    assert [(item.key, item.person, item.state) for item in work()] == [
        ("d1", "anna", "done"),
        ("d1", "ben", "done"),
        ("d2", "anna", "done"),
        ("d2", "ben", "draft"),  # anna's draft is of what she has submitted
        ("d3", "anna", "done"),
        ("d4", "ben", "skipped"),
        ("d5", "anna", "draft"),
    ]


def test_people_are_counted_with_the_median_of_what_was_measured() -> None:
    anna, ben = status.people_of(work(), {"anna": [3], "ben": [None]})
    # Anna: 10 and 30 seconds and one without a time; two days, three tasks.
    assert (anna.done, anna.skipped, anna.drafts, anna.seconds, anna.pace) == (3, 0, 1, 20.0, 1.5)
    assert (ben.done, ben.skipped, ben.drafts, ben.seconds, ben.pace) == (1, 1, 1, 40.0, 1.0)
    assert (anna.open, ben.open) == (3, None)
    assert anna.last == "2026-03-02T09:00:00.000000Z"


def test_who_has_only_drafts_has_no_time_and_no_pace() -> None:
    [cleo] = status.people_of(status.work_of(TASKS[4], {"1": "cleo"}), {"cleo": [1]})
    assert (cleo.done, cleo.seconds, cleo.pace) == (0, None, None)


def test_who_is_expected_and_has_not_begun_is_told_with_all_that_is_open() -> None:
    opened = status.open_tasks(project(), [5, 6], [], ["cleo"])
    [cleo] = status.people_of([], {"cleo": [opened["cleo"]]})
    assert (cleo.name, cleo.done, cleo.open, cleo.tasks, cleo.last) == ("cleo", 0, 2, 2, "")


@pytest.mark.parametrize(
    ("title", "at_work", "expected"),
    [
        ("round (anna)", set(), {"A1"}),  # by the address up to the @
        ("round (anna)", {"ben"}, {"A1"}),  # ben has looked in
        ("round (ben@x.org)", set(), {"ben"}),
        ("round (second)", set(), {"second"}),  # nobody on the server is called so
        ("round (second)", {"ben"}, set()),  # then it is whose who works in it
        ("round", {"ben"}, {"cem"}),  # one project for all: those who were given names
        ("other (anna)", set(), {"cem"}),
    ],
)
def test_project_is_expected_to_be_worked_in_by_its_person(
    title: str, at_work: set[str], expected: set[str]
) -> None:
    names = {"1": "A1", "anna@x.org": "A1", "2": "ben", "ben@x.org": "ben"}
    request = Request(group="round", names={"3": "cem"})
    assert status._expected(request, title, names, at_work) == expected


def test_documents_are_counted_by_how_many_people_are_through_with_them() -> None:
    keys = {task["data"]["goldwire_id"]: task["data"]["goldwire_id"] for task in TASKS}
    # d1 by both; d2 and d3 by anna; d4 is skipped, d5 begun, d6 untouched.
    assert status.times_done(keys, work()) == {0: 3, 1: 2, 2: 1}
    # In frames a document is done when each of its events is: d1 and d2 are events of one, d3 and d4 too.
    events = {"d1": "x", "d2": "x", "d3": "y", "d4": "y"}
    assert status.times_done(events, [item for item in work() if item.key in events]) == {0: 1, 1: 1, 2: 0}


def test_who_made_an_annotation_of_a_deleted_account_is_known_from_the_layers() -> None:
    orphan = task(7, [annotation(9)])
    assert [item.person for item in status.work_of(orphan, NAMES, {9: "dora"})] == ["dora"]
    assert [item.person for item in status.work_of(orphan, NAMES, {1: "dora"})] == ["9"]
    begun = task(8, [], [draft(9)])
    assert [item.person for item in status.work_of(begun, NAMES, {9: "dora"})] == ["9"], "other ids"


def test_open_is_what_wants_annotations_and_has_none_of_theirs() -> None:
    ids = [each["id"] for each in TASKS]
    # One annotation each: tasks 4, 5 and 6 have none; ben has skipped 4, anna has only begun 5.
    assert status.open_tasks(project(), ids, work()) == {"anna": 3, "ben": 2}
    # Two each: all but task 1 want more; anna has done 2 and 3, ben has skipped 4.
    assert status.open_tasks(project(maximum_annotations=2), ids, work()) == {"anna": 3, "ben": 4}
    shared = project(maximum_annotations=2, overlap_cohort_percentage=20)
    assert status.open_tasks(shared, ids, work()) == {"anna": None, "ben": None}
