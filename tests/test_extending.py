"""Extension points: docs/extending.md is followed literally, and what packages do wrong is contained."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from goldwire.corpora.errors import MeasureError
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.files import read_record
from goldwire.extensions import POINTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "extending.md"
PART = re.compile(
    r"^`(?P<file>[\w.]+)`[^\n]*:\n\n```\w+\n(?P<content>.*?)^```|^```sh\n(?P<sh>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
# By hand, distinct words by type. gold a: PER {ANNA, Tom}, LOC {BERN}; b: LOC {BERN, ROME}.
# mine a: LOC {ANNA, BERN}; b: LOC {BERN, ROME}.
# LOC: right 1 + 2, of mine 2 + 2, of gold 1 + 2. PER: right 0, of mine 0, of gold 2.
# All: right 3, mine 4, gold 5: F = 6/9. By type: LOC F = 6/7, PER F = 0: macro 3/7.
MICRO, MACRO = 6 / 9, 3 / 7


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")


def install(folder: Path, name: str, version: str, points: Mapping[str, Mapping[str, str]]) -> None:
    """What an installer leaves of a package whose modules lie in the folder."""
    for old in folder.glob(f"{name}-*.dist-info/*"):
        old.unlink()
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in named.items()))
    ]
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    write(info, {"METADATA": metadata, "entry_points.txt": "\n".join(lines)})


def goldwire(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder whose packages are installed."""
    return run(folder, "-m", "goldwire", *words)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python in a folder whose packages are installed."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder in which the page was followed, and what each command said."""
    folder, said = tmp_path_factory.mktemp("acme"), {}
    parts = [*PART.finditer(PAGE.read_text("utf-8"))]
    write(folder, {part["file"]: part["content"] for part in parts if part["file"]})
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    install(folder, project["name"], project["version"], project["entry-points"])
    for line in "".join(part["sh"] or "" for part in parts).splitlines():
        done = goldwire(folder, *line.split()[1:])
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        said[line] = done.stdout + done.stderr
    return folder, said


@pytest.mark.slow
def test_one_of_each_works_from_outside_as_the_page_says(followed: tuple[Path, dict[str, str]]) -> None:
    folder, said = followed
    record = read_record(folder / "work" / "records" / "measures.json")
    assert record.measures == ("acme:words", "acme:words,average=macro", "entity:span+type@exact")
    assert record.result("mine", "acme:words").value == pytest.approx(MICRO)
    assert record.result("mine", "acme:words,average=macro").value == pytest.approx(MACRO)
    assert set(record.result("mine", "acme:words").intervals) == {"precision", "recall", "f"}
    assert record.result("caps", "acme:words").value == 0  # at six letters or more there is nothing
    slides = (folder / "slides.md").read_text("utf-8")
    assert slides.startswith("# acme:words\n\n- mine: 0.667\n- caps: 0.000\n\n---\n\n")
    assert "# acme:words,average=macro\n\n- mine: 0.429\n" in slides
    assert "caps:TYPE" in said["goldwire eval systems"]
    told = said["goldwire eval measures acme:words"]
    assert "Distinct words of mentions by type, wherever they stand." in told
    assert "package acme@1.0" in told


def test_every_point_of_the_page_is_one_of_the_list_and_has_its_protocol() -> None:
    page = tomllib.loads(next(part["content"] for part in PART.finditer(PAGE.read_text("utf-8"))))
    assert set(page["project"]["entry-points"]) == {point.group for point in POINTS}
    for point in POINTS:
        module, _, name = point.protocol.partition(":")
        assert getattr(import_module(module), name).__doc__


def test_the_signature_of_a_measure_from_outside_names_its_package_and_no_other_does(
    followed: tuple[Path, dict[str, str]],
) -> None:
    record = read_record(followed[0] / "work" / "records" / "measures.json")
    assert "|package:acme@1.0|" in record.result("mine", "acme:words").signature
    assert "package:" not in record.result("mine", "entity:span+type@exact").signature


def test_measures_from_outside_are_listed_with_ours(followed: tuple[Path, dict[str, str]]) -> None:
    done = goldwire(followed[0], "eval", "measures")
    assert "TC  event:trigger+type@exact" in done.stdout
    assert "acme:words" in done.stdout


def test_the_gate_and_compare_judge_by_a_measure_from_outside(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder = followed[0]
    write(tmp_path, {"gate.toml": '[[rules]]\nmeasure = "acme:words"\nfloor = 0.6\n'})
    record, base = folder / "work" / "records" / "measures.json", tmp_path / "base.json"
    gate = ("eval", "gate", str(record), "--policy", str(tmp_path / "gate.toml"), "--baseline", str(base))
    assert goldwire(folder, *gate, "--update").returncode == 0
    done = goldwire(tmp_path, *gate)  # the package need not be installed where it is only judged
    assert done.returncode == 1, done.stderr
    assert re.search(r"pass +mine acme:words F1: 66\.7", done.stdout)
    assert re.search(r"FAIL +caps acme:words F1: 0\.0", done.stdout, re.IGNORECASE)


def test_a_record_is_shown_where_the_package_of_its_measure_is_not_installed(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    record = str(followed[0] / "work" / "records" / "measures.json")
    done = goldwire(tmp_path, "eval", "report", record, "--html", "page.html", "--markdown", "page.md")
    assert done.returncode == 0, done.stderr
    for page in ("page.html", "page.md"):
        assert "acme:words" in (tmp_path / page).read_text("utf-8")
    assert "a package that is not installed here" in (tmp_path / "page.html").read_text("utf-8")
    done = goldwire(tmp_path, "eval", "measures", "acme:words")
    assert (done.returncode, "no measure" in done.stderr) == (2, True)


def test_two_releases_of_a_measure_are_not_compared(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder = followed[0]
    points = {"goldwire.measures": {"words": "acme_words:count"}}
    write(tmp_path, {"acme_words.py": (folder / "acme_words.py").read_text("utf-8")})
    install(tmp_path, "acme", "1.1", points)
    score = ("eval", "score", str(folder / "work"), "--measure", "acme:words", "--name")
    assert goldwire(folder, *score, "old").returncode == 0
    assert goldwire(tmp_path, *score, "new").returncode == 0
    records = [str(folder / "work" / "records" / f"{name}.json") for name in ("old", "new")]
    done = goldwire(tmp_path, "eval", "compare", *records)
    assert done.returncode == 2
    assert "package of acme:words" in done.stderr
    assert "acme@1.0" in done.stderr
    assert "acme@1.1" in done.stderr


def test_blocks_that_two_releases_of_a_measure_counted_have_plans_of_different_names(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """So they cannot be added; a measure of ours has one plan, whatever is installed."""
    program = (
        "from pathlib import Path; from goldwire.corpora.store import open_corpus\n"
        "from goldwire.eval.scoring.score import make_plan\n"
        f"corpus = open_corpus(Path({str(followed[0] / 'work')!r}))\n"
        "print(*(make_plan(corpus, 'gold', ['mine'], [name]).digest for name in ('acme:words', 'entity')))"
    )
    write(tmp_path, {"acme_words.py": (followed[0] / "acme_words.py").read_text("utf-8")})
    install(tmp_path, "acme", "1.1", {"goldwire.measures": {"words": "acme_words:count"}})
    old, new = (run(folder, "-c", program).stdout.split() for folder in (followed[0], tmp_path))
    assert (old[0] != new[0], old[1] == new[1]) == (True, True)


FAULTY = {
    "raises": ("raise KeyError('x')", "a: raised KeyError: 'x'"),
    "ends": ("raise SystemExit(0)", "a: raised SystemExit: 0"),
    "nan": ("return {'': (float('nan'), 1, 0, 1)}", "a: gave '': system_hits nan; expected a number from 0"),
    "negative": ("return {'': (0, -1, 0, 1)}", "a: gave '': system -1; expected a number from 0"),
    "much": ("return {'': (2, 1, 1, 1)}", "a: gave '': 2 hits of 1 system units"),
    "three": ("return {'': (1, 1, 1)}", "a: gave '': (1, 1, 1); expected four numbers"),
    "words": ("return {'': ('one', 1, 1, 1)}", "expected four numbers"),
    "nothing": ("return None", "a: gave None; expected a dict of label to"),
    "labels": ("return {1: (1, 1, 1, 1)}", "a: gave the label 1; expected text"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_measure_is_told_with_its_documents_and_nothing_is_scored(
    followed: tuple[Path, dict[str, str]], tmp_path: Path, fault: str
) -> None:
    body, told = FAULTY[fault]
    write(tmp_path, {"faulty.py": f"def count(gold, system, text):\n    {body}\n"})
    install(tmp_path, "Faulty_Tools", "1", {"goldwire.measures": {"it": "faulty:count"}})
    work = followed[0] / "work"
    done = goldwire(
        tmp_path,
        "eval",
        "score",
        str(work),
        "--system",
        "mine",
        "--measure",
        "faulty-tools:it",
        "--name",
        fault,
    )
    assert done.returncode == 2
    assert "mine: faulty-tools:it cannot be counted, and nothing was scored" in done.stderr
    assert told in done.stderr
    assert len(re.findall(r"^  [ab]: ", done.stderr, re.MULTILINE)) == 2  # all faults at once
    assert "Traceback" not in done.stderr
    assert not (work / "records" / f"{fault}.json").exists()


def test_a_measure_that_cannot_be_loaded_stands_in_the_way_of_itself_alone(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    write(tmp_path, {"broken.py": "import nothing_of_this_name\n"})
    install(tmp_path, "broken", "1", {"goldwire.measures": {"it": "broken:count"}})
    done = goldwire(tmp_path, "eval", "measures")
    assert done.returncode == 0
    assert "cannot be loaded (broken:count of the package broken 1 raised ModuleNotFoundError" in done.stdout
    work = str(followed[0] / "work")
    done = goldwire(tmp_path, "eval", "score", work, "--measure", "broken:it", "--name", "broken")
    assert done.returncode == 2
    assert "No module named 'nothing_of_this_name'" in done.stderr
    done = goldwire(tmp_path, "eval", "score", work, "--measure", "broken:that", "--name", "broken")
    assert (done.returncode, "nearest: broken:it" in done.stderr) == (2, True)


def test_what_a_measure_prints_does_not_get_into_the_results(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    write(
        tmp_path,
        {"loud.py": "print('here')\ndef count(*_):\n    print('now')\n    return {'': (1, 1, 1, 1)}\n"},
    )
    install(tmp_path, "loud", "1", {"goldwire.measures": {"it": "loud:count"}})
    work = str(followed[0] / "work")
    done = goldwire(tmp_path, "eval", "score", work, "--measure", "loud:it", "--name", "loud", "--json")
    assert json.loads(done.stdout)["results"][0]["value"] == 1
    assert ("here" in done.stderr, "now" in done.stderr) == (True, True)


def test_a_package_whose_measures_cannot_be_named_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    """A package may be called as our units are, and an entry point may have any name but for `=`."""
    write(tmp_path, {"odd.py": "def count(*_):\n    return {}\n"})
    install(tmp_path, "entity", "1", {"goldwire.measures": {"it": "odd:count", "two words": "odd:count"}})
    install(tmp_path, "odd", "1", {"goldwire.measures": {"it": "odd:count"}})
    (tmp_path / "bare-1.dist-info").mkdir()  # whose metadata are gone
    write(tmp_path / "bare-1.dist-info", {"entry_points.txt": "[goldwire.measures]\nit = odd:count\n"})
    done = goldwire(tmp_path, "eval", "measures")
    assert done.returncode == 0, done.stderr
    assert "'entity:it' is no measure" in done.stdout
    assert "'entity:two words' is no measure" in done.stdout
    assert "package odd@1" in done.stdout
    assert "package unknown@unknown" in done.stdout


FORMS = {
    "halves": ("return '\\ud800'", "surrogates not allowed; nothing was written"),
    "raises": ("raise KeyError('x')", "form it: raised KeyError: 'x'; nothing was written"),
    "number": ("return 1", "form it gave int; expected str or bytes; nothing was written"),
}


@pytest.mark.parametrize("fault", FORMS)
def test_a_faulty_form_of_the_report_writes_nothing(
    followed: tuple[Path, dict[str, str]], tmp_path: Path, fault: str
) -> None:
    body, told = FORMS[fault]
    write(tmp_path, {"faulty.py": f"def render(report):\n    {body}\n"})
    install(tmp_path, "faulty", "1", {"goldwire.reports": {"it": "faulty:render"}})
    record = str(followed[0] / "work" / "records" / "measures.json")
    done = goldwire(tmp_path, "eval", "report", record, "--form", "it=out.txt")
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "out.txt").exists()
    done = goldwire(tmp_path, "eval", "report", record, "--form", "no=out.txt")
    assert (done.returncode, "no form 'no' of the report" in done.stderr) == (2, True)


def test_a_name_that_two_packages_give_is_refused_when_it_is_asked_for(
    followed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    for package in ("one", "two"):
        write(tmp_path, {f"{package}.py": "def render(report):\n    return ''\n"})
        install(tmp_path, package, "1", {"goldwire.reports": {"it": f"{package}:render"}})
    record = str(followed[0] / "work" / "records" / "measures.json")
    done = goldwire(tmp_path, "eval", "report", record, "--form", "it=out.txt")
    assert done.returncode == 2
    assert "more than once: one (one:render), two (two:render); uninstall one" in done.stderr


@pytest.mark.parametrize("form", ["acme:words", "acme:words,average=macro,beta=2.0", "acme:a.b-c_d"])
def test_a_measure_from_outside_parses_back_whether_its_package_is_there_or_not(form: str) -> None:
    assert str(parse(form)) == form
    assert parse(form).is_extension


def test_a_package_is_one_however_its_name_is_spelt() -> None:
    assert parse("Acme_Tools:words") == parse("acme-tools:words")


@pytest.mark.parametrize(
    "form", ["entity:span", "acme:words@exact", "acme:words,triggers=gold", "acme:", ":words"]
)
def test_what_is_neither_of_our_form_nor_a_package_and_a_name_is_no_measure(form: str) -> None:
    with pytest.raises(MeasureError):
        parse(form)
