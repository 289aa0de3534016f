"""Puts tasks behind those that people are to get first, by the scores of predictions that are there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from goldwire.annotate.exchange.tasks import MARKS
from goldwire.annotate.sync import api
from goldwire.annotate.sync.bulk import CONNECTIONS, MOST
from goldwire.annotate.sync.channel import Channel

LAST = 1.0  # the greatest score that there is; without any a task would come first


def put_behind(channel: Channel, project: int, tasks: Sequence[int]) -> None:
    """Give our predictions of tasks, by their ids, the score with which they come last; else they stay."""

    def put(id: int) -> None:
        api.update_prediction(channel.client, id, {"score": LAST})

    for start in range(0, len(tasks), MOST):
        some = tasks[start : start + MOST]
        idle = (task for task in api.whole_tasks(channel.client, project, some) if not task.worked)
        ids = [
            item["id"]
            for task in idle
            for item in task.predictions
            if item["model_version"] == MARKS and item.get("score") != LAST
        ]
        if ids:
            with ThreadPoolExecutor(CONNECTIONS) as pool:
                list(pool.map(put, ids))  # raises what a thread raised
        channel.progress(f"put behind the drawn ones: {start + len(some)} of {len(tasks)} task(s)")
