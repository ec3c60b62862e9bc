"""``rootlet bundle``: root, clocks and host names for a device's build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from rootlet import __version__
from rootlet.bundle import (
    FORMATS,
    LEAST_YEARS,
    MANIFEST_NAME,
    Bundle,
    OutputFile,
    bundle_files,
    check_hosts,
    check_input,
    check_successor,
    check_time_servers,
    manifest,
    manifest_file,
)
from rootlet.ca import root_path, successor_path
from rootlet.cli.bundles import keep_manifest
from rootlet.cli.options import (
    FILE,
    FOLDER,
    dry_run_option,
    json_option,
    maker_option,
    show,
    utc_now,
)
from rootlet.errors import Misuse
from rootlet.files import read_bytes, write_together
from rootlet.maker import CONFIG_NAME, load_maker
from rootlet.pki import parse_fingerprint

__all__ = ["command"]

ALL_FORMATS = (*FORMATS, "json")


def _formats(text: str) -> frozenset[str]:
    wanted = frozenset(part.strip() for part in text.split(","))
    unknown = sorted(wanted - set(ALL_FORMATS))
    if unknown:
        raise Misuse(
            f"there is no format {unknown[0]!r}", hint=f"choose among: {', '.join(ALL_FORMATS)}"
        )
    return wanted


@click.command(
    name="bundle",
    epilog="\b\nExamples:\n  rootlet bundle --maker mine --out firmware/trust\n"
    "  rootlet bundle --maker mine --out trust --expect-sha256 de94c73f... --format c,json",
)
@maker_option
@click.option(
    "--out",
    required=True,
    type=FOLDER,
    metavar="DIR",
    help="Where the files go.",
)
@click.option(
    "--root",
    "root_file",
    type=FILE,
    metavar="FILE",
    help="The root's certificate, PEM or DER.  [default: ca/root.pem in the maker's folder]",
)
@click.option(
    "--successor",
    "successor_file",
    type=FILE,
    metavar="FILE",
    help="The certificate of the root after it.  [default: ca/successor.pem, without --root]",
)
@click.option(
    "--no-successor",
    is_flag=True,
    help="Trust one root only: going over to another will take an update of the firmware.",
)
@click.option(
    "--expect-sha256",
    metavar="HEX",
    help="The root's fingerprint as a second person noted it; another root is refused.",
)
@click.option(
    "--format",
    "formats",
    default=",".join(ALL_FORMATS),
    show_default=True,
    metavar="LIST",
    help="c: header and source; der, pem: root and successor; json: the manifest.",
)
@click.option(
    "--allow-short-lived",
    is_flag=True,
    help=f"Take a root with less than {LEAST_YEARS} years left.",
)
@dry_run_option
@json_option
def command(
    folder: Path,
    out: Path,
    root_file: Path | None,
    successor_file: Path | None,
    no_successor: bool,
    expect_sha256: str | None,
    formats: str,
    allow_short_lived: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put root and successor, the Roughtime keys and the host names into C, DER and PEM.

    What is not a single proper root of the profile is refused. The same input gives the same
    bytes. The manifest is kept in bundles/ of the maker's folder too, so that no root is given up
    that devices in the field need.
    """
    wanted = _formats(formats)
    maker = load_maker(folder)
    path = root_path(folder) if root_file is None else root_file
    content = read_bytes(path, what="the root's certificate")
    root = check_input(
        content,
        what=str(path),
        profile=maker.profile,
        now=utc_now(),
        expected_sha256=None if expect_sha256 is None else parse_fingerprint(expect_sha256),
        allow_short_lived=allow_short_lived,
    )
    inputs = {path.name: content}
    if successor_file is None and root_file is None and successor_path(folder).exists():
        successor_file = successor_path(folder)
    successor = None
    if successor_file is not None and not no_successor:
        inputs[successor_file.name] = read_bytes(successor_file, what="the successor's certificate")
        successor = check_successor(
            inputs[successor_file.name],
            what=str(successor_file),
            root=root,
            profile=maker.profile,
        )
    bundle = Bundle(
        profile=maker.profile,
        maker=maker.name,
        root=root,
        hosts=check_hosts(maker.servers.names),
        time_servers=check_time_servers(maker.time_servers),
        successor=successor,
    )
    files = bundle_files(bundle, wanted)
    inputs[CONFIG_NAME] = read_bytes(folder / CONFIG_NAME, what="the maker's configuration")
    fields = manifest(bundle, version=__version__, inputs=inputs, outputs=files)
    if "json" in wanted:
        files = (*files, manifest_file(fields))
    if not dry_run:
        write_together({out / file.name: file.content for file in files}, private=False)
        keep_manifest(folder, manifest_file(fields).content)
    show(fields, _said(fields, files, out, dry_run=dry_run), as_json=as_json)


def _said(
    fields: Mapping[str, Any], files: Sequence[OutputFile], out: Path, *, dry_run: bool
) -> str:
    hosts, clocks = len(fields["hosts"]), len(fields["time_servers"])
    did = "would write" if dry_run else "wrote"
    lines = [
        f"Root {fields['root']['sha256']}, until {fields['root']['not_after']}",
        *([f"Successor {successor['sha256']}"] if (successor := fields["successor"]) else []),
        f"{hosts} host names, {clocks} Roughtime servers: "
        f"{fields['device_bytes']} bytes on a device",
        *(f"  {did} {out / file.name}" for file in files),
        "",
        "Next: compile rootlet_bundle.c with the device library, and keep",
        f"{MANIFEST_NAME} with the record of that build.",
    ]
    if not successor:
        lines.append("These devices know one root only: another will take an update of them.")
    if not clocks:
        lines.append("Without [[time.servers]] in rootlet.toml devices need another trusted clock.")
    return "\n".join(lines)
