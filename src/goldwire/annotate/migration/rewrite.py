"""Rewrite annotations from one ontology to another: renamed, merged and split labels.

Results are rewritten where they stand, by a plan (`goldwire.annotate.migration.mapping`), so that ids, notes
and all else in them stay. What cannot be carried over is named, result by result, before anything is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from typing import Any

import msgspec

from goldwire.annotate.exchange import clusters, controls, graph, regions, results
from goldwire.annotate.exchange.controls import attribute_name
from goldwire.annotate.exchange.results import place
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.migration.mapping import Kind, Moves, Split
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document
from goldwire.corpora.values import each

Result = dict[str, Any]
_KINDS: dict[str, Kind] = {labelconfig.ENTITY: "entities", labelconfig.TRIGGER: "events"}
_ARROWS = (labelconfig.SAME, labelconfig.CONTINUED)


class Uncarried(msgspec.Struct, frozen=True):
    """A result, or one label of it, that does not go over; `planned` if the plan gives it up."""

    index: int
    label: str
    message: str
    planned: bool = False


class Rewritten(msgspec.Struct, frozen=True):
    """Results under the new ontology, what was left behind, and how often each label became which.

    `origins` has the place of each result in the old list.
    """

    results: list[Any]
    origins: tuple[int, ...]
    uncarried: tuple[Uncarried, ...] = ()
    moved: dict[str, int] = {}


def carry(
    annotations: Annotations, document: Document, moves: Moves, old: Ontology, new: Ontology
) -> tuple[Annotations, Rewritten]:
    """A layer's annotations of one document under the new ontology, and what was left behind."""
    before = regions.encode(annotations, document.text)
    rewritten = checked(before, document, moves, old, new)
    declared = controls.of(new)
    found = results.sort(rewritten.results, document.text, declared)
    after = graph.decode(found, document, declared, new, scores=True).annotations
    # What was rejected before stays as it was given; what is lost on the way is told, and no rejection.
    kept = msgspec.structs.replace(after, provenance=annotations.provenance, rejected=annotations.rejected)
    return kept, rewritten


def checked(before: list[Any], document: Document, moves: Moves, old: Ontology, new: Ontology) -> Rewritten:
    """`rewrite` for the `graph` layout, with what the new ontology refuses of it named as well.

    Refused are arguments whose filler the role does not take any more, attributes that do not apply to the
    new type, mentions that became the same. What the old ontology refused already is not named.
    """
    rewritten = rewrite(before, moves, old, new)
    refused = _refusals(before, document, old)
    now = _refusals(rewritten.results, document, new)
    origins = {origin: now[path] for i, origin in enumerate(rewritten.origins) if (path := place(i)) in now}
    more = [Uncarried(origin, "", why) for origin, why in origins.items() if place(origin) not in refused]
    return msgspec.structs.replace(rewritten, uncarried=(*rewritten.uncarried, *more))


def _refusals(found: list[Any], document: Document, ontology: Ontology) -> dict[str, str]:
    """What an import would reject, by the path of its result."""
    declared = controls.of(ontology)
    decoded = graph.decode(results.sort(found, document.text, declared), document, declared, ontology)
    return {item.path: f"{item.kind}: {item.message}" for item in decoded.rejected}


def rewrite(
    before: list[Any], moves: Moves, old: Ontology, new: Ontology, *, frame: str | None = None
) -> Rewritten:
    """The results of one annotation, draft or prediction, under the new ontology.

    `frame` is the old event type of a frames task, whose regions bear roles. Results of no known form stay
    as they are, and so do labels that the old ontology does not have: they never were annotations.
    """
    writer = _Writer(moves, old, new, frame, [result for result in before if isinstance(result, dict)])
    # Regions first: what hangs on one that is left behind goes with it, wherever it stands.
    order = sorted(range(len(before)), key=lambda index: not _is_region(before[index]))
    rewritten = {index: writer.rewrite(index, before[index]) for index in order}
    kept = [index for index in range(len(before)) if rewritten[index] is not None or before[index] is None]
    return Rewritten(
        [rewritten[index] for index in kept],
        tuple(kept),
        tuple(sorted(writer.uncarried, key=lambda gone: gone.index)),
        dict(writer.moved),
    )


def _is_region(result: Any) -> bool:
    return isinstance(result, dict) and result.get("type") == "labels"


class _Gone(Exception):  # noqa: N818 - no error: it is what the plan or the ontology says
    """A label does not go over, and whether the plan gives it up."""

    def __init__(self, message: str, planned: bool = False) -> None:
        super().__init__(message)
        self.planned = planned


Carry = Callable[[str], str]


class _Writer:
    """Rewrites results one by one and notes what it left behind."""

    def __init__(
        self, moves: Moves, old: Ontology, new: Ontology, frame: str | None, found: list[Result]
    ) -> None:
        self.moves = moves
        self.old = old
        self.new = new
        self.frame = frame
        self.uncarried: list[Uncarried] = []
        self.moved: Counter[str] = Counter()
        self.gone: dict[str | None, bool] = {}  # regions left behind, and whether the plan gives them up
        self.facts = _facts(found)
        self.events = {
            _id(result): label
            for result in found
            if result.get("from_name") == labelconfig.TRIGGER
            for label in _strings(result, "labels")[:1]
        }

    def rewrite(self, index: int, result: Any) -> Any:
        """A result under the new ontology; None if nothing of it is left."""
        if not isinstance(result, dict):
            return result
        kind, control = result.get("type"), str(result.get("from_name"))
        if kind == "relation":
            return self._arrow(index, result)
        if kind == "labels":
            return self._region(index, result, control)
        if _id(result) in self.gone:
            planned = self.gone[_id(result)]
            self._leave(index, control, "the region that it describes is left behind", planned)
            return None
        if kind == "choices" and control.startswith(labelconfig.ATTRIBUTE):
            return self._choice(index, result, attribute_name(control))
        return result

    def _region(self, index: int, result: Result, control: str) -> Result | None:
        carry: Carry
        labels = _strings(result, "labels")
        if not labels:
            return result
        if self.frame is not None and control == labelconfig.ROLE:
            event = self.frame

            def carry(label: str) -> str:
                return label if label == labelconfig.MENTION else self._role(label, event, self._new_frame())
        elif self.frame is None and control in _KINDS:
            kind = _KINDS[control]

            def carry(label: str) -> str:
                return self._type(kind, label, _id(result))
        else:
            return result
        kept = self._carried(index, control, labels, carry)
        if kept is None and self.frame is not None:
            kept = [labelconfig.MENTION]  # the mention stays, without a role
        if kept is None:
            why = [gone for gone in self.uncarried if gone.index == index]
            self.gone[_id(result)] = all(gone.planned for gone in why)
            return None
        return {**result, "value": {**result["value"], "labels": kept}}

    def _choice(self, index: int, result: Result, attribute: str) -> Result | None:
        if attribute not in self.old.attributes:
            return result
        name = self.moves.attributes.get(attribute, attribute)
        values = _strings(result, "choices")
        if not values:
            return result
        renamed = self.moves.values.get(attribute, {})
        known = self.new.attributes[name].values if name in self.new.attributes else {}

        def carry(value: str) -> str:
            if not name:
                raise _Gone(f"attribute {attribute}", planned=True)
            if value not in self.old.attributes[attribute].values:
                return value
            if len(values) > 1 and name in self.new.attributes and not self.new.attributes[name].multiple:
                raise _Gone(f"{attribute}: {', '.join(values)}, and the new ontology takes one value")
            return _renamed(value, renamed, known, f"{attribute}={value}")

        kept = self._carried(index, attribute, values, carry)
        if kept is None:
            return None
        value = {**result["value"], "choices": kept}
        return {**result, "from_name": f"{labelconfig.ATTRIBUTE}{name}", "value": value}

    def _arrow(self, index: int, result: Result) -> Result | None:
        ends = [result.get("from_id"), result.get("to_id")]
        labels = result.get("labels")
        if not isinstance(labels, list) or not all(isinstance(each, str) for each in (*labels, *ends)):
            return result
        region = next((end for end in ends if end in self.events), None)

        def carry(label: str) -> str:
            if label in _ARROWS:
                return label
            if region is None and label not in self.old.relations:
                return label
            if region is None:
                return _renamed(label, self.moves.relations, self.new.relations, f"relation {label}")
            old = self.events[region]
            return self._role(label, old, self._type("events", old, region))

        if not self.gone.keys().isdisjoint(ends):
            planned = self._is_given_up(ends, region, labels, carry)
            self._leave(index, ", ".join(labels), "an end of it is left behind", planned)
            return None
        kept = self._carried(index, "arrow", labels, carry)
        return None if kept is None else {**result, "labels": kept}

    def _is_given_up(self, ends: list[Any], region: Any, labels: list[str], carry: Carry) -> bool:
        """Whether the plan gives up an arrow with its end: with an event its arguments go, with a mention
        its place in a cluster. A role that it filled in an event that stays has to be given up as well."""
        if not all(self.gone.get(end, True) for end in ends):
            return False
        return region in self.gone or all(label in _ARROWS or _is_planned(carry, label) for label in labels)

    # ------------------------------------------------------------ labels

    def _new_frame(self) -> str:
        return self.moves.events.get(self.frame or "", self.frame or "")

    def _type(self, kind: Kind, label: str, region: Any) -> str:
        """What a type becomes in one region: what a split says, else what the plan says, else itself."""
        if label not in getattr(self.old, kind):
            return label
        split = next((s for s in self.moves.splits if self._splits(s, kind, label, region)), None)
        if split is not None:
            return split.target
        return _renamed(label, getattr(self.moves, kind), getattr(self.new, kind), label)

    def _splits(self, split: Split, kind: Kind, label: str, region: Any) -> bool:
        if (split.kind, split.source) != (kind, label):
            return False
        words, chosen = self.facts.get(region, ("", {}))
        if split.attribute is None:
            return words.casefold() in {each.casefold() for each in split.words}
        attribute = self.old.attributes.get(split.attribute)
        values = chosen.get(split.attribute, () if attribute is None else each(attribute.default))
        return any(value in split.values for value in values)

    def _role(self, role: str, old: str, new: str) -> str:
        if old not in self.old.events or role not in self.old.events[old].roles:
            return role
        known = self.new.events[new].roles if new in self.new.events else {}
        return _renamed(role, self.moves.roles.get(old, {}), known, f"{old}.{role}")

    # ------------------------------------------------------------ what went over and what not

    def _carried(self, index: int, what: str, labels: list[str], carry: Carry) -> list[str] | None:
        """Labels as they are now, each once; None if there were some and none is left."""
        kept: dict[str, None] = {}
        for label in labels:
            try:
                became = carry(label)
            except _Gone as gone:
                self.uncarried.append(Uncarried(index, label, str(gone), gone.planned))
                continue
            kept[became] = None
            if became != label:
                self.moved[f"{what} {label} -> {became}"] += 1
        return [*kept] if kept or not labels else None

    def _leave(self, index: int, label: str, message: str, planned: bool) -> None:
        self.uncarried.append(Uncarried(index, label, message, planned))


def _is_planned(carry: Carry, label: str) -> bool:
    try:
        carry(label)
    except _Gone as gone:
        return gone.planned
    return False


def _renamed(name: str, names: Mapping[str, str], known: Container[str], path: str) -> str:
    """What a plan makes of a name; raises `_Gone` for nothing, or for what the new ontology does not have."""
    target = names.get(name, name)
    if not target:
        raise _Gone(f"the plan gives {path} up", planned=True)
    if target not in known:
        raise _Gone(f"the new ontology has no place for {path}; the plan says nothing of it")
    return target


def _facts(found: list[Result]) -> dict[str | None, tuple[str, dict[str, list[str]]]]:
    """The words of each region and what was chosen for it; the parts of one mention share them."""
    parts = clusters.Union[str | None]()
    for result in found:
        one, other, labels = result.get("from_id"), result.get("to_id"), result.get("labels")
        joins = isinstance(labels, list) and labelconfig.CONTINUED in labels
        if joins and isinstance(one, str) and isinstance(other, str):
            parts.join(one, other)
    facts: dict[str | None, tuple[str, dict[str, list[str]]]] = {}
    for result in found:
        words, chosen = facts.get(parts.find(_id(result)), ("", {}))
        value = result.get("value")
        if _is_region(result) and isinstance(value, dict):
            words = f"{words} {value.get('text', '')}".strip()
        if result.get("type") == "choices" and (values := _strings(result, "choices")):
            chosen = {**chosen, attribute_name(str(result.get("from_name"))): values}
        facts[parts.find(_id(result))] = (words, chosen)
    return {_id(result): facts[parts.find(_id(result))] for result in found}


def _id(result: Result) -> str | None:
    id = result.get("id")
    return id if isinstance(id, str) else None


def _strings(result: Result, field: str) -> list[str]:
    value = result.get("value")
    found = value.get(field) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
