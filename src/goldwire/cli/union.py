"""`goldwire annotate adjudicate --push` and `--pull`: what annotators differ in is decided on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from goldwire.cli import team
from goldwire.cli.output import note, print_json, say
from goldwire.cli.push import push_facts, push_lines, wants_people
from goldwire.cli.sync import connect, counts_of, open_both, progress

if TYPE_CHECKING:
    from pathlib import Path

    from goldwire.annotate.adjudicate import Disagreement
    from goldwire.annotate.adjudicate.returned import Conflict
    from goldwire.annotate.sync.group import Group
    from goldwire.annotate.sync.remembered import Adjudicating, Naming
    from goldwire.annotate.union.pull import Returned
    from goldwire.annotate.union.push import Ordered

SHOWN = 10  # of each thing that is told; with --json there are all
Push = Annotated[
    bool, typer.Option("--push", help="Bring what is open to a Label Studio project, to be decided there.")
]
Pull = Annotated[
    bool, typer.Option("--pull", help="Take what was decided in that project, and make the layer with it.")
]


class Server(NamedTuple):
    """Where the project is, and what it is called."""

    project: str | None
    url: str | None
    token_file: Path | None
    data_dir: Path | None


def push(
    folder: Path,
    server: Server,
    wanted: Adjudicating,
    *,
    dry_run: bool,
    adopt: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Bring what is open to its project. Exit 1 if it leaves something that people have to settle."""
    from goldwire.annotate.adjudicate.inputs import annotators, decided
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import push as pushing
    from goldwire.annotate.sync.plan import Plan
    from goldwire.annotate.sync.push import Pushed
    from goldwire.annotate.union import push as union

    corpus, ontology = open_both(folder)
    case = union.Case(
        layers=annotators(corpus, wanted.layers, wanted.to),
        documents=corpus.documents(),
        decisions=decided(corpus, wanted.to),
        ontology=ontology,
        language=corpus.manifest.language,
    )
    with connect(server.url, server.token_file, server.data_dir) as client:
        group = groups.find(client, corpus, server.project or union.title_of(corpus.manifest.name))
        settings = union.settle(group, wanted)
        made = union.order(client, group, settings, case, adopt=adopt, overwrite=overwrite)
        order, pushed = made.order, Pushed(project=None, plan=Plan())
        if order.documents or group.projects:
            pushed = pushing.push(client, corpus, ontology, order, dry_run=dry_run, progress=progress())
        address = client.url
    for fault in pushed.faults:
        note(f"left out, not sound: {fault}")
    facts = push_facts(settings.group, pushed, address, dry_run)
    if as_json:
        print_json({**facts, "documents": len(order.documents), "hidden": made.hidden})
    else:
        say("\n".join([*_sent(made), *push_lines(settings.group, pushed, address, dry_run)]))
        if pushed.project:
            say(team.BUTTON)
    if wants_people(pushed, dry_run):
        raise typer.Exit(1)


def _sent(made: Ordered) -> Iterator[str]:
    documents = len(made.order.documents)
    yield f"documents that are there or in which something is open: {documents}; the others need nobody"
    if made.hidden:
        yield f"no task can show, so to be decided in the file: {len(made.hidden)}"
    for item in made.hidden[:SHOWN]:
        yield f"  {item.document}  {item.unit}  {item.words}"


class Back(NamedTuple):
    """What came from the server, and of which layers the project is made."""

    returned: Returned
    adjudicating: Adjudicating
    lines: tuple[Disagreement, ...]


@contextmanager
def pull(folder: Path, server: Server, naming: Naming | None) -> Iterator[Back]:
    """What was decided in the project, from which nobody else pulls until it is written."""
    from goldwire.annotate.adjudicate.inputs import annotators
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import remembered
    from goldwire.annotate.sync.pull import Request
    from goldwire.annotate.union import pull as union
    from goldwire.annotate.union import push as titles

    corpus, ontology = open_both(folder)
    with connect(server.url, server.token_file, server.data_dir) as client:
        group = groups.find(client, corpus, server.project or titles.title_of(corpus.manifest.name))
        adjudicating = _adjudicating(group)
        settings = remembered.settle(group.settings, remembered.Given(naming=naming))
        request = Request(group=settings.group, projects=group.projects, naming=settings.naming)
        layers = annotators(corpus, adjudicating.layers, adjudicating.to)
        with union.pull(client, corpus, ontology, request, layers, progress=progress()) as returned:
            yield Back(returned, adjudicating, returned.lines)
        groups.remember(client, corpus, group, settings)


def _adjudicating(group: Group) -> Adjudicating:
    from goldwire.corpora.errors import ServerError

    found = group.settings.adjudicating
    if found is None:
        raise ServerError(
            f"project {group.settings.group!r} {'is' if group.known else 'is not there, or'} not for "
            "adjudication: `goldwire annotate adjudicate DIR --push` makes one"
        )
    return found


def told(returned: Returned, reopened: int) -> Iterator[str]:
    """What came from the server, a line each."""
    decided = [one.document for one in returned.decided]
    decisions = sum(len(one.decisions) for one in returned.decided)
    yield f"from the server: {decisions} decision(s) in {len(decided)} finished document(s)"
    if reopened:
        yield f"taken back there, and so open again: {reopened}"
    changed = [one.document for one in returned.decided if one.is_changed]
    gone = sum(one.gone for one in returned.decided)
    yield from _named("annotators changed their work since it was shown there", changed)
    both = [f"{one.document} {words}" for one in returned.decided for words in one.both]
    yield from _named("both readings were left on the same words, and both are taken", both)
    if gone:
        yield f"kept there, though no annotator says it any more, and not taken: {gone}"
    yield from _named("begun and not submitted", returned.drafts)
    yield from _named("skipped", returned.skipped)
    yield from _named("what was shown there is gone, so nothing was taken", returned.unknown)
    if returned.rejected:
        yield f"not taken, not sound: {counts_of(returned.rejected)} -> {returned.quarantine}"


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {team.named(names)}"


def facts(returned: Returned, reopened: int) -> dict[str, object]:
    """The same, for programs."""
    return {
        "decided": sum(len(one.decisions) for one in returned.decided),
        "finished": [one.document for one in returned.decided],
        "reopened": reopened,
        "changed": [one.document for one in returned.decided if one.is_changed],
        "both": {one.document: one.both for one in returned.decided if one.both},
        "gone": sum(one.gone for one in returned.decided),
        "drafts": returned.drafts,
        "skipped": returned.skipped,
        "unknown": returned.unknown,
        "rejected": returned.rejected,
    }


def conflicts(returned: Returned, found: Sequence[Disagreement]) -> Iterator[Conflict]:
    """What people decided differently there and nothing else has decided."""
    decided = {(i.document, i.unit, i.key) for i in found if i.decision is not None}
    for conflict in (conflict for one in returned.decided for conflict in one.conflicts):
        item = conflict.item
        if (item.document, item.unit, item.key) not in decided:
            yield conflict
