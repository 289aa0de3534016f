"""Addresses for annotators lead to the button that heeds the server's locks, never around it."""

import re
from pathlib import Path

import pytest

from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.plan import Plan
from goldwire.annotate.sync.push import Pushed
from goldwire.cli import push, team

PAGE = re.compile(r"projects/\{[^}]*\}[^\s\"]*")


def test_every_address_of_a_project_in_the_code_is_that_of_its_list(root: Path) -> None:
    """A link with `labeling=1` gave three people the same task. Requests of ours go to `api/`."""
    sources = [path.read_text(encoding="utf-8") for path in (root / "src/goldwire").rglob("*.py")]
    lines = [line for text in sources for line in text.splitlines() if "api/projects/" not in line]
    pages = [found for line in lines for found in PAGE.findall(line)]
    assert len(pages) >= 4
    assert {re.sub(r"\{[^}]*\}", "ID", page) for page in pages} == {"projects/ID/data"}


def test_push_says_which_button_is_to_be_pressed(capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(id=7, title="round", created_at="")
    push._tell_push([("round", Pushed(project=project, plan=Plan()))], (), "http://x", False, False)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "round: http://x/projects/7/data"
    assert said[-1] == team.BUTTON
    assert "Label All Tasks" in team.BUTTON


def test_docs_name_the_button_and_warn_of_the_other(root: Path) -> None:
    page = (root / "docs/labelstudio.md").read_text(encoding="utf-8")
    assert page.count("*Label All Tasks*") >= 2
    assert "*Label Tasks As Displayed*" in page
