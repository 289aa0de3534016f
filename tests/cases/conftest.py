"""Cases that users of the field bring, by the commands they would type: a command, a corpus, its figures.

The files of `files` are as they were brought; each test says which it takes and what is in it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).parent / "files"
Call = Callable[..., Any]


@pytest.fixture
def files() -> Path:
    """What users brought."""
    return FILES


@pytest.fixture
def goldwire(said_by: Call) -> Call:
    """What a command says on both channels, one blank for all white space; it has to end with `code`."""

    def call(*words: object, code: int = 0) -> str:
        said = said_by(*words)
        assert said.code == code, said.out + said.err
        return " ".join((said.out + said.err).split())

    return call


@pytest.fixture
def made(goldwire: Call, tmp_path: Path) -> Call:
    """A corpus without an ontology of NAME_texts, NAME_gold and NAME_system_*."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        goldwire("corpus", "new", folder, "--from", FILES / f"{name}_texts.jsonl", "--no-boilerplate",
                 "--ontology", "none")  # fmt: skip
        if (gold := FILES / f"{name}_gold.jsonl").is_file():
            goldwire("corpus", "import", folder, gold, "--layer", "gold")
        for path in sorted(FILES.glob(f"{name}_system_*.jsonl")):
            system = path.stem.removeprefix(f"{name}_system_")
            goldwire("corpus", "import", folder, path, "--layer", f"system/{system}")
        return folder

    return make


@pytest.fixture
def record(said_by: Call) -> Call:
    """The record of a corpus scored, as programs get it."""

    def score(folder: Path, *words: object) -> dict[str, Any]:
        said = said_by("eval", "score", folder, "--json", "--replace", *words)
        assert said.code == 0, said.err
        return said.json

    return score


@pytest.fixture
def figures(record: Call) -> Call:
    """P, R and F1 of each system by the first measure that is asked for, in points."""

    def score(folder: Path, *words: object) -> dict[str, tuple[float | None, ...]]:
        found = record(folder, *words)
        return {
            item["system"]: _points(item)
            for item in found["results"]
            if item["measure"] == found["measures"][0]
        }

    return score


def _points(result: dict[str, Any]) -> tuple[float | None, ...]:
    shares = [result["averages"]["micro"].get(key) for key in ("precision", "recall", "f")]
    return tuple(None if share is None else round(100 * share, 1) for share in shares)


@pytest.fixture
def written(tmp_path: Path) -> Call:
    """Write a file with a JSON object a line."""

    def write(name: str, *lines: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write


@pytest.fixture
def reports(goldwire: Call, written: Call, tmp_path: Path) -> Call:
    """A corpus of so many reports, with the ontology `conflict`."""

    def make(number: int) -> Path:
        texts = [{"id": f"t{n}", "text": f"Rebels hit Northville on Monday {n}."} for n in range(number)]
        goldwire(
            "corpus", "new", tmp_path / "c", "--from", written("texts.jsonl", *texts), "--no-boilerplate"
        )
        return tmp_path / "c"

    return make
