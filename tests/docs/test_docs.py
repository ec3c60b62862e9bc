"""The documentation holds: its commands run, its links lead somewhere, its tables are current."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rootlet.cli import root_command
from rootlet.errors import RootletError
from support.leftovers import stop_left_in

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
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=TREE,
            env=os.environ | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
    finally:
        stop_left_in(tmp_path)
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


def leaves(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        found += leaves(below, f"{path} {name}")
    return found


def test_every_command_has_an_example() -> None:
    for path, command in leaves(root_command(), "rootlet"):
        text = (command.help or "") + (command.epilog or "")
        assert f"  {path}" in text, f"{path} has no example"


def test_the_exit_codes_of_the_readme_are_the_errors() -> None:
    text = (TREE / "README.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    raised = {kind.exit_code for kind in RootletError.__subclasses__()}
    assert listed == raised | {0, RootletError.exit_code, 130}
