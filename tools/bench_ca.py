"""How fast the CA provisions, on one core, beside what pyca alone needs for the same.

    python -m tools.bench_ca [--devices N] [--database URL] [--profile NAME] [--where DIR] [--tell]

Prints certificates a second, of wall time, of processor time, and of processor time in the quickest
batch, for keys made here and for signing requests, whose reading and checking counts. pyca alone:
read a request, check it, build, sign; the certificate is neither read back, checked, recorded nor
written. It takes turns with what it is compared to, batch by batch: on a machine that others use,
too, the speed of a core may halve from one second to the next. The quickest batch says what an
undisturbed core does.

Exit code 1 where the quickest batch of keys made here is below the bar.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from rootlet.ca import (
    BATCH,
    Authority,
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
from rootlet.pki import generate_key, new_serial, signing_hash
from rootlet.pki.certificates import key_usage
from rootlet.profile import Profile, load_profile

PASSPHRASE = b"six random words make it long"


BAR = 2500
"""Certificates a second that a factory line is promised, where pyca alone signs some 4,600."""


class Clock:
    """Time that something took, batch by batch."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self.quickest = float("inf")
        """Processor time of the batch that nobody disturbed."""

    def start(self) -> None:
        """A batch begins."""
        self._begun = time.monotonic(), time.process_time()

    def stop(self) -> None:
        """It is done."""
        wall, cpu = time.monotonic() - self._begun[0], time.process_time() - self._begun[1]
        self.wall += wall
        self.cpu += cpu
        self.quickest = min(self.quickest, cpu)

    def __add__(self, other: Clock) -> Clock:
        """Of one thing after the other, for each batch."""
        both = Clock()
        both.wall, both.cpu = self.wall + other.wall, self.cpu + other.cpu
        both.quickest = self.quickest + other.quickest
        return both

    def line(self, name: str, count: int) -> str:
        """A line of the table."""
        wall, cpu, quickest = count / self.wall, count / self.cpu, BATCH / self.quickest
        return f"{name:28}{wall:8.0f}{cpu:12.0f}{quickest:16.0f}"


def requests_in(folder: Path, profile: Profile, count: int) -> list[Row]:
    """A signing request for each device, as devices make them."""
    folder.mkdir()
    key = generate_key(profile)
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    pem = builder.sign(key, signing_hash(key.public_key())).public_bytes(Encoding.PEM)
    for number in range(count):
        (folder / f"sensor-{number}.csr").write_bytes(pem)
    return [Row(number + 1, f"sensor-{number}", f"sensor-{number}.csr") for number in range(count)]


class PycaAlone:
    """What is left when nothing is checked, recorded or written, and pyca's builder builds."""

    def __init__(self, profile: Profile) -> None:
        self.now = datetime.now(UTC)
        key = generate_key(profile)
        builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
        self.pem = builder.sign(key, signing_hash(key.public_key())).public_bytes(Encoding.PEM)
        made = make_ca("Example", profile, now=self.now)
        self.key, self.issuer = made.issuing_key, made.issuing.subject
        self.hash = signing_hash(self.key.public_key())
        usual = (
            key_usage(signs_certificates=False),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
            x509.AuthorityKeyIdentifier(os.urandom(20), None, None),
        )
        self.usual = [x509.Extension(each.oid, False, each) for each in usual]
        self.clock, self.count = Clock(), 0

    def batch(self) -> None:
        """As many as a batch of the CA has."""
        self.clock.start()
        for number in range(BATCH):
            self._one(f"sensor-{number}")
        self.clock.stop()
        self.count += BATCH

    def _one(self, name: str) -> None:
        request = x509.load_pem_x509_csr(self.pem)
        assert request.is_signature_valid
        uri = x509.UniformResourceIdentifier(f"urn:dev:os:32473-{name}")
        names = x509.SubjectAlternativeName([uri])
        x509.CertificateBuilder(
            self.issuer,
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
            request.public_key(),
            new_serial(os.urandom(16)),
            self.now,
            self.now + timedelta(days=30),
            [*self.usual, x509.Extension(names.oid, False, names)],
        ).sign(self.key, self.hash).public_bytes(Encoding.DER)


class Turns:
    """A run's clock that stops at the end of each batch, where pyca has its turn."""

    def __init__(self, alone: PycaAlone) -> None:
        self.alone = alone
        self.clocks: dict[str, Clock] = {}
        self._running: Clock | None = None

    def __call__(self, what: str, _done: int, _of: int) -> None:
        """A batch begins."""
        self.stop()
        self.alone.batch()
        self._running = self.clocks.setdefault(what, Clock())
        self._running.start()

    def stop(self) -> None:
        """The last one is done."""
        if self._running is not None:
            self._running.stop()
            self._running = None


class Bench:
    """A maker whose CA provisions, and pyca beside it."""

    def __init__(self, folder: Path, authority: Authority, count: int, *, tell: bool) -> None:
        self.folder, self.authority, self.count, self.tell = folder, authority, count, tell
        self.rows = requests_in(folder / "csr", authority.profile, count)
        self.alone = PycaAlone(authority.profile)

    def run(self, name: str, source: Path | None, secret: bytes | None) -> Clock:
        """Provision, and print how fast that was, and where the time went."""
        out = name.partition(" ")[0]
        rows = [
            Row(row.line, f"{out}-{row.line}", row.request if source else "") for row in self.rows
        ]
        turns, profile = Turns(self.alone), cProfile.Profile() if self.tell else None
        if profile:
            profile.enable()
        authority, line = self.authority, Line(self.folder / out, secret)
        records = authority.records
        assert isinstance(records, RecordStore)
        requests, bad = read_requests(rows, authority.policy, source, progress=turns)
        turns.stop()
        assert not bad
        totals = provision(
            authority, records, requests, line, now=lambda: datetime.now(UTC), progress=turns
        )
        turns.stop()
        assert totals.issued == self.count
        clock = turns.clocks["checked"] + turns.clocks["issued"]
        print(clock.line(name, self.count), flush=True)
        if profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(22)
        return clock


def main(argv: list[str]) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--database", default="")
    parser.add_argument("--profile", default="c25519")
    parser.add_argument("--where", type=Path)
    parser.add_argument("--tell", action="store_true", help="where the time goes")
    wanted = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=wanted.where) as name:
        folder = Path(name)
        text = starter_text("Example", load_profile(wanted.profile))
        text = text.replace('database = ""', f'database = "{wanted.database}"')
        (folder / "rootlet.toml").write_text(text, encoding="utf-8")
        maker = load_maker(folder)
        init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
        print(f"{'certificates a second of':28}{'wall':>8}{'processor':>12}{'quickest 500':>16}")
        with open_authority(maker, verify=None) as authority:
            bench = Bench(folder, authority, wanted.devices, tell=wanted.tell)
            here = bench.run("keys made here", None, PASSPHRASE)
            bench.run("from requests", folder / "csr", None)
            records = authority.records
            assert isinstance(records, RecordStore)
            assert records.verify().problems == []
        print(bench.alone.clock.line("pyca alone, from requests", bench.alone.count))
    best = BATCH / here.quickest
    if best < BAR:
        print(f"below the bar: {best:.0f} of {BAR} a second", file=sys.stderr)
    return int(best < BAR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
