"""Controls that a Label Studio configuration declares: which hold entities and which triggers.

Configurations come from files and servers: they are parsed without entities, and hostile ones refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from xml.parsers import expat

import msgspec

from goldwire.annotate.interface import labelconfig
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.ontology import Attribute, EntityType, EventType, Ontology, RelationType, Role, Value

LONGEST = 1_000_000  # characters; the largest configuration seen in the wild is a tenth of it
DEEPEST = 60  # nested tags; views nest a few levels
_REGIONS = ("labels",)  # tags whose regions are spans of a Text
_MARKS = {"label", "choice", "relation"}  # tags that declare one value of their parent

# What people call the arrow of coreference, in lower case; a named one comes first.
COREFERENCE = frozenset(
    {labelconfig.SAME, "coref", "coreference", "corefers", "identical", "same as", "same_as"}
)


class Tag(msgspec.Struct, frozen=True):
    """One element: its tag in lower case, its attributes, those of the values in it, and its depth."""

    tag: str
    attributes: dict[str, str]
    values: tuple[dict[str, str], ...] = ()


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A control that annotates the text: its values, and the regions it belongs to.

    `when` is the control whose regions it describes, `only` the labels it is shown for (all if empty);
    a `dynamic` one takes its values from the data of each task, of a `multiple` one several may be chosen.
    """

    name: str
    tag: str
    values: tuple[str, ...] = ()
    per_region: bool = False
    dynamic: bool = False
    multiple: bool = False
    when: str | None = None
    only: tuple[str, ...] = ()


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration declares for its one text.

    `text` is the name of the text, `field` the key of its content in a task's data. `entities` and
    `triggers` are names of controls; `same` and `continued` are the arrows of coreference and of the
    parts of one mention.
    """

    text: str
    field: str
    controls: dict[str, Control]
    entities: tuple[str, ...]
    triggers: tuple[str, ...]
    arrows: tuple[str, ...] = ()
    same: frozenset[str] = COREFERENCE
    continued: str = labelconfig.CONTINUED

    def labels(self, names: Iterable[str]) -> list[str]:
        """The values of some controls, each once."""
        return [*dict.fromkeys(value for name in names for value in self.controls[name].values)]


def parse(
    xml: str,
    *,
    entities: Iterable[str] = (),
    triggers: Iterable[str] = (),
    same: str | None = None,
    ontology: Ontology | None = None,
) -> Controls:
    """The controls of a configuration.

    Which hold entities and which triggers is named, or worked out: by the names that Goldwire gives, by
    labels that the ontology has, by which regions are described further (`whenTagName`), or because
    there is but one. Raises `DataError` for XML that is broken or hostile and for what cannot be worked out.
    """
    tags = [*_tags(xml)]
    text, field = _text(tags)
    found = {control.name: control for control in _controls(tags, text)}
    holders = [name for name, control in found.items() if control.tag in _REGIONS and not _own_marker(name)]
    named_entities, named_triggers = _named(found, entities), _named(found, triggers)
    held, fired = _sort(found, holders, named_entities, named_triggers, ontology)
    return Controls(
        text=text,
        field=field,
        controls=found,
        entities=held,
        triggers=fired,
        arrows=tuple(
            v["value"] for tag in tags if tag.tag == "relations" for v in tag.values if "value" in v
        ),
        same=COREFERENCE if same is None else frozenset({same}),
    )


def field(xml: str) -> str:
    """The key under which tasks of a configuration have their text."""
    return _text([*_tags(xml)])[1]


def of(ontology: Ontology) -> Controls:
    """The controls of the `graph` layout of an ontology."""
    return parse(labelconfig.graph(ontology))


@cache
def of_frames() -> Controls:
    """The controls of the `frames` layout, the same for every ontology: roles come with the tasks."""
    return parse(labelconfig.frames())


def ontology_of(controls: Controls, name: str = "label-studio") -> Ontology:
    """The ontology that a configuration amounts to: every label, every arrow a role of every event type.

    Arrows may join any two mentions as well: a configuration says nothing of who may fill a role.
    """
    arrows = [a for a in controls.arrows if a not in controls.same and a != controls.continued]
    kinds = tuple(controls.labels(controls.entities))
    role = Role(fillers=kinds)
    return Ontology(
        name=name,
        version="1",
        entities=dict.fromkeys(kinds, EntityType()),
        events={
            event: EventType(roles=dict.fromkeys(arrows, role))
            for event in controls.labels(controls.triggers)
        },
        relations=dict.fromkeys(arrows, RelationType()),
        attributes={attribute_name(c.name): _attribute(c, controls) for c in attribute_controls(controls)},
    )


def attribute_controls(controls: Controls) -> list[Control]:
    """The choices made for a region."""
    return [c for c in controls.controls.values() if c.tag == "choices" and c.per_region]


def attribute_name(control: str) -> str:
    """The attribute that a control of choices sets."""
    return control.removeprefix(labelconfig.ATTRIBUTE)


def _attribute(control: Control, controls: Controls) -> Attribute:
    on_mention = control.when in controls.entities or not controls.triggers
    triggers = controls.labels(controls.triggers)
    events = tuple(label for label in control.only if label in triggers)
    if {*events} == {*triggers}:
        events = ()
    return Attribute(
        on="mention" if on_mention else "event",
        values=dict.fromkeys(control.values, Value()),
        events=() if on_mention else events,
        multiple=control.multiple,
    )


# ---------------------------------------------------------------- which control holds what


def _own_marker(name: str) -> bool:
    return name == labelconfig.EXCLUDED


def _named(found: dict[str, Control], names: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(names)
    known = [name for name, control in found.items() if control.tag in _REGIONS]
    for name in wanted:
        if name not in known:
            raise DataError(
                f"the configuration has no control {name!r} for regions; it has: {', '.join(known) or 'none'}"
            )
    return wanted


def _sort(
    found: dict[str, Control],
    holders: list[str],
    entities: tuple[str, ...],
    triggers: tuple[str, ...],
    ontology: Ontology | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Controls of entities and controls of triggers, the rest given to the kind that nobody named."""
    rest = tuple(name for name in holders if name not in (*entities, *triggers))
    if both := {*entities} & {*triggers}:
        raise DataError(f"a control holds entities or triggers, not both: {', '.join(sorted(both))}")
    if entities or triggers:
        return entities or rest, triggers or rest
    fired = _triggers(found, holders, ontology)
    return tuple(name for name in holders if name not in fired), fired


def _triggers(found: dict[str, Control], holders: list[str], ontology: Ontology | None) -> tuple[str, ...]:
    if labelconfig.TRIGGER in holders and labelconfig.ENTITY in holders:
        return (labelconfig.TRIGGER,)
    if labelconfig.ROLE in holders and labelconfig.TRIGGER in holders:
        return (labelconfig.TRIGGER,)
    if ontology is not None:
        labelled = tuple(n for n in holders if {*found[n].values} & ontology.events.keys())
        if labelled or any({*found[n].values} & ontology.entities.keys() for n in holders):
            return labelled
    if len(holders) < 2:  # noqa: PLR2004
        return ()
    described = {control.when for control in found.values() if control.when is not None}
    fired = tuple(name for name in holders if name in described)
    if fired and len(fired) < len(holders):
        return fired
    raise DataError(
        f"cannot tell which of the controls {', '.join(holders)} hold entities and which triggers: "
        "name them (`--entities NAME`, `--triggers NAME`)"
    )


# ---------------------------------------------------------------- reading the XML


def _text(tags: list[Tag]) -> tuple[str, str]:
    """The name of the text and its key in the data; the first that labels point at."""
    texts = {
        t.attributes["name"]: t.attributes.get("value", "")
        for t in tags
        if t.tag == "text" and "name" in t.attributes
    }
    aimed = [t.attributes.get("toname") for t in tags if t.tag in _REGIONS]
    name = next((name for name in [*aimed, *texts] if name in texts), None)
    if name is None:
        raise DataError("the configuration labels no <Text>: only projects that label text can be read")
    if others := sorted({each for each in aimed if each in texts} - {name}):
        raise DataError(
            f"labels are for several texts, {name!r} and {', '.join(map(repr, others))}: a task is read as "
            "one document with one text; take the labels of the others out of the configuration that is given"
        )
    shown = next(t for t in tags if t.tag == "text" and t.attributes.get("name") == name)
    if shown.attributes.get("valuetype", "").lower() == "url":
        raise DataError(
            f'the <Text> {name!r} has valueType="url": its tasks hold addresses, not texts, and the offsets '
            "count what is there; put the texts into the tasks"
        )
    return name, texts[name].removeprefix("$")


def _controls(tags: list[Tag], text: str) -> Iterator[Control]:
    seen: set[str] = set()
    for tag in tags:
        name = tag.attributes.get("name")
        if name is None or text not in tag.attributes.get("toname", "").split(","):
            continue
        if name in seen:
            raise DataError(f"the configuration has two controls called {name!r}")
        seen.add(name)
        yield Control(
            name=name,
            tag=tag.tag,
            values=tuple(dict.fromkeys(v.get("alias") or v["value"] for v in tag.values if v.get("value"))),
            per_region=tag.attributes.get("perregion", "").lower() == "true",
            dynamic=tag.attributes.get("value", "").startswith("$"),
            multiple=tag.attributes.get("choice", "").lower() == "multiple",
            when=tag.attributes.get("whentagname"),
            only=tuple(filter(None, tag.attributes.get("whenlabelvalue", "").split(","))),
        )


def _tags(xml: str) -> Iterator[Tag]:
    """All elements, with the values declared in them; attribute names in lower case, as Label Studio does."""
    if len(xml) > LONGEST:
        raise DataError(f"the configuration has {len(xml)} characters; {LONGEST} are the most that are read")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(xml.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        place = Fault(f"config:{error.lineno}", "", expat.errors.messages[error.code])
        raise DataError("the configuration is not valid XML", [place]) from error
    for tag, attributes, values in reader.found:
        yield Tag(tag, attributes, tuple(values))


class _Reader:
    """Collects elements as expat comes by them."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str], list[dict[str, str]]]] = []
        self._open: list[list[dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise DataError(f"the configuration nests tags more than {DEEPEST} deep")
        lowered = {key.lower(): value for key, value in attributes.items()}
        if name.lower() in _MARKS and self._open:
            self._open[-1].append(lowered)
            self._open.append(self._open[-1])
            return
        values: list[dict[str, str]] = []
        self.found.append((name.lower(), lowered, values))
        self._open.append(values)

    def end(self, _name: str) -> None:
        self._open.pop()

    def refuse(self, *_: object) -> None:
        raise DataError(
            "the configuration declares a document type or entities: Label Studio needs none, refused"
        )
