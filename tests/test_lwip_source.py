"""lwIP's archive: which sources are asked, and what is unpacked of it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from tools.lwip_source import NoSource, _unpack, source_entries


def archive(folder: Path, *names: str, link: str = "") -> Path:
    path = folder / "lwip.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return path


def test_files_are_unpacked_and_links_are_not(tmp_path: Path) -> None:
    _unpack(archive(tmp_path, "lwip/src/a.c", link="lwip/b"), tmp_path / "tree")
    assert (tmp_path / "tree/lwip/src/a.c").read_bytes() == b"x"
    assert not (tmp_path / "tree/lwip/b").is_symlink()


@pytest.mark.parametrize("name", ["/outside", "lwip/../../outside"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoSource, match="outside"):
        _unpack(archive(tmp_path, name), tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_both_forms_of_a_source_list_ask_for_sources() -> None:
    sources = "Types: deb\nURIs: somewhere\nSuites: bookworm\n"
    assert source_entries("debian.sources", sources).startswith("Types: deb-src\n")
    assert source_entries("sources.list", "deb somewhere jammy main\n# deb no\n") == (
        "deb-src somewhere jammy main\n# deb no\n"
    )
