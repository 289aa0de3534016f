"""The command `goldwire` and `python -m goldwire`: errors are told in a line, without a traceback."""

from __future__ import annotations

import gc
import os
import sys

# Objects made before the collector looks: code and corpora are many small ones that live to
# the end, and going through them over and over takes a fifth of the time of reading a corpus.
COLLECTED_AFTER = 100_000


def main() -> None:
    """Run the command line; exit 0 when all is well, 1 when a check failed, 2 when it could not judge."""
    gc.set_threshold(COLLECTED_AFTER)
    # Tables of counts are long and narrow: with a second thread for their products, both mostly wait.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from goldwire.cli import app
    from goldwire.corpora.errors import GoldwireError

    try:
        app()
    except GoldwireError as error:
        sys.stderr.write(f"goldwire: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    finally:
        gc.freeze()  # the process ends: nothing is worth looking through once more


if __name__ == "__main__":
    main()
