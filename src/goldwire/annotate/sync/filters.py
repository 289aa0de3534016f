"""Filters of Label Studio's lists: which tasks of a project are meant, as the server understands it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from goldwire.annotate.exchange.tasks import KEY

_ADDRESS = 6000  # characters of a filter in an address
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"  # how filters take times
Filter = dict[str, Any]


def changed_since(time: datetime) -> Filter:
    """Tasks that were made or annotated after a time of the server; drafts do not count there."""
    return _filter("updated_at", "greater", "Datetime", time.astimezone(UTC).strftime(_TIME))


def with_drafts() -> Filter:
    """Tasks that hold a draft of anybody."""
    return _filter("draft_exists", "equal", "Boolean", "true")


def with_marks() -> Filter:
    """Tasks whose predictions were last set together with those of others (`bulk`)."""
    return _filter("data.prefill", "contains", "String", "@?")


def everything() -> Filter:
    """All tasks."""
    return _filter("id", "greater", "Number", 0)


def with_ids(ids: Sequence[int]) -> Filter:
    """Tasks by their ids on the server, at most `sync.api.ASKED`."""
    return _filter("id", "in_list", "Number", [*ids])


def with_keys(keys: Sequence[str]) -> Iterator[Filter]:
    """Tasks that carry one of our ids; a filter for as many ids as an address holds."""
    chosen: list[str] = []
    for key in keys:
        if chosen and len(quote(query(_keyed([*chosen, key])))) > _ADDRESS:
            yield _keyed(chosen)
            chosen = []
        chosen.append(key)
    if chosen:
        yield _keyed(chosen)


def untouched() -> list[Filter]:
    """Tasks that nobody has annotated, skipped or begun, as filters that all apply (`every`)."""
    return [
        _filter("total_annotations", "equal", "Number", 0),
        _filter("cancelled_annotations", "equal", "Number", 0),
        _filter("draft_exists", "equal", "Boolean", "false"),
    ]


def every(chosen: Sequence[Filter]) -> dict[str, Any]:
    """Filters that all apply, as a request says it."""
    return {"filters": {"conjunction": "and", "items": [*chosen]}}


def query(chosen: Filter) -> str:
    """One filter, as an address says it."""
    return msgspec.json.encode(every([chosen])).decode()


def _keyed(keys: list[str]) -> Filter:
    return _filter(f"data.{KEY}", "in_list", "String", keys)


def _filter(column: str, operator: str, type: str, value: Any) -> Filter:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": type, "value": value}
