"""``rootlet init``: a maker's folder with a commented rootlet.toml."""

from __future__ import annotations

from pathlib import Path

import click

from rootlet.ca import policy_of
from rootlet.cli.options import dry_run_option, json_option, show
from rootlet.errors import Environment, State
from rootlet.files import write_atomic
from rootlet.maker import CONFIG_NAME, STARTER_SERVERS, parse_maker, starter_text
from rootlet.profile import PROFILE_NAMES, load_profile

__all__ = ["command"]

GITIGNORE = """\
# Keys, secrets and the CA's state: back them up, but not into version control.
*.key
key.pem
/root/
/ca/
/issued/
/time/
/secrets/
/run/
"""

NEXT = """\
Made {folder} with rootlet.toml (profile {profile}).

Next:
  1. Read {config} and put your own names in.
  2. Make the root and the issuing CA:   rootlet ca init --maker {folder}
  3. Issue a server certificate:         rootlet ca issue server {server} --maker {folder}
  4. Make the bundle for your devices:   rootlet bundle --maker {folder} --out DIR"""


def _refuse_non_empty(folder: Path) -> None:
    try:
        occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise Environment(
            f"cannot look into {folder}: {error.strerror}", hint="fix its permissions"
        ) from error
    if occupied:
        raise State(f"{folder} is not an empty folder", hint="name one that does not exist yet")


@click.command(
    name="init",
    epilog="\b\nExample:\n  rootlet init mine --name Acme --server-name api.acme.example",
)
@click.argument("folder", type=click.Path(readable=False, path_type=Path), metavar="DIR")
@click.option(
    "--profile",
    "profile_name",
    type=click.Choice(PROFILE_NAMES),
    default=PROFILE_NAMES[0],
    show_default=True,
    help="The contract between devices and servers.",
)
@click.option(
    "--name", metavar="TEXT", help="The maker's name.  [default: the folder's, capitalised]"
)
@click.option(
    "--server-name",
    "server_names",
    multiple=True,
    metavar="NAME",
    help="A name that server certificates may hold; may be given several times.",
)
@dry_run_option
@json_option
def command(
    folder: Path,
    profile_name: str,
    name: str | None,
    server_names: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a maker's folder: rootlet.toml with every key explained, and a .gitignore."""
    _refuse_non_empty(folder)
    who = name if name is not None else folder.resolve().name.capitalize()
    text = starter_text(who, load_profile(profile_name), server_names or STARTER_SERVERS)
    maker = parse_maker(text, folder)
    policy_of(maker)
    config = folder / CONFIG_NAME
    if not dry_run:
        write_atomic(folder / ".gitignore", GITIGNORE.encode(), private=False)
        write_atomic(config, text.encode(), private=False)
    fields = {"folder": str(folder), "config": str(config), "profile": profile_name, "name": who}
    said = NEXT.format(
        folder=folder,
        profile=profile_name,
        config=config,
        server=next((n for n in maker.servers.names if not n.startswith(".")), "NAME"),
    )
    if dry_run:
        said = f"Would make {folder} with {CONFIG_NAME} (profile {profile_name}, maker {who})"
    show(fields, said, as_json=as_json)
