"""Lists with a member for each document: they are as tuples of the same, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.codec import decode_versioned, encode_lines
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import Manifest, encode_manifest, make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.scoring.lists import SIZE, Numbers, Strings, of_column

texts = st.lists(st.text(max_size=80), max_size=20)


@given(texts)
def test_strings_are_as_a_tuple_of_them(items: list[str]) -> None:
    made = Strings.of(items)
    assert (tuple(made), len(made), bool(made)) == (tuple(items), len(items), bool(items))
    assert made == tuple(items)
    assert tuple(items) == made
    assert made != (*items, "more")
    assert [made[place] for place in range(len(items))] == items
    assert made.ends == ((items[0], items[-1]) if items else ("", ""))


@given(texts, texts)
def test_the_json_of_several_is_that_of_all_their_members(first: list[str], second: list[str]) -> None:
    joined = Strings.joined([Strings.of(first), Strings(), Strings.of(second)])
    assert json.loads(b"".join(joined.json())) == [*first, *second]
    assert len(joined) == len(first) + len(second)


@given(st.lists(st.text(st.sampled_from("ab\0é\U0001f600"), max_size=4)), st.booleans())
def test_a_column_sorts_as_the_strings_do(items: list[str], long: bool) -> None:
    given = [item + "x" * 100 for item in items] if long else items
    column = Strings.of(given).column()
    places = np.argsort(column, kind="stable")
    assert tuple(of_column(column[places])) == tuple(sorted(given))
    assert tuple(Strings.of(given).ordered(places)) == tuple(sorted(given))


def test_more_members_than_a_piece_holds() -> None:
    items = [f"d{number}" for number in range(2 * SIZE + 1)]
    made = Strings.of(items)
    assert len(made.held) == 3
    assert made[-1] == items[-1]
    assert json.loads(b"".join(Numbers(np.arange(SIZE + 1, dtype=np.int16)).json())) == [*range(SIZE + 1)]


def test_numbers_are_as_a_tuple_and_as_an_array() -> None:
    made = Numbers(np.array([3, 0, 2], np.int8))
    assert made == (3, 0, 2)
    assert np.array(made, np.int32).tolist() == [3, 0, 2]
    assert not Numbers(np.array([], np.int8))


# ---------------------------------------------------------------- in a process of its own
# Tables, results and code stay as they are; ids, hashes and counts of documents grow with them. As objects
# they took 540 bytes a document.
LIMIT = 250  # bytes a document
LIMIT_READ = 700  # likewise, of a report or a comparison, which took 5,500 with all texts and units at hand

PEAK = """
import resource, sys
from goldwire.__main__ import main
try:
    main()
except SystemExit as error:
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print("PEAK", peak, error.code)
"""


def write_corpus(path: Path, size: int) -> Path:
    """Documents of two mentions each, every third one other in the system."""
    documents, gold, system = [], [], []
    for number in range(size):
        document = make_document(f"d{number:08}", f"Ann met Bob {number}")
        documents.append(document)
        for layer, end in ((gold, 3), (system, 3 if number % 3 else 7)):
            spans = ((0, end), (8, 11))
            mentions = tuple(
                Mention(id=f"m{i}", type="PER", spans=(Span(*span),)) for i, span in enumerate(spans)
            )
            layer.append(Annotations(document=document.id, sha256=document.sha256, mentions=mentions))
    (path / "layers" / "system").mkdir(parents=True)
    (path / "corpus.toml").write_bytes(encode_manifest(Manifest(name="many")))
    (path / "documents.jsonl").write_bytes(encode_lines(documents))
    (path / "layers" / "gold.jsonl").write_bytes(encode_lines(gold))
    (path / "layers" / "system" / "s.jsonl").write_bytes(encode_lines(system))
    return path


def peak(*command: str | Path) -> int:
    """The most bytes that a process of a command held."""
    whole = [sys.executable, "-c", PEAK, *map(str, command)]
    done = subprocess.run(whole, check=True, stdout=subprocess.PIPE, text=True)
    [kilobytes, code] = done.stdout.splitlines()[-1].split()[1:]
    assert code in ("0", "None")
    return int(kilobytes) * 1024


@pytest.mark.slow
def test_memory_of_a_score_and_of_what_reads_it_grows_by_little_for_each_document(tmp_path: Path) -> None:
    few, many = 20_000, 100_000
    corpora = [write_corpus(tmp_path / f"c{size}", size) for size in (few, many)]
    measures = ("--measure", "entity", "--measure", "overlap")
    peaks = [peak("eval", "score", path, *measures) for path in corpora]
    assert (peaks[1] - peaks[0]) / (many - few) < LIMIT
    records = [path / "records" / "measures.json" for path in corpora]
    for command in (("report",), ("report", "--markdown", tmp_path / "r.md"), ("compare",)):
        peaks = [peak("eval", command[0], record, *command[1:]) for record in records]
        assert (peaks[1] - peaks[0]) / (many - few) < LIMIT_READ, command


# ---------------------------------------------------------------- read
class Held(msgspec.Struct):
    ids: Strings
    numbers: Numbers


def test_what_is_read_is_held_as_columns_and_told_of_as_what_it_is() -> None:
    def read(text: str) -> Held:
        return decode_versioned(text.encode(), Held, "one", "here", 1)

    found = read('{"ids":["a","\\u0000é"],"numbers":[3,-1,300]}')
    assert (found.ids, found.numbers) == (("a", "\0é"), (3, -1, 300))
    assert found.numbers.column.dtype == np.int16
    assert read(f'{{"ids":[],"numbers":[{2**70}]}}').numbers == (2**70,)
    for text, told in (
        ('{"ids":["a",7],"numbers":[]}', "here $.ids[1]: Expected `str`, got `int`"),
        ('{"ids":"a","numbers":[]}', "here $.ids: Expected `array`, got `str`"),
        ('{"ids":[],"numbers":[1,true,"2"]}', "here $.numbers[1]: Expected `int`, got `bool`"),
        ('{"ids":null,"numbers":[]}', "here $.ids: Expected `array`, got `null`"),
    ):
        with pytest.raises(DataError) as raised:
            read(text)
        assert told in str(raised.value)
