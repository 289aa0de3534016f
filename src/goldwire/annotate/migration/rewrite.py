"""Rewrite annotations from one ontology to another: renamed, merged and split labels.

Results are rewritten where they stand, by a plan (`goldwire.annotate.migration.mapping`), so that ids, notes
and all else in them stay. What cannot be carried over is named, result by result, before anything is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from goldwire.annotate.exchange import clusters, controls, graph, regions, results
from goldwire.annotate.exchange.controls import attribute_name
from goldwire.annotate.exchange.results import place
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.migration.mapping import Moves, Split, TypeKind
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document
from goldwire.corpora.values import each

Result = dict[str, Any]
_KINDS: dict[str, TypeKind] = {labelconfig.ENTITY: "entities", labelconfig.TRIGGER: "events"}
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


class _Gone(msgspec.Struct, frozen=True):
    """Why a label does not go over, and whether the plan gives it up."""

    message: str
    planned: bool = False


_Carry = Callable[[str], str | _Gone]  # what a label becomes


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
        labels, carry = _strings(result, "labels"), self._carry_of(control, _id(result))
        if not labels or carry is None:
            return result
        kept = self._carried(index, control, labels, carry)
        if kept is None and self.frame is not None:
            kept = [labelconfig.MENTION]  # the mention stays, without a role
        if kept is None:
            why = [gone for gone in self.uncarried if gone.index == index]
            self.gone[_id(result)] = all(gone.planned for gone in why)
            return None
        return {**result, "value": {**result["value"], "labels": kept}}

    def _carry_of(self, control: str, region: str | None) -> _Carry | None:
        """What the labels of a region become; None if they are of no known control."""
        if self.frame is not None:
            return partial(self._filler, self.frame) if control == labelconfig.ROLE else None
        return partial(self._type, _KINDS[control], region) if control in _KINDS else None

    def _choice(self, index: int, result: Result, attribute: str) -> Result | None:
        values = _strings(result, "choices")
        if attribute not in self.old.attributes or not values:
            return result
        kept = self._carried(index, attribute, values, partial(self._value, attribute, values))
        if kept is None:
            return None
        name = self.moves.attributes.get(attribute, attribute)
        value = {**result["value"], "choices": kept}
        return {**result, "from_name": f"{labelconfig.ATTRIBUTE}{name}", "value": value}

    def _arrow(self, index: int, result: Result) -> Result | None:
        ends = [result.get("from_id"), result.get("to_id")]
        labels = result.get("labels")
        if not isinstance(labels, list) or not all(isinstance(each, str) for each in (*labels, *ends)):
            return result
        region = next((end for end in ends if end in self.events), None)
        carry = self._relation if region is None else partial(self._argument, region)
        if not self.gone.keys().isdisjoint(ends):
            planned = self._is_given_up(ends, region, labels, carry)
            self._leave(index, ", ".join(labels), "an end of it is left behind", planned)
            return None
        kept = self._carried(index, "arrow", labels, carry)
        return None if kept is None else {**result, "labels": kept}

    def _is_given_up(self, ends: list[Any], region: Any, labels: list[str], carry: _Carry) -> bool:
        """Whether the plan gives up an arrow with its end: with an event its arguments go, with a mention
        its place in a cluster. A role that it filled in an event that stays has to be given up as well."""
        if not all(self.gone.get(end, True) for end in ends):
            return False
        return region in self.gone or all(label in _ARROWS or _is_planned(carry(label)) for label in labels)

    # ------------------------------------------------------------ what labels become

    def _type(self, kind: TypeKind, region: str | None, label: str) -> str | _Gone:
        """What a type becomes in one region: what a split says, else what the plan says, else itself."""
        if label not in getattr(self.old, kind):
            return label
        split = next((s for s in self.moves.splits if self._splits(s, kind, label, region)), None)
        if split is not None:
            return split.target
        return _renamed(label, getattr(self.moves, kind), getattr(self.new, kind), label)

    def _splits(self, split: Split, kind: TypeKind, label: str, region: Any) -> bool:
        if (split.kind, split.source) != (kind, label):
            return False
        words, chosen = self.facts.get(region, ("", {}))
        if split.attribute is None:
            return words.casefold() in {each.casefold() for each in split.words}
        attribute = self.old.attributes.get(split.attribute)
        values = chosen.get(split.attribute, () if attribute is None else each(attribute.default))
        return any(value in split.values for value in values)

    def _filler(self, event: str, label: str) -> str | _Gone:
        """What becomes of a region's role in a frame of an event."""
        if label == labelconfig.MENTION:
            return label
        return self._role(event, self.moves.events.get(event, event), label)

    def _argument(self, region: str, label: str) -> str | _Gone:
        """What an arrow from or to a trigger becomes."""
        if label in _ARROWS:
            return label
        old = self.events[region]
        new = self._type("events", region, old)
        return new if isinstance(new, _Gone) else self._role(old, new, label)

    def _role(self, old: str, new: str, role: str) -> str | _Gone:
        if old not in self.old.events or role not in self.old.events[old].roles:
            return role
        known = self.new.events[new].roles if new in self.new.events else {}
        return _renamed(role, self.moves.roles.get(old, {}), known, f"{old}.{role}")

    def _relation(self, label: str) -> str | _Gone:
        """What an arrow between mentions becomes."""
        if label in _ARROWS or label not in self.old.relations:
            return label
        return _renamed(label, self.moves.relations, self.new.relations, f"relation {label}")

    def _value(self, attribute: str, chosen: Sequence[str], value: str) -> str | _Gone:
        """What one of the values becomes that were chosen for an attribute."""
        name = self.moves.attributes.get(attribute, attribute)
        if not name:
            return _Gone(f"attribute {attribute}", planned=True)
        if value not in self.old.attributes[attribute].values:
            return value
        known = self.new.attributes.get(name)
        if len(chosen) > 1 and known is not None and not known.multiple:
            return _Gone(f"{attribute}: {', '.join(chosen)}, and the new ontology takes one value")
        renamed = self.moves.values.get(attribute, {})
        return _renamed(value, renamed, {} if known is None else known.values, f"{attribute}={value}")

    # ------------------------------------------------------------ what went over and what not

    def _carried(self, index: int, what: str, labels: list[str], carry: _Carry) -> list[str] | None:
        """Labels as they are now, each once; None if there were some and none is left."""
        kept: dict[str, None] = {}
        for label in labels:
            became = carry(label)
            if isinstance(became, _Gone):
                self._leave(index, label, became.message, became.planned)
                continue
            kept[became] = None
            if became != label:
                self.moved[f"{what} {label} -> {became}"] += 1
        return [*kept] if kept or not labels else None

    def _leave(self, index: int, label: str, message: str, planned: bool) -> None:
        self.uncarried.append(Uncarried(index, label, message, planned))


def _is_planned(became: str | _Gone) -> bool:
    return isinstance(became, _Gone) and became.planned


def _renamed(name: str, names: Mapping[str, str], known: Container[str], path: str) -> str | _Gone:
    """What a plan makes of a name: gone for nothing, or for what the new ontology does not have."""
    target = names.get(name, name)
    if not target:
        return _Gone(f"the plan gives {path} up", planned=True)
    if target not in known:
        return _Gone(f"the new ontology has no place for {path}; the plan says nothing of it")
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
