"""The page on which people decide: one HTML file that asks for nothing and runs no script but its own."""

from __future__ import annotations

from markupsafe import Markup

from goldwire import __version__
from goldwire.annotate.adjudicate.screen import Screen
from goldwire.corpora.garbage import no_collection
from goldwire.eval.report.html import BUDGET, COMMON, STYLE, environment, pack_all, policy, read_asset

TEMPLATE, OWN_STYLE, SCRIPT = "review.html.j2", "review.css", "review.js"


@no_collection()
def render(screen: Screen, corpus: str, *, budget: int = BUDGET) -> str:
    """The page; texts beyond the budget, in bytes, are left out, and the page says so."""
    style = read_asset(STYLE) + read_asset(OWN_STYLE)
    script = read_asset(COMMON) + read_asset(SCRIPT)
    packed = pack_all(screen.blocks, budget)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            corpus=corpus,
            to=screen.origin.to,
            page=screen.origin.page,
            goldwire=__version__,
            policy=policy(style, script),
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
            blocks=packed,
            left_out=sum(len(screen.blocks[name]) for name in screen.blocks.keys() - packed.keys()),
        )
    )
