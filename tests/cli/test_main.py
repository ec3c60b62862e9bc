"""The command line itself: one place that prints errors and decides exit codes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import click
import pytest

from rootlet import __version__, cli, errors
from support.commands import Run

EXIT_CODES = {
    errors.Refused: 1,
    errors.Misuse: 2,
    errors.Missing: 3,
    errors.Environment: 4,
    errors.Secret: 5,
    errors.State: 6,
}


@pytest.fixture
def behaves(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Makes ``rootlet probe`` do what the test says."""

    def become(act: Callable[[], object]) -> None:
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def command(as_json: bool) -> object:
            return act()

        module = ModuleType("rootlet.cli.probe")
        monkeypatch.setattr(module, "command", command, raising=False)
        monkeypatch.setitem(sys.modules, "rootlet.cli.probe", module)

    return become


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items(), ids=lambda value: str(value))
def test_every_error_has_its_exit_code_and_two_lines(
    kind: type[errors.RootletError],
    code: int,
    behaves: Callable[[Callable[[], object]], None],
    run: Run,
) -> None:
    def fail() -> None:
        raise kind("it went wrong", hint="do this", status="ERR_X")

    behaves(fail)
    done = run("probe")
    assert (done.code, done.out) == (code, "")
    assert done.err == "rootlet: it went wrong\n  do this\n"
    done = run("probe", "--json")
    assert done.code == code
    assert json.loads(done.err) == {"error": "it went wrong", "hint": "do this", "status": "ERR_X"}


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), ("text", 0)])
def test_what_a_command_returns_is_the_exit_code(
    returned: object,
    code: int,
    behaves: Callable[[Callable[[], object]], None],
    run: Run,
) -> None:
    behaves(lambda: returned)
    assert run("probe").code == code


@pytest.mark.parametrize("stop", [KeyboardInterrupt, click.Abort])
def test_an_interruption_is_said_like_any_error(
    stop: type[BaseException], behaves: Callable[[Callable[[], object]], None], run: Run
) -> None:
    def interrupted() -> None:
        raise stop

    behaves(interrupted)
    done = run("probe")
    assert done.code == 130
    assert done.err.lstrip() == "rootlet: interrupted\n  run the command again\n"
    assert json.loads(run("probe", "--json").err)["error"] == "interrupted"


def test_a_fault_of_our_own_is_not_hidden(
    behaves: Callable[[Callable[[], object]], None], run: Run
) -> None:
    behaves(lambda: 1 // 0)
    done = run("probe")
    assert done.code == 70
    assert "Traceback" in done.err
    assert done.err.splitlines()[-2:] == [
        "rootlet: a fault of Rootlet's own: ZeroDivisionError: integer division or modulo by zero",
        "  please report it with the command and the lines above",
    ]


def test_what_the_machine_refuses_is_told_wherever_it_happens(
    behaves: Callable[[Callable[[], object]], None], run: Run
) -> None:
    def denied() -> None:
        raise PermissionError(13, "Permission denied", "/srv/file")

    behaves(denied)
    done = run("probe")
    assert done.code == 4
    assert done.err.splitlines()[0] == "rootlet: /srv/file: Permission denied"


def leaves(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from leaves(below, (*words, name))
    else:
        yield words


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_an_example(name: str, run: Run) -> None:
    assert run("--help").out.count(f"  {name} ") == 1
    command = importlib.import_module(f"rootlet.cli.{name}").command
    for words in leaves(command, (name,)):
        done = run(*words, "--help")
        assert done.code == 0
        assert f"Usage: rootlet {' '.join(words)}" in done.out
        assert f"  rootlet {' '.join(words)}" in done.out.split("Example")[-1], words


def test_the_documented_exit_codes_are_those_of_the_errors(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    for code in EXIT_CODES.values():
        assert f" {code} " in " ".join(done.out.split("Exit codes:")[1].split())
    for kind, code in EXIT_CODES.items():
        assert kind.exit_code == code
        assert kind.__name__ in (errors.__doc__ or "")


def test_the_version_is_printed(run: Run) -> None:
    done = run("--version")
    assert (done.code, done.out.split()[-1]) == (0, __version__)


@pytest.mark.parametrize("arguments", [["nothing-of-the-kind"], ["check", "--what"], ["probe"]])
def test_wrong_usage_is_misuse(arguments: list[str], run: Run) -> None:
    done = run(*arguments)
    assert done.code == 2
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("rootlet: ")
    assert lines[1] == f"  see: rootlet {arguments[0]} --help".replace(" nothing-of-the-kind", "")
    assert set(json.loads(run(*arguments, "--json").err)) == {"error", "hint", "status"}


@pytest.mark.parametrize("arguments", [[], ["ca"], ["ca", "issue"]])
def test_half_a_command_is_answered_with_the_rest(arguments: list[str], run: Run) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert done.err.startswith("Usage: rootlet")
    assert "Commands:" in done.err


OUTPUTS = {
    "nobody reads it": ("rootlet --help | true; exit ${PIPESTATUS[0]}", ""),
    "it cannot be written": ("rootlet --help > /dev/full", "No space left on device"),
}


@pytest.mark.parametrize(("script", "said"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_that_goes_nowhere(script: str, said: str) -> None:
    function = f'rootlet() {{ sleep 0.1; "{sys.executable}" -m rootlet "$@"; }}; '
    command = ["bash", "-c", function + script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    assert len(done.stderr.splitlines()) == (2 if said else 0)


def test_the_program_starts_as_a_module() -> None:
    command = [sys.executable, "-m", "rootlet", "check", "chain"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Missing option" in done.stderr


def test_asking_for_help_loads_no_command() -> None:
    script = (
        "import sys; from rootlet.cli import main; main(['--help']);"
        "sys.exit([m for m in sys.modules if m.startswith('rootlet.cli.')] != [])"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
