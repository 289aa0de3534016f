"""Systems by name: on the command line and in a team's file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import CorpusError, DataError, ExtractorError
from goldwire.eval.systems import config
from goldwire.eval.systems.spec import Spec, parse
from goldwire.eval.systems.watch import digests

MATRIX = """
timeout = 7
memory = "2 GB"

[systems.rules]
spec = "lexicon"

[systems.small]
spec = "spacy:en_core_web_sm"
labels = "maps/mine.toml"
timeout = 30
workers = 2

[systems.paper]
spec = "file:runs/paper.jsonl"
labels = "spacy"
memory = 1000000

[systems.gpt]
spec = "llm:a/b:free@https://host.example/v1"
options = { key = "SOME_KEY", price = { input = 1, output = 2 } }
"""


def test_a_file_names_systems_with_common_and_own_settings(tmp_path: Path) -> None:
    (tmp_path / "systems.toml").write_text(MATRIX)
    rules, small, paper, gpt = config.read(tmp_path / "systems.toml")
    assert (rules.name, str(rules.spec), rules.timeout, rules.memory) == (
        "rules",
        "lexicon",
        7,
        2_000_000_000,
    )
    assert (small.timeout, small.workers, small.labels) == (30, 2, str(tmp_path / "maps/mine.toml"))
    assert (paper.spec.target, paper.labels, paper.memory) == (
        str(tmp_path / "runs/paper.jsonl"),
        "spacy",
        10**6,
    )
    assert gpt.options["key"] == "SOME_KEY"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[systems.a]\nspec = 3", "Expected text"),
        ("[systems.a]\nspecs = 'x'", "unknown field `specs`|required field `spec`"),
        ("systems = 3", "Expected a table"),
        ("not toml [", ""),
        ("[systems.a]\nspec = 'lexicon'\nkey = 'sk-secret'", "unknown field `key`"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "systems.toml").write_text(text)
    with pytest.raises(DataError) as caught:
        config.read(tmp_path / "systems.toml")
    assert any(part in str(caught.value) for part in message.split("|"))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("lexicon", ExtractorError, "a system is NAME=SPEC"),
        ("a=", ExtractorError, "names no system"),
        ("a/b=lexicon", CorpusError, "'a/b' is no name of a system"),
        ("../x=lexicon", CorpusError, "'../x' is no name of a system"),
        ("=lexicon", CorpusError, "is no layer name"),
        ("a=https:", ExtractorError, "names no system"),
    ],
)
def test_a_text_that_is_no_system_is_refused(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        config.parse_system(text)


@pytest.mark.parametrize("line", ["timeout = 0", "memory = 0", "workers = -1"])
def test_limits_are_more_than_nothing(tmp_path: Path, line: str) -> None:
    (tmp_path / "s.toml").write_text(f"[systems.a]\nspec = 'lexicon'\n{line}")
    with pytest.raises(ExtractorError, match="is more than 0"):
        config.read(tmp_path / "s.toml")


def test_watched_files_and_failures_that_are_allowed_stand_in_the_file_for_all_or_one(tmp_path: Path) -> None:
    (tmp_path / "s[1]").mkdir()
    (tmp_path / "s[1]" / "model").write_text("")
    (tmp_path / "s[1]" / "s.toml").write_text(
        "allow_failures = '1%'\nwatch = ['m*']\n[systems.a]\nspec = 'lexicon'\n"
        "[systems.b]\nspec = 'lexicon'\nwatch = []\nallow_failures = 3"
    )
    a, b = config.read(tmp_path / "s[1]" / "s.toml")
    assert (a.allow_failures, b.allow_failures) == ("1%", 3)
    assert [Path(name).name for name in digests(a.watch)] == [
        "model"
    ]  # brackets of the folder are no pattern
    assert b.watch == ()


@pytest.mark.parametrize("text", ["-1", "101%", "some", "", "1.5", "5 of 40", "%"])
def test_failures_are_allowed_as_a_number_or_a_share(text: str) -> None:
    with pytest.raises(ExtractorError, match="a number of documents or a share"):
        config.allowed(text, 40)


@pytest.mark.parametrize(
    ("failures", "documents", "number"),
    [("7%", 100, 7), ("2.5%", 40, 1), ("2.4%", 40, 0), ("100%", 3, 3), ("0%", 40, 0), (50, 40, 50)],
)
def test_a_share_is_rounded_down_and_exact(failures: str | int, documents: int, number: int) -> None:
    """7 % of 100 is 7, where floating point has 7.000000000000001."""
    assert config.allowed(failures, documents) == number


def test_sizes_have_units() -> None:
    assert [config.parse_size(t) for t in ("5", "1KB", "1.5 MB", "2gb", "1 GiB")] == [
        5, 1000, 1_500_000, 2_000_000_000, 2**30,
    ]  # fmt: skip
    with pytest.raises(ExtractorError, match="no amount of memory"):
        config.parse_size("plenty")


kinds = st.from_regex(r"[A-Za-z][\w.\-]{0,10}", fullmatch=True).filter(lambda k: k not in ("http", "https"))
targets = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), max_size=20)


@given(kinds, targets)
def test_a_spec_is_what_its_text_says(kind: str, target: str) -> None:
    spec = Spec(kind, target)
    assert parse(str(spec)) == spec


@pytest.mark.parametrize("url", ["http://h/x", "https://h:8/x?y=z#w"])
def test_an_address_is_a_spec(url: str) -> None:
    assert parse(url) == Spec("http", url)
    assert str(parse(url)) == url
