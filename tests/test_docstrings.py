"""Docstrings of modules begin with what the module is, or does: a noun or a verb."""

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "goldwire"
# Words with which a sentence begins that tells of something else than the module.
QUESTIONS = {"What", "Whether", "How", "Where", "From", "Which", "Why", "As", "In", "When", "Who", "To", "If"}


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
