"""What a page put around an article is marked with a reason; sentences of the article are left alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.boilerplate import find, iter_lines

BEFORE = "Rain stopped the market in Herat\n\nTraders packed up at noon on Sunday.\n"


def marked(text: str) -> list[tuple[str, str]]:
    return [(text[region.start : region.end], region.reason) for region in find(text)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (">> What the rain did to the harvest", "teaser"),
        ("» More on the flood", "teaser"),
        ("► Video of the flooded bridge", "teaser"),
        ("READ MORE: Bridge swept away in Ghor", "teaser"),
        ("Related: three lessons of the flood", "teaser"),
        ("Also read | Bread grows dearer", "teaser"),
        ("Don’t miss: our map of the valley", "teaser"),
        ("Related stories", "teaser"),
        ("This website uses cookies so that it works. You can refuse them. OK", "cookie notice"),
        ("We use cookies and ask for your consent.", "cookie notice"),
        ("We and our partners use tracking cookies on these pages", "cookie notice"),
        ("By continuing to use this site you accept our cookies.", "cookie notice"),
        ("Accept all cookies", "cookie notice"),
        ("Cookie settings", "cookie notice"),
        ("Sign up for our morning newsletter", "newsletter"),
        ("Subscribe to our channel for breaking alerts", "newsletter"),
        ("Get the best of the week in your inbox", "newsletter"),
        ("Subscribe now", "newsletter"),
        ("Follow us on any network you like", "social media"),
        ("Share this article", "social media"),
        ("ADVERTISEMENT", "advertisement"),
        ("Story continues below advertisement", "advertisement"),
        ("© 2024 Valley Courier", "copyright"),
        ("Copyright 2024 Valley Courier. All rights reserved.", "copyright"),
        ("(Reporting by Nadia Karimi in Herat; editing by Tom Lund)", "credit"),
        ("Additional reporting by Nadia Karimi", "credit"),
        ("Photo: Nadia Karimi/Valley Courier", "credit"),
        ("By Nadia Karimi", "byline"),
        ("By Nadia Karimi and Tom van der Lund, Valley Courier", "byline"),
        ("By Nadia Karimi | 4 May 2024", "byline"),
    ],
)
def test_line_of_the_page_is_marked_whole(line: str, reason: str) -> None:
    text = BEFORE + f"\n  {line} \nThe river fell again."
    assert marked(text) == [(line, reason)]


@pytest.mark.parametrize(
    "line",
    [
        "The regulator fined the company because its website uses cookies without consent.",
        "“We use cookies to track them,” the manager admitted.",
        "Children sold cookies at the gate.",
        "He told them to accept cookies and tea from nobody.",
        "By Friday Kabul Had Fallen",
        "By noon the governor had fled.",
        "By accepting the truce, the rebels lost the bridge.",
        "By Nadia Karimi’s account, nobody slept that night in the valley below the fort.",
        "Read more slowly, she told the clerk.",
        "Related attacks were reported in Balkh.",
        "Watch the road, the captain said.",
        "Subscribers to the paper waited for news.",
        "Follow us, the guide shouted.",
        "The contract says all prisoners keep their rights.",
        "Reporting by the ministry was late.",
        "> a line quoted from a letter",
        "»Wir gehen«, sagte der Mann.",
        "« Nous partons », dit-il.",
        "Copyright law was changed last year.",
        "Share prices fell after the attack on the port, and traders sold what they had in a hurry that day.",
        "Photographs of the bridge show three cars.",
        "Accept",
        "Read the letter: it names three commanders.",
    ],
)
def test_sentence_of_the_article_is_left_alone(line: str) -> None:
    assert marked(BEFORE + line + "\nThe river fell again.") == []


def test_byline_is_looked_for_below_the_headline_and_near_it() -> None:
    assert marked("By Nadia Karimi\nThe river rose.") == []
    far = "\n".join(["Headline", *(f"Sentence {n}." for n in range(4)), "By Nadia Karimi"])
    assert marked(far) == []


def test_buttons_below_a_cookie_notice_belong_to_it() -> None:
    text = BEFORE + "We use cookies.\n\nAccept\nRead more\nThe river fell.\nAccept"
    assert [part for part, reason in marked(text) if reason == "cookie notice"] == [
        "We use cookies.",
        "Accept",
        "Read more",
    ]
    assert marked(text)[-1][0] == "Read more"


def test_articles_have_exactly_their_teaser_and_cookie_notice(articles: Path) -> None:
    found = {
        path.name[:3]: [(r.start, r.end, r.reason) for r in find(path.read_bytes().decode())]
        for path in articles.glob("*.txt")
    }
    assert found == {"000": [(2536, 2626, "teaser"), (3238, 3375, "cookie notice")], "002": []}


def test_novels_hold_no_boilerplate(shared: Path) -> None:
    for path in (shared / "data/litbank/entities").glob("*.txt"):
        assert find(path.read_text(encoding="utf-8")) == ()


@given(st.text(max_size=80))
def test_lines_hold_all_that_is_visible(text: str) -> None:
    lines = list(iter_lines(text))
    assert all(text[start : start + len(line)] == line == line.strip() for start, line in lines)
    assert [part.strip() for part in text.split("\n") if part.strip()] == [line for _, line in lines]
