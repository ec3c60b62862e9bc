"""Ceremonies: new keys without anybody noticing, and nothing lost wherever one is cut off."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.ca import (
    Conditions,
    Held,
    Issuers,
    RootAccess,
    Sitting,
    Status,
    clients_path,
    hold_renewal,
    init_ca,
    open_authority,
    open_records,
    prepare_successor,
    promote_successor,
    root_crl,
    rotate_issuing,
)
from rootlet.device import Anchor, check_chain
from rootlet.errors import Environment, Refused, State
from rootlet.maker import Maker
from rootlet.pki import (
    Host,
    Kind,
    certificate_from_pem,
    certificate_to_pem,
    certificates_from_pem,
    public_bytes,
    require_profile_key,
)
from rootlet.profile import PROFILE_NAMES
from support.makers import PASSPHRASE, bare_maker, deliver_device, made_maker, shared_maker

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = "api.example.test"


def conditions(maker: Maker, now: datetime = NOW, folder: Path | None = None) -> Conditions:
    access = RootAccess.by_passphrase(PASSPHRASE)
    return Conditions(access, folder or maker.folder / "root", now, Sitting("Ann", "desk", "test"))


def promote(maker: Maker, at: Conditions) -> Held:
    return promote_successor(maker, at, bundled=lambda root: None)


def anchors(maker: Maker) -> list[Anchor]:
    """What a device is built with now: the root and its successor."""
    found = []
    for name in ("root.pem", "successor.pem"):
        pem = (maker.folder / "ca" / name).read_bytes()
        root = certificate_from_pem(pem, what=name)
        key = require_profile_key(root.public_key(), maker.profile, what=name)
        found.append(Anchor(root.subject.public_bytes(), public_bytes(key)))
    return found


def serve_and_connect(maker: Maker, trusted: list[Anchor], now: datetime = NOW) -> x509.Certificate:
    """A fresh server certificate, seen by a device that was built with ``trusted``."""
    seconds = int(now.timestamp())

    def as_a_device(
        chain: Sequence[bytes], root: x509.Certificate, host: Host, now: datetime
    ) -> None:
        check_chain(chain, anchors=trusted, host=NAME, earliest=seconds, latest=seconds)

    verify = as_a_device if maker.profile.name == "c25519" else None
    with open_authority(maker, verify=verify) as authority:
        issued = authority.issue_server([NAME], now=now)
    certificate, issuing = issued.chain
    certificate.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(authority.root)
    return issuing


def accepted(maker: Maker, device: x509.Certificate, tmp_path: Path, now: datetime = NOW) -> bool:
    """Whether a server with today's clients.pem takes the device, by openssl."""
    leaf = tmp_path / f"{device.serial_number}.pem"
    leaf.write_bytes(certificate_to_pem(device))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient"]
    command += ["-attime", str(int(now.timestamp())), "-CAfile", str(clients_path(maker.folder))]
    done = subprocess.run([*command, str(leaf)], capture_output=True, text=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_old_and_new_issuing_cas_are_valid_side_by_side(tmp_path: Path, profile: str) -> None:
    maker = made_maker(tmp_path / "mine", profile, now=NOW)
    built_with = anchors(maker)
    first = deliver_device(maker, "sensor-1", now=NOW).certificate
    later = NOW + 1000 * DAY
    held = rotate_issuing(maker, conditions(maker, later))
    assert [part for part, _ in held.certificates] == ["issuing", "root"]
    assert held.issuances[0].name == "CN=Example Issuing 2"
    issuing = serve_and_connect(maker, built_with, later)
    assert issuing.subject.rfc4514_string() == "CN=Example Issuing 2"
    second = deliver_device(maker, "sensor-2", now=later).certificate
    assert second.issuer == issuing.subject
    assert accepted(maker, first, tmp_path, later)
    assert accepted(maker, second, tmp_path, later)
    private = (maker.folder / "ca/old/1/issuing.key").stat().st_mode
    assert stat.S_IMODE(private) == 0o600

    names = [each.subject.rfc4514_string() for each in clients(maker)]
    assert names == ["CN=Example Issuing 2", "CN=Example Issuing", "CN=Example Root"]
    ended = NOW + 1827 * DAY
    assert not accepted(maker, first, tmp_path, ended)
    hold_renewal(maker, conditions(maker, ended))
    names = [each.subject.rfc4514_string() for each in clients(maker)]
    assert names == ["CN=Example Issuing 2", "CN=Example Root"], "the old one has ended"


def clients(maker: Maker) -> tuple[x509.Certificate, ...]:
    return certificates_from_pem(clients_path(maker.folder).read_bytes(), what="it")


def test_one_whose_place_was_taken_may_live_on_for_its_devices(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine", now=NOW)
    device = deliver_device(maker, "sensor-1", now=NOW).certificate
    late = NOW + 1800 * DAY
    rotate_issuing(maker, conditions(maker, late))
    held = hold_renewal(maker, conditions(maker, late), number=1)
    assert held.issuances[0].name == "CN=Example Issuing"
    ended = NOW + 1827 * DAY
    assert accepted(maker, device, tmp_path, ended)
    assert serve_and_connect(maker, anchors(maker), ended).subject != device.issuer
    with pytest.raises(State, match="number 7"):
        hold_renewal(maker, conditions(maker, ended), number=7)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_successor_takes_over_and_devices_know_it_already(tmp_path: Path, profile: str) -> None:
    maker = made_maker(tmp_path / "mine", profile, now=NOW)
    built_with = anchors(maker)
    device = deliver_device(maker, "sensor-1", now=NOW).certificate
    shutil.rmtree(maker.folder / "root/ceremonies")
    (maker.folder / "root/root.key").unlink()  # the root's key is lost: that is what it is for
    later = NOW + 6000 * DAY
    asked: list[x509.Certificate] = []
    held = promote_successor(maker, conditions(maker, later), bundled=asked.append)
    assert [root.subject.rfc4514_string() for root in asked] == ["CN=Example Root 2"]
    assert [part for part, _ in held.certificates] == ["root", "successor", "issuing"]
    root, successor, _ = (certificate for _, certificate in held.certificates)
    assert root.public_key() == asked[0].public_key()
    assert root.not_valid_after_utc - later > 9130 * DAY, "a root's whole life lies before it"
    assert successor.subject.rfc4514_string() == "CN=Example Root 3"
    serve_and_connect(maker, built_with, later)
    if profile == "c25519":
        with pytest.raises(Refused):
            serve_and_connect(maker, built_with[:1], later)
    assert not accepted(maker, device, tmp_path, later), "its issuing CA ended long ago"
    hold_renewal(maker, conditions(maker, later), number=1)
    assert accepted(maker, device, tmp_path, later), "renewed, now below the new root"
    promote(maker, conditions(maker, later))
    assert Issuers(maker).present().root.subject == successor.subject


def test_devices_that_do_not_know_the_successor_stop_it(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine", now=NOW)
    before = files(maker.folder)

    def refuse(root: x509.Certificate) -> None:
        raise Refused("they do not", hint="wait", status="successor-not-bundled")

    with pytest.raises(Refused, match="they do not"):
        promote_successor(maker, conditions(maker), bundled=refuse)
    assert files(maker.folder) == before


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }


def earlier_version(folder: Path) -> Maker:
    """A maker as the version before left it: no successor, no records of ceremonies, no CRL."""
    maker = made_maker(folder, now=NOW)
    for path in ("root/successor.pem", "root/successor.key", "ca/successor.pem"):
        (folder / path).unlink()
    for path in ("root/ceremonies", "ca/ceremonies", "ca/crl"):
        shutil.rmtree(folder / path)
    assert sorted(files(folder)) == [
        *("ca/clients.pem", "ca/issuing.key", "ca/issuing.pem", "ca/root.pem"),
        *("root/root.key", "root/root.pem", "rootlet.toml"),
    ]
    return maker


def test_a_folder_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    maker = earlier_version(tmp_path / "mine")
    device = deliver_device(maker, "sensor-1", now=NOW).certificate
    with pytest.raises(State, match="no successor") as error:
        promote(maker, conditions(maker))
    assert "root prepare" in error.value.hint
    hold_renewal(maker, conditions(maker))
    rotate_issuing(maker, conditions(maker))
    prepare_successor(maker, conditions(maker))
    with pytest.raises(State, match="exists already"):
        prepare_successor(maker, conditions(maker))
    built_with = anchors(maker)
    promote(maker, conditions(maker))
    serve_and_connect(maker, built_with)
    assert accepted(maker, device, tmp_path)
    records = sorted(path.name for path in (maker.folder / "ca/ceremonies").iterdir())
    assert records == [
        "0001-issuing-renew.json",
        "0002-issuing-rotate.json",
        "0003-root-prepare.json",
        "0004-root-successor.json",
    ]


@pytest.mark.parametrize("ceremony", [rotate_issuing, promote, hold_renewal, root_crl])
def test_roots_on_something_that_can_only_be_read(
    tmp_path: Path, ceremony: Callable[[Maker, Conditions], Held]
) -> None:
    maker = made_maker(tmp_path / "mine", now=NOW)
    away = tmp_path / "away"
    (maker.folder / "root").rename(away)
    shutil.rmtree(away / "ceremonies")
    (away / "ceremonies").write_text("in the way")  # permissions do not stop root
    held = ceremony(maker, conditions(maker, folder=away))
    assert not held.copied
    assert held.record.is_file()


class _Disk:
    """A disk that is full from the n-th file on; nothing waits for it, since nothing crashes."""

    def __init__(self) -> None:
        self.room, self.written = 1 << 30, 0

    def fsync(self, handle: int) -> None:
        self.written += 1
        if self.written > self.room:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("ceremony", [rotate_issuing, promote, prepare_successor])
def test_a_ceremony_that_is_cut_off_anywhere_loses_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ceremony: Callable[[Maker, Conditions], Held],
) -> None:
    """After each file of a ceremony: the CA issues, devices connect, and it is done again."""
    start = tmp_path / "start"
    maker = earlier_version(start) if ceremony is prepare_successor else made_maker(start, now=NOW)
    device = deliver_device(maker, "sensor-1", now=NOW).certificate
    successor = Issuers(maker).successor()
    root = Issuers(maker).present().root
    built_with = anchors(maker) if successor else None
    disk = _Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    for room in range(40):
        folder = tmp_path / "cut"
        shutil.copytree(start, folder, symlinks=True)
        cut = bare_maker(folder)
        disk.room, disk.written = room, 0
        with contextlib.suppress(Environment):
            ceremony(cut, conditions(cut))
        if disk.written <= room:
            break
        disk.room = 1 << 30
        serve_and_connect(cut, built_with or [anchor_of(cut, root)])
        for known in filter(None, (root, successor)):
            with_key(cut, known)
        ceremony(cut, conditions(cut))
        serve_and_connect(cut, built_with or [anchor_of(cut, root)])
        assert accepted(cut, device, tmp_path)
        shutil.rmtree(folder)
    assert disk.written == room > 5, "the ceremony was cut off at every file"


def anchor_of(maker: Maker, root: x509.Certificate) -> Anchor:
    key = require_profile_key(root.public_key(), maker.profile, what="it")
    return Anchor(root.subject.public_bytes(), public_bytes(key))


def with_key(maker: Maker, root: x509.Certificate) -> None:
    """The root's private key is still to be found."""
    from rootlet.ca.root_keys_store import RootFolder

    access = RootAccess.by_passphrase(PASSPHRASE)
    with RootFolder(maker.folder / "root", access, maker.profile) as roots:
        assert roots.open(root).public_key() == root.public_key()


def test_every_certificate_of_a_ceremony_is_in_the_record(
    tmp_path: Path, place: Path | str
) -> None:
    maker = shared_maker(tmp_path / "mine", place if isinstance(place, str) else "")
    init_ca(maker, PASSPHRASE, now=NOW)
    rotate_issuing(maker, conditions(maker))
    promote(maker, conditions(maker))
    with open_records(maker) as records:
        found = [(record.kind, record.name, record.status) for record in records.all()]
        assert records.verify().problems == []
    assert found == [
        (Kind.ROOT, "CN=Example Root", Status.DELIVERED),
        (Kind.ROOT, "CN=Example Root 2", Status.REPLACED),
        (Kind.ISSUING, "CN=Example Issuing", Status.DELIVERED),
        (Kind.ISSUING, "CN=Example Issuing 2", Status.DELIVERED),
        (Kind.ROOT, "CN=Example Root 2", Status.DELIVERED),
        (Kind.ROOT, "CN=Example Root 3", Status.DELIVERED),
        (Kind.ISSUING, "CN=Example Issuing 3", Status.DELIVERED),
    ]
    device = deliver_device(maker, "sensor-1", now=NOW).certificate
    hold_renewal(maker, conditions(maker))
    root_crl(maker, conditions(maker))
    assert accepted(maker, device, tmp_path)
    with open_records(maker) as records:
        assert [record.name for record in records.all()[7:]] == ["sensor-1", "CN=Example Issuing 3"]
        assert records.verify().problems == []


def test_a_ceremony_minds_the_clock(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine", now=NOW)
    for ceremony in (rotate_issuing, promote, hold_renewal, root_crl):
        with pytest.raises(Refused) as refusal:
            ceremony(maker, conditions(maker, NOW - DAY))
        assert refusal.value.status == "clock-back"


def test_the_key_of_a_root_alone_is_enough(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine", now=NOW)
    away = tmp_path / "away"
    away.mkdir()
    (maker.folder / "root/root.key").rename(away / "root.key")
    rotate_issuing(maker, conditions(maker, folder=away))
    other = bare_maker(tmp_path / "other")
    init_ca(other, PASSPHRASE, now=NOW)
    with pytest.raises(State, match="another root"):
        rotate_issuing(other, conditions(other, folder=away))


@pytest.mark.usefixtures("all_rounds")
def test_a_passphrase_of_a_root_is_guessed_slowly(tmp_path: Path) -> None:
    """The rounds stand in the keys, and other programs open them."""
    keys = sorted((made_maker(tmp_path / "mine").folder / "root").glob("*.key"))
    assert keys
    for path in keys:
        parse = ["openssl", "asn1parse", "-in", str(path)]
        shown = subprocess.run(parse, capture_output=True, check=True, text=True).stdout
        assert f":{600_000:06X}" in shown
        command = ["openssl", "pkey", "-in", str(path), "-passin", "stdin", "-noout"]
        subprocess.run(command, input=PASSPHRASE, check=True)
