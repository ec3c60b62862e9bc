"""The forms a bundle can be written in, by the names of the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.bundle.c_source import c_files
from rootlet.bundle.model import Bundle, OutputFile
from rootlet.pki import certificate_to_pem

__all__ = ["FORMATS", "bundle_files"]


def _der(bundle: Bundle) -> tuple[OutputFile, ...]:
    files = [OutputFile("rootlet_root.der", bundle.root_der)]
    if bundle.successor is not None:
        content = bundle.successor.public_bytes(Encoding.DER)
        files.append(OutputFile("rootlet_successor.der", content))
    return tuple(files)


def _pem(bundle: Bundle) -> tuple[OutputFile, ...]:
    files = [OutputFile("rootlet_root.pem", certificate_to_pem(bundle.root))]
    if bundle.successor is not None:
        content = certificate_to_pem(bundle.successor)
        files.append(OutputFile("rootlet_successor.pem", content))
    return tuple(files)


FORMATS: dict[str, Callable[[Bundle], tuple[OutputFile, ...]]] = {
    "c": c_files,
    "der": _der,
    "pem": _pem,
}
"""Each form but the manifest, which speaks about the others."""


def bundle_files(bundle: Bundle, formats: Iterable[str]) -> tuple[OutputFile, ...]:
    """The files of these forms, always in the same order."""
    wanted = set(formats)
    return tuple(file for name, make in FORMATS.items() if name in wanted for file in make(bundle))
