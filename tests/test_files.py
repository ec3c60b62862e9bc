"""Files written whole or not at all, secrets for their owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rootlet.errors import Environment
from rootlet.files import read_bytes, write_atomic


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("private", "wanted"), [(True, 0o600), (False, 0o644)])
def test_content_and_mode(private: bool, wanted: int, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    previous = os.umask(0)
    try:
        write_atomic(path, b"content", private=private)
    finally:
        os.umask(previous)
    assert read_bytes(path, what="the file") == b"content"
    assert mode(path) == wanted


def test_a_secret_is_private_before_it_holds_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def watch(descriptor: int) -> None:
        seen.extend(mode(path) for path in tmp_path.iterdir())

    monkeypatch.setattr(os, "fsync", watch)
    write_atomic(tmp_path / "key", b"secret", private=True)
    assert seen == [0o600]


def test_the_new_file_replaces_the_old_one_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old", private=False)
    write_atomic(path, b"new", private=True)
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_full_disk_leaves_the_old_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_atomic(path, b"old", private=False)
    monkeypatch.setattr(os, step, full)
    with pytest.raises(Environment, match=r"cannot write .*: No space left on device") as error:
        write_atomic(path, b"new", private=False)
    assert "nothing was changed" in error.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Environment, match="cannot write"):
        write_atomic(tmp_path / "file" / "below", b"", private=False)


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="cannot write"):
        write_atomic(tmp_path, b"", private=False)
    assert not list(tmp_path.parent.glob(f".{tmp_path.name}.*"))


@pytest.mark.parametrize("name", [".", "nothing"])
def test_what_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(Environment, match=f"cannot read the thing {tmp_path}"):
        read_bytes(tmp_path / name, what="the thing")
