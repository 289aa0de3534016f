"""Bytes chosen by coverage, with atheris (libFuzzer), for one reader; atheris is optional."""

import sys
from pathlib import Path

from fuzz.readers import READERS
from fuzz.run import Found, attempt, keep


def guide(name: str, seconds: float, work: Path) -> int:
    """Try the first file of each sample with other bytes, for so many seconds; what is found is kept."""
    try:
        import atheris
    except ImportError:
        print("--guided needs atheris: pip install atheris")
        return 2
    reader = READERS[name]
    samples = [(dict(sample), reader.files(sample)[0]) for sample in reader.seeds(name)]
    corpus = work / "corpus"
    corpus.mkdir()
    for number, (files, at) in enumerate(samples):
        (corpus / str(number)).write_bytes(bytes([number]) + files[at])
    tried, found = [0], set[str]()

    def one(data: bytes) -> None:
        tried[0] += 1
        files, at = samples[data[0] % len(samples)] if data else samples[0]
        files = {**files, at: data[1:]}
        what = attempt(name, files, at, work)
        if isinstance(what, Found) and what.key not in found:
            found.add(what.key)
            keep(name, files, at, what)
            print(f"{name}: {what.key}", flush=True)

    atheris.instrument_all()
    limits = [f"-max_total_time={int(seconds)}", "-rss_limit_mb=4096", "-print_final_stats=1", str(corpus)]
    atheris.Setup([sys.argv[0], *limits], one)
    atheris.Fuzz()
    return int(bool(found))
