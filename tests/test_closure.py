"""What Python code is made of: found by reading it, as far as it lies in the working tree."""

import sys
from pathlib import Path

import pytest

from goldwire.eval.systems.closure import Closure, Search, collect, imports


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    """Files by their path, in which `__` stands for a slash."""
    for name, code in files.items():
        path = folder / (name.replace("__", "/").replace("/init", "/__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)


def closure(tree: Path, *names: str) -> Closure:
    return collect(names, Search(sys.executable, tree))


def test_modules_packages_relative_imports_and_names_that_are_modules_are_followed(tree: Path) -> None:
    write(
        tree,
        mine="import helper\nfrom pkg import rules\nfrom pkg.deep.words import LIST",
        helper="",
        pkg__init="",
        pkg__rules="from . import other\nfrom .deep import words\nfrom .. import nowhere",
        pkg__other="",
        pkg__deep__init="from ..more import thing",
        pkg__deep__words="",
        pkg__more="thing = 1",
        pkg__unused="",
        unused="",
    )
    assert list(closure(tree, "mine").files) == [
        "helper", "mine", "pkg", "pkg.deep", "pkg.deep.words", "pkg.more", "pkg.other", "pkg.rules",
    ]  # fmt: skip


def test_imports_are_found_wherever_they_stand(tree: Path) -> None:
    code = """
def late():
    import inside
try:
    import one
except ImportError:
    import other
if False:
    from typed import T
importlib.import_module("named")
__import__("old")
"""
    write(tree, mine=code, inside="", one="", other="", typed="", named="", old="")
    assert list(closure(tree, "mine").files) == [
        "inside", "mine", "named", "old", "one", "other", "typed",
    ]  # fmt: skip


def test_imports_in_a_circle_end(tree: Path) -> None:
    write(tree, a="import b", b="import a")
    assert list(closure(tree, "a").files) == ["a", "b"]


def test_a_star_takes_all_that_lies_in_the_package(tree: Path) -> None:
    write(tree, mine="from pkg import *", pkg__init="__all__ = ['rules']", pkg__rules="")
    assert list(closure(tree, "mine").files) == ["mine", "pkg", "pkg.rules"]


def test_folders_without_init_are_packages_too(tree: Path) -> None:
    write(tree, mine="import space.rules", space__rules="")
    assert list(closure(tree, "mine").files) == ["mine", "space.rules"]


@pytest.mark.parametrize("code", [b"def broken(:\n", b"x = '\xff'\n", b"a\x00b"])
def test_what_cannot_be_parsed_counts_as_it_is(tree: Path, code: bytes) -> None:
    write(tree, mine="import odd")
    (tree / "odd.py").write_bytes(code)
    before = closure(tree, "mine")
    assert list(before.files) == ["mine", "odd"]
    (tree / "odd.py").write_bytes(code + b"#")
    assert closure(tree, "mine") != before


def test_nothing_is_run(tree: Path) -> None:
    write(tree, mine="import pkg.rules", pkg__init="open('ran', 'w')", pkg__rules="open('ran', 'w')")
    closure(tree, "mine")
    assert not (tree / "ran").exists()


def test_of_installed_packages_only_the_releases_that_are_imported_count(tree: Path) -> None:
    from importlib.metadata import version

    write(tree, mine="import json, os.path\nimport helper", helper="import yaml_is_not_here, msgspec.json")
    found = closure(tree, "mine")
    assert list(found.files) == ["helper", "mine"]
    assert found.packages == {"msgspec": version("msgspec")}  # not what msgspec or the tests bring along


def test_a_package_that_is_installed_later_is_another_closure(tree: Path) -> None:
    site = tree / "lib" / "site-packages"
    write(tree, mine="import late.rules")
    write(site, late__init="", late__rules="")
    info = site / "late_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: late-words\nVersion: 1.0\n")
    (info / "RECORD").write_text("late/__init__.py,,\nlate/rules.py,,\n")
    assert closure(tree, "mine").packages == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(site))
        found = closure(tree, "mine")
    assert (list(found.files), found.packages) == (["mine"], {"late-words": "1.0"})


def test_an_editable_install_by_an_import_hook_is_followed(tree: Path) -> None:
    """As setuptools makes them for packages that do not lie in a folder of their own."""
    write(tree, mine="import hooked.rules", elsewhere__hooked__init="", elsewhere__hooked__rules="x = 1")
    hook = f"""
import sys
from importlib.machinery import PathFinder
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{str(tree / "elsewhere")!r}]) if name == "hooked" else None
sys.meta_path.append(Finder)
"""
    write(tree, site__sitecustomize=hook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tree / "site"))
        assert list(closure(tree, "mine").files) == ["hooked", "hooked.rules", "mine"]


def test_an_interpreter_that_does_not_answer_leaves_the_working_tree(tree: Path) -> None:
    write(tree, mine="import helper, msgspec", helper="")
    found = collect(["mine"], Search(str(tree / "no-python"), tree))
    assert (list(found.files), found.packages) == (["helper", "mine"], {})


def test_relative_imports_of_a_script_lead_nowhere() -> None:
    assert list(imports(b"from . import x\nfrom .y import z")) == []
