"""The documents say what the program does: commands exist, links lead somewhere, help is as printed."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from goldwire.cli import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(?:sh|console|bash|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


def load_manual() -> Any:
    spec = importlib.util.spec_from_file_location("manual", ROOT / "docs" / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands() -> dict[tuple[str, ...], Any]:
    return dict(load_manual().iter_commands(typer.main.get_command(app)))


def shell_lines(page: Path) -> list[str]:
    """The lines of a page's shell blocks that call goldwire, continued lines joined, from `goldwire` on."""
    text = "\n".join(match.group(1) for match in BLOCK.finditer(page.read_text("utf-8"))).replace("\\\n", " ")
    return [
        line[line.index("goldwire ") :]
        for line in text.splitlines()
        if re.match(r"(\$ |- run: |run: |\s*)*goldwire ", line)
    ]


@pytest.mark.parametrize("path", [path for path in commands() if len(path) > 1], ids=" ".join)
def test_every_command_says_what_it_does_and_gives_an_example(path: tuple[str, ...]) -> None:
    command = commands()[path]
    assert command.help
    if not hasattr(command, "commands"):
        assert "Example" in command.help
        assert [p.name for p in command.params if not p.help and not getattr(p, "hidden", False)] == []


def test_the_page_of_commands_is_what_help_prints() -> None:
    written = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert written == load_manual().render(), "write it anew: python docs/commands.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documents_exist_with_their_options(page: Path) -> None:
    known = commands()
    wrong = []
    for line in shell_lines(page):
        words = shlex.split(line.split(" && ")[0].split(" | ")[0], comments=True)
        path = tuple(words[: max(n for n in range(1, len(words) + 1) if tuple(words[:n]) in known)])
        options = {name for option in known[path].params for name in (*option.opts, *option.secondary_opts)}
        given = {word.partition("=")[0] for word in words[len(path) :] if re.match(r"--?[a-z]", word)}
        if hasattr(known[path], "commands") and len(words) > len(path) and not given:
            wrong.append(f"{line}: no such command")
        wrong += [f"{line}: no option {name}" for name in sorted(given - options - {"-h", "--help"})]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_the_documents_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_ontology_in_the_documents_is_sound() -> None:
    from goldwire.corpora import ontology

    page = (ROOT / "docs" / "ontology.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [ontology.decode(block).name for block in blocks] == ["floods"]
