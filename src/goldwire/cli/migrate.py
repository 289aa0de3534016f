"""`goldwire annotate migrate`: another ontology for a project that people work in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.files import source
from goldwire.cli.output import Json, print_json, say
from goldwire.cli.sync import DataDir, Project, TokenFile, Url, connect, open_both, progress

if TYPE_CHECKING:
    from goldwire.annotate.migration.migrate import Done, Planned
    from goldwire.annotate.migration.plan import Change

SHOWN = 50  # losses in the text; --json has all


def migrate(
    folder: OwnDir,
    *,
    to: Annotated[str, typer.Option(metavar="ONTOLOGY", help="The new one: a name that ships, or a file.")],
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|-", parser=source, help="What becomes of old labels (TOML); see the docs."
        ),
    ] = None,
    project: Project = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    accept_losses: Annotated[
        bool, typer.Option("--accept-losses", help="Go on although something cannot be carried over.")
    ] = False,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Change the ontology of a project with annotations in it: labels are renamed, merged and split.

    Configuration, annotations, drafts, predictions and the corpus's layers go over together. What the plan
    does not name keeps its name. What cannot be carried over is listed first, and exit 1 without a change
    unless it is given up in the plan or accepted. The old state is kept. With --dry-run and no plan it also
    writes one to begin with.

    \b
    Example:
      goldwire annotate migrate work --to conflict-2.toml --plan moves.toml --dry-run
    """
    from goldwire.annotate.migration import mapping
    from goldwire.annotate.migration import migrate as migrating
    from goldwire.annotate.sync import group as groups

    corpus, _ = open_both(folder)
    change = _change(folder, to, plan)
    if change is None:
        migrating.settle(corpus)
        print_json({"changed": {}}) if as_json else say("the corpus has this ontology already")
        return
    with connect(url, token_file, data_dir) as client:
        tell = progress()
        if project is not None:
            groups.check_annotation(groups.find(client, corpus, project))
        planned = migrating.prepare(client, corpus, project or corpus.manifest.name, change, progress=tell)
        refused = bool(planned.unplanned) and not accept_losses
        done = None
        if not dry_run and not refused:
            done = migrating.apply(client, corpus, planned, to, progress=tell)
    begun = mapping.skeleton(change.old, change.new) if dry_run and plan is None else ""
    _tell(planned, done, begun, as_json)
    if refused or (done is not None and done.left):
        raise typer.Exit(1)


def _change(folder: Path, to: str, plan: Path | None) -> Change | None:
    """The change from the corpus's ontology to another one; None if they are the same."""
    from goldwire.annotate.migration import mapping
    from goldwire.annotate.migration.plan import Change
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora import toml
    from goldwire.corpora.errors import CorpusError, check_sound

    _, old = open_both(folder)
    new = ontologies.read(to)
    if new.fingerprint() == old.fingerprint():
        return None
    wanted = mapping.Moves()
    if plan is not None:
        wanted = mapping.decode(toml.read(plan, CorpusError), str(plan))
    check_sound(plan, mapping.check(wanted, old, new, str(plan)))
    return Change(old=old, new=new, moves=wanted)


def _tell(planned: Planned, done: Done | None, begun: str, as_json: bool) -> None:
    items = Counter(item.kind for migration in planned.projects.values() for item in migration.items)
    moved: Counter[str] = Counter()
    for migration in planned.projects.values():
        moved.update(migration.moved)
    if as_json:
        print_json(
            {
                "to_change": items,
                "moved": moved,
                "losses": planned.losses,
                "unplanned": len(planned.unplanned),
                "unplanned_by_label": planned.by_label(),
                "plan": begun,
                "changed": done and done.changed,
                "left": done and done.left,
                "layers": sorted(planned.layers),
            }
        )
        return
    say(f"to change: {', '.join(f'{n} {kind}(s)' for kind, n in items.items()) or 'nothing there'}")
    for label, times in moved.items():
        say(f"  {label}: {times}")
    for label, times in planned.by_label().items():
        say(f"without a place in the new one: {label}, {times} time(s)")
    for loss in sorted(planned.losses, key=lambda loss: loss.planned)[:SHOWN]:
        say(f"{'given up' if loss.planned else 'cannot be carried over'}: {loss}")
    if len(planned.losses) > SHOWN:
        say(f"… and {len(planned.losses) - SHOWN} more (see --json)")
    if done is None:
        say(f"nothing was changed; {len(planned.unplanned)} loss(es) not planned")
        if begun:
            say(f"\na plan to begin with, for a file to be given with --plan:\n\n{begun}")
        return
    say(f"changed: {', '.join(f'{n} {kind}(s)' for kind, n in done.changed.items()) or 'nothing there'}")
    for item in done.left:
        say(f"changed by somebody meanwhile, left alone: {item.kind} {item.id} of task {item.task}")
    say(f"layers: {', '.join(done.layers) or 'none'}")
