"""Modules that commands on a small corpus load: they wait for no library that they do not need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import sys
from goldwire.cli import app
try:
    app(sys.argv[1:])
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
print(*sorted(sys.modules))
"""
# What tables of counts, their figures, intervals and tests do without.
NEEDLESS = {"httpx", "label_studio_sdk", "multiprocessing", "pandas", "polars", "scipy", "seqeval", "sklearn"}


def loaded(*arguments: str | Path) -> set[str]:
    command = [sys.executable, "-c", SHOW, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture(scope="module")
def work(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with two records and a baseline; in `two` no system scores what it finds."""
    folder = Path(shutil.copytree(scored, tmp_path_factory.mktemp("imports") / "work"))
    loaded("eval", "score", folder, "--name", "two", "--system", "lexicon", "--system", "spacy-sm")
    loaded("eval", "gate", folder / "records" / "default.json", "--baseline", folder / "b.json", "--update")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "{work}"),
        ("compare", "{work}/records/default.json"),
        ("gate", "{work}/records/default.json", "--baseline", "{work}/b.json"),
        ("report", "{work}/records/two.json"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_figures_come_without_what_they_do_not_need(work, arguments):
    modules = loaded("eval", *(argument.format(work=work) for argument in arguments))
    assert "numpy" in modules
    assert modules & {*NEEDLESS, "jinja2"} == set()


def test_a_page_is_drawn_without_a_library_for_charts_or_tables(work, tmp_path):
    page = tmp_path / "r.html"
    modules = loaded("eval", "report", work / "records" / "two.json", "--html", page)
    assert "jinja2" in modules
    assert modules & NEEDLESS == set()
    assert "<svg" in page.read_text(encoding="utf-8")


def test_systems_that_ask_no_model_run_without_what_asks_the_web(work):
    modules = loaded("eval", "run", work, "--system", "again=lexicon")
    assert "goldwire.eval.systems.payment" in modules
    assert modules & {"ssl", "http.client", "goldwire.eval.systems.adapters.web"} == set()
