"""Bytes chosen by coverage, with atheris (libFuzzer): `python tests/fuzz/guided.py READER SECONDS`.

atheris is optional, and installed by hand: `pip install atheris`.
"""

import sys
from pathlib import Path


def main() -> int:
    """Try the first file of each sample of a reader with other bytes; what is found is kept."""
    try:
        import atheris
    except ImportError:
        print("this needs atheris: pip install atheris")
        return 2
    sys.path.insert(0, str(Path(__file__).parents[1]))
    with atheris.instrument_imports(include=["goldwire"]):
        from fuzz.readers import READERS
        from fuzz.run import Found, attempt, keep, scratch
    name, seconds = sys.argv[1], int(sys.argv[2])
    reader = READERS[name]
    samples = [(dict(sample), reader.files(sample)[0]) for sample in reader.seeds(name)]

    with scratch() as work:
        (work / "corpus").mkdir()
        for number, (files, at) in enumerate(samples):
            (work / "corpus" / str(number)).write_bytes(bytes([number]) + files[at])

        def one(data: bytes) -> None:
            sample, at = samples[data[0] % len(samples)] if data else samples[0]
            files = {**sample, at: data[1:]}
            what = attempt(name, files, at, work)
            if isinstance(what, Found):
                print(f"{name}: {what.key} in {keep(name, files, at, what)}", flush=True)

        atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-timeout=0", str(work / "corpus")], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
