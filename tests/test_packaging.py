"""What is installed is the package and its data, and it leaves its users' folders alone."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import goldwire

ROOMS = ("annotate", "eval", "corpora", "configs")

# Slow to import, or large: nothing that `goldwire --help` may wait for.
HEAVY = {
    "httpx", "jinja2", "label_studio_sdk", "numpy", "pandas", "polars", "scipy", "seqeval",
    "sklearn", "spacy", "trafilatura",
}  # fmt: skip


def tracked(root: Path, *paths: str) -> list[str]:
    if not (root / ".git").exists():
        pytest.skip("not a git checkout: what is tracked is unknown")
    listed = subprocess.run(
        ["git", "ls-files", "-z", *paths], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    return [name for name in listed.split("\0") if name and (root / name).exists()]


@pytest.fixture(scope="session")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(root)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def in_sdist(dist: Path) -> set[str]:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.split("/", 1)[1] for name in archive.getnames()}


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment where Goldwire is installed from its wheel, as a user has it.

    The libraries come from the environment of these tests through a .pth file. Its own .pth files are not
    read that way, so the checkout is not on the path.
    """
    folder = tmp_path_factory.mktemp("user") / "env"
    venv.create(folder, symlinks=True)
    interpreter = folder / "bin" / "python"
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--no-compile", "--force-reinstall", str(wheel)], check=True)
    return interpreter


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    """Run something of that environment in the user's folder."""

    def run_there(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return subprocess.run(
            [str(python.parent / program), *arguments],
            cwd=tmp_path, env=inherited | environment,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run_there


def test_wheel_holds_every_tracked_file_of_the_package(root: Path, in_wheel: set[str]) -> None:
    wanted = {name.removeprefix("src/") for name in tracked(root, "src/goldwire")}
    assert wanted - in_wheel == set()


def test_wheel_holds_the_package_and_its_metadata_only(in_wheel: set[str]) -> None:
    assert {name.split("/", 1)[0] for name in in_wheel} == {
        "goldwire",
        f"goldwire-{goldwire.__version__}.dist-info",
    }
    assert not [name for name in in_wheel if "__pycache__" in name or "/tests/" in name]


def test_wheel_holds_the_data_of_configs(in_wheel: set[str]) -> None:
    assert [n for n in in_wheel if n.startswith("goldwire/configs/") and n.endswith(".toml")]


def test_sdist_holds_no_link_and_no_test(in_sdist: set[str]) -> None:
    assert {name.split("/", 1)[0] for name in in_sdist} == {
        "src", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "constraints.txt", "pyproject.toml",
        ".gitignore",
    }  # fmt: skip


def test_version_is_the_same_everywhere(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert goldwire.__version__ == project["version"]


@pytest.mark.parametrize("room", ROOMS)
def test_link_at_the_top_leads_to_its_room(root: Path, room: str) -> None:
    link = root / room
    assert link.is_symlink()
    assert not link.readlink().is_absolute()
    assert link.resolve() == (root / "src" / "goldwire" / room).resolve()
    assert (link / "__init__.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": "."}], ids=["plain", "PYTHONPATH=."])
def test_users_folders_of_the_same_names_keep_working(
    run: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("WHOSE = 'the user'\n")
    program = "\n".join(
        [
            f"import {', '.join(ROOMS)}",
            f"import {', '.join(f'goldwire.{room}' for room in ROOMS)}",
            f"assert all(room.WHOSE == 'the user' for room in ({', '.join(ROOMS)}))",
            "print(goldwire.__file__)",
        ]
    )
    done = run("python", "-c", program, **environment)
    assert done.returncode == 0, done.stderr
    assert "site-packages" in done.stdout

    done = run("goldwire", "--help", **environment)
    assert done.returncode == 0, done.stderr


def test_help_imports_nothing_heavy(run: Run) -> None:
    done = run("python", "-X", "importtime", "-m", "goldwire", "--help")
    assert done.returncode == 0, done.stderr
    imported = {
        line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line
    }
    assert "typer" in imported
    assert imported & HEAVY == set()


def test_no_tracked_file_names_a_machine_or_a_registry(root: Path) -> None:
    machine = re.compile(
        rb"(?<![\w.}])/(?:work|root|home|Users)/\w"
        rb"|pypi\.(?:org|io)|pythonhosted\.org|(?:deb|security)\.debian\.org|registry\.npmjs|docker\.io|huggingface\.co"
    )
    found = [
        f"{name}:{number}: {line.strip()[:100]!r}"
        for name in tracked(root)
        if not (root / name).is_dir()
        for number, line in enumerate((root / name).read_bytes().splitlines(), 1)
        if machine.search(line)
    ]
    assert found == []
