"""The bundle's manifest: what went in and what came out, for the record of a firmware build.

It holds no time and no path of the machine, so the same inputs give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.bundle.model import Bundle, OutputFile
from rootlet.errors import Refused
from rootlet.pki import fingerprint

__all__ = ["MANIFEST_FORMAT", "MANIFEST_NAME", "manifest", "manifest_file", "trusted_roots"]

MANIFEST_FORMAT = 1
"""Rises when a reader of the manifest would have to change."""

MANIFEST_NAME = "rootlet_bundle.json"


def _digest(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _device_bytes(bundle: Bundle) -> int:
    hosts = sum(len(host) + 1 for host in bundle.hosts)
    clocks = sum(len(server.address) + 1 + len(server.public_key) for server in bundle.time_servers)
    anchors = sum(len(name) + len(key) for name, key in bundle.anchors)
    return anchors + hosts + clocks


def _root(root: x509.Certificate, key: bytes) -> dict[str, Any]:
    return {
        "subject": root.subject.rfc4514_string(),
        "serial": f"{root.serial_number:x}",
        "sha256": fingerprint(root.public_bytes(Encoding.DER)),
        "public_key": base64.b64encode(key).decode("ascii"),
        "not_before": f"{root.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{root.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }


def manifest(
    bundle: Bundle,
    *,
    version: str,
    inputs: Mapping[str, bytes],
    outputs: Sequence[OutputFile],
) -> dict[str, Any]:
    """The manifest's fields; ``version`` is the tool's, ``inputs`` are files by plain name."""
    keys = [key for _, key in bundle.anchors]
    successor = None if bundle.successor is None else _root(bundle.successor, keys[1])
    return {
        "format": MANIFEST_FORMAT,
        "tool": {"name": "rootlet", "version": version},
        "profile": bundle.profile.name,
        "maker": bundle.maker,
        "root": _root(bundle.root, keys[0]),
        "successor": successor,
        "hosts": list(bundle.hosts),
        "time_servers": [
            {
                "name": server.name,
                "address": server.address,
                "public_key": base64.b64encode(server.public_key).decode("ascii"),
            }
            for server in bundle.time_servers
        ],
        "device_bytes": _device_bytes(bundle),
        "inputs": {name: _digest(content) for name, content in sorted(inputs.items())},
        "outputs": {file.name: _digest(file.content) for file in outputs},
    }


def manifest_file(fields: Mapping[str, Any]) -> OutputFile:
    """The manifest as a file."""
    text = json.dumps(fields, indent=2, ensure_ascii=True) + "\n"
    return OutputFile(MANIFEST_NAME, text.encode("ascii"))


def trusted_roots(content: bytes, *, what: str) -> set[tuple[str, str]]:
    """Subject and key (base64) of each root that devices with this manifest's bundle trust."""
    try:
        fields = json.loads(content)
        if fields["format"] != MANIFEST_FORMAT:
            raise ValueError(fields["format"])
        roots = [fields["root"], fields.get("successor")]
        return {(root["subject"], root["public_key"]) for root in roots if root is not None}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"{what} is not a bundle's manifest",
            hint=f"give the {MANIFEST_NAME} that rootlet bundle wrote for that firmware",
            status="manifest-form",
        ) from error
