"""`goldwire eval`: run extractors, score them, compare them."""

from __future__ import annotations

from goldwire.cli import (
    agreement,
    compare,
    decisions,
    doubts,
    gate,
    judge,
    matrix,
    measures,
    merge,
    prompt,
    report,
    run,
    score,
    systems,
)
from goldwire.cli.options import App

app = App()


app.command("run")(run.run)
app.command("systems")(systems.systems)
app.command("prompt")(prompt.prompt)
app.command("matrix")(matrix.matrix)
app.command("score")(score.score)
app.command("merge")(merge.merge)
app.command("measures")(measures.measures)
app.command("suites")(measures.suites)
app.command("compare")(compare.compare)
app.command("agreement")(agreement.agreement)
app.command("judge")(judge.judge)
app.command("doubts")(doubts.doubts)
app.command("decisions")(decisions.decisions)
app.command("report")(report.report)
app.command("gate")(gate.gate)
