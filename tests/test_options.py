"""Every option of every command is heard or refused: once, and where it has an effect."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from goldwire.cli import app

Call = Callable[..., Any]


def iter_commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    context = command.context_class(command)
    for name in command.list_commands(context):
        yield from iter_commands(command.get_command(context, name), (*path, name))


def iter_options() -> Iterator[Any]:
    """Every option that takes one value, each spelling by itself."""
    for path, command in iter_commands():
        for param in command.params:
            if param.param_type_name == "option" and not (param.multiple or param.is_flag or param.count):
                for spelling in param.opts:
                    yield pytest.param(path, spelling, id=" ".join([*path, spelling]))


def test_the_tree_of_commands_is_walked_to_its_leaves() -> None:
    paths = {path for path, _ in iter_commands()}
    assert {("demo",), ("eval", "score"), ("corpus", "ontology", "diff"), ("annotate", "push")} <= paths
    spelt = {" ".join(param.values[0]) + " " + param.values[1] for param in iter_options()}
    named = {"eval score --gold", "eval score --suite", "eval gate --baseline", "eval gate --policy"}
    assert named | {"corpus import --layer", "annotate import --config"} <= spelt


@pytest.mark.parametrize(("path", "option"), list(iter_options()))
def test_an_option_with_one_value_is_given_once(path: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(app, [*path, option, "1", f"{option}=2"])
    assert done.exit_code == 2
    assert f"{option} was given twice: 1, 2; give it once" in done.output


def test_each_of_more_than_two_is_named() -> None:
    done = CliRunner().invoke(app, ["eval", "score", "x", "--gold", "a", "--gold", "b", "--gold", "a"])
    assert "--gold was given 3 times: a, b, a; give it once" in done.output


def test_a_flag_may_be_given_twice_but_not_with_its_opposite() -> None:
    new = ["corpus", "new", "nowhere", "--from", "nothing.txt"]
    twice = CliRunner().invoke(app, [*new, "--boilerplate", "--boilerplate"])
    assert "nothing.txt: cannot be read" in str(twice.exception)  # so the flag was taken
    done = CliRunner().invoke(app, [*new, "--boilerplate", "--no-boilerplate"])
    assert done.exit_code == 2
    assert "--boilerplate and --no-boilerplate were both given; give one of them" in done.output


def test_what_looks_like_an_option_behind_two_dashes_is_none() -> None:
    done = CliRunner().invoke(app, ["eval", "suites", "--", "--json", "--json"])
    assert "--json" in str(done.exception)
    assert "twice" not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("corpus import x a.conll --layer y -o a=1 --option a=2", "--option a was given twice: 1, 2"),
        (
            "annotate import x e.json --annotator 1=anna --annotator 1=ben",
            "--annotator 1 was given twice: anna, ben",
        ),
        ("eval run x --system s=lexicon --option s.k=1 --option s.k=2", "--option s.k was given twice: 1, 2"),
        ("eval run x --system s=lexicon --labels s=a --labels s=b", "--labels s was given twice: a, b"),
    ],
)
def test_a_name_within_repeated_options_has_one_value(
    words: str, told: str, said_by: Call, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Rain fell.")
    said_by("corpus", "new", tmp_path / "x", "--from", tmp_path / "a.txt")
    said = said_by(*(tmp_path / word if word == "x" else word for word in words.split()))
    assert said.code == 2
    assert f"{told}; give it once" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("corpus new x --from a.txt --layer gold", "--layer has no effect without --format"),
        ("corpus new x --from a.txt -o a=1", "--option has no effect without --format"),
        (
            "corpus new x --from a.txt --format conll --encoding cp1252",
            "--encoding has no effect with --format conll",
        ),
        (
            "corpus new x --from a.txt --format conll --skip-duplicates",
            "--skip-duplicates has no effect with",
        ),
        (
            "corpus new x --from a.txt --format conll --boilerplate",
            "--boilerplate has no effect with --format conll",
        ),
        (
            "corpus import x --layer gold --library mazar-2021 --format conll",
            "--format has no effect with --library",
        ),
        ("corpus import x --layer gold --library mazar-2021 -o a=1", "--option has no effect with --library"),
        ("annotate import x e.json --same arrow", "--same has no effect without --config"),
        (
            "annotate import x e.json --entities a --triggers b",
            "--entities, --triggers have no effect without --config",
        ),
        ("annotate status x --every 5", "--every has no effect without --watch"),
        ("annotate push x --assign anna --overlap 0.2", "--overlap has no effect with one person"),
        ("annotate serve --stop --port 8080 --open", "--port, --open have no effect with --stop"),
        ("annotate serve x --status", "DIR has no effect with --status"),
        ("annotate serve --stop --status", "--status has no effect with --stop"),
        ("annotate serve --prefill gold", "--prefill has no effect without DIR"),
        ("eval gate r.json --baseline b.json --update --junit j.xml", "--junit has no effect with --update"),
        ("eval gate r.json --baseline b.json --update --json", "--json has no effect with --update"),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(words: str, told: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 2
    assert told in done.output
    assert "leave" in done.output
