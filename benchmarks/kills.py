"""A run of many documents that is killed again and again, against a model of ours: what is paid for twice.

Run: python benchmarks/kills.py --documents 2000 --kills 20. The server counts what it is asked; each request
beyond one a document was under way at a kill, and is told by the run at its end.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from goldwire.corpora.store import Manifest, create_corpus, make_document

ANSWER = {"mentions": [{"type": "GPE", "quote": "Herat", "occurrence": 1}], "events": []}
COST = 0.003  # of a document: 1000 tokens in at 1 a million, 200 out at 10


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    chosen = parser.parse_args()
    serving, asked = _server(), Counter[str]()

    def answer(request: Any) -> Any:
        asked[request.body["messages"][-1]["content"].split("Report ")[1].split(":")[0]] += 1
        message = {"role": "assistant", "content": json.dumps(ANSWER)}
        usage = {"prompt_tokens": 1000, "completion_tokens": 200}
        return serving.Reply({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    with tempfile.TemporaryDirectory() as folder, serving.serving(answer) as server:
        server.requests = _Forgetful()
        outcome = _run(Path(folder) / "c", f"{server.url}/v1", chosen)
    spent = outcome["spent"]
    print(f"{chosen.documents} documents, {chosen.kills} kills, {chosen.workers} workers")
    print(f"asked {asked.total()} times about {len(asked)} documents; {asked.total() - len(asked)} twice")
    print(f"answers {spent['answers']}, without an answer {spent.get('open', 0)}")
    print(f"paid {spent['cost']:.6g}; {COST * chosen.documents:.6g} if nothing is paid twice")


class _Forgetful(list[Any]):
    """Keeps nothing."""

    def append(self, _: Any) -> None:
        """Nothing."""


def _server() -> Any:
    """The server of the tests."""
    path = Path(__file__).resolve().parents[1] / "tests" / "serving.py"
    spec = importlib.util.spec_from_file_location("serving", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["serving"] = module
    spec.loader.exec_module(module)
    return module


def _run(folder: Path, url: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """The outcome of a run that was killed so many times before."""
    documents = [
        make_document(f"d{i}", f"Report {i}: rebels shelled Herat.") for i in range(chosen.documents)
    ]
    create_corpus(folder, Manifest(name="kills", ontology="conflict"), documents)
    command = [sys.executable, "-m", "goldwire", "eval", "run", str(folder), "--system", f"m=llm:x@{url}"]
    command += ["--option", "m.max_tokens=300", "--option", "m.price={ input = 1.0, output = 10.0 }"]
    command += ["--workers", str(chosen.workers), "--budget", str(2 * COST * chosen.documents), "--json"]
    chance = random.Random(0)
    for _ in range(chosen.kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(2.0, 5.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, check=False)
    (outcome,) = json.loads(done.stdout)
    found: dict[str, Any] = outcome
    return found


if __name__ == "__main__":
    main()
