"""How fast the CA provisions, on one core, beside what pyca alone needs for the same.

    python -m tools.bench_ca [--devices N] [--database URL] [--profile NAME] [--where DIR] [--tell]

Prints certificates a second, of wall time, of processor time, and of processor time in the quickest
batch, for keys made here and for signing requests, whose reading and checking counts. pyca alone:
read a request, check it, build, sign; the certificate is neither read back, checked, recorded nor
written. On a machine that others use, too, the quickest batch says what one core does.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca import (
    BATCH,
    Line,
    RecordStore,
    init_ca,
    make_ca,
    open_authority,
    provision,
    read_requests,
)
from rootlet.ca.provision import Row
from rootlet.maker import load_maker, starter_text
from rootlet.pki import (
    generate_key,
    issue_device,
    new_serial,
    require_profile_key,
    validity_from,
)
from rootlet.pki.keys import signing_hash
from rootlet.profile import load_profile

PASSPHRASE = b"six random words make it long"


class Laps:
    """Processor time of each batch: the quickest one is the one that nobody disturbed."""

    def __init__(self) -> None:
        self.quickest = float("inf")
        self._last: tuple[str, float] | None = None

    def __call__(self, what: str, done: int, of: int) -> None:
        """A batch begins."""
        now = time.process_time()
        if self._last is not None and self._last[0] == what:
            self.quickest = min(self.quickest, now - self._last[1])
        self._last = what, now


@contextmanager
def measured(name: str, count: int, *, tell: bool) -> Iterator[Laps]:
    """Print the rate of what is done inside, and where its time went."""
    profile = cProfile.Profile() if tell else None
    laps, wall, cpu = Laps(), time.monotonic(), time.process_time()
    if profile:
        profile.enable()
    yield laps
    if profile:
        profile.disable()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(
        f"{name:28}{count / wall:8.0f}{count / cpu:12.0f}{BATCH / laps.quickest:16.0f}", flush=True
    )
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(22)


def requests_in(folder: Path, profile_name: str, count: int) -> list[Row]:
    """A signing request for each device, as devices make them."""
    folder.mkdir()
    key = generate_key(load_profile(profile_name))
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    pem = builder.sign(key, signing_hash(key.public_key())).public_bytes(Encoding.PEM)
    for number in range(count):
        (folder / f"sensor-{number}.csr").write_bytes(pem)
    return [Row(number + 1, f"sensor-{number}", f"sensor-{number}.csr") for number in range(count)]


def pyca_alone(profile_name: str, pem: bytes, count: int, laps: Laps) -> None:
    """What is left when nothing is checked, recorded or written."""
    profile, now = load_profile(profile_name), datetime.now(UTC)
    made = make_ca("Example", profile, now=now)
    validity = validity_from(now, timedelta(days=30), profile=profile, within=None)
    for number in range(count):
        if number % BATCH == 0:
            laps("issued", number, count)
        request = x509.load_pem_x509_csr(pem)
        assert request.is_signature_valid
        issue_device(
            require_profile_key(request.public_key(), profile, what="the request"),
            f"sensor-{number}",
            validity,
            new_serial(os.urandom(16)),
            urn_prefix="urn:dev:os:32473-",
            issuing=made.issuing,
            issuing_key=made.issuing_key,
        )


def main(argv: list[str]) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--database", default="")
    parser.add_argument("--profile", default="c25519")
    parser.add_argument("--where", type=Path)
    parser.add_argument("--tell", action="store_true", help="where the time goes")
    wanted = parser.parse_args(argv)
    count, tell = wanted.devices, wanted.tell
    with tempfile.TemporaryDirectory(dir=wanted.where) as name:
        folder = Path(name)
        text = starter_text("Example", load_profile(wanted.profile))
        text = text.replace('database = ""', f'database = "{wanted.database}"')
        (folder / "rootlet.toml").write_text(text, encoding="utf-8")
        maker = load_maker(folder)
        init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
        rows = requests_in(folder / "csr", wanted.profile, count)
        print(f"{'certificates a second of':28}{'wall':>8}{'processor':>12}{'quickest 500':>16}")
        with measured("pyca alone, from requests", count, tell=False) as laps:
            pem = (folder / "csr/sensor-0.csr").read_bytes()
            pyca_alone(wanted.profile, pem, count, laps)
        with open_authority(maker, verify=None) as authority:
            records = authority.records
            assert isinstance(records, RecordStore)

            def run(source: Path | None, out: str, secret: bytes | None, laps: Laps) -> None:
                named = [
                    Row(row.line, f"{out}-{row.line}", row.request if source else "")
                    for row in rows
                ]
                read = Laps()
                requests, bad = read_requests(named, authority.policy, source, progress=read)
                assert not bad
                totals = provision(
                    authority,
                    records,
                    requests,
                    Line(folder / out, secret),
                    now=lambda: datetime.now(UTC),
                    progress=laps,
                )
                assert totals.issued == count
                laps.quickest += read.quickest

            with measured("keys made here", count, tell=tell) as laps:
                run(None, "keys", PASSPHRASE, laps)
            with measured("from requests", count, tell=tell) as laps:
                run(folder / "csr", "requests", None, laps)
            assert records.verify().problems == []
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
