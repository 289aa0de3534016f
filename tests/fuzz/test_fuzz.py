"""Whatever is read, however damaged: an error of ours that says what is wrong, in time, or it is taken.

The long form is `make fuzz`; what it finds lies in `crashes` and is tried here ever after.
"""

import os
import random
from pathlib import Path

import pytest

from fuzz import commands
from fuzz.mutate import mutate
from fuzz.readers import READERS
from fuzz.run import CRASHES, Found, attempt, choose, kept

SHARE = float(os.environ.get("GOLDWIRE_FUZZ", "0.15"))  # seconds of each reader, roughly


@pytest.mark.parametrize("name", READERS)
def test_sound_samples_are_taken(name: str, tmp_path: Path) -> None:
    """Without which nothing would be shown by what is refused."""
    for files in READERS[name].seeds(name):
        assert attempt(name, files, next(iter(READERS[name].files(files))), tmp_path) == "taken"


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_input_is_refused_with_a_reason_or_taken(name: str, tmp_path: Path) -> None:
    dice = random.Random(name)
    for number in range(max(5, int(READERS[name].speed * SHARE))):
        files, at = choose(name, dice)
        found = attempt(name, files, at, tmp_path)
        assert not isinstance(found, Found), (number, found, at, files[at][:500])


@pytest.mark.parametrize("name", commands.LINES)
def test_a_command_ends_as_it_should_whatever_it_is_given(name: str, tmp_path: Path) -> None:
    dice = random.Random(f"command {name}")
    for line in commands.LINES[name]:
        files, at = choose(name, dice)
        found = commands.attempt(name, line, files, at, tmp_path / "trial")
        assert not isinstance(found, Found), (found, at, files[at][:500])


@pytest.mark.parametrize("path", sorted(CRASHES.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_did_harm_does_none(path: Path, tmp_path: Path) -> None:
    name, files, at = kept(path)
    found = attempt(name, files, at, tmp_path)
    assert not isinstance(found, Found), found


@pytest.mark.parametrize("kind", ["json", "jsonl", "lines", "toml", "xml", "bytes"])
def test_most_of_what_is_made_wrong_is_something_else_than_before(kind: str) -> None:
    dice, data = random.Random(7), b'{"a": [1, "x"], "b": {"c": 2}}\n{"a": []}\n<x y="1"/>'
    changed = sum(mutate(data, kind, dice) != data for _ in range(200))
    assert changed > 150
