"""The page on Python: every block of it runs, and its notebook is executed as people execute it."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from goldwire.corpora import library

DOCS = Path(__file__).parents[1] / "docs"
LINES = 20  # of code that the notebook may have


@pytest.fixture(scope="module")
def writer():
    spec = importlib.util.spec_from_file_location("notebook", DOCS / "notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(writer):
    return writer.PAGE.read_text(encoding="utf-8")


def test_every_block_runs_and_says_what_it_says(writer, page, tmp_path, monkeypatch):
    library.copy("mazar-2021", tmp_path / "try" / "corpus")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in writer.blocks(page):
        exec(compile(block, "docs/python.md", "exec"), names)
    assert (tmp_path / "report.html").is_file()
    assert names["gw"].read_record("records/today.json") == names["record"]
    assert names["entity"].f1 is not None


def test_the_notebook_is_that_of_the_page(writer, page):
    assert writer.NOTEBOOK.read_text(encoding="utf-8") == writer.render(page), "python docs/notebook.py"


def test_the_notebook_is_short(writer, page):
    cells = writer.make(page)["cells"]
    code = [line for cell in cells for line in cell["source"] if line.strip()]
    assert len(code) <= LINES


@pytest.mark.slow
def test_the_notebook_is_executed(writer, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="nbconvert is not installed")
    execute = pytest.importorskip("nbconvert.preprocessors", reason="nbconvert is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    if shutil.which("goldwire", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("goldwire is not installed beside this Python")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    book = nbformat.reads(writer.NOTEBOOK.read_text(encoding="utf-8"), as_version=4)
    kernel = {"metadata": {"path": str(tmp_path)}}
    execute.ExecutePreprocessor(timeout=300).preprocess(book, kernel)
    shown = {cell.source.splitlines()[-1]: cell.outputs for cell in book.cells}
    assert "<table" in shown["record"][-1].data["text/html"]
    assert "<svg" in shown['record.plot("scores")'][-1].data["text/html"]
    assert shown["record.report()"][-1].data["text/html"].startswith("<iframe srcdoc=")
    assert shown['gw.gate(record, "baseline.json", update=True).passed'][-1].data["text/plain"] == "True"
    assert json.dumps(book).count('"output_type": "error"') == 0
