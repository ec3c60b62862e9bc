"""Root keys in a PKCS#11 token: SoftHSM2, both kinds of keys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from rootlet.ca import (
    Conditions,
    Held,
    Issuers,
    RootAccess,
    Token,
    hold_init,
    promote_successor,
    read_ceremony,
    rotate_issuing,
)
from rootlet.ca.root_keys_store import RootFolder
from rootlet.errors import Environment, Misuse, Refused, Secret
from rootlet.maker import Maker
from rootlet.pki import fingerprint
from rootlet.profile import PROFILE_NAMES
from support.makers import bare_maker
from support.processes import tool

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "48151623"


@pytest.fixture(scope="module", autouse=True)
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A token for each profile, of this process alone."""
    folder = tmp_path_factory.mktemp("tokens")
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}\n", encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        for label in PROFILE_NAMES:
            command = [tool("softhsm2-util", "softhsm2"), "--init-token", "--free"]
            command += ["--label", label, "--pin", PIN, "--so-pin", "87654321"]
            subprocess.run(command, check=True, capture_output=True)
        yield
        pkcs11.unload(str(MODULE))


def no_passphrase() -> bytes:
    raise AssertionError("no key is in a file")


def access(maker: Maker, *, pin: str = PIN, token: bool = False) -> RootAccess:
    made_in = Token(maker.profile.name, MODULE) if token else None
    return RootAccess(no_passphrase, lambda: pin, token=made_in)


def conditions(maker: Maker, given: RootAccess) -> Conditions:
    return Conditions(given, maker.folder / "root", NOW)


def keys(label: str) -> list[Any]:
    token = pkcs11.lib(str(MODULE)).get_token(token_label=label)
    with token.open(user_pin=PIN) as session:
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        found: list[Any] = list(session.get_objects(wanted))
        return [
            (key.label, key[pkcs11.Attribute.EXTRACTABLE], key[pkcs11.Attribute.SENSITIVE])
            for key in found
        ]


def checked(maker: Maker, held: Held) -> None:
    """By openssl: what the token signed, certificates and CRLs; by us: the ceremony's record."""
    issuer = Issuers(maker).present()
    root, issuing = maker.folder / "ca/root.pem", maker.folder / "ca/issuing.pem"
    at = ["-attime", str(int(NOW.timestamp()))]
    lists = sorted((maker.folder / "ca/crl").glob("root-*.crl"))
    commands = [
        ["verify", "-x509_strict", "-check_ss_sig", *at, "-CAfile", str(root), str(issuing)]
    ]
    commands += [["crl", "-inform", "DER", "-in", str(lists[-1]), "-CAfile", str(root), "-noout"]]
    for command in commands:
        done = subprocess.run(["openssl", *command], capture_output=True, text=True, check=False)
        assert "OK" in done.stdout + done.stderr, done.stderr
    trusted = [fingerprint(issuer.root.public_bytes(Encoding.DER))]
    read_ceremony(held.record.read_bytes(), trusted)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_roots_live_in_a_token_from_the_first_day(tmp_path: Path, profile: str) -> None:
    maker = bare_maker(tmp_path / "mine", profile)
    _, held = hold_init(maker, conditions(maker, access(maker, token=True)))
    assert sorted(path.name for path in (maker.folder / "root").iterdir()) == [
        "ceremonies",
        "root.pem",
        "root.uri",
        "successor.pem",
        "successor.uri",
    ]
    address = (maker.folder / "root/root.uri").read_text(encoding="ascii")
    assert address.startswith(f"pkcs11:token={profile};id=%")
    assert PIN not in address
    checked(maker, held)
    names = sorted(keys(profile))
    assert names == [("Example Root", False, True), ("Example Root 2", False, True)]
    rotate_issuing(maker, conditions(maker, access(maker)))
    held = promote_successor(maker, conditions(maker, access(maker)), bundled=lambda root: None)
    checked(maker, held)
    assert len(keys(profile)) == 3, "the next successor's key was made where the others are"

    with RootFolder(maker.folder / "root", access(maker), maker.profile) as roots:
        key = roots.open(Issuers(maker).present().root)
        with pytest.raises(NotImplementedError):
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_what_was_not_kept_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The maker's disk is full, the token's is not."""
    maker = bare_maker(tmp_path / "mine")
    before = sorted(keys("c25519"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Environment, match="No space"):
        hold_init(maker, conditions(maker, access(maker, token=True)))
    assert sorted(keys("c25519")) == before
    assert [path.name for path in maker.folder.iterdir()] == ["rootlet.toml"]


def test_what_a_token_says_is_put_into_words(tmp_path: Path) -> None:
    maker = bare_maker(tmp_path / "mine")
    for given, error, words in (
        (access(maker, pin="0000", token=True), Secret, "PIN does not open"),
        (RootAccess(no_passphrase, lambda: PIN, token=Token("nobody", MODULE)), Environment,
         "token nobody cannot be found"),
        (RootAccess(no_passphrase, lambda: PIN, token=Token("c25519", tmp_path / "no.so")),
         Environment, "cannot be reached"),
    ):  # fmt: skip
        with pytest.raises(error, match=words):
            hold_init(maker, conditions(maker, given))
        assert not (maker.folder / "root").exists()
        assert not (maker.folder / "ca").exists()


def test_a_key_that_is_not_in_the_token_is_said(tmp_path: Path) -> None:
    maker = bare_maker(tmp_path / "mine")
    made, _ = hold_init(maker, conditions(maker, access(maker, token=True)))
    path = maker.folder / "root/root.uri"
    elsewhere = path.read_text(encoding="ascii").replace("token=c25519", "token=p256")
    path.write_text(elsewhere, encoding="ascii")
    with pytest.raises(Environment, match="find the root's key"):
        rotate_issuing(maker, conditions(maker, access(maker)))
    path.write_text("pkcs11:object=root", encoding="ascii")
    with pytest.raises(Misuse, match="not the address"):
        rotate_issuing(maker, conditions(maker, access(maker)))
    assert made.root == Issuers(maker).present().root


def test_an_address_is_read_back_as_it_was_written() -> None:
    token = Token("a b;c%/", Path("/opt/x y/module.so"), bytes(range(20)))
    assert Token.from_uri(token.uri()) == token
    assert token.uri().isascii()


def test_a_key_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    maker = bare_maker(tmp_path / "mine", "p256")
    made, _ = hold_init(maker, conditions(maker, access(maker, token=True)))
    other = bare_maker(tmp_path / "other")
    with (
        RootFolder(maker.folder / "root", access(maker), other.profile) as roots,
        pytest.raises(Refused) as refusal,
    ):
        roots.open(made.root)
    assert refusal.value.status == "key-algorithm"
