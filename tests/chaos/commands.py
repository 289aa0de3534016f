"""The commands that write, each with the state that it begins from, and what may differ afterwards."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TITLE = "round"
WORDS = "Rebels shelled Balkh on Monday. The governor fled to Kabul."
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"<]*")
SPEED = re.compile(rb'"facts":\{.*?\},"allowed"')


@dataclass(frozen=True)
class Command:
    """A command line with `{}` for the folder of the trial; `before` says what is there when it begins.

    `around` changes the process before it runs: a server of its own, in files. `reads` are the folders that
    it makes of what it reads without the lock: another writer at the same time may be in them or not.
    `varies` are those that tell of speed. Of a long command only some `steps` are tried.
    """

    name: str
    words: Sequence[str]
    before: str = "full"
    around: Callable[[Path], None] | None = None
    reads: tuple[str, ...] = ()
    varies: tuple[str, ...] = ()
    steps: int | None = None

    def line(self, root: Path) -> list[str]:
        """The words for a trial."""
        return [word.format(root) for word in self.words]


# ---------------------------------------------------------------- what there is when commands begin
def make(root: Path, goldwire: Callable[[Sequence[str]], None]) -> dict[str, Path]:
    """The states, by name, each a folder to be copied."""
    empty, full = root / "empty", root / "full"
    empty.mkdir()
    _inputs(empty)
    shutil.copytree(empty, full)
    for line in _BEFORE:
        goldwire([word.format(full) for word in line])
    _people(full)
    goldwire(["annotate", "export", f"{full}/work", f"{full}/tasks.json", "--prefill", "gold"])
    _answers(full)
    pulled = root / "pulled"
    shutil.copytree(full, pulled)
    _withdraw(pulled)
    adjudicated = root / "adjudicated"
    shutil.copytree(full, adjudicated)
    _adjudicate(adjudicated)
    parted = root / "parted"
    shutil.copytree(full, parted)
    for number in (1, 2):
        goldwire(_PART.format(parted, number).split())
    answered = root / "answered"
    shutil.copytree(full, answered)
    _ask(answered)
    return {
        "empty": empty,
        "full": full,
        "pulled": pulled,
        "adjudicated": adjudicated,
        "parted": parted,
        "answered": answered,
    }


_BEFORE = [
    line.split()
    for line in (
        "corpus new {}/work --from {}/first.jsonl --split train=0.5,test=0.5",
        "corpus import {}/work {}/gold.jsonl --layer gold",
        "eval run {}/work --system a=lexicon",
        "eval score {}/work --name kept --measure entity --measure TI --trials 10",
        "eval score {}/work --measure entity --part 1/2 --parts {}/parts",
        "eval score {}/work --measure entity --part 2/2 --parts {}/parts",
        "eval doubts {}/work --gold gold --out {}/doubts.jsonl",
        "corpus pack {}/work {}/packed --parts 2",
        "eval gate {}/work/records/kept.json --baseline {}/ci/base.json --policy {}/policy.toml --update",
    )
]


_PART = "eval run {0}/work --system b=lexicon --part {1}/2 --parts {0}/parts"


def _inputs(folder: Path) -> None:
    for name, first, number in (("first", 0, 6), ("second", 20, 3), ("third", 40, 3)):
        rows = [
            {"id": f"d{n}", "text": f"Report {n * n}. {WORDS} {'Again. ' * n}"}
            for n in range(first, first + number)
        ]
        _write(folder / f"{name}.jsonl", rows)
    for name, label in (("gold", "GPE"), ("other", "MIL")):
        rows = []
        for n in range(6):
            at = len(f"Report {n * n}. ")
            misfit = {"type": label, "spans": [[0, 6]], "text": "report"}
            unit = {"type": label, "spans": [[at, at + 6]], "text": "Rebels"}
            rows.append({"document": f"d{n}", "mentions": [unit, misfit] if name == "other" else [unit]})
        _write(folder / f"{name}.jsonl", rows[:4] if name == "gold" else rows)
    (folder / "policy.toml").write_text(
        'title = "p"\n[[rules]]\nmeasure = "entity"\nfloor = 0.0\n', encoding="utf-8"
    )
    corrected = _article(1)["text"].replace("shelled Balkh", "have shelled Balkh")
    (folder / "corrected.txt").write_text(corrected, encoding="utf-8")
    from goldwire.corpora import ontology as ontologies

    source = Path(ontologies.__file__).parents[1] / "configs" / "ontologies" / "conflict.toml"
    text = source.read_text(encoding="utf-8")
    more = '\n[entities.RIVER]\ntitle = "River"\ndefinition = "A river."\nexample = "The [Amu] rose."\n'
    (folder / "wider.toml").write_text(text + more, encoding="utf-8")


def _article(n: int) -> dict[str, Any]:
    return {"id": f"d{n}", "text": f"Report {n * n}. {WORDS} {'Again. ' * n}"}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _people(root: Path) -> None:
    """Two annotators who differ."""
    gold = (root / "work/layers/gold.jsonl").read_text(encoding="utf-8")
    folder = root / "work/layers/annotator"
    folder.mkdir()
    (folder / "anna.jsonl").write_text(gold, encoding="utf-8")
    (folder / "ben.jsonl").write_text(gold.replace('"GPE"', '"MIL"', 2), encoding="utf-8")


def _answers(root: Path) -> None:
    """The tasks as a server has them when somebody has taken each prediction over, and one more."""
    tasks = json.loads((root / "tasks.json").read_text(encoding="utf-8"))
    for number, task in enumerate(tasks, start=1):
        results = [item["result"] for item in task.pop("predictions", [])] or [[]]
        task |= {"id": number, "drafts": [], "predictions": []}
        done = {"id": number, "completed_by": 1, "result": results[0], "was_cancelled": False}
        task["annotations"] = [{**done, "updated_at": "2026-01-02T03:04:05Z"}]
    (root / "answers.json").write_text(json.dumps(tasks), encoding="utf-8")


def _withdraw(root: Path) -> None:
    """All was pulled before; of the first task the answer is deleted since, and that of the second a skip."""
    lines = []
    for number, row in enumerate((root / "work/layers/gold.jsonl").read_text("utf-8").splitlines(), start=1):
        came = {"author": "cem", "tool": "label-studio", "details": {"task": number, "annotation": number}}
        lines.append({**json.loads(row), "provenance": came})
    _write(root / "work/layers/annotator/cem.jsonl", lines)
    known = {TITLE: {"annotator/cem": [line["document"] for line in lines]}}
    (root / "work/labelstudio").mkdir(exist_ok=True)
    (root / "work/labelstudio/pulled.json").write_text(json.dumps(known), encoding="utf-8")
    tasks = json.loads((root / "answers.json").read_text(encoding="utf-8"))
    tasks[0]["annotations"] = []
    tasks[1]["annotations"][0]["was_cancelled"] = True
    (root / "answers.json").write_text(json.dumps(tasks), encoding="utf-8")


def _adjudicate(root: Path) -> None:
    """The tasks of a project for adjudication, in each of which somebody has taken out the first region."""
    from goldwire.annotate.interface import labelconfig
    from goldwire.annotate.sync import remembered
    from goldwire.annotate.union import shown
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(root / "work")
    ontology = corpus.ontology()
    assert ontology is not None
    layers = {name: corpus.layer(name) for name in ("annotator/anna", "annotator/ben")}
    documents = [document for document in corpus.documents() if document.id in layers["annotator/anna"]]
    tasks = []
    for number, (id, union) in enumerate(shown.unions(layers, documents, ontology).items(), start=1):
        [task] = shown.encode(union, next(d for d in documents if d.id == id), layers, ontology).tasks
        [prediction] = task["predictions"]
        done = {"id": number, "completed_by": 1, "result": prediction["result"][1:], "was_cancelled": False}
        tasks.append({**task, "id": number, "annotations": [{**done, "updated_at": "2026-01-02T03:04:05Z"}]})
    (root / "answers.json").write_text(json.dumps(tasks), encoding="utf-8")
    settings = remembered.Settings(
        corpus="work", group=TITLE, title=TITLE, adjudicating=remembered.Adjudicating(to="adjudicated")
    )
    config = remembered.write(labelconfig.build(ontology, "graph", "en"), settings)
    (root / "project.json").write_text(json.dumps({"label_config": config}), encoding="utf-8")


# ---------------------------------------------------------------- a server in files
class _Client:
    url = "http://stand-in"
    timeout = 0.1

    def close(self) -> None:
        """Nothing is open."""


def _connect(root: Path) -> None:
    """Put a project in files in the place of a server; its fields are in `project.json` once they are set."""
    from contextlib import nullcontext

    import msgspec

    from goldwire.annotate.interface import labelconfig
    from goldwire.annotate.sync import api, link
    from goldwire.cli import migrate, push, sync, union
    from goldwire.corpora import ontology as ontologies

    config = labelconfig.build(ontologies.read("conflict"), "graph", "en")
    made = {"title": TITLE, "description": f"{link.MARK}stand-in", "created_at": "2026-01-01T00:00:00Z"}
    kept = root / "project.json"

    def fields() -> dict[str, Any]:
        said: dict[str, Any] = json.loads(kept.read_bytes()) if kept.exists() else {"label_config": config}
        return said

    def project(*_: Any, **__: Any) -> api.Project:
        return msgspec.convert({"id": 1, **made, **fields()}, api.Project)

    def update(_: Any, __: int, **new: Any) -> None:
        part = kept.with_suffix(".part")
        part.write_text(json.dumps({**fields(), **new}), encoding="utf-8")
        part.replace(kept)

    for command in (sync, push, migrate, union):
        _put(command, connect=lambda *_: nullcontext(_Client()))
    _put(link, find=project)
    _put(api, projects_like=lambda *_: [project()], project=project, find_project=project)
    _put(api, update_project=update)


def _put(module: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(module, name, value)


def pulling(root: Path) -> None:
    """A server that has what is in `answers.json`."""
    import msgspec

    from goldwire.annotate.sync import mirror, people

    def there(*_: Any, **__: Any) -> mirror.Mirror:
        found = mirror.Mirror()
        data = (root / "answers.json").read_bytes()
        found.take(msgspec.json.decode(data, type=list[msgspec.Raw]), whole=True)
        return found

    _connect(root)
    _put(mirror, refresh=there)
    _put(people, names=lambda *_: {"1": "cem"})


def deciding(root: Path) -> None:
    """The same server, which also tells what each task shows."""
    import msgspec

    from goldwire.annotate.sync import api

    def whole(*_: Any) -> list[api.Whole]:
        return msgspec.json.decode((root / "answers.json").read_bytes(), type=list[api.Whole])

    pulling(root)
    _put(api, whole_tasks=whole)


def pushing(root: Path) -> None:
    """A server that keeps each task that it is sent as a file in `server/`."""
    import msgspec

    from goldwire.annotate.exchange.tasks import KEY
    from goldwire.annotate.sync import api, mirror, sending

    server = root / "server"

    def listed() -> list[api.Listed]:
        files = enumerate(sorted(server.glob("*.json")), start=1)
        return [api.Listed(id=id, data=json.loads(file.read_bytes())["data"]) for id, file in files]

    def there(*_: Any, **__: Any) -> mirror.Mirror:
        found = mirror.Mirror()
        files = enumerate(sorted(server.glob("*.json")), start=1)
        tasks = ({"id": id, **json.loads(file.read_bytes())} for id, file in files)
        found.take([msgspec.Raw(msgspec.json.encode(task)) for task in tasks], whole=True)
        return found

    def take(_: Any, __: int, tasks: Sequence[bytes]) -> api.Imported:
        server.mkdir(exist_ok=True)
        for task in tasks:  # each under a number of its own, so that a second copy is seen
            file = server / f"{len([*server.glob('*.json')]):04}"
            file.write_bytes(bytes(task))
            file.rename(file.with_suffix(".json"))
        return api.Imported(task_ids=[])

    def find(_: Any, __: Any, keys: Sequence[str]) -> dict[str, list[api.Listed]]:
        found: dict[str, list[api.Listed]] = {}
        for task in listed():
            if task.data[KEY] in keys:
                found.setdefault(task.data[KEY], []).append(task)
        return found

    _connect(root)
    _put(mirror, refresh=there)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    _put(api, import_tasks=take, totals=lambda *_: (api.Totals(len(listed()), 0, 0), now))
    _put(api, tasks=lambda *_: listed())
    _put(sending.Sender, _find=find)


def local(root: Path) -> None:
    """A change of the ontology while no project is on the server: layers and manifest alone."""
    from goldwire.annotate.sync import pull

    _connect(root)
    _put(pull, folders_of=lambda *_: {})


# ---------------------------------------------------------------- a model whose answers are in files
def _ask(root: Path) -> None:
    """Have the requests of a matrix written and answered: nothing is found anywhere."""
    from typer.testing import CliRunner

    from goldwire.cli import app

    CliRunner().invoke(app, [word.format(root) for word in MATRIX.split()])
    message = {"content": '{"mentions": [], "events": []}'}
    body = {
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    }
    for file in [*(root / "batch").rglob("*.requests.jsonl")]:
        asked = [json.loads(line)["custom_id"] for line in file.read_text().splitlines()]
        answers = [
            {"custom_id": id, "response": {"status_code": 200, "body": body}, "error": None} for id in asked
        ]
        answered = file.with_name(f"{file.name.partition('.')[0]}.answers.jsonl")
        answered.write_text("".join(json.dumps(one) + "\n" for one in answers))


# ---------------------------------------------------------------- all of them
def _command(name: str, line: str, **how: Any) -> Command:
    return Command(name, line.split(), **how)


_MODELS = "m=llm:m@http://127.0.0.1:9/v1,n=llm:n@http://127.0.0.1:9/v1"
MATRIX = f"eval matrix {{}}/work --models {_MODELS} --runs 2 --batch {{}}/batch"
SCORE = "eval score {}/work --name kept --measure entity --measure TI --trials 10 --system"
REPORT = "eval report {}/work/records/kept.json --html {}/out/r.html --csv {}/out/csv --latex {}/out/t.tex"
GATE = "eval gate {}/work/records/kept.json --baseline {}/ci/base.json --policy {}/policy.toml --update"
COMMANDS = (
    _command("new", "corpus new {}/work --from {}/first.jsonl", before="empty"),
    _command("new other", "corpus new {}/work --from {}/second.jsonl", before="empty"),
    _command("demo", "demo {}", before="empty", varies=("corpus/records", "report.html"), steps=25),
    _command("add", "corpus add {}/work --from {}/second.jsonl"),
    _command("add more", "corpus add {}/work --from {}/third.jsonl"),
    _command("import", "corpus import {}/work {}/other.jsonl --layer system/x"),
    _command("import over", "corpus import {}/work {}/other.jsonl --layer gold --replace"),
    _command("set", "corpus set {}/work --licence CC0 --language de"),
    _command("set ontology", "corpus set {}/work --ontology {}/wider.toml"),
    _command("split", "corpus split {}/work --shares train=0.7,test=0.3 --seed 5"),
    _command("cover", "corpus cover {}/work --layer gold --documents all"),
    _command("sample", "corpus sample {}/work --name first --n 1 --gold none"),
    _command("correct", "corpus correct {}/work d1 --text {}/corrected.txt"),
    _command("export", "corpus export {}/work {}/brat --layer gold --format brat", reads=("brat",)),
    _command("pack", "corpus pack {}/work {}/again --parts 2", reads=("again",), steps=25),
    _command("unpack", "corpus unpack {}/packed {}/back", steps=25),
    _command("tasks", "annotate export {}/work {}/out/tasks.json", reads=("out",)),
    _command("annotate import", "annotate import {}/work {}/answers.json --annotator 1=dora"),
    _command("annotate import texts", "annotate import {}/work {}/tasks.json --add-texts"),
    _command("adjudicate", "annotate adjudicate {}/work --layers anna --layers ben --to agreed"),
    _command(
        "adjudicate push",
        f"annotate adjudicate {{}}/work --push --project {TITLE}",
        around=pushing,
        reads=("server", "project.json"),
    ),
    _command(
        "adjudicate pull",
        f"annotate adjudicate {{}}/work --pull --project {TITLE}",
        before="adjudicated",
        around=deciding,
    ),
    _command(
        "push", f"annotate push {{}}/work --project {TITLE}", around=pushing, reads=("server", "project.json")
    ),
    _command("pull", f"annotate pull {{}}/work --project {TITLE}", around=pulling),
    _command(
        "withdrawn",
        f"annotate pull {{}}/work --project {TITLE} --accept-withdrawn",
        before="pulled",
        around=pulling,
    ),
    _command("migrate", "annotate migrate {}/work --to {}/wider.toml", around=local),
    _command("run", "eval run {}/work --system b=lexicon"),
    _command("run part", _PART.format("{}", 1)),
    _command("merge runs", "eval merge {}/parts --into {}/work", before="parted"),
    _command("run file", "eval run {}/work --system c=file:{}/other.jsonl"),
    _command("matrix", MATRIX, before="answered", varies=("work/records",)),
    _command("score", f"{SCORE} a", reads=("work/records",)),
    _command("score other", f"{SCORE} annotator/ben", reads=("work/records",)),
    _command("score part", "eval score {}/work --part 2/3 --parts {}/out", reads=("out",)),
    _command("merge", "eval merge {}/parts --into {}/work", reads=("work/records",)),
    _command("doubts", "eval doubts {}/work --out {}/out/doubts.jsonl", reads=("out",)),
    _command("decisions", "eval decisions {}/work {}/doubts.jsonl --to gold-2"),
    _command("report", REPORT, reads=("out",)),
    _command("gate", GATE, reads=("ci",)),
)


def content(root: Path, leave_out: Sequence[str] = ()) -> dict[str, bytes]:
    """All files of a trial, hidden ones too; times and speeds masked, journals by name only.

    Of a part of a run only the lines of documents count, as the rest tells of speed.

    A lock's file may be left by a kill where the same command then only reads.
    """
    from goldwire.corpora.lock import NAME

    found = {}
    for file in sorted(root.rglob("*")):
        name = file.relative_to(root).as_posix()
        out = any(f"{name}/".startswith(f"{folder}/") for folder in leave_out)
        if not file.is_file() or file.name == NAME or out:
            continue
        told = name.endswith("journal.jsonl") or ("/runs/" in name and not name.endswith("quarantine.jsonl"))
        data = b"" if told else _rows(file) if file.suffix == ".part" else file.read_bytes()
        found[name] = SPEED.sub(b'"allowed"', TIME.sub(b"TIME", data)).replace(str(root).encode(), b"ROOT")
    return found


def _rows(path: Path) -> bytes:
    """The lines of documents in a part file of a run; all of it if it is unsound."""
    from goldwire.corpora.errors import GoldwireError
    from goldwire.eval.parts import file, run

    data = path.read_bytes()
    try:
        found = run.read_contents(file.check(path))
    except GoldwireError:
        return data
    return data[found.rows : found.seconds]
