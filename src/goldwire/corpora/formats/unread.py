"""Names of formats that are not read: what a refusal calls a file by its content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from goldwire.corpora.formats.head import Head

# Outermost XML elements, without prefix.
_ROOTS = {
    "FoLiA": "FoLiA",
    "TEI": "TEI",
    "TEI.2": "TEI",
    "teiCorpus": "TEI",
    "NAF": "NAF",
    "KAF": "KAF",
    "GateDocument": "a GATE document",
    "D-Spin": "TCF, WebLicht's XML",
    "TextCorpus": "TCF, WebLicht's XML",
    "TimeML": "TimeML",
    "MMAX_PROJECT": "an MMAX2 project",
    "mmax_project": "an MMAX2 project",
    "cesDoc": "XCES",
    "cesAna": "XCES",
    "contextfile": "SemCor",
    "fullTextAnnotation": "FrameNet's full texts",
    "ANNOTATION_DOCUMENT": "ELAN",
    "deIdi2b2": "i2b2's XML",
    "RDF": "RDF, as NIF is",
    "AGSet": "LDC's annotation graphs; the .apf.xml of the same document is read",
}
# Members of the JSON object that a record is, where it has no `text`: with one it can be an article.
_MEMBERS: dict[frozenset[str], str] = {
    frozenset({"annotatable", "anncomplete"}): "tagtog's JSON",
    frozenset({"vertexSet", "sents"}): "DocRED",
    frozenset({"content", "candidates"}): "MAVEN's test set, candidates without events",
    frozenset({"sentences", "temporal_relations"}): "MAVEN-ERE",
    frozenset(
        {"event_mentions", "TIMEX"}
    ): "the test set of MAVEN-ERE or MAVEN-Arg, candidates without events",
    frozenset({"Entities", "File"}): "the output of Amazon Comprehend",
    frozenset({"messages"}): "chats with a language model, as they are tuned with",
    frozenset({"prompt", "completion"}): "prompts and completions of a language model",
    frozenset({"paragraphs", "title"}): "SQuAD",
    frozenset({"paragraphs", "id"}): "spaCy 2's training JSON; `spacy convert` makes a DocBin of it",
    frozenset({"data", "annotations"}): "an export of Label Studio; `goldwire annotate import` reads it",
    frozenset({"data", "completions"}): "an export of Label Studio; `goldwire annotate import` reads it",
    frozenset({"content", "annotations"}): "LightTag's or Dataturks' JSON",
}
# And where it has one.
_WITH_TEXT: dict[frozenset[str], str] = {
    frozenset({"annotation_sets"}): "GATE's JSON",
    frozenset({"ents", "tokens"}): "the JSON of one spaCy Doc; put it in a DocBin",
    frozenset({"annotation_id", "annotator"}): "Label Studio's JSON_MIN; export JSON, for `annotate import`",
}
_BEGINNINGS = {
    b"%PDF-": "PDF",
    b"PK\x03\x04": "a zip archive, as .docx and exported projects are; unpack it, or make text of it",
    b"\x1f\x8b": "compressed by gzip; unpack it",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"\xff\xff\xff\xff": "an Arrow stream; save it as Parquet",
    b"SQLite format 3": "an SQLite database; export it as text",
    b"\x89HDF": "HDF5",
}
_LINES = {
    "CoNLL-U without entities": re.compile(
        r"1\t[^\t]+\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t\d+\t[^\t]+\t[^\t]*\t[^\t]*$"
    ),
    "CoNLL-2009": re.compile(r"1\t[^\t]+\t[^\t]+(?:\t[^\t]*){11,}$"),
    "AMR": re.compile(r"# ::(?:id|snt) "),
    "PubTator": re.compile(r"\d+\|[ta]\|"),
    "a MUC answer key": re.compile(r"0\.\s+MESSAGE: ID"),
    "Label Studio's CSV; export JSON, for `annotate import`": re.compile(r"(?:\w+,)+annotator,annotation_id"),
    "Praat's TextGrid": re.compile(r'File type = "ooTextFile"'),
    "NIF, in Turtle": re.compile(r"@prefix nif:"),
    "words with tags behind a bar, as WikiNER has them": re.compile(r"(?:[^\s|]+\|[^\s|]+\|[^\s|]+ ?){3,}$"),
    "words with tags behind a slash": re.compile(r"(?:\S+/[A-Z][A-Z.$-]* ?){3,}$"),
}
_FIRST = 20  # lines that are looked at


def name(head: Head) -> str | None:
    """What a file is that no format recognised, if it is known by name."""
    if head.names:
        return None
    tests: tuple[Callable[[Head], str | None], ...] = (_by_beginning, _by_root, _by_members, _by_lines)
    return next((found for test in tests if (found := test(head))), None)


def _by_beginning(head: Head) -> str | None:
    return next((what for start, what in _BEGINNINGS.items() if head.data.startswith(start)), None)


def _by_root(head: Head) -> str | None:
    return _ROOTS.get(head.root.rpartition(":")[2])


def _by_members(head: Head) -> str | None:
    members = head.members or _first_object(head.records)
    inner = members.get("data")
    if isinstance(inner, list) and isinstance(next(iter(inner), None), dict):  # SQuAD wraps its list
        members = inner[0]
    known = _WITH_TEXT if isinstance(members.get("text"), str) else _MEMBERS
    return next((what for needed, what in known.items() if needed <= members.keys()), None)


def _first_object(records: list[Any]) -> Mapping[str, Any]:
    return next((record for record in records if isinstance(record, dict)), {})


def _by_lines(head: Head) -> str | None:
    first = head.lines[:_FIRST]
    return next((what for what, line in _LINES.items() if any(map(line.match, first))), None)
