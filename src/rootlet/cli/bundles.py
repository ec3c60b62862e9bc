"""The manifests of bundles that devices were built with, kept in the maker's folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from rootlet.bundle import trusted_roots
from rootlet.ca import BundleCheck
from rootlet.errors import Refused
from rootlet.files import read_bytes, write_atomic
from rootlet.pki import public_bytes, require_profile_key
from rootlet.profile import Profile

__all__ = ["bundle_check", "keep_manifest", "kept_manifests"]

BUNDLES = "bundles"
NAME_DIGITS = 16
"""Of the manifest's SHA-256, in its file's name: the same bundle is kept once."""


def keep_manifest(folder: Path, content: bytes) -> None:
    """Remember a bundle that was written."""
    name = hashlib.sha256(content).hexdigest()[:NAME_DIGITS]
    write_atomic(folder / BUNDLES / f"{name}.json", content, private=False)


def kept_manifests(folder: Path) -> list[Path]:
    """The files of all that are remembered."""
    return sorted((folder / BUNDLES).glob("*.json"))


def bundle_check(
    folder: Path, profile: Profile, *, more: Sequence[Path], despite: bool
) -> BundleCheck:
    """Whether devices in the field know a root, by the manifests of their bundles."""

    def check(root: x509.Certificate) -> None:
        if despite:
            return
        key = public_bytes(require_profile_key(root.public_key(), profile, what="the successor"))
        wanted = (root.subject.rfc4514_string(), base64.b64encode(key).decode("ascii"))
        manifests = [*kept_manifests(folder), *more]
        if not manifests:
            raise _refused(
                "no bundle is known that devices were built with",
                "name their manifests with --manifest; if there are no devices yet, or all know "
                "the successor, say --despite-bundles",
            )
        without = [
            path
            for path in manifests
            if wanted not in trusted_roots(read_bytes(path, what="the manifest"), what=str(path))
        ]
        if without:
            count = f"{len(without)} of {len(manifests)} bundles do"
            raise _refused(
                f"{count} not carry {wanted[0]}: {without[0]}",
                "update those devices, then remove the manifest; or lose them: --despite-bundles",
            )

    return check


def _refused(message: str, hint: str) -> Refused:
    return Refused(message, hint=hint, status="successor-not-bundled")
