"""`goldwire corpus ontology`: what may be annotated."""

from __future__ import annotations

from typing import Annotated

import typer

from goldwire.cli import shape
from goldwire.cli.options import App
from goldwire.cli.output import Json, print_json

app = App(help="Show, check and compare ontologies.", no_args_is_help=True)

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
    print_json(rows) if as_json else typer.echo(shape.columns([tuple(row.values()) for row in rows]))


@app.command("show")
def show(name: Name, *, as_json: Json = False) -> None:
    """Show types, roles, fillers and attributes.

    \b
    Example:
      goldwire corpus ontology show conflict
    """
    from goldwire.corpora import ontology as ontologies

    ontology = ontologies.read(name)
    print_json(ontology) if as_json else typer.echo(shape.ontology(ontology))


@app.command("check")
def check(name: Name, *, as_json: Json = False) -> None:
    """Check an ontology for contradictions; exit 1 if there are any.

    \b
    Example:
      goldwire corpus ontology check my.toml
    """
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora.errors import DataError, Fault

    faults: tuple[Fault, ...] = ()
    try:
        ontology = ontologies.read(name)
        told = f"sound: {ontology.name} {ontology.version}, fingerprint {ontology.fingerprint()}"
    except DataError as error:
        faults, told = error.faults, str(error)
    print_json({"sound": not faults, "faults": faults}) if as_json else typer.echo(told)
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
    from goldwire.corpora import changes
    from goldwire.corpora import ontology as ontologies

    found = changes.diff(ontologies.read(old), ontologies.read(new))
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(str(change) for change in found) or "no difference in what may be annotated")
