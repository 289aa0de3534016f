"""kill -9 at any moment: the corpus is absent or sound afterwards, and the same command completes it.

GOLDWIRE_KILLS sets how often each command is killed; GOLDWIRE_SEED at which moments.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from goldwire.corpora.store import open_corpus
from goldwire.corpora.validate import corpus_faults

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("GOLDWIRE_KILLS", "5"))
SEED = int(os.environ.get("GOLDWIRE_SEED", "13"))
DOCUMENTS = 800  # enough for the writing to take a good part of the time


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("news") / "news.jsonl"
    rows = (json.dumps({"id": f"d{n}", "text": f"Report {n}. " * 200}) for n in range(DOCUMENTS))
    path.write_text("\n".join(rows))
    return path


def goldwire(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "goldwire", *map(str, arguments)]


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def undisturbed(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - began


def kill_at(command: list[str], moment: float) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    process.kill()
    process.wait()


def moments(seconds: float) -> list[float]:
    # The first third is Python starting; what follows is reading, checking and writing.
    rng = random.Random(SEED)
    return [rng.uniform(seconds / 3, seconds) for _ in range(KILLS)]


def test_corpus_new_is_all_or_nothing_and_completes_when_run_again(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "work"
    command = goldwire("corpus", "new", path, "--from", news)
    seconds = undisturbed(command)
    whole = content(tmp_path)
    for moment in moments(seconds):
        shutil.rmtree(path)
        kill_at(command, moment)
        if path.exists():
            assert corpus_faults(open_corpus(path)) == {}
        undisturbed(command)
        assert content(tmp_path) == whole


def test_corpus_add_adds_once_however_often_it_is_killed(news: Path, tmp_path: Path) -> None:
    path, first = tmp_path / "work", tmp_path / "first.txt"
    first.write_text("Rain fell.")
    undisturbed(goldwire("corpus", "new", path, "--from", first))
    small = content(tmp_path)
    command = goldwire("corpus", "add", path, "--from", news)
    seconds = undisturbed(command)
    whole = content(tmp_path)
    for moment in moments(seconds):
        (path / "documents.jsonl").write_bytes(small["work/documents.jsonl"])
        kill_at(command, moment)
        assert corpus_faults(open_corpus(path)) == {}
        undisturbed(command)
        assert content(tmp_path) == whole


def test_corpus_import_writes_its_layer_whole_or_not_at_all(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "work"
    undisturbed(goldwire("corpus", "new", path, "--from", news))
    predictions = tmp_path / "p.jsonl"
    mention = {"type": "NUM", "spans": [[0, 6]], "text": "Report"}
    misfit = {"type": "NUM", "spans": [[0, 6]], "text": "report"}
    lines = ({"document": f"d{n}", "mentions": [mention] * 20 + [misfit]} for n in range(DOCUMENTS))
    predictions.write_text("\n".join(json.dumps(line) for line in lines))
    command = goldwire("corpus", "import", path, predictions, "--layer", "system/x")
    seconds = undisturbed(command)
    whole = content(tmp_path)
    for moment in moments(seconds):
        (path / "layers/system/x.jsonl").unlink()
        (path / "quarantine/system/x.jsonl").unlink()
        kill_at(command, moment)
        corpus = open_corpus(path)
        assert corpus_faults(corpus) == {}
        undisturbed(command)
        assert content(tmp_path) == whole
