"""Runs of one system: what is run for them, what their layers are called, and which layers are runs of one.

CORPUS/layers/system/NAME/1.jsonl      a run of the system NAME; 2, 3, … beside it

A system of which a run differs from the next (other seeds, a temperature) is judged by several. Run k has the
system's seed and k - 1 more; all else is as it is. Layers that came from elsewhere are runs by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.corpora.store import SYSTEM, Corpus
from goldwire.eval.measures.phrases import listed
from goldwire.eval.systems import facts
from goldwire.eval.systems.config import System
from goldwire.eval.systems.extractor import find_kind

# Runs that are asked for where none are known: on however many documents, 5 of each system show a difference
# from 1.5 standard deviations between runs up, 3 of each from 2.3 (docs/runs.md).
ENOUGH = 5
SEED = "seed"  # also an option, of systems that hand it on to a server
PEOPLE = "annotator/"  # whose layers may be numbered too, and are no runs
_RUN = re.compile(r"(.+)/(0|[1-9]\d*)")


class Expanded(msgspec.Struct, frozen=True):
    """What is to be run, and what must be said of it."""

    systems: list[System]
    notes: list[str]


# ---------------------------------------------------------------- what is run
def expand(systems: Sequence[System], number: int | None, seed: int = 0) -> Expanded:
    """Each system so many times, one that gives the same each time once; as it is without a number.

    Raises `ExtractorError` if all of them give the same each time.
    """
    if number is None:
        return Expanded(list(systems), [])
    fixed = [system for system in systems if is_fixed(system)]
    if len(fixed) == len(systems):
        raise ExtractorError(f"--runs {number}: {_same(fixed)}, so all runs would be equal; leave it out")
    found = [
        one
        for system in systems
        for one in ([system] if system in fixed else [_run(system, k, seed) for k in range(1, number + 1)])
    ]
    return Expanded(found, [f"{_same(fixed)}: run once"] if fixed else [])


def is_fixed(system: System) -> bool:
    """Whether a system gives the same each time, as far as is known."""
    kind = find_kind(system.spec.kind)
    return system.deterministic or (kind is not None and kind.fixed)


def _same(fixed: Sequence[System]) -> str:
    names = [f"{system.name} ({system.spec.shown()})" for system in fixed]
    return f"{listed(names)} {'gives' if len(names) == 1 else 'give'} the same each time"


def _run(system: System, number: int, seed: int) -> System:
    more, own = number - 1, seed if system.seed is None else system.seed
    options = dict(system.options)
    if isinstance(options.get(SEED), int):
        options[SEED] += more
    return msgspec.structs.replace(
        system, name=f"{system.name}/{number}", run=number, seed=own + more, options=options
    )


# ---------------------------------------------------------------- which layers are runs of one system
def grouped(systems: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The systems with runs and the names of these in order, given the facts of each by name.

    NAME/1 is a run of NAME if the runner says so, or where there is another such name beside it.
    """
    found: dict[str, dict[int, str]] = {}
    for name in systems:
        match = None if name.startswith(PEOPLE) else _RUN.fullmatch(name)
        if match is not None:
            found.setdefault(match[1], {})[int(match[2])] = name
    return {
        name: tuple(runs[number] for number in sorted(runs))
        for name, runs in found.items()
        if len(runs) > 1 or any(systems[one].get("run") is not None for one in runs.values())
    }


def owners(groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The system of each run, from systems with their runs (see `grouped`)."""
    return {run: name for name, runs in groups.items() for run in runs}


def number_of(run: str) -> int:
    """The number of a run by its name.

    >>> number_of("small/12")
    12
    """
    return int(run.rpartition("/")[2])


def is_run(name: str, system: str) -> bool:
    """Whether a name is that of a run of a system.

    >>> is_run("small/2", "small"), is_run("small-2", "small"), is_run("small/2/1", "small")
    (True, False, False)
    """
    match = _RUN.fullmatch(name)
    return match is not None and match[1] == system


def of_corpus(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    """The systems of a corpus that have runs."""
    names = [layer.removeprefix(SYSTEM) for layer in corpus.layers() if layer.startswith(SYSTEM)]
    groups = grouped({name: {"run": 0} if _RUN.fullmatch(name) else {} for name in names})
    alone = [runs[0] for runs in groups.values() if len(runs) == 1]
    none = {run for run in alone if (known := facts.read(corpus, run)) is None or known.run is None}
    return {name: runs for name, runs in groups.items() if runs[0] not in none}


def written_out(corpus: Corpus, systems: Iterable[str]) -> tuple[list[str], list[str]]:
    """Systems with their runs in the place of their names, and what must be said of it.

    NAME means the runs of NAME where there are any; `system/NAME` is the one layer of that name.
    """
    groups, given = of_corpus(corpus), list(systems)
    meant = {run for name in given for run in groups.get(name, ())}
    found = [
        name
        for system in dict.fromkeys(given)
        for name in groups.get(system, () if system in meant else [system] * given.count(system))
    ]
    both = [name for name in given if name in groups and corpus.layer_path(SYSTEM + name).is_file()]
    return found, [_both(name, groups[name]) for name in dict.fromkeys(both)]


def _both(name: str, runs: Sequence[str]) -> str:
    return (
        f"{name} is {_those(runs)} here; the layer {SYSTEM}{name}, of one run without a number, is left out "
        f"(--system {SYSTEM}{name} takes it in their place)"
    )


def _those(runs: Sequence[str]) -> str:
    return f"its runs {runs[0]} to {runs[-1]}" if len(runs) > 1 else f"its run {runs[0]}"


def check(systems: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The systems with runs; `CorpusError` where runs cannot be of one system, or a name means two things."""
    groups = grouped(systems)
    for name, runs in groups.items():
        if name in systems:
            raise CorpusError(
                f"{name} is one layer and the name of its runs {listed(runs)} too: score either the one "
                f"(--system {SYSTEM}{name}) or the runs (--system {name}), each into a record of its own"
            )
        states = {systems[run].get("same", ""): run for run in reversed(runs)}
        if len({*states} - {""}) > 1:
            raise CorpusError(
                f"{listed(sorted(states.values(), key=number_of))} are not runs of one system: it was "
                f"changed between them; make all anew with `goldwire eval run --runs {len(runs)}`, or name "
                "those that belong together, a --system each"
            )
    return groups


def beside(corpus: Corpus, system: System, number: int | None) -> Iterator[str]:
    """What must be said of what is there beside the run, or so many runs, that were made now of a system."""
    runs, whole = of_corpus(corpus).get(system.name, ()), SYSTEM + system.name
    if not runs:
        return
    if number is None or is_fixed(system):
        yield (
            f"{system.name} has {_those(runs)} beside {whole}; `eval score` takes the runs (the one layer: "
            f"--system {whole})"
        )
        return
    more = [run for run in runs if number_of(run) > number]
    if more:
        yield f"{listed(more)}, run before, {'stays' if len(more) == 1 else 'stay'} and count as runs too"
    if corpus.layer_path(whole).is_file():
        yield f"{whole}, of one run without a number, stays; `eval score` takes the runs of {system.name}"
