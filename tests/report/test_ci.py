"""Every example of docs/ci.md, gate.md, report.md and size.md, run in a real repository as CI would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import junitparser
import markdown_it
import pytest
import yaml

from goldwire.corpora import library
from goldwire.corpora.store import open_corpus, write_documents
from goldwire.eval.gate.policy import decode

pytestmark = pytest.mark.slow

# An extractor as a user would write it: word lists. `WORDS` is what commits change.
EXTRACTOR = """
import json, re, sys

MENTIONS = {"Taliban": "MIL", "Kabul": "GPE", "Mazar-i-Sharif": "GPE", "Afghan": "GPE", "Kunduz": "GPE"}
TRIGGERS = {WORDS}

def find(words, text):
    for word, label in words.items():
        for hit in re.finditer(rf"\\b{re.escape(word)}\\b", text):
            yield label, [[hit.start(), hit.end()]]

def extract(document):
    text = document["text"] if isinstance(document, dict) else document.text
    id = document["document"] if isinstance(document, dict) else document.id
    return {
        "document": id,
        "mentions": [{"type": label, "spans": spans} for label, spans in find(MENTIONS, text)],
        "events": [{"type": label, "trigger": spans} for label, spans in find(TRIGGERS, text)],
    }

if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(extract(json.loads(line))), flush=True)
"""
FOUND = {"took": "TakeTerritory", "captured": "TakeTerritory", "fell": "TakeTerritory", "fighting": "Attack",
         "attack": "Attack", "attacks": "Attack", "battle": "Attack", "shelling": "Attack", "fled": "Move",
         "killed": "Die", "flew": "Move", "withdrew": "Withdraw", "surrendered": "Surrender"}  # fmt: skip


def blocks(page: Path, language: str) -> list[str]:
    """The code of a page that is marked as of a language."""
    tokens = markdown_it.MarkdownIt().parse(page.read_text(encoding="utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info == language]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The environment with goldwire and python on the path, as after `pip install goldwire`."""
    return {
        **{key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip


class Repository:
    """A repository with a gold corpus, an extractor and a baseline."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder, env=self.environment | more,
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def change(self, words: dict[str, str], message: str) -> None:
        (self.folder / "extract.py").write_text(EXTRACTOR.replace("{WORDS}", json.dumps(words)))
        assert self.run(f"git add -A && git commit -q -m '{message}'").returncode == 0


@pytest.fixture(scope="module")
def original(tmp_path_factory, environment, root) -> Repository:
    """The repository of docs/ci.md, made by its own commands."""
    folder = tmp_path_factory.mktemp("repository")
    library.copy("mazar-2021", folder / "gold")
    page = root / "docs" / "ci.md"
    [systems, settings], [ignored] = blocks(page, "toml"), blocks(page, "gitignore")
    (folder / "pyproject.toml").write_text(settings)
    (folder / "systems.toml").write_text(systems)
    (folder / ".gitignore").write_text(ignored)
    repository = Repository(folder, environment)
    assert repository.run("git init -q").returncode == 0
    repository.change(FOUND, "Add an extractor")
    made = repository.run(blocks(page, "sh")[0])
    assert made.returncode == 0, made.stderr
    assert "mine TC: none -> " in made.stdout
    assert repository.run("git commit -q -m 'Add the baseline'").returncode == 0
    tracked = repository.run("git ls-files").stdout.split()
    assert "baseline.json" in tracked
    assert not [name for name in tracked if name.startswith(("gold/records", "gold/layers/system"))]
    return repository


@pytest.fixture
def repository(original: Repository, tmp_path: Path, environment: dict[str, str]) -> Repository:
    """A clone of it: what is ignored is not there, as in CI."""
    subprocess.run(["git", "clone", "-q", original.folder, tmp_path / "clone"], check=True, env=environment)
    return Repository(tmp_path / "clone", environment)


def fewer(*dropped: str) -> dict[str, str]:
    return {word: label for word, label in FOUND.items() if word not in dropped}


# ---------------------------------------------------------------- the shell, as on any server
@pytest.fixture
def script(root) -> str:
    return blocks(root / "docs" / "ci.md", "sh")[1]


def test_the_same_build_passes(repository, script):
    run = repository.run(script)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "The gate is open" in run.stdout
    assert (repository.folder / "report.html").stat().st_size > 100_000
    assert (repository.folder / "gate.md").read_text().startswith("### The gate is open")


def test_a_bad_commit_fails_and_the_message_says_what_broke(repository, script):
    repository.change(fewer("fighting", "attack", "attacks", "battle", "shelling", "took"), "Tidy the words")
    run = repository.run(script)
    assert run.returncode == 1, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("fail  mine TC F1: "))
    before, now, change = re.search(r"F1: (\S+) -> (\S+) \(−(\S+)\)", lines[at]).groups()
    assert float(before) - float(now) == pytest.approx(float(change), abs=0.11)
    assert "lost most in Attack" in lines[at + 1]
    texts = {document.id: document.text for document in open_corpus(repository.folder / "gold").documents()}
    for line in lines[at + 2 : at + 5]:
        id, surface = re.fullmatch(r"\s+(\S+): …[^\[]*\[([^\]]+)\].*: missed now", line).groups()
        assert surface in {"fighting", "attack", "attacks", "battle", "shelling", "took"}
        assert surface in texts[id]
    failed = [
        c
        for suite in junitparser.JUnitXml.fromfile(repository.folder / "gate.xml")
        for c in suite
        if c.result
    ]
    assert any("TC" in case.name for case in failed)


def test_a_good_commit_passes(repository, script):
    repository.change({**FOUND, "seized": "TakeTerritory", "clashes": "Attack"}, "Find more")
    run = repository.run(script)
    assert run.returncode == 0, run.stdout + run.stderr


def test_another_corpus_cannot_be_judged(repository, script):
    gold = open_corpus(repository.folder / "gold")
    documents = gold.documents()
    layer = [item for item in gold.layer("gold").values() if item.document != documents[0].id]
    gold.write_layer("gold", layer)
    write_documents(gold, documents[1:])
    run = repository.run(script)
    assert run.returncode == 2, run.stdout + run.stderr
    assert "could not judge" in run.stderr
    told = f"documents: the baseline has 18 ({documents[0].id} only there), the record has 17"
    assert told in run.stderr
    assert "Traceback" not in run.stderr


def test_another_policy_cannot_be_judged(repository, script):
    run = repository.run(script.replace("--junit", "--policy floors --junit"))
    assert run.returncode == 2
    assert "policy of the gate" in run.stderr


def test_no_baseline_says_how_to_get_one(repository, script):
    (repository.folder / "baseline.json").unlink()
    run = repository.run(script)
    assert run.returncode == 2
    assert "--update" in run.stderr


# ---------------------------------------------------------------- GitLab
def test_the_gitlab_job_runs(repository, root):
    job = yaml.safe_load(blocks(root / "docs" / "ci.md", "yaml")[1])["gate"]
    # What it installs is known here by another name: the project has no published address.
    assert job["before_script"][-1].endswith("/opt/goldwire -c /opt/goldwire/constraints.txt")
    for line in job["script"]:
        run = repository.run(line)
        assert run.returncode == 0, run.stderr
    for path in [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]:
        assert (repository.folder / path).is_file()


# ---------------------------------------------------------------- the GitHub Action
def resolve(text: str, values: dict[str, str]) -> str:
    """`${{ a || b }}`, as far as the action uses expressions."""

    def value(found: re.Match[str]) -> str:
        names = [name.strip() for name in found[1].split("||")]
        return next((values[name] for name in names if values[name]), "")

    return re.sub(r"\$\{\{(.+?)\}\}", value, text)


def steps_of(root: Path) -> tuple[list[dict[str, object]], dict[str, str]]:
    """The steps of the action, and the values of its expressions for the workflow of docs/ci.md."""
    action = yaml.safe_load((root / "action.yml").read_text())
    workflow = yaml.safe_load(blocks(root / "docs" / "ci.md", "yaml")[0])
    [used] = [s for s in workflow["jobs"]["gate"]["steps"] if s["uses"].startswith("OWNER/goldwire@")]
    assert set(used["with"]) <= set(action["inputs"])
    required = {name for name, item in action["inputs"].items() if item.get("required")}
    assert required <= set(used["with"])
    given = {name: str(item.get("default", "")) for name, item in action["inputs"].items()} | used["with"]
    values = {f"inputs.{name}": value for name, value in given.items()}
    return action["runs"]["steps"], values | {"github.action_path": str(root)}


def run_action(repository: Repository, root: Path, summary: Path) -> list[subprocess.CompletedProcess[str]]:
    steps, values = steps_of(root)
    done = []
    for step in steps:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script could be a command"
        variables = {name: resolve(text, values) for name, text in step["env"].items()}
        if "pip install" in step["run"]:
            assert variables["PACKAGE"] == str(root)
            assert Path(variables["CONSTRAINTS"]).is_file()
            assert '--constraint "$CONSTRAINTS"' in step["run"]
            continue
        done.append(repository.run(step["run"], **variables, GITHUB_STEP_SUMMARY=str(summary)))
        if done[-1].returncode:
            break
    return done


def test_the_action_passes_and_writes_its_summary(repository, root, tmp_path):
    done = run_action(repository, root, tmp_path / "summary.md")
    assert [run.returncode for run in done] == [0, 0, 0, 0], done[-1].stderr
    assert "The gate is open" in (tmp_path / "summary.md").read_text()
    assert (repository.folder / "goldwire-report.html").is_file()
    assert (repository.folder / "goldwire-gate.xml").is_file()


def test_the_action_annotates_a_bad_commit(repository, root, tmp_path):
    repository.change(fewer("fighting", "attack", "attacks", "battle", "took", "fell"), "Tidy the words")
    done = run_action(repository, root, tmp_path / "summary.md")
    assert done[-1].returncode == 1
    assert "::error title=mine TC::" in done[-1].stdout
    assert "❌" in (tmp_path / "summary.md").read_text()


# ---------------------------------------------------------------- pre-commit
def hooks_of(root: Path) -> dict[str, str]:
    """The command of each hook, as the configuration in docs/ci.md has it run."""
    manifest = {hook["id"]: hook for hook in yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())}
    [repo] = yaml.safe_load(blocks(root / "docs" / "ci.md", "yaml")[2])["repos"]
    return {hook["id"]: " ".join([manifest[hook["id"]]["entry"], *hook["args"]]) for hook in repo["hooks"]}


def test_hooks_run_whatever_was_changed(root):
    for hook in yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text()):
        assert hook["always_run"] is True
        assert not {"files", "types", "exclude"} & hook.keys()


def test_the_hook_stops_a_commit_of_a_broken_corpus(repository, root):
    hook = repository.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {hooks_of(root)['goldwire-validate']}\n")
    hook.chmod(0o755)
    assert repository.run("git commit -q --allow-empty -m sound").returncode == 0
    layer = repository.folder / "gold" / "layers" / "gold.jsonl"
    layer.write_text(layer.read_text().replace('"type":"GPE"', '"type":"NONSENSE"', 1))
    stopped = repository.run("git commit -q -a -m broken")
    assert stopped.returncode == 1
    assert "NONSENSE" in stopped.stdout + stopped.stderr


def test_the_gate_hook_judges_the_record_at_hand(repository, root, script):
    command = hooks_of(root)["goldwire-gate"]
    assert repository.run(command).returncode == 2  # no record yet
    assert repository.run(script).returncode == 0
    assert repository.run(command).returncode == 0


# ---------------------------------------------------------------- pytest
@pytest.fixture
def project(repository, root) -> Repository:
    """The repository with the test of docs/ci.md and a baseline that the plugin wrote."""
    [example] = blocks(root / "docs" / "ci.md", "python")
    tests = repository.folder / "tests"
    tests.mkdir()
    (tests / "test_extractor.py").write_text(example)
    first = repository.run("pytest -q --goldwire-update tests")
    assert first.returncode == 0, first.stdout + first.stderr
    assert (tests / "baseline.json").is_file()
    return repository


def test_the_plugin_passes_an_equal_build(project):
    run = project.run("pytest -q tests")
    assert run.returncode == 0, run.stdout


def test_the_plugin_fails_a_worse_build_with_a_message_that_can_be_read(project):
    project.change(fewer("fighting", "attack", "attacks", "battle", "fled"), "Tidy the words")
    run = project.run("pytest -q tests")
    assert run.returncode == 1
    assert "The gate is shut: this build is worse." in run.stdout
    assert re.search(r"fail  extractor TC F1: \S+ -> \S+ \(−", run.stdout)
    assert "missed now" in run.stdout
    assert "Traceback" not in run.stdout


def test_the_plugin_costs_nothing_where_it_is_not_used(tmp_path, environment):
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    assert not {'numpy', 'polars', 'msgspec', 'sklearn'} & set(sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "test_nothing.py"],
        cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout


# ---------------------------------------------------------------- the other pages
def test_the_policy_in_the_docs_can_be_read(root):
    [example] = blocks(root / "docs" / "gate.md", "toml")
    policy = decode(example)
    assert len(policy.rules) == len(tomllib.loads(example)["rules"]) == 5
    assert [limit for rule in policy.rules for limit in rule.limits()] == [
        ("margin", 0.02), ("drop", 0.1), ("floor", 0.3), ("relative", 0.2), ("ceiling", 0.01)
    ]  # fmt: skip


@pytest.mark.parametrize("page", ["report.md", "gate.md", "size.md"])
def test_the_commands_of_the_page_run(root, page, scored, tmp_path, environment):
    shutil.copytree(scored, tmp_path / "work")
    shutil.copy(scored / "records" / "default.json", tmp_path / "work" / "records" / "now.json")
    commands = blocks(root / "docs" / page, "sh")
    assert commands
    # The baseline is written before it is read, whatever the order of the page.
    for command in sorted(commands, key=lambda text: "--update" not in text):
        run = Repository(tmp_path, environment).run(command)
        assert run.returncode == 0, run.stderr
        assert run.stdout or run.stderr


def test_the_workflow_grants_no_more_than_reading(root):
    workflow = yaml.safe_load(blocks(root / "docs" / "ci.md", "yaml")[0])
    assert workflow["permissions"] == {"contents": "read"}
