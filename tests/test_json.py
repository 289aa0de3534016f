"""Every `--json` has the fields that docs/json.md lists, and no others."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.backend.serve import Facts
from goldwire.annotate.sync.plan import Plan
from goldwire.annotate.sync.pull import Pulled
from goldwire.annotate.sync.push import Pushed
from goldwire.annotate.sync.status import Status
from goldwire.cli import push

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROW = re.compile(r"^\| `((?:corpus|annotate|eval) [^|]*?) \| ([^|]*) \| (.*) \|$", re.MULTILINE)
FIELD = re.compile(r"`(\w+)`(\?)?")
NESTED = re.compile(r"\([^()]*\)")
RECORD = "work/records/default.json"

# In this order: each works on what those before it have made.
COMMANDS = """
corpus ontology new news
corpus ontology list
corpus ontology show news.toml
corpus ontology check news.toml
corpus ontology diff conflict news.toml
corpus new work --from articles.jsonl --ontology news.toml
corpus add work --from articles.jsonl
corpus import work gold.jsonl --layer gold
corpus import work gold.jsonl --layer annotator/anna
corpus import work mine.jsonl --layer annotator/ben
corpus cover work --layer gold --documents all
corpus export work out.jsonl --layer gold
corpus sample work --name first --n 1 --gold none
corpus correct work a01 --text new.txt --dry-run
corpus show work
corpus show work a01
corpus validate work
corpus stats work
corpus split work --shares train=0.5,test=0.5
corpus dedupe work
corpus set work --licence CC0
corpus formats
annotate config
annotate guidelines
annotate export work tasks.json --prefill gold
annotate adjudicate work --to decided
eval run work --system mine=file:mine.jsonl
eval systems
eval measures TC
eval suites conll
eval score work
eval compare work/records/default.json
eval agreement work
eval doubts work --out doubts.jsonl
eval decisions work doubts.jsonl
eval agreement work --people
eval report work/records/default.json
eval gate work/records/default.json --baseline baseline.json
""".strip().splitlines()


def listed() -> dict[str, tuple[str, set[str], set[str]]]:
    """What the page says of each command: object or list, the fields always there, and the others."""
    found = {}
    for names, shape, fields in ROW.findall((DOCS / "json.md").read_text("utf-8")):
        flat = NESTED.sub("", NESTED.sub("", fields))
        always = {name for name, may in FIELD.findall(flat) if not may}
        for name in re.findall(r"`([^`]+)`", f"`{names}"):
            found[name] = (shape, always, {name for name, may in FIELD.findall(flat) if may})
    return found


def entry(command: str) -> str:
    """The page's name for a command line."""
    words = command.split()
    if "--people" in words:
        return "eval agreement --people"
    if words[:2] == ["corpus", "show"]:
        return "corpus show DIR ID" if len(words) > 3 else "corpus show"
    return next(name for name in sorted(listed(), key=len, reverse=True) if command.startswith(name))


def check(name: str, value: Any) -> None:
    shape, always, maybe = listed()[name]
    assert isinstance(value, list) == shape.startswith("a list"), name
    for one in value if isinstance(value, list) else [value]:
        assert always <= set(one) <= always | maybe, (name, set(one) ^ always)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the quickstart."""
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "quickstart.md").read_text("utf-8")
    for name, content in re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        Path(name).write_text(content, "utf-8")
    Path("new.txt").write_text("Ana Silva met Tom Reed in Oporto on Monday. Both spoke.", "utf-8")
    return tmp_path


def test_what_is_printed_has_the_fields_of_the_page(folder: Path, said_by: Callable[..., Any]) -> None:
    for command in COMMANDS:
        words = command.split()
        if words[:2] == ["eval", "gate"]:
            assert said_by(*words, "--update").code == 0
        said = said_by(*words, "--json")
        assert said.code == 0, (command, said.err)
        name = entry(command)
        if name in {"annotate config", "annotate guidelines"}:
            assert set(said.json) == {name.split()[1]}
        elif name == "eval score":
            assert said.json["format"]
        else:
            check(name, said.json)


def test_an_import_from_label_studio_has_the_fields_of_the_page(
    folder: Path, said_by: Callable[..., Any]
) -> None:
    said_by("corpus", "new", "work", "--from", "articles.jsonl", "--ontology", "conflict")
    said_by("annotate", "export", "work", "tasks.json")
    check("annotate import", said_by("annotate", "import", "work", "tasks.json", "--json").json)


def test_what_needs_a_server_has_the_fields_of_the_page() -> None:
    pushed = Pushed(project=None, plan=Plan())
    check("annotate push", [push.push_facts("title", pushed, "http://localhost", dry_run=True)])
    for name, type in (
        ("annotate pull", Pulled),
        ("annotate status", Status),
        ("annotate backend", Facts),
    ):
        assert {field.name for field in msgspec.structs.fields(type)} == listed()[name][1]


def keys_in(module: str) -> set[str]:
    """The keys of every literal object that a module of the command line prints."""
    tree = ast.parse((DOCS.parent / "src/goldwire/cli" / f"{module}.py").read_text("utf-8"))
    objects = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return {key.value for node in objects for key in node.keys if isinstance(key, ast.Constant)}


@pytest.mark.parametrize("module", ["serve", "migrate"])
def test_a_server_and_a_migration_tell_the_fields_of_the_page(module: str) -> None:
    _, always, maybe = listed()[f"annotate {module}"]
    assert keys_in(module) == always | maybe
