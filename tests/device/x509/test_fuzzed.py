"""What the device reads in fuzzed certificates, pyca/cryptography reads too, and the same in it."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from _rootlet_device import lib
from tools.fuzz import OUTPUT, SOURCE, fuzz, missing

from support.x509.draft import ISSUING, LEAF, ROOT
from support.x509.readings import Reading, device_reading, expect_agreement
from support.x509.trees import MutationSource
from support.x509.vectors import read_vectors

GUIDED_SECONDS = 5
MUTATION_SECONDS = 6
MOST_TRIES = 30_000
"""Within which a planted fault must be found."""

LEAST_READ = 500
LEAST_STATUSES = 8
"""Kinds of refusals seen: the mutations reach every part of a certificate."""

Read = Callable[[bytes], Reading | str]


def certificates_in(fuzzed: bytes) -> list[bytes]:
    """Those of an input as device/test/fuzz/x509.c takes it apart."""
    number = fuzzed[0] % (lib.ROOTLET_CHAIN_CERTIFICATES + 2) if fuzzed else 0
    found, at = [], 1
    for _ in range(number):
        size = int.from_bytes(fuzzed[at : at + 2], "big")
        found.append(fuzzed[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def guided() -> set[bytes]:
    """Certificates which libFuzzer found to reach something new in the device, now and before."""
    place = OUTPUT / "differential"
    result = fuzz("x509", GUIDED_SECONDS, place)
    assert not result.failed, result.log[-4000:]
    folders = [SOURCE / "corpus" / "x509", place / "x509-corpus", OUTPUT / "x509-corpus"]
    paths: list[Path] = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {der for path in paths for der in certificates_in(path.read_bytes())}


def outcome(der: bytes, read: Read = device_reading) -> str:
    """READ when both read the same, or the status; AssertionError when they disagree."""
    found = read(der)
    if isinstance(found, str):
        return found
    expect_agreement(der, found)
    return "READ"


def originals() -> list[bytes]:
    vectors = {der for case in read_vectors() for der in case.certificates()}
    readable = [der for der in sorted(vectors) if isinstance(device_reading(der), Reading)]
    return [LEAF.der(), ISSUING.der(), ROOT.der(), *readable]


def test_fuzzed_certificates() -> None:
    command = missing()
    assert not command, f"run: {command}"
    found = guided()
    read = [der for der in sorted(found) if outcome(der) == "READ"]
    assert read
    source = MutationSource([*originals(), *read], random.randrange(2**32))
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + MUTATION_SECONDS
    while time.monotonic() < end:
        der = source.next()
        seen = outcome(der)
        outcomes[seen] += 1
        if seen == "READ":
            source.keep(der)
    assert outcomes["READ"] > LEAST_READ, outcomes
    assert len(outcomes) > LEAST_STATUSES, outcomes


def repaired(pattern: bytes, instead: bytes) -> Read:
    """A reader to which the one octet string is as good as the other, of the same length."""

    def read(der: bytes) -> Reading | str:
        other = re.sub(pattern, instead, der, flags=re.DOTALL)
        found = device_reading(other)
        if isinstance(found, str):
            return found
        at = other.index(found.tbs)
        return replace(found, tbs=der[at : at + len(found.tbs)])

    return read


def forgetful(der: bytes) -> Reading | str:
    """Does not see what is behind the certificate."""
    if len(der) < 4 or der[1] != 0x82:
        return device_reading(der)
    return device_reading(der[: 4 + int.from_bytes(der[2:4], "big")])


def generous(der: bytes) -> Reading | str:
    """Takes every certificate to be for servers."""
    found = device_reading(der)
    return found if isinstance(found, str) else replace(found, for_servers=True)


FAULTS: dict[str, Read] = {
    "any TRUE": repaired(b"\x55\x1d(.)\x01\x01[^\x00\xff]", b"\x55\x1d\\1\x01\x01\xff"),
    "a version that is none": repaired(b"\xa0\x03\x02\x01.", b"\xa0\x03\x02\x01\x02"),
    "garbage behind": forgetful,
    "for servers": generous,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    """A control, with the same mutations each time."""
    source = MutationSource(originals(), 1)
    with pytest.raises(AssertionError, match=r"^read (by the device alone|in two ways).*: 30"):
        Counter(outcome(source.next(), FAULTS[fault]) for _ in range(MOST_TRIES))
