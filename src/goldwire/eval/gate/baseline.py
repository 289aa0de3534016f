"""Baselines: what a build must not fall behind, as a small file kept in the repository.

It is a record cut down to what a policy judges: the counts of each document, signatures, and what they
belong to. Which gold units each system had right is there as well, so that a loss can be shown in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import msgspec

from goldwire.corpora.atomic import write_output
from goldwire.corpora.codec import decode_versioned, read_bytes
from goldwire.corpora.errors import CorpusError, Fault, JudgementError, among, nearest
from goldwire.eval.comparison import same, slices
from goldwire.eval.counting.counts import Counts
from goldwire.eval.counting.slices import decode
from goldwire.eval.gate import runs
from goldwire.eval.gate.policy import Policy, Rule
from goldwire.eval.measures.measure import Measure, form_of, name, parse
from goldwire.eval.measures.phrases import listed, points
from goldwire.eval.scoring.files import check, plain
from goldwire.eval.scoring.record import (
    LayerFacts,
    Record,
    Result,
    Slicing,
    failed_runs,
)
from goldwire.eval.scoring.runs import SystemRuns
from goldwire.eval.scoring.verify import iter_faults
from goldwire.eval.scoring.views import LABELS
from goldwire.eval.statistics.figures import headline, is_defined
from goldwire.eval.systems.facts import reported

FORMAT = 4  # as that of the record inside
_ROUNDING = 1e-9  # sums may have been made in another order
Hits = dict[str, dict[str, dict[str, str]]]  # by system, measure, document id: see `located.encode_hits`


class Baseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The record that later ones are held against, and the fingerprint of the policy that chose it."""

    format: int
    policy: str
    record: Record
    hits: Hits = {}


def make_baseline(record: Record, policy: Policy) -> Baseline:
    """A record as a baseline: only what the policy judges; without hits.

    Raises `JudgementError` if a system failed on more documents than it was allowed, or the record lacks a
    measure, a slice or a label that the policy names.
    """
    check_runs(record)
    measures = policy.measures()
    missing = [measure for measure in measures if measure not in record.measures]
    if missing:
        raise JudgementError(
            f"the policy judges {', '.join(missing)}, which the record does not have"
            f"{nearest(missing[0], record.measures)}; score with these measures too, or choose another policy"
        )
    check_labels(policy, record)
    counted = {form_of(measure, counted=True) for measure in measures}
    kept = msgspec.structs.replace(
        record,
        suite=None,
        systems=tuple(_bare(system) for system in record.systems),
        gold=_bare(record.gold),
        references=tuple(map(_bare, record.references)),
        measures=measures,
        counts=tuple(table for table in record.counts if table.measure in counted),
        results=tuple(_signed(result) for result in record.results if result.measure in measures),
        runs=tuple(_judged(several, measures) for several in record.runs),
        confusions=(),
        findings=(),
        agreement=tuple(pair for pair in record.agreement if pair.measure in measures),
        slices=_parted(record, policy, counted),
    )
    return Baseline(format=FORMAT, policy=policy.fingerprint(), record=kept)


def _parted(record: Record, policy: Policy, counted: set[str]) -> tuple[Slicing, ...]:
    """The slices that a policy judges, with the counts of its measures; `JudgementError` if one lacks."""
    found = {slices.resolve(record, rule.slice)[0].slice for rule in policy.rules if rule.slice is not None}
    if faults := [fault for rule in policy.rules for fault in _without_types(record, rule)]:
        raise JudgementError("\n".join(dict.fromkeys(faults)))
    return tuple(
        msgspec.structs.replace(
            slicing, counts=tuple(table for table in slicing.counts if table.measure in counted), notes=()
        )
        for slicing in record.slices
        if slicing.slice in found
    )


def _without_types(record: Record, rule: Rule) -> Iterator[str]:
    """Why the labels of a rule cannot be judged in its slice, where units are counted by slice alone."""
    if rule.slice is None or rule.labels is None:
        return
    slicing, counted = slices.resolve(record, rule.slice)[0], form_of(rule.measure, counted=True)
    tables = [table for table in slicing.counts if table.measure == counted]
    if {decode(label)[1] for table in tables for label in table.labels} == {""}:
        yield (
            f"slice {slicing.slice!r}: {name(parse(rule.measure))} is not counted by type there; score with "
            f"--measure {rule.measure},average=macro too, or leave out the labels of the rule"
        )


def check_labels(policy: Policy, *records: Record) -> None:
    """Raise `JudgementError` if a rule names a label that no record has: nothing would be judged of it."""
    for rule in policy.rules:
        if rule.labels is None or rule.labels == "each":
            continue
        form = form_of(rule.measure, counted=True)
        there = {
            label
            for one in records
            for table in one.counts
            if table.measure == form
            for label in table.labels
        }
        if missing := [label for label in rule.labels if label not in there]:
            raise JudgementError(
                f"could not judge: a rule on {name(parse(rule.measure))} names {listed(missing)}, which "
                f"neither gold nor a system has{among(missing[0], sorted(there))}; mend its labels"
            )


def check_runs(record: Record, where: str = "the record") -> None:
    """Raise `JudgementError` if a system of a record (`where` says of which) failed too often."""
    failed = failed_runs(record)
    if failed:
        raise JudgementError(
            "\n  ".join([f"could not judge, nor make a baseline: a run in {where} failed", *failed])
            + "\nMend the system and run it again with `goldwire eval run`, or let it fail now and then with "
            "`--allow-failures` (what was imported too: `eval run --system NAME=file:…`); then score again."
        )


def _bare(layer: LayerFacts) -> LayerFacts:
    """Speed and the like change from run to run and would only make noise in the history.

    What is kept is that a system gives the same each time.
    """
    return msgspec.structs.replace(layer, facts={"fixed": True} if reported(layer.facts).fixed else {})


def _judged(several: SystemRuns, measures: tuple[str, ...]) -> SystemRuns:
    """A system with runs, with what is said of it by the measures that are judged."""
    kept = tuple(result for result in several.results if result.measure in measures)
    return msgspec.structs.replace(several, results=kept)


def _signed(result: Result) -> Result:
    """The figure and its signature, without what can be worked out from the counts."""
    return Result(
        system=result.system,
        measure=result.measure,
        signature=result.signature,
        value=result.value,
        averages={},
    )


def encode_baseline(baseline: Baseline) -> bytes:
    """A baseline as JSON, a line for each field and for each table of counts, so that a diff can be read."""
    fields = msgspec.to_builtins(msgspec.structs.replace(baseline, record=plain(baseline.record)))
    record = fields.pop("record")
    lines = [_field(name, value) for name, value in fields.items()]
    inner = ",\n".join(_field(name, value) for name, value in record.items())
    return ("{" + ",\n".join([*lines, f'"record": {{\n{inner}\n}}']) + "}\n").encode()


def _field(name: str, value: object) -> str:
    text = msgspec.json.encode(value).decode()
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        items = ",\n ".join(msgspec.json.encode(item).decode() for item in value)
        text = f"[\n {items}\n]"
    return f'"{name}": {text}'


def decode_baseline(data: bytes, where: str = "baseline") -> Baseline:
    """A baseline from JSON; `DataError` if it is none or damaged: then nothing can be said of a loss."""
    baseline = decode_versioned(data, Baseline, "a baseline", where, FORMAT)
    check(iter_faults(baseline.record, where, "$.record"), "a baseline", where)
    check(_hits(baseline.hits, where), "a baseline", where)
    check(_contradictions(baseline.record, where), "a baseline", where)
    return baseline


def _hits(hits: Hits, where: str) -> Iterator[Fault]:
    for system, measures in hits.items():
        for measure, documents in measures.items():
            for document, digits in documents.items():
                if not re.fullmatch("1?[0-9a-f]*", digits):
                    told = "is no line of hexadecimal digits"
                    yield Fault(where, f"$.hits.{system}.{measure}.{document}", told)


def _contradictions(record: Record, where: str) -> Iterator[Fault]:
    """Figures that do not follow from the counts beside them, one of which was changed.

    What is undefined, and averages other than micro, came out otherwise in format 1.
    """
    tables = {(table.system, table.measure): table for table in record.counts}
    for number, result in enumerate(record.results):
        measure = parse(result.measure)
        table = tables.get((result.system, str(measure.counted)))
        if table is None or result.value is None or (record.format == 1 and measure.average != "micro"):
            continue
        counts = table.decoded if record.scaled is None else record.decode(table)
        found = headline(counts, measure).f
        if found is not None and abs(found - result.value) > _ROUNDING:
            told = f"is {result.value:.6f}, but the counts give {found:.6f}"
            yield Fault(where, f"$.record.results[{number}].value", told)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; `CorpusError` if there is none."""
    if not path.exists():
        raise CorpusError(f"{path}: there is no baseline yet; write one with --update")
    return decode_baseline(read_bytes(path), str(path))


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Put a baseline at `path`, whole or not at all; folders are made."""
    write_output(path, encode_baseline(baseline))


def iter_differences(
    baseline: Baseline, record: Record, policy: Policy, hashes: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """What keeps a record from being judged by a baseline, each named with both sides.

    `hashes` are those of the corpus's texts as they are, by document, where they are at hand.
    """
    old = baseline.record
    for difference in same.iter_differences(old, record):
        yield difference.told("the baseline", "the record")
        if difference.what == "documents" and (ids := same.corrected(old, _elsewhere(record, hashes))):
            yield f"  {same.tell_corrected(ids)} since, and not judged anew"
        # Where gold judges fewer than it did, the baseline's documents alone would be fewer again.
        if difference.what == "documents" and {*old.documents} < {*record.documents}:
            yield "  score the baseline's alone with `eval score --documents baseline:FILE`"
    if old.policies.get(LABELS) == record.policies.get(LABELS):  # else it is told of gold, and so of all
        for difference in same.iter_other_views(old, record):
            yield difference.told("the baseline", "the record")
    else:
        for difference in same.iter_other_thresholds(old, record):
            yield difference.told("the baseline", "the record")
    yield from _other_slices(old, record, policy)
    if baseline.policy != policy.fingerprint():
        yield f"policy of the gate: the baseline has {baseline.policy}, this one is {policy.fingerprint()}"
    yield from _absent(old, record, policy)


def _other_slices(old: Record, record: Record, policy: Policy) -> Iterator[str]:
    """The slices that a policy judges, and that one side does not have or has of something else."""
    asked = dict.fromkeys(rule.slice for rule in policy.rules if rule.slice is not None)
    for part in asked:
        found = {}
        for what, side in (("the baseline", old), ("the record", record)):
            try:
                found[what] = same.named_slice(slices.resolve(side, part)[0])
                faults = [_without_types(side, rule) for rule in policy.rules if rule.slice == part]
                yield from (f"{what}: {fault}" for fault in dict.fromkeys(chain(*faults)))
            except JudgementError as error:
                yield f"slice: {what}: {error}"
        if len({*found.values()}) > 1:
            yield f"slice {part!r}: {', '.join(f'{what} has {has}' for what, has in found.items())}"


def _elsewhere(record: Record, hashes: Mapping[str, str]) -> dict[str, str]:
    """The hashes of the texts that are not in a record."""
    there = {*record.documents}
    return {id: text for id, text in hashes.items() if id not in there}


def _absent(old: Record, record: Record, policy: Policy) -> Iterator[str]:
    for measure in policy.measures():
        if measure not in record.measures:
            yield f"measure: the record has no {measure}"
    for system in runs.systems(old):
        if not runs.layers(record, system):
            there = ", ".join(sorted(runs.systems(record)))
            yield f"system: the baseline has {system!r}, the record only {there}"


# ---------------------------------------------------------------- what an update changes
def iter_changes(old: Baseline | None, new: Baseline) -> Iterator[str]:
    """The figures of a new baseline beside those of the old one, and what else is different."""
    before = {} if old is None else _figures(old.record)
    now = _figures(new.record)
    for key in sorted(before.keys() | now.keys()):
        system, measure = key
        was, has = (points(side[key]) if key in side else "none" for side in (before, now))
        change = f"{was} -> {has}" if was != has else f"{has}, as before"
        yield f"{system} {name(parse(measure))}: {change}"
    if old is not None:
        for difference in same.iter_differences(old.record, new.record):
            yield difference.changed()
        if old.record.format != new.record.format:
            yield f"format: {old.record.format}, now {new.record.format}"
        if old.policy != new.policy:
            yield f"policy of the gate: {old.policy} -> {new.policy}"


def _figures(record: Record) -> dict[tuple[str, str], float | None]:
    """F of each system by each measure, in the mean of runs; None where gold has no unit of it."""
    return {
        (system, measure): _figure(
            [record.get_counts(layer, measure) for layer in runs.layers(record, system)], parse(measure)
        )
        for system in runs.systems(record)
        for measure in record.measures
    }


def _figure(side: Sequence[Counts], measure: Measure) -> float | None:
    values = [headline(counts, measure).f if is_defined(counts) else None for counts in side]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
