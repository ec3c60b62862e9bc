"""The C limits headers are made from the profile files and are up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import gen_profile

from rootlet.profile import PROFILE_NAMES, load_profile


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_the_header_is_what_the_profile_makes(name: str) -> None:
    header = gen_profile.HEADERS / f"limits_{name}.h"
    assert header.read_text(encoding="utf-8") == gen_profile.render(load_profile(name))


def test_check_is_green() -> None:
    assert gen_profile.main(["--check"]) == 0


def test_both_headers_define_the_same_names() -> None:
    names = [
        re.findall(r"#define (ROOTLET_\w+) ", gen_profile.render(load_profile(name)))
        for name in PROFILE_NAMES
    ]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_what_is_written_passes_the_check_and_a_change_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gen_profile, "HEADERS", tmp_path)
    assert gen_profile.main(["--check"]) == 1
    assert "limits_c25519.h, limits_p256.h; run: python tools/gen" in capsys.readouterr().err
    assert gen_profile.main([]) == 0
    assert gen_profile.main(["--check"]) == 0
    header = tmp_path / "limits_p256.h"
    header.write_text(header.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert gen_profile.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("stale: limits_p256.h;")
