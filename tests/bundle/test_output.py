"""The bundle's files: the same bytes each time, and C that every compiler takes."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.bundle import Bundle, BundledTimeServer, bundle_files, c_files, manifest, manifest_file
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import authority_of

TREE = Path(__file__).resolve().parents[2]
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOSTS = ("api.example.test", "gateway.example.test")
CLOCKS = (
    BundledTimeServer("time1", "127.0.0.1:2002", bytes(range(32))),
    BundledTimeServer("time2", "[::1]:2003", bytes(range(32, 64))),
)
STRICT = ["-std=c11", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-Wshadow"]
STRICT += ["-Wstrict-prototypes", "-Wmissing-prototypes", "-pedantic"]

PROGRAM = r"""
#include "rootlet_bundle.h"
#include <stdio.h>
static void hex(const uint8_t *bytes, size_t length) {
    printf("\"");
    for (size_t i = 0; i < length; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\"");
}
int main(void) {
    const rootlet_bundle *b = &rootlet_trust;
    printf("{\"anchors\": [");
    for (size_t i = 0; i < b->anchor_count; i++) {
        printf("%s[", i == 0 ? "" : ", ");
        hex(b->anchors[i].name, b->anchors[i].name_length);
        printf(", ");
        hex(b->anchors[i].public_key, ROOTLET_PUBLIC_KEY_BYTES);
        printf("]");
    }
    printf("], \"hosts\": [");
    for (size_t i = 0; i < b->host_count; i++) {
        printf("%s\"%s\"", i == 0 ? "" : ", ", b->hosts[i]);
    }
    printf("], \"clocks\": [");
    for (size_t i = 0; i < b->time_server_count; i++) {
        const rootlet_time_server *server = &b->time_servers[i];
        printf("%s[\"%s\", ", i == 0 ? "" : ", ", server->address);
        hex(server->key, sizeof server->key);
        printf("]");
    }
    printf("], \"sha256\": \"%s\", \"not_after\": %llu}\n", ROOTLET_BUNDLE_ROOT_SHA256,
           (unsigned long long)ROOTLET_BUNDLE_ROOT_NOT_AFTER);
    return 0;
}
"""


def bundle_of(
    root: x509.Certificate,
    profile: str,
    hosts: tuple[str, ...] = HOSTS,
    clocks: tuple[BundledTimeServer, ...] = CLOCKS,
    successor: x509.Certificate | None = None,
) -> Bundle:
    return Bundle(load_profile(profile), "Acme", root, hosts, clocks, successor)


@pytest.fixture(scope="module", params=PROFILE_NAMES)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    made = authority_of(request.param, now=NOW)[1]
    return bundle_of(made.root, request.param, successor=made.successor)


def compiler(name: str, package: str) -> str:
    found = shutil.which(name)
    assert found, f"install the compiler: apt-get install -y --no-install-recommends {package}"
    return found


def compiled(folder: Path, bundle: Bundle, command: list[str]) -> subprocess.CompletedProcess[str]:
    for file in c_files(bundle):
        (folder / file.name).write_bytes(file.content)
    flags = [*STRICT, f"-DROOTLET_PROFILE_P256={int(bundle.profile.name == 'p256')}"]
    flags += [f"-I{TREE / 'device/include'}", f"-I{folder}"]
    return subprocess.run(
        [*command, *flags], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("roots", [1, 2])
def test_a_device_finds_in_it_what_was_put_in(bundle: Bundle, tmp_path: Path, roots: int) -> None:
    if roots == 1:
        bundle = replace(bundle, successor=None)
    assert len(bundle.anchors) == roots
    (tmp_path / "main.c").write_text(PROGRAM, encoding="utf-8")
    command = [compiler("gcc", "gcc"), "main.c", "rootlet_bundle.c", "-o", "main"]
    done = compiled(tmp_path, bundle, command)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    assert json.loads(said) == {
        "anchors": [[name.hex(), key.hex()] for name, key in bundle.anchors],
        "hosts": list(HOSTS),
        "clocks": [[c.address, c.public_key.hex()] for c in CLOCKS],
        "sha256": bundle.root_sha256,
        "not_after": bundle.root_not_after,
    }


def test_it_is_constant_data_on_a_small_core(bundle: Bundle, tmp_path: Path) -> None:
    gcc = compiler("arm-none-eabi-gcc", "gcc-arm-none-eabi")
    command = [gcc, "-mthumb", "-mcpu=cortex-m0plus", "-ffreestanding", "-c", "rootlet_bundle.c"]
    done = compiled(tmp_path, bundle, command)
    assert done.returncode == 0, done.stderr
    sizes = subprocess.run(
        ["arm-none-eabi-size", "rootlet_bundle.o"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[6:9]
    assert sizes[1:] == ["0", "0"], "nothing of it may need RAM"
    assert int(sizes[0]) < 520


@pytest.mark.parametrize("hosts", [(), HOSTS])
@pytest.mark.parametrize("clocks", [(), CLOCKS])
def test_what_a_maker_does_not_have_may_be_left_out(
    bundle: Bundle,
    tmp_path: Path,
    hosts: tuple[str, ...],
    clocks: tuple[BundledTimeServer, ...],
) -> None:
    part = bundle_of(bundle.root, bundle.profile.name, hosts, clocks)
    done = compiled(tmp_path, part, [compiler("gcc", "gcc"), "-c", "rootlet_bundle.c"])
    assert done.returncode == 0, done.stderr


def test_a_library_of_the_other_profile_does_not_take_it(bundle: Bundle, tmp_path: Path) -> None:
    other = int(bundle.profile.name != "p256")
    command = [compiler("gcc", "gcc"), "-c", "rootlet_bundle.c"]
    for file in c_files(bundle):
        (tmp_path / file.name).write_bytes(file.content)
    flags = [f"-DROOTLET_PROFILE_P256={other}", f"-I{TREE / 'device/include'}"]
    done = subprocess.run(
        [*command, *flags], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"this bundle is for profile {bundle.profile.name}" in done.stderr


def test_the_same_input_gives_the_same_bytes(bundle: Bundle) -> None:
    again = replace(bundle)
    for formats in (["c", "der", "pem"], ["pem", "c", "der"]):
        assert bundle_files(again, formats) == bundle_files(bundle, ["der", "pem", "c"])
    fields = [
        manifest(each, version="1", inputs={"b": b"2", "a": b"1"}, outputs=bundle_files(each, "c"))
        for each in (bundle, again)
    ]
    assert manifest_file(fields[0]) == manifest_file(fields[1])
    assert next(file.content for file in bundle_files(bundle, ["der"])) == bundle.root_der
    names = ["rootlet_root.der", "rootlet_successor.der"]
    assert [file.name for file in bundle_files(bundle, ["der"])] == names
    alone = replace(bundle, successor=None)
    assert [file.name for file in bundle_files(alone, ["der"])] == names[:1]


def test_lines_fit_a_reviewers_screen(bundle: Bundle) -> None:
    for file in c_files(bundle):
        assert max(map(len, file.content.decode("ascii").splitlines())) <= 110
