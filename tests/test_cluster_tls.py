"""`--on tls://…`: a cluster whose connections are encrypted, by certificates that Dask is told of."""

import datetime
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A folder of Dask's configuration that names one certificate for all, made for this test."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certified")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cluster")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    own = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    tls = {"ca-file": own["cert"], "scheduler": own, "worker": own, "client": own}
    comm = {"require-encryption": True, "tls": tls}
    (folder / "dask.yaml").write_text(json.dumps({"distributed": {"comm": comm}}))
    return folder


@pytest.fixture(scope="module")
def port(certified, hosts_module):
    """A scheduler and a worker that speak nothing but TLS."""
    port = hosts_module.free_port()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, options), "--no-dashboard"],
            env={**os.environ, **hosts_module.QUIET, "DASK_CONFIG": str(certified)},
            cwd=certified,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for what, *options in (
            ("scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", port, "--no-show"),
            ("worker", f"tls://127.0.0.1:{port}", "--nthreads", "1", "--death-timeout", "60"),
        )
    ]
    yield port
    for process in started:
        hosts_module.end(process)


def test_a_score_over_tls_is_that_of_one_machine_and_without_certificates_is_refused(
    port, certified, hosts_module, tmp_path, program
):
    """One test, since starting a cluster takes longest."""
    assert program("demo", tmp_path / "demo").code == 0
    corpus = tmp_path / "demo" / "corpus"
    words = ("eval", "score", corpus, "--system", "lexicon", "--measure", "entity", "--replace")
    on = ("--on", f"tls://127.0.0.1:{port}")

    def scored():
        found = program(*words, *on, "--name", "there", DASK_CONFIG=str(certified))
        return found.code == 0

    hosts_module.until(scored, 120)  # scheduler and worker take a moment to be there
    assert program(*words, "--name", "here").code == 0
    here, there = (
        json.loads((corpus / "records" / f"{name}.json").read_text()) for name in ("here", "there")
    )
    assert {**here, "created": ""} == {**there, "created": ""}

    without = program(*words, *on, "--name", "without")
    assert (without.code, "Traceback" in without.err) == (2, False)
    assert "name the certificates in Dask's configuration" in without.err
    plain = program(*words, "--on", f"dask://127.0.0.1:{port}", "--name", "plain", DASK_CONFIG=str(certified))
    assert (plain.code, "Traceback" in plain.err) == (2, False)
    assert "write tls://" in plain.err
