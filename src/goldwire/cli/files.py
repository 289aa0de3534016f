"""`-` where a command names a file: standard input is read before it begins, output is sent when it ended.

So every reader may look at a file as often as it likes, and no half of a file goes out.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import combinations
from pathlib import Path
from typing import Any

import typer

from goldwire.cli.output import told_as
from goldwire.corpora.errors import CorpusError

INPUT, OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")
PLACES = {"path", "file", "directory", "output"}  # types of parameters that `-` is nothing for
TARGETS = {"target", "output"}  # types of those that name a file to write
SENT = "goldwire.sent"  # in the context of a command: the file that standard output is sent at its end


def source(text: str) -> Path:
    """A file to read; `-` is standard input."""
    return INPUT if text == "-" else Path(text)


def target(text: str) -> Path:
    """A file to write; `-` is standard output."""
    return OUTPUT if text == "-" else Path(text)


def output(text: str) -> Path:
    """A file to write that standard output is no place for."""
    return Path(text)


def settle(ctx: Any, places: Iterable[str], spell: Callable[[str], str]) -> None:
    """Put files in the place of `-` among a command's parameters; `spell` is how one of them is written.

    `places` are those that name a folder, or a file that is read and written, or is not of text.
    """
    inputs, outputs = _named(ctx, INPUT), _named(ctx, OUTPUT)
    for fault in (*_iter_faults(ctx, places, inputs, outputs, spell), *_iter_lost(ctx, spell)):
        ctx.fail(fault)
    if inputs or outputs:
        folder = Path(tempfile.mkdtemp(prefix="goldwire-"))
        ctx.call_on_close(lambda: shutil.rmtree(folder, ignore_errors=True))
    for name in inputs:
        _replace(ctx, name, INPUT, _spool(folder, isinstance(ctx.params[name], list | tuple)))
    for name in outputs:
        (folder / "out").mkdir()
        ctx.meta[SENT] = folder / "out" / "stdout"
        told_as(str(ctx.meta[SENT]), "standard output")
        _replace(ctx, name, OUTPUT, ctx.meta[SENT])


def _iter_faults(
    ctx: Any, places: Iterable[str], inputs: list[str], outputs: list[str], spell: Callable[[str], str]
) -> Iterator[str]:
    for name in places:
        if "-" in map(str, _each(ctx.params.get(name))):
            yield f"{spell(name)}: - is a file of text that is read or written, not here; name a place"
    for names, what in ((inputs, "standard input can be read"), (outputs, "standard output can be written")):
        if len(names) > 1:
            yield f"{what} once: - was given for {' and '.join(map(spell, names))}"
    if outputs and ctx.params.get("as_json"):
        yield f"{spell(outputs[0])} - and --json both go to standard output; leave one out"


def _iter_lost(ctx: Any, spell: Callable[[str], str]) -> Iterator[str]:
    """What would be written over that the command reads or writes elsewhere, or that a corpus consists of."""
    targets = {param.name for param in ctx.command.params if param.type.name in TARGETS}
    named = [
        (name, path, path.resolve())
        for name, value in ctx.params.items()
        for path in _paths(value)
        if path.is_file() or not path.exists()
    ]
    for (one, path, place), (other, _, again) in combinations(named, 2):
        if place == again and one != other and {one, other} & targets:
            both = " and ".join(map(spell, (one, other)))
            yield f"{path}: was given for {both}, and would be written over; name another file"
    for name, path, place in named:
        if name in targets and path.is_file() and (what := _of_corpus(place)):
            yield f"{spell(name)} {path}: is {what} of a corpus, and would be written over; name another file"


def _paths(value: Any) -> Iterator[Path]:
    """The places that a parameter names, and files that it names beside other things (`--policy strict`)."""
    for one in _each(value):
        if isinstance(one, Path) and one not in (INPUT, OUTPUT):
            yield one
        elif isinstance(one, str) and Path(one).suffix and Path(one).is_file():
            yield Path(one)


def _of_corpus(place: Path) -> str:
    """What a file is of the corpus that it lies in; "" of what is kept beside."""
    from goldwire.corpora.manifest import ONTOLOGY_FILE
    from goldwire.corpora.store import DOCUMENTS, INDEX, LAYERS, MANIFEST, RECORDS
    from goldwire.eval.systems.journal import RUNS

    for folder in place.parents:
        if (folder / MANIFEST).is_file() or (folder / INDEX).is_file():
            inside = place.relative_to(folder)
            if inside.name in (MANIFEST, DOCUMENTS, INDEX, ONTOLOGY_FILE) and len(inside.parts) == 1:
                return inside.name
            kept = {LAYERS: "a layer", RUNS: "of the runs", RECORDS: "a record"}
            is_kept = inside.parts[0] != RECORDS or inside.suffix == ".json"
            return kept.get(inside.parts[0], "") if is_kept else ""
    return ""


def _named(ctx: Any, path: Path) -> list[str]:
    """The parameters that name a file, as often as they do."""
    return [name for name, value in ctx.params.items() for one in _each(value) if one == path]


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _replace(ctx: Any, name: str, old: Path, new: Path) -> None:
    value = ctx.params[name]
    many = isinstance(value, list | tuple)
    ctx.params[name] = [new if one == old else one for one in value] if many else new


def _spool(folder: Path, one_of_many: bool) -> Path:
    """Standard input in a file.

    Where many files of any kind may be named, it is called as JSON lines if it looks like them: readers of
    articles go by names.
    """
    data = sys.stdin.buffer.read()
    place = folder / ("stdin.jsonl" if one_of_many and data.lstrip().startswith(b"{") else "stdin")
    place.write_bytes(data)
    told_as(str(place), "standard input")
    return place


@contextmanager
def sending(ctx: Any) -> Iterator[None]:
    """Send what was written for standard output; until then, everything else goes to standard error."""
    place: Path | None = ctx.meta.get(SENT)
    if place is None:
        yield
        return
    try:
        with redirect_stdout(sys.stderr):
            yield
    except typer.Exit:  # the check failed, and what it found is written
        _send(place)
        raise
    _send(place)


def _send(place: Path) -> None:
    written = [*place.parent.iterdir()]
    if written and written != [place]:
        raise CorpusError("standard output: this form has several files; name a folder or file")
    if place.is_dir():
        raise CorpusError("standard output: this form is a folder; name one")
    if place.is_file():
        data = place.read_bytes()
        if b"\0" in data:
            raise CorpusError("standard output: this form is binary; name a file")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
