"""Other people's systems in Python: by module, and as an installed package with an entry point."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.extractor import Context, identity, kinds
from goldwire.eval.systems.run import run_system
from goldwire.eval.systems.spec import parse

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-extractor"
version = "4.2"

[project.entry-points."goldwire.extractors"]
acme = "acme_extractor:Acme"
lexicon = "acme_extractor:Acme"
broken = "acme_extractor:Absent"

[tool.hatch.build.targets.wheel]
packages = ["acme_extractor"]
"""

CODE = """
class Acme:
    name = "Acme deluxe"
    version = "7"
    provides = {"mentions"}
    batch = 2

    def __init__(self, word="Kabul"):
        self.word = word

    def extract(self, documents):
        for document in documents:
            start = document.text.find(self.word)
            spans = [[start, start + len(self.word)]]
            yield {"mentions": [{"type": "GPE", "spans": spans}] if start >= 0 else []}
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [
        make_document(f"d{i}", f"{city} fell.") for i, city in enumerate(["Kabul", "Herat", "Kabul"])
    ]
    documents = [make_document(d.id, f"{d.text} {d.id}") for d in documents]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a package built here is installed."""
    source = tmp_path_factory.mktemp("acme")
    (source / "pyproject.toml").write_text(PYPROJECT)
    (source / "acme_extractor").mkdir()
    (source / "acme_extractor" / "__init__.py").write_text(CODE)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(source), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = source.glob("*.whl")
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:  # what installing a pure wheel does
        archive.extractall(folder)
    return folder


@pytest.fixture
def site(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("PYTHONPATH", str(installed))


def counts(corpus: Corpus, layer: str) -> list[int]:
    return [len(item.mentions) for item in corpus.layer(layer).values()]


@pytest.mark.usefixtures("site")
def test_an_installed_package_is_a_system_by_its_name(corpus: Corpus) -> None:
    facts = run_system(corpus, parse_system("x=acme"))
    assert (facts.name, facts.version, facts.provides) == ("Acme deluxe", "7", ["mentions"])
    assert counts(corpus, "system/x") == [1, 0, 1]


@pytest.mark.usefixtures("site")
def test_what_follows_its_name_is_its_argument(corpus: Corpus) -> None:
    run_system(corpus, parse_system("x=acme:Herat"))
    assert counts(corpus, "system/x") == [0, 1, 0]


@pytest.mark.usefixtures("site")
def test_it_is_listed_with_its_package() -> None:
    about = {kind["form"]: kind["about"] for kind in kinds()}
    assert about["acme[:ARGUMENT]"] == "acme_extractor:Acme, from acme-extractor"


@pytest.mark.usefixtures("site")
def test_it_cannot_take_the_name_of_a_kind_that_ships(corpus: Corpus) -> None:
    assert run_system(corpus, parse_system("x=lexicon")).name == "lexicon"


@pytest.mark.usefixtures("site")
def test_an_entry_point_that_leads_nowhere_is_said(corpus: Corpus) -> None:
    with pytest.raises(ExtractorError, match="broken: cannot be loaded"):
        run_system(corpus, parse_system("x=broken"))


def test_a_package_that_is_gone_is_no_system_any_more(corpus: Corpus) -> None:
    with pytest.raises(ExtractorError, match="no kind of system 'acme'"):
        run_system(corpus, parse_system("x=acme"))


@pytest.mark.parametrize("thing", ["extract", "Class", "thing", "made"])
def test_functions_classes_and_objects_are_systems(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thing: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shapes.py").write_text(
        """
def extract(document):
    start = document.text.find("Kabul")
    return {"mentions": [{"type": "GPE", "spans": [[0, 5]]}] if start == 0 else []}

class Class:
    def extract(self, documents):
        return [extract(document) for document in documents]

thing = Class()
made = lambda document: extract(document)
"""
    )
    assert run_system(corpus, parse_system(f"x=python:shapes:{thing}")).failed == {}
    assert counts(corpus, "system/x") == [1, 0, 1]


def test_annotations_of_goldwire_itself_are_an_output_too(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "typed.py").write_text(
        """
from goldwire.corpora.types import Annotations, Mention, Span

def extract(document):
    mention = Mention(id="m", type="GPE", spans=(Span(0, 5),))
    return Annotations(document=document.id, sha256=document.sha256, mentions=(mention,))
"""
    )
    run_system(corpus, parse_system("x=python:typed:extract"))
    assert counts(corpus, "system/x") == [1, 1, 1]


@pytest.mark.parametrize("thing", ["number", "Useless"])
def test_what_is_no_system_is_said(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thing: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text("number = 7\nclass Useless:\n    pass\n")
    with pytest.raises(ExtractorError, match="neither a function of a document nor an object with `extract`"):
        run_system(corpus, parse_system(f"x=python:bad:{thing}"))


def test_a_module_of_the_working_folder_hides_nothing_of_python(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "selectors.py").write_text("raise SystemExit('hidden')\n")
    (tmp_path / "json.py").write_text("raise SystemExit('hidden')\n")
    (tmp_path / "fine.py").write_text("def extract(document):\n    return {}\n")
    assert run_system(corpus, parse_system("x=python:fine:extract")).failed == {}
    assert json.dumps({}) == "{}"


def test_an_entry_point_is_its_release_and_where_it_lies_in_the_working_tree_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same package, once installed and once worked on: only the latter changes with its source."""
    for place in ("lib/site-packages", "src"):
        package = tmp_path / place / "acme_extractor"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("from acme_extractor.rules import Extractor")
        (package / "rules.py").write_text("class Extractor: ...")
        info = tmp_path / place / "acme_extractor-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-extractor\nVersion: 1.0\n")
        (info / "RECORD").write_text("acme_extractor/__init__.py,,\nacme_extractor/rules.py,,\n")
        points = "[goldwire.extractors]\nacme = acme_extractor:Extractor\n"
        (info / "entry_points.txt").write_text(points)
    monkeypatch.chdir(tmp_path)
    for place, changes in (("lib/site-packages", False), ("src", True)):
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(tmp_path / place))
            patch.setenv("PYTHONPATH", str(tmp_path / place))
            before = identity(parse("acme"), Context())
            (tmp_path / place / "acme_extractor" / "rules.py").write_text("class Extractor: batch = 2")
            assert (identity(parse("acme"), Context()) != before) is changes
            assert before[:4] == ["acme", "acme", "acme_extractor:Extractor", "1.0"]


def test_a_package_is_not_run_to_be_identified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loud").mkdir()
    (tmp_path / "loud" / "__init__.py").write_text("raise SystemExit('loaded')")
    (tmp_path / "loud" / "rules.py").write_text("")
    assert list(identity(parse("python:loud.rules:extract"), Context())[2]) == ["loud", "loud.rules"]


KIND = """
import msgspec
from goldwire.eval.systems.extractor import SystemKind, options

TOWNS = SystemKind(
    module="{module}", form="towns[:WORD]", about="one word", labels={{"conflict": "spacy"}}, needs=({needs}),
)


class Options(msgspec.Struct, forbid_unknown_fields=True):
    type: str = "GPE"


class Towns:
    name, version, provides = "towns", "1", frozenset({{"mentions"}})

    def __init__(self, word, type):
        self.word, self.type = word, type

    def extract(self, documents):
        for document in documents:
            at = document.text.find(self.word)
            spans = [[at, at + len(self.word)]]
            yield {{"mentions": [{{"type": self.type, "spans": spans}}] if at >= 0 else []}}


def load(target, context):
    return Towns(target or "Kabul", options(context, Options).type)


def identity(target, context):
    return [target, options(context, Options).type]
"""


def register(folder: Path, package: str, points: str, *, needs: str = "") -> None:
    """A package with a kind of system, as if it were packages in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{package}.py").write_text(KIND.format(module=package, needs=needs))
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which packages count as installed, here and in processes that are started."""
    folder = tmp_path / "packages"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    return folder


def test_a_kind_from_outside_has_options_and_an_identity(corpus: Corpus, packages: Path) -> None:
    register(packages, "towns_kind", "[goldwire.systems]\ntowns = towns_kind:TOWNS\n")
    told = next(kind for kind in kinds() if kind["form"] == "towns[:WORD]")
    assert (told["about"], told["options"], told["ready"]) == ("one word", {"type": "GPE"}, True)
    system = parse_system("t=towns:Herat")
    first = run_system(corpus, replace(system, options={"type": "LOC"}))
    assert first.failed == {}
    assert {m.type for line in corpus.layer("system/t").values() for m in line.mentions} <= {"LOC"}
    assert run_system(corpus, system).fingerprint != first.fingerprint
    with pytest.raises(ExtractorError, match="known are type"):
        run_system(corpus, replace(system, options={"colour": "red"}))


def test_a_kind_that_lacks_a_library_says_which(corpus: Corpus, packages: Path) -> None:
    register(
        packages, "bare_kind", "[goldwire.systems]\nbare = bare_kind:TOWNS\n", needs='"no_such_library",'
    )
    with pytest.raises(ExtractorError, match="`bare` needs no_such_library"):
        run_system(corpus, parse_system("t=bare"))
    assert not next(kind for kind in kinds() if kind["about"] == "one word")["ready"]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("odd = odd_kind:Options", "is no `goldwire.eval.systems.extractor.SystemKind`"),
        ("odd = odd_kind:ABSENT", "odd: cannot be loaded"),
    ],
)
def test_what_is_no_kind_is_told(packages: Path, points: str, said: str) -> None:
    register(packages, "odd_kind", f"[goldwire.systems]\n{points}\n")
    with pytest.raises(ExtractorError, match=said):
        identity(parse("odd"), Context())


def test_two_packages_with_one_name_are_refused_and_stop_nothing_else(packages: Path) -> None:
    points = "[goldwire.systems]\ntwin = first_kind:TOWNS\nlexicon = first_kind:TOWNS\n"
    register(packages, "first_kind", points)
    register(
        packages, "second_kind", "[goldwire.systems]\ntwin = second_kind:TOWNS\nodd = second_kind:ABSENT\n"
    )
    with pytest.raises(ExtractorError, match=r"more than once: first-kind \(.*\), second-kind"):
        identity(parse("twin"), Context())
    assert identity(parse("lexicon"), Context())[0] == "lexicon"  # ours stays ours
    told = {kind["form"]: kind["ready"] for kind in kinds()}
    assert (told["twin[:ARGUMENT]"], told["odd[:ARGUMENT]"]) == (False, False)
    assert told["lexicon[:NAME|FILE.toml]"]
