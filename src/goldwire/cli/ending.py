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
from goldwire.corpora.errors import GoldwireError

UNJUDGED = 2
FAULT = 70  # EX_SOFTWARE of sysexits.h: an internal fault
STOPPED = 130  # 128 + SIGINT, as shells have it
_NAMED = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_SHORTEST = 6  # characters of a value that may be secret; shorter ones stand in every text
# What is a token by its looks: JSON web tokens, long hexadecimal numbers, what follows a scheme of HTTP.
_TOKENS = re.compile(
    r"eyJ[\w-]+(?:\.[\w-]+)+|\b[0-9a-f]{32,}\b|(?<=Bearer )\S+|(?<=Token )\S+|(?<=Basic )\S+|(?<=://)[^/\s@]+(?=@)"
)


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
        return _tell(str(error), UNJUDGED)
    except KeyboardInterrupt:
        return _tell("stopped", STOPPED)
    except MemoryError:
        return _tell("out of memory: give it more, or less to do at once", UNJUDGED)
    except OSError as error:
        return _tell(_environment(error), UNJUDGED)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and kept
        return _tell(_fault(error), FAULT)
    return code


def _tell(message: str, code: int) -> int:
    sys.stderr.write(f"goldwire: {message}\n")
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
    """A text without what may be a key or a token: of the environment, or by its looks."""
    secrets = [v for k, v in os.environ.items() if _NAMED.search(k) and len(v) >= _SHORTEST]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _TOKENS.sub("***", text)


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
