"""Limits that servers tell of: how they are read, and that all workers keep to them together."""

import time
from email.utils import formatdate
from pathlib import Path
from types import ModuleType

import pytest

from goldwire.eval.systems.adapters import pace
from goldwire.eval.systems.adapters.pace import Pace, renewal, retry_after, seconds
from goldwire.eval.systems.adapters.web import Caller


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited each time; the clock goes on meanwhile, and nobody waits."""
    found, begun = list[float](), time.time()
    monkeypatch.setattr(time, "time", lambda: begun + sum(found))
    monkeypatch.setattr(time, "sleep", lambda wait: found.append(wait) if wait else None)
    return found


def test_retry_after_is_read_in_seconds_milliseconds_and_as_a_date() -> None:
    assert retry_after({"retry-after": "12"}) == 12.0
    assert retry_after({"retry-after-ms": "1500", "retry-after": "2"}) == 1.5
    date = formatdate(time.time() + 30, usegmt=True)
    assert retry_after({"retry-after": date}) == pytest.approx(30, abs=2)
    assert retry_after({"retry-after": "whenever"}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("120ms", 0.12), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("0", 0.0), ("", None), ("1 day", None)],
)
def test_durations_are_those_of_openai(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


def test_times_are_unix_times_or_those_of_rfc_3339() -> None:
    now = time.time()
    assert seconds(f"{now + 20:.0f}") == pytest.approx(20, abs=1)
    assert seconds(f"{1000 * (now + 20):.0f}") == pytest.approx(20, abs=1)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 20))
    assert seconds(moment) == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize("left", ["many", "-1", "", "1e3"])
def test_what_is_no_number_is_no_limit(left: str) -> None:
    headers = {"x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": "9s"}
    assert renewal(headers, 10) is None


def test_the_longest_of_several_limits_counts() -> None:
    headers = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2000-01-01T00:00:00Z",
        "x-ratelimit-remaining-tokens": "10",
        "x-ratelimit-reset-tokens": "3s",
    }
    assert renewal(headers, 4000) == 3.0


def test_workers_of_a_run_wait_together(tmp_path: Path, slept: list[float]) -> None:
    one, two = Pace(str(tmp_path)), Pace(str(tmp_path))
    one.hold(5.0)
    two.hold(2.0)  # the longer one holds
    two.wait()
    assert slept == [pytest.approx(5.0, abs=0.01)]
    one.wait()
    assert len(slept) == 1


def test_a_moment_that_is_too_far_or_no_number_holds_nobody(tmp_path: Path, slept: list[float]) -> None:
    for text in (f"{time.time() + 10_000:.6f}", "garbage", ""):
        (tmp_path / pace.FILE).write_text(text)
        Pace(str(tmp_path)).wait()
    assert slept == []
    (tmp_path / pace.FILE).write_text(f"{time.time() + 10_000:.6f}")
    found = Pace(str(tmp_path))
    found.hold(3.0)
    Pace(str(tmp_path)).wait()
    assert slept == [pytest.approx(3.0, abs=0.01)]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"X-RateLimit-Remaining-Requests": "0", "X-RateLimit-Reset-Requests": "9s"}, 9.0),
        ({}, 0.25),  # its own first wait
    ],
)
def test_a_busy_answer_holds_the_others_too(
    tmp_path: Path, serving: ModuleType, slept: list[float], headers: dict[str, str], expected: float
) -> None:
    busy, good = serving.Reply("busy", 429, headers), serving.Reply("{}")
    with serving.serving(busy, good) as server:
        caller = Caller(server.url, None, wait=0.25, pace=Pace(str(tmp_path)))
        caller.post(b"{}")
        caller.close()
    assert sum(slept) == pytest.approx(expected, abs=0.01)


def test_the_last_request_that_is_left_is_followed_by_a_wait(
    tmp_path: Path, serving: ModuleType, slept: list[float]
) -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "4s"}
    with serving.serving(serving.Reply("{}", 200, headers), serving.Reply("{}")) as server:
        first = Caller(server.url, None, pace=Pace(str(tmp_path)))
        first.post(b"{}")
        assert slept == []
        second = Caller(server.url, None, pace=Pace(str(tmp_path)))  # another worker
        second.post(b"{}")
        first.close()
        second.close()
    assert slept == [pytest.approx(4.0, abs=0.05)]
