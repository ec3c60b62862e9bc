"""The CA's files: pairs that fit, keys that are private, and nothing lost when the disk is full."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rootlet.ca import (
    Issuance,
    Status,
    clients_path,
    deliver,
    init_ca,
    issued_folder,
    open_authority,
    open_records,
    renew_issuing_ca,
    root_path,
)
from rootlet.errors import Environment, Refused, Secret, State
from rootlet.maker import Maker
from rootlet.pki import Kind, certificates_from_pem, key_from_pem
from rootlet.profile import PROFILE_NAMES
from support.limits import files_up_to
from support.makers import (
    PASSPHRASE,
    bare_maker,
    deliver_device,
    deliver_server,
    made_maker,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = "api.example.test"


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }


def pair(maker: Maker, kind: Kind = Kind.SERVER, name: str = NAME) -> x509.Certificate:
    folder = issued_folder(maker.folder, kind, name)
    certificate = x509.load_pem_x509_certificates((folder / "cert.pem").read_bytes())[0]
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    assert key.public_key() == certificate.public_key()
    return certificate


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_new_ca_has_its_files(tmp_path: Path, profile: str) -> None:
    maker = made_maker(tmp_path / "mine", profile, now=NOW)
    assert sorted(tree(maker.folder)) == [
        "ca/ceremonies/0001-init.json",
        "ca/clients.pem",
        "ca/crl/root-1.crl",
        "ca/issuing.key",
        "ca/issuing.pem",
        "ca/root.pem",
        "ca/successor.pem",
        "root/ceremonies/0001-init.json",
        "root/root.key",
        "root/root.pem",
        "root/successor.key",
        "root/successor.pem",
        "rootlet.toml",
    ]
    for private in (
        "root/root.key",
        "root/successor.key",
        "ca/issuing.key",
        "ca/ca.sqlite",
    ):
        assert stat.S_IMODE((maker.folder / private).stat().st_mode) == 0o600
    pem = (maker.folder / "root/root.key").read_bytes()
    assert b"ENCRYPTED" in pem
    root_key = key_from_pem(pem, PASSPHRASE, profile=maker.profile, what="it")
    issuing, root = certificates_from_pem(clients_path(maker.folder).read_bytes(), what="it")
    assert root_key.public_key() == root.public_key()
    assert root_path(maker.folder).read_bytes() == (maker.folder / "root/root.pem").read_bytes()
    issuing.verify_directly_issued_by(root)
    with open_records(maker) as records:
        assert [record.kind for record in records.all()] == [Kind.ROOT, Kind.ROOT, Kind.ISSUING]


def test_a_ca_is_made_once(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    before = tree(maker.folder)
    with pytest.raises(State, match="root exists already"):
        init_ca(maker, PASSPHRASE, now=NOW)
    assert tree(maker.folder) == before


def test_a_ca_whose_root_was_carried_away_is_not_made_again(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    (maker.folder / "root").rename(tmp_path / "away")
    with pytest.raises(State, match="ca exists already"):
        init_ca(maker, PASSPHRASE, now=NOW)
    deliver_server(maker, NAME)
    pair(maker)


@pytest.mark.parametrize("size", [0, 100, 400, 4096, 20000])
def test_a_ca_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path, size: int) -> None:
    maker = bare_maker(tmp_path / "mine")
    with files_up_to(size), pytest.raises(Environment) as error:
        init_ca(maker, PASSPHRASE, now=NOW)
    assert "again" in error.value.hint
    assert [path.name for path in maker.folder.iterdir()] == ["rootlet.toml"]
    init_ca(maker, PASSPHRASE, now=NOW)
    deliver_server(maker, NAME, now=NOW)


def test_a_ca_needs_a_passphrase_and_sensible_names(tmp_path: Path) -> None:
    maker = bare_maker(tmp_path / "mine")
    with pytest.raises(Secret):
        init_ca(maker, b"", now=NOW)
    with pytest.raises(Refused):
        init_ca(bare_maker(tmp_path / "other", names=["*.test"]), PASSPHRASE, now=NOW)
    assert not (maker.folder / "ca").exists()
    assert not (tmp_path / "other/ca").exists()


def test_without_a_ca_one_is_asked_for(tmp_path: Path) -> None:
    maker = bare_maker(tmp_path / "mine")
    with pytest.raises(State, match="no CA") as error, open_authority(maker, verify=None):
        pass
    assert "rootlet ca init" in error.value.hint
    with pytest.raises(State, match="no CA"), open_records(maker):
        pass


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_what_is_delivered_is_a_private_pair(tmp_path: Path, profile: str) -> None:
    maker = made_maker(tmp_path / "mine", profile)
    issued = deliver_server(maker, NAME)
    assert pair(maker) == issued.certificate
    folder = issued_folder(maker.folder, Kind.SERVER, NAME)
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "cert.pem").stat().st_mode) == 0o644
    chain = certificates_from_pem((folder / "cert.pem").read_bytes(), what="it")
    assert chain == issued.chain
    deliver_device(maker, "sensor-1")
    pair(maker, Kind.DEVICE, "sensor-1")
    with open_records(maker) as records:
        assert {record.status for record in records.all()} == {Status.DELIVERED}


def test_a_replaced_pair_is_kept_once(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    serials = [deliver_server(maker, NAME).record.serial for _ in range(4)]
    versions = maker.folder / "issued/servers/.versions" / NAME
    assert {path.name for path in versions.iterdir()} == set(serials[-2:])
    with open_records(maker) as records:
        states = [record.status for record in records.named(NAME)]
    assert states == [Status.REPLACED] * 3 + [Status.DELIVERED]


def test_a_reader_always_finds_a_pair(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    deliver_server(maker, NAME)
    stop, read = threading.Event(), []

    def reading() -> None:
        while not stop.is_set():
            folder = issued_folder(maker.folder, Kind.SERVER, NAME).resolve(strict=True)
            certificate = x509.load_pem_x509_certificates((folder / "cert.pem").read_bytes())[0]
            key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
            read.append(key.public_key() == certificate.public_key())

    reader = threading.Thread(target=reading)
    reader.start()
    for _ in range(10):
        deliver_server(maker, NAME)
    stop.set()
    reader.join()
    assert len(read) > 10
    assert all(read)


def test_several_may_renew_at_once(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    with ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(lambda _: deliver_server(maker, NAME), range(12)))
    assert pair(maker) in [each.certificate for each in issued]
    with open_records(maker) as records:
        assert len(records.named(NAME)) == 12


@pytest.mark.parametrize("size", [0, 100, 300, 500])
def test_a_pair_that_does_not_fit_on_the_disk_leaves_the_one_before(
    tmp_path: Path, size: int
) -> None:
    maker = made_maker(tmp_path / "mine")
    deliver_server(maker, NAME)
    before = tree(maker.folder)
    with open_authority(maker, verify=None) as authority:
        issued = authority.issue_server([NAME], now=datetime.now(UTC))
        with files_up_to(size), pytest.raises(Environment, match="cannot write"):
            deliver(maker.folder, issued, authority.records)
    assert tree(maker.folder) == before
    pair(maker)
    with open_records(maker) as records:
        assert [record.status for record in records.named(NAME)] == [
            Status.DELIVERED,
            Status.RECORDED,
        ]
    deliver_server(maker, NAME)


@pytest.mark.parametrize("size", [0, 4096, 8192, 33000, 1 << 20])
def test_what_does_not_fit_into_the_record_is_not_issued(tmp_path: Path, size: int) -> None:
    maker = made_maker(tmp_path / "mine")
    deliver_server(maker, NAME)
    failures = 0
    for _ in range(12):
        with files_up_to(size):
            try:
                deliver_server(maker, NAME)
            except Environment:
                failures += 1
        with open_records(maker) as records:
            known = {record.serial for record in records.named(NAME)}
        assert f"{pair(maker).serial_number:032x}" in known
    assert (failures > 0) == (size < 1 << 20)


class _Unmarked:
    def add(self, *issuances: Issuance) -> None:
        raise AssertionError("it is recorded already")

    def delivered(self, *issuances: Issuance) -> None:
        raise Environment("the disk is full", hint="make room")

    def newest_at(self, after: str = "") -> datetime | None:
        raise AssertionError("nothing is issued")


def test_a_pair_that_is_in_place_is_said_to_be(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    with open_authority(maker, verify=None) as authority:
        issued = authority.issue_server([NAME], now=datetime.now(UTC))
    with pytest.raises(Environment, match=r"has the new certificate.*the disk is full"):
        deliver(maker.folder, issued, _Unmarked())
    assert pair(maker) == issued.certificate


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    folder = issued_folder(maker.folder, Kind.SERVER, NAME)
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_text("mine")
    with pytest.raises(State, match="not one of ours"):
        deliver_server(maker, NAME)
    assert (folder / "cert.pem").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    maker = made_maker(tmp_path / "mine")
    (maker.folder / "issued").write_text("in the way")
    with pytest.raises(Environment, match="cannot write"):
        deliver_server(maker, NAME)


def test_an_issuing_key_that_does_not_fit_is_not_used(tmp_path: Path) -> None:
    maker, other = made_maker(tmp_path / "mine"), made_maker(tmp_path / "other")
    (maker.folder / "ca/issuing.key").write_bytes((other.folder / "ca/issuing.key").read_bytes())
    with pytest.raises(State, match="is not the key of"):
        deliver_server(maker, NAME)
    (maker.folder / "ca/issuing.key").unlink()
    with pytest.raises(Environment, match=r"issuing\.key: No such file"):
        deliver_server(maker, NAME)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_issuing_ca_is_renewed_from_where_the_root_is(tmp_path: Path, profile: str) -> None:
    maker = made_maker(tmp_path / "mine", profile, now=NOW)
    deliver_device(maker, "sensor-1", now=NOW)
    (maker.folder / "root").rename(tmp_path / "away")
    later = NOW + 1827 * DAY
    with pytest.raises(State, match="expired"):
        deliver_server(maker, NAME, now=later)
    before = (maker.folder / "ca/issuing.pem").read_bytes()
    record = renew_issuing_ca(maker, PASSPHRASE, root_folder=tmp_path / "away", now=later)
    deliver_server(maker, NAME, now=later)
    assert (maker.folder / "ca/issuing.pem").read_bytes() != before
    issuing, root = certificates_from_pem(clients_path(maker.folder).read_bytes(), what="it")
    assert f"{issuing.serial_number:032x}" == record.serial
    issuing.verify_directly_issued_by(root)
    pair(maker, Kind.DEVICE, "sensor-1").verify_directly_issued_by(issuing)
    with open_records(maker) as records:
        states = [record.status for record in records.all() if record.kind is Kind.ISSUING]
    assert states == [Status.REPLACED, Status.DELIVERED]


def test_the_issuing_ca_is_not_renewed_with_another_root(tmp_path: Path) -> None:
    maker, other = made_maker(tmp_path / "mine"), made_maker(tmp_path / "other")
    before = tree(maker.folder)
    now = datetime.now(UTC)
    with pytest.raises(State, match="another root"):
        renew_issuing_ca(maker, PASSPHRASE, root_folder=other.folder / "root", now=now)
    with pytest.raises(Secret, match="does not open"):
        renew_issuing_ca(maker, b"wrong", root_folder=maker.folder / "root", now=now)
    with pytest.raises(Environment, match=r"root\.key"):
        renew_issuing_ca(maker, PASSPHRASE, root_folder=tmp_path, now=now)
    assert tree(maker.folder) == before
