"""`goldwire annotate backend`: a system answers Label Studio while people annotate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.files import source
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.cli.sync import DataDir, Project, TokenFile, Url, connect, open_both

if TYPE_CHECKING:
    from goldwire.annotate.backend.serve import Facts
    from goldwire.eval.systems.config import System

NEEDS = "suggestions need starlette and uvicorn"
AT_SERVER = ("project", "url", "token_file", "data_dir")  # what is said of a server that it registers at


def backend(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    system: Annotated[
        str, typer.Option(metavar="SPEC|NAME=SPEC|NAME", help="The system that makes suggestions.")
    ],
    systems: Annotated[
        Path | None,
        typer.Option(metavar="FILE|-", parser=source, help="A TOML file of systems, of which NAME is one."),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC|NAME=SPEC|NAME",
            help="The system that is trained when Label Studio says so, and takes over.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that the system runs in.")] = 1,
    host: Annotated[
        str, typer.Option(help="Where to listen. On anything but this machine others can ask too.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="9090, or a free one if it is taken.")
    ] = None,
    register: Annotated[
        bool, typer.Option("--connect", help="Register it with a project; run again, it is there once.")
    ] = False,
    project: Project = None,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make suggestions in Label Studio: a system is asked whenever somebody opens a task that has none.

    It runs until it is stopped (Ctrl-C). What it has found is kept where `eval run` keeps it, and shown again
    at once. Labels that the project does not have are left out and told. A task of which nothing is ready
    after 40 seconds opens without; the next opening has it.

    \b
    Examples:
      goldwire annotate backend work --system lexicon --connect --project "round 1"
      goldwire annotate backend work --system lexicon --train learnt=sklearn --connect
    """
    from goldwire.corpora import extras
    from goldwire.corpora.errors import ServerError

    if not register:
        refuse(ctx, AT_SERVER, "without --connect")
    for library in ("uvicorn", "starlette"):
        extras.load(library, "backend", NEEDS, ServerError)
    from goldwire.annotate.backend.projects import Projects
    from goldwire.annotate.backend.serve import Order, serve

    corpus, ontology = open_both(folder)
    order = Order(
        system=_system(system, systems, workers),
        train=None if train is None else _system(train, systems, workers),
        host=host,
        port=port,
    )
    _warn(host)
    projects = None
    if register:
        with connect(url, token_file, data_dir):  # what is wrong with it is said before anything is begun
            pass
        title = project or corpus.manifest.name
        projects = Projects(corpus, ontology, title, lambda: connect(url, token_file, data_dir))
    serve(corpus, ontology, order, note, ready=lambda facts: _tell(facts, as_json), projects=projects)
    note("stopped")


def _warn(host: str) -> None:
    from goldwire.corpora.address import is_loopback

    if not is_loopback(host):
        note(
            f"--host {host}: others can reach it; they need the password, which goes over the network as it "
            "is, and so do the texts: let nobody in between"
        )


def _system(text: str, file: Path | None, workers: int) -> System:
    """The system of a text: one of the file by its name, NAME=SPEC, or a spec, called like its kind."""
    import msgspec

    from goldwire.eval.systems import config

    listed = {item.name: item for item in (config.read(file) if file else ())}
    found = listed.get(text) or config.parse_system(
        text if "=" in text else f"{text.partition(':')[0]}={text}"
    )
    return msgspec.structs.replace(found, workers=found.workers or workers)


def _tell(facts: Facts, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        sys.stdout.flush()
        return
    say(f"{facts.version} answers at {facts.url} (user {facts.user}, password in {facts.password_in})")
    for one in facts.registered:
        say(f"registered with {one.title}: {one.page}")
        if not one.stream:
            say(f"  it shows predictions of {one.shown}: only tasks without any are asked for, on opening")
        if one.before is not None:
            say(f"  its older backend {one.before!r} is asked on opening, not this one: remove one of them")
    if not facts.registered:
        say("not registered: run it with --connect, or add it in the project's settings, under Model")
    sys.stdout.flush()  # it may be long until there is more
    note("stop it with Ctrl-C")
