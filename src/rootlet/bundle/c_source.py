"""The bundle as C: constants of the types in rootlet/bundle.h, nothing that runs."""

from __future__ import annotations

from collections.abc import Iterable

from rootlet.bundle.model import Bundle, OutputFile

__all__ = ["c_files"]

BYTES_PER_LINE = 12

HEADER = """\
/*
 * A trust bundle for profile {profile}. Made by rootlet bundle: make it again rather than
 * change it. It declares rootlet_trust, which rootlet_bundle.c defines.
 */
#ifndef ROOTLET_GENERATED_BUNDLE_H
#define ROOTLET_GENERATED_BUNDLE_H

#include "rootlet/bundle.h"

/* SHA-256 of the root's certificate. */
#define ROOTLET_BUNDLE_ROOT_SHA256 "{sha256}"
/* The last second of its validity, since 1970-01-01T00:00:00Z: {not_after_text}. */
#define ROOTLET_BUNDLE_ROOT_NOT_AFTER UINT64_C({not_after})

#endif
"""

SOURCE = """\
/* See rootlet_bundle.h. */
#include "rootlet_bundle.h"

_Static_assert(ROOTLET_PUBLIC_KEY_BYTES == {key_bytes},
               "this bundle is for profile {profile}: build the library for the same one");

{anchors}
static const rootlet_anchor anchors[] = {{
{anchor_list}
}};
{hosts}{time_servers}
const rootlet_bundle rootlet_trust = {{
    .anchors = anchors,
    .anchor_count = {anchor_count},
    .hosts = {hosts_value},
    .host_count = {host_count},
    .time_servers = {time_servers_value},
    .time_server_count = {time_server_count},
}};

/* {made_text} */
const uint64_t rootlet_trust_made = UINT64_C({made});
"""


ANCHOR = """\
static const uint8_t {which}_name[] = {{
{name}
}};

static const uint8_t {which}_key[ROOTLET_PUBLIC_KEY_BYTES] = {{
{key}
}};
"""

ROOTS = ("root", "successor")


def _byte_lines(data: bytes, indent: str) -> str:
    rows = [data[at : at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE)]
    return "\n".join(indent + ", ".join(f"0x{byte:02x}" for byte in row) + "," for row in rows)


def _array(kind: str, name: str, entries: Iterable[str]) -> str:
    return f"\nstatic const {kind} {name}[] = {{\n" + "".join(entries) + "};\n"


def _anchors(bundle: Bundle) -> str:
    return "\n".join(
        ANCHOR.format(which=which, name=_byte_lines(name, "    "), key=_byte_lines(key, "    "))
        for which, (name, key) in zip(ROOTS, bundle.anchors, strict=False)
    )


def _hosts(bundle: Bundle) -> str:
    if not bundle.hosts:
        return ""
    return _array("char *const", "hosts", (f'    "{host}",\n' for host in bundle.hosts))


def _time_servers(bundle: Bundle) -> str:
    if not bundle.time_servers:
        return ""
    entries = (
        f'    /* {server.name} */\n    {{\n        .address = "{server.address}",\n'
        f"        .key = {{\n{_byte_lines(server.public_key, ' ' * 12)}\n        }},\n    }},\n"
        for server in bundle.time_servers
    )
    return _array("rootlet_time_server", "time_servers", entries)


def c_files(bundle: Bundle) -> tuple[OutputFile, OutputFile]:
    """rootlet_bundle.h and rootlet_bundle.c; the same bundle gives the same bytes."""
    header = HEADER.format(
        profile=bundle.profile.name,
        sha256=bundle.root_sha256,
        not_after=bundle.root_not_after,
        not_after_text=f"{bundle.root.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    )
    source = SOURCE.format(
        profile=bundle.profile.name,
        key_bytes=bundle.profile.sizes.public_key,
        anchors=_anchors(bundle),
        anchor_list="\n".join(
            f"    {{{which}_name, sizeof {which}_name, {which}_key}},"
            for which in ROOTS[: len(bundle.anchors)]
        ),
        anchor_count=len(bundle.anchors),
        hosts=_hosts(bundle),
        hosts_value="hosts" if bundle.hosts else "NULL",
        host_count=len(bundle.hosts),
        time_servers=_time_servers(bundle),
        time_servers_value="time_servers" if bundle.time_servers else "NULL",
        time_server_count=len(bundle.time_servers),
        made=bundle.root_not_before,
        made_text=f"{bundle.root.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
    )
    return (
        OutputFile("rootlet_bundle.h", header.encode("ascii")),
        OutputFile("rootlet_bundle.c", source.encode("ascii")),
    )
