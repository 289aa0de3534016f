"""Defaults of a project are those of the nearest pyproject.toml; the command line wins; faults are named."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from goldwire.cli import app, defaults
from goldwire.corpora import library
from goldwire.corpora.errors import CorpusError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a corpus and one system; the working directory is a folder inside."""
    library.copy("mazar-2021", tmp_path / "gold")
    (tmp_path / ".git").mkdir()
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    run = CliRunner().invoke(app, ["eval", "run", "../gold", "--system", "rules=lexicon"])
    assert run.exit_code == 0, run.output
    return tmp_path


def table(folder: Path, *lines: str) -> None:
    (folder / "pyproject.toml").write_text("\n".join(["[tool.goldwire]", *lines]))


def goldwire(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_corpus_suite_and_seed_need_not_be_typed_and_it_is_said_where_they_are_from(project: Path) -> None:
    table(project, 'corpus = "gold"', 'suite = "ace"', "seed = 7")
    done = goldwire("eval", "score", "-v")
    assert done.exit_code == 0, done.output
    for told in ("DIR ../gold", "--suite ace", "--seed 7"):
        assert f"{told}: from {project / 'pyproject.toml'}" in done.stderr
    assert (project / "gold" / "records" / "ace.json").is_file()
    assert "seed-7" in done.stdout
    assert "from" not in goldwire("eval", "score").stderr.partition("The record")[0]


def test_command_line_wins(project: Path) -> None:
    table(project, 'corpus = "nowhere"', 'suite = "ace"', "seed = 7")
    done = goldwire("eval", "score", "../gold", "--measure", "TC", "--seed", "8", "-v")
    assert done.exit_code == 0, done.output
    assert "seed-8" in done.stdout
    assert "pyproject.toml" not in done.stderr
    assert (project / "gold" / "records" / "measures.json").is_file()  # not of the suite


def test_file_that_a_default_names_lies_beside_the_pyproject(project: Path) -> None:
    fields = ("title", "definition", "counts", "source", "agrees")
    (project / "mine.toml").write_text(
        "".join(f'{name} = "Ours."\n' for name in fields) + 'measures = ["TC"]\n'
    )
    table(project, 'suite = "mine.toml"')
    done = goldwire("eval", "score", "../gold")
    assert done.exit_code == 0, done.output
    assert (project / "gold" / "records" / "mine.json").is_file()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["sead = 1"], "has 'sead', which is no default; nearest: seed"),
        (["seed = true"], "seed is True; expected a whole number from 0"),
        (["seed = -1"], "seed is -1; expected a whole number from 0"),
        (["corpus = 3"], "corpus is 3; expected text"),
        (['suite = ""'], "suite is ''; expected text"),
        (["seed = "], "cannot be read"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(project: Path, lines: list[str], told: str) -> None:
    table(project, *lines)
    done = goldwire("eval", "score", "../gold")
    assert isinstance(done.exception, CorpusError)
    assert str(done.exception).startswith(f"{project / 'pyproject.toml'}: ")
    assert told in str(done.exception)


def test_nothing_is_looked_for_above_the_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project / "inner"
    table(project, "seed = 7")
    assert defaults.find(inner) == project / "pyproject.toml"
    (inner / ".git").mkdir()
    assert defaults.find(inner) is None
    (inner / ".git").rmdir()
    monkeypatch.setenv("HOME", str(inner))
    assert defaults.find(inner) is None


def test_pyproject_of_other_tools_is_passed_over_whatever_is_in_it(project: Path) -> None:
    table(project, "seed = 7")
    (project / "inner" / "pyproject.toml").write_text("[tool.other\nbroken")
    assert defaults.find(project / "inner") == project / "pyproject.toml"


def test_splits_keep_the_seed_that_the_corpus_remembers(project: Path) -> None:
    assert goldwire("corpus", "split", "../gold", "--shares", "train=0.5,test=0.5").exit_code == 0
    table(project, "seed = 7")
    before = (project / "gold" / "corpus.toml").read_bytes()
    assert goldwire("corpus", "split", "../gold").exit_code == 0
    assert (project / "gold" / "corpus.toml").read_bytes() == before


def test_folder_that_is_gone_and_a_home_that_nobody_has_are_no_faults(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    table(project, "seed = 7")
    assert goldwire("eval", "score", "../gold", "-q").exit_code == 0
    (project / "inner").rmdir()
    assert goldwire("corpus", "validate", str(project / "gold"), "-q").exit_code == 0


def test_help_is_given_although_the_table_is_wrong(project: Path) -> None:
    table(project, "nonsense = 1")
    assert goldwire("eval", "score", "--help").exit_code == 0


# ---------------------------------------------------------------- patterns
def test_pattern_means_every_system_that_it_fits(project: Path) -> None:
    for name in ("lex-a", "lex-b"):
        assert goldwire("eval", "run", "../gold", "--system", f"{name}=lexicon").exit_code == 0
    done = goldwire("eval", "score", "../gold", "--system", "lex*", "--system", "lex-a", "--json")
    assert done.exit_code == 0, done.output
    assert '"lex-a"' in done.stdout
    assert '"lex-b"' in done.stdout
    assert '"rules"' not in done.stdout


def test_pattern_that_means_none_lists_what_there_is(project: Path) -> None:
    done = goldwire("eval", "score", "../gold", "--system", "lux*")
    assert str(done.exception).endswith("'lux*' means none; there are: rules")


# ---------------------------------------------------------------- -q, -v, -V
def test_quiet_says_nothing_but_the_result_and_errors(project: Path) -> None:
    for line in (["eval", "score", "../gold", "-q"], ["-q", "eval", "score", "../gold"]):
        done = goldwire(*line)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout
    assert "The record is" in goldwire("eval", "score", "../gold").stderr


def test_demo_is_as_quiet_as_it_is_told_and_none_of_a_project_s_business(project: Path) -> None:
    table(project, 'suite = "ace"', 'corpus = "nowhere"')
    done = goldwire("-q", "demo", "try")
    assert (done.exit_code, done.stderr) == (0, "")
    assert (project / "inner" / "try" / "report.html").is_file()


def test_quiet_and_verbose_exclude_each_other(project: Path) -> None:
    done = goldwire("-v", "eval", "score", "../gold", "-q")
    assert done.exit_code == 2
    assert "--quiet and --verbose exclude each other" in done.output
