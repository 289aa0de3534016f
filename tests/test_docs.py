"""The documents say what the program does: commands exist, links lead somewhere, help is as printed."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer.main
from markdown_it import MarkdownIt
from markdown_it.token import Token

from goldwire.cli import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(?:sh|console|bash|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"(?<!\.)\bgoldwire(?:\.\w+)+")
ENTRY_POINTS = {"goldwire.extractors", "goldwire.formats"}


def load_manual() -> Any:
    return load_writer("commands")


def load_writer(name: str) -> Any:
    """A program of docs/ that writes a page, or a part of one."""
    spec = importlib.util.spec_from_file_location("writer", ROOT / "docs" / f"{name}.py")
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


def test_the_table_of_formats_is_what_the_formats_say_of_themselves() -> None:
    written = (ROOT / "docs" / "corpora.md").read_text("utf-8")
    assert written == load_writer("formats").render(written), "write it anew: python docs/formats.py"


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


def tokens(page: Path) -> Iterator[Token]:
    """All tokens of a page, those within paragraphs and tables too."""
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(page.read_text("utf-8")):
        yield token
        yield from token.children or ()


def targets(page: Path) -> list[tuple[str, str]]:
    """The links and pictures of a page that lead into the repository: path and anchor."""
    found = (token.attrs.get("href") or token.attrs.get("src") for token in tokens(page))
    parts = [urlsplit(str(target)) for target in found if target]
    return [(unquote(part.path), part.fragment) for part in parts if not part.scheme]


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links, by GitHub's rule."""
    stream = list(tokens(page))
    titles = [after.content for token, after in pairwise(stream) if token.type == "heading_open"]
    names = [
        re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()).replace(" ", "-") for title in titles
    ]
    return {name if (n := names[:k].count(name)) == 0 else f"{name}-{n}" for k, name in enumerate(names)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_anchors_of_the_documents_lead_somewhere(page: Path) -> None:
    wrong = []
    for path, anchor in targets(page):
        target = page.parent / path if path else page
        if not target.exists():
            wrong.append(f"{path}: no such file")
        elif anchor and anchor not in anchors(target):
            wrong.append(f"{path}#{anchor}: no such heading")
    assert wrong == []


def test_anchors_follow_the_rule_of_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Does it *keep* `its_word`?\n\n## A\n\n## A\n\n```sh\n# no heading\n```\n", "utf-8")
    assert anchors(page) == {"does-it-keep-its_word", "a", "a-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_named_in_the_documents_exist(page: Path) -> None:
    words = " ".join(token.content for token in tokens(page) if token.type in ("text", "code_inline"))
    named = set(MODULE.findall(words)) - ENTRY_POINTS
    assert [name for name in sorted(named) if not exists(name)] == []


def exists(name: str) -> bool:
    """Whether a dotted name is a module of the package, or something in one."""
    path = ROOT / "src" / Path(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module, _, member = name.rpartition(".")
    return hasattr(importlib.import_module(module), member) if exists(module) else False


def test_the_ontology_in_the_documents_is_sound() -> None:
    from goldwire.corpora import ontology

    page = (ROOT / "docs" / "ontology.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [ontology.decode(block).name for block in blocks] == ["floods"]


def test_the_page_on_an_ontology_of_ones_own_works_as_written(
    tmp_path: Path, said_by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "docs" / "own-ontology.md"
    page = path.read_text("utf-8")
    (ontology,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("articles.jsonl").write_text('{"id": "a", "text": "Acme buys Beta for $3 million."}\n')
    for line in shell_lines(path):
        words = shlex.split(line, comments=True)
        if words[1:3] == ["annotate", "push"]:  # needs a server
            continue
        assert said_by(*words[1:])[0] == 0, line
        if words[1:4] == ["corpus", "ontology", "new"]:
            Path("company.toml").write_text(ontology)
    wrong = ontology.replace("[Acme|buyer]", "[Acme|byer]").replace(
        '["COMPANY"], definition = "What is t', '["COMPANIES"], definition = "What is t'
    )
    Path("company.toml").write_text(
        wrong.replace("[entities.MONEY]", '[entities.MONEY]\ncolour = "greenish"')
    )
    code, out, _ = said_by("corpus", "ontology", "check", "company.toml")
    assert (code, out) == (1, re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[0])


# ---------------------------------------------------------------- the site
def build_site(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Sphinx, as `make site` calls it."""
    recipe = re.search(r"-m sphinx (?P<options>.+?) \\\n\s+(?P<more>.*) docs site$", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    options = [*recipe["options"].split(), *recipe["more"].split()]
    options[options.index("--doctree-dir") + 1] = str(target.parent / "doctrees")
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.slow
def test_the_site_is_built_of_every_page_and_asks_for_nothing_outside(tmp_path: Path) -> None:
    done = build_site(ROOT / "docs", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    for page in (ROOT / "docs").glob("*.md"):
        text = (tmp_path / "site" / f"{page.stem}.html").read_text("utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)", text)
        loaded += re.findall(r"<link\b[^>]*\bhref=\"([^\"]+)", text)
        assert loaded
        assert [
            url for url in loaded if urlsplit(url).scheme not in ("", "data") or urlsplit(url).netloc
        ] == []
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text("utf-8")) == []


@pytest.mark.slow
def test_a_broken_link_or_anchor_or_a_page_left_out_stops_the_site(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", source)
    (source / "extra.md").write_text("# Extra\n\n[a](nowhere.md) [b](gate.md#nowhere)\n", "utf-8")
    (source / "gate.md").write_text("# The gate\n", "utf-8")
    done = build_site(source, tmp_path / "site")
    assert done.returncode != 0
    assert "'nowhere.md'" in done.stderr
    assert "'nowhere'" in done.stderr
    assert "extra.md: WARNING: document isn't included in any toctree" in done.stderr
