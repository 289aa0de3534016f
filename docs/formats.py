"""Write the table of formats in docs/formats.md, from what each says of itself. A test compares the two.

python docs/formats.py
"""

from __future__ import annotations

from pathlib import Path

from goldwire.corpora import formats

PAGE = Path(__file__).with_name("formats.md")
HEADER = """| format | what it is | | not kept | what judges a document |
|---|---|---|---|---|
"""


def row(name: str) -> str:
    """What a format says of itself, in a line of the table."""
    facts = formats.facts(name)
    ways = "in, out" if formats.writes(name) else "in"
    needs = f", extra `{facts.extra}`" if facts.extra else ""
    cells = (f"`{name}`", facts.about, f"{ways}{needs}", facts.loss, facts.coverage)
    return f"| {' | '.join(cells)} |\n"


def render(page: str) -> str:
    """The page with its table written anew."""
    before, _, rest = page.partition(HEADER)
    after = rest[rest.index("\n\n") :] if "\n\n" in rest else rest
    return f"{before}{HEADER}{''.join(map(row, formats.FORMATS)).rstrip()}{after}"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), encoding="utf-8")
