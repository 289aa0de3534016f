"""The site: the pages of this folder, as they are, by Sphinx. Run: make site

`index.md` is the map: each of its headings becomes a part of the site's contents, each page that it links to
an entry, so that nothing is listed twice.
"""

from __future__ import annotations

import re
from typing import Any

from pygments.lexer import RegexLexer
from pygments.token import Comment, Text

from goldwire import __version__

project = "Goldwire"
release = __version__
copyright = ""  # noqa: A001 - Sphinx's name; the licence is told in the README
extensions = ["myst_parser"]
exclude_patterns = ["*.py"]
nitpicky = True

# Anchors as in the repository's own view of the pages, so that links lead to the same places in both.
myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_title = f"Goldwire {__version__}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#8a5a00", "color-brand-content": "#8a5a00"},
    "dark_css_variables": {"color-brand-primary": "#e8b64c", "color-brand-content": "#e8b64c"},
}

_PART = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n?)*)", re.MULTILINE)
_PAGE = re.compile(r"\]\(([\w/-]+)\.md\)")


def add_contents(_app: Any, name: str, source: list[str]) -> None:
    """Put a hidden table of contents at the end of the index."""
    if name == "index":
        source[0] += "".join(contents(part["title"], part["text"]) for part in _PART.finditer(source[0]))


def contents(title: str, text: str) -> str:
    """The pages that a part of the index links to, as the directive that Sphinx reads."""
    pages = dict.fromkeys(_PAGE.findall(text))
    return "\n```{toctree}\n:hidden:\n:caption: " + title + "\n\n" + "\n".join(pages) + "\n```\n"


class Commands(RegexLexer):
    """Shell with comments only told apart: the usual lexer takes `eval` for a word of the shell."""

    name = "Commands"
    tokens = {"root": [(r"(?m)(?:^|(?<=\s))#.*$", Comment), (r"\S+|\s", Text)]}  # noqa: RUF012 - pygments' form


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_lexer("sh", Commands)
    app.add_lexer("gitignore", Commands)
    app.connect("source-read", add_contents)
