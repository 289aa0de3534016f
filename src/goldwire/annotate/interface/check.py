"""Finds what keeps an ontology from annotators: what Label Studio would misread, and examples that mislead.

Here is what no reader of the ontology minds but they: colours, keys, names with a meaning to Label Studio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goldwire.annotate.interface import colours, keys
from goldwire.annotate.interface.examples import pieces
from goldwire.corpora.conform import Misfit, Path
from goldwire.corpora.errors import DataError, among
from goldwire.corpora.ontology import Ontology, labels, told

SAME, CONTINUED = "same", "continued"  # arrows: of coreference, and between the parts of one mention


def refuse(ontology: Ontology, faults: Iterable[Misfit]) -> None:
    """Raise `DataError` with all faults, if there are any."""
    if found := [*faults]:
        what = f"ontology {ontology.name!r} cannot go to Label Studio: {len(found)} fault(s)"
        raise DataError(what, told(found, ontology.name))


def label_faults(ontology: Ontology) -> list[Misfit]:
    """What Label Studio would refuse or read as something else."""
    return [
        *_colour_faults(ontology), *_key_faults(ontology), *_name_faults(ontology), *_comma_faults(ontology)
    ]  # fmt: skip


def example_faults(ontology: Ontology) -> list[Misfit]:
    """Roles in examples that the event does not have, and examples of an event without its trigger."""
    faults = []
    for name, event in ontology.events.items():
        found = [*pieces(event.example)]
        faults += [
            Misfit(("events", name, "example"), f"no role {piece.role!r}{among(piece.role, event.roles)}")
            for piece in found
            if piece.role and piece.role not in event.roles
        ]
        if found and not any(piece.kind == "trigger" for piece in found):
            faults.append(Misfit(("events", name, "example"), "marks no trigger: put it in {braces}"))
    return faults


def _colour_faults(ontology: Ontology) -> Iterator[Misfit]:
    for path, label in labels(ontology).items():
        if label.colour is not None and not colours.is_colour(label.colour):
            told = f"{label.colour!r} is no colour: #rrggbb is expected, such as #a0d0a0, or none at all"
            yield Misfit((*path, "colour"), told)


def _key_faults(ontology: Ontology) -> Iterator[Misfit]:
    for path, label in labels(ontology).items():
        if label.key is not None and not keys.is_key(label.key):
            yield Misfit(
                (*path, "key"), f"{label.key!r} is no key for Label Studio: {keys.EXPECTED}, or none at all"
            )
    given = {path: label.key.lower() for path, label in labels(ontology).items() if label.key is not None}
    first: dict[str, Path] = {}
    for path, key in given.items():
        if first.setdefault(key, path) != path:
            yield Misfit(
                (*path, "key"), f"key {key!r} is already that of {first[key][-1]}: give one of them another"
            )


def _name_faults(ontology: Ontology) -> Iterator[Misfit]:
    arrows: list[Path] = [
        ("events", name, "roles", role) for name, event in ontology.events.items() for role in event.roles
    ]
    arrows += [("relations", name) for name in ontology.relations]
    for path in arrows:
        if path[-1] in (SAME, CONTINUED):
            told = f"{path[-1]!r} is the name of an arrow with a meaning of its own: call it otherwise"
            yield Misfit(path, told)
    values = [
        ("attributes", name, "values", value)
        for name, one in ontology.attributes.items()
        for value in one.values
    ]
    for path in (*labels(ontology), *arrows, *values):
        if path[-1].startswith("$"):
            yield Misfit(
                path, f"{path[-1]!r} begins with $: Label Studio puts data in its place; leave it out"
            )


def _comma_faults(ontology: Ontology) -> Iterator[Misfit]:
    for name, attribute in ontology.attributes.items():
        for event in attribute.events:
            if "," in event:
                told = f"cannot be shown for event {event!r}: its name has a comma; leave that out"
                yield Misfit(("attributes", name), told)
