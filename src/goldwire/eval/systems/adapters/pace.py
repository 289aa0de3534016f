"""Pace of requests: when the next may be sent, as a server's headers say, for all workers of a run.

Read are `Retry-After` (RFC 9110, 10.2.3), `retry-after-ms` (Azure), and what is left with the time of its
renewal: `x-ratelimit-remaining-requests`, `-tokens` and `-reset-…` (OpenAI: durations such as `6m0s`),
`anthropic-ratelimit-…` (times of RFC 3339), `ratelimit-…` and `x-ratelimit-…` (seconds, or a Unix time).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from goldwire.corpora.errors import CorpusError

FILE = ".pace"  # in the folder of a system's runs
LONGEST_WAIT = 120.0  # seconds; a server that wants more is not waited for
BYTES = 4  # of English text that are about a token
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNIX = 1e9  # seconds; a larger number is a time, and one larger by another thousand in milliseconds
# What is left, when it is renewed, and whether it is counted in tokens.
_LEFT = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", False),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", True),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset", False),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset", True),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset", True),
    ("ratelimit-remaining", "ratelimit-reset", False),
    ("x-ratelimit-remaining", "x-ratelimit-reset", False),
)


class Pace:
    """The moment before which nothing is sent, in a file that all workers of a run read; or for this one."""

    def __init__(self, folder: str | None = None) -> None:
        self._until = 0.0
        self._file = None if folder is None else _open(Path(folder) / FILE)

    def wait(self) -> None:
        """Wait until the next may be sent."""
        with self._alone():
            left = self._until - time.time()
        if 0 < left <= LONGEST_WAIT:  # more is what a clock that was set back has left
            time.sleep(left)

    def hold(self, seconds: float) -> None:
        """Let nobody send anything for so long."""
        if 0 < seconds <= LONGEST_WAIT:
            with self._alone():
                until = time.time() + seconds
                if until > self._until or self._until > time.time() + LONGEST_WAIT:
                    self._until = until
                    if self._file is not None:
                        os.pwrite(self._file, f"{until:017.6f}".encode(), 0)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        with contextlib.suppress(OSError):  # a file system without locks: then a moment may be missed
            fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            with contextlib.suppress(ValueError):
                self._until = float(os.pread(self._file, 64, 0) or b"0")
            yield
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error


def renewal(headers: Mapping[str, str], size: int) -> float | None:
    """The seconds until as much is left as a request of `size` bytes takes; None if it is, as far as is told.

    >>> renewal({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0.5s"}, 400)
    60.5
    >>> tokens = {"x-ratelimit-remaining-tokens": "99", "x-ratelimit-reset-tokens": "250ms"}
    >>> renewal(tokens, 400), renewal(tokens, 300)
    (0.25, None)
    """
    waits = [
        wait
        for left, reset, in_tokens in _LEFT
        if _is_short(headers.get(left), size / BYTES if in_tokens else 1)
        and (wait := seconds(headers.get(reset))) is not None
    ]
    return max(waits, default=None)


def _is_short(left: str | None, needed: float) -> bool:
    return left is not None and re.fullmatch(r"\s*\d{1,15}\s*", left) is not None and int(left) < needed


def seconds(value: str | None) -> float | None:
    """The seconds from now of a time or a duration in a header; None if it is neither.

    >>> seconds("1.5"), seconds("2m1s"), seconds("1970-01-01T00:00:00Z"), seconds("soon")
    (1.5, 121.0, 0.0, None)
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,15}(?:\.\d+)?", text):
        number = float(text) / (1000 if float(text) > 1000 * _UNIX else 1)
        return max(0.0, number - time.time()) if number > _UNIX else number
    if re.fullmatch(rf"(?:{_DURATION.pattern})+", text):
        return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))
    try:
        return max(0.0, (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that `retry-after-ms` or `Retry-After` (seconds or a date) ask for.

    >>> retry_after({"retry-after": "7"}), retry_after({"retry-after-ms": "250"}), retry_after({})
    (7.0, 0.25, None)
    """
    text = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(r"\d{1,12}(?:\.\d+)?", text):
        return float(text) / 1000
    value = headers.get("retry-after")
    if value is None:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", value.strip()):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
