"""The layout of a file of columns: which holds the tokens, which the tags, and what else is known of it.

Known are HIPE (a header that begins with TOKEN), Kaggle's copy of GMB (a CSV file whose header begins with
"Sentence #"), and CoNLL-U, with entities in MISC. Elsewhere a column is told by what is in it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import tags

SAMPLE = 2000  # lines that are looked at to tell the columns
TOKEN_AND_TAG = 2  # columns, at least
UNIVERSAL = 10  # columns of CoNLL-U, which says entities in the last
DIGITS = 10  # of a number of a token, fewer
START = "-DOCSTART-"
ENTITY = "Entity"  # the key of CorefUD's brackets in MISC
HIPE, KAGGLE = "TOKEN\t", "Sentence #,"  # how headers begin
# A token may begin with # too; a comment has a space behind it, and a name with = or newdoc.
COMMENT = re.compile(r"# +(?:([\w.:-]+)(?: id)? *= ?(.*)|newdoc *$)")
NO_WORD = re.compile(r"\d{1,9}[-.]\d{1,9}")  # the number of a multiword token, or of an empty node
_SPACES = re.compile(r"[ \t]+")  # not str.split(): a no-break space belongs to its token
# The phrases that are chunks in CoNLL-2000 and CoNLL-2003 (Tjong Kim Sang and Buchholz 2000).
_CHUNKS = frozenset(["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"])


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns count from 1, or from -1 backwards, or go by their names in a header; 0 is to find out.

    The token is in the first column that is not a counter, the tag in the one that holds nothing but tags.
    Chunks (NP, VP, …) are no names; where several columns hold tags, `tag` must say which. In CoNLL-U, `tag`
    may be a key of MISC; `tag=Entity` reads the brackets of CorefUD.
    `separator`: tab, space (any white space), comma (as in CSV files), or auto: tab if the first lines have
    one.
    `header`: whether the first line names the columns; auto knows those of HIPE and Kaggle.
    `document`: the comment that begins a document and names it, besides newdoc; auto is any …document_id.
    `affix`: whether tags are B-PER (prefix) or PER-B (suffix). Under scheme IO they may be types alone (PER).
    `join`: what stands between tokens where no comment gives the text: a space, or (none) nothing, as for
    tokens that are characters; auto is a space, but nothing where single spaces are tokens themselves.
    `align`: whether tokens must be those of the texts of a corpus, or (position) stand for the words there by
    their number, as for systems that changed them ([UNK], lower case).
    """

    token: int | str = 0
    tag: int | str = 0
    separator: Literal["auto", "tab", "space", "comma"] = "auto"
    header: Literal["auto", "yes", "no"] = "auto"
    document: str = "auto"
    affix: Literal["prefix", "suffix"] = "prefix"
    join: Literal["auto", "space", "none"] = "auto"
    align: Literal["text", "position"] = "text"
    scheme: Literal["auto", "IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU", "IO"] = "auto"
    policy: tags.Policy = "conlleval"
    encoding: str | None = None


class Columns(NamedTuple):
    """How lines are parted (None: at any white space), which columns matter, and how many more there are.

    `counted`: the first column numbers the tokens; `flags` is the column of flags such as SpaceAfter=No, and
    in CoNLL-U `key` says what in it are the tags (empty: what has no key). `header` is the place of the line
    that names columns, `begins` whether sentences begin where the first cell is not empty.
    """

    separator: str | None
    token: int
    tag: int
    kept: int
    counted: bool = False
    flags: int | None = None
    key: str | None = None
    header: int | None = None
    begins: bool = False

    @property
    def width(self) -> int:
        """How many columns a line must have."""
        return max(self.token, self.tag) + 1

    @property
    def plain(self) -> bool:
        """Whether a cell of tags is the tag, and cells of lines can be told without a look at each line."""
        return self.separator != "," and self.flags is None and self.header is None

    def split(self, lines: Sequence[str]) -> list[list[str]]:
        """The cells of each line."""
        if self.separator == ",":
            return list(map(_comma_separated, lines))
        if self.separator is not None:
            return [line.split(self.separator) for line in lines]
        return [_SPACES.split(line.strip(" \t")) for line in lines]

    def cells(self, block: str) -> list[list[str]]:
        """The columns of lines that all have the same number of cells, as most have; else none."""
        by, width = self.separator or " ", self.kept + TOKEN_AND_TAG
        if self.separator is None and "\t" in block:
            return []
        cells = block.replace("\n", f"{by}\n{by}").split(by)
        ends = cells[width :: width + 1]
        if (len(cells) + 1) % (width + 1) or not ends.count("\n") == len(ends) == block.count("\n"):
            return []
        if self.separator is None and "" in cells:  # several spaces, which part no more than one does
            return []
        return [cells[place :: width + 1] for place in range(width)]

    def label(self, row: Sequence[str]) -> str:
        """The tag of a row; in MISC, what its key has or what has none."""
        if self.key is None:
            return row[self.tag]
        return misc(row[self.tag]).get(self.key, "O")

    def __str__(self) -> str:
        """How they are told to people."""
        by = {"\t": "tabs", ",": "commas", None: "spaces"}[self.separator]
        key = f" ({self.key})" if self.key else ""
        return f"columns by {by}, token in {self.token + 1}, tag in {self.tag + 1}{key}"


def _comma_separated(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [""])
    except csv.Error:  # a cell that is too long
        return line.split(",")


def misc(cell: str) -> dict[str, str]:
    """The flags of a cell by key; one without = has the key that is empty."""
    pairs = (part.partition("=") for part in cell.split("|") if part not in ("", "_"))
    return {key if by else "": value if by else key for key, by, value in pairs}


class _Sample(NamedTuple):
    """The first rows of a file, all of the same width, and the names of their columns where it has some."""

    where: str
    rows: list[list[str]]
    names: list[str]
    header: int | None

    @property
    def width(self) -> int:
        return len(self.rows[0])


def find(text: str, where: str, options: Options) -> Columns:
    """The layout of a file; `DataError` where it cannot be told, or is not the one that `options` ask for."""
    separator, sample = _sample(text, where, options)
    sample = sample._replace(
        rows=[row for row in sample.rows if not NO_WORD.fullmatch(row[0])] or sample.rows
    )
    begins = separator == "," and sample.names[:1] == [KAGGLE[:-1]]
    counted = _counts(sample.rows)
    token = int(sample.width > TOKEN_AND_TAG and (counted or begins))
    if options.token:
        token = _place(options.token, sample)
    universal = counted and separator == "\t" and sample.width == UNIVERSAL
    flags = sample.width - 1 if universal else sample.names.index("MISC") if "MISC" in sample.names else None
    tag, key = _tag(options, token, sample, universal)
    return Columns(
        separator=separator,
        token=token,
        tag=tag,
        kept=max(0, sample.width - TOKEN_AND_TAG),
        counted=counted,
        flags=flags,
        key=key,
        header=sample.header,
        begins=begins,
    )


def _sample(text: str, where: str, options: Options) -> tuple[str | None, _Sample]:
    """How lines are parted, and the rows to tell the columns by."""
    lines = [
        (number, line)
        for number, line in enumerate(text.split("\n", SAMPLE)[:SAMPLE])
        if line.strip() and not line.startswith(START) and not COMMENT.match(line)
    ]
    known = bool(lines) and lines[0][1].startswith((HIPE, KAGGLE))
    named = lines and (options.header == "yes" or (options.header == "auto" and known))
    header = lines.pop(0) if named else None
    if not lines:
        raise DataError(f"{where}: no tokens", [Fault(where, "", "holds no line with a token and a tag")])
    separator = _separator([line for _, line in lines], header[1] if header else "", options)
    split = Columns(separator, 0, 0, 0).split
    rows = split([line for _, line in lines])
    width = Counter(map(len, rows)).most_common(1)[0][0]
    full = [row for row in rows if len(row) == width and (row[0] or separator == ",")]
    if not full:
        message = "most lines begin with white space, where a token or its number should stand"
        raise DataError(f"{where}: no tokens", [Fault(where, "", message)])
    names = split([header[1]])[0] if header else []
    return separator, _Sample(where, full, names, header[0] if header else None)


def _separator(lines: Sequence[str], header: str, options: Options) -> str | None:
    if options.separator == "auto":
        if header.startswith(KAGGLE):
            return ","
        return "\t" if any("\t" in line for line in lines) else None
    return {"tab": "\t", "comma": ",", "space": None}[options.separator]


def _place(column: int | str, sample: _Sample) -> int:
    """The place of a column that is asked for by its number or name."""
    if isinstance(column, str) and column in sample.names:
        return sample.names.index(column)
    try:
        number = int(column)
    except ValueError:
        names = ", ".join(sample.names) or "no line names any (with `-o header=yes` the first does)"
        raise _refused(sample, f"there is no column {column!r}: {names}") from None
    place = number - 1 if number > 0 else sample.width + number
    if not 0 <= place < sample.width:
        raise _refused(sample, f"there is no column {column} of {sample.width}")
    return place


def _refused(sample: _Sample, message: str) -> DataError:
    return DataError(f"{sample.where}: no such columns", [Fault(sample.where, "", message)])


def _counts(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column numbers tokens: each is 1, or one more than that before."""
    numbers = [int(row[0]) if row[0].isdecimal() and len(row[0]) < DIGITS else -1 for row in rows]
    return numbers[0] == 1 and all(b in (1, a + 1) for a, b in pairwise(numbers))


def _tag(options: Options, token: int, sample: _Sample, universal: bool) -> tuple[int, str | None]:
    """The place of the tags and their key in MISC, None where they are in a column of their own."""
    last = sample.width - 1
    if universal and (key := _key(options.tag, sample)) is not None:
        return last, key
    if options.tag:
        return _place(options.tag, sample), None
    if options.scheme == "IO" and sample.width == TOKEN_AND_TAG:
        return last, None
    if options.affix == "suffix":
        sample = sample._replace(rows=[list(map(tags.to_prefix, row)) for row in sample.rows])
    return _tag_column(token, sample), None


def _key(asked: int | str, sample: _Sample) -> str | None:
    """The key in MISC of what is to be read; None where none holds entities or another column is meant."""
    keys = _keys(sample)
    named = " and ".join(key or "tags without a key" for key in keys)
    if asked and not _is_number(asked):
        if asked not in keys:
            raise _refused(sample, f"MISC holds no tags under the key {asked!r}; it holds: {named or 'none'}")
        return str(asked)
    if asked and _place(asked, sample) != sample.width - 1:
        return None
    if asked and any("" in misc(row[-1]) for row in sample.rows):
        return ""
    if asked and not keys:
        raise _refused(sample, "MISC holds neither tags nor Entity=")
    if len(keys) > 1:
        ask = next(filter(None, keys))
        raise _refused(sample, f"MISC holds {named}: say which to read, as with `-o tag={ask}`")
    return keys[0] if keys else None


def _is_number(column: int | str) -> bool:
    return isinstance(column, int) or column.lstrip("-").isdecimal()


def _keys(sample: _Sample) -> list[str]:
    """The keys in MISC that say entities: Entity, and those that hold nothing but tags, one with a prefix."""
    found: dict[str, set[str]] = {}
    for row in sample.rows:
        for key, value in misc(row[-1]).items():
            found.setdefault(key, set()).add(value)
    return [
        key
        for key, values in found.items()
        if key == ENTITY or (all(map(_is_tag, values)) and values != {"O"})
    ]


def _tag_column(token: int, sample: _Sample) -> int:
    """The one column behind the tokens that holds nothing but tags, chunks aside."""
    held = [
        place for place in range(token + 1, sample.width) if all(_is_tag(row[place]) for row in sample.rows)
    ]
    found = [place for place in held if not _is_chunks([row[place] for row in sample.rows])]
    if len(found) > 1:
        columns = " and ".join(_called(place, sample) for place in found)
        several = ",".join(str(place + 1) for place in found)
        message = (
            f"columns {columns} hold tags: say which to read, as with `-o tag={found[0] + 1}`, or "
            f"`-o tag={several}` and a --layer for each"
        )
        raise _refused(sample, message)
    if held and not found:
        place = held[-1] + 1
        raise _refused(
            sample,
            f"column {place} holds chunks (NP, VP, …), not names; `-o tag={place}` reads them all the same",
        )
    if not found:
        raise _refused(sample, f"no column holds nothing but tags such as O and B-LOC; {_hint(sample)}")
    return found[0]


def _called(place: int, sample: _Sample) -> str:
    name = sample.names[place] if place < len(sample.names) else ""
    return f"{place + 1} ({name})" if name else str(place + 1)


def _hint(sample: _Sample) -> str:
    """What to try where no column holds tags."""
    last = [row[-1] for row in sample.rows]
    if sample.width == UNIVERSAL and _counts(sample.rows):
        return "if this is CoNLL-U, its MISC has neither Entity= nor tags"
    if sample.width == 1 and any("," in cell for cell in last):
        return "if commas part them, `-o separator=comma` reads it"
    if all(_is_tag(tags.to_prefix(cell)) for cell in last):
        return f"if types stand first (PER-B), `-o tag={sample.width} -o affix=suffix` reads it"
    if sample.header is None and _tagged_below(sample):
        return "if the first line names the columns, `-o header=yes` reads it"
    if "O" in last and sample.width == TOKEN_AND_TAG:
        return f"if they are types alone (PER), `-o tag={sample.width} -o scheme=IO` reads it"
    return "name it with the option `tag`"


def _tagged_below(sample: _Sample) -> bool:
    """Whether some column holds nothing but tags below the first line."""
    columns: Iterator[tuple[str, ...]] = zip(*sample.rows[1:], strict=True)
    return any(all(map(_is_tag, column)) and set(column) != {"O"} for column in columns)


def _is_chunks(cells: Sequence[str]) -> bool:
    """Whether the types of tags are phrases and nothing else."""
    types = {tags.parse(cell)[1] for cell in cells} - {""}
    return bool(types) and types <= _CHUNKS


def _is_tag(cell: str) -> bool:
    try:
        tags.parse(cell)
    except ValueError:
        return False
    return True
