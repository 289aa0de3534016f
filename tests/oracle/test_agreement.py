"""The table in docs/evidence/agreement.md comes out again when it is worked out, and names every suite."""

import importlib.util
import re

import pytest

from goldwire.eval.measures.suites import suite_names


@pytest.mark.slow
def test_the_published_table_is_what_comes_out(root, shared):
    for name in ("spacy", "nervaluate", "seqeval"):
        pytest.importorskip(name, exc_type=ImportError)
    spec = importlib.util.spec_from_file_location("agreement", root / "benchmarks" / "agreement.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (root / "docs" / "evidence" / "agreement.md").read_text(encoding="utf-8")
    assert written == module.render(shared), "write it anew: python benchmarks/agreement.py"


def test_every_suite_is_in_the_table(root):
    written = (root / "docs" / "evidence" / "agreement.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([\w\-]+) \|", written, re.MULTILINE))
    assert set(suite_names()) <= named
