"""Decisions come back: those of several people become one list, those of a page are bound to its layers."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.adjudicate.returned import hidden, join, origin_of
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Mention, Span
from goldwire.testing import annotate

Call = Callable[..., Any]
DOCUMENT = make_document("d", "Rebels shelled Kunduz.")
OTHER = make_document("e", "Snow fell on Oslo.")
REBELS = Mention(id="x", type="MIL", spans=(Span(0, 6),))
KUNDUZ = Mention(id="y", type="GPE", spans=(Span(15, 21),))
LIST = "labelstudio/decisions-gold.jsonl"


def line(decision: bool | None, by: str = "", at: str = "", key: str = "MIL [[0, 6]]") -> Disagreement:
    words = "MIL “Rebels”" if key.startswith("MIL") else "GPE “Kunduz”"
    return Disagreement(
        document="d", unit="mention", key=key, words=words, says={"a": True, "b": False},
        decision=decision, by=by, at=at,
    )  # fmt: skip


# ---------------------------------------------------------------- several lists
def test_equal_decisions_of_two_people_are_one_of_theirs_both() -> None:
    joined = join([[line(True, "Ann", "2026-01-01")], [line(True, "Bob", "2026-01-02")]])
    assert joined.conflicts == ()
    assert [(i.decision, i.by, i.at) for i in joined.decisions] == [(True, "Ann, Bob", "2026-01-02")]
    again = join([joined.decisions, [line(True, "Ann", "2026-01-01")]])
    assert again == joined


def test_what_two_people_decide_differently_is_open_and_told() -> None:
    joined = join([[line(None)], [line(True, "Ann")], [line(False, "Bob")]])
    [conflict] = joined.conflicts
    assert conflict.said == (("Ann", True), ("Bob", False))
    [item] = joined.decisions
    assert (item.decision, item.by, item.note) == (None, "", "decided differently: Ann: yes; Bob: no")


def test_the_later_of_one_persons_decisions_counts_in_whatever_order_the_files_come() -> None:
    lists = [[line(True, "Ann", "2026-01-01")], [line(False, "Ann", "2026-01-02")], [line(None)]]
    for order in permutations(lists):
        [item] = join(order).decisions
        assert item.decision is False


def test_what_only_one_list_decides_is_taken_from_it() -> None:
    joined = join([[line(None), line(False, "Bob", key="GPE [[15, 21]]")], [line(True, "Ann")]])
    assert [item.decision for item in joined.decisions] == [True, False]


# ---------------------------------------------------------------- files and the layers they are for
@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    made = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [DOCUMENT, OTHER])
    made.write_layer("annotator/a", [annotate(DOCUMENT, REBELS, KUNDUZ)])
    made.write_layer("annotator/b", [annotate(DOCUMENT)])
    return made


def download(corpus: Corpus, path: Path, *lines: Disagreement, **settings: Any) -> Path:
    """A file as a page of this corpus gives it."""
    layers = {name: corpus.layer(name) for name in corpus.layers() if name.startswith("annotator/")}
    origin = origin_of(layers, ["d"], settings.pop("to", "gold"), corpus.ontology(), **settings)
    path.write_bytes(encode_lines([origin, *lines]))
    return path


@pytest.mark.parametrize("blind", [False, True])
def test_decisions_of_a_page_are_taken_and_stand_in_the_list(
    said_by: Call, corpus: Corpus, tmp_path: Path, blind: bool
) -> None:
    file = download(corpus, tmp_path / "x.jsonl", line(True, "Ann", "2026-01-01"), blind=blind)
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", file, "--json").json
    assert (said["differed"], said["open"], said["stale"]) == (2, 1, 0)
    kept = read_lines(corpus.path / LIST, Disagreement)
    assert [(i.decision, i.by, i.at) for i in kept] == [(True, "Ann", "2026-01-01"), (None, "", "")]
    assert [m.type for m in corpus.layer("gold")["d"].mentions] == ["MIL"]
    again = said_by("annotate", "adjudicate", corpus.path, "--json").json  # without the file
    assert again["open"] == 1


def test_two_files_that_contradict_each_other_leave_it_open(
    said_by: Call, corpus: Corpus, tmp_path: Path
) -> None:
    gpe = "GPE [[15, 21]]"
    one = download(corpus, tmp_path / "1", line(True, "Ann", "1"), line(True, "Ann", "1", gpe))
    two = download(corpus, tmp_path / "2", line(False, "Bob", "2"), line(True, "Bob", "2", gpe))
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", one, "--decisions", two)
    assert "decided differently by several people, and so left open: 1" in said.out
    assert "MIL “Rebels”  (Ann: yes, Bob: no)" in said.out
    assert [m.type for m in corpus.layer("gold")["d"].mentions] == ["GPE"]


def changed(corpus: Corpus) -> None:
    corpus.write_layer("annotator/b", [annotate(DOCUMENT, KUNDUZ)])


def come(corpus: Corpus) -> None:
    corpus.write_layer("annotator/c", [annotate(DOCUMENT)])


def gone(corpus: Corpus) -> None:
    (corpus.path / "layers/annotator/b.jsonl").unlink()
    come(corpus)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed, "layer annotator/b changed"),
        (come, "layer annotator/c has come"),
        (gone, "layer annotator/b is not among"),
    ],
)
def test_decisions_of_a_page_for_other_layers_are_refused_and_nothing_is_written(
    said_by: Call, corpus: Corpus, tmp_path: Path, change: Callable[[Corpus], None], told: str
) -> None:
    file = download(corpus, tmp_path / "x.jsonl", line(True, "Ann"))
    change(corpus)
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", file)
    assert said.code == 2
    assert told in said.err
    assert "gold" not in corpus.layers()
    assert not (corpus.path / LIST).exists()
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])  # no longer bound, as the message says
    assert said_by("annotate", "adjudicate", corpus.path, "--decisions", file).code == 0


def test_what_changed_elsewhere_does_not_matter(said_by: Call, corpus: Corpus, tmp_path: Path) -> None:
    file = download(corpus, tmp_path / "x.jsonl", line(True, "Ann"))
    corpus.write_layer("annotator/c", [annotate(OTHER)])
    corpus.write_layer("annotator/a", [annotate(DOCUMENT, REBELS, KUNDUZ), annotate(OTHER)])
    assert said_by("annotate", "adjudicate", corpus.path, "--decisions", file).code == 0


def test_a_page_for_another_layer_is_refused(said_by: Call, corpus: Corpus, tmp_path: Path) -> None:
    file = download(corpus, tmp_path / "x.jsonl", line(True, "Ann"), to="silver")
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", file)
    assert (said.code, "for layer 'silver', not for 'gold'" in said.err) == (2, True)


def test_files_put_one_after_the_other_are_read_as_both(
    said_by: Call, corpus: Corpus, tmp_path: Path
) -> None:
    one = download(corpus, tmp_path / "1", line(True, "Ann"))
    two = download(corpus, tmp_path / "2", line(True, "Bob", key="GPE [[15, 21]]"))
    one.write_bytes(b"\xef\xbb\xbf" + one.read_bytes() + b"\r\n" + two.read_bytes())
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", one, "--json").json
    assert said["open"] == 0


@pytest.mark.parametrize("content", ["{", '{"page": 3}', '{"page":"x"}', "[]", '{"document": "d"}'])
def test_a_damaged_file_is_refused_with_its_line(
    said_by: Call, corpus: Corpus, tmp_path: Path, content: str
) -> None:
    (tmp_path / "x.jsonl").write_text(content)
    said = said_by("annotate", "adjudicate", corpus.path, "--decisions", tmp_path / "x.jsonl")
    assert (said.code, "x.jsonl:1" in said.err) == (2, True)
    assert said_by("annotate", "adjudicate", corpus.path, "--decisions", tmp_path / "none").code == 2


def test_lines_of_earlier_releases_still_read(said_by: Call, corpus: Corpus) -> None:
    """As they were before sentences, names and times came into them."""
    old = {
        "document": "d", "unit": "mention", "key": "MIL [[0, 6]]", "words": "MIL “Rebels”",
        "says": {"annotator/a": True, "annotator/b": False}, "decision": True,
    }  # fmt: skip
    (corpus.path / LIST).parent.mkdir(exist_ok=True)
    (corpus.path / LIST).write_bytes(encode_lines([old]))
    assert said_by("annotate", "adjudicate", corpus.path, "--json").json["open"] == 1
    first, second = (msgspec.json.decode(line) for line in (corpus.path / LIST).read_bytes().splitlines())
    assert first == {**old, "sentence": "⟦Rebels⟧ shelled Kunduz."}
    assert second["decision"] is None  # there to be replaced


def test_a_blind_page_does_not_tell_who_took_part(corpus: Corpus, tmp_path: Path) -> None:
    told = download(corpus, tmp_path / "x", line(True), blind=True).read_text().splitlines()[0]
    assert "annotator/a" not in told
    assert hidden("annotator/a") in told
