"""Systems by name: one spec each, with a label map and limits where needed. A team keeps them in a TOML file.

timeout = 30                        # for all below: seconds a document, workers, memory, seed
[systems.rules]
spec = "lexicon"
[systems.small]
spec = "spacy:en_core_web_sm"
labels = "labels/spacy.toml"        # beside this file, or a name that ships
memory = "2 GB"
[systems.gpt]
spec = "llm:some-model@https://host.example/v1"
options = { key = "SOME_API_KEY" }  # the NAME of an environment variable, never the key
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from goldwire import configs
from goldwire.corpora import toml
from goldwire.corpora.errors import CorpusError, ExtractorError
from goldwire.eval.extractors import KINDS
from goldwire.eval.extractors.spec import Spec, parse
from goldwire.eval.running.cache import check_system

DEFAULT_TIMEOUT = 60.0  # seconds a document
SLOW_TIMEOUT = 300.0  # of systems that may be told to wait by a server
MEMORY_SHARE = 0.8  # of the machine's memory, for all workers together
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class System(_Struct, frozen=True):
    """What runs under a name; None stands for the default. `memory` is in bytes a process."""

    name: str
    spec: Spec
    labels: str | None = None
    timeout: float | None = None
    memory: int | None = None
    workers: int | None = None
    seed: int | None = None
    options: dict[str, Any] = {}


class _Entry(_Struct, frozen=True):
    spec: str
    labels: str | None = None
    timeout: float | None = None
    memory: str | int | None = None
    workers: int | None = None
    seed: int | None = None
    options: dict[str, Any] = {}


class _Matrix(_Struct, frozen=True):
    systems: dict[str, _Entry]
    timeout: float | None = None
    memory: str | int | None = None
    workers: int | None = None
    seed: int | None = None


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
    memory = entry.memory if entry.memory is not None else matrix.memory
    spec = parse(entry.spec)
    if spec.kind == "file":
        spec = Spec("file", _beside(spec.target, folder))
    system = System(
        name=name,
        spec=spec,
        labels=entry.labels and _labels(entry.labels, folder),
        timeout=entry.timeout if entry.timeout is not None else matrix.timeout,
        memory=parse_size(memory) if isinstance(memory, str) else memory,
        workers=entry.workers if entry.workers is not None else matrix.workers,
        seed=entry.seed if entry.seed is not None else matrix.seed,
        options=entry.options,
    )
    return _checked(system)


def _labels(name: str, folder: Path) -> str:
    return name if name in configs.names("labels") else _beside(name, folder)


def _beside(name: str, folder: Path) -> str:
    """A path as it is meant in a file of that folder."""
    return str(folder / name)


def _checked(system: System) -> System:
    check_system(system.name)
    for what in ("timeout", "memory", "workers"):
        value = getattr(system, what)
        if value is not None and value <= 0:
            raise ExtractorError(f"system {system.name!r}: {what} is more than 0, not {value}")
    return system


def parse_size(text: str) -> int:
    """Bytes from a figure with a unit (KB, MB, GB; KiB, MiB, GiB).

    >>> parse_size("1.5 GB")
    1500000000
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)?\s*", text, re.IGNORECASE)
    if match is None:
        raise ExtractorError(f"{text!r} is no amount of memory; write 500 MB or 2 GB")
    return int(float(match[1]) * _UNITS[(match[2] or "").upper()])


def timeout_of(system: System) -> float:
    """Seconds a document may take: the system's own, or the default of its kind."""
    if system.timeout is not None:
        return system.timeout
    return SLOW_TIMEOUT if KINDS.get(system.spec.kind) == KINDS["llm"] else DEFAULT_TIMEOUT


def memory_of(system: System, workers: int) -> int:
    """Bytes a worker may hold: the system's own limit, or an equal share of the machine's memory."""
    if system.memory is not None:
        return system.memory
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(machine * MEMORY_SHARE / workers)
