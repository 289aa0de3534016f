"""`goldwire annotate serve`: a local Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.cli.push import Layout, Prefill, push_lines, wants_people
from goldwire.cli.sync import DataDir, Project, connect, open_both, progress

if TYPE_CHECKING:
    from goldwire.annotate.local.server import Server

PUSHING = ("project", "layout", "prefill")  # what is asked of a corpus that is shown there
STARTING = ("folder", *PUSHING, "port", "open_", "invite")


def serve(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A corpus to push and show there.")
    ] = None,
    *,
    project: Project = None,
    layout: Layout = None,
    prefill: Prefill = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="8080, or a free one if it is taken.")
    ] = None,
    data_dir: DataDir = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="Make a link by which annotators join.")] = False,
    show: Annotated[bool, typer.Option("--status", help="Only tell whether it runs; exit 1 if not.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop it; its data stay.")] = False,
    as_json: Json = False,
) -> None:
    """Start a local Label Studio, or find the one that runs. The first time it is installed (four minutes).

    It listens on this machine only, tells nobody anything, and takes accounts by invitation.

    \b
    Examples:
      goldwire annotate serve work --prefill gold --open
      goldwire annotate serve --stop
    """
    from goldwire.annotate.local import server

    if stop or show:
        refuse(ctx, STARTING, "with --stop" if stop else "with --status")
    if stop:
        refuse(ctx, ("show",), "with --stop")
    if folder is None:
        refuse(ctx, PUSHING, "without DIR: no corpus is shown there")
    if stop or show:
        _tell_server(server.status(data_dir), server.stop(data_dir) if stop else None, as_json)
        return
    running = server.start(data_dir, port=port, progress=note)
    page = running.url if folder is None else _show_corpus(running, folder, project, layout, prefill)
    told = {
        "url": running.url,
        "page": page,
        "account": server.account(running.data_dir).email,
        "password_in": str(running.data_dir / "account.json"),
        "token_in": str(running.data_dir / "token"),
        "version": running.version,
        "pid": running.pid,
        **({"invitation": server.invite(running)} if invite else {}),
    }
    print_json(told) if as_json else say("\n".join(f"{key}: {value}" for key, value in told.items()))
    if open_:
        import webbrowser

        webbrowser.open(page)


def _show_corpus(
    running: Server, folder: Path, project: str | None, layout: Layout, prefill: str | None
) -> str:
    """Push a corpus to a local server; the address of its project."""
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import push as pushing
    from goldwire.annotate.sync import reassign, remembered

    corpus, ontology = open_both(folder)
    with connect(running.url, None, running.data_dir) as client:
        found = groups.find(client, corpus, project or corpus.manifest.name)
        settings = remembered.settle(found.settings, remembered.Given(layout=layout, prefill=prefill))
        for order in reassign.orders(client, corpus, found, settings, progress=progress()).orders:
            pushed = pushing.push(client, corpus, ontology, order, progress=progress())
            if wants_people(pushed, dry_run=False):
                note("\n".join(push_lines(order.title, pushed, client.url, dry_run=False)))
    assert pushed.project is not None  # noqa: S101 - for the type checker
    return f"{running.url}/projects/{pushed.project.id}/data"


def _tell_server(running: Server | None, stopped: bool | None, as_json: bool) -> None:
    if as_json:
        print_json({"running": running, "stopped": stopped})
    elif stopped is not None:
        say(f"stopped: {running.url}" if stopped and running else "none was running")
    else:
        say(f"{running.url}, {'ready' if running.ready else 'starting'}" if running else "none is running")
    if stopped is None and running is None:
        raise typer.Exit(1)
