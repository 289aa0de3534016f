"""Shares documents out among the projects of a group, each of which is one person's, as work there stands.

All projects are looked at first, those of people who have left too. Then what nobody has begun leaves the
projects where it is not wanted any more, and only after that may it be made elsewhere. The server itself
spares what was begun in the meantime, and that is shared out anew. Killed at any moment, the next push goes
on from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync import api, assignment, filters, goldtasks, link, picking, put
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.assignment import Held
from goldwire.annotate.sync.channel import Channel
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.journal import Dropped, folder, links, open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.plan import Moved, Plan
from goldwire.annotate.sync.push import Pushed, Pusher
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document

SLICE = 100  # tasks deleted at once: a tenth of a second, in which nobody can submit
ROUNDS = 5  # times that documents are shared out anew because people have begun some in the meantime


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in each project of a group; and the projects of people who are not named any more, with
    what leaves them and what stays there because they have begun it.
    """

    orders: tuple[Order, ...]
    left: tuple[tuple[str, Pushed], ...] = ()


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


def orders(
    client: Client,
    corpus: Corpus,
    group: Group,
    settings: Settings,
    *,
    adopt: bool = False,
    overwrite: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> Shared:
    """What is to be in the projects of a group: one, or one for each person with a share of the documents.

    What is not its person's any more is taken from each project, unless it is a `dry_run`.
    """
    sharing = _Sharing(client, corpus, group, settings, adopt=adopt, progress=progress)
    if settings.assign:
        sharing.share(dry_run=dry_run)
    made = tuple(
        Order(
            title=title,
            group=settings.group,
            layout=settings.layout,
            prefill=settings.prefill,
            overlap=None if settings.assign else settings.overlap,
            blind=settings.blind,
            scores=sharing.scores,
            documents=tuple(documents),
            remember=settings,
            before=group.settings if group.known else None,
            found=group.projects.get(title),
            moved=sharing.moved.get(title, ()),
            adopt=adopt,
            overwrite=overwrite,
        )
        for title, documents in sharing.documents.items()
    )
    return Shared(orders=made, left=tuple(sharing.left()))


class _Sharing:
    """Whose documents are which, while it is being decided."""

    def __init__(
        self,
        client: Client,
        corpus: Corpus,
        group: Group,
        settings: Settings,
        *,
        adopt: bool,
        progress: Progress,
    ) -> None:
        self.client = client
        self.corpus = corpus
        self.group = group
        self.settings = settings
        self.adopt = adopt
        self.progress = progress
        self.scores = None if settings.pick is None else picking.scores(corpus, settings.pick)
        self.documents: dict[str, list[Document]] = {settings.group: self._picked(corpus.documents())}
        self.moved: dict[str, tuple[Moved, ...]] = {}
        self.there: dict[str, _There] = {}

    def share(self, *, dry_run: bool) -> None:
        """Look at all projects, share out, and take away; again if somebody has begun something meanwhile."""
        everything = self._picked(_to_annotate(self.corpus, self.settings))
        titles = {title_of(self.settings.group, name): name for name in self.settings.assign}
        all_ids = (document.id for document in everything)
        gold = goldtasks.ids(all_ids, self.settings.group, self.settings.gold_ids)
        before = self.group.settings.assign if self.group.known else ()
        self.there = self._look_at_all(titles)
        for _ in range(ROUNDS):
            held = {titles.get(title, title): seen.held for title, seen in self.there.items()}
            overlap = self.settings.overlap or 0.0
            shares = assignment.assign(
                everything, self.settings.assign, overlap, held, before or None, everyone=gold
            )
            self.documents = {
                title: goldtasks.mixed(shares[name], gold, name) for title, name in titles.items()
            }
            planned = {
                title: _to_leave(seen, self.documents.get(title, ()), everything)
                for title, seen in self.there.items()
            }
            taken = planned if dry_run else self._take(planned)
            self.moved = {title: self.moved.get(title, ()) + items for title, items in taken.items()}
            if taken == planned:
                break
        whose = self._whose()
        self.moved = {
            title: tuple(msgspec.structs.replace(item, to=tuple(whose[item.document])) for item in items)
            for title, items in self.moved.items()
        }

    def _picked(self, documents: list[Document]) -> list[Document]:
        """Those of the draw that is picked, in its order; all if none is."""
        if self.scores is None:
            return documents
        scores = self.scores
        return sorted((one for one in documents if one.id in scores), key=lambda one: scores[one.id])

    def left(self) -> Iterator[tuple[str, Pushed]]:
        """What is done in the projects of people who have left."""
        for title, seen in self.there.items():
            if title not in self.documents:
                moved = self.moved.get(title, ())
                yield title, Pushed(project=seen.project, plan=Plan(kept=seen.begun_keys(), moved=moved))

    def _look_at_all(self, titles: Iterable[str]) -> dict[str, _There]:
        """The projects of these titles, and the others of the group that the server or a journal knows."""
        places = {title: folder(self.corpus, title) for title in titles}
        known = dict(links(self.corpus, self.settings.group))
        seen = {*places.values()}
        places |= {item.title: path for path, item in known.items() if path not in seen}
        linked = {item.project for item in known.values()}
        for title, project in self.group.projects.items():
            if title not in places and project.id not in linked:
                places[title] = folder(self.corpus, title)
        looked = {title: self._look(path, title) for title, path in places.items()}
        return {title: found for title, found in looked.items() if found is not None}

    def _look(self, path: Path, title: str) -> _There | None:
        """What is in a project now; None if there is none, or none that may be written to."""
        with open_journal(path) as journal:
            project = link.find(self.client, journal, title) or self.group.projects.get(title)
            if project is None or not (self.adopt or link.is_ours(journal, self.corpus, project)):
                return None
            layout = link.layout_of(project)
            link.link(self.client, journal, project, group=self.settings.group, layout=layout)
            pusher = Pusher(Channel(self.client, journal, self.progress))
            pusher.settle(project)
            found = pusher.refresh(project)
        return _there(path, project, found)

    def _take(self, planned: Mapping[str, tuple[Moved, ...]]) -> dict[str, tuple[Moved, ...]]:
        """Delete what leaves; what was deleted. The rest was begun meanwhile, as is noted in `there`."""
        done = {}
        for title, items in planned.items():
            seen, stayed = self.there[title], set[int]()
            for start in range(0, len(items), SLICE):
                some = items[start : start + SLICE]
                stayed |= _delete(self.client, seen, some)
                self.progress(f"{title}: took away {start + len(some)} of {len(items)} task(s)")
            seen.begun |= {seen.tasks[id][1] for id in stayed}
            done[title] = tuple(item for item in items if item.id not in stayed)
            for item in done[title]:
                del seen.tasks[item.id]
        return done

    def _whose(self) -> dict[str, list[str]]:
        """Who has or is to have each document, those who have left as well."""
        whose: dict[str, list[str]] = defaultdict(list)
        for title in dict.fromkeys([*self.documents, *self.there]):
            begun = self.there[title].begun if title in self.there else set[str]()
            for id in begun | {document.id for document in self.documents.get(title, ())}:
                whose[id].append(name_of(self.settings.group, title) or title)
        return whose


def _to_annotate(corpus: Corpus, settings: Settings) -> list[Document]:
    """The documents that there can be tasks for: in frames those with events in the layer."""
    documents = corpus.documents()
    if settings.layout == "graph" or settings.prefill is None:
        return documents
    layer = corpus.layer(settings.prefill)
    return [document for document in documents if document.id in layer and layer[document.id].events]


def _there(path: Path, project: Project, found: Mirror) -> _There:
    tasks, begun = dict[int, tuple[str, str]](), set[str]()
    for task in found.tasks():
        key, document = task.data.get(KEY), task.data.get("document")
        if isinstance(key, str) and isinstance(document, str):
            tasks[task.id] = key, document
            begun |= {document} if task.worked else set()
    return _There(path=path, project=project, tasks=tasks, begun=begun)


def _to_leave(seen: _There, wanted: Iterable[Document], documents: Iterable[Document]) -> tuple[Moved, ...]:
    """The tasks that are somebody else's now; those of documents that left the corpus are not."""
    known = {document.id for document in documents}
    stays = seen.begun | {document.id for document in wanted}
    return tuple(
        Moved(id=id, key=key, document=document)
        for id, (key, document) in seen.tasks.items()
        if document in known and document not in stays
    )


def _delete(client: Client, seen: _There, items: Sequence[Moved]) -> set[int]:
    """Delete tasks that nobody has begun; those that somebody has."""
    ids = [item.id for item in items]
    with open_journal(seen.path) as journal:
        api.delete_untouched(client, seen.project.id, ids)
        stayed = {task.id for task in api.tasks(client, seen.project.id, filters.with_ids(ids))}
        journal.add(Dropped(ids=tuple(id for id in ids if id not in stayed)))
        noted = put.read(seen.path)
        if noted is not None:
            put.write(seen.path, noted.without({item.key for item in items if item.id not in stayed}))
    return stayed
