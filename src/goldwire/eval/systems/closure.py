"""Closure of imports: the files that Python code is made of, found by reading it and never by running it.

Followed as far as files lie in the working tree, which is all but the standard library and what is
installed. Of an installed package that such a file imports, the release counts. Imports are read wherever
they stand (in functions, under conditions), so that the closure is rather too large than too small. What code
does while it runs is not seen: a changed `sys.path`, modules named by a variable, files that it opens.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import ExtractorError

PATIENCE = 30.0  # seconds that an interpreter may take to say where it looks
INSTALLED = frozenset({"site-packages", "dist-packages"})
_SUFFIXES = (".py", ".so", ".pyd")
# Told to the interpreter: finding a module whose name has no dot runs no code of its own.
_QUESTION = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import importlib.util, json
def place(name):
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    return spec and [spec.origin, list(spec.submodule_search_locations or ())]
print(json.dumps([sys.path, {name: place(name) for name in sys.argv[1:]}]))
"""


class Closure(msgspec.Struct, frozen=True):
    """What code is made of: SHA-256 by module of the working tree, releases by installed package."""

    files: dict[str, str]
    packages: dict[str, str]


class _Found(msgspec.Struct, frozen=True):
    """A module: its file, None of a folder without code, and the folders its submodules are in."""

    file: Path | None
    folders: tuple[Path, ...] = ()


class Search:
    """Where an interpreter finds modules: `first` in folders of scripts or the working one, then its own."""

    def __init__(self, program: str, *first: Path) -> None:
        self._program = program
        own, _ = _ask(program)
        self._own = tuple(Path(entry) for entry in own)
        self._folders = (*first, *self._own)
        self._standard = tuple(
            folder for folder in self._own if folder.name == "lib-dynload" or (folder / "os.py").is_file()
        )
        self._known: dict[str, _Found | None] = {}

    def chain(self, name: str) -> list[tuple[str, _Found]]:
        """The packages that a dotted name leads through and the module itself, as far as they are found."""
        found: list[tuple[str, _Found]] = []
        folders, module = self._folders, ""
        for part in name.split("."):
            module = f"{module}.{part}" if module else part
            if module not in self._known:
                self._known[module] = _look(part, folders)
            place = self._known[module]
            if place is None:
                break
            found.append((module, place))
            folders = place.folders
        return found

    def has(self, name: str) -> bool:
        """Whether there is a module of this name, as far as can be told without loading it."""
        chain = self.chain(name)
        return name in sys.builtin_module_names or bool(chain and chain[-1][0] == name)

    def learn(self, names: Iterable[str]) -> list[str]:
        """Ask the interpreter for top modules in no folder of its path: editable installs by a hook."""
        wanted = sorted({*names} - sys.stdlib_module_names)
        _, places = _ask(self._program, wanted) if wanted else ([], {})
        learnt = {name: place for name, place in places.items() if place is not None}
        for name, (origin, folders) in learnt.items():
            file = Path(origin) if origin and Path(origin).is_file() else None
            self._known = {known: at for known, at in self._known.items() if known.partition(".")[0] != name}
            self._known[name] = _Found(file, tuple(map(Path, folders)))
        return list(learnt)

    def is_standard(self, file: Path) -> bool:
        """Whether a file is of the standard library."""
        return any(file.is_relative_to(folder) for folder in self._standard)

    def releases(self, files: Iterable[Path]) -> dict[str, str]:
        """The releases of the distributions that installed files belong to, by name."""
        found: dict[str, str] = {}
        for folder in self._own:
            mine = [file.relative_to(folder) for file in files if file.is_relative_to(folder)]
            for item in distributions(path=[str(folder)]) if mine else ():
                record = "\n" + (item.read_text("RECORD") or "")
                tops = (item.read_text("top_level.txt") or item.name.replace("-", "_")).split()
                if any(_owns(file, record, tops) for file in mine):
                    found[item.name] = item.version
        return found


def _owns(file: Path, record: str, tops: Sequence[str]) -> bool:
    """Whether a distribution has a file; system packages keep no record, so the name of its top decides."""
    if record.strip():
        return f"\n{file.as_posix()}," in record
    return file.parts[0].partition(".")[0] in tops


def is_installed(file: Path) -> bool:
    """Whether a file came with an installation, which its release stands for."""
    return not INSTALLED.isdisjoint(file.parts)


def _look(name: str, folders: Sequence[Path]) -> _Found | None:
    """A module in the first folder that has it; folders without `__init__` count together, and last."""
    bare = []
    for folder in folders:
        package = folder / name
        if (init := package / "__init__.py").is_file():
            return _Found(init, (package,))
        for suffix in _SUFFIXES:
            if (file := folder / f"{name}{suffix}").is_file():
                return _Found(file)
        if extensions := sorted(folder.glob(f"{name}.*.so")) if name.isidentifier() else []:
            return _Found(extensions[0])
        if package.is_dir():
            bare.append(package)
    return _Found(None, tuple(bare)) if bare else None


def _ask(
    program: str, names: Sequence[str] = ()
) -> tuple[list[str], dict[str, tuple[str | None, list[str]] | None]]:
    """The path of an interpreter and the places of top modules; nothing of one that does not answer."""
    command = [program, "-c", _QUESTION, *names]
    try:
        said = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout
        answer: tuple[list[str], dict[str, tuple[str | None, list[str]] | None]]
        answer = msgspec.json.decode(
            said, type=tuple[list[str], dict[str, tuple[str | None, list[str]] | None]]
        )
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return [], {}
    return answer


def collect(names: Iterable[str], search: Search) -> Closure:
    """The closure of modules by their names, `name.*` for a package with all that lies directly in it."""
    files: dict[str, str] = {}
    installed: set[Path] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += _follow(name, search, files, installed)
        missing = {top for name in seen if not search.chain(top := name.partition(".")[0])}
        learnt = search.learn(missing)
        again = {name for name in seen if name.partition(".")[0] in learnt}
        seen -= again
        waiting += again
    return Closure(dict(sorted(files.items())), dict(sorted(search.releases(installed).items())))


def _follow(name: str, search: Search, files: dict[str, str], installed: set[Path]) -> Iterator[str]:
    """Put what a name leads to among `files` or `installed`; yields what the new files import."""
    chain = search.chain(name.removesuffix(".*"))
    for module, place in chain:
        if place.file is None or module in files:
            continue
        if is_installed(place.file):
            installed.add(place.file)
        elif not search.is_standard(place.file):
            source = read_bytes(place.file, ExtractorError)
            files[module] = hashlib.sha256(source).hexdigest()
            package = module if place.folders else module.rpartition(".")[0]
            yield from imports(source, package) if place.file.suffix == ".py" else ()
    if name.endswith(".*") and chain and chain[-1][0] in files:
        base, place = chain[-1]
        inside = (file.stem for folder in place.folders for file in folder.glob("*.py"))
        yield from (f"{base}.{stem}" for stem in inside if stem != "__init__")


def imports(source: bytes, package: str = "") -> Iterator[str]:
    """The names that code of a package may import, whether modules or not; none of what is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in other people's code is not ours to say
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, package)
        elif isinstance(node, ast.Call):
            yield from _called(node, package)


def _imported_from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = _absolute("." * node.level + (node.module or ""), package)
    if base:
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _called(node: ast.Call, package: str) -> Iterator[str]:
    """The module of `import_module("name")` or `__import__("name")`."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
        name = _absolute(first.value, package) if isinstance(first.value, str) else ""
        if name:
            yield name


def _absolute(name: str, package: str) -> str:
    """A name with its dots resolved in a package; "" where they lead out of it.

    >>> _absolute("..words", "mine.rules"), _absolute("json", ""), _absolute("...x", "mine")
    ('mine.words', 'json', '')
    """
    inner = name.lstrip(".")
    level = len(name) - len(inner)
    if not level:
        return inner
    parts = package.split(".") if package else []
    if level > len(parts):
        return ""
    return ".".join([*parts[: len(parts) - level + 1], *([inner] if inner else [])])
