"""Print the lengths of modules and functions below a folder, and the longest of each; exit 1 over `MOST`."""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

SHOWN = 5  # of the longest
MOST = 400  # lines of a module: one that is longer is about more than one thing
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def iter_functions(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of each function's body (docstring not counted), and where it is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTIONS):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield lines, f"{path}:{node.lineno} {node.name}"


def main(folder: str) -> None:
    paths = sorted(Path(folder).rglob("*.py"))
    modules = sorted(((len(p.read_text(encoding="utf-8").splitlines()), str(p)) for p in paths), reverse=True)
    functions = sorted((f for path in paths for f in iter_functions(path)), reverse=True)
    lengths = [lines for lines, _ in functions]
    print(f"{len(modules)} modules, {sum(lines for lines, _ in modules)} lines")
    print(
        f"{len(functions)} functions, median {statistics.median(lengths):.0f} lines, "
        f"{sum(n < 25 for n in lengths) / len(lengths):.0%} under 25"
    )
    for title, rows in (("longest modules", modules), ("longest functions", functions)):
        print(title)
        for lines, where in rows[:SHOWN]:
            print(f"  {lines:4}  {where}")
    if modules[0][0] > MOST:
        sys.exit(f"{modules[0][1]}: over {MOST} lines; part it where it is about two things")


if __name__ == "__main__":
    main(*sys.argv[1:])
