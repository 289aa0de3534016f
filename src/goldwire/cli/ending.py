"""Ends of the command line: 0 ok, 1 the check failed, 2 could not judge or wrong use, 70 a fault of ours."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from goldwire import __version__
from goldwire.cli.output import named
from goldwire.corpora import secrets
from goldwire.corpora.errors import GoldwireError

UNJUDGED = 2
FAULT = 70  # EX_SOFTWARE of sysexits.h: an internal fault
STOPPED = 130  # 128 + SIGINT, as shells have it


def run(command: Callable[[], object]) -> int:
    """Run a command that may leave by `SystemExit`; returns the exit code, all that is to be said told."""
    try:
        try:
            command()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        sys.stdout.flush()
    except GoldwireError as error:
        return _tell(secrets.hide(str(error)), UNJUDGED)
    except KeyboardInterrupt:
        return _tell("stopped", STOPPED)
    except MemoryError:
        return _tell("out of memory: give it more, or less to do at once", UNJUDGED)
    except OSError as error:
        return _tell(secrets.hide(_environment(error)), UNJUDGED)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and kept
        return _tell(_fault(error), FAULT)
    return code


def _tell(message: str, code: int) -> int:
    sys.stderr.write(f"goldwire: {named(message)}\n")
    return code


def _environment(error: OSError) -> str:
    """What the machine refused, in its own words; of a full disk, that nothing is lost by trying again."""
    named = next((str(name) for name in (error.filename2, error.filename) if name), None)
    said = error.strerror or str(error) or type(error).__name__
    return f"{named}: {said}" if named else said


def _fault(error: Exception) -> str:
    """One sentence, with the place where all of it is."""
    said = hidden(f"{type(error).__name__}: {error}".splitlines()[0])[:200]
    told = "".join(traceback.format_exception(error))
    text = hidden(f"goldwire {__version__}, Python {sys.version.split()[0]} on {sys.platform}\n\n{told}")
    place = _save(text)
    kept = f"what happened is in {place}" if place else f"what happened could not be saved:\n{text}"
    return f"this is a fault in Goldwire, not in what it was given ({said}); please report it: {kept}"


def hidden(text: str) -> str:
    """A text that may say anything of this process, without secrets or what looks like an old token."""
    return _LONG_NUMBER.sub(secrets.HIDDEN, secrets.hide(text))


_LONG_NUMBER = re.compile(r"\b[0-9a-fA-F]{32,}\b")


def _save(text: str) -> Path | None:
    """Where the text is now, for its owner alone to read; None if there is no place for it."""
    import platformdirs

    name = f"fault-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for folder in (platformdirs.user_state_path("goldwire"), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "w", encoding="utf-8", errors="backslashreplace") as out:
                out.write(text)
        except OSError:
            continue
        return folder / name
    return None
