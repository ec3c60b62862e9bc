"""The command line: parses, calls, prints. One file per command, loaded when it is asked for."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from rootlet import __version__
from rootlet.errors import Environment, Misuse, RootletError

__all__ = ["COMMANDS", "main", "root_command"]

COMMANDS = {
    "init": "make a maker's folder",
    "ca": "the certificate authority: root, issuing CA, certificates",
    "bundle": "put the root into a device",
    "server": "configurations for web servers",
    "agent": "keep the certificates of this machine's servers fresh",
    "time": "Roughtime server and client",
    "gateway": "forward what devices ask of anyone else",
    "probe": "say what a device would make of a server",
    "check": "the device's verdict on a chain or a Roughtime reply",
    "demo": "the whole main job, end to end",
}
"""Every command with its one-line help; rootlet.cli.NAME holds it as ``command``."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class _Commands(click.Group):
    """A group that imports a command's module only when it is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"rootlet.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    epilog="Exit codes: 0 done, 1 refused, 2 misuse, 3 something to install, 4 the machine said "
    "no (file, disk, port), 5 passphrase, 6 does not fit what was done before. "
    "First steps: rootlet demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="rootlet")
def _rootlet() -> None:
    """TLS of your own for connected devices: one root, one cipher suite, one clock."""


def root_command() -> click.Group:
    """The group that holds every command, for whoever documents them."""
    return _rootlet


def _report(error: RootletError, *, as_json: bool) -> int:
    """Print an error on stderr: two lines, or one JSON object; its exit code."""
    if as_json:
        fields = {"error": error.message, "hint": error.hint, "status": error.status}
        click.echo(json.dumps(fields), err=True)
    else:
        click.echo(f"rootlet: {error.message}\n  {error.hint}", err=True)
    return error.exit_code


def _wrong_usage(error: click.ClickException) -> Misuse:
    message = " ".join(error.format_message().split()).removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return Misuse(message, hint=f"see: {context.command_path if context else 'rootlet'} --help")


def _machine_error(error: OSError) -> Environment:
    where = f"{error.filename}: " if error.filename is not None else ""
    return Environment(
        f"{where}{error.strerror or error}", hint="make room or fix the permissions, then try again"
    )


def _fault(error: Exception) -> RootletError:
    traceback.print_exception(error)
    return RootletError(
        f"a fault of Rootlet's own: {type(error).__name__}: {error}",
        hint="please report it with the command and the lines above",
    )


def _unwritten() -> int:
    """Standard output may be gone or full: leave nothing in it that Python would try to write."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Environment.exit_code


def _run(arguments: list[str]) -> int:
    try:
        result = _rootlet.main(arguments, prog_name="rootlet", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except SystemExit as stop:
        if stop.code:  # click's way to end when nobody reads what is printed
            raise BrokenPipeError from stop
        raise
    return result if isinstance(result, int) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not all paths and arguments are text
    try:
        return _run(arguments)
    except RootletError as error:
        return _report(error, as_json=as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return Misuse.exit_code
    except click.ClickException as error:
        return _report(_wrong_usage(error), as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        _report(RootletError("interrupted", hint="run the command again"), as_json=as_json)
        return INTERRUPTED
    except BrokenPipeError:
        return _unwritten()
    except OSError as error:
        _unwritten()
        return _report(_machine_error(error), as_json=as_json)
    except Exception as error:  # noqa: BLE001 - nothing is below: exit code and report for the rest
        return _report(_fault(error), as_json=as_json)
