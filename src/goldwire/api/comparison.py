"""Comparison of systems, agreement of annotators and the gate, shown as the command line shows them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.api.record import Record, read_record
from goldwire.api.several import check_whole, corpus_of, one_or_several
from goldwire.api.show import cell, console, short
from goldwire.corpora.errors import InputTypeError, JudgementError, among
from goldwire.corpora.store import Corpus
from goldwire.corpora.visible import visible
from goldwire.eval.comparison import agreement as agreements
from goldwire.eval.comparison import compare as comparisons
from goldwire.eval.comparison.agreement import DEFAULTS
from goldwire.eval.comparison.coefficients import Terms
from goldwire.eval.comparison.compare import Comparison
from goldwire.eval.gate import judgement as judgements
from goldwire.eval.gate import policy as policies
from goldwire.eval.gate.hold import hold, renew
from goldwire.eval.measures.measure import Measure, form_of
from goldwire.eval.report import frames
from goldwire.eval.report.agreement import summarise
from goldwire.eval.report.build import assemble
from goldwire.eval.report.summary import compared
from goldwire.eval.report.values import Report
from goldwire.eval.scoring import record as stored

if TYPE_CHECKING:
    import polars as pl

    from goldwire.api.score import Measures

Records = stored.Record | str | Path | Mapping[str, stored.Record] | Iterable[stored.Record | str | Path]


# ---------------------------------------------------------------- systems
class Comparisons(msgspec.Struct, frozen=True):
    """Systems told apart under one or more measures: `found[measure]`, or all in their order."""

    report: Report
    found: tuple[Comparison, ...]

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, measure: str | Measure) -> Comparison:
        form = form_of(measure)
        for comparison in self.found:
            if comparison.measure == form:
                return comparison
        names = [comparison.measure for comparison in self.found]
        raise JudgementError(f"not compared by {measure!s}{among(str(measure), names)}")

    @property
    def decided(self) -> bool:
        """Whether under every measure the ranking is more than chance."""
        return all(comparison.decided for comparison in self.found)

    def frame(self) -> pl.DataFrame:
        """Every pair under every measure, as a polars frame."""
        return frames.frames(self.report)["pairs"]

    def __repr__(self) -> str:
        return short(compared(self.report), "its .frame()")

    def _repr_html_(self) -> str:
        return cell(compared(self.report), "its .frame()")


def compare(records: Records, measures: Measures | None = None, *, seed: int = 0) -> Comparisons:
    """Who is ahead, by how much, and whether that is more than chance, of all systems of one or more records.

    Records are given as such, as files, several as a list or by name. Raises `JudgementError` if they are of
    other texts, gold or policies, or lack a measure.
    """
    check_whole(seed=seed)
    named = _named(records)
    asked = None if measures is None else one_or_several(measures, "measures", (str, Measure))
    wanted = None if asked is None else list(map(form_of, asked))
    found = comparisons.compare(named, wanted, seed=seed)
    return Comparisons(assemble(named, found, quick=True), tuple(found))


def _named(records: Any) -> dict[str, stored.Record]:
    """Records by name: that of their file, or a number where names would be alike."""
    given = (
        records
        if isinstance(records, Mapping)
        else one_or_several(records, "records", (stored.Record, str, Path))
    )
    if not given:
        raise InputTypeError("records: got none; expected a record, its file, or several")
    if isinstance(given, Mapping):
        return {str(name): record_of(item) for name, item in given.items()}
    names = [Path(item).stem if isinstance(item, str | Path) else "record" for item in given]
    if len(set(names)) < len(names):
        names = [f"{name}-{number}" for number, name in enumerate(names, start=1)]
    return {name: record_of(item) for name, item in zip(names, given, strict=True)}


def record_of(item: Any) -> stored.Record:
    """A record, or the one in a file."""
    if isinstance(item, stored.Record):
        return item
    if isinstance(item, str | Path):
        return read_record(item)
    raise InputTypeError(f"got {type(item).__name__}; expected a record or its file")


# ---------------------------------------------------------------- annotators
class Agreement(agreements.Agreement, frozen=True, kw_only=True):
    """How far annotators agree (see `eval.comparison.agreement`)."""

    def __repr__(self) -> str:
        from goldwire.eval.report.terminal import render

        file = io.StringIO()
        render(summarise(self), console(file))
        return file.getvalue().rstrip()

    def _repr_html_(self) -> str:
        return cell(summarise(self), "its .measures and .coefficients")


def agreement(
    corpus: Corpus | str | Path,
    layers: str | Iterable[str] = (),
    measures: Measures = DEFAULTS,
    *,
    documents: str | Iterable[str] | None = None,
    seed: int = 0,
) -> Agreement:
    """How far layers of a corpus agree, those of all annotators if none are named.

    `documents` are ids, or what `goldwire eval agreement --documents` takes. Raises `MeasureError` if no two
    layers have a document in common.
    """
    check_whole(seed=seed)
    home = corpus_of(corpus)
    if home is None:
        raise InputTypeError("got None; expected a corpus or its folder")
    found = agreements.agree_corpus(
        home,
        one_or_several(layers, "layers"),
        list(map(form_of, one_or_several(measures, "measures", (str, Measure)))),
        documents=chosen(home, documents),
        terms=Terms(seed=seed),
    )
    return Agreement(**{field: getattr(found, field) for field in found.__struct_fields__})


def chosen(corpus: Corpus, documents: str | Iterable[str] | None) -> frozenset[str] | None:
    """The documents that ids, or a word of the command line, stand for; None for all."""
    if documents is None:
        return None
    if isinstance(documents, str):
        return chosen_ids(corpus, documents)
    return frozenset(one_or_several(documents, "documents"))


def chosen_ids(corpus: Corpus, word: str) -> frozenset[str]:
    """The documents that a word of the command line stands for."""
    from goldwire.eval.gate.selection import select

    return select(corpus, word)


# ---------------------------------------------------------------- the gate
class Gate(judgements.Judgement, frozen=True, kw_only=True):
    """What the gate says: `passed`, and every check with its figures."""

    def __repr__(self) -> str:
        from goldwire.eval.gate.wording import lines

        return visible("\n".join(lines(self)))


def gate(
    record: stored.Record | str | Path,
    baseline: str | Path,
    *,
    policy: str | Path = "default",
    corpus: Corpus | str | Path | None = None,
    update: bool = False,
) -> Gate:
    """Whether a record is no worse than a baseline, as the policy has it; `.passed` says so.

    `update` writes the record as the new baseline first. The corpus that the record was scored on, if it is
    at hand, gives examples. Raises `JudgementError` where nothing can be judged.
    """
    scored, rules = record_of(record), policies.read(policy)
    home = corpus_of(corpus) or (scored.home if isinstance(scored, Record) else None)
    policies.check(rules, None if home is None else home.ontology())
    if update:
        renew(scored, Path(baseline), rules, home)
    found = hold(scored, Path(baseline), rules, home)
    return Gate(**{field: getattr(found, field) for field in found.__struct_fields__})
