"""Devices at a real nginx while the CA changes: rotated, succeeded, revoked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.ca import (
    Conditions,
    RevocationStore,
    RootAccess,
    issued_folder,
    open_records,
    promote_successor,
    rotate_issuing,
    write_crls,
)
from rootlet.maker import Maker
from rootlet.pki import Kind, Reason
from rootlet.profile import PROFILE_NAMES
from rootlet.servers import ClientAuth
from support.commands import Run
from support.makers import PASSPHRASE, deliver_device, deliver_server, made_maker
from support.nginx import NAME, Live, started
from support.processes import LOOPBACK

WAIT_SECONDS = 20.0
LET_IN, TURNED_AWAY = "HTTP/1.1 200", "400 The SSL certificate error"


@dataclass(frozen=True)
class Fleet:
    """A maker with devices, an nginx that checks CRLs, and what the maker does."""

    live: Live

    @property
    def maker(self) -> Maker:
        return self.live.maker

    def device(self, name: str) -> Path:
        """A new device's files."""
        deliver_device(self.maker, name)
        return issued_folder(self.maker.folder, Kind.DEVICE, name)

    def hold(self, ceremony: Callable[[Maker, Conditions], object]) -> None:
        access = RootAccess.by_passphrase(PASSPHRASE)
        place = self.maker.folder / "root"
        ceremony(self.maker, Conditions(access, place, datetime.now(UTC)))
        deliver_server(self.maker, NAME)

    def revoke(self, name: str) -> None:
        now = datetime.now(UTC)
        with open_records(self.maker) as records:
            serials = [record.serial for record in records.named(name)]
            assert serials
            RevocationStore(records).add(serials, Reason.KEY_COMPROMISE, now)

    def lists(self, *, now: datetime | None = None) -> None:
        with open_records(self.maker) as records:
            write_crls(self.maker, records, now=now or datetime.now(UTC))

    def becomes(self, device: Path, answer: str) -> None:
        """After a reload, which nginx does while it goes on, the device is answered this."""
        deadline = time.monotonic() + WAIT_SECONDS
        while answer not in (said := self.live.ask(identity=device)):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)


@pytest.fixture(scope="module", params=PROFILE_NAMES)
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, application: str
) -> Iterator[Fleet]:
    maker = made_maker(tmp_path_factory.mktemp("fleet") / "mine", request.param)
    deliver_server(maker, NAME)
    with open_records(maker) as records:
        write_crls(maker, records, now=datetime.now(UTC))
    with started(maker, application, ClientAuth.REQUIRED) as live:
        yield Fleet(live)


def test_a_revoked_device_is_turned_away_and_no_other(fleet: Fleet) -> None:
    assert "ssl_crl" in fleet.live.config.read_text(encoding="utf-8")
    good, bad = fleet.device("good-1"), fleet.device("bad-1")
    assert LET_IN in fleet.live.ask(identity=good)
    assert LET_IN in fleet.live.ask(identity=bad)
    fleet.revoke("bad-1")
    fleet.lists()
    fleet.live.reload()
    fleet.becomes(bad, TURNED_AWAY)
    assert LET_IN in fleet.live.ask(identity=good)


def test_devices_of_old_and_new_issuing_cas_and_roots_go_on(fleet: Fleet, run: Run) -> None:
    """Each CA in the path needs its own list; one revoked below each issuing CA stays out."""
    first, first_bad = fleet.device("first"), fleet.device("first-bad")
    root = fleet.maker.folder / "old-root.pem"
    root.write_bytes((fleet.maker.folder / "ca/root.pem").read_bytes())
    fleet.hold(rotate_issuing)
    second, second_bad = fleet.device("second"), fleet.device("second-bad")
    fleet.live.reload()
    fleet.becomes(second, LET_IN)
    assert LET_IN in fleet.live.ask(identity=first)
    if fleet.maker.profile.name == "c25519":
        probed(run, fleet.live, root)  # a device of the first day, which knows nothing of this
    successor = fleet.maker.folder / "old-successor.pem"
    successor.write_bytes((fleet.maker.folder / "ca/successor.pem").read_bytes())
    fleet.hold(lambda maker, at: promote_successor(maker, at, bundled=lambda _: None))
    third = fleet.device("third")
    fleet.revoke("first-bad")
    fleet.revoke("second-bad")
    fleet.lists()
    fleet.live.reload()
    fleet.becomes(third, LET_IN)
    for bad in (first_bad, second_bad):
        fleet.becomes(bad, TURNED_AWAY)
    for good in (first, second, third):  # a worker of before may still answer for a moment
        fleet.becomes(good, LET_IN)
    if fleet.maker.profile.name == "c25519":
        probed(run, fleet.live, successor)


def probed(run: Run, live: Live, root: Path) -> None:
    """The device's own code connects, with the root that it was built with."""
    done = run("probe", f"{LOOPBACK}:{live.port}", "--name", NAME, "--root", root, "--json")
    assert done.code == 0, done.out + done.err


def test_a_list_that_is_too_old_keeps_everyone_out(fleet: Fleet) -> None:
    """Why docs/ca.md says to run rootlet ca crl every day."""
    device = fleet.device("waiting")
    fleet.lists(now=datetime.now(UTC) - timedelta(days=fleet.maker.ca.crl_days + 1))
    fleet.live.reload()
    fleet.becomes(device, TURNED_AWAY)
    fleet.lists()
    fleet.live.reload()
    fleet.becomes(device, LET_IN)


def test_the_list_of_every_ca_in_the_path_is_needed(fleet: Fleet) -> None:
    """Why ca/crl.pem holds the root's list too."""
    device = fleet.device("complete")
    fleet.lists()
    path = fleet.maker.folder / "ca/crl.pem"
    whole, end = path.read_bytes(), b"-----END X509 CRL-----\n"
    issuing_only = [
        block + end
        for block in whole.split(end)[:-1]
        if "Issuing" in x509.load_pem_x509_crl(block + end).issuer.rfc4514_string()
    ]
    path.write_bytes(b"".join(issuing_only))
    fleet.live.reload()
    fleet.becomes(device, TURNED_AWAY)
    path.write_bytes(whole)
    fleet.live.reload()
    fleet.becomes(device, LET_IN)
