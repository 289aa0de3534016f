"""WebAnno TSV 3: files after the appendix of WebAnno's user guide, in our own words."""

from pathlib import Path

import pytest

from goldwire.corpora import convert
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import webanno
from goldwire.corpora.formats.recognise import recognise
from goldwire.corpora.types import Span

ENT, LINK = "webanno.custom.Ent", "webanno.custom.HitRolesLink"
HEADER = f"""#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP={ENT}|value|kind
#T_SP=webanno.custom.Hit|category|ROLE_webanno.custom.Hit:roles_{LINK}|{ENT}
#T_CH=de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink|referenceRelation|referenceType
#T_RL=webanno.custom.Knows|label|BT_{ENT}

"""
# Offsets are UTF-16: the emoji takes two, so Anna is 3-7 there and 2-6 in code points.
ROWS = [
    "1-1\t0-2\t😀\tSYM\t_\t_\t_\t_\t_\t_\t_\t_\t_\t",
    "1-2\t3-7\tAnna\tNP\tPER[1]\tname[1]\t_\t_\t_\t*->1-1\t_\t_\t_\t",
    "1-3\t8-12\tBerg\tNP\tPER[1]\tname[1]\t_\t_\t_\t*->1-1\t_\t_\t_\t",
    "1-4\t13-16\thit\tV\t_\t_\tAttack\tby;on\t1-2[1];1-5\t_\t_\t_\t_\t",
    "1-5\t17-20\tTom\tNP\tPER\t*\t_\t_\t_\t_\t_\tknows\t1-2[1_0]\t",
    "1-6\t20-21\t.\t$.\t_\t_\t_\t_\t_\t_\t_\t_\t_\t",
]
SECOND = [
    "2-1\t23-26\tShe\tP\tPER|WOM\\_AN[2]\tpro|*[2]\t_\t_\t_\tana->1-2\t_\t_\t_\t",
    "2-2\t27-31\tfell\tV\t_\t_\t_\t_\t_\t_\t_\t_\t_\t",
]
TEXT = "\n#Text=😀 Anna Berg hit Tom.\n" + "\n".join(ROWS) + "\n\n#Text=She fell\n" + "\n".join(SECOND) + "\n"


def put(path: Path, text: str = HEADER + TEXT) -> Path:
    path.write_bytes(text.encode())
    return path


def test_layers_slots_chains_and_links_are_read(tmp_path: Path) -> None:
    reading = convert.read("webanno", [put(tmp_path / "a.tsv")], {})
    (document,) = reading.documents
    # Two code units between 21, where the first sentence ends, and 23: a line break and a space.
    assert (document.id, document.text) == ("a", "😀 Anna Berg hit Tom.\n She fell")
    (line,) = reading.annotations
    assert [(m.type, m.spans, m.attributes, m.cluster) for m in line.mentions] == [
        ("PER", (Span(2, 11),), {"kind": "name"}, "c1"),
        ("PER", (Span(16, 19),), {}, None),
        ("PER", (Span(22, 25),), {"kind": "pro"}, "c1"),
        ("WOM_AN", (Span(22, 25),), {}, "c1"),
    ]
    anna, tom = (m.id for m in line.mentions[:2])
    (event,) = line.events
    assert (event.type, event.trigger) == ("Attack", (Span(12, 15),))
    assert [(a.role, a.mention) for a in event.arguments] == [("by", anna), ("on", tom)]
    (relation,) = line.relations
    assert (relation.type, relation.source, relation.target) == ("knows", anna, tom)
    assert not reading.quarantined
    assert not reading.loss


def test_the_published_example_of_stacked_and_numbered_values(tmp_path: Path) -> None:
    text = (
        "#FORMAT=WebAnno TSV 3.2\n#T_SP=webanno.custom.Ent|value\n\n\n#Text=Anna Berg met Tom in Bern.\n"
        "1-1\t0-4\tAnna\tPER[1]\t\n1-2\t5-9\tBerg\tPER[1]\t\n1-3\t10-13\tmet\t_\t\n1-4\t14-17\tTom\tPER\t\n"
        "1-5\t18-20\tin\t_\t\n1-6\t21-25\tBern\tLOC|GPE[2]\t\n1-7\t25-26\t.\t_\t\n"
    )
    path = put(tmp_path / "a.tsv", text)
    assert recognise([path]).format == "webanno"
    (line,) = convert.read("webanno", [path], {}).annotations
    assert [(m.type, m.spans) for m in line.mentions] == [
        ("PER", (Span(0, 9),)),
        ("PER", (Span(14, 17),)),
        ("LOC", (Span(21, 25),)),
        ("GPE", (Span(21, 25),)),
    ]


def test_parts_of_tokens_and_layers_without_features(tmp_path: Path) -> None:
    text = (
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Name|\n\n#Text=a\n#Text=Bernese\n"
        "1-1\t0-1\ta\t_\n1-2\t2-9\tBernese\t_\n1-2.1\t2-6\tBern\t*\n"
    )
    reading = convert.read("webanno", [put(tmp_path / "a.tsv", text)], {})
    assert reading.documents[0].text == "a\nBernese"
    assert [(m.type, m.spans) for m in reading.annotations[0].mentions] == [("Name", (Span(2, 6),))]


def test_byte_order_mark_and_crlf_change_nothing(tmp_path: Path) -> None:
    plain = convert.read("webanno", [put(tmp_path / "a.tsv")], {})
    other = "\ufeff" + (HEADER + TEXT).replace("\n", "\r\n")
    assert convert.read("webanno", [put(tmp_path / "a.tsv", other)], {}) == plain


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#FORMAT=WebAnno TSV 3.3", "#FORMAT=WebAnno TSV 2", r"a\.tsv:1.*not #FORMAT=WebAnno TSV 3"),
        ("13-16\thit", "14-17\thit", r"a\.tsv:13: 14-17 gives 'it ', the token is 'hit'"),
        ("0-2\t😀", "1-2\t😀", r"a\.tsv:10: begins at|a\.tsv:10: 1-2 gives"),
        ("1-4\t13-16\thit", "1-4 13-16 hit", r"a\.tsv:13: .* is no token"),
        ("\tknows\t1-2[1_0]\t", "", r"a\.tsv:14: the token has 8 columns of annotation; the header names 10"),
        ("#Text=She fell", "#Text=He fell", r"a\.tsv:18: 'She' is not in the #Text"),
        ("23-26\tShe", "10-13\tShe", r"a\.tsv:18: begins at 10; the sentence before ends at 21"),
        ("23-26\tShe", "9000000-9000003\tShe", r"a\.tsv:18: begins at 9000000"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = HEADER + TEXT
    assert old in text
    with pytest.raises(DataError, match=message):
        webanno.read([put(tmp_path / "a.tsv", text.replace(old, new))], webanno.Options())


def test_links_to_nothing_are_rejected(tmp_path: Path) -> None:
    text = (HEADER + TEXT).replace("1-2[1];1-5", "1-2[7];1-6").replace("1-2[1_0]", "1-4")
    (line,) = convert.read("webanno", [put(tmp_path / "a.tsv", text)], {}).annotations
    assert [(item.unit, item.kind) for item in line.rejected] == [
        ("argument", "no-mention"),
        ("argument", "no-mention"),
        ("relation", "no-mention"),
    ]


def test_a_label_that_was_not_chosen_is_rejected(tmp_path: Path) -> None:
    text = (HEADER + TEXT).replace("\tPER\t*\t", "\t*\tname\t")
    (line,) = convert.read("webanno", [put(tmp_path / "a.tsv", text)], {}).annotations
    assert ("mention", "unlabelled") in [(item.unit, item.kind) for item in line.rejected]


def test_a_document_that_two_files_have_is_told(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        put(tmp_path / name / "a.tsv")
    reading = convert.read("webanno", [tmp_path], {})
    assert [(item.unit, item.kind) for item in reading.quarantined] == [("document", "repeated-document")]
