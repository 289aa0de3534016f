"""One faulty input at one reader: made, tried within limits, and kept where it did harm."""

import hashlib
import json
import random
import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from fuzz.mutate import mutate
from fuzz.readers import READERS, Files
from goldwire.corpora.errors import GoldwireError

CRASHES = Path(__file__).parent / "crashes"
SECONDS = 5.0
BYTES = 1_500_000_000  # what the libraries hold, and a gigabyte


@dataclass(frozen=True)
class Found:
    """What came instead of a `GoldwireError`, and where."""

    key: str


class TooSlowError(BaseException):
    """More than `SECONDS` were taken. No `Exception`, so that nobody takes it for a fault of the input."""


def limit() -> None:
    """Let this process hold no more than `BYTES`."""
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for inputs, in memory where there is such."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        yield Path(folder)


def choose(name: str, dice: random.Random) -> tuple[dict[str, bytes], str]:
    """Files of a sound sample, one of which was made wrong, and the name of that one."""
    reader = READERS[name]
    files = dict(dice.choice(_seeds(name)))
    at = dice.choice(reader.files(files))
    files[at] = mutate(files[at], _kind(reader.kinds, at) or "bytes", dice)
    return files, at


_SEEDS: dict[str, list[Files]] = {}


def _seeds(name: str) -> list[Files]:
    if name not in _SEEDS:
        _SEEDS[name] = READERS[name].seeds(name)
    return _SEEDS[name]


def _kind(kinds: Any, file: str) -> str | None:
    return next((kind for pattern, kind in kinds.items() if fnmatch(file, pattern)), None)


def attempt(name: str, files: Files, at: str, folder: Path) -> Found | str:
    """What a reader makes of files: "taken", "refused", or what was found."""
    shutil.rmtree(folder / "in", ignore_errors=True)
    for file, data in files.items():
        (folder / "in" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / file).write_bytes(data)
    before = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            READERS[name].run(folder / "in", at)
    except GoldwireError as error:
        str(error)
        return "refused"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - those of other languages are no `Exception`
        return Found(_key(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return "taken"


def _late(*_: object) -> None:
    raise TooSlowError


def _key(error: BaseException) -> str:
    """The same for the same fault: its type and the last place in Goldwire."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "/goldwire/" in f.filename]
    place = f"{ours[-1].filename.rpartition('/goldwire/')[2]}:{ours[-1].name}" if ours else "?"
    return (
        f"{type(error).__name__} in {place}: {str(error)[:80]!r}"
        if ours
        else f"{type(error).__name__}: {error}"
    )


def keep(name: str, files: Files, at: str, found: Found) -> Path:
    """A crash as a file: the reader, the wrong file, and all of them as text of single bytes."""
    content = {
        "reader": name,
        "at": at,
        "found": found.key,
        "files": {k: v.decode("latin-1") for k, v in files.items()},
    }
    data = json.dumps(content, indent=1) + "\n"
    CRASHES.mkdir(exist_ok=True)
    path = CRASHES / f"{name}-{hashlib.sha256(found.key.encode()).hexdigest()[:8]}.json"
    path.write_text(data)
    return path


def kept(path: Path) -> tuple[str, dict[str, bytes], str]:
    """What `keep` wrote: reader, files, and the name of the wrong one."""
    content = json.loads(path.read_text())
    return content["reader"], {k: v.encode("latin-1") for k, v in content["files"].items()}, content["at"]
