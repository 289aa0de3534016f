"""Event nuggets of TAC KBP (`.tbf`): triggers with type and realis, and which corefer.

    #BeginOfDocument ID
    SYSTEM  ID  E1  t3,t5  way made  Contact_Communicate  Actual      (tabs between)
    @Coreference  C1  E1,E2
    #EndOfDocument

The files hold no texts: they are read into a corpus that has them. A place is a list of token ids, or of
`begin,end` pairs in code points with `;` between. Tokens are those of a table ID.tab or ID.tkn (id, token,
begin, end) in the folder that `tokens` names, or beside the file; without one, the words of the text between
white space, t1 first. What does not give the words in the line is refused. `realis` is kept in lower case.
A document with #BeginOfDocument is judged, also if nothing follows; one that has none is not.

Not kept: @After and @Subevent links, columns after realis. Not held when written: everything but type, place,
realis and coreference of events; realis values other than actual and generic become Other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.encodings import composed, decode
from goldwire.corpora.errors import CorpusError, DataError, Fault, Faults
from goldwire.corpora.formats import Facts, Reading, loss
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.nuggets import Nugget, Section, parse
from goldwire.corpora.offsets import surface
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.types import Annotations, Document, Event, Rejected, Span, Spans
from goldwire.corpora.values import each

COVERS = "listed"
FACTS = Facts(
    about="Event nuggets of TAC KBP, .tbf: triggers with type and realis, and which corefer",
    loss="mentions, arguments, relations, scores; read: @After and @Subevent links",
    coverage="#BeginOfDocument",
    example="goldwire corpus import work system.tbf --format tbf --layer system/x",
    texts=False,
)
TABLES = (".tab", ".tkn", ".txt.tab")
REALIS = ("actual", "generic")  # besides Other, all that TAC KBP knows
_PAIRS = re.compile(r"\d+,\d+(?:;\d+,\d+)*")
_SPACE = re.compile(r"\s+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tokens`: the folder of token tables. `system`: the name in the first column when written.

    `absent`: the realis written for an event that has none.
    """

    tokens: str = ""
    system: str = "goldwire"
    absent: str = "actual"
    encoding: str | None = None


def recognise(head: Head) -> bool:
    """A text in which the first line that is no comment begins a document."""
    return any(line.startswith("#BeginOfDocument") for line in head.lines[:50])


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. `CorpusError` without documents: the files hold no texts."""
    if documents is None:
        raise CorpusError("these files hold no texts: make a corpus of the texts, then import them into it")
    known = {document.id: document for document in documents}
    layer: list[Annotations] = []
    lost: Counter[str] = Counter()
    faults = Faults()
    for path in paths:
        sections: Sequence[Section] = ()
        with faults.noted():
            sections = parse(decode(read_bytes(path), str(path), options.encoding), str(path))
        for section in sections:
            lost.update(section.lost)
            document = known.get(section.document)
            if document is None:
                faults.append(Fault(section.where, "", f"the corpus has no document {section.document!r}"))
                continue
            with faults.noted():
                tokens = _tokens(document, Path(options.tokens) if options.tokens else path.parent)
                layer.append(_annotations(section, document, tokens))
    faults.check()
    return Reading(annotations=layer, loss=loss.report(lost))


def _annotations(section: Section, document: Document, tokens: Mapping[str, Span]) -> Annotations:
    events, rejected, faults = [], [], []
    for nugget in section.nuggets.values():
        try:
            trigger = _place(nugget, tokens)
        except KeyError as error:
            faults.append(Fault(nugget.where, "", f"{error.args[0]} is no token of {document.id!r}"))
            continue
        got = surface(document.text, trigger)
        if _SPACE.sub("", got) != _SPACE.sub("", nugget.text):
            rejected.append(_rejected(nugget, trigger, got, document))
            continue
        events.append(
            Event(
                id=nugget.id, type=nugget.type, trigger=trigger,
                attributes={"realis": nugget.realis.lower()}, cluster=section.clusters.get(nugget.id),
            )
        )  # fmt: skip
    if faults:
        raise DataError("unknown tokens", faults)
    return Annotations(
        document=document.id, sha256=document.sha256, events=tuple(events), rejected=tuple(rejected)
    )


def _rejected(nugget: Nugget, trigger: Spans, got: str, document: Document) -> Rejected:
    hint = composed(got, nugget.text, document.text)
    return Rejected(
        unit="event",
        kind="outside-text" if any(span.end > len(document.text) for span in trigger) else "words-differ",
        message=f"{nugget.id}: {nugget.place} gives {got!r}, the file says {nugget.text!r}{hint}",
        where=nugget.where,
        document=document.id,
        id=nugget.id,
        type=nugget.type,
        spans=raw_spans(trigger),
        words=nugget.text,
    )


def _place(nugget: Nugget, tokens: Mapping[str, Span]) -> Spans:
    """The spans of a place; tokens next to each other make one. `KeyError` if a token is not there."""
    if _PAIRS.fullmatch(nugget.place):
        pairs = (pair.split(",") for pair in nugget.place.split(";"))
        return tuple(sorted(Span(int(begin), int(end)) for begin, end in pairs))
    order = {id: i for i, id in enumerate(tokens)}
    ids = sorted({id.strip() for id in nugget.place.split(",")}, key=lambda id: order[id])
    runs: list[list[str]] = []
    for id in ids:
        if runs and order[id] == order[runs[-1][-1]] + 1:
            runs[-1].append(id)
        else:
            runs.append([id])
    return tuple(Span(tokens[run[0]].start, tokens[run[-1]].end) for run in runs)


def _tokens(document: Document, folder: Path) -> dict[str, Span]:
    """The tokens of a document by id, from its table, or its words between white space."""
    for ending in TABLES:
        if (table := folder / f"{document.id}{ending}").is_file():
            return _table(table, document)
    return {f"t{i}": Span(*m.span()) for i, m in enumerate(re.finditer(r"\S+", document.text), start=1)}


def _table(path: Path, document: Document) -> dict[str, Span]:
    """The tokens of a table; its ends are of the last character or behind it, whichever gives the tokens."""
    rows = [line.split("\t") for line in decode(read_bytes(path), str(path)).split("\n")]
    rows = [row for row in rows if len(row) >= 4 and row[2].isdecimal() and row[3].isdecimal()]  # noqa: PLR2004
    for after in (1, 0):
        spans = {row[0]: Span(int(row[2]), int(row[3]) + after) for row in rows}
        if all(document.text[slice(*spans[row[0]])] == row[1] for row in rows):
            return spans
    message = f"its offsets do not give its tokens in {document.id!r}"
    raise DataError(f"{path}: another text", [Fault(str(path), "", message)])


# ---------------------------------------------------------------- writing


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`: one file, places in code points."""
    lost = Counter(loss.count(layer.values()))
    lines: list[str] = []
    for document in documents:
        lines.append(f"#BeginOfDocument {document.id}")
        lines += _lines(layer[document.id], document, options, lost)
        lines.append("#EndOfDocument")
    lost["mentions"] = sum(len(annotations.mentions) for annotations in layer.values())
    write_atomic(path, "".join(f"{line}\n" for line in lines).encode("utf-8"))
    return loss.report(lost, held=("events", "arguments of lost events"))


def _lines(
    annotations: Annotations, document: Document, options: Options, lost: Counter[str]
) -> Iterator[str]:
    clusters: dict[str, dict[Spans, str]] = {}
    for number, event in enumerate(loss.with_triggers(annotations, lost).events, start=1):
        place = ";".join(f"{span.start},{span.end}" for span in event.trigger)
        text, type = (_SPACE.sub(" ", part) for part in (surface(document.text, event.trigger), event.type))
        realis, *others = each(event.attributes.get("realis", options.absent))
        lost["attributes"] -= "realis" in event.attributes
        lost["second values of attributes"] += len(others)
        lost["realis values"] += realis not in (*REALIS, "other")
        realis = realis if realis in REALIS else "other"
        yield "\t".join((options.system, document.id, f"E{number}", place, text, type, realis.capitalize()))
        if event.cluster is not None:
            clusters.setdefault(event.cluster, {}).setdefault(event.trigger, f"E{number}")
            lost["cluster links"] -= 1
    for number, members in enumerate(clusters.values(), start=1):
        lost["clusters of one place"] += len(members) == 1
        if len(members) > 1:
            yield f"@Coreference\tC{number}\t{','.join(members.values())}"
