"""`goldwire annotate pull` and `status`: what comes back from a Label Studio server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from goldwire.cli import team
from goldwire.cli.arguments import Annotators, OwnDir, names_of
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, detail, note, print_json, say
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.annotate.sync.client import Client
    from goldwire.annotate.sync.group import Group
    from goldwire.annotate.sync.pull import Pulled, Request
    from goldwire.annotate.sync.remembered import Settings
    from goldwire.corpora.ontology import Ontology
    from goldwire.corpora.store import Corpus

Project = Annotated[
    str | None, typer.Option(metavar="P", help="Title or id there; the corpus's name if not given.")
]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Address of the server; else LABEL_STUDIO_URL, else the local one if it runs."
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="File that holds the token; else LABEL_STUDIO_API_KEY, else the keyring."
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Data folder of the local server; one of your own by default."),
]
Naming = Annotated[
    Literal["id", "address", "pseudonym"] | None,
    typer.Option(
        "--names",
        help="What people are called in layers; pseudonyms stay the same. Else as remembered; id at first.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Fetch every task again, not only what has changed.")]

WATCH = 15.0  # seconds between two looks
_COUNTING = re.compile(r"(\d+) of (\d+)")


def pull(
    folder: OwnDir,
    *,
    project: Project = None,
    naming: Naming = None,
    annotators: Annotators = [],  # noqa: B006
    full: Full = False,
    accept_withdrawn: Annotated[
        bool,
        typer.Option(
            "--accept-withdrawn", help="Accept what was withdrawn: it is told once more, and then no more."
        ),
    ] = False,
    doubts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of a project of doubts: write the decisions into their file."),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Bring what people have annotated into layers: annotator/NAME, skipped/NAME, draft/NAME, frames/NAME.

    Only what has changed since the last pull is asked for. What came is kept as it came; what does not fit
    text and ontology is rejected, kept in the line of its document and written to a quarantine file. A layer
    of which everything was rejected is left as it is: exit 1. What was submitted and has been deleted there,
    or skipped, is named and its line kept in withdrawn/NAME: exit 1 until it is accepted or done again.

    \b
    Example:
      goldwire annotate pull work --project "round 1" --names address
      goldwire annotate pull work --project recheck --doubts doubts.jsonl
    """
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import pull as pulling
    from goldwire.annotate.sync import recheck, remembered

    corpus, ontology = open_both(folder)
    with connect(url, token_file, data_dir) as client:
        found, settings = _group(client, corpus, project, naming, annotators)
        groups.check_annotation(found)
        recheck.check(found, doubts=doubts is not None)
        for change in remembered.changes(found.settings, settings) if found.known else ():
            note(f"remembered from now on: {change}")
        request = _request(found, settings, full=full, accept_withdrawn=accept_withdrawn)
        if doubts is not None:
            _pull_doubts(client, corpus, doubts, request, as_json)
            return
        pulled = pulling.pull(client, corpus, ontology, request, progress=progress())
        groups.remember(client, corpus, found, settings)
    _tell_pull(pulled, as_json)


def _pull_doubts(client: Client, corpus: Corpus, file: Path, request: Request, as_json: bool) -> None:
    """Write what people decided into a file of doubts."""
    from goldwire.annotate.sync import recheck
    from goldwire.eval.doubts import files

    found = recheck.decisions(client, corpus, files.read(file), request, progress=progress())
    files.write(file, found.doubts)
    whole = len(found.doubts.doubts)
    if as_json:
        told = {"differ": found.differ, "unread": found.unread, "foreign": found.foreign}
        print_json({"decisions": {"doubts": whole, "decided": found.decided, **told}})
        return
    say(f"decided: {found.decided} of {whole} -> {file}")
    for kind, ids in (("people differ", found.differ), ("without a choice that can be read", found.unread)):
        if ids:
            say(f"not decided, {kind}: {team.named(ids)}")
    if found.foreign:
        say(f"not read, of doubts that {file} does not have: {found.foreign}; name the file that was pushed")
    note("Say what they change: goldwire eval decisions DIR FILE --to LAYER")


def status(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    project: Project = None,
    naming: Naming = None,
    annotators: Annotators = [],  # noqa: B006
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every now and then, until all is done.")
    ] = False,
    floor: Annotated[
        float, typer.Option(min=0.05, max=0.99, help="F on gold tasks below which somebody is named.")
    ] = 0.9,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="Seconds between two looks.")
    ] = WATCH,
    url: Url = None,
    token_file: TokenFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show how far each annotator is: done, skipped, begun, time for a document, what is left and how long.

    Those who have not begun are shown too, and how many documents nobody, one and two people are done with.
    People are called as `pull` calls them. With --json also task by task. Where there are gold tasks, F on
    them with its interval, and who is below --floor for certain: however often one looks, somebody who is
    not is named with a chance of at most 5 %.

    \b
    Example:
      goldwire annotate status work --project "round 1" --watch
    """
    from goldwire.annotate.sync import status as looking

    if not watch:
        refuse(ctx, ("every",), "without --watch")
    corpus, _ = open_both(folder)
    with connect(url, token_file, data_dir) as client:
        request = _request(*_group(client, corpus, project, naming, annotators))
        while True:
            found = looking.status(client, corpus, request, floor=floor, progress=progress())
            team.tell_status(found, as_json)
            if not watch or not found.remaining:
                return
            time.sleep(every)


# ---------------------------------------------------------------- what all of them need


def open_both(folder: Path) -> tuple[Corpus, Ontology]:
    """A corpus and its ontology; `CorpusError` if it has none."""
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    ontology = corpus.ontology()
    if ontology is None:
        raise CorpusError(
            f"{folder}: the corpus has no ontology; give it one with "
            f"`goldwire corpus set {word(folder)} --ontology NAME|FILE`"
        )
    return corpus, ontology


@contextmanager
def connect(url: str | None, token_file: Path | None, data_dir: Path | None) -> Iterator[Client]:
    """A connection to the server that was named or found."""
    from goldwire.annotate.local import access
    from goldwire.annotate.sync.client import Client

    address, token = access.find(url, token_file, data_dir)
    _check_one_server(address, data_dir)
    client = Client(address, token, watch=detail, tell=note)
    try:
        yield client
    finally:
        client.close()


def _check_one_server(address: str, data_dir: Path | None) -> None:
    """Raise `ServerError` if the server of a data directory runs and another one would be spoken to."""
    from goldwire.annotate.local import server
    from goldwire.corpora.errors import ServerError

    local = None if data_dir is None else server.status(data_dir)
    if local is not None and local.url != address:
        raise ServerError(
            f"--data-dir {data_dir} has a server at {local.url}, and --url or LABEL_STUDIO_URL names "
            f"{address}: leave one of them out"
        )


def _group(
    client: Client, corpus: Corpus, project: str | None, naming: Naming, annotators: list[str]
) -> tuple[Group, Settings]:
    """The projects that are meant, and what people in them are called."""
    from goldwire.annotate.sync import group as groups
    from goldwire.annotate.sync import remembered

    found = groups.find(client, corpus, project or corpus.manifest.name)
    names = {**found.settings.names, **names_of(annotators)}
    return found, remembered.settle(found.settings, remembered.Given(naming=naming, names=names))


def _request(
    found: Group, settings: Settings, *, full: bool = False, accept_withdrawn: bool = False
) -> Request:
    from goldwire.annotate.sync.pull import Request

    return Request.of(settings, found.projects, full=full, accept_withdrawn=accept_withdrawn)


def progress(before: str = "") -> Callable[[str], None]:
    """Tell what goes on, counts no more than twice a second; the last of a count always."""
    told = [0.0]

    def tell(line: str) -> None:
        counting = _COUNTING.search(line)
        unfinished = counting is not None and counting[1] != counting[2]
        if not unfinished or time.monotonic() - told[0] >= 0.5:  # noqa: PLR2004
            told[0] = time.monotonic()
            note(f"{before}{line}")

    return tell


# ---------------------------------------------------------------- what is shown


def _tell_pull(pulled: Pulled, as_json: bool) -> None:
    if as_json:
        print_json(pulled)
    else:
        _show_pull(pulled)
    if pulled.withdrawn and not pulled.accepted:
        note("something was withdrawn there: let it be done again, or accept it with --accept-withdrawn")
    exit_if_refused(pulled.refused, pulled.taken, pulled.rejected)
    if pulled.withdrawn and not pulled.accepted:
        raise typer.Exit(1)


def exit_if_refused(refused: Collection[str], taken: int, rejected: Collection[object]) -> None:
    """Exit 1 where a layer was left as it was, or nothing was taken, since everything was rejected."""
    for layer in refused:
        note(f"layer {layer} was not written: everything for it was rejected")
    if rejected and not taken and not refused:
        note("everything was rejected; no layer was written")
    if refused or (rejected and not taken):
        raise typer.Exit(1)


def _show_pull(pulled: Pulled) -> None:
    from goldwire.corpora import nobody, rejected

    say(f"found: {counts_of(pulled.found)}")
    for layer, size in pulled.layers.items():
        say(f"layer {layer}: {size} document(s)")
    if said := nobody.told(pulled.layers):
        say(said)
    say(f"gone: {counts_of(pulled.gone)}")
    for gone in pulled.withdrawn:
        say(team.withdrawal(gone))
    say(f"not imported: {counts_of(pulled.lost)}")
    say(f"repaired: {counts_of(pulled.repaired)}")
    say(rejected.tell(pulled.rejected, *pulled.quarantine))
    say(f"kept as it came: {', '.join(map(str, pulled.raw))}")


def counts_of(counts: dict[str, int]) -> str:
    """Numbers by kind, those that are not 0; "nothing" if all are."""
    return ", ".join(f"{times} {kind}" for kind, times in counts.items() if times) or "nothing"
