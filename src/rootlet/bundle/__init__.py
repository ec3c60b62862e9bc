"""The trust bundle: what a device is built with, and the checks before it is written."""

from rootlet.bundle.c_source import c_files
from rootlet.bundle.checks import (
    LEAST_YEARS,
    check_hosts,
    check_input,
    check_successor,
    check_time_servers,
    read_root,
)
from rootlet.bundle.formats import FORMATS, bundle_files
from rootlet.bundle.manifest import MANIFEST_NAME, manifest, manifest_file, trusted_roots
from rootlet.bundle.model import Bundle, BundledTimeServer, OutputFile

__all__ = [
    "FORMATS",
    "LEAST_YEARS",
    "MANIFEST_NAME",
    "Bundle",
    "BundledTimeServer",
    "OutputFile",
    "bundle_files",
    "c_files",
    "check_hosts",
    "check_input",
    "check_successor",
    "check_time_servers",
    "manifest",
    "manifest_file",
    "read_root",
    "trusted_roots",
]
