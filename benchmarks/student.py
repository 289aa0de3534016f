"""Write Student's quantiles, as scipy has them, for the tails that intervals and plans ask for.

python benchmarks/student.py
"""

from __future__ import annotations

import json

from scipy.special import stdtrit

from goldwire.eval.statistics import contrast, resample

# The upper end of intervals at 95 %, of which the lower one is the mirror image, and the power of a plan.
TAILS = ((1 + resample.LEVEL) / 2, contrast.POWER)


def main() -> None:
    freedom = range(1, resample.MANY)
    table = {tail: [float(stdtrit(degrees, tail)) for degrees in freedom] for tail in TAILS}
    lines = (f'"{tail}":{json.dumps(values, separators=(",", ":"))}' for tail, values in table.items())
    resample.QUANTILES.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
