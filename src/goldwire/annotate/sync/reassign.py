"""Shares documents out among the projects of a group, each of which is one person's, as work there stands.

All projects are looked at first, those of people who have left too. Then what nobody has begun leaves the
projects where it is not wanted any more, and only after that may it be made elsewhere. The server itself
spares what was begun in the meantime, and that is shared out anew. Killed at any moment, the next push goes
on from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.annotate.sync import api, link, mirror, share
from goldwire.annotate.sync.api import KEY, Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import Dropped, folder, links, open_journal
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.plan import Moved, Plan
from goldwire.annotate.sync.push import Pushed, Pusher
from goldwire.annotate.sync.share import Held
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document

SLICE = 100  # tasks deleted at once: a tenth of a second, in which nobody can submit
ROUNDS = 5  # times that documents are shared out anew because people have begun some in the meantime


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to do what: the documents of each project by its title, and what leaves it.

    `left` are the projects of people who are not named any more, with what stays there because they have
    begun it.
    """

    documents: dict[str, list[Document]]
    moved: dict[str, tuple[Moved, ...]]
    left: dict[str, tuple[Project, tuple[str, ...]]]

    def told(self, title: str, pushed: Pushed) -> Pushed:
        """A push that also says what has left the project: that is not orphaned."""
        moved = self.moved.get(title, ())
        gone = {item.key for item in moved}
        kept = tuple(key for key in pushed.plan.orphaned if key not in gone)
        return msgspec.structs.replace(
            pushed, plan=msgspec.structs.replace(pushed.plan, moved=moved, orphaned=kept)
        )

    def of_those_who_left(self) -> Iterable[tuple[str, Pushed]]:
        """What is done in the projects of people who have left."""
        for title, (project, begun) in self.left.items():
            yield title, Pushed(project=project, plan=Plan(kept=begun, moved=self.moved.get(title, ())))


class _There(msgspec.Struct, kw_only=True):
    """A project on the server: the tasks of ours by id, and the documents that its person has begun."""

    path: Path
    project: Project
    tasks: dict[int, tuple[str, str]]
    begun: set[str]

    @property
    def held(self) -> Held:
        """What its person has."""
        untouched = {document for _, document in self.tasks.values()} - self.begun
        return Held(begun=frozenset(self.begun), untouched=frozenset(untouched))

    def begun_keys(self) -> tuple[str, ...]:
        """The keys of tasks of documents that were begun."""
        return tuple(sorted(key for key, document in self.tasks.values() if document in self.begun))


def title_of(group: str, name: str) -> str:
    """The title of a person's project.

    >>> title_of("round 1", "anna")
    'round 1 (anna)'
    """
    return f"{group} ({name})"


def name_of(group: str, title: str) -> str | None:
    """Whose project it is, by its title; None if it is nobody's own.

    >>> name_of("round 1", "round 1 (anna)"), name_of("round 1", "round 1")
    ('anna', None)
    """
    begin, end = f"{group} (", ")"
    return title[len(begin) : -len(end)] if title.startswith(begin) and title.endswith(end) else None


def share_out(
    client: Client,
    corpus: Corpus,
    group: str,
    names: Sequence[str],
    documents: Sequence[Document],
    *,
    overlap: float = 0.0,
    before: Collection[str] | None = None,
    others: Iterable[str] = (),
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Shared:
    """Share documents out and take from each project what is not its person's any more.

    `before` are the names of the last push, and `others` titles of projects of the group that no journal
    here has. With `dry_run` nothing is taken away.
    """
    titles = {title_of(group, name): name for name in names}
    there = _look_at_all(client, corpus, group, [*titles, *others], progress)
    done: dict[str, tuple[Moved, ...]] = defaultdict(tuple)
    for _ in range(ROUNDS):
        held = {titles.get(title, title): seen.held for title, seen in there.items()}
        shares = share.assign(documents, names, overlap, held, before)
        wanted = {title: shares[name] for title, name in titles.items()}
        planned = {title: _to_leave(seen, wanted.get(title, ()), documents) for title, seen in there.items()}
        taken = planned if dry_run else _take(client, there, planned, progress)
        for title, moved in taken.items():
            done[title] += moved
        if taken == planned:
            break
    whose = _whose(group, there, wanted)
    leaves = {title: tuple(_to(item, whose) for item in items) for title, items in done.items()}
    left = {title: (seen.project, seen.begun_keys()) for title, seen in there.items() if title not in titles}
    return Shared(documents=wanted, moved=leaves, left=left)


# ---------------------------------------------------------------- what is there


def _look_at_all(
    client: Client, corpus: Corpus, group: str, titles: Iterable[str], progress: Progress
) -> dict[str, _There]:
    """The projects of these titles, and the others of the group that a journal here knows."""
    places = {title: folder(corpus, title) for title in titles}
    seen = {*places.values()}
    places |= {item.title: path for path, item in links(corpus, group) if path not in seen}
    looked = {title: _look(client, path, group, title, progress) for title, path in places.items()}
    return {title: found for title, found in looked.items() if found is not None}


def _look(client: Client, path: Path, group: str, title: str, progress: Progress) -> _There | None:
    """What is in a project now; None if there is no project."""
    with open_journal(path) as journal:
        project = link.find(client, journal, title)
        if project is None:
            return None
        link.link(client, journal, project, group=group, layout=link.layout_of(project))
        Pusher(client, journal, progress=progress).settle(project)
        found = mirror.refresh(client, journal, project.id, progress=progress)
    tasks, begun = dict[int, tuple[str, str]](), set[str]()
    for task in found.tasks():
        key, document = task.data.get(KEY), task.data.get("document")
        if isinstance(key, str) and isinstance(document, str):
            tasks[task.id] = key, document
            begun |= {document} if task.worked else set()
    return _There(path=path, project=project, tasks=tasks, begun=begun)


# ---------------------------------------------------------------- what leaves


def _to_leave(seen: _There, wanted: Iterable[Document], documents: Iterable[Document]) -> tuple[Moved, ...]:
    """The tasks that are somebody else's now; those of documents that left the corpus are not."""
    known = {document.id for document in documents}
    stays = seen.begun | {document.id for document in wanted}
    return tuple(
        Moved(id=id, key=key, document=document)
        for id, (key, document) in seen.tasks.items()
        if document in known and document not in stays
    )


def _whose(
    group: str, there: Mapping[str, _There], wanted: Mapping[str, Iterable[Document]]
) -> dict[str, list[str]]:
    """Who has or is to have each document, those who have left as well."""
    whose: dict[str, list[str]] = defaultdict(list)
    for title in dict.fromkeys([*wanted, *there]):
        begun = there[title].begun if title in there else set[str]()
        for id in begun | {document.id for document in wanted.get(title, ())}:
            whose[id].append(name_of(group, title) or title)
    return whose


def _to(item: Moved, whose: Mapping[str, Iterable[str]]) -> Moved:
    return msgspec.structs.replace(item, to=tuple(whose.get(item.document, ())))


def _take(
    client: Client, there: Mapping[str, _There], planned: Mapping[str, tuple[Moved, ...]], progress: Progress
) -> dict[str, tuple[Moved, ...]]:
    """Delete what leaves; what was deleted. The rest was begun in the meantime, as is noted in `there`."""
    done = {}
    for title, items in planned.items():
        seen, stayed = there[title], set[int]()
        for start in range(0, len(items), SLICE):
            ids = [item.id for item in items[start : start + SLICE]]
            stayed |= _delete(client, seen, ids)
            progress(f"{title}: took away {start + len(ids)} of {len(items)} task(s)")
        seen.begun |= {seen.tasks[id][1] for id in stayed}
        done[title] = tuple(item for item in items if item.id not in stayed)
        for item in done[title]:
            del seen.tasks[item.id]
    return done


def _delete(client: Client, seen: _There, ids: Sequence[int]) -> set[int]:
    """Delete tasks that nobody has begun; those that somebody has."""
    with open_journal(seen.path) as journal:
        api.delete_untouched(client, seen.project.id, ids)
        stayed = {task.id for task in api.tasks(client, seen.project.id, api.with_ids(ids))}
        journal.add(Dropped(ids=tuple(id for id in ids if id not in stayed)))
    return stayed
