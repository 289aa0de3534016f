"""Time and memory as inputs double: one line of docs/evidence/growth.md for each size. Run: make growth

Every line is a process of its own. Time is that of the processor for the work alone, the best of `ROUNDS`;
memory is the peak of the process, data included. What grows by pairs (nesting, overlaps, annotators) is
counted in pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import data
import msgspec
import samples

from goldwire.corpora import convert, duplicates, formats
from goldwire.corpora.store import make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Rejected, Span
from goldwire.eval.comparison.agreement import agree
from goldwire.eval.counting.align import MOST
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score, score_corpus

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
LIMIT = 2.3  # what a line may take of the one before
NOISE = 0.05  # seconds, below which a ratio says nothing
TEXT = f"""\
Written by `make growth`; do not edit. Inputs are doubled, line by line; each line is a process of its
own, time that of the processor for the work alone, the best of {ROUNDS} rounds, memory the peak of the
process with its data. A line may take {LIMIT} times what the one before takes; `×` is what it took, scaled
where a step is not quite a doubling (annotators), left out below {NOISE} s.

One document may have {MOST:,} pairs of a gold and a system unit that overlap (or have one head, or are in
one cluster). Above, measures that need them are refused with the name of the document and the number,
before any is formed; measures by equal spans need none. Error classes leave such a document out, and the
scoring says so."""
Work = Callable[[], Any]
Layer = list[Annotations]


# ---------------------------------------------------------------- the data
def spans(
    document: Document, places: Iterable[tuple[int, int]], types: Sequence[str] = ("A",)
) -> Annotations:
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(
            Mention(id=f"m{i}", type=types[i % len(types)], spans=(Span(*place),))
            for i, place in enumerate(places)
        ),
    )


def scored(gold: Layer, system: Layer, documents: list[Document], measures: Iterable[str]) -> Work:
    return lambda: score(gold, {"s": system}, documents, measures, options=Options())


def suite(name: str) -> tuple[str, ...]:
    return tuple(map(str, read_suite(name).measures))


def documents(size: int) -> Work:
    """Documents of five mentions each, one in ten wrong, from the files of a corpus, by the default suite."""

    def rows() -> Iterator[tuple[Document, list[Annotations]]]:
        for i in range(size):
            document = make_document(f"d{i:08}", "word " * 12)
            places = [(10 * k, 10 * k + 4) for k in range(5)]
            wrong = [(start, end + 5 * (i % 10 == k)) for k, (start, end) in enumerate(places)]
            yield document, [spans(document, places), spans(document, wrong)]

    folder = tempfile.TemporaryDirectory()
    data.write_rows(rows(), Path(folder.name))

    def work() -> None:
        score_corpus(open_corpus(Path(folder.name)), "gold", ["pred"], suite("default"))

    return work


def mentions(size: int) -> Work:
    """Mentions of one document, side by side, one in ten of them wrong, by the default suite."""
    document = make_document("d", "word " * (2 * size))
    gold = spans(document, ((10 * k, 10 * k + 4) for k in range(size)))
    system = spans(document, ((10 * k, 10 * k + 4 + 5 * (k % 10 == 0)) for k in range(size)))
    return scored([gold], [system], [document], suite("default"))


def shifted(pairs: int) -> Work:
    """Mentions of one document that tile it, the system's shifted by half, by overlap, IoU and Dice."""
    size = pairs // 2
    document = make_document("d", "x" * (10 * size + 5))
    gold = spans(document, ((10 * k, 10 * k + 10) for k in range(size)))
    system = spans(document, ((10 * k + 5, 10 * k + 15) for k in range(size)))
    return scored([gold], [system], [document], ("overlap", "iou50", "entity:span+type@dice"))


def nested(pairs: int) -> Work:
    """Mentions of one document, each inside the one before, the system's a character longer, by overlap."""
    size = int(pairs**0.5)
    document = make_document("d", "x" * (2 * size + 1))
    gold, system = (spans(document, ((k, 2 * size - k + shift) for k in range(size))) for shift in (0, 1))
    return scored([gold], [system], [document], ("overlap",))


def nested_exact(size: int) -> Work:
    """Nested mentions of one document, ten of them wrong, by exact spans, typed and not."""
    document = make_document("d", "x" * (2 * size + 1))
    gold = spans(document, ((k, 2 * size - k) for k in range(size)))
    system = spans(document, ((k, 2 * size - k + (k < 10)) for k in range(size)))
    return scored([gold], [system], [document], ("entity", "untyped"))


def nested_heads(size: int) -> Work:
    """Nested mentions of one document, each a word longer than the one before, by their heads."""
    document = make_document("d", "x " * size)
    layer = spans(document, ((0, 2 * k + 1) for k in range(size)))
    return scored([layer], [layer], [document], ("entity:span+type@head",))


def overlapping(pairs: int) -> Work:
    """Twenty predictions over each mention, in documents of ten mentions, by overlap and partial match."""
    made = [make_document(f"d{i:06}", "x" * 400) for i in range(max(pairs // 200, 1))]
    gold = [spans(d, ((40 * k, 40 * k + 30) for k in range(10))) for d in made]
    system = [
        spans(d, ((40 * k + j, 40 * k + 30 + j % 7) for k in range(10) for j in range(20))) for d in made
    ]
    return scored(gold, system, made, ("overlap", "entity:span+type@partial"))


def types(size: int) -> Work:
    """Types of 20,000 mentions in 2,000 documents, every fifth wrong, with averages over types."""
    dice, names = random.Random(1), [f"T{k:05}" for k in range(size)]
    made = [make_document(f"d{i:06}", "word " * 10) for i in range(2_000)]
    gold, system = [], []
    for document in made:
        places = [(5 * k, 5 * k + 4) for k in range(10)]
        right = dice.choices(names, k=10)
        gold.append(spans(document, places, right))
        system.append(
            spans(document, places, [t if dice.random() < 0.8 else dice.choice(names) for t in right])
        )
    return scored(gold, system, made, ("entity", "overlap", "entity,average=macro"))


def rejected(size: int) -> Work:
    """Rejected units of a system, a hundred to a document, by the default suite."""
    made = [make_document(f"d{i:06}", "word " * 10) for i in range(size // 100)]
    gold = [spans(d, [(0, 4)]) for d in made]
    turned = tuple(
        Rejected(
            unit=("mention", "event", "argument")[k % 3],  # type: ignore[arg-type]  # one of the units there are
            kind=("unknown-type", "outside-text")[k % 2],
            message="not taken",
            type="X",
            role="r",
            spans=((k, k + 3),),
            trigger=((k % 7, 9),),
            path=f"$[{k}]",
        )
        for k in range(100)
    )
    system = [msgspec.structs.replace(item, rejected=turned) for item in gold]
    return scored(gold, system, made, suite("default"))


def cluster(size: int) -> Work:
    """Mentions of one cluster of gold, which the system has in two, by all measures of coreference."""
    document = make_document("d", "x" * (2 * size))
    item = spans(document, ((2 * k, 2 * k + 1) for k in range(size)))

    def clustered(name: Callable[[int], str]) -> Annotations:
        made = (msgspec.structs.replace(m, cluster=name(k)) for k, m in enumerate(item.mentions))
        return msgspec.structs.replace(item, mentions=tuple(made))

    gold, system = clustered(lambda _: "c"), clustered(lambda k: f"c{k % 2}")
    return scored([gold], [system], [document], suite("coref"))


def arguments(size: int) -> Work:
    """Arguments of one event, one in ten of another role, by every definition and as templates."""
    document = make_document("d", "word " * (size + 1))
    item = spans(document, ((5 * k, 5 * k + 4) for k in range(1, size + 1)))

    def event(wrong: int) -> Annotations:
        filled = (Argument(role=f"r{(k % 10 == 0) * wrong}", mention=f"m{k}") for k in range(size))
        made = Event(id="e", type="E", trigger=(Span(0, 4),), arguments=tuple(filled))
        return msgspec.structs.replace(item, events=(made,))

    measures = (*suite("arguments"), "CEAF-REE", "template:type+role@ceaf-rme-phi3")
    return scored([event(0)], [event(1)], [document], measures)


def text(size: int) -> Work:
    """Megabytes of one document, a mention every 200 characters, by characters, tokens and surfaces."""
    length = size * 1_000_000
    document = make_document("d", "some words " * (length // 11))
    gold, system = (
        spans(document, ((k, k + 10 + shift) for k in range(0, length - 250, 200))) for shift in (0, 1)
    )
    measures = ("entity", "overlap", "entity:span+type@token-iou>=0.5", "entity:surface+type@exact")
    return scored([gold], [system], [document], measures)


def annotators(pairs: int) -> Work:
    """Pairs of annotators of 200 documents, each wrong now and then, by the measures of agreement."""
    number = int((2 * pairs) ** 0.5) + 1
    made = [make_document(f"d{i:04}", "word " * 40) for i in range(200)]
    dice = random.Random(1)

    def layer() -> dict[str, Annotations]:
        return {
            d.id: spans(d, ((10 * k, 10 * k + 4 + 5 * (dice.random() < 0.1)) for k in range(20)))
            for d in made
        }

    layers = {f"annotator/{k}": layer() for k in range(number)}
    return lambda: agree(layers, made, ("entity", "overlap"))


def copies(size: int) -> Work:
    """Texts of 150 words that are nearly the same, grouped."""
    words = [f"word{k}" for k in range(5000)]
    base, made = random.Random(0).choices(words, k=150), []
    for i in range(size):
        dice = random.Random(i + 1)
        changed = [dice.choice(words) if dice.random() < 0.02 else word for word in base]
        made.append(make_document(f"d{i:06}", " ".join(changed)))
    return lambda: duplicates.group(made)


def through(format: str) -> Callable[[int], Work]:
    """A case for a format: documents that are written and read again into their corpus."""

    def make(size: int) -> Work:
        made = [make_document(f"d{i:06}", f"Text {i:06} " + "word, word\n" * 6) for i in range(size)]
        places = [(12 + 11 * k, 16 + 11 * k) for k in range(5)]
        layer = {document.id: spans(document, places) for document in made}
        folder = tempfile.TemporaryDirectory()
        chosen = formats.options(format, {})

        def work() -> None:
            path = Path(folder.name) / "x"
            formats.load(format).write(path, made, layer, chosen)
            formats.load(format).read([path], chosen, made)

        return work

    make.__name__ = format
    make.__doc__ = "Documents of five mentions each, written and read again into their corpus."
    return make


def into(format: str) -> Callable[[int], Work]:
    """A case for a format that is read only: files of documents that are read."""

    def make(size: int) -> Work:
        made = [make_document(f"d{i:06}", f"Text {i:06} " + "word, word\n" * 6) for i in range(size)]
        places = [(12 + 11 * k, 16 + 11 * k) for k in range(5)]
        folder = tempfile.TemporaryDirectory()
        paths = samples.write(format, Path(folder.name), made, places)

        def work() -> None:
            reading = convert.read(format, paths, {})
            assert len(reading.annotations) == size, folder

        return work

    make.__name__ = format
    make.__doc__ = "Documents of a few mentions each, read from files made for the purpose."
    return make


class Case(NamedTuple):
    """What is doubled: its name, how it is made, and the sizes."""

    what: str
    make: Callable[[int], Work]
    sizes: tuple[int, ...]


def doubled(first: int, lines: int) -> tuple[int, ...]:
    return tuple(first * 2**k for k in range(lines))


CASES = (
    Case("documents", documents, doubled(62_500, 5)),
    Case("mentions of one document", mentions, doubled(25_000, 4)),
    Case("nested mentions, exact", nested_exact, doubled(5_000, 4)),
    Case("nested mentions, head", nested_heads, doubled(5_000, 4)),
    Case("pairs of half-shifted mentions", shifted, doubled(20_000, 4)),
    Case("pairs of nested mentions, overlap", nested, doubled(250_000, 4)),
    Case("pairs with overlapping predictions", overlapping, doubled(125_000, 4)),
    Case("entity types", types, doubled(625, 4)),
    Case("rejected units", rejected, doubled(125_000, 4)),
    Case("mentions of one cluster", cluster, doubled(6_250, 4)),
    Case("arguments of one event", arguments, doubled(1_250, 4)),
    Case("megabytes of one document", text, (5, 10, 20)),
    Case("pairs of annotators", annotators, (55, 105, 210, 435)),
    Case("near-identical texts", copies, doubled(2_500, 4)),
    *(
        Case(f"documents in {name}", (through if formats.writes(name) else into)(name), doubled(2_500, 4))
        for name in formats.FORMATS
    ),
)


# ---------------------------------------------------------------- the runs
class Line(NamedTuple):
    """Seconds and megabytes of one size."""

    size: int
    seconds: float
    memory: float


def run(case: Case, size: int) -> Line:
    """One size in a process of its own."""
    command = [sys.executable, __file__, "--one", case.make.__name__, str(size)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
    found = json.loads(done.stdout)
    return Line(size, found["seconds"], found["memory"])


def one(name: str, size: int) -> None:
    """What a process of its own does and prints."""
    work, seconds = next(case for case in CASES if case.make.__name__ == name).make(size), []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(seconds), "memory": memory}))


def ratio(line: Line, before: Line | None) -> float | None:
    """Of the time to that of the line before, for a doubling; None for the first and where time is noise."""
    if before is None or line.seconds < NOISE:
        return None
    return line.seconds / max(before.seconds, NOISE) / (line.size / before.size / 2)


# ---------------------------------------------------------------- the page
def page(found: dict[Case, list[Line]]) -> str:
    lines = [
        "# Growth",
        "",
        *TEXT.splitlines(),
        "",
        f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
    ]
    for case, runs in found.items():
        lines += ["", f"## {case.what[0].upper()}{case.what[1:]}", "", (case.make.__doc__ or "").strip(), ""]
        lines += [f"| {case.what} | s | × | peak, MB |", "|---:|---:|---:|---:|"]
        for before, line in zip([None, *runs], runs, strict=False):
            times = ratio(line, before)
            shown = "" if times is None else f"{times:.2f}"
            lines.append(f"| {line.size:,} | {line.seconds:.2f} | {shown} | {line.memory:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", help="only cases of this name; may be repeated")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "growth.md")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one[0], int(given.one[1]))
        return
    found: dict[Case, list[Line]] = {}
    for case in CASES:
        for size in case.sizes if not given.only or case.make.__name__ in given.only else ():
            runs = found.setdefault(case, [])
            runs.append(run(case, size))
            times = ratio(runs[-1], runs[-2] if len(runs) > 1 else None)
            print(case.make.__name__, *runs[-1], times, file=sys.stderr, flush=True)
    given.out.write_text(page(found), encoding="utf-8")
    over = [case.what for case, runs in found.items() if _is_over(runs)]
    if over:
        raise SystemExit(f"more than {LIMIT} times the line before: {', '.join(over)}")


def _is_over(runs: list[Line]) -> bool:
    return any((ratio(line, before) or 0) > LIMIT for before, line in pairwise(runs))


if __name__ == "__main__":
    main()
