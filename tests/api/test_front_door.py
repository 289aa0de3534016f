"""The names of `import goldwire`: all there, loaded when asked for, known to type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import goldwire

HEAVY = ("goldwire.api", "numpy", "polars", "msgspec", "seqeval", "sklearn", "rich")


def test_every_name_is_there():
    for name in goldwire.__all__:
        assert getattr(goldwire, name) is not None
    assert set(goldwire.__all__) <= set(dir(goldwire))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'scroe'"):
        goldwire.scroe  # noqa: B018 - asking is the test


def test_type_checkers_are_told_the_same_homes():
    stub = ast.parse(Path(goldwire.__file__).with_suffix(".pyi").read_text())
    told = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {*told, "__version__"} == set(goldwire.__all__)
    for name, home in told.items():
        module, _, inside = home.rpartition(".")
        assert getattr(sys.modules[module], inside) is getattr(goldwire, name)
        assert goldwire._HOMES[name] == module


@pytest.mark.parametrize("command", ["import goldwire", "import goldwire; dir(goldwire)"])
def test_the_import_alone_loads_nothing_more(command):
    code = f"{command}; import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_loads_no_front_door():
    code = (
        "import sys; sys.argv = ['goldwire', '--help']\n"
        "import goldwire.__main__ as m\n"
        "try: m.main()\n"
        "except SystemExit: pass\n"
        f"sys.stderr.write(str([n for n in {HEAVY[:3]!r} if n in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr.endswith("[]")
