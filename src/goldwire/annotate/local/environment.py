"""The environment of a local Label Studio: a Python environment of its own, made once for each version.

Label Studio brings a gigabyte of pinned packages; they stay out of the user's own environment. A file written
last marks a finished installation: what was interrupted is begun anew. Several callers at once wait for one.
Needs a POSIX system (file locks).
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from goldwire import configs
from goldwire.annotate.waiting import Progress, telling
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import ServerError

DATABASE = "label_studio.sqlite3"
BOOT = Path(__file__).with_name("boot.py")
TAIL = 15  # lines of a log shown with an error
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")

_DONE = "goldwire.json"  # the file that marks a finished installation
_TEMPLATE = "template"  # where the database with its tables, and nothing in them, lies
# "Collecting NAME>=1 (from …)" from a registry, "Processing PATH/NAME-1.0-….whl" from a folder.
_FETCHED = re.compile(r"(?:Collecting |Processing \S*/)([\w.-]+?)(?=[\s<>=!~;\[]|-\d|$)")


class Recipe(msgspec.Struct, frozen=True):
    """What is installed, and how it is set: `configs/servers/label-studio.toml`."""

    version: str
    settings: dict[str, str]
    packages: dict[str, str]


@functools.cache
def recipe() -> Recipe:
    """The Label Studio that this release of Goldwire was tested with."""
    return msgspec.toml.decode(configs.read("servers", "label-studio"), type=Recipe)


def environment_path() -> Path:
    """Where Label Studio is installed: the user's cache folder, one folder for each version."""
    import platformdirs

    return platformdirs.user_cache_path("goldwire") / f"label-studio-{recipe().version}"


def is_installed(environment: Path) -> bool:
    """Whether an installation was finished there and its Python still exists."""
    return (environment / _DONE).exists() and interpreter(environment).exists()


def interpreter(environment: Path) -> Path:
    """The Python that has Label Studio."""
    return environment / "bin" / "python"


def settings() -> dict[str, str]:
    """The server's environment variables: private settings, and of the caller's only the harmless ones.

    Label Studio takes about 200 settings from variables with names as common as DEBUG, HOST or CI.
    """
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | recipe().settings


def install(environment: Path | None = None, *, progress: Progress = lambda _: None) -> Path:
    """Install Label Studio unless it is there; returns its environment.

    Takes about four minutes and one gigabyte. `progress` is called with a line for each step and package, and
    every few seconds while a step takes long.
    Raises `ServerError` with the end of pip's log.
    """
    environment = environment or environment_path()
    if is_installed(environment):
        return environment
    environment.parent.mkdir(parents=True, exist_ok=True)
    waiting = "waiting for another goldwire, which installs Label Studio"
    with (
        telling(progress, waiting) as tell,
        locked(environment.with_name(f"{environment.name}.lock")) as lock,
    ):
        if not is_installed(environment):
            _install(environment, lock, tell)
    return environment


def make_database(environment: Path, data_dir: Path) -> None:
    """Give a new data directory the database with its tables: its first start is spared 45 seconds.

    The copy holds no account, project or secret. A database that is there is left alone.
    """
    if not (data_dir / DATABASE).exists():
        write_atomic(data_dir / DATABASE, (environment / _TEMPLATE / DATABASE).read_bytes())
    (data_dir / DATABASE).chmod(0o600)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold a file's lock, waiting for it; yields the descriptor. A process that dies gives its locks back."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _install(environment: Path, lock: int, progress: Progress) -> None:
    version = recipe().version
    progress(
        f"Label Studio {version} is installed in {environment}: once, about four minutes and one gigabyte"
    )
    log = environment.with_name(f"{environment.name}.log")
    log.unlink(missing_ok=True)
    # Every program started holds the lock too: one that outlives a killed caller is waited for.
    run = functools.partial(_run, log=log, lock=lock)
    run([sys.executable, "-I", "-m", "venv", "--clear", str(environment)])
    _pip(environment, run, progress)
    progress("Making the tables of its database")
    _make_template(environment, run)
    write_atomic(environment / _DONE, msgspec.json.encode({"version": version}))


def _pip(environment: Path, run: Callable[..., None], progress: Progress) -> None:
    pins = environment / "constraints.txt"
    packages = recipe().packages
    pins.write_text("".join(f"{name}=={version}\n" for name, version in packages.items()), encoding="utf-8")
    total = len(packages) + 1
    seen: set[str] = set()

    def tell(line: str) -> None:
        if (found := _FETCHED.match(line)) and found[1] not in seen:
            seen.add(found[1])
            progress(f"Fetching {found[1]} ({len(seen)} of {total})")
        elif line.startswith("Installing collected"):
            progress(f"Unpacking {total} packages")

    command = [
        str(interpreter(environment)),
        "-I",
        "-m",
        "pip",
        "install",
        "--progress-bar=off",
        "--no-input",
    ]
    run([*command, f"--constraint={pins}", f"label-studio=={recipe().version}"], tell=tell)


def _make_template(environment: Path, run: Callable[..., None]) -> None:
    with tempfile.TemporaryDirectory(dir=environment, prefix=f"{_TEMPLATE}-") as folder:
        run([str(interpreter(environment)), "-I", str(BOOT), folder], environment=settings())
        shutil.rmtree(environment / _TEMPLATE, ignore_errors=True)
        (environment / _TEMPLATE).mkdir()
        # The secret key that was made beside it stays behind and is deleted.
        shutil.copyfile(Path(folder, DATABASE), environment / _TEMPLATE / DATABASE)


def _run(
    command: list[str],
    *,
    log: Path,
    lock: int,
    tell: Progress = lambda _: None,
    environment: dict[str, str] | None = None,
) -> None:
    """Run to the end with the output in the log, each line told; an error shows the log's last lines."""
    tail: deque[str] = deque(maxlen=TAIL)
    with (
        log.open("a", encoding="utf-8") as file,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=environment, pass_fds=(lock,),
        ) as process,
    ):  # fmt: skip
        for line in process.stdout or ():
            file.write(line)
            tail.append(line.rstrip())
            tell(line)
    if process.returncode:
        shown = "\n".join(f"  {line}" for line in tail)
        raise ServerError(
            f"Label Studio {recipe().version} could not be installed: {Path(command[0]).name} ended with "
            f"{process.returncode}. The whole log is in {log}; its end:\n{shown}"
        )
