"""Gate policies: what a build must reach and what it may lose. TOML, data only.

alpha = 0.05                 # how often an equal build may fail, at most, over all margins together
trials = 10000               # resamples
[[rules]]
measure = "TC"               # a name or string form of a measure
figure = "f"                 # or precision, recall; rejected: the share of units that were turned away
floor = 0.5                  # not below this
drop = 0.02                  # not lower than the baseline by more than this
relative = 0.05              # not lower than the baseline by more than this share of it
margin = 0.02                # statistical: fail if a loss is real and one of this size is not ruled out
ceiling = 0.01               # of rejected, which has no measure: not above this
labels = "each"              # each type by itself, or a list of types; all together without it
minimum = 20                 # with labels: types with fewer gold units are passed over
slice = "seen:no"            # this slice alone, of those that records were scored with
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import Fault, JudgementError, MeasureError, check_sound
from goldwire.corpora.ontology import Ontology
from goldwire.eval.counting.attributes import check_ontology
from goldwire.eval.measures.measure import form_of, parse

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
LimitKind = Literal["floor", "drop", "relative", "margin", "ceiling"]
KINDS: tuple[LimitKind, ...] = ("floor", "drop", "relative", "margin", "ceiling")
REJECTED = "rejected"
ALPHA = 0.05
TRIALS = 10_000


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Rule(_Struct, frozen=True):
    """What is asked of one figure of one measure; every limit that is given is a check of its own.

    The figure `rejected` is of all that a system gave, whatever the measure, and has a `ceiling` alone.
    """

    measure: str = ""
    figure: Literal["precision", "recall", "f", "rejected"] = "f"
    floor: Share | None = None
    drop: Share | None = None
    relative: Share | None = None
    margin: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    ceiling: Share | None = None
    labels: Literal["each"] | tuple[str, ...] | None = None
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    slice: Annotated[str, msgspec.Meta(min_length=1)] | None = None

    def limits(self) -> list[tuple[LimitKind, float]]:
        """The limits that are given, in the order of `KINDS`."""
        return [(kind, limit) for kind in KINDS if (limit := getattr(self, kind)) is not None]


class Policy(_Struct, frozen=True):
    """Rules, and how sure a statistical one must be."""

    rules: tuple[Rule, ...]
    title: str = ""
    alpha: Annotated[float, msgspec.Meta(gt=0, lt=0.5)] = ALPHA
    trials: Annotated[int, msgspec.Meta(ge=100)] = TRIALS
    seed: int = 0

    def measures(self) -> tuple[str, ...]:
        """The measures that are judged, in their string form."""
        return tuple(dict.fromkeys(form_of(rule.measure) for rule in self.rules if rule.measure))

    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of a SHA-256 of what decides a judgement; the title does not."""
        rules = [
            msgspec.structs.replace(rule, measure=form_of(rule.measure)) if rule.measure else rule
            for rule in self.rules
        ]
        content = msgspec.json.encode((rules, self.alpha, self.trials, self.seed))
        return hashlib.sha256(content).hexdigest()[:12]


def decode(text: str, where: str = "policy") -> Policy:
    """A policy from TOML text; `DataError` names every rule that cannot be judged.

    >>> decode('[[rules]]\\nmeasure = "TC"\\nfloor = 0.5').rules[0].limits()
    [('floor', 0.5)]
    """
    policy = toml.decode(text, Policy, "a gate policy", where)
    faults = [fault for number, rule in enumerate(policy.rules) for fault in _faults(rule, number, where)]
    if not policy.rules:
        faults.append(Fault(where, "$.rules", "there is none, so there is nothing to judge"))
    check_sound(where, faults)
    return policy


def _faults(rule: Rule, number: int, where: str) -> list[Fault]:
    place = f"$.rules[{number}]"
    if rule.figure == REJECTED:
        return _ceiling_faults(rule, where, place)
    faults = []
    try:
        parse(rule.measure)
    except MeasureError as error:
        faults.append(Fault(where, f"{place}.measure", str(error)))
    if rule.ceiling is not None:
        faults.append(Fault(where, f"{place}.ceiling", f'is for figure = "{REJECTED}"; here give a floor'))
    elif not rule.limits():
        faults.append(Fault(where, place, f"has no limit; give one of {', '.join(KINDS[:-1])}"))
    if rule.labels in ((), ("each",)):
        told = 'names no type; leave it out, name some, or write labels = "each"'
        faults.append(Fault(where, f"{place}.labels", told))
    if rule.minimum and rule.labels is None:
        faults.append(Fault(where, f"{place}.minimum", 'is for rules with labels; add labels = "each"'))
    return faults


def _ceiling_faults(rule: Rule, where: str, place: str) -> list[Fault]:
    """What is wrong with a rule on what was rejected."""
    faults = [
        Fault(where, f"{place}.{name}", f'is not for figure = "{REJECTED}", which is of all that was given')
        for name in ("measure", "floor", "drop", "relative", "margin", "labels", "minimum", "slice")
        if getattr(rule, name)
    ]
    if rule.ceiling is None:
        faults.append(Fault(where, place, f'figure = "{REJECTED}" needs a ceiling, such as 0.01'))
    return faults


def check(policy: Policy, ontology: Ontology | None) -> None:
    """Raise `MeasureError` if a measure names what is neither a key nor in the ontology, if there is one."""
    check_ontology(map(parse, policy.measures()), ontology)


def read(source: str | Path) -> Policy:
    """The policy of a name that ships with Goldwire, or of a TOML file."""
    return decode(*toml.find("gates", "gate policy", source, JudgementError))
