"""The signed record of a ceremony: whoever changes a word of it is found out."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.ca import NewCa, read_ceremony
from rootlet.ca.ceremony import CONTEXT, Ceremony, Sitting, ceremony_fields, sign_ceremony
from rootlet.errors import Refused
from rootlet.pki import fingerprint
from rootlet.profile import PROFILE_NAMES
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SITTING = Sitting("Ann", "desk", "rootlet test", ("Bob", "Cläre"))
MADE = {profile: authority_of(profile, now=NOW)[1] for profile in PROFILE_NAMES}


def sha256(made: NewCa) -> str:
    return fingerprint(made.root.public_bytes(Encoding.DER))


def record(made: NewCa, *, previous: bytes | None = None) -> bytes:
    fields = ceremony_fields(
        Ceremony.INIT,
        SITTING,
        maker="Example",
        profile="c25519",
        now=NOW,
        steps=["Made the root", "Made the issuing CA"],
        certificates=[("root", made.root), ("successor", made.successor)],
        previous=previous,
    )
    signers = [(made.root, made.root_key), (made.successor, made.successor_key)]
    return sign_ceremony(fields, signers)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_record_says_who_when_where_and_what(profile: str) -> None:
    made = MADE[profile]
    content = record(made, previous=b"before")
    fields = read_ceremony(content, [sha256(made)])
    assert (fields["who"], fields["host"], fields["tool"]) == ("Ann", "desk", "rootlet test")
    assert fields["witnesses"] == ["Bob", "Cläre"]
    assert fields["at"] == "2027-03-01T12:00:00Z"
    assert fields["steps"] == ["Made the root", "Made the issuing CA"]
    assert [each["part"] for each in fields["certificates"]] == ["root", "successor"]
    assert fields["previous"] == fingerprint(b"before")
    assert content.isascii()


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_openssl_verifies_a_record_too(tmp_path: Path, profile: str) -> None:
    made = MADE[profile]
    held = json.loads(record(made))
    text = json.dumps(held["ceremony"], sort_keys=True, separators=(",", ":"))
    (tmp_path / "data").write_bytes(CONTEXT + text.encode())
    (tmp_path / "sig").write_bytes(base64.b64decode(held["signatures"][0]["signature"]))
    public = made.root.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    command += ["-in", "data", "-sigfile", "sig"]
    command += ["-digest", "sha256"] if profile == "p256" else []
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout + done.stderr


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    held = json.loads(record(MADE["c25519"]))
    change(held)
    return json.dumps(held).encode()


def other_certificate(held: dict[str, Any]) -> None:
    other = json.loads(record(authority_of(now=NOW)[1]))
    held["ceremony"]["certificates"][0] = other["ceremony"]["certificates"][0]


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "who": (lambda held: held["ceremony"].update(who="Eve"), "ceremony-signature"),
    "when": (lambda held: held["ceremony"].update(at="2020-01-01T00:00:00Z"), "ceremony-signature"),
    "a step less": (lambda held: held["ceremony"]["steps"].pop(), "ceremony-signature"),
    "more": (lambda held: held["ceremony"].update(more=1), "ceremony-signature"),
    "words": (
        lambda held: held["ceremony"]["certificates"][0].update(words="Alfa Bravo"),
        "ceremony-fingerprint",
    ),
    "another certificate": (other_certificate, "ceremony-signature"),
    "no signature": (lambda held: held["signatures"].clear(), "ceremony-signature"),
    "many signatures": (
        lambda held: held.update(signatures=held["signatures"] * 5),
        "ceremony-signature",
    ),
    "signatures the other way round": (
        lambda held: held["signatures"][0].update(signature=held["signatures"][1]["signature"]),
        "ceremony-signature",
    ),
    "another algorithm": (
        lambda held: held["signatures"][0].update(algorithm="ECDSA-SHA256"),
        "ceremony-signature",
    ),
    "an unknown signer": (
        lambda held: held["signatures"][0].update(root_sha256="00" * 32),
        "ceremony-signature",
    ),
    "a format to come": (lambda held: held["ceremony"].update(format=2), "ceremony-form"),
    "no ceremony": (lambda held: held.pop("ceremony"), "ceremony-form"),
    "no certificate": (
        lambda held: held["ceremony"]["certificates"][0].update(pem="none"),
        "ceremony-form",
    ),
    "a list": (lambda held: held.update(ceremony=[]), "ceremony-form"),
    "no base64": (lambda held: held["signatures"][0].update(signature="a"), "ceremony-form"),
}


@pytest.mark.parametrize(("change", "rule"), CHANGES.values(), ids=CHANGES)
def test_a_changed_record_is_refused(change: Callable[[dict[str, Any]], object], rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_ceremony(changed(change), [sha256(MADE["c25519"])])
    assert refusal.value.status == rule


def test_how_it_is_laid_out_does_not_matter() -> None:
    read_ceremony(changed(lambda held: None), [sha256(MADE["c25519"])])


def test_a_record_of_another_maker_is_not_trusted() -> None:
    with pytest.raises(Refused) as refusal:
        read_ceremony(record(MADE["c25519"]), [sha256(MADE["p256"])])
    assert refusal.value.status == "ceremony-untrusted"


@settings(max_examples=40, deadline=None)
@given(st.binary() | st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["ceremony", "signatures", "format", "certificates", "pem"]) | st.text(), inner),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_a_strangers_file_is_refused_and_nothing_else(content: bytes) -> None:
    with pytest.raises(Refused):
        read_ceremony(content, [sha256(MADE["c25519"])])
