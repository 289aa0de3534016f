"""The command `goldwire` and `python -m goldwire`: errors are told in a line, without a traceback."""

from __future__ import annotations

import gc
import os
import sys

# Objects made before the collector looks: code and corpora are many small ones that live to
# the end, and going through them over and over takes a fifth of the time of reading a corpus.
COLLECTED_AFTER = 100_000
POSIX = "Windows' own Python is not supported, for locks of files are those of POSIX: install goldwire in WSL"


def main() -> None:
    """Run the command line and exit: see `cli.ending` for the codes."""
    if os.name != "posix":
        sys.stderr.write(f"goldwire: {POSIX}\n")
        sys.exit(2)
    gc.set_threshold(COLLECTED_AFTER)
    # Tables of counts are long and narrow: with a second thread for their products, both mostly wait.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from goldwire.cli import app, ending, streams

    streams.prepare()
    code = ending.run(app)
    gc.freeze()  # the process ends: nothing is worth looking through once more
    sys.exit(code)


if __name__ == "__main__":
    main()
