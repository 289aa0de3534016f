"""`eval run --part` and the merge of its parts: what one machine would have made of the whole corpus."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import (
    Corpus,
    Manifest,
    create_corpus,
    make_document,
    open_corpus,
    write_documents,
)
from goldwire.eval.parts import ranks
from goldwire.eval.parts.layer import merge_runs
from goldwire.eval.parts.merge import check_wholes, find_files
from goldwire.eval.parts.run import keep_parts, run_part
from goldwire.eval.systems import facts, journal, publish
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import Outcome, run, run_system

# What the facts tell of time, and when they were made.
TIMES = {"created": "", "speed": facts.Speed()}
# Fails on every seventh document; gives something to reject, to repair and to pass over; costs a third of a cent.
CODE = """
import os
class Extractor:
    name, version, provides = "mine", "1.0", frozenset({"mentions"})
    notes = ["opened"]
    def extract(self, documents):
        for document in documents:
            with open("calls", "a") as file:
                file.write(document.id + "\\n")
            number = int(document.id[1:])
            if number % 7 == 3:
                raise ValueError(f"no such word {number % 2}")
            if number % 5 == 0:
                self.notes.append(f"five of {number % 3}")
            yield {
                "mentions": [
                    {"type": "GPE", "spans": [[16, 21]], "text": "Herat"},
                    {"type": "NOWHERE", "spans": [[0, 6]], "text": "Rebels"},
                    {"type": "MIL", "spans": [[0, 900]], "text": f"beyond {number}"},
                ],
                "provenance": {"details": {"usage": {"cost": number / 300, "tokens_in": number}}},
            }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which modules and programs of a test lie."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path


def documents(number: int) -> list[Any]:
    """Documents, not in order of id, with near-duplicates in groups of two or three."""
    found = [
        make_document(
            f"d{i}", f"Rebels attacked Herat on Monday. {i}", group=f"d{i - i % 3}" if i % 2 else None
        )
        for i in range(number)
    ]
    random.Random(3).shuffle(found)
    return found


@pytest.fixture
def corpus(here: Path) -> Corpus:
    return create_corpus(here / "corpus", Manifest(name="t", ontology="conflict"), documents(60))


def system(**changes: Any) -> System:
    return msgspec.structs.replace(parse_system("mine=python:mine:Extractor"), **changes)


def run_parts(corpus: Corpus, systems: list[System], of: int, folder: Path, **how: Any) -> list[Outcome]:
    """All parts, one after the other in random order."""
    numbers = random.Random(of).sample(range(1, of + 1), of)
    return [one for n in numbers for one in keep_parts(corpus, systems, Part(n, of), folder, **how)]


def merge(corpus: Corpus, folder: Path) -> list[Outcome]:
    return [merge_runs(corpus, whole) for whole in check_wholes(find_files([folder]))]


def files(corpus: Corpus, name: str) -> dict[str, bytes]:
    """The layer and the quarantine file of a system, byte by byte."""
    paths = (corpus.layer_path(f"system/{name}"), journal.folder(corpus, name) / publish.QUARANTINE)
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def timeless(found: Facts | None) -> Facts:
    assert found is not None
    return msgspec.structs.replace(found, **TIMES)


def calls(folder: Path) -> list[str]:
    return sorted((folder / "calls").read_text().split()) if (folder / "calls").exists() else []


# ---------------------------------------------------------------- equal to one machine
@pytest.mark.slow
@pytest.mark.parametrize("of", [1, 12, 150])
def test_parts_make_what_one_machine_makes(corpus: Corpus, here: Path, of: int) -> None:
    """150 parts of 60 documents: most have none."""
    mine = system(allow_failures="20%")
    alone = run_system(corpus, mine, workers=1)
    before = files(corpus, "mine")
    assert set(before) == {"mine.jsonl", "quarantine.jsonl"}
    corpus.layer_path("system/mine").unlink()
    (journal.folder(corpus, "mine") / publish.QUARANTINE).unlink()
    (journal.folder(corpus, "mine") / facts.FILE).unlink()
    run_parts(corpus, [mine], of, here / "parts")
    [outcome] = merge(corpus, here / "parts")
    assert files(corpus, "mine") == before
    assert timeless(outcome.facts) == timeless(alone)
    read = facts.read(corpus, "mine")
    assert read == outcome.facts
    # By hand, of 60 documents: 3, 10, 17 … 59 fail, which is 9; 20 % is 12.
    assert read is not None
    assert (read.documents, len(read.failed), read.allowed) == (60, 9, 12)
    assert outcome.status == 0


@pytest.mark.slow
def test_runs_seeds_and_label_maps_are_as_on_one_machine(corpus: Corpus, here: Path) -> None:
    from goldwire.eval.systems.runs import expand

    (here / "map.toml").write_text('[mentions]\nNOWHERE = "GPE"\n')
    both = [system(labels=str(here / "map.toml")), system(name="other", seed=7, allow_failures=3)]
    systems = expand(both, 2).systems
    found = run(corpus, systems)
    assert [outcome.error for outcome in found] == [None] * 4
    before = {one.name: files(corpus, one.name) for one in systems}
    run_parts(corpus, systems, 5, here / "parts")
    merged = {outcome.system: outcome for outcome in merge(corpus, here / "parts")}
    for outcome in found:
        assert files(corpus, outcome.system) == before[outcome.system]
        assert timeless(merged[outcome.system].facts) == timeless(outcome.facts)
        assert merged[outcome.system].status == outcome.status == 1
    assert timeless(merged["other/2"].facts).seed == 8


@pytest.mark.slow
def test_a_system_that_learns_from_the_corpus_learns_from_all_of_it(corpus: Corpus, here: Path) -> None:
    lines = [{"type": "GPE", "spans": [[16, 21]], "text": "Herat"}]
    rows = [{"document": document.id, "mentions": lines} for document in corpus.documents()]
    (here / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run(
        [sys.executable, "-m", "goldwire", "corpus", "import", "corpus", "gold.jsonl", "--layer", "gold"],
        check=True,
        capture_output=True,
    )
    learns = parse_system("learnt=sklearn")
    run_system(corpus, learns)
    before = files(corpus, "learnt")
    run_parts(corpus, [learns], 3, here / "parts")
    merge(corpus, here / "parts")
    assert files(corpus, "learnt") == before


def test_latency_is_that_of_all_documents_and_rates_are_of_all_the_seconds(
    corpus: Corpus, here: Path
) -> None:
    run_parts(corpus, [system()], 3, here / "parts")
    [outcome] = merge(corpus, here / "parts")
    lines = [
        line
        for path in journal.folder(corpus, "mine").glob("*-of-3.jsonl")
        for line in msgspec.json.Decoder(journal.Line).decode_lines(path.read_bytes())
    ]
    done = [line for line in lines if isinstance(line, journal.Entry)]
    good = sorted(entry.seconds for entry in done if entry.error is None)
    assert len(good) == 51
    speed = timeless(None) if outcome.facts is None else outcome.facts.speed
    assert isinstance(speed, facts.Speed)
    # The nearest ranks of 51 values: ceil(25.5), ceil(48.45), ceil(50.49).
    assert speed.latency == facts.Latency(good[25], good[48], good[50])


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60), st.integers(1, 7), st.data())
def test_values_of_ranks_are_those_of_sorting(values: list[float], size: int, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, len(values)))
    blocks = [np.array(values[at : at + size]) for at in range(0, len(values), size)]
    assert ranks.find(lambda: iter(blocks), [rank]) == [sorted(values)[rank - 1]]
