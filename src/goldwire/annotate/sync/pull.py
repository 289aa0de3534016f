"""Brings what people have annotated on a server into the layers of a corpus.

    CORPUS/labelstudio/NAME/raw/                  what came, never edited
    CORPUS/labelstudio/NAME/config.xml            the project's configuration, as it was read by
    CORPUS/quarantine/labelstudio/NAME.jsonl      what was rejected (see `corpora.rejected`)
    CORPUS/labelstudio/pulled.json                which lines came from which projects

The layers follow the server: what is annotated, skipped or drafted there is in them, and what is there no
more goes; what was submitted and is withdrawn is kept aside and told (`withdraw`). Lines that came otherwise
stay.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.exchange import importer, store
from goldwire.annotate.exchange.importer import TOOL, Imported
from goldwire.annotate.exchange.store import FOLDER, Lines
from goldwire.annotate.sync import goldtasks, link, mirror, people, withdraw
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import RAW, Gone, Journal, folder, home, links, open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.people import read_json
from goldwire.annotate.sync.remembered import Naming, Settings
from goldwire.corpora import rejected, versions
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import write_quarantine
from goldwire.corpora.store import Corpus, writing

CONFIG, PULLED = "config.xml", "pulled.json"
CHUNK = 100  # tasks decoded at a time; those of one document are never parted


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull brought: documents now in each layer that has lines of it, and how many lines went.

    `withdrawn` is what people, or somebody else for them, have taken back and nobody has accepted; `accepted`
    says that it is now. `found` counts by kind, `lost` and `repaired` by what it was, `rejected` by kind.
    `taken` annotations are in the layers; `refused` are layers left as they were, since everything for them
    was rejected.
    """

    layers: dict[str, int]
    taken: int
    refused: tuple[str, ...]
    gone: dict[str, int]
    withdrawn: tuple[Gone, ...]
    accepted: bool
    found: dict[str, int]
    lost: dict[str, int]
    repaired: dict[str, int]
    rejected: dict[str, int]
    quarantine: tuple[Path, ...]
    raw: tuple[Path, ...]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be pulled: the project of this title, or all those that it was shared out to.

    People are called by their id, by their address up to the @, or by a pseudonym that stays theirs; `names`
    gives other names by id or address. `full` asks for every task again. `projects` are those known to be of
    the group, by title, for a clone that has no journal of them. With `accept_withdrawn` what was withdrawn
    is told once more and then no more. Lines of gold tasks, which `gold_ids` stand for, are marked with the
    layer `gold_from`.
    """

    group: str
    projects: dict[str, Project] = {}
    naming: Naming = "id"
    names: dict[str, str] = {}
    full: bool = False
    accept_withdrawn: bool = False
    gold_from: str | None = None
    gold_ids: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        settings: Settings,
        projects: dict[str, Project],
        *,
        full: bool = False,
        accept_withdrawn: bool = False,
    ) -> Request:
        """As a group's settings say."""
        return cls(
            group=settings.group,
            projects=projects,
            naming=settings.naming,
            names=settings.names,
            full=full,
            accept_withdrawn=accept_withdrawn,
            gold_from=settings.gold_from,
            gold_ids=settings.gold_ids,
        )

    def gold(self, corpus: Corpus) -> frozenset[str]:
        """The documents that are gold tasks."""
        documents = (document.id for document in corpus.documents())
        return goldtasks.ids(documents, self.group, self.gold_ids)


class _Came(msgspec.Struct, frozen=True):
    """What one project holds for layers, and its journal, which is open."""

    imported: Imported
    journal: Journal


def pull(
    client: Client,
    corpus: Corpus,
    ontology: Ontology,
    request: Request,
    *,
    progress: Progress = lambda _: None,
) -> Pulled:
    """Pull what is requested into the layers of a corpus."""
    with ExitStack() as journals:  # until all is written: another pull in between would be undone by this one
        there = withdraw.There()
        found = _fetch_all(
            client, corpus, ontology, request, there=there, journals=journals, progress=progress
        )
        with writing(corpus, "annotate pull") as now:
            return _write(now, request, found, there)


def _fetch_all(
    client: Client,
    corpus: Corpus,
    ontology: Ontology,
    request: Request,
    *,
    there: withdraw.There,
    journals: ExitStack,
    progress: Progress,
) -> dict[Path, _Came]:
    """What each project of a group holds for layers, by its folder; their journals are left open."""
    found, made = {}, made_in(corpus, request.group)
    for path, known in folders_of(corpus, request.group, request.projects).items():
        journal = journals.enter_context(open_journal(path))
        project, tasks = fetch(client, journal, request, progress, known)
        there.add(tasks)
        names = people.names(client, corpus, tasks, request.naming, request.names)
        context = context_of(corpus, ontology, project, names, made)
        came = goldtasks.marked(decode(tasks, context), request.gold(corpus), request.gold_from or "gold")
        found[path] = _Came(came, journal)
        del tasks, context  # texts twice: memory that the writing can use
    return found


def context_of(
    corpus: Corpus,
    ontology: Ontology,
    project: Project,
    names: Mapping[str, str],
    made: Mapping[int, str],
) -> importer.Context:
    """What the tasks of a project are read against."""
    return importer.Context(
        documents={document.id: document for document in corpus.documents()},
        controls=declared.parse(project.label_config, ontology=ontology),
        ontology=ontology,
        names=dict(names),
        made=dict(made),
        layer=lambda name: corpus.fitting(name)[0],
        earlier=versions.earlier(corpus),
    )


def _write(corpus: Corpus, request: Request, found: Mapping[Path, _Came], there: withdraw.There) -> Pulled:
    came = {path: project.imported for path, project in found.items()}
    new = [reading for imported in came.values() for reading in imported.readings]
    refused = store.all_rejected(corpus, new)
    lines, went = _lines(corpus, request.group, came.values(), refused)
    held = withdraw.judged(corpus, _read_pulled(corpus).get(request.group, {}))
    seen = withdraw.see(corpus, held, lines, there)
    store.check_layers(corpus, {**lines, **seen.aside})
    journals = [project.journal for project in found.values()]
    withdraw.note(journals, seen.gone)
    quarantine = [
        write_quarantine(corpus.quarantine_path(f"{FOLDER}/{path.name}"), imported.rejected)
        for path, imported in came.items()
    ]
    for layer, kept in sorted(seen.aside.items()):
        store.replace(corpus, layer, kept)
    sizes = {layer: store.replace(corpus, layer, new) for layer, new in sorted(lines.items())}
    _note_pulled(corpus, request.group, lines, refused)
    withdrawn = withdraw.unaccepted(journals, seen.now)
    if request.accept_withdrawn:
        withdraw.accept(journals, withdrawn)
    return Pulled(
        layers={layer: size for layer, size in sizes.items() if size},
        taken=sum(reading.layer not in refused for reading in new),
        refused=refused,
        gone=went,
        withdrawn=tuple(withdrawn),
        accepted=request.accept_withdrawn,
        found=dict(_sum(imported.found for imported in came.values())),
        lost=dict(_sum(imported.lost for imported in came.values())),
        repaired=dict(_sum(imported.repaired for imported in came.values())),
        rejected=rejected.by_kind(item for imported in came.values() for item in imported.rejected),
        quarantine=tuple(file for file in quarantine if file),
        raw=tuple(path / RAW for path in found),
    )


def made_in(corpus: Corpus, group: str) -> dict[int, str]:
    """Who made each annotation that was pulled from a group, by its id there."""
    held = withdraw.judged(corpus, _read_pulled(corpus).get(group, {}))
    return withdraw.made(withdraw.annotations_of(held))


def folders_of(
    corpus: Corpus, group: str, projects: Mapping[str, Project] | None = None
) -> dict[Path, Project | None]:
    """Where the projects of a group are kept, with the project where only the server knows that it is one.

    A new folder if none is known.
    """
    found: dict[Path, Project | None] = {path: None for path, _ in links(corpus, group)}
    for title, project in (projects or {}).items():
        if not any(link.project == project.id for _, link in links(corpus, group)):
            found[home(corpus, title, project.id, project.created_at)] = project
    return found or {folder(corpus, group): None}


def fetch(
    client: Client, journal: Journal, request: Request, progress: Progress, known: Project | None = None
) -> tuple[Project, Mirror]:
    """One project, `known` if no journal has it, and its tasks, as they are now."""
    project = known or link.find(client, journal, request.group)
    if project is None:
        raise ServerError(f"{client.url}: no project {request.group!r}; `goldwire annotate push` makes it")
    link.link(client, journal, project, group=request.group, layout=link.layout_of(project))
    there = mirror.refresh(client, journal, project.id, full=request.full, progress=progress)
    write_atomic(journal.folder / CONFIG, project.label_config.encode())
    return project, there


def decode(there: Mirror, context: importer.Context) -> Imported:
    """What the tasks hold for layers, read some hundreds at a time, so that memory holds."""
    parts = [importer.decode(tasks, context) for tasks in _chunks(there)]
    return Imported(
        readings=tuple(reading for part in parts for reading in part.readings),
        rejected=tuple(item for part in parts for item in part.rejected),
        found=dict(_sum(part.found for part in parts)),
        lost=dict(_sum(part.lost for part in parts)),
        repaired=dict(_sum(part.repaired for part in parts)),
    )


def _chunks(there: Mirror) -> Iterator[list[Any]]:
    """The tasks, all of one document together."""
    by_document: dict[str, list[msgspec.Raw]] = defaultdict(list)
    decoder = msgspec.json.Decoder(_Whose)
    for raw in there.raw.values():
        data = decoder.decode(raw).data
        by_document[str(data.document or data.text or "")].append(raw)
    chunk: list[Any] = []
    for raws in by_document.values():
        chunk += [msgspec.json.decode(raw) for raw in raws]
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    yield chunk


class _Data(msgspec.Struct):
    document: Any = None  # of the right type only where the server was not told otherwise
    text: Any = None


class _Whose(msgspec.Struct):
    data: _Data


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


# ---------------------------------------------------------------- what came and what went


def _lines(
    corpus: Corpus, group: str, found: Iterable[Imported], refused: Collection[str]
) -> tuple[dict[str, Lines], dict[str, int]]:
    """The lines to put in each layer, None for those to take out; and how many are taken out of each."""
    lines: dict[str, Lines] = defaultdict(dict)
    for imported in found:
        for layer, new in store.changes(imported, refused).items():
            for document, line in new.items():
                if line is not None or document not in lines[layer]:
                    lines[layer][document] = line
    went: Counter[str] = Counter()
    for layer, documents in _read_pulled(corpus).get(group, {}).items():
        for document in documents if layer not in refused else ():
            lines[layer].setdefault(document, None)
    due = {}
    for layer, new in lines.items():
        due[layer], went[layer] = _due(corpus, layer, new)
    return due, dict(+went)


def _due(corpus: Corpus, layer: str, lines: Lines) -> tuple[Lines, int]:
    """Lines without orders to take out what is not there or did not come from Label Studio."""
    there, _ = corpus.fitting(layer)
    ours = {id for id, line in there.items() if line.provenance.tool == TOOL}
    kept = {id: line for id, line in lines.items() if line is not None or id in ours}
    return kept, sum(line is None for line in kept.values())


def _note_pulled(corpus: Corpus, group: str, lines: Mapping[str, Lines], refused: Collection[str]) -> None:
    """Note which lines came; layers left as they were keep those of before."""
    old = _read_pulled(corpus)
    kept = {layer: ids for layer, ids in old.get(group, {}).items() if layer in refused}
    came = {layer: sorted(id for id, line in new.items() if line is not None) for layer, new in lines.items()}
    others = {name: _without(layers, came) for name, layers in old.items() if name != group}
    pulled = {**others, group: {**{layer: ids for layer, ids in came.items() if ids}, **kept}}
    write_atomic(corpus.path / FOLDER / PULLED, msgspec.json.encode(pulled))


def _without(layers: Mapping[str, list[str]], came: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The lines of another group that are still its own: those that came now are not."""
    taken = {layer: {*ids} for layer, ids in came.items()}
    return {layer: [id for id in ids if id not in taken.get(layer, ())] for layer, ids in layers.items()}


def _read_pulled(corpus: Corpus) -> dict[str, dict[str, list[str]]]:
    return read_json(corpus.path / FOLDER / PULLED, dict[str, dict[str, list[str]]]) or {}
