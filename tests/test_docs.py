"""The documents say what the program does: commands exist, links lead somewhere, help is as printed."""

from __future__ import annotations

import ast
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
from xml.etree import ElementTree

import pytest
import typer.main
from markdown_it import MarkdownIt
from markdown_it.token import Token

from goldwire.cli import app
from goldwire.corpora.store import INDEX
from goldwire.extensions import POINTS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(?:sh|console|bash|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"(?<!\.)\bgoldwire(?:\.\w+)+")
ENTRY_POINTS = {point.group for point in POINTS}


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
    written = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert written == load_writer("formats").render(written), "write it anew: python docs/formats.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documents_exist_with_their_options(page: Path) -> None:
    known = commands()
    lines = [line.split(" && ")[0].split(" | ")[0] for line in shell_lines(page)]
    wrong = [fault for line in lines for fault in command_faults(shlex.split(line, comments=True), known)]
    assert wrong == []


def command_faults(words: list[str], known: dict[tuple[str, ...], Any]) -> Iterator[str]:
    """What is wrong with a command line: a command or an option that does not exist."""
    path = tuple(words[: max(n for n in range(1, len(words) + 1) if tuple(words[:n]) in known)])
    options = {name for option in known[path].params for name in (*option.opts, *option.secondary_opts)}
    given = {word.partition("=")[0] for word in words[len(path) :] if re.match(r"--?[a-z]", word)}
    if hasattr(known[path], "commands") and len(words) > len(path) and not given:
        yield f"{' '.join(words)}: no such command"
    yield from (f"{' '.join(words)}: no option {name}" for name in sorted(given - options - {"-h", "--help"}))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_named_in_a_sentence_exist_with_their_options(page: Path) -> None:
    """Such as `eval gate --update`, with or without `goldwire`; what is no command at all is passed over."""
    known, wrong = commands(), []
    for token in tokens(page):
        if token.type != "code_inline" or not re.match(
            r"(goldwire )?(corpus|annotate|eval) [a-z]", token.content
        ):
            continue
        words = ["goldwire", *token.content.removeprefix("goldwire ").split()]
        wrong += command_faults([word.strip("[]…\"'") for word in words], known)
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
    named = set(MODULE.findall(words)) - ENTRY_POINTS - {INDEX}  # a file of packed corpora
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


def glossary() -> list[tuple[str, str, str]]:
    """The lines of the glossary's tables: word, meaning, source."""
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!word \|)(.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return [(word, meaning, source) for word, meaning, source in rows]


def test_every_abbreviated_name_of_a_measure_is_in_the_glossary() -> None:
    from goldwire.eval.measures.aliases import ALIASES

    explained = {name for words, _, _ in glossary() for name in re.findall(r"`([^`]+)`", words)}
    mentioned = {name for _, meaning, _ in glossary() for name in re.findall(r"`([^`]+)`", meaning)}
    short = {name for name in ALIASES if re.search(r"[A-Z]|\d", name)}  # TI, B3, iou50, but not overlap
    assert {"TI", "B3", "CEAF-REE", "iou50"} <= short
    assert short - explained - mentioned == set()
    assert {name for name in explained if name not in ALIASES} == set()


def test_the_glossary_has_every_word_once_with_a_source_that_is_listed() -> None:
    words = [word for words, _, _ in glossary() for word in re.findall(r"\*\*(.+?)\*\*|`(.+?)`", words)]
    assert len(words) == len(set(words)) > 60
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    listed = re.findall(r"^- (.+?\d{4})", text, re.MULTILINE)
    named = [one for _, _, source in glossary() for one in re.findall(r"[^;]*\b(?:19|20)\d\d\b", source)]
    assert sorted({one.strip() for one in named} - set(listed)) == []
    assert [source for source in listed if source not in {one.strip() for one in named}] == []


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
    for page in (ROOT / "docs").rglob("*.md"):
        place = page.relative_to(ROOT / "docs").with_suffix(".html")
        text = (tmp_path / "site" / place).read_text("utf-8")
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


def test_what_we_measured_of_ourselves_is_under_evidence_alone() -> None:
    """Pages that programs of benchmarks/ write are there, and no other page reads like one."""
    written = set(re.findall(r'"docs" / ("evidence" / )?"\w+\.md"', "".join(
        path.read_text("utf-8") for path in (ROOT / "benchmarks").glob("*.py")
    )))  # fmt: skip
    assert written == {'"evidence" / '}
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    assert re.findall(r"[Ww]ritten by `(?:make|python bench)|tests/live|on two cores", pages) == []


def test_the_picture_of_the_flow_is_at_the_top_and_can_be_read_by_anybody() -> None:
    drawing = ElementTree.parse(ROOT / "docs" / "flow.svg").getroot()
    names = {name.text for name in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"articles", "corpus", "Label Studio", "gold", "systems", "record", "report", "compare"} <= names
    assert drawing.findtext("{http://www.w3.org/2000/svg}title")
    text = (ROOT / "docs" / "flow.svg").read_text("utf-8")
    assert re.findall(r"href|url\((?!#)|<script|<style|<image", text) == []
    for page in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        pictures = [token for token in tokens(page) if token.type == "image"]
        assert str(pictures[0].attrs["src"]).endswith("flow.svg")
        assert len(pictures[0].content) > 100  # what somebody is told who does not see it


# ---------------------------------------------------------------- troubleshooting
def messages() -> set[str]:
    """Every text in the source, with a line break where it puts in a value."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if id(node) in docstrings:
                continue
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\n" for part in node.values)
                found.add("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_message_of_the_page_on_troubleshooting_is_still_said() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    quoted = re.findall(r"^\| (`.+?) \| .+? \| .+? \|$", text, re.MULTILINE)
    assert len(quoted) > 50
    said = messages()
    pieces = {
        piece.strip()
        for cell in quoted
        for code in re.findall(r"`([^`]+)`", cell)
        for piece in code.split("…")
        if len(piece.strip()) > 3
    }
    assert sorted(piece for piece in pieces if not any(piece in one for one in said)) == []


# ---------------------------------------------------------------- exit codes
def test_every_command_that_may_end_with_1_is_on_the_page_of_exit_codes() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    section = page.partition("## When it is 1")[2].partition("## When it is 2")[0]
    told = {
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in row.split("`")[1::2]
    }
    known = {" ".join(path[1:]) for path in commands()}
    assert {name.partition(" --")[0] for name in told} <= known
    homes = {
        path.stem
        for path in (ROOT / "src/goldwire/cli").glob("*.py")
        if re.search(r"typer\.Exit\((?!0)|exit_if_refused\(", path.read_text("utf-8"))
    }
    # The modules of the commands in the table: `build` has corpus new, `corpus` validate, `convert` corpus
    # import, `push` and `sync` (pull), `annotate` annotate import, `union` annotate adjudicate.
    assert homes == {
        "annotate", "build", "convert", "corpus", "gate", "matrix", "merge", "migrate", "ontology", "push",
        "run", "serve", "sync", "union",
    }  # fmt: skip


def test_the_page_of_exit_codes_has_all_that_are_used() -> None:
    from goldwire.cli import ending

    page = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert listed == {0, 1, ending.UNJUDGED, ending.FAULT, ending.STOPPED}


def test_every_command_with_json_is_on_the_page_of_what_it_prints() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    rows = re.findall(r"^\| (`(?:corpus|annotate|eval) [^|]*) \|", page, re.MULTILINE)
    named = {re.sub(" (DIR ID|--people)$", "", name) for row in rows for name in row.split("`")[1::2]}
    options = {path: {name for one in item.params for name in one.opts} for path, item in commands().items()}
    assert named == {" ".join(path[1:]) for path, known in options.items() if "--json" in known}


# ---------------------------------------------------------------- environment variables
def constants(tree: ast.Module) -> dict[str, str]:
    """Names of a module that are a text, also those that are assigned several at once."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = (
                zip(target.elts, value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(target, value)]
            )
            for name, one in pairs:
                if (
                    isinstance(name, ast.Name)
                    and isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                ):
                    found[name.id] = one.value
    return found


def variables_read(path: Path) -> set[str]:
    """The variables that a module asks `os.environ` for by name."""
    tree = ast.parse(path.read_text("utf-8"))
    known, found = constants(tree), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "os.environ.get", "os.environ.setdefault", "os.getenv",
        }:  # fmt: skip
            asked = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            asked = node.slice
        else:
            continue
        text = ast.unparse(asked)
        found.add(known.get(text, text.strip("'\"")))
    return found


def test_every_variable_that_is_read_is_on_the_page_of_environment_variables() -> None:
    from goldwire.annotate.local import environment
    from goldwire.eval.systems import pool, program, worker

    page = (ROOT / "docs" / "environment.md").read_text("utf-8")
    listed = set(re.findall(r"`([A-Z][A-Z_]+)`", page))
    read = {name for path in (ROOT / "src").rglob("*.py") for name in variables_read(path)}
    # `MARK` is that of the worker; `name` is what an option, or the list of what is given on, says; the last
    # is set for the server's own process, not read.
    read -= {"MARK", "name", "LABEL_STUDIO_BASE_DATA_DIR"}
    ours = {worker.MARK, worker.SEED, program._MARK, *pool._ENVIRONMENT, *environment.INHERITED}
    programs = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py"), ROOT / ".ci" / "run"]
    for path in programs:
        ours |= set(re.findall(r"\bGOLDWIRE_[A-Z]+\b", path.read_text("utf-8")))
    assert (read | ours) - listed == set()
    assert {"LABEL_STUDIO_URL", "COLUMNS", "GITHUB_STEP_SUMMARY"} <= read
    assert {name for name in listed if name.startswith("GOLDWIRE_")} <= read | ours


def test_private_words_stay_out_of_help_and_pages() -> None:
    """Those that nobody would search for: see the table of names at the end of CONTRIBUTING.md."""
    pages = [page for page in PAGES if page.name not in {"CHANGELOG.md", "CONTRIBUTING.md"}]
    words = r"(?i)\b(?:sift\w*|deposit\w*|stranded|strange|blame|not held by)\b"
    found = [(page.name, word) for page in pages for word in re.findall(words, page.read_text("utf-8"))]
    assert found == []
