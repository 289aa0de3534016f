"""`goldwire annotate push`: a corpus goes to a Label Studio server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from goldwire.cli import shape, team
from goldwire.cli.arguments import OwnDir
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.cli.sync import DataDir, Project, TokenFile, Url, connect, counts_of, open_both, progress

if TYPE_CHECKING:
    from goldwire.annotate.sync.plan import Update
    from goldwire.annotate.sync.push import Pushed

Prefill = Annotated[
    str | None,
    typer.Option(metavar="LAYER|none", help="Show this layer, to be corrected; else what is remembered."),
]
Layout = Annotated[
    Literal["graph", "frames"] | None,
    typer.Option(
        help="graph: mentions, triggers and arrows; frames: a task for each event, roles by key. "
        "Else as the project remembers; graph at first."
    ),
]

Adopt = Annotated[
    bool, typer.Option("--adopt", help="Write to a project that was not made for this corpus; see the plan.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Put back what others have changed there since the last push.")
]


def push(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    project: Project = None,
    layout: Layout = None,
    prefill: Prefill = None,
    pick: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|none", help="Only the documents of this draw (see `corpus sample`), in its order."
        ),
    ] = None,
    blind: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="The share of documents that are shown no prefill, by chance."),
    ] = None,
    assign: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="A project for each person, with a share of it; may be repeated."),
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    overlap: Annotated[
        float | None, typer.Option(min=0, max=1, help="The share of documents that two people do.")
    ] = None,
    doubts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ask about these doubts (`eval doubts`), in a project of theirs."),
    ] = None,
    gold_tasks: Annotated[
        float | None,
        typer.Option(min=0, max=0.5, help="The share of each person's tasks whose gold is known, unmarked."),
    ] = None,
    gold_from: Annotated[
        str | None, typer.Option("--from", metavar="LAYER", help="The layer that has the gold of gold tasks.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and do nothing.")] = False,
    adopt: Adopt = False,
    overwrite: Overwrite = False,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Bring a corpus to a Label Studio project: plan, then do it. Run it again at any time.

    What nobody has worked on follows the corpus; what somebody has is never changed. Whatever is interrupted
    or lost on the way, running it again completes it, and nothing is there twice. Layout, prefill, draw,
    blind share, people and overlap are remembered: say them once, and again to change them. Exit 1 if the
    text of a task was corrected and what people did with it is not pulled yet, or somebody else has changed
    there what differs from this corpus: that is for people to settle.

    With --doubts, each doubt and control is a task: two readings in an order of chance, without whose they
    are, and a choice. `annotate pull --doubts` brings the decisions back. With --gold-tasks, documents that
    the layer gold (or --from) has are mixed in unmarked for every person of --assign; `status` says how
    people do on them, and they enter no gold again.

    \b
    Examples:
      goldwire annotate push work --project "round 1" --prefill system/lexicon --dry-run
      goldwire annotate push work --project recheck --doubts doubts.jsonl
      goldwire annotate push work --project "round 1" --assign anna --assign ben --overlap 0.2
      goldwire annotate push work --project "round 1" --pick round-1 --blind 0.2
      goldwire annotate push work --assign anna --assign ben --gold-tasks 0.05 --from gold
    """
    from goldwire.annotate.sync import goldtasks, reassign, recheck, remembered
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import push as pushing
    from goldwire.eval.doubts import files

    if len(assign) == 1:
        refuse(ctx, ("overlap",), "with one person")
    if doubts is not None:
        named = ("layout", "prefill", "assign", "overlap", "pick", "blind", "gold_tasks", "gold_from")
        refuse(ctx, named, "with --doubts")
    corpus, ontology = open_both(folder)
    given = remembered.Given(
        layout=layout,
        prefill=prefill,
        assign=tuple(assign) or None,
        overlap=overlap,
        pick=pick,
        blind=blind,
        gold_tasks=gold_tasks,
        gold_from=gold_from,
    )
    done = []
    with connect(url, token_file, data_dir) as client:
        found = groups.find(client, corpus, project or corpus.manifest.name)
        groups.check_annotation(found)
        recheck.check(found, doubts=doubts is not None)
        if not found.settings.gold_tasks and gold_tasks is None:
            refuse(ctx, ("gold_from",), "without --gold-tasks")
        settings = remembered.settle(found.settings, given)
        settings = goldtasks.settle(corpus, found.settings, settings, asked=gold_tasks is not None)
        if doubts is not None:
            asked = files.read(doubts)
            shared = recheck.orders(corpus, ontology, asked, found, adopt=adopt, overwrite=overwrite)
        else:
            shared = reassign.orders(
                client,
                corpus,
                found,
                settings,
                adopt=adopt,
                overwrite=overwrite,
                dry_run=dry_run,
                progress=progress(),
            )
        for order in shared.orders:
            tell = progress(f"{order.title}: " if settings.assign else "")
            pushed = pushing.push(client, corpus, ontology, order, dry_run=dry_run, progress=tell)
            done.append((order.title, pushed))
        done += shared.left
        address = client.url
    changes = tuple(remembered.changes(found.settings, settings)) if found.known else ()
    if settings.gold_ids:
        known = f"{len(settings.gold_ids)} gold task(s) of {settings.gold_from}"
        note(f"{known} {'would be' if dry_run else 'are'} among everybody's, unmarked")
    _tell_push(done, changes, address, dry_run, as_json)
    if any(wants_people(pushed, dry_run) for _, pushed in done):
        raise typer.Exit(1)


def wants_people(pushed: Pushed, dry_run: bool) -> bool:
    """Whether a push leaves something that people have to settle."""
    plan = pushed.plan
    unsettled = plan.conflicting or plan.newer or pushed.foreign_project or pushed.refused
    return bool(unsettled or (dry_run and plan.lost_labels))


def _tell_push(
    done: list[tuple[str, Pushed]], changes: Sequence[str], url: str, dry_run: bool, as_json: bool
) -> None:
    for change in changes:
        note(f"{'would be' if dry_run else ''} remembered from now on: {change}".strip())
    for _, pushed in done:
        for fault in pushed.faults:
            note(f"left out, not sound: {fault}")
        for line in shape.unshown(pushed.unshown):
            note(line)
    if as_json:
        print_json([push_facts(title, pushed, url, dry_run) for title, pushed in done])
    else:
        for title, pushed in done:
            say("\n".join(push_lines(title, pushed, url, dry_run)))
        if any(pushed.project for _, pushed in done):
            say(team.BUTTON)


def push_facts(title: str, pushed: Pushed, url: str, dry_run: bool) -> dict[str, object]:
    """What a push did or would do, for programs."""
    plan, project = pushed.plan, pushed.project
    return {
        "title": title,
        "project": project and project.id,
        "url": project and f"{url}/projects/{project.id}/data",
        "dry_run": dry_run,
        "tasks": plan.counts(),
        "settings": sorted(plan.settings),
        "newer": plan.newer,
        "new": [task.key for task in plan.new],
        "changed": [_change_facts(update) for update in plan.changed],
        "gone": plan.gone,
        "foreign_project": pushed.foreign_project,
        "refused": pushed.refused,
        "kept": plan.kept,
        "conflicting": plan.conflicting,
        "orphaned": plan.orphaned,
        "moved": plan.moved,
        "lost_labels": plan.lost_labels,
        "lost": pushed.lost,
        "unshown": pushed.unshown,
        "blind": pushed.blind and pushed.blind[0],
    }


def push_lines(title: str, pushed: Pushed, url: str, dry_run: bool) -> Iterator[str]:
    """What a push did or would do, and what people have to settle, a line each."""
    from goldwire.annotate.sync.plan import NEWER

    plan, project = pushed.plan, pushed.project
    where = "not there yet" if project is None else f"{url}/projects/{project.id}/data"
    yield f"{title}: {where}"
    undone = dry_run or pushed.foreign_project
    yield f"{'would be' if undone else 'were'}: {counts_of(plan.counts())}"
    if plan.settings:
        yield f"{'to set' if undone else 'set'}: {', '.join(sorted(plan.settings))}"
    yield from _changes(plan.changed, undone)
    if plan.gone:
        yield f"there at the last push, gone since, made anew: {team.named(plan.gone)}"
    for field in plan.newer:
        yield f"conflict: {NEWER.format(what=field)}"
    for label in plan.lost_labels:
        yield f"in use, and not in the new configuration: {label} (see `goldwire annotate migrate`)"
    for conflict in plan.conflicting:
        tasks = ", ".join(map(str, conflict.tasks))
        yield f"conflict: {conflict.key} (task {tasks}): {conflict.message}"
    if pushed.blind is not None:
        hidden, whole = pushed.blind
        would = "would be" if undone else "are"
        yield f"{would} shown no prefill, by chance (--blind): {hidden} of {whole} documents that have one"
    if plan.unpicked:
        yield f"not of the draw, left as they are, and given out last: {plan.unpicked} task(s)"
    if plan.kept:
        yield f"left as they are, worked on: {team.named(plan.kept)}"
    yield from team.departures(plan, undone)
    if pushed.foreign_project:
        yield (
            "nothing was done: goldwire did not make this project for this corpus. If it is the right one, "
            "push with --adopt to have the above done"
        )
    yield f"cannot be shown in Label Studio: {counts_of(pushed.lost)}"


def _changes(changed: Sequence[Update], undone: bool) -> Iterator[str]:
    """What is done to tasks that are there: taken away, set, or other parts changed."""
    would = "would be" if undone else "were"
    removed = [update.local.key for update in changed if update.removes]
    shown = [update.local.key for update in changed if update.predictions and not update.removes]
    if removed:
        yield f"{len(removed)} prediction(s) {would} removed: {team.named(removed)}"
    if shown:
        yield f"{len(shown)} prediction(s) {would} set: {team.named(shown)}"
    parts = sorted({part for update in changed for part in update.what} - {"prediction"})
    for part in parts:
        keys = [update.local.key for update in changed if part in update.what]
        yield f"{part} of {len(keys)} {would} changed: {team.named(keys)}"


def _change_facts(update: Update) -> dict[str, object]:
    prediction = "removed" if update.removes else "set" if update.predictions else None
    return {"id": update.local.key, "task": update.id, "what": update.what, "prediction": prediction}
