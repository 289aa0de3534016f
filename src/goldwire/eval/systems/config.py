"""Systems by name: one spec each, with a label map and limits where needed. A team keeps them in a TOML file.

timeout = 30                        # for all below; so may workers, memory, seed, watch, allow_failures
[systems.rules]
spec = "lexicon"
[systems.small]
spec = "spacy:en_core_web_sm"
labels = "labels/spacy.toml"        # beside this file, or a name that ships
memory = "2 GB"
watch = ["models/", "src/**/*.py"]  # files beside this one that decide what it gives
allow_failures = "1%"               # or a number of documents
deterministic = true                # it gives the same each time: one run says all (see `runs`)
resources = { GPU = 1 }             # on a cluster: what a worker must have (see docs/cluster.md)
[systems.gpt]
spec = "llm:some-model@https://host.example/v1"
options = { key = "SOME_API_KEY" }  # the NAME of an environment variable, never the key
"""

from __future__ import annotations

import fnmatch
import glob
import math
import os
import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from goldwire import configs
from goldwire.corpora import toml
from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.corpora.store import SYSTEM, Corpus
from goldwire.eval.systems.journal import check_system
from goldwire.eval.systems.spec import Spec, parse

DEFAULT_TIMEOUT = 60.0  # seconds a document
SLOW_TIMEOUT = 300.0  # of systems that may be told to wait by a server
MEMORY_SHARE = 0.8  # of the machine's memory, for all workers together
PERCENT = 100
_BEYOND = 2**62  # seconds, bytes or processes; more is no limit, and no number of the operating system
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class System(_Struct, frozen=True):
    """What runs under a name; None stands for the default. `memory` is in bytes a process.

    `watch` are patterns of files that decide its output; `allow_failures` are documents, or a share of them.
    A `deterministic` one gives the same each time; `run` is the number of one of several (see `runs`).
    `resources` are what a worker of a cluster must have free for it.
    """

    name: str
    spec: Spec
    labels: str | None = None
    timeout: float | None = None
    memory: int | None = None
    workers: int | None = None
    seed: int | None = None
    watch: tuple[str, ...] = ()
    allow_failures: int | str | None = None
    deterministic: bool = False
    run: int | None = None
    resources: dict[str, float] = {}
    options: dict[str, Any] = {}


class _Entry(_Struct, frozen=True):
    spec: str
    labels: str | None = None
    timeout: float | None = None
    memory: str | int | None = None
    workers: int | None = None
    seed: int | None = None
    watch: tuple[str, ...] | None = None
    allow_failures: int | str | None = None
    deterministic: bool = False
    resources: dict[str, float] = {}
    options: dict[str, Any] = {}


class _Matrix(_Struct, frozen=True):
    systems: dict[str, _Entry]
    timeout: float | None = None
    memory: str | int | None = None
    workers: int | None = None
    seed: int | None = None
    watch: tuple[str, ...] = ()
    allow_failures: int | str | None = None


def names(corpus: Corpus) -> list[str]:
    """The systems that a corpus has layers of; `CorpusError` if there is none."""
    found = [layer.removeprefix(SYSTEM) for layer in corpus.layers() if layer.startswith(SYSTEM)]
    if not found:
        raise CorpusError(f"{corpus.where}: no system to score; run one with `goldwire eval run`")
    return found


def matching(corpus: Corpus, given: Iterable[str]) -> list[str]:
    """Systems and layers by name; those that a pattern (`*`, `?`, `[…]`) means are written out, each once.

    Patterns mean systems, or, where they have a `/`, any layers. `CorpusError` for one that means none.
    """
    layers = corpus.layers()
    systems = [layer.removeprefix(SYSTEM) for layer in layers if layer.startswith(SYSTEM)]
    found: dict[str, None] = {}
    for text in given:
        pool = layers if "/" in text else systems
        meant = fnmatch.filter(pool, text) if _PATTERN.search(text) and text not in pool else [text]
        if not meant:
            raise CorpusError(f"{corpus.where}: {text!r} means none; there are: {', '.join(pool) or 'none'}")
        found |= dict.fromkeys(meant)
    return list(found)


_PATTERN = re.compile(r"[*?\[]")


def parse_system(text: str) -> System:
    """`NAME=SPEC`, as the command line has it.

    >>> parse_system("small=spacy:en_core_web_sm").spec.kind
    'spacy'
    """
    name, equals, spec = text.partition("=")
    if not equals:
        raise ExtractorError(f"{text!r}: a system is NAME=SPEC, for example rules=lexicon")
    return _checked(System(name=name.strip(), spec=parse(spec)))


def read(path: Path) -> list[System]:
    """The systems of a TOML file, in its order; `DataError` if it is not one."""
    matrix = toml.decode(toml.read(path, CorpusError), _Matrix, "a list of systems", str(path))
    return [_system(name, entry, matrix, path.parent) for name, entry in matrix.systems.items()]


def _system(name: str, entry: _Entry, matrix: _Matrix, folder: Path) -> System:
    """An entry, with what stands for all where it says nothing itself."""
    spec = parse(entry.spec)
    if spec.kind == "file":
        spec = Spec("file", _beside(spec.target, folder))
    common = {what: _own(entry, matrix, what) for what in ("timeout", "workers", "seed", "allow_failures")}
    memory, watch = _own(entry, matrix, "memory"), _own(entry, matrix, "watch")
    system = System(
        name=name,
        spec=spec,
        labels=entry.labels and _labels(entry.labels, folder),
        memory=parse_size(memory) if isinstance(memory, str) else memory,
        watch=tuple(_beside(pattern, Path(glob.escape(str(folder)))) for pattern in watch),
        deterministic=entry.deterministic,
        resources=entry.resources,
        options=_options(spec, entry.options, folder),
        **common,
    )
    return _checked(system)


def _options(spec: Spec, given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The options of an entry; the file of a prompt lies beside that of the systems."""
    named = given.get("prompt")
    if spec.kind != "llm" or not isinstance(named, str):
        return given
    return {**given, "prompt": _beside(named, folder)}


def _own(entry: _Entry, matrix: _Matrix, what: str) -> Any:
    value = getattr(entry, what)
    return getattr(matrix, what) if value is None else value


def _labels(name: str, folder: Path) -> str:
    return name if name in configs.names("labels") else _beside(name, folder)


def _beside(name: str, folder: Path) -> str:
    """A path as it is meant in a file of that folder."""
    return str(folder / name)


def _checked(system: System) -> System:
    check_system(system.name)
    for what in ("timeout", "memory", "workers"):
        value = getattr(system, what)
        if value is not None and not 0 < value < _BEYOND:
            told = "beyond all measure" if value >= _BEYOND else f"{value}"
            raise ExtractorError(f"system {system.name!r}: {what} is more than 0, not {told}")
    allowed(system.allow_failures, 0)
    for what, amount in system.resources.items():
        if not (what.isprintable() and what.strip() and 0 < amount < _BEYOND):
            raise ExtractorError(
                f"system {system.name!r}: resources are amounts more than 0, such as GPU = 1"
            )
    return system


def parse_size(text: str) -> int:
    """Bytes from a figure with a unit (KB, MB, GB; KiB, MiB, GiB).

    >>> parse_size("1.5 GB")
    1500000000
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)?\s*", text, re.IGNORECASE)
    if match is None:
        raise ExtractorError(f"{text!r} is no amount of memory; write 500 MB or 2 GB")
    return int(Fraction(match[1]) * _UNITS[(match[2] or "").upper()])


def allowed(failures: int | str | None, documents: int) -> int:
    """How many of some documents a system may fail on, from a number or a share of them; None is 0.

    >>> allowed(2, 40), allowed("2", 40), allowed("5%", 40), allowed("1%", 40), allowed(None, 40)
    (2, 2, 2, 0, 0)
    """
    match = re.fullmatch(r"\s*(\d+)\s*|\s*(\d+(?:\.\d+)?)\s*%\s*", "0" if failures is None else str(failures))
    share = Fraction(match[2]) / PERCENT if match and match[2] else Fraction(0)
    if match is None or share > 1:
        raise ExtractorError(
            f"{failures!r}: failures are allowed as a number of documents or a share of them, such as 3 or 5%"
        )
    return int(match[1]) if match[1] else math.floor(share * documents)


def timeout_of(system: System) -> float:
    """Seconds a document may take: the system's own, or the default of its kind."""
    if system.timeout is not None:
        return system.timeout
    return SLOW_TIMEOUT if system.spec.kind == "llm" else DEFAULT_TIMEOUT


def memory_of(system: System, workers: int) -> int:
    """Bytes a worker may hold: the system's own limit, or an equal share of the machine's memory."""
    if system.memory is not None:
        return system.memory
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(machine * MEMORY_SHARE / workers)
