"""How far the people are: what each has done, skipped and begun, how long it takes them, and what is left.

Times are what Label Studio measured: seconds with the task open, pauses included. They are told as medians,
for one task left open over lunch moves a mean by minutes.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange import exports
from goldwire.annotate.exchange.exports import Entry
from goldwire.annotate.sync import people, pull
from goldwire.annotate.sync.api import KEY, Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.pull import Request
from goldwire.corpora.store import Corpus

State = Literal["done", "skipped", "draft"]
_STATES: dict[str, State] = {"submitted": "done", "skipped": "skipped", "draft": "draft"}
_DATE = len("2026-01-31")


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What one person has done with one task; `seconds` is None where the server measured nothing."""

    task: int
    key: str
    person: str
    state: State
    seconds: float | None = None
    at: str = ""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person in all projects of a group, counted in tasks.

    `seconds` is the median of a done task. `pace` is the mean of done tasks on a day with any. `open` are
    tasks that still want annotations and have none of theirs, in the projects that they have worked in: with
    others, unless each has a project; None where the server alone knows which tasks two are to do. Undefined
    is None.
    """

    name: str
    done: int
    skipped: int
    drafts: int
    seconds: float | None
    pace: float | None
    open: int | None
    last: str


class Progressing(msgspec.Struct, frozen=True, kw_only=True):
    """One project: tasks in it, those that have all the annotations they want, and those nobody has begun."""

    id: int
    title: str
    url: str
    tasks: int
    finished: int
    untouched: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a group of projects is."""

    projects: tuple[Progressing, ...]
    people: tuple[Person, ...]
    work: tuple[Work, ...]

    @property
    def remaining(self) -> int:
        """Tasks that want more annotations."""
        return sum(project.tasks - project.finished for project in self.projects)


def status(
    client: Client, corpus: Corpus, request: Request, *, progress: Progress = lambda _: None
) -> Status:
    """Ask the server how far a group of projects is. Layers are not touched."""
    projects, work = list[Progressing](), list[Work]()
    opened: dict[str, list[int | None]] = defaultdict(list)
    for path, known in pull.folders_of(corpus, request.group, request.projects).items():
        with open_journal(path) as journal:
            project, there = pull.fetch(client, journal, request, progress, known)
        names = people.names(client, corpus, there, request.naming, request.names)
        found = [item for task in there.values() for item in work_of(task, names)]
        projects.append(_progressing(client, project, there))
        for name, left in open_tasks(project, [*there.raw], found).items():
            opened[name].append(left)
        work += found
    return Status(projects=tuple(projects), people=people_of(work, opened), work=tuple(work))


def _progressing(client: Client, project: Project, there: Mirror) -> Progressing:
    return Progressing(
        id=project.id,
        title=project.title,
        url=f"{client.url}/projects/{project.id}/data",
        tasks=len(there),
        finished=project.finished_task_number or 0,
        untouched=sum(not task.worked for task in there.tasks()),
    )


def work_of(task: dict[str, Any], names: Mapping[str, str]) -> list[Work]:
    """What people have done with a task. A draft of something submitted is no work of its own."""
    found = list[Work]()
    for kind, entry in exports.entries(task):
        if isinstance(entry, Entry) and kind in _STATES:
            found.append(_work(task, entry, _STATES[kind], names))
    finished = {item.person for item in found if item.state != "draft"}
    return [item for item in found if item.state != "draft" or item.person not in finished]


def _work(task: dict[str, Any], entry: Entry, state: State, names: Mapping[str, str]) -> Work:
    return Work(
        task=task["id"],
        key=str(task["data"].get(KEY, task["id"])),
        person=exports.author(entry, names, {}),
        state=state,
        seconds=entry.lead_time,
        at=entry.created_at or "",
    )


def open_tasks(project: Project, tasks: Sequence[int], work: Iterable[Work]) -> dict[str, int | None]:
    """The tasks that are open to each person who has worked in a project."""
    done: Counter[int] = Counter()
    theirs: dict[str, set[int]] = defaultdict(set)
    for item in work:
        done[item.task] += item.state == "done"
        theirs[item.person] |= {item.task} if item.state != "draft" else set()
    wanted = project.maximum_annotations
    if wanted > 1 and project.overlap_cohort_percentage < 100:  # noqa: PLR2004 - per cent
        return dict.fromkeys(theirs)
    wanting = {task for task in tasks if done[task] < wanted}
    return {person: len(wanting - own) for person, own in theirs.items()}


def people_of(work: Iterable[Work], opened: Mapping[str, Sequence[int | None]]) -> tuple[Person, ...]:
    """Everybody who has done anything, by name."""
    theirs: dict[str, list[Work]] = defaultdict(list)
    for item in work:
        theirs[item.person].append(item)
    return tuple(_person(name, items, opened[name]) for name, items in sorted(theirs.items()))


def _person(name: str, items: Sequence[Work], opened: Sequence[int | None]) -> Person:
    states = Counter(item.state for item in items)
    done = [item for item in items if item.state == "done"]
    seconds = [item.seconds for item in done if item.seconds is not None]
    days = {item.at[:_DATE] for item in done}
    known = [left for left in opened if left is not None]
    return Person(
        name=name,
        done=states["done"],
        skipped=states["skipped"],
        drafts=states["draft"],
        seconds=statistics.median(seconds) if seconds else None,
        pace=len(done) / len(days) if days else None,
        open=sum(known) if len(known) == len(opened) else None,
        last=max(item.at for item in items),
    )
