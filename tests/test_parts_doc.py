"""docs/parts.md does what it says: what it gives to a scheduler is sound, and its loop makes the whole."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Self

import pytest
import yaml

PAGE = Path(__file__).parent.parent / "docs" / "parts.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def block(kind: str, word: str) -> str:
    """The one block of a kind that has a word in it."""
    [found] = [text for name, text in BLOCKS if name == kind and word in text]
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said_by: Any) -> Path:
    """A folder with a corpus `work`, a list of systems, and `goldwire` to be called."""
    monkeypatch.chdir(tmp_path)
    rows = [f'{{"id": "d{i}", "text": "Report {i}: rebels shelled Balkh."}}\n' for i in range(12)]
    Path("articles.jsonl").write_text("".join(rows))
    Path("systems.toml").write_text('[systems.rules]\nspec = "lexicon"\n')
    assert said_by("corpus", "new", "work", "--from", "articles.jsonl", "--ontology", "conflict")[0] == 0
    Path("bin").mkdir()
    Path("bin/goldwire").write_text(f'#!/bin/sh\nexec {sys.executable} -m goldwire "$@"\n')
    Path("bin/goldwire").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path


def bash(text: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    command = ["bash", "-e", "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def one_machine(said_by: Any) -> bytes:
    assert said_by("eval", "run", "work", "--systems", "systems.toml")[0] == 0
    layer = Path("work/layers/system/rules.jsonl")
    data = layer.read_bytes()
    layer.unlink()
    return data


@pytest.mark.slow
def test_the_loop_to_try_makes_what_one_machine_makes(here: Path, said_by: Any) -> None:
    alone = one_machine(said_by)
    bash(block("sh", "for k in"))
    assert Path("work/layers/system/rules.jsonl").read_bytes() == alone


@pytest.mark.slow
def test_the_job_array_gives_each_part(here: Path, said_by: Any) -> None:
    alone = one_machine(said_by)
    job = block("sh", "#SBATCH").replace("/shared/news", str(here)).replace("400", "3")
    assert "--array=1-3 " in job
    for number in (2, 3, 1):
        bash(job, SLURM_ARRAY_TASK_ID=str(number))
    [wrapped] = re.findall(r'--wrap "(.*?)"', block("sh", "sbatch --parsable"))
    bash(wrapped)
    assert Path("work/layers/system/rules.jsonl").read_bytes() == alone


def test_the_workflow_gives_each_part_of_so_many() -> None:
    flow = yaml.safe_load(block("yaml", "upload-artifact"))
    parts = flow["jobs"]["run"]["strategy"]["matrix"]["part"]
    [line] = [step["run"] for step in flow["jobs"]["run"]["steps"] if "--part" in step.get("run", "")]
    assert parts == list(range(1, len(parts) + 1))
    assert f"--part ${{{{ matrix.part }}}}/{len(parts)} " in line
    assert flow["jobs"]["merge"]["needs"] == "run"
    artifact = [step["with"] for step in flow["jobs"]["run"]["steps"] if "upload" in step.get("uses", "")]
    assert artifact == [{"name": "part-${{ matrix.part }}", "path": "parts"}]


class Operator:
    """Stands in for Airflow's: keeps what it is given."""

    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.made.append(given)

    partial = classmethod(lambda cls, **given: cls(**given))

    def expand(self, **more: Any) -> Self:
        self.given.update(more)
        return self

    def __rshift__(self, _: Any) -> None:
        pass


class Dag:
    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_the_dag_gives_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, values in {
        "airflow": {},
        "airflow.sdk": {"DAG": Dag},
        "airflow.providers": {},
        "airflow.providers.standard": {},
        "airflow.providers.standard.operators": {},
        "airflow.providers.standard.operators.bash": {"BashOperator": Operator},
    }.items():
        module = ModuleType(name)
        module.__dict__.update(values)
        monkeypatch.setitem(sys.modules, name, module)
    text = block("python", "BashOperator")
    exec(compile(ast.parse(text), "dag", "exec"), {})
    run, merge = Operator.made
    assert [command.split()[-1] for command in run["bash_command"]] == [f"{k}/400" for k in range(1, 401)]
    assert merge["bash_command"].endswith("goldwire eval merge parts/run --into work")


def test_what_the_page_lists_as_refused_is_refused(said_by: Any, tmp_path: Path) -> None:
    for option, value in (("--budget", "1"), ("--batch", str(tmp_path)), ("--save", "m.npz")):
        code, _, told = said_by(
            "eval", "run", str(tmp_path), "--system", "a=lexicon", "--part", "1/2", option, value
        )
        assert code == 2
        assert option in told
        assert "with --part" in told
