"""Merging of parts: all of one whole, each once, made from the same; or else all that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import CorpusError, DataError, Fault, GoldwireError
from goldwire.corpora.store import Corpus
from goldwire.corpora.taking import sources
from goldwire.eval.measures.phrases import listed
from goldwire.eval.parts import file, score
from goldwire.eval.parts.file import DIGITS, SUFFIX, SYSTEM, Header, PartFile
from goldwire.eval.scoring import blockwise
from goldwire.eval.scoring.blockwise import ScoredBlock
from goldwire.eval.scoring.compose import make_record
from goldwire.eval.scoring.plan import Plan, decode_plan
from goldwire.eval.scoring.record import Record

# Digests that say that something differs, where nothing else says what: how they are told.
_SUMS = {"plan": "plan", "head": "what systems.toml says of the system"}
_NONE = "none"


# ---------------------------------------------------------------- which files
def find_files(given: Sequence[Path]) -> list[Path]:
    """The files that are given, and all part files in the folders that are; each file once.

    Raises `CorpusError` if there is none.
    """
    found = [path for one in given for path in (_in_folder(one) if one.is_dir() else [one])]
    if not found:
        raise CorpusError(
            f"{', '.join(map(str, given))}: no part files (*{SUFFIX}) there; make them with "
            "`goldwire eval run --part` or `goldwire eval score --part`"
        )
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def _in_folder(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{SUFFIX}") if not path.name.startswith("."))


# ---------------------------------------------------------------- are they one whole
class _Alike(msgspec.Struct, frozen=True):
    """Sound files that are alike, so that they could be merged."""

    files: tuple[PartFile, ...]

    @property
    def header(self) -> Header:
        """What they say of themselves, but for the part."""
        return self.files[0].header

    @property
    def of(self) -> int:
        """Of how many parts they are."""
        return self.header.number.of

    @property
    def numbers(self) -> list[int]:
        """The parts, each once."""
        return sorted({one.header.number.number for one in self.files})

    @property
    def told(self) -> str:
        """Whose run they are, as messages begin."""
        system = self.header.alike.get(SYSTEM)
        return f"{system}: " if system else ""

    @property
    def named(self) -> str:
        """How they alone are named on a command line."""
        return str(self.files[0].path.parent / self.header.pattern)


def check_wholes(paths: Sequence[Path]) -> list[tuple[PartFile, ...]]:
    """All parts of each whole, in order; `DataError` with all that is wrong with the files.

    Runs of several systems are a whole each; scores are one.
    """
    wholes: dict[str, list[Path]] = {}
    for path in paths:
        wholes.setdefault(_system(path), []).append(path)
    found, faults = list[tuple[PartFile, ...]](), list[Fault]()
    for _, files in sorted(wholes.items()):
        try:
            found.append(check_parts(files))
        except DataError as error:
            faults += error.faults
    if len({whole[0].header.kind for whole in found}) > 1:
        alone = listed([_Alike(whole).named for whole in found])
        faults.append(Fault("kinds", "", f"parts of runs and of scores, which are merged apart: {alone}"))
    if faults:
        raise _unmergeable(len(paths), faults)
    return found


def _system(path: Path) -> str:
    """The system that a part of a run is of; "" for all else, sound or not."""
    with suppress(CorpusError, DataError):
        return file.read_header(path).alike.get(SYSTEM, "")
    return ""


def check_parts(paths: Sequence[Path]) -> tuple[PartFile, ...]:
    """All parts of one whole, in order; `DataError` with all that is wrong with the files.

    Every byte of them is read; memory does not grow with them.
    """
    sound, faults = _read(paths)
    groups = _grouped(sound)
    if groups:
        faults = [*_faults_of(groups[0]), *_foreign(groups), *faults]
    if faults:
        raise _unmergeable(len(paths), faults)
    return groups[0].files


def _unmergeable(number: int, faults: list[Fault]) -> DataError:
    return DataError(f"{number:,} part file(s) cannot be merged; nothing was written", faults)


def _read(paths: Sequence[Path]) -> tuple[list[PartFile], list[Fault]]:
    """The sound ones among files, and what is wrong with the others."""
    sound, faults = list[PartFile](), list[Fault]()
    for path in paths:
        try:
            sound.append(file.check(path))
        except (CorpusError, DataError) as error:
            faults.append(Fault(str(path), "", str(error).removeprefix(f"{path}: ")))
    return sound, faults


def _grouped(files: Sequence[PartFile]) -> list[_Alike]:
    """Files in groups of those that are alike, the one with the most parts first."""
    groups: dict[tuple[str, str, int, str], list[PartFile]] = {}
    for one in sorted(files, key=lambda one: (one.header.number.number, one.path)):
        head = one.header
        groups.setdefault((head.kind, head.name, head.number.of, head.content), []).append(one)
    found = [_Alike(tuple(group)) for _, group in sorted(groups.items())]
    return sorted(found, key=lambda group: -len(group.numbers))


def _faults_of(group: _Alike) -> Iterator[Fault]:
    """What is wrong with files that are alike: parts that are missing, or there twice, or too old."""
    if missing := sorted({*range(1, group.of + 1)} - {*group.numbers}):
        yield Fault("missing", "", f"{group.told}{ranges(missing)} of {group.of}")
    for number, same in groupby(group.files, key=lambda one: one.header.number.number):
        if len(files := list(same)) > 1:
            yield Fault("doubled", "", f"{group.told}part {number} of {group.of}: {_doubled(files)}")
    if group.header.goldwire != __version__:
        told = f"made by Goldwire {group.header.goldwire}, and this is {__version__}"
        yield Fault("version", "", f"{told}; merge them with that one, or make all parts anew")


def _doubled(files: Sequence[PartFile]) -> str:
    named = listed([str(one.path) for one in files])
    if len({one.digest for one in files}) == 1:
        return f"{named} are the same; take one of them away"
    return f"{named} differ; take away all but the right one, or all, and make the part anew"


def _foreign(groups: Sequence[_Alike]) -> Iterator[Fault]:
    """Files that do not belong to most of them, and how both are named by themselves."""
    first, *others = groups
    for group in others:
        told = f"{group.told}part {ranges(group.numbers)} of {group.of}, unlike most in"
        yield Fault("foreign", "", f"{told} {_difference(group.header, first.header)}; alone: {group.named}")
    if others:
        yield Fault(
            "most", "", f"{first.told}part {ranges(first.numbers)} of {first.of}; alone: {first.named}"
        )


def _difference(one: Header, most: Header) -> str:
    """In what a part differs from most of them: its value, then theirs."""
    first, second = _traits(one), _traits(most)
    names = [name for name in {**second, **first} if first.get(name, _NONE) != second.get(name, _NONE)]
    told = [name for name in names if name not in _SUMS] or names
    return "; ".join(
        f"{_SUMS.get(name, name)} ({first.get(name, _NONE)} / {second.get(name, _NONE)})" for name in told
    )


def _traits(header: Header) -> Mapping[str, str]:
    about = {"kind": header.kind, "parts": str(header.number.of), "Goldwire": header.goldwire}
    return {**about, **header.alike, **{name: digest[:DIGITS] for name, digest in header.sources.items()}}


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in order, those that follow each other as a range.

    >>> ranges([17, 20, 21, 22, 25])
    '17, 20-22, 25'
    """
    found = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def check_corpus(corpus: Corpus, header: Header, advice: str) -> None:
    """Raise `DataError`, with some advice, unless a corpus is as it was when the parts of it were made."""
    now = sources(corpus, [*header.sources])
    changed = [name for name, digest in header.sources.items() if now[name] != digest]
    if changed:
        raise DataError(
            f"{corpus.where}: {listed(changed)} {'is' if len(changed) == 1 else 'are'} not as in the parts, "
            f"which were made from another corpus or before a change; {advice}"
        )


# ---------------------------------------------------------------- scores
class Merged(msgspec.Struct, frozen=True):
    """The record of a whole, and the plan that all parts were scored by."""

    record: Record
    plan: Plan


def merge_scores(files: Sequence[PartFile]) -> Merged:
    """The record of all parts of a scoring, which is that of scoring all documents at once.

    Raises what `compose.make_record` does; `DataError` for parts that are sound by their digests and do not
    fit together, as no command makes them.
    """
    first = files[0]
    plan = decode_plan(score.decode(first.payload(), str(first.path)).plan, str(first.path))
    try:
        return Merged(record=make_record(plan, map(_block, files)), plan=plan)
    except GoldwireError:
        raise
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise DataError(
            f"{first.path.parent}: the parts do not fit together, though each is as it was written "
            f"({type(error).__name__}: {error}); nothing was written. Make them anew; if they were made by "
            "this Goldwire, that is a fault of it, which should be reported"
        ) from error


def _block(one: PartFile) -> ScoredBlock:
    where = str(one.path)
    return blockwise.decode(score.decode(one.payload(), where).block, where)
