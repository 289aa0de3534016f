"""Requests that Goldwire makes of Label Studio: projects, tasks, predictions, snapshots, people.

Each function is one request, or one page after the other. What may be sent once only raises `UncertainError`
when its answer is lost (`goldwire.annotate.sync.client`).
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.sync import filters
from goldwire.annotate.sync.client import Client, RefusedError
from goldwire.corpora.errors import ServerError

LISTED = 500  # tasks on a page of a list
PAGES = 20_000  # of a list, at most: ten million entries
ASKED = (
    300  # tasks asked for by id: 17 characters each stay under the 8,192 that a web server takes in a line
)
_ABSENT = 404


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project as the server tells it, as far as it matters here."""

    id: int
    title: str
    created_at: str
    label_config: str = ""
    description: str | None = None
    expert_instruction: str | None = None
    show_instruction: bool = False
    model_version: str | None = None
    maximum_annotations: int = 1
    overlap_cohort_percentage: int = 100
    sampling: str = "Sequential sampling"
    task_number: int | None = None
    finished_task_number: int | None = None


class Totals(msgspec.Struct, frozen=True):
    """How much a project holds; skipped annotations and drafts are not counted."""

    tasks: int
    annotations: int
    predictions: int


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a list: its id and data, and whether anything but text is there."""

    id: int
    data: dict[str, Any]
    total_annotations: int = 0
    cancelled_annotations: int = 0
    total_predictions: int = 0


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import: ids in the order sent, and how many predictions were taken."""

    task_ids: list[int]
    prediction_count: int | None = None


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A task with all that is in it; `draft_exists` tells of anybody's draft."""

    id: int
    data: dict[str, Any]
    annotations: list[Any] = []
    draft_exists: bool = False
    predictions: list[dict[str, Any]] = []

    @property
    def worked(self) -> bool:
        """Whether anybody has annotated, skipped or begun it."""
        return bool(self.annotations) or self.draft_exists


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An export that the server makes and keeps; `status` is created, in_progress, failed or completed."""

    id: int
    title: str
    status: str
    created_at: str
    md5: str = ""


class _Page(msgspec.Struct):
    tasks: list[Listed]
    total: int
    total_annotations: int
    total_predictions: int


class _WholePage(msgspec.Struct):
    tasks: list[Whole]


class _Created(msgspec.Struct):
    created: int


class _Projects(msgspec.Struct):
    results: list[Project]
    next: str | None = None


class _Person(msgspec.Struct):
    id: int
    email: str


# ---------------------------------------------------------------- people and projects


def whoami(client: Client) -> str:
    """The address of the person whose token it is; raises `RefusedError` if the token is not taken."""
    return client.read_as(_Person, "api/current-user/whoami").email


def people(client: Client) -> dict[int, str]:
    """The address of everybody in the organisation, by id."""
    return {person.id: person.email for person in client.read_as(list[_Person], "api/users/")}


def project(client: Client, id: int) -> Project:
    """A project; raises `RefusedError` if there is none of this id."""
    return client.read_as(Project, f"api/projects/{id}/")


def find_project(client: Client, id: int) -> Project | None:
    """A project; None if there is none of this id."""
    try:
        return project(client, id)
    except RefusedError as error:
        if error.status != _ABSENT:
            raise
    return None


def projects(client: Client, title: str) -> list[Project]:
    """The projects of exactly this title, the oldest first."""
    return [item for item in projects_like(client, title) if item.title == title]


def projects_like(client: Client, title: str) -> list[Project]:
    """The projects with these words in their title, the oldest first."""
    found, page = list[Project](), 1
    while True:
        params = {"title": title, "page": page, "page_size": LISTED}
        answer = client.read_as(_Projects, "api/projects/", params)
        found += answer.results
        if not answer.next or not answer.results:
            return sorted(found, key=lambda item: item.id)
        page = _next(client, page)


def create_project(client: Client, **fields: Any) -> Project:
    """Make a project. Raises `UncertainError`."""
    return client.write_once(Project, "api/projects/", msgspec.json.encode(fields))


def update_project(client: Client, id: int, **fields: Any) -> None:
    """Set fields of a project."""
    client.write("PATCH", f"api/projects/{id}/", fields)


def delete_project(client: Client, id: int) -> None:
    """Delete a project with all that is in it."""
    client.write("DELETE", f"api/projects/{id}/")


# ---------------------------------------------------------------- tasks


def import_tasks(client: Client, project: int, tasks: Sequence[bytes]) -> Imported:
    """Add tasks, each given as JSON. Predictions that are not valid are left out. Raises `UncertainError`."""
    params = {"return_task_ids": True}
    body = b"[" + b",".join(tasks) + b"]"
    return client.write_once(Imported, f"api/projects/{project}/import", body, params)


def update_task(client: Client, id: int, data: dict[str, Any]) -> None:
    """Replace the data of a task."""
    client.write("PATCH", f"api/tasks/{id}/", {"data": data})


def delete_task(client: Client, id: int) -> None:
    """Delete a task with all that is in it."""
    client.write("DELETE", f"api/tasks/{id}/")


def delete_untouched(client: Client, project: int, ids: Sequence[int]) -> None:
    """Delete those of some tasks that nobody has annotated, skipped or begun at the moment of deleting.

    The server chooses and deletes in one step, so nothing that is submitted meanwhile is lost. An empty list
    would mean all tasks there; it asks for nothing here.
    """
    if ids:
        body = {**filters.every(filters.untouched()), **_selected(ids)}
        client.write("POST", f"api/dm/actions/?id=delete_tasks&project={project}", body)


def task(client: Client, id: int) -> dict[str, Any]:
    """A task with annotations and predictions, and the drafts of the token's owner."""
    return client.read_as(dict[str, Any], f"api/tasks/{id}/", {"resolve_uri": False})


def find_task(client: Client, id: int) -> dict[str, Any] | None:
    """The same; None if there is none of this id."""
    try:
        return task(client, id)
    except RefusedError as error:
        if error.status != _ABSENT:
            raise
    return None


def drafts(client: Client, id: int) -> list[Any]:
    """The drafts of a task, everybody's."""
    return client.read_as(list[Any], f"api/tasks/{id}/drafts")


def totals(client: Client, project: int) -> tuple[Totals, datetime]:
    """How much a project holds, and the server's own time."""
    params = {"project": project, "page_size": 1, "resolve_uri": False}
    page, date = client.read_at(_Page, "api/tasks/", params)
    return Totals(page.total, page.total_annotations, page.total_predictions), _clock(date)


def _clock(date: str | None) -> datetime:
    try:
        return email.utils.parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def count(client: Client, project: int, chosen: filters.Filter) -> int:
    """How many tasks a filter lets through."""
    params = {"project": project, "page_size": 1, "resolve_uri": False, "query": filters.query(chosen)}
    return client.read_as(_Page, "api/tasks/", params).total


def tasks(client: Client, project: int, chosen: filters.Filter) -> Iterator[Listed]:
    """The tasks that a filter lets through, oldest first."""
    page = 1
    while True:
        params = {
            "project": project,
            "page": page,
            "page_size": LISTED,
            "resolve_uri": False,
            "query": filters.query(chosen),
        }
        found = client.read_as(_Page, "api/tasks/", params)
        yield from found.tasks
        if page * LISTED >= found.total or not found.tasks:
            return
        page = _next(client, page)


def _next(client: Client, page: int) -> int:
    """The number of the next page; `ServerError` where there is no end of them."""
    if page >= PAGES:
        raise ServerError(
            f"{client.url}: has more than {PAGES * LISTED:,} entries in one list; nothing more of it was read"
        )
    return page + 1


def export(client: Client, project: int, ids: Iterable[int]) -> bytes:
    """Tasks by id, as the server exports them: annotations, everybody's drafts, predictions by id."""
    params = {"exportType": "JSON", "download_all_tasks": True, "ids[]": list(ids)}
    return client.read(f"api/projects/{project}/export", params)


def whole_tasks(client: Client, project: int, ids: Sequence[int]) -> list[Whole]:
    """Tasks by id, at most `LISTED`, with their predictions and with what anybody has begun."""
    if not ids:
        return []
    chosen = filters.with_ids(ids)
    params = {
        "project": project,
        "page_size": LISTED,
        "fields": "all",
        "resolve_uri": False,
        "query": filters.query(chosen),
    }
    return client.read_as(_WholePage, "api/tasks/", params).tasks


def set_field(client: Client, project: int, ids: Sequence[int], name: str, value: str) -> None:
    """Set one field of the data of many tasks to one value; the server notes no time for it."""
    body = {**_selected(ids), "value_name": name, "value_type": "String", "value": value}
    client.write("POST", f"api/dm/actions/?id=add_data_field&project={project}", body)


def _selected(ids: Sequence[int]) -> dict[str, Any]:
    return {"selectedItems": {"all": False, "included": [*ids]}}


# ---------------------------------------------------------------- predictions and annotations


def all_predictions(client: Client, project: int) -> list[dict[str, Any]]:
    """Every prediction of a project, whole."""
    return client.read_as(list[dict[str, Any]], "api/predictions/", {"project": project})


def import_predictions(client: Client, project: int, items: Sequence[Mapping[str, Any]]) -> int:
    """Add predictions to tasks; how many were made, which may be fewer. Raises `UncertainError`."""
    path = f"api/projects/{project}/import/predictions"
    return client.write_once(_Created, path, msgspec.json.encode(items)).created


def create_prediction(client: Client, item: Mapping[str, Any]) -> None:
    """Add one prediction, which the server does not look at. Raises `UncertainError`."""
    client.write_once(dict[str, Any], "api/predictions/", msgspec.json.encode(item))


def delete_predictions(client: Client, project: int, ids: Sequence[int]) -> None:
    """Delete all predictions of tasks, whoever made them."""
    path = f"api/dm/actions/?id=delete_tasks_predictions&project={project}"
    client.write("POST", path, _selected(ids))


def update_prediction(client: Client, id: int, prediction: Mapping[str, Any]) -> None:
    """Replace what is given of a prediction."""
    client.write("PATCH", f"api/predictions/{id}/", prediction)


def update_annotation(client: Client, id: int, result: Any) -> None:
    """Replace what an annotation holds; who made it and how long it took stay."""
    client.write("PATCH", f"api/annotations/{id}/", {"result": result})


def update_draft(client: Client, id: int, result: Any) -> None:
    """Replace what a draft holds; it stays its author's."""
    client.write("PATCH", f"api/drafts/{id}/", {"result": result})


# ---------------------------------------------------------------- snapshots


def create_snapshot(client: Client, project: int, title: str) -> Snapshot:
    """Let the server export all tasks to a file of its own. Raises `UncertainError`."""
    whole = {"only_id": False}
    body = {"title": title, "serialization_options": {"drafts": whole, "predictions": {"only_id": True}}}
    return client.write_once(Snapshot, f"api/projects/{project}/exports/", msgspec.json.encode(body))


def snapshots(client: Client, project: int, title: str) -> list[Snapshot]:
    """The snapshots of this title, the oldest first."""
    found = client.read_as(list[Snapshot], f"api/projects/{project}/exports/")
    return sorted((item for item in found if item.title == title), key=lambda item: item.id)


def download_snapshot(client: Client, project: int, id: int, to: Path) -> None:
    """Put a snapshot into a file."""
    client.download(f"api/projects/{project}/exports/{id}/download", {"exportType": "JSON"}, to)


def delete_snapshot(client: Client, project: int, id: int) -> None:
    """Delete a snapshot; tasks stay."""
    client.write("DELETE", f"api/projects/{project}/exports/{id}")
