"""Slices of a scoring: what is read for them, what a block of documents has of them, what a record says."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import numpy as np

from goldwire.corpora import splits
from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.corpora.store import Corpus, Splits
from goldwire.corpora.types import PREFILL, Annotations, Meta
from goldwire.corpora.visible import line
from goldwire.eval.counting.columns import make_extents
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.counting.slices import MISSING, Known, in_order, surfaces
from goldwire.eval.counting.slices import decode as decode_label
from goldwire.eval.counting.texts import Row, TextRow, Texts, iter_chunks, read_texts
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.measures.slices import OF_ARGUMENTS, Slice
from goldwire.eval.scoring import prefill
from goldwire.eval.scoring.record import Slicing
from goldwire.eval.scoring.tables import encode_patterns

if TYPE_CHECKING:
    from goldwire.eval.scoring.blockwise import ScoredBlock, ScoredSystem
    from goldwire.eval.scoring.plan import Plan

NO_DATE = "no date"
OTHERS = "other values"
MOST = 25  # values that a table can show side by side and tests can tell apart
Raw = str | int | None  # what a document has of a slice before lengths are parted


class Basis(msgspec.Struct, frozen=True):
    """What slices of a corpus rest on besides the documents that are scored.

    `known` are the words of other layers or documents; `shares` decide the splits, where there are any;
    `shown` says what annotators were shown, by document.
    """

    known: Mapping[Slice, Known] = {}
    shares: Splits | None = None
    shown: Mapping[str, str] = {}

    @property
    def digest(self) -> list[str]:
        """What tells it from others."""
        return [f"{part}#{known.digest}" for part, known in sorted(self.known.items())]


NOTHING = Basis()


# ---------------------------------------------------------------- what is read
def prepare(corpus: Corpus, parts: Sequence[Slice], shown: Mapping[str, str] = MappingProxyType({})) -> Basis:
    """What slices need of a corpus, and what annotators of gold were `shown`; `CorpusError` if it lacks."""
    shares = corpus.manifest.splits
    if shares is None and any(part.name == "split" and not part.field for part in parts):
        splits.parts(corpus)  # raises, saying how splits are set
    known = {part: _known(corpus, part) for part in parts if part.looks_at_others}
    return Basis(known=known, shares=shares, shown=shown)


def _known(corpus: Corpus, part: Slice) -> Known:
    path = corpus.layer_file(part.layer)
    wanted = _of_split(corpus, part) if part.split else None
    lines = [
        line
        for chunk in iter_chunks(path, Annotations)
        for line in chunk
        if wanted is None or line.document in wanted
    ]
    if not lines:
        raise CorpusError(
            f"{part}: layer {part.layer!r} has no line for any document of split {part.split!r}; "
            "name a layer and documents whose words count as seen"
        )
    texts = read_texts(corpus, TextRow)
    found = {kind: _words(lines, kind, texts) for kind in ("mention", "event")}
    ids = frozenset(line.document for line in lines)
    groups = frozenset(row.group for row in texts.rows if row.group and row.id in ids)
    content = msgspec.json.encode((found, sorted(ids)), order="deterministic")
    return Known(found, ids, groups, hashlib.sha256(content).hexdigest()[:12])


def _of_split(corpus: Corpus, part: Slice) -> frozenset[str]:
    found = splits.parts(corpus)
    if part.split not in found:
        raise CorpusError(f"{part}: no split {part.split!r}; there are: {', '.join(found)}")
    return frozenset(found[part.split])


def _words(lines: Sequence[Annotations], kind: str, texts: Texts) -> dict[str, int]:
    """How often each form is a mention, or a trigger, in some lines."""
    places: list[int] = []
    spans = []
    for item in lines:
        number = texts.number.get(item.document)
        if number is not None:
            own = [m.spans for m in item.mentions] if kind == "mention" else [e.trigger for e in item.events]
            own = [one for one in own if one]
            spans += own
            places += [number] * len(own)
    return dict(Counter(surfaces(make_extents(np.array(places, np.int64), spans), texts)))


# ---------------------------------------------------------------- what a block has
def values(rows: Sequence[Row], parts: Sequence[Slice], basis: Basis) -> dict[str, list[Raw]]:
    """What each document has of each slice of documents."""
    return {str(part): _values(rows, part, basis) for part in parts if not part.of_units}


def _values(rows: Sequence[Row], part: Slice, basis: Basis) -> list[Raw]:
    if part.field:
        return _of_field(rows, part)
    if part.name == PREFILL:
        return [basis.shown.get(row.id) for row in rows]
    if part.name == "length":
        return list(map(len, map(attrgetter("text"), rows)))
    if basis.shares is None:
        raise CorpusError(f"{part}: there are no splits; they are those of a corpus")
    return [splits.split_of(row.group or row.id, basis.shares) for row in rows]


def _of_field(rows: Sequence[Row], part: Slice) -> list[Raw]:
    """What metadata say; each value is looked at once, a number and a yes apart."""
    if part.name in Meta.__struct_fields__ and part.name != "more":
        given = list(map(attrgetter(f"meta.{part.name}"), rows))
    else:
        given = [more.get(part.name) for more in map(attrgetter("meta.more"), rows)]
    keys = list(zip(map(type, given), given, strict=True))
    told = {key: _value(key[1], part) for key in set(keys)}
    return list(map(told.__getitem__, keys))


def _value(value: Any, part: Slice) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _period(text, part) if part.period else text


def _period(text: str, part: Slice) -> str:
    """The year, month, week or day of an ISO 8601 date or time."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return NO_DATE
    year, week, _ = day.isocalendar()
    return {
        "year": f"{day:%Y}",
        "month": f"{day:%Y-%m}",
        "week": f"{year:04}-W{week:02}",
        "day": f"{day:%Y-%m-%d}",
    }[part.period or "day"]


# ---------------------------------------------------------------- what a record says
def make_slices(plan: Plan, block: ScoredBlock, systems: Mapping[str, ScoredSystem]) -> tuple[Slicing, ...]:
    """The slices of a record; `MeasureError` where one says nothing of any measure or document."""
    found = []
    for part in plan.options.slices:
        _check_known(plan, part, block)
        found.append(
            _of_units(plan, part, block, systems) if part.of_units else _of_documents(plan, part, block)
        )
    return tuple(found)


def _check_known(plan: Plan, part: Slice, block: ScoredBlock) -> None:
    """Raise an error if words count as seen because they stand in the documents that are scored."""
    known = plan.basis.known.get(part)
    both = [] if known is None else [id for id in block.ids if id in known.documents]
    if both:
        raise CorpusError(
            f"{part}: {amount(len(both), 'document')} of the {len(block.ids):,} that are scored "
            f"({', '.join(map(line, both[:3]))}{', …' if len(both) > 3 else ''}) are among those whose words "  # noqa: PLR2004
            "count as seen, so that what stands there would be seen by itself; part them, for instance "
            f"--documents split:test --slice {part.name}:layer={part.layer},split=train"
        )


def _of_units(plan: Plan, part: Slice, block: ScoredBlock, systems: Mapping[str, ScoredSystem]) -> Slicing:
    name = str(part)
    tables = tuple(
        encode_patterns(measured.slices[name], system, measured.measure)
        for system, found in systems.items()
        for measured in found.measures
        if name in measured.slices
    )
    if not tables:
        _refuse(plan, part)
    there = {table.measure for table in tables}
    values = {decode_label(label)[0] for table in tables for label in table.labels}
    known = plan.basis.known.get(part)
    return Slicing(
        slice=name,
        values=in_order(part, sorted(values)),
        counts=tables,
        unparted=tuple(str(measure) for measure in plan.counted if str(measure) not in there),
        words=None if known is None else known.digest,
        notes=(*_alone(values), *_leaks(known, block)),
    )


def _refuse(plan: Plan, part: Slice) -> NoReturn:
    """Raise `MeasureError` for a slice that says nothing of any measure."""
    units = "arguments" if part.name in OF_ARGUMENTS else "mentions, triggers or arguments"
    raise MeasureError(
        f"{part}: none of the measures has units or counts that can be parted so "
        f"({listed(plan.measures_named)}); choose another slice, or add a measure of {units}"
    )


def _alone(values: Collection[str]) -> Iterator[str]:
    if len(values) == 1:
        [value] = values
        yield f"all units are in one slice ({line(value)}): there is nothing to compare"


def _leaks(known: Known | None, block: ScoredBlock) -> Iterator[str]:
    near = 0 if known is None else sum(group in known.groups for group in block.groups)
    if near:
        yield (
            f"{amount(near, 'document')} that are scored are near-duplicates of some whose words count as "
            "seen: what they have is seen more often than in new texts"
        )


def _of_documents(plan: Plan, part: Slice, block: ScoredBlock) -> Slicing:
    told: list[str] = []
    unparted = tuple(str(measure) for measure in plan.counted if not is_additive(measure))
    if len(unparted) == len(plan.counted) and str(part) != PREFILL:  # which is there without being asked for
        _refuse(plan, part)
    named = parted(block.values[str(part)], part, told)
    sizes = Counter(named)
    order = tuple(sorted(sizes, key=lambda value: _place(value, sizes, part)))
    if missing := sizes[MISSING]:
        told.append(f"{amount(missing, 'document')} of {len(named):,} without {part.name}")
    if broken := sizes[NO_DATE] if part.period else 0:
        told.append(f"{amount(broken, 'document')} whose {part.name} is no ISO 8601 date")
    if len(order) == 1:
        told.append(f"all documents have one value ({line(order[0])}): there is nothing to compare")
    told += _alike(order)
    told += prefill.notes(order) if part.name == PREFILL and not part.field else []
    told += _torn(named, block.groups)
    codes = {value: place for place, value in enumerate(order)}
    return Slicing(
        slice=str(part),
        values=order,
        documents=tuple(map(codes.__getitem__, named)),
        unparted=unparted,
        notes=tuple(told),
    )


def parted(raw: Sequence[Raw], part: Slice, told: list[str]) -> list[str]:
    """The value of each document as it is shown; what was put together is `told`."""
    _check_given(raw, part)
    named = _lengths(raw, part.parts, told) if part.name == "length" and not part.field else _named(raw)
    return _grouped(named, part, told)


def _check_given(raw: Sequence[Raw], part: Slice) -> None:
    """Raise an error if no document has what it is to be parted by: a name mistyped, or no date at all."""
    if part.name == PREFILL and not part.field and not any(raw):
        raise MeasureError(
            f"{part}: gold does not say of any document what its annotator was shown; it does where what was "
            "pushed with `--blind` has been pulled"
        )
    if not part.field or set(raw) - {None, *([NO_DATE] if part.period else [])}:
        return
    what = f"a date in {part.name!r}" if NO_DATE in raw else f"{part.name!r} in its metadata"
    raise MeasureError(
        f"{part}: of the {amount(len(raw), 'document')} none has {what}; "
        "name a field that some have, as it is written in documents.jsonl"
    )


def _named(raw: Sequence[Raw]) -> list[str]:
    """Values as they are shown; one that reads like our own word for none is put between quotes."""
    ours = {MISSING, OTHERS, NO_DATE}
    return [
        MISSING if value is None else f"“{value}”" if value in ours - {NO_DATE} else str(value)
        for value in raw
    ]


def _lengths(raw: Sequence[Raw], parts: int, told: list[str]) -> list[str]:
    """Lengths in parts of as many documents as can be: those of one length stay together."""
    lengths = np.array([int(value or 0) for value in raw])
    inner = np.quantile(lengths, np.arange(1, parts) / parts, method="inverted_cdf")
    bins = np.searchsorted(np.unique(inner), lengths, "left")
    used = np.unique(bins).tolist()
    if len(used) < parts:
        told.append(f"lengths make {len(used)} parts and not {parts}: too many documents are equally long")
    names = {}
    for number in used:
        own = lengths[bins == number]
        names[number] = f"{own.min():,}–{own.max():,}" if own.min() < own.max() else f"{own.min():,}"
    return [names[number] for number in bins.tolist()]


def _place(value: str, sizes: Counter[str], part: Slice) -> tuple[Any, ...]:
    """Dates and lengths in their order, other values by how many documents have them; what is none last."""
    last = (MISSING, NO_DATE, OTHERS)
    late = last.index(value) + 1 if value in last else 0
    if part.name == "length" and not part.field:
        return late, int(value.partition("–")[0].replace(",", ""))
    return (late, value) if part.period else (late, -sizes[value], value)


def _grouped(named: list[str], part: Slice, told: list[str]) -> list[str]:
    """The values that most documents have, and all others together; an error where those are most."""
    sizes = Counter(named)
    if len(sizes) <= MOST:
        return named
    kept = {value for value, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[: MOST - 1]}
    kept |= {MISSING} & sizes.keys()
    rest = sum(times for value, times in sizes.items() if value not in kept)
    if 2 * rest > len(named):
        coarser = f", or by {part.name}:year" if part.period and part.period != "year" else ""
        raise MeasureError(
            f"{part}: the {len(named):,} documents have {len(sizes):,} values, and the {MOST - 1} most "
            f"frequent have less than half of them; part them by something coarser{coarser}"
        )
    told.append(
        f"{len(sizes) - len(kept):,} of {len(sizes):,} values stand together as “{OTHERS}” "
        f"({amount(rest, 'document')})"
    )
    return [value if value in kept else OTHERS for value in named]


def _alike(values: Sequence[str]) -> Iterator[str]:
    folded: dict[str, list[str]] = {}
    for value in values:
        folded.setdefault(" ".join(value.split()).casefold(), []).append(value)
    for same in folded.values():
        if len(same) > 1:
            told = ", ".join(map(line, same))
            yield f"values that differ in case or blanks alone are counted apart: {told}"


def _torn(named: Sequence[str], groups: Sequence[str]) -> Iterator[str]:
    """Near-duplicates in several slices."""
    homes: dict[str, set[str]] = {}
    for value, group in zip(named, groups, strict=False):
        homes.setdefault(group, set()).add(value)
    if torn := sum(len(own) > 1 for own in homes.values()):
        yield (
            f"{amount(torn, 'group')} of near-duplicates lie in several slices: "
            "the test takes each group as one"
        )
