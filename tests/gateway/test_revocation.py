"""The gateway turns revoked devices away, from the next reload on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Misuse
from rootlet.gateway.pinned_store import pinned_context
from rootlet.gateway.store import load_client_roots
from rootlet.pki import (
    Reason,
    Revoked,
    certificates_from_pem,
    chain_to_pem,
    generate_key,
    issue_crl,
    issue_issuing,
    issuing_subject,
)
from rootlet.profile import PROFILE_NAMES
from support.gateway_maker import DeviceFiles
from support.gateway_rig import Rig, request

DAY = timedelta(days=1)


def serial_of(files: DeviceFiles) -> int:
    pem = files.certificate.read_bytes()
    return certificates_from_pem(pem, what="it")[0].serial_number


def lists(rig: Rig, *revoked: int, number: int = 1) -> None:
    """Write ca/crl.pem as rootlet ca crl does."""
    ca = rig.ca
    root = certificates_from_pem(ca.root_file.read_bytes(), what="it")[0]
    crls: list[x509.CertificateRevocationList] = []
    for issuer, key in ((root, ca.root_key), (ca.issuing, ca.issuing_key)):
        entries = [Revoked(serial, ca.now, Reason.KEY_COMPROMISE) for serial in revoked]
        crls.append(
            issue_crl(
                entries if issuer is ca.issuing else [],
                number=number,
                this_update=ca.now - DAY + timedelta(seconds=number),
                next_update=ca.now + DAY,
                issuer=issuer,
                key=key,
                profile=ca.profile,
            )
        )
    pem = b"".join(crl.public_bytes(Encoding.PEM) for crl in crls)
    (ca.folder / "ca/crl.pem").write_bytes(pem)


def let_in(rig: Rig, files: DeviceFiles) -> bool:
    try:
        with rig.using(files) as device:
            return device.ask(request()).status == 200
    except OSError:  # the alert comes after the device's part of the handshake is done
        return False


def reload(rig: Rig, event: str = "reloaded") -> None:
    before = len(rig.lines(event))

    async def work() -> None:
        rig.server.reload()

    rig.run(work())
    assert len(rig.lines(event)) == before + 1


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_revoked_device_is_turned_away_after_a_reload(tmp_path: Path, profile: str) -> None:
    with Rig(tmp_path, profile=profile) as rig:
        good, bad, worse = (rig.ca.device(name) for name in ("sensor-1", "sensor-2", "sensor-3"))
        assert [let_in(rig, each) for each in (good, bad, worse)] == [True, True, True]
        lists(rig, serial_of(bad))
        reload(rig)
        assert [let_in(rig, each) for each in (good, bad, worse)] == [True, False, True]
        lists(rig, serial_of(bad), serial_of(worse), number=2)
        reload(rig)
        assert [let_in(rig, each) for each in (good, bad, worse)] == [True, False, False]
        reasons = [line["reason"] for line in rig.lines("handshake_refused")]
        assert reasons == ["CERTIFICATE_VERIFY_FAILED"] * 3


def test_lists_that_are_there_at_the_start_count(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    good, bad = rig.ca.device("sensor-1"), rig.ca.device("sensor-2")
    lists(rig, serial_of(bad))
    with rig:
        assert [let_in(rig, each) for each in (good, bad)] == [True, False]


def test_a_new_issuing_ca_is_taken_up(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        ca, before = rig.ca, rig.ca.device("sensor-1")
        root = certificates_from_pem(ca.root_file.read_bytes(), what="it")[0]
        old = ca.issuing
        ca.issuing_key = generate_key(ca.profile)
        ca.issuing = issue_issuing(
            ca.issuing_key.public_key(),
            issuing_subject("Example", 2),
            ca.validity,
            77,
            profile=ca.profile,
            root=root,
            root_key=ca.root_key,
        )
        (ca.folder / "ca/clients.pem").write_bytes(chain_to_pem([ca.issuing, old, root]))
        after = ca.device("sensor-2")
        assert [let_in(rig, each) for each in (before, after)] == [True, False]
        reload(rig)
        assert [let_in(rig, each) for each in (before, after)] == [True, True]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN X509 CRL-----", b"nothing"])
def test_a_list_that_is_none_is_said_and_changes_nothing(tmp_path: Path, content: bytes) -> None:
    with Rig(tmp_path) as rig:
        path = rig.ca.folder / "ca/crl.pem"
        files = rig.ca.device("sensor-1")
        path.write_bytes(content)
        reload(rig, "reload_failed")
        assert "crl.pem holds no CRL" in rig.lines("reload_failed")[0]["error"]
        assert let_in(rig, files)
        with pytest.raises(Misuse, match="holds no CRL"):
            load_client_roots(pinned_context(rig.ca.profile), rig.ca.folder / "ca/clients.pem")
