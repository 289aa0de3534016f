"""Brings what was decided in a project for adjudication into a list of decisions.

    CORPUS/labelstudio/NAME/raw/             what came, never edited
    CORPUS/labelstudio/NAME/finished.jsonl   what people have left in tasks, as of the last pull
    CORPUS/labelstudio/NAME/decided.jsonl    what that decides

Layers of annotators are not touched: who adjudicates is no annotator of their own. What was decided and is
taken back on the server is open again, unless somebody has decided it in the list since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.adjudicate.decisions import key_of
from goldwire.annotate.adjudicate.returned import Conflict
from goldwire.annotate.adjudicate.votes import is_by_vote
from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.exchange import exports, graph, results
from goldwire.annotate.exchange.importer import ANNOTATIONS, Context, Imported, Reading
from goldwire.annotate.exchange.store import FOLDER
from goldwire.annotate.exchange.tasks import MARKS
from goldwire.annotate.sync import api, people
from goldwire.annotate.sync import pull as pulling
from goldwire.annotate.sync.api import Project, Whole
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.follow import FINISHED
from goldwire.annotate.sync.journal import open_journal
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.pull import Request
from goldwire.annotate.union import answers, shown
from goldwire.annotate.union.answers import Answer, Decided
from goldwire.annotate.union.facts import Layers
from goldwire.corpora import versions
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.carry import carry, correction
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.offsets import by_text
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import by_kind, write_quarantine
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Rejected

DECIDED = "decided.jsonl"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a project for adjudication holds, and where it is kept.

    `decided` are documents that somebody has finished, `drafts` and `skipped` those that somebody has begun
    or passed over and nobody finished. What was shown of `unknown` ones cannot be told any more, so nothing
    in them is decided.
    """

    folder: Path
    finished: tuple[Annotations, ...]
    decided: tuple[Decided, ...]
    drafts: tuple[str, ...]
    skipped: tuple[str, ...]
    unknown: tuple[str, ...]
    rejected: dict[str, int]
    quarantine: Path | None

    @property
    def lines(self) -> tuple[Disagreement, ...]:
        """All decisions, amendments last."""
        found = [item for one in self.decided for item in one.decisions]
        return (*found, *(item for one in self.decided for item in one.amendments))


@contextmanager
def pull(
    client: Client,
    corpus: Corpus,
    ontology: Ontology,
    request: Request,
    layers: Layers,
    *,
    progress: Progress = lambda _: None,
) -> Iterator[Returned]:
    """What is decided on the server; nobody else pulls until it is written, lest this undo what they did.

    Only raw answers and the quarantine are written here.
    """
    [(path, known)] = pulling.folders_of(corpus, request.group, request.projects).items()
    with open_journal(path) as journal:
        project, there = pulling.fetch(client, journal, request, progress, known)
        context = Context(
            documents={document.id: document for document in corpus.documents()},
            controls=declared.parse(project.label_config, ontology=ontology),
            ontology=ontology,
            names=people.names(client, corpus, there, request.naming, request.names),
            earlier=versions.earlier(corpus),
        )
        imported = pulling.decode(there, context)
        quarantine = write_quarantine(corpus.quarantine_path(f"{FOLDER}/{path.name}"), imported.rejected)
        seen = _shown(client, project, imported, context)
        done, others = _sorted(imported)
        told = {id: given for id, given in done.items() if all(_task(one) in seen for one in given)}
        yield Returned(
            folder=path,
            finished=tuple(one.annotations for one in imported.readings if one.kind in ANNOTATIONS),
            decided=tuple(_decided(told, seen, layers, context)),
            drafts=tuple(sorted(others["draft"] - done.keys())),
            skipped=tuple(sorted(others["skipped"] - done.keys())),
            unknown=tuple(sorted(done.keys() - told.keys())),
            rejected=by_kind(imported.rejected),
            quarantine=quarantine,
        )


def _sorted(imported: Imported) -> tuple[dict[str, list[Reading]], dict[str, set[str]]]:
    """What was submitted of each document, and the documents that were begun or skipped."""
    done = defaultdict[str, list[Reading]](list)
    others = defaultdict[str, set[str]](set)
    for reading in imported.readings:
        if reading.kind == "submitted":
            done[reading.annotations.document].append(reading)
        else:
            others[reading.kind].add(reading.annotations.document)
    return done, others


def _decided(
    done: Mapping[str, Sequence[Reading]], seen: Mapping[int, Annotations], layers: Layers, context: Context
) -> Iterable[Decided]:
    documents = [context.documents[id] for id in sorted(done)]
    unions = shown.unions(layers, documents, context.ontology)
    for document in documents:
        if document.id in unions:  # two annotators at least still have it
            given = [_answer(reading, seen[_task(reading)]) for reading in done[document.id]]
            yield answers.decide(layers, document, unions[document.id].line, given, context.ontology)


def _answer(reading: Reading, seen: Annotations) -> Answer:
    when = reading.annotations.provenance.created or ""
    return Answer(who=reading.author, when=when, line=reading.annotations, shown=seen)


def _task(reading: Reading) -> int:
    return int(reading.annotations.provenance.details["task"])


# ---------------------------------------------------------------- what people were shown


def _shown(client: Client, project: Project, imported: Imported, context: Context) -> dict[int, Annotations]:
    """What each task shows in which somebody has submitted anything, as a line for the text of today."""
    ids = sorted({_task(reading) for reading in imported.readings if reading.kind == "submitted"})
    hashes = by_text(context.documents.values())
    found = dict[int, Annotations]()
    for start in range(0, len(ids), api.LISTED):
        for task in api.whole_tasks(client, project.id, ids[start : start + api.LISTED]):
            line = _read(task, hashes, context)
            if line is not None:
                found[task.id] = line
    return found


def _read(task: Whole, hashes: Mapping[str, Sequence[str]], context: Context) -> Annotations | None:
    ours = [item["result"] for item in task.predictions if item.get("model_version") == MARKS]
    bound = exports.bind({"data": task.data}, context.documents, hashes, "text", context.earlier)
    if len(ours) != 1 or isinstance(bound, Rejected):
        return None
    sorted_ = results.sort(ours[0], bound.text, context.controls, bound.place)
    line = graph.decode(sorted_, bound.document, context.controls, context.ontology).annotations
    now = context.documents[bound.document.id]
    if line.sha256 == now.sha256:
        return line
    before = context.earlier[now.id, line.sha256]
    return carry(line, correction(before.document, now, judged=before.judged)).line


# ---------------------------------------------------------------- into the list of decisions


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A list of decisions with those of the server; `reopened` were taken back there.

    Where the list says otherwise than the server it stays as it is, and `contradicted` tells.
    """

    decisions: tuple[Disagreement, ...]
    contradicted: tuple[Conflict, ...]
    reopened: int


def brought(folder: Path) -> list[Disagreement]:
    """What the last pull has brought."""
    path = folder / DECIDED
    return read_lines(path, Disagreement) if path.is_file() else []


def note(returned: Returned) -> None:
    """Note what a pull has brought, after it is in the list."""
    write_atomic(returned.folder / FINISHED, encode_lines(returned.finished))
    write_atomic(returned.folder / DECIDED, encode_lines(returned.lines))


def join(own: Iterable[Disagreement], before: Iterable[Disagreement], now: Iterable[Disagreement]) -> Joined:
    """The list of a corpus with what is decided on the server `now`, in place of what was `before`."""
    old = {key_of(item): item for item in before}
    new = {key_of(item): item for item in now}
    mine = {key_of(item): item for item in own}
    there = {key: i for key, i in mine.items() if i.decision is not None and not is_by_vote(i)}
    kept = {key: item for key, item in there.items() if not _is_theirs(item, old.get(key), new.get(key))}
    undecided = {key: item for key, item in mine.items() if key not in there}
    contradicted = tuple(
        Conflict(item=item, said=((item.by or "the list", item.decision), (new[key].by, new[key].decision)))
        for key, item in kept.items()
        if key in new and new[key].decision != item.decision
    )
    return Joined(
        decisions=tuple({**undecided, **new, **kept}.values()),
        contradicted=contradicted,
        reopened=len(there.keys() - kept.keys() - new.keys()),
    )


def _is_theirs(item: Disagreement, before: Disagreement | None, now: Disagreement | None) -> bool:
    """Whether a decision of the list is the server's: as it was pulled, here or in another clone."""
    told = item.decision, item.by, item.at
    pulled = before is not None and (before.decision, before.by, before.at) == told
    return pulled or (now is not None and item.by == now.by and "" < item.at <= now.at)
