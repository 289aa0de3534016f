"""Docstrings of modules begin with what the module is, or does, and what they refer to is there."""

import ast
import importlib
import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "goldwire"
# Words with which a sentence begins that tells of something else than the module.
QUESTIONS = {"What", "Whether", "How", "Where", "From", "Which", "Why", "As", "In", "When", "Who", "To", "If"}

REFERENCE = re.compile(r"`((?:api|configs|corpora|eval|annotate|cli)(?:\.\w+)+)`")


def first_word(source: str) -> str:
    """The first word of a module's docstring; empty if there is none."""
    words = (ast.get_docstring(ast.parse(source)) or "").split()
    return words[0] if words else ""


def test_the_docstring_of_every_module_begins_with_a_noun_or_a_verb() -> None:
    found = {path.relative_to(SOURCE): first_word(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}
    assert len(found) > 200
    assert {path: word for path, word in found.items() if word in {*QUESTIONS, ""}} == {}


def test_a_docstring_that_begins_with_a_question_or_is_missing_is_found() -> None:
    assert first_word('"""How it looks."""\n') in QUESTIONS
    assert first_word("import re\n") == ""


def test_modules_that_the_source_refers_to_exist() -> None:
    """As in `eval.errors.causes`: of a module, or of something in one."""
    named = {
        (path.relative_to(SOURCE), name)
        for path in SOURCE.rglob("*.py")
        for name in REFERENCE.findall(path.read_text("utf-8"))
    }
    assert len(named) > 10
    assert sorted((path, name) for path, name in named if not is_there(name)) == []


def is_there(name: str) -> bool:
    """Whether a dotted name, after `goldwire.`, is a module or a member of one."""
    path = SOURCE.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module, _, member = name.rpartition(".")
    return (
        bool(module) and is_there(module) and hasattr(importlib.import_module(f"goldwire.{module}"), member)
    )
