"""The documentation holds: its commands run, its links lead somewhere, its tables are current."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*TREE.glob("*.md"), *(TREE / "docs").glob("*.md"), *(TREE / "examples").rglob("*.md")]
)

SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")

RUN_SECONDS = 120


def relative(path: Path) -> str:
    return str(path.relative_to(TREE))


def with_commands() -> list[Path]:
    return [page for page in PAGES if SHELL.search(page.read_text(encoding="utf-8"))]


def test_there_are_pages_with_commands() -> None:
    assert {"README.md", "docs/tutorial.md"} <= {relative(page) for page in with_commands()}


@pytest.mark.parametrize("page", with_commands(), ids=relative)
def test_commands_of_a_page_run_on_paste(page: Path, tmp_path: Path) -> None:
    """All `sh` blocks of a page, one after the other, as one shell session in the repository."""
    blocks = SHELL.findall(page.read_text(encoding="utf-8"))
    # The virtual environment may have another name here; the tests' own one is put in front.
    text = "\n".join(blocks).replace(
        ". .venv/bin/activate", f"PATH={Path(sys.executable).parent}:$PATH"
    )
    script = f"set -eux\nmktemp() {{ command mktemp -d -p {tmp_path}; }}\n{text}\n"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=TREE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_generated_parts_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/gen_docs.py", "--check"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_points_outside_the_repository() -> None:
    """Users do not have what stood beside the repository while it was written."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "../shared" not in text
        assert "/work/" not in text
