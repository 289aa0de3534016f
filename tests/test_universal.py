"""CoNLL-U with entities in MISC, CorefUD's brackets and CoNLL-2012: words, texts, mentions, clusters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Reading, conll
from goldwire.corpora.formats.conll import Options
from goldwire.corpora.offsets import surface


def read(tmp_path: Path, text: str, **options: object) -> Reading:
    path = tmp_path / "x.conllu"
    path.write_text(text, encoding="utf-8")
    return conll.read([path], Options(**options))  # type: ignore[arg-type]


def refusal(tmp_path: Path, text: str, **options: object) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, **options)
    return [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def said(reading: Reading) -> list[tuple[str, str, str | None]]:
    """The surface, type and cluster of each mention."""
    texts = {document.id: document.text for document in reading.documents}
    return [
        (surface(texts[line.document], mention.spans), mention.type, mention.cluster)
        for line in reading.annotations
        for mention in line.mentions
    ]


def rows(*given: tuple[str, str, str], heading: str = "") -> str:
    """Lines of CoNLL-U with number, form and MISC."""
    return heading + "".join(f"{n}\t{form}" + "\t_" * 7 + f"\t{misc}\n" for n, form, misc in given) + "\n"


def test_ranges_and_empty_nodes_are_no_words(tmp_path: Path) -> None:
    text = rows(
        ("1", "Anna", "B-PER"), ("2-3", "they're", "_"), ("2", "they", "O"), ("3", "'re", "O"),
        ("4", "in", "O"), ("4.1", "_", "_"), ("5", "Bern", "B-LOC"), ("6", ".", "O"),
        heading="# text = Anna they're in Bern.\n",
    )  # fmt: skip
    reading = read(tmp_path, text)
    assert said(reading) == [("Anna", "PER", None), ("Bern", "LOC", None)]
    assert len(reading.tokens[0].starts) == 6


def test_without_a_text_spaces_are_what_the_words_say(tmp_path: Path) -> None:
    text = rows(
        ("1-2", "they're", "SpaceAfter=No"), ("1", "they", "_"), ("2", "'re", "_"), ("3", ",", "_"),
        ("4", "Bern", "Name=B-LOC|SpaceAfter=No"), ("5", ".", "_"),
    )  # fmt: skip
    reading = read(tmp_path, text)
    assert reading.documents[0].text == "they're, Bern."
    assert said(reading) == [("Bern", "LOC", None)]


def test_a_multiword_token_stands_for_words_that_are_not_in_the_text(tmp_path: Path) -> None:
    text = rows(
        ("1-2", "Im", "_"), ("1", "In", "O"), ("2", "dem", "B-LOC"), ("3", "Haag", "I-LOC"),
        ("4", "am", "O"), ("5-6", "zum", "_"), ("5", "zu", "O"), ("6", "dem", "O"), ("7", "Tor", "B-FAC"),
        heading="# text = Im Haag am zum Tor\n",
    )  # fmt: skip
    assert said(read(tmp_path, text)) == [("Im Haag", "LOC", None), ("Tor", "FAC", None)]
    both = rows(("1-2", "du", "_"), ("1", "de", "B-A"), ("2", "le", "B-B"), ("3", "x", "O"))
    reading = read(tmp_path, both)
    assert said(reading) == [("du", "A", None)]
    assert reading.loss["mentions that begin inside a multiword token"] == 1


def test_a_range_that_goes_beyond_its_sentence_ends_with_it(tmp_path: Path) -> None:
    text = rows(("1", "Anna", "B-PER"), ("2-999999999", "sang", "_"), ("2", "sa", "O"), ("3", "ng", "O"))
    assert read(tmp_path, text).documents[0].text == "Anna sang"


def test_multiword_tokens_do_not_overlap_and_keep_all_their_words(tmp_path: Path) -> None:
    text = rows(
        ("1-3", "abc", "_"), ("1", "x", "O"), ("2-3", "uv", "_"), ("2", "y", "O"), ("3", "_", "_"),
        ("4", "Bern", "B-LOC"),
    )  # fmt: skip
    reading = read(tmp_path, text)
    assert (reading.documents[0].text, said(reading)) == ("abc Bern", [("Bern", "LOC", None)])


def test_a_key_of_misc_is_found_or_asked_for(tmp_path: Path) -> None:
    two = rows(("1", "Anna", "Coarse=B-PER|Fine=B-PER.ind"), ("2", "sang", "Coarse=O|Fine=O"))
    assert refusal(tmp_path, two) == [
        "x.conllu: MISC holds Coarse and Fine: say which to read, as with `-o tag=Coarse`"
    ]
    assert said(read(tmp_path, two, tag="Fine")) == [("Anna", "PER.ind", None)]
    assert "no tags under the key 'Fin'; it holds: Coarse and Fine" in refusal(tmp_path, two, tag="Fin")[0]
    nothing = rows(("1", "Anna", "_"), ("2", "sang", "SpaceAfter=No"))
    assert "its MISC has neither Entity= nor tags" in refusal(tmp_path, nothing)[0]
    assert "MISC holds neither" in refusal(tmp_path, nothing, tag=10)[0]


def test_what_is_no_tag_in_misc_is_told_by_its_line(tmp_path: Path) -> None:
    text = rows(("1-2", "ab", "_"), ("1", "a", "B-X"), ("2", "b", "O")) + rows(("1", "c", "X-Y"))
    assert refusal(tmp_path, text, tag=10)[0].startswith("x.conllu:")


FIELDS = "# newdoc id = d\n# global.Entity = eid-etype-head-other\n"


def test_brackets_are_mentions_with_types_and_clusters(tmp_path: Path) -> None:
    text = rows(
        ("1", "Anna", "Entity=(e1-person-1-"), ("2", "Lee", "Entity=e1)"), ("3", "saw", "_"),
        ("4", "Bern", "Entity=(e2-org-1-(e3-place-1-)"), ("5", "council", "SpaceAfter=No|Entity=e2)"),
        ("6", ".", "_"),
        heading=FIELDS + "# text = Anna Lee saw Bern council.\n",
    ) + rows(("1", "She", "Entity=(e1-person-1-)"))  # fmt: skip
    reading = read(tmp_path, text)
    assert said(reading) == [
        ("Anna Lee", "person", "e1"), ("Bern council", "org", "e2"), ("Bern", "place", "e3"),
        ("She", "person", "e1"),
    ]  # fmt: skip
    assert reading.tokens == []


def test_parts_of_a_mention_are_one_mention(tmp_path: Path) -> None:
    text = rows(
        ("1", "left", "Entity=(e1[1/2]-part-1)"), ("2", "and", "_"), ("3", "right", "Entity=(e2-part%2Dof-1"),
        ("4", "hand", "Entity=(e1[2/2])e2)"), heading=FIELDS,
    )  # fmt: skip
    mentions = read(tmp_path, text).annotations[0].mentions
    # left and right hand: left 0-4, hand 15-19, right hand 9-19
    assert [(m.type, [tuple(span) for span in m.spans]) for m in mentions] == [
        ("part", [(0, 4), (15, 19)]),
        ("part-of", [(9, 19)]),
    ]


def test_mentions_of_empty_nodes_alone_are_lost_and_told(tmp_path: Path) -> None:
    text = rows(
        ("1", "Anna", "Entity=(e1-person-1)"), ("1.1", "_", "Entity=(e2-person-1)"),
        ("1.2", "_", "Entity=(e3-x-1"), ("2", "sang", "Entity=e3)|Bridge=e1<e2"), heading=FIELDS,
    )  # fmt: skip
    reading = read(tmp_path, text)
    assert said(reading) == [("Anna", "person", "e1"), ("sang", "x", "e3")]
    assert reading.loss == {"columns": 8, "mentions of empty nodes": 1, "Bridge in MISC": 1}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("(e1-person", "x.conllu:3: the mention of e1 that begins here does not end in its document"),
        ("e9)", "x.conllu:3: e9) ends a mention that was not begun"),
        ("e9", "x.conllu:3: 'e9' is no bracket such as (e1-person) or (1"),
        ("(e1[1/2]-x)", "x.conllu:3: the last part of this mention of e1 is missing"),
        ("((", "x.conllu:3: '(' is no bracket such as (e1-person) or (1"),
    ],
)
def test_brackets_that_do_not_fit_are_told_by_their_line(tmp_path: Path, cell: str, told: str) -> None:
    text = rows(("1", "Anna", f"Entity={cell}"), ("2", "sang", "_"), heading=FIELDS)
    assert refusal(tmp_path, text)[0] == told


CONLL_2012 = """#begin document (nw/a); part 000
nw/a 0 0 Anna NNP (TOP(S* - - - spk (PERSON* (0
nw/a 0 1 Lee NNP * - - - spk *) 0)
nw/a 0 2 met VBD * meet 01 1 spk * (V*) -
nw/a 0 3 Bern NNP *) - - - spk (GPE) * -

nw/a 0 0 Her PRP$ * - - - spk * (0)|(1
nw/a 0 1 dog NN * - - - spk * 1)

#end document
#begin document (nw/a); part 001
nw/a 1 0 Rain NN * - - - spk * -

#end document
"""


def test_conll_2012_has_names_and_coreference(tmp_path: Path) -> None:
    reading = read(tmp_path, CONLL_2012)
    assert [(d.id, d.text) for d in reading.documents] == [
        ("nw-a_000", "Anna Lee met Bern\nHer dog"),
        ("nw-a_001", "Rain"),
    ]
    assert said(reading) == [
        ("Anna Lee", "PERSON", "0"), ("Bern", "GPE", None), ("Her dog", "_", "1"), ("Her", "_", "0"),
    ]  # fmt: skip


def test_conll_2012_becomes_a_corpus(said_by: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "a.v4_gold_conll"
    path.write_text(CONLL_2012, encoding="utf-8")
    said = said_by("corpus", "new", tmp_path / "c", "--from", path, "--layer", "gold")
    assert said.code == 0
    # The widest line has thirteen: six that are kept, six others, and one of a predicate.
    assert "not kept: 7 columns" in said.out
    assert said_by("corpus", "validate", tmp_path / "c").code == 0


def test_conll_2012_tells_what_does_not_end(tmp_path: Path) -> None:
    text = CONLL_2012.replace("*) 0)", "* -")
    assert refusal(tmp_path, text) == [
        "x.conllu:2: the name (PERSON that begins here does not end in its sentence"
    ]
    assert "mention of 0 that begins" in refusal(tmp_path, CONLL_2012.replace("*) 0)", "*) -"))[0]
    assert refusal(tmp_path, CONLL_2012 + "nw/a 0\n")[0].startswith(
        "x.conllu:15: 2 column(s), where CoNLL-2012"
    )


def test_a_file_that_is_cut_off_inside_a_sentence_is_told(tmp_path: Path) -> None:
    whole = rows(
        ("1", "Anna", "B-PER"), ("2", "saw", "O"), ("3", "Bern", "B-LOC"), heading="# text = Anna saw Bern\n"
    )
    assert not any("ends before" in note for note in read(tmp_path, whole).notes)
    cut = whole[: whole.index("3\tBern")]
    assert (
        read(tmp_path, cut)
        .notes[-1]
        .endswith("ends before the text does, what follows has no mentions: 000001 at 2 of 3 tokens")
    )
    assert "have no end" not in read(tmp_path, CONLL_2012).notes[0]
    cut = CONLL_2012[: CONLL_2012.rindex("#end")]
    assert read(tmp_path, cut).notes[0].endswith("; 1 of 2 document(s) have no end: is it cut off?")
