"""The notebook of the page on Python: the code blocks of its first section, a cell each.

python docs/notebook.py     # writes docs/python.ipynb
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE, NOTEBOOK = DOCS / "python.md", DOCS / "python.ipynb"
CORPUS = "!goldwire demo try > demo.txt 2>&1"  # what the page has in a block for the shell
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """The blocks of Python of a page, or of a part of it."""
    return [block.strip("\n") for block in BLOCK.findall(text)]


def section(text: str) -> str:
    """The first section of a page."""
    return re.split(r"^## ", text, flags=re.MULTILINE)[1]


def make(text: str) -> dict[str, Any]:
    """The notebook of a page, nothing run yet; the corpus is made before it is opened."""
    cells = blocks(section(text))
    opened = next(place for place, cell in enumerate(cells) if "gw.open" in cell)
    sources = [*cells[:opened], CORPUS, *cells[opened:]]
    return {
        "cells": [_cell(number, source) for number, source in enumerate(sources, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def render(text: str) -> str:
    """The notebook as it is on disk."""
    return json.dumps(make(text), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
