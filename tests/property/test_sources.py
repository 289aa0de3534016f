"""Offsets of ACE and ERE in random sources: words are found, whichever way they were counted."""

import tempfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora import convert
from goldwire.corpora.formats.sources import outside_tags

# What a source has, and what of it is outside tags, entities resolved and as written.
PIECES = [
    ("<TURN>", "", ""),
    ('<post author="jo">', "", ""),
    ("</p>", "", ""),
    ("<!-- not <b> -->", "", ""),
    ("<![CDATA[a <b> &amp;]]>", "a <b> &amp;", "a <b> &amp;"),
    ("&amp;", "&", "&amp;"),
    ("&#8211;", "–", "&#8211;"),
    ("&unknown;", "&unknown;", "&unknown;"),
    ("\r\n", "\r\n", "\r\n"),
    ("\n", "\n", "\n"),
    ("😀", "😀", "😀"),
    ("3 < 4 & 5 ", "3 < 4 & 5 ", "3 < 4 & 5 "),
    ("Ünïcode ", "Ünïcode ", "Ünïcode "),
]
WAYS = ("resolved", "written", "whole")


@st.composite
def sources(draw: st.DrawFn) -> tuple[dict[str, str], list[str]]:
    """The three texts that offsets may count, and words that stand once in each."""
    texts, words = dict.fromkeys(WAYS, ""), []
    for number, piece in enumerate(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30))):
        words.append(f"word{number}x")
        for way, part in zip(("whole", "resolved", "written"), piece, strict=True):
            texts[way] += part + words[-1] + " "
    return texts, words


@given(sources())
def test_tags_are_left_out_and_nothing_else(made: tuple[dict[str, str], list[str]]) -> None:
    texts, _ = made
    assert outside_tags(texts["whole"]) == texts["resolved"]
    assert outside_tags(texts["whole"], resolve=False) == texts["written"]


@given(sources(), st.sampled_from(WAYS), st.booleans(), st.booleans())
def test_every_word_is_found_where_it_was_counted(
    made: tuple[dict[str, str], list[str]], way: str, single: bool, marked: bool
) -> None:
    texts, words = made
    mark = "\ufeff" if marked else ""
    counted = mark + (texts[way].replace("\r\n", "\n") if single else texts[way])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.sgm").write_bytes((mark + texts["whole"]).encode())
        Path(folder, "a.apf.xml").write_text(_annotated(words, counted))
        reading = convert.read("ace", [Path(folder)], {})
    assert not reading.quarantined
    text = reading.documents[0].text
    assert "\r" not in text
    assert not text.startswith("\ufeff")
    found = {m.attributes["subtype"]: text[slice(*m.spans[0])] for m in reading.annotations[0].mentions}
    assert found == {word: word for word in words}


def _annotated(words: list[str], counted: str) -> str:
    mentions = []
    for number, word in enumerate(words):
        start = counted.index(word)
        sequence = f'<charseq START="{start}" END="{start + len(word) - 1}">{escape(word)}</charseq>'
        inner = f'<entity_mention ID="m{number}"><extent>{sequence}</extent></entity_mention>'
        mentions.append(f'<entity ID="e{number}" TYPE="T" SUBTYPE={quoteattr(word)}>{inner}</entity>')
    return f'<source_file URI="a.sgm"><document DOCID="a">{"".join(mentions)}</document></source_file>'
