"""Suggestions as the configuration of a project can show them; what it does not declare is left out, counted.

Label Studio takes and stores anything: a label that a project does not have is drawn grey and submitted
without a label. A project that Goldwire has not made may call its controls otherwise; a label is put into the
one that has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from goldwire.annotate.backend.protocol import Result
from goldwire.annotate.exchange.controls import Control, Controls, attribute_controls, attribute_name
from goldwire.annotate.interface import labelconfig


class Shown(msgspec.Struct, frozen=True):
    """Results that a project can show, and what it cannot, by what it is."""

    results: list[Result]
    left_out: Counter[str]


def fit(results: Sequence[Result], controls: Controls) -> Shown:
    """Results of the `graph` layout (`regions.encode`) for the controls of a project."""
    left_out: Counter[str] = Counter()
    regions = [item for item in results if item["type"] == "labels"]
    arrows = [item for item in results if item["type"] == "relation"]
    placed = {item["id"]: new for item in regions if (new := _placed(item, controls, left_out)) is not None}
    for id in _parted(arrows, controls, placed):
        del placed[id]
        left_out["a part of a unit in several parts"] += 1
    kept: list[Result] = []
    for item in results:
        if item["type"] == "labels":
            kept += [placed[item["id"]]] if item["id"] in placed else []
        elif item["type"] == "choices":
            kept += _choice(item, placed, controls, left_out)
        else:
            kept += _arrow(item, placed, controls, left_out)
    return Shown(kept, left_out)


def _placed(item: Result, controls: Controls, left_out: Counter[str]) -> Result | None:
    """A region in the control that has its label; None if none does."""
    named, (label,) = item["from_name"], item["value"]["labels"]
    own = controls.triggers if named == labelconfig.TRIGGER else controls.entities
    names = [named, *own] if named in controls.controls else own
    if named == labelconfig.EXCLUDED:
        names = [name for name in controls.controls if name == named]
    for name in names:
        if label in controls.controls[name].values:
            return {**item, "from_name": name, "to_name": controls.text}
    if named != labelconfig.EXCLUDED:  # which is no suggestion
        left_out[f"label {label}"] += 1
    return None


def _parted(arrows: Sequence[Result], controls: Controls, placed: dict[str, Result]) -> list[str]:
    """Regions that are parts of one unit where nothing can say so: each alone would be another unit."""
    if controls.continued in controls.arrows:
        return []
    parts = [arrow for arrow in arrows if arrow["labels"] == [labelconfig.CONTINUED]]
    ends = dict.fromkeys(end for arrow in parts for end in (arrow["from_id"], arrow["to_id"]))
    return [end for end in ends if end in placed]


def _choice(
    item: Result, placed: dict[str, Result], controls: Controls, left_out: Counter[str]
) -> Iterator[Result]:
    region = placed.get(item["id"])
    if region is None:
        return
    values = item["value"]["choices"]
    attribute = attribute_name(item["from_name"])
    for control in attribute_controls(controls):
        if attribute_name(control.name) == attribute and _takes(control, region, values):
            yield {**item, "from_name": control.name, "to_name": controls.text}
            return
    left_out[f"attribute {attribute}={'|'.join(values)}"] += 1


def _takes(control: Control, region: Result, values: list[str]) -> bool:
    """Whether a choice is offered for a region and has these values."""
    if control.when not in (None, region["from_name"]) or (len(values) > 1 and not control.multiple):
        return False
    labels = {*region["value"]["labels"]}
    return {*values} <= {*control.values} and (not control.only or bool(labels & {*control.only}))


def _arrow(
    item: Result, placed: dict[str, Result], controls: Controls, left_out: Counter[str]
) -> Iterator[Result]:
    (label,) = item["labels"]
    if not {item["from_id"], item["to_id"]} <= placed.keys():
        left_out["an arrow of what is left out"] += 1
        return
    if label == labelconfig.SAME and label not in controls.arrows:
        label = next((name for name in controls.arrows if name in controls.same), label)
    if label in controls.arrows:
        yield {**item, "labels": [label]}
    else:
        left_out[f"arrow {label}"] += 1
