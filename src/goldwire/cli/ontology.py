"""`goldwire corpus ontology`: what may be annotated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldwire.cli import shape
from goldwire.cli.files import target
from goldwire.cli.options import App
from goldwire.cli.output import Json, print_json, say
from goldwire.corpora.visible import word

app = App(help="Begin, show, check and compare ontologies.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="ONTOLOGY", help="A name that ships, or a TOML file.")]


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the ontologies that ship.

    \b
    Example:
      goldwire corpus ontology list
    """
    from goldwire import configs
    from goldwire.corpora import ontology as ontologies

    found = [ontologies.read(name) for name in configs.names("ontologies")]
    rows = [{"name": o.name, "version": o.version, "title": o.title} for o in found]
    print_json(rows) if as_json else say(shape.columns([tuple(row.values()) for row in rows]))


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called, such as company.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE|-", parser=target, help="Where; NAME.toml if not given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Begin an ontology: a file with a little of everything, explained, to be changed into yours.

    \b
    Example:
      goldwire corpus ontology new company
    """
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora.atomic import write_output
    from goldwire.corpora.errors import OntologyError

    path = out or Path(f"{name}.toml")
    if path.exists():
        raise OntologyError(f"{path}: is there already; choose another name, or another place with --out")
    write_output(path, ontologies.skeleton(name).encode())
    told = f"wrote {path}; change it, then: goldwire corpus ontology check {word(path)}"
    print_json({"written": str(path)}) if as_json else say(told)


@app.command("show")
def show(name: Name, *, as_json: Json = False) -> None:
    """Show types, roles, fillers and attributes.

    \b
    Example:
      goldwire corpus ontology show conflict
    """
    from goldwire.corpora import ontology as ontologies

    ontology = ontologies.read(name)
    print_json(ontology) if as_json else say(shape.ontology(ontology))


@app.command("check")
def check(name: Name, *, as_json: Json = False) -> None:
    """Find everything that is wrong in an ontology, for programs and for annotators; exit 1 if there is.

    \b
    Example:
      goldwire corpus ontology check my.toml
    """
    from goldwire.annotate.interface.check import example_faults, label_faults
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora.errors import DataError

    text, where = ontologies.find(name)
    ontology, misfits = ontologies.examine(text, where)
    if ontology is not None:
        more = [*label_faults(ontology), *example_faults(ontology)]
        told = {*misfits}
        misfits += [fault for fault in more if fault not in told and not ontologies.concerns(fault, misfits)]
    faults = ontologies.told(misfits, where)
    if as_json:
        print_json({"sound": not faults, "faults": faults})
    elif ontology is None or faults:
        say(str(DataError(f"{where}: {len(faults)} fault(s)", faults)))
    else:
        say(f"sound: {ontology.name} {ontology.version}, fingerprint {ontology.fingerprint()}")
    if faults:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    old: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The other one.")],
    as_json: Json = False,
) -> None:
    """Show what was added, removed, changed or perhaps renamed from one ontology to another.

    \b
    Example:
      goldwire corpus ontology diff conflict my.toml
    """
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora import ontology_diff

    found = ontology_diff.diff(ontologies.read(old), ontologies.read(new))
    if as_json:
        print_json(found)
    else:
        say("\n".join(str(change) for change in found) or "no difference in what may be annotated")
