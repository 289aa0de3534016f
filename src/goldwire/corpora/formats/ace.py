"""ACE 2005 and rich ERE: sources with annotation XML beside or under them, `.apf.xml` or `.rich_ere.xml`.

An XML belongs to the source that it names, or else to the one of its own name; a document is called as that.
The text of a document is what the offsets count: the text outside tags of ACE's `.sgm`, the whole file, tags
and all, of ERE. Files differ in what they count (entities such as `&amp;` resolved or as written, CRLF as one
or two, a byte order mark or none): that is taken in which the most words of the XML fit, and it is said. What
is not where its words are is rejected.

Entities become mentions of their TYPE (PER), with SUBTYPE, CLASS and level (NAM, NOM, PRO) as attributes
`subtype`, `class` and `mention_type`, and in the cluster of the entity. Values (`Numeric:Money`), TIMEX2 and
the fillers of ERE become mentions without a cluster. Events are TYPE:SUBTYPE, the anchor is the trigger;
MODALITY, POLARITY, GENERICITY and TENSE, in ERE realis, are attributes; mentions of one event, or of one
hopper, are in one cluster. Relations are TYPE:SUBTYPE, from Arg-1 to Arg-2, or from rel_arg1 to rel_arg2.

The span of a mention is its head, since papers on these corpora compare heads (the data of DyGIE++ and OneIE
have nothing else); with `-o spans=extent` it is the extent, and the head is kept beside it. What has no head
(values, times, fillers, names in ERE) has its extent either way.

Not kept: extents where spans are heads, extents of events and relations, further arguments of relations, what
else is said of relations, realis of arguments, normalised names. A source without XML brings its text and is
not judged. A document found twice, as in the folders `fp1`, `adj` and `timex2norm` of a release, is refused.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.coverage import named
from goldwire.corpora.encodings import MARKS, decode_exactly, normalise
from goldwire.corpora.errors import CorpusError, DataError, Fault, Faults
from goldwire.corpora.formats import Facts, Reading, apf, ere, markup
from goldwire.corpora.formats.gather import Gathering
from goldwire.corpora.formats.head import Head, look
from goldwire.corpora.formats.sheet import Sheet, Spans, put
from goldwire.corpora.formats.sources import Text, choose, readings
from goldwire.corpora.types import Document, Meta

COVERS: Literal["listed"] = "listed"
FACTS = Facts(
    about="ACE 2005 and rich ERE: source files with .apf.xml or .rich_ere.xml",
    loss="extents where spans are heads, extents of events, what is said of relations, realis of arguments",
    coverage="an annotation XML; a source alone only brings the text",
    example="goldwire corpus new ace --from English/nw/timex2norm --format ace --layer gold",
)
_ROOTS: Mapping[str, Callable[[markup.Element], Sheet]] = {apf.ROOT: apf.read, ere.ROOT: ere.read}
_ANNOTATED = (".apf.xml", ".rich_ere.xml", ".ere.xml", ".xml")
_SGML = (".sgm", ".sgml")
_SURE = (*_SGML, ".cmp.txt", ".mp.txt", ".mpdf.xml")  # sources whatever stands beside them
_SOURCES = (*_SURE, ".txt", ".xml")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`spans`: what of a mention is its span, `head` or `extent`. `encoding`: that of the sources."""

    spans: Spans = "head"
    encoding: str | None = None


def recognise(head: Head) -> bool:
    """Annotation XML, or a folder in which the first file that is called so is."""
    if head.names:
        first = next((name for name in head.names if name.endswith(_ANNOTATED[:-1])), None)
        return first is not None and recognise(look(head.path / first))
    return head.root in _ROOTS


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`. Paths are folders, or annotation files whose sources are beside them."""
    found = _find(paths)
    reader = _Reader(found, options, documents)
    faults = Faults()
    for path in found.sheets:
        with faults.noted():
            reader.take(path)
    if documents is None and not faults:
        for name, sources in found.sources.items():
            with faults.noted():
                reader.take_bare(name, [file for file in sources if file in found.asked])
    faults.check()
    return reader.reading()


# ---------------------------------------------------------------- files


class _Found(msgspec.Struct):
    """Annotation files, and what may be a source, by the name of its document; `asked` were given."""

    sheets: list[Path]
    sources: dict[str, list[Path]]
    asked: set[Path]


def _find(paths: Sequence[Path]) -> _Found:
    """The files of paths; sources of annotation files that were named alone are looked for beside them."""
    asked = dict.fromkeys(file for path in paths for file in _files(path))
    folders = dict.fromkeys(path.parent for path in paths if path.is_file())
    beside = (file for folder in folders for file in sorted(folder.iterdir()) if file.is_file())
    found = _Found([], defaultdict(list), set(asked))
    for file in dict.fromkeys([*asked, *beside]):
        if file.name.endswith(_ANNOTATED) and look(file).root in _ROOTS:
            found.sheets += [file] if file in found.asked else []
        elif file.name.endswith(_SOURCES):
            found.sources[_stem(file.name, _SOURCES)].append(file)
    if not found.sheets:
        what = "no annotation file of ACE or ERE, .apf.xml or .rich_ere.xml"
        raise CorpusError(f"{what}, among {len(asked)} file(s)")
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))


def _stem(name: str, endings: Iterable[str]) -> str:
    """A file's name without the first of the endings that it has."""
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)


def _fault(path: Path, message: str) -> DataError:
    return DataError(f"{path}: {message}", [Fault(str(path), "", message)])


# ---------------------------------------------------------------- documents


class _Reader:
    """Reads annotation files with their sources, one document after the other."""

    def __init__(self, found: _Found, options: Options, documents: Sequence[Document] | None) -> None:
        self.sources, self.options = found.sources, options
        self.gathering = Gathering(documents, options)
        self.taken: dict[str, Path] = {}  # annotation files by document
        self.counted: Counter[str] = Counter()
        self.bare: list[str] = []
        self.passed: list[Path] = []

    def take(self, path: Path) -> None:
        root = markup.read(path)
        if root.tag not in _ROOTS:
            raise root.fault(f"the outermost element is <{root.tag}>, not <{'> or <'.join(_ROOTS)}>")
        sheet = _ROOTS[root.tag](root)
        name = self.name(path, sheet)
        if (before := self.taken.setdefault(name, path)) != path:
            raise _fault(path, f"annotates {name!r}, as {before} does: give the folder of one of them")
        candidates = self.candidates(path, name, whole_first=root.tag == ere.ROOT)
        chosen = choose(candidates, sheet.stretches())
        place = self.gathering.text(name, chosen.text, str(path), meta=Meta(source=sheet.about))
        if place is None:
            return
        self.counted[chosen.counted] += 1
        units = put(sheet, chosen.text, place, self.options.spans)
        self.gathering.add(place, units.mentions, units.events, sheet.relations, rejected=units.rejected)
        self.gathering.lost += sheet.lost
        if self.options.spans == "head":
            lost = sum(m.head is not None and m.head[:2] != m.extent[:2] for m in sheet.mentions)
            self.gathering.lost["extents of mentions"] += lost

    def name(self, path: Path, sheet: Sheet) -> str:
        """The name of the source that an annotation file is of."""
        said, own = _stem(sheet.named, _SOURCES), _stem(path.name, _ANNOTATED)
        if said == own or own not in self.known():
            return said
        if said in self.known():
            raise _fault(path, f"names the source {said!r}, but is called as {own!r}, which is there as well")
        return own

    def known(self) -> Mapping[str, object]:
        """Names of sources: of files, or, where there are none, of documents of the corpus."""
        return self.sources or self.gathering.known or {}

    def candidates(self, path: Path, name: str, *, whole_first: bool) -> list[Text]:
        """What offsets may count; of a document of the corpus, what gives the text that it has."""
        document = (self.gathering.known or {}).get(name)
        found = self.readings(self.files(path, name), whole_first)
        if document is None:
            if not found:
                message = (
                    f"its source {name!r} ({', '.join(_SOURCES)}) is neither beside it nor in the folder"
                )
                raise _fault(path, message)
            return found
        same = [text for text in found if normalise(text.text) == document.text]
        return same or found or [Text("the text of the corpus", document.text)]

    def files(self, path: Path, name: str) -> list[Path]:
        """The sources of a name: those in the folder of the annotation file, or else all; none twice."""
        every = self.sources.get(name, [])
        found = [file for file in every if file.parent == path.parent] or every
        called: dict[str, Path] = {}
        for file in found:
            if (before := called.setdefault(file.name, file)) != file:
                raise _fault(path, f"has two sources, {before} and {file}: give one folder")
        return found

    def readings(self, files: Iterable[Path], whole_first: bool) -> list[Text]:
        found: list[Text] = []
        for file in files:
            data = read_bytes(file)
            raw = decode_exactly(data, str(file), self.options.encoding)
            marked = any(data.startswith(mark) for mark, _ in MARKS)
            found += readings(raw, marked=marked, whole_first=whole_first and not file.name.endswith(_SGML))
        return found

    def take_bare(self, name: str, files: Sequence[Path]) -> None:
        """A source without annotation: its text, if it surely is a source."""
        if name in self.taken or not files:
            return
        sure = [file for file in files if file.name.endswith(_SURE)]
        if not sure:
            self.passed += files
            return
        text = self.readings(sure[:1], whole_first=not sure[0].name.endswith(_SGML))[0].text
        if self.gathering.text(name, text, str(sure[0])) is not None:
            self.bare.append(name)

    # ------------------------------------------------------------ what is said

    def reading(self) -> Reading:
        reading = self.gathering.reading()
        return msgspec.structs.replace(reading, notes=[*reading.notes, *self.notes()])

    def notes(self) -> list[str]:
        counted = [f"{what} ({number} document(s))" for what, number in self.counted.items()]
        notes = [f"offsets count {'; '.join(counted)}"] if counted else []
        if self.bare:
            notes.append(f"sources without annotation: {named(self.bare)}")
        if self.passed:
            files = named([file.name for file in self.passed])
            notes.append(f"passed over, since no annotation names them: {files}")
        return notes
