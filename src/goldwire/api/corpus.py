"""Corpora as a notebook uses them: systems run, layers scored, everything as data frames."""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from goldwire.api import inputs
from goldwire.api.comparison import chosen as chosen_documents
from goldwire.api.comparison import chosen_ids
from goldwire.api.record import Record
from goldwire.api.score import Measures, Thresholds
from goldwire.api.several import check_whole, check_words, one_or_several
from goldwire.corpora import store
from goldwire.corpora.errors import ExtractorError, InputTypeError, InputValueError, MeasureError
from goldwire.corpora.lock import check_own
from goldwire.corpora.visible import visible
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.references import Policy
from goldwire.eval.measures.slices import Slice, parse_slices
from goldwire.eval.measures.suites import choose
from goldwire.eval.scoring import thresholds
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import TRIALS
from goldwire.eval.systems import config
from goldwire.eval.systems.config import System
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.function import run_function
from goldwire.eval.systems.run import Outcome, kept_since
from goldwire.eval.systems.run import run as run_systems
from goldwire.eval.systems.runs import expand, written_out

if TYPE_CHECKING:
    import polars as pl


class Runs(msgspec.Struct, frozen=True):
    """What came of each system that was run; every one has its layer `system/NAME`."""

    outcomes: tuple[Outcome, ...]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __getitem__(self, name: str) -> Facts:
        """What running a system cost and how it went."""
        for outcome in self.outcomes:
            if outcome.system == name and outcome.facts is not None:
                return outcome.facts
        raise InputValueError(
            f"no system {name!r} was run; there are: {', '.join(o.system for o in self.outcomes)}"
        )

    def __repr__(self) -> str:
        return visible("\n".join(line for outcome in self.outcomes for line in _told(outcome)))


def _told(outcome: Outcome) -> Iterator[str]:
    facts = outcome.facts
    if facts is None:
        return
    yield f"{facts.system}: layer system/{facts.system}, {amount(facts.documents, 'document')}"
    if outcome.reused is not None:
        yield f"  not run again: {amount(outcome.reused.documents, 'document')}"
    for reason, number in Counter(facts.failed.values()).most_common():
        yield f"  failed, scored as empty: {amount(number, 'document')}: {reason}"
    if outcome.status:
        allowed = f"{facts.allowed} allowed, {len(facts.failed)} failed"
        yield f"  more documents failed than may: {allowed}; its figures are those of a broken run"
    for kind, number in (facts.rejected or {}).items():
        yield f"  rejected, counted as wrong: {number} {kind}"


def _failure(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.system}: {outcome.error}"
    if outcome.kept is not None:
        made = f" ({outcome.kept})" if outcome.kept else ""
        yield f"  layer system/{outcome.system} of an earlier run{made} is still there, and would be scored"


class Corpus(store.Corpus, frozen=True):
    """A corpus directory; methods read from disk each time."""

    def run(
        self,
        systems: Mapping[str, Any] | str | System | Path | Iterable[str | System],
        *,
        version: str | None = None,
        workers: int = 1,
        seed: int = 0,
        fresh: bool = False,
        allow_failures: int | str | None = None,
        runs: int | None = None,
    ) -> Runs:
        """Run systems: each becomes a layer `system/NAME`.

        By name: a spec as `goldwire eval run` takes it (`"lexicon"`, `"cmd:./extract"`), or a function of a
        document, or an object with `extract(documents)`; without names, `NAME=SPEC`, a spec that is its own
        name, Systems, or a TOML file of them. A spec runs in a process of its own. A function runs in this
        one and gives the simple form, Annotations, (start, end, type) tuples or a spaCy Doc: where it
        raises, the document fails alone and counts as empty. With a `version` its output is
        kept, and not asked for again under the same version.

        With `runs`, each is run so many times, as layers `system/NAME/1`, `2`, …, that are one system when
        they are scored; a spec with a seed of its own each time, a fixed one (`lexicon`) once.

        Raises `ExtractorError`, when all are done, if one could not be run or succeeded on no document.
        """
        check_whole(seed=seed)
        check_own(self.path)
        named = _repeated(_named(systems), runs, seed)
        specs = [item for item in named.values() if isinstance(item, System)]
        if version is not None and len(specs) == len(named):
            raise InputValueError("version: is of functions; a spec's own files say which version it is")
        limit = {} if allow_failures is None else {"allow_failures": allow_failures}
        outcomes = [
            self._run_spec(msgspec.structs.replace(item, **limit), workers=workers, seed=seed, fresh=fresh)
            if isinstance(item, System)
            else self._run_function(name, item, version=version, seed=seed, fresh=fresh, **limit)
            for name, item in named.items()
        ]
        failed = [line for outcome in outcomes if outcome.error is not None for line in _failure(outcome)]
        if failed:
            raise ExtractorError("\n".join(["no layer was written for:", *failed]))
        return Runs(tuple(outcomes))

    def _run_spec(self, system: System, **how: Any) -> Outcome:
        [outcome] = run_systems(self, [system], **how)
        return outcome

    def _run_function(self, name: str, function: Any, **how: Any) -> Outcome:
        try:
            return run_function(self, name, function, convert=inputs.simple, **how)
        except ExtractorError as error:
            return Outcome(system=name, error=str(error), kept=kept_since(self, name))

    def score(
        self,
        gold: str | Iterable[str] = "gold",
        systems: str | Iterable[str] | None = None,
        measures: Measures | None = None,
        *,
        suite: str | Path | None = None,
        documents: str | Iterable[str] | None = None,
        unjudged: Literal["left-out", "empty"] = "left-out",
        drafts: Literal["left-out", "counted"] = "left-out",
        rejected: Literal["spurious", "left-out"] = "spurious",
        references: Policy | None = None,
        at: Thresholds = None,
        slices: str | Slice | Iterable[str | Slice] = (),
        unweighted: bool = False,
        duplicates: Literal["set", "refuse"] = "set",
        intervals: Method = UNSEEN,
        trials: int = TRIALS,
        seed: int = 0,
    ) -> Record:
        """The record of systems, all if none are named, against a layer; as `goldwire eval score` makes it.

        `measures` and `suite` as there: the default suite if neither is given. `documents` are ids, or what
        `--documents` takes; `references` and `at` as in `goldwire.score`, `gold` is then several layers.
        `slices` part documents or units, as `--slice` does; `record.frame("slices")` has their figures.
        Documents that were drawn weigh as much as they stand for, but `unweighted`. The record is kept by its
        `write`.
        """
        asked = [] if measures is None else one_or_several(measures, "measures", (str, Measure))
        wanted, chosen = choose(suite, list(map(str, asked)))
        check_whole(trials=trials, seed=seed)
        check_words(
            unjudged=unjudged, drafts=drafts, rejected=rejected, duplicates=duplicates, intervals=intervals
        )
        options = Options(
            duplicates=duplicates,
            intervals=intervals,
            trials=trials,
            seed=seed,
            suite=None if chosen is None else chosen.name,
            classes=chosen is not None and chosen.classes,
            tags=None if chosen is None else chosen.tags,
            scope=Scope(documents=chosen_documents(self, documents), unjudged=unjudged, drafts=drafts),
            asked=documents if documents is None or isinstance(documents, str) else "ids",
            rejected=rejected,
            references=references,
            at=thresholds.check(at, partial(chosen_ids, self)),
            slices=parse_slices(one_or_several(slices, "slices", (str, Slice))),
            unweighted=unweighted,
        )
        golds = one_or_several(gold, "gold")
        asked_for = config.names(self) if systems is None else one_or_several(systems, "systems")
        if twice := sorted({name for name in asked_for if asked_for.count(name) > 1}):
            raise MeasureError(f"{twice[0]!r} is named twice")
        names, _ = written_out(self, asked_for)
        return Record.of(score_corpus(self, golds, names, wanted, options=options), self)

    def frame(self, units: str = "mentions", layers: str | Iterable[str] | None = None) -> pl.DataFrame:
        """Mentions, events or arguments of layers, all if none are named, or documents, as a polars frame."""
        from goldwire.api.frames import frame

        return frame(self, units, None if layers is None else one_or_several(layers, "layers"))

    def __repr__(self) -> str:
        layers = ", ".join(self.layers()) or "none"
        return visible(
            f"{self.manifest.name} {self.manifest.version}: {amount(len(self.hashes()), 'document')} in "
            f"{self.path}\nlayers: {layers}"
        )


def _named(systems: Any) -> dict[str, Any]:
    """Systems and functions by name."""
    if isinstance(systems, Mapping):
        if not systems:
            raise InputValueError("systems: got none; expected {name: spec or function}")
        return {name: _system(name, what) for name, what in systems.items()}
    if callable(systems) or hasattr(systems, "extract"):
        raise InputTypeError("systems: got a function without a name; expected {name: function}")
    found = [
        item for given in one_or_several(systems, "systems", (str, System, Path)) for item in _listed(given)
    ]
    twice = [name for name, number in Counter(item.name for item in found).items() if number > 1]
    if twice or not found:
        raise InputValueError(f"systems: {twice[0]!r} is named twice" if twice else "systems: got none")
    return {item.name: item for item in found}


def _repeated(named: dict[str, Any], number: int | None, seed: int) -> dict[str, Any]:
    """Systems and functions by name, each so many times."""
    if number is None:
        return named
    check_whole(runs=number)
    if not number:
        raise InputValueError("runs: got 0; expected 1 or more, or none given for one run without a number")
    specs = [item for item in named.values() if isinstance(item, System)]
    expanded = expand(specs, number, seed).systems if specs else []
    functions = {
        f"{name}/{run}": item
        for name, item in named.items()
        if not isinstance(item, System)
        for run in range(1, number + 1)
    }
    return {**{item.name: item for item in expanded}, **functions}


def _listed(given: str | System | Path) -> list[System]:
    if isinstance(given, System):
        return [given]
    if isinstance(given, Path) or given.endswith(".toml"):
        return config.read(Path(given))
    return [config.parse_system(given if "=" in given else f"{given.partition(':')[0]}={given}")]


def _system(name: Any, what: str | System | Callable[..., Any] | Any) -> Any:
    if not isinstance(name, str):
        raise InputTypeError(f"systems: got {name!r} for a name; expected text")
    if isinstance(what, System):
        return msgspec.structs.replace(what, name=name)
    return config.parse_system(f"{name}={what}") if isinstance(what, str) else what


def open(path: str | Path) -> Corpus:  # noqa: A001 - read as goldwire.open
    """The corpus in a folder; `CorpusError` if there is none."""
    if not isinstance(path, str | builtins.type(Path()) | Path):
        raise InputTypeError(f"got {type(path).__name__}; expected the folder of a corpus")
    found = store.open_corpus(Path(path))
    return Corpus(found.path, found.manifest, found.source)
