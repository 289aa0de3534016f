"""`goldwire corpus correct`: another text in the place of a document's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.files import source
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.corpora.correct import Corrected, Passage

SHOWN = 5  # units named that a layer loses


def correct(
    folder: OwnDir,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="The id of the document.")],
    *,
    text: Annotated[Path, typer.Option(metavar="FILE|-", parser=source, help="The whole new text.")],
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of a file that is not UTF-8, such as cp1252. A byte order mark wins."),
    ] = None,
    judged: Annotated[
        bool,
        typer.Option(
            "--judged",
            help="New words were looked at and hold nothing to annotate: the document stays judged.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be carried over and what lost; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a corrected text in the place of a document's; the old one is kept with its layers in versions/.

    People's annotations move where their words are the same; the rest is rejected as text-corrected. Where
    words came in, lines become drafts: nobody has judged them. Systems are to be run again on the document.

    \b
    Example:
      goldwire corpus correct work d7 --text d7.txt --dry-run
    """
    from goldwire.corpora import correct as correcting
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    if any((folder / "labelstudio").glob("before-*")):  # else what it takes to look is not loaded
        from goldwire.annotate.migration import migrate

        migrate.check_finished(corpus)
    done = correcting.correct(corpus, document, _read(text, encoding), judged=judged, dry_run=dry_run)
    for line in done.notes:
        note(line)
    if as_json:
        print_json(done)
    else:
        say("\n".join(_lines(folder, done, dry_run)))


def _read(text: Path, encoding: str | None) -> str:
    from goldwire.corpora import ingest

    return ingest.read_text(text, encoding)


def _lines(folder: Path, done: Corrected, dry_run: bool) -> Iterator[str]:
    if done.version is None:
        yield f"{folder}: {done.document} has this text already: nothing to do"
        return
    before, after = done.characters
    place = folder / "versions" / done.document / str(done.version)
    yield (
        f"{folder}: {done.document}: {after:,} characters, where there were {before:,}; "
        f"{place} {'would keep' if dry_run else 'keeps'} the old text with its layers"
    )
    for passage in done.passages:
        yield from _passage(passage, done.added)
    dropped = [one.layer for one in done.passages if one.state == "dropped"]
    if dropped:
        yield f"not run on the new text: {', '.join(dropped)}; `goldwire eval run` runs what is missing"
    if dry_run:
        yield "nothing was changed"


def _passage(passage: Passage, added: int) -> Iterator[str]:
    if passage.state == "dropped":
        return
    if passage.state == "left":
        yield f"layer {passage.layer}: of a text that is not known here, left as it is; see corpus validate"
        return
    units = ((passage.mentions, "mention"), (passage.events, "event"), (passage.relations, "relation"))
    kept = ", ".join(f"{number} {word}(s)" for number, word in units if number) or "no units"
    lost = Counter(item.unit for item in passage.lost)
    told = ", ".join(f"{number} {unit}(s)" for unit, number in lost.items())
    yield f"layer {passage.layer}: {kept} carried over" + (f", {told} lost" if told else "")
    yield from (f"  lost: {item.type}: {item.message}" for item in passage.lost[:SHOWN])
    if len(passage.lost) > SHOWN:
        yield f"  and {len(passage.lost) - SHOWN} more"
    if passage.unjudged:
        yield f"  not judged any more: {added} word(s) came in that nobody has looked at (see --judged)"
    if passage.tokens == "lost":
        yield "  its tokens and tags are not those of the new text, and go"
