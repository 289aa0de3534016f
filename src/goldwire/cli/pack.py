"""`goldwire corpus pack` and `unpack`: a corpus as Parquet in parts, in a bucket or a folder, and back."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.outcome import SAY_EVERY
from goldwire.cli.output import Json, is_quiet, note, print_json, say

Where = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, file:///FOLDER or a folder.",
    ),
]


def pack(
    folder: OwnDir,
    address: Where,
    *,
    parts: Annotated[
        int | None,
        typer.Option(min=1, help="Number of parts; as many as give 64 MB of documents each if not given."),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="Add this layer to the corpus of the same documents that is packed there."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Pack a corpus as Parquet, in parts by hash of group or id, where every command reads it.

    Nothing is written over: packing the same corpus again completes what was cut short, another one is
    refused. Pulls of a server and the journals of runs stay here. Credentials are read from where the
    provider's own tools have them, never from an address.

    \b
    Examples:
      goldwire corpus pack work s3://news/gold
      goldwire corpus pack work s3://news/gold --layer system/mine
    """
    from goldwire.corpora.packed import pack as packing
    from goldwire.corpora.packed.address import parse
    from goldwire.corpora.store import open_corpus

    where, corpus = parse(address), open_corpus(folder)
    if layer is None:
        done = packing.pack(corpus, where, parts=parts, workers=os.cpu_count() or 1, tell=Steps())
    elif parts is not None:
        raise typer.BadParameter("--parts has no effect with --layer; leave it out")
    else:
        done = packing.pack_layer(corpus, where, layer, tell=Steps())
    for line in done.notes:
        note(line)
    index, stored = done.index, done.index.stored()
    if as_json:
        print_json(
            {
                "address": str(where), "new": done.new, "parts": index.parts,
                "documents": index.documents.rows, "layers": sorted(index.layers),
                "bytes": stored, "notes": done.notes,
            }
        )  # fmt: skip
        return
    layers = ", ".join(sorted(index.layers)) or "none"
    say(
        f"{where}: {index.documents.rows} document(s) in {index.parts} part(s), layers {layers}, "
        f"{stored / 10**6:.1f} MB"
    )


def unpack(address: Where, folder: OwnDir, *, as_json: Json = False) -> None:
    """Make a corpus directory of a packed corpus, byte by byte what was packed; all or nothing.

    Run it again after a crash; what is there already, complete, is left as it is.

    \b
    Example:
      goldwire corpus unpack s3://news/gold work
    """
    from goldwire.corpora.packed.address import parse
    from goldwire.corpora.packed.unpack import unpack as make

    index = make(parse(address), folder, tell=Steps())
    documents, layers = index.documents.rows, sorted(index.layers)
    if as_json:
        print_json({"corpus": str(folder), "documents": documents, "layers": layers})
    else:
        say(f"{folder}: {documents} document(s), layers {', '.join(layers) or 'none'}")


class Steps:
    """Says how far a command is, now and then."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, what: str) -> None:
        """Say where it is, if nothing was said for some seconds."""
        now = time.monotonic()
        if now - self._said >= SAY_EVERY and not is_quiet():
            self._said = now
            sys.stderr.write(f"{what}\n")
