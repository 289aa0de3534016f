"""A draw is kept once, read as it was written, and refused where it cannot be what was drawn."""

import re
from pathlib import Path

import pytest

from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.samples import Candidate, Draw, Sample, names, path_of, read, write
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return create_corpus(tmp_path / "corpus", Manifest(name="t"), [make_document("d1", "Kabul fell.")])


def sample(name: str = "first", made: str = "2026-01-02T00:00:00+00:00") -> Sample:
    draw = Draw(draw=name, purpose="scoring", how="at random", made=made, before=("d0",), documents=2)
    drawn = Candidate(document="d1", probability=0.5, rank=1, reason="at random")
    return Sample(draw, (drawn, Candidate(document="d2", probability=0.25)))


def test_a_draw_is_read_as_it_was_written_and_never_replaced(corpus: Corpus) -> None:
    write(corpus, sample())
    write(corpus, sample(made="2026-01-03T00:00:00+00:00"))  # the same draw again
    assert read(corpus, "first") == sample()
    with pytest.raises(CorpusError, match="never changed: name another"):
        write(corpus, Sample(sample().draw, sample().candidates[:1]))


def test_draws_are_named_in_the_order_in_which_they_were_made(corpus: Corpus) -> None:
    write(corpus, sample("b", "2026-01-01T00:00:00+00:00"))
    write(corpus, sample("a", "2026-01-02T00:00:00+00:00"))
    assert names(corpus) == ["b", "a"]


@pytest.mark.parametrize("name", ["../gold", "a/b", "", ".hidden", "CON"])
def test_what_cannot_be_a_file_of_its_own_is_no_name(corpus: Corpus, name: str) -> None:
    with pytest.raises(CorpusError):
        write(corpus, sample(name))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.25", "0", "expected is more than 0"),
        ("0.25", "1.5", "at most 1"),
        ('"d2"', '"d1"', "2 times"),
        ('"d2"', '"d0"', "2 times"),
        ('"rank":1', '"rank":2', "not numbered from 1"),
        ('{"document":"d2","probability":0.25}\n', "", "1 documents have a line; expected are 2"),  # cut off
        ('"format":1', '"format":9', "newer than this Goldwire"),
        ('"purpose":"scoring"', '"purpose":"fun"', "fun"),
        ("0.25", "0.3", "put the file back as it was"),
        (',"rank":1', "", "put the file back as it was"),
        ('"draw":"first"', '"draw":"second"', "call the file second.jsonl again"),  # a copy
    ],
)
def test_a_damaged_draw_is_refused(corpus: Corpus, old: str, new: str, said: str) -> None:
    write(corpus, sample())
    path = path_of(corpus, "first")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError) as caught:
        read(corpus, "first")
    assert said in f"{caught.value} {caught.value.faults}"


def test_a_draw_that_is_not_there_names_those_that_are(corpus: Corpus) -> None:
    write(corpus, sample())
    with pytest.raises(CorpusError, match="there are: first"):
        read(corpus, "second")


def test_faults_are_told_by_the_lines_of_the_file(corpus: Corpus) -> None:
    write(corpus, sample())
    path = path_of(corpus, "first")
    path.write_text(path.read_text().replace('"probability":0.5', '"probability":"half"'))
    with pytest.raises(DataError, match=r"first\.jsonl:2 \$\.probability"):
        read(corpus, "first")


def test_draws_of_before_have_no_digest_and_are_read(corpus: Corpus) -> None:
    write(corpus, sample())
    path = path_of(corpus, "first")
    first, _, rest = path.read_text().partition("\n")
    path.write_text(re.sub(r',"digest":"[0-9a-f]+"', "", first) + "\n" + rest)
    assert read(corpus, "first") == sample()
