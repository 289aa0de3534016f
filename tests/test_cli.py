"""The front door: what it loads, and that a group's commands come when they are asked for."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from goldwire.cli import MODULES, app

SHOW = """
import sys
from goldwire.cli import MODULES, app
try:
    app(sys.argv[1:])
except SystemExit:
    print(*sorted(sys.modules))
"""
HEAVY = {"polars", "numpy", "scipy", "sklearn", "label_studio_sdk", "jinja2", "rich", "httpx"}


def loaded(*arguments: str) -> set[str]:
    """The modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_no_command_of_a_group() -> None:
    modules = loaded("--help")
    assert "goldwire.cli" in modules
    assert not modules & {*HEAVY, "goldwire.cli.corpus", "goldwire.cli.annotate", "goldwire.cli.evaluate"}


@pytest.mark.parametrize("group", ["corpus", "annotate", "eval"])
def test_help_of_a_group_loads_nothing_heavy(group: str) -> None:
    modules = loaded(group, "--help")
    assert f"goldwire.cli.{MODULES.get(group, group)}" in modules
    assert not modules & HEAVY


def test_misspelt_command_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["eval", "scor"])
    assert done.exit_code == 2
    assert "'score'" in done.output
