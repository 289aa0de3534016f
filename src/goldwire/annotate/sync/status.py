"""Progress of people: what each has done, skipped and begun, how long it takes them, and what is left.

Those who have not begun are told as well, as far as it is known who they are: each whose project it is.

Times are what Label Studio measured: seconds with the task open, pauses included. They are told as medians,
for one task left open over lunch moves a mean by minutes.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange import exports, importer
from goldwire.annotate.exchange.exports import Entry
from goldwire.annotate.exchange.importer import ANNOTATIONS, Reading
from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync import goldtasks, people, pull
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.goldtasks import FLOOR, Checked
from goldwire.annotate.sync.journal import open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.pull import Request
from goldwire.annotate.sync.reassign import name_of
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
    """One person in all projects of a group, counted in tasks; also one who has not begun.

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

    @property
    def tasks(self) -> int | None:
        """How many are theirs to do, done ones too; None where that is not known."""
        return None if self.open is None else self.done + self.skipped + self.open


class Progressing(msgspec.Struct, frozen=True, kw_only=True):
    """One project: tasks in it, those that have all the annotations they want, and those nobody has begun."""

    id: int
    title: str
    url: str
    tasks: int
    finished: int
    untouched: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a group of projects is. `documents` counts them by how many people are done with them.

    `gold` says how people do on gold tasks, where there are some.
    """

    projects: tuple[Progressing, ...]
    people: tuple[Person, ...]
    documents: dict[int, int]
    work: tuple[Work, ...]
    gold: tuple[Checked, ...] = ()

    @property
    def remaining(self) -> int:
        """Tasks that want more annotations."""
        return sum(project.tasks - project.finished for project in self.projects)


def status(
    client: Client,
    corpus: Corpus,
    request: Request,
    *,
    floor: float = FLOOR,
    progress: Progress = lambda _: None,
) -> Status:
    """Ask the server how far a group of projects is. Layers are not touched.

    Who is below the `floor` on gold tasks for certain is said. People are called as a pull with this request
    calls them.
    """
    projects, work, documents = list[Progressing](), list[Work](), dict[str, str]()
    opened: dict[str, list[int | None]] = defaultdict(list)
    made, gold = pull.made_in(corpus, request.group), request.gold(corpus)
    readings = list[Reading]()
    for path, known in pull.folders_of(corpus, request.group, request.projects).items():
        with open_journal(path) as journal:
            project, there = pull.fetch(client, journal, request, progress, known)
        names = people.names(client, corpus, there, request.naming, request.names)
        found = [item for task in there.values() for item in work_of(task, names, made)]
        projects.append(_progressing(client, project, there))
        expected = _expected(request, project.title, names, {item.person for item in found})
        for name, left in open_tasks(project, [*there.raw], found, expected).items():
            opened[name].append(left)
        work += found
        readings += _on_gold(corpus, project, there, gold, (names, made))
        documents |= {_key(task): str(task["data"].get("document", _key(task))) for task in there.values()}
    everybody = people_of(work, opened)
    named = [person.name for person in everybody]
    layer = request.gold_from or "gold"
    return Status(
        projects=tuple(projects),
        people=everybody,
        documents=times_done(documents, work),
        work=tuple(work),
        gold=goldtasks.check(corpus, readings, gold, layer, named, floor=floor) if gold else (),
    )


def _on_gold(
    corpus: Corpus,
    project: Project,
    there: Mirror,
    gold: Collection[str],
    called: tuple[Mapping[str, str], Mapping[int, str]],
) -> tuple[Reading, ...]:
    """What people have made of the gold tasks of a project."""
    ontology = corpus.ontology()
    if not gold or ontology is None:
        return ()
    tasks = [task for task in there.values() if task["data"].get("document") in gold]
    return importer.decode(tasks, pull.context_of(corpus, ontology, project, *called)).readings


def _expected(request: Request, title: str, names: Mapping[str, str], at_work: Collection[str]) -> set[str]:
    """Who is to work in a project: the person whose it is, or else those who were given names.

    A project whose name is nobody's on the server is that of whoever works in it.
    """
    person = name_of(request.group, title)
    if person is None:
        return {*request.names.values()}
    called = people.called(person, names)
    return {called} if called in names.values() or not at_work else set()


def _progressing(client: Client, project: Project, there: Mirror) -> Progressing:
    return Progressing(
        id=project.id,
        title=project.title,
        url=f"{client.url}/projects/{project.id}/data",
        tasks=len(there),
        finished=project.finished_task_number or 0,
        untouched=sum(not task.worked for task in there.tasks()),
    )


def work_of(
    task: dict[str, Any], names: Mapping[str, str], made: Mapping[int, str] | None = None
) -> list[Work]:
    """What people have done with a task. A draft of something submitted is no work of its own.

    `names` and `made` say what they are called (`exports.author`).
    """
    found = list[Work]()
    for kind, entry in exports.entries(task):
        if kind in _STATES:
            person = exports.author(entry, names, {}, made if kind in ANNOTATIONS else None)
            found.append(_work(task, entry, _STATES[kind], person))
    finished = {item.person for item in found if item.state != "draft"}
    return [item for item in found if item.state != "draft" or item.person not in finished]


def _key(task: dict[str, Any]) -> str:
    return str(task["data"].get(KEY, task["id"]))


def _work(task: dict[str, Any], entry: Entry, state: State, person: str) -> Work:
    return Work(
        task=task["id"],
        key=_key(task),
        person=person,
        state=state,
        seconds=entry.lead_time,
        at=entry.created_at or "",
    )


def open_tasks(
    project: Project, tasks: Sequence[int], work: Iterable[Work], expected: Iterable[str] = ()
) -> dict[str, int | None]:
    """The tasks that are open to each person who has worked in a project, or is expected to."""
    done: Counter[int] = Counter()
    theirs: dict[str, set[int]] = {name: set() for name in expected}
    for item in work:
        done[item.task] += item.state == "done"
        theirs.setdefault(item.person, set()).update({item.task} if item.state != "draft" else ())
    wanted = project.maximum_annotations
    if wanted > 1 and project.overlap_cohort_percentage < 100:  # noqa: PLR2004 - per cent
        return dict.fromkeys(theirs)
    wanting = {task for task in tasks if done[task] < wanted}
    return {person: len(wanting - own) for person, own in theirs.items()}


def times_done(documents: Mapping[str, str], work: Iterable[Work]) -> dict[int, int]:
    """How many documents nobody, one person, two and more have done, each with all its tasks.

    `documents` gives the document of each task's key.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for key, document in documents.items():
        wanted[document].add(key)
    theirs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in work:
        if item.state == "done":
            theirs[documents[item.key], item.person].add(item.key)
    through = Counter(document for (document, _), keys in theirs.items() if keys == wanted[document])
    times = Counter(through[document] for document in wanted)
    return {number: times[number] for number in range(max([2, *times]) + 1)}


def people_of(work: Iterable[Work], opened: Mapping[str, Sequence[int | None]]) -> tuple[Person, ...]:
    """Everybody who has done anything or has tasks that are open to them, by name."""
    theirs: dict[str, list[Work]] = {name: [] for name in opened}
    for item in work:
        theirs.setdefault(item.person, []).append(item)
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
        last=max((item.at for item in items), default=""),
    )
