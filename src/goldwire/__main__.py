"""The command `goldwire` and `python -m goldwire`: errors are told in a line, without a traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit 0 when all is well, 1 when a check failed, 2 when it could not judge."""
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


if __name__ == "__main__":
    main()
