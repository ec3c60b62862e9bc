"""Wrong input to every command: two lines or one JSON object, the right code, nothing lost.

What only one command can get wrong stands in that command's own tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest

from rootlet.cli import root_command
from rootlet.cli.init import GITIGNORE
from rootlet.files import MOST_BYTES
from support.commands import Done, Run
from support.limits import files_up_to, like_everyone
from support.makers import PASSPHRASE, bare_maker, deliver_device, deliver_server, made_maker

NAME = "api.example.test"
ROUTE = """
[gateway]
name = "api.example.test"
[[gateway.routes]]
alias = "weather"
upstream = "https://localhost:1/v1"
methods = ["GET"]
devices = ["sensor-*"]
"""
Words = Sequence[object]


class World:
    """A maker with everything, one without a CA, and every kind of file that is of no use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        maker = made_maker(folder / "mine")
        deliver_server(maker, NAME)
        deliver_device(maker, "sensor-1")
        self.mine = maker.folder
        with (self.mine / "rootlet.toml").open("a", encoding="utf-8") as config:
            config.write(ROUTE)
        self.bare = bare_maker(folder / "bare").folder
        self.passphrase = self.write("passphrase", PASSPHRASE)
        self.wrong = {
            "missing": folder / "nothing",
            "folder": folder / "folder",
            "locked": self.write("locked", b"locked"),
            "endless": Path("/dev/zero"),
            "empty": self.write("empty", b""),
            "garbage": self.write("garbage", bytes(range(256)) * 20),
        }
        self.wrong["folder"].mkdir()
        self.wrong["locked"].chmod(0)
        self.read_only = folder / "read-only"
        self.read_only.mkdir(mode=0o500)
        self.closed = folder / "closed"
        self.closed.mkdir(mode=0)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    def fill(self, words: Words, **more: object) -> list[str]:
        """A command's words, with the names in braces put in."""
        cert = self.mine / "issued/servers" / NAME
        device = self.mine / "issued/devices/sensor-1"
        known = {
            "mine": self.mine,
            "bare": self.bare,
            "passphrase": self.passphrase,
            "root": self.mine / "root/root.pem",
            "cert": cert / "cert.pem",
            "key": cert / "key.pem",
            "device": device / "cert.pem",
            "devicekey": device / "key.pem",
            "folder": self.folder,
            "text": self.wrong["garbage"],
        }
        return [str(word).format(**(known | more)) for word in words]


def content(folder: Path) -> dict[str, object]:
    """Every file and link below a folder, without what SQLite keeps beside its file."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if path.name.endswith(("-wal", "-shm")) or stat.S_ISDIR(mode):
            continue
        held: object = path.readlink() if path.is_symlink() else path.read_bytes()
        found[str(path.relative_to(folder))] = (mode, held)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def refused(run: Run, world: World, words: Words, code: int, said: str, **more: object) -> None:
    """The command fails as documented, for people and for programs, and changes nothing."""
    arguments = world.fill(words, **more)
    before = content(world.mine), content(world.bare)
    with like_everyone():
        told, as_json = run(*arguments), run(*arguments, "--json")
    assert_two_lines(told, code, said)
    fields = json.loads(as_json.err)
    assert as_json.code == code
    assert as_json.out == ""
    assert set(fields) == {"error", "hint", "status"}
    assert said in f"{fields['error']}\n{fields['hint']}"
    assert (content(world.mine), content(world.bare)) == before


def assert_two_lines(done: Done, code: int, said: str) -> None:
    assert (done.code, done.out) == (code, ""), done.err
    first, second = done.err.splitlines()
    assert re.fullmatch(r"rootlet: \S.*[^.]", first)
    assert re.fullmatch(r"  \S.*", second)
    assert said in done.err


def leaves(command: click.Command, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [words]
    context = click.Context(command)
    below = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [leaf for name, each in below if each for leaf in leaves(each, (*words, name))]


COMMANDS = leaves(root_command(), ())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_option_that_is_not_known(words: Words, world: World, run: Run) -> None:
    refused(
        run, world, (*words, "--nonsense"), 2, f"see: rootlet {' '.join(map(str, words))} --help"
    )


MAKER_USERS: tuple[Words, ...] = (
    ("ca", "init", "--passphrase-file", "{passphrase}"),
    ("ca", "issue", "server", NAME),
    ("ca", "issue", "device", "sensor-1"),
    ("ca", "renew", NAME),
    ("ca", "issuing", "renew", "--passphrase-file", "{passphrase}"),
    ("ca", "issuing", "rotate", "--passphrase-file", "{passphrase}"),
    ("ca", "root", "prepare", "--passphrase-file", "{passphrase}"),
    ("ca", "root", "successor", "--passphrase-file", "{passphrase}", "--despite-bundles"),
    ("ca", "root", "crl", "--passphrase-file", "{passphrase}"),
    ("ca", "revoke", "sensor-1", "--reason", "superseded"),
    ("ca", "crl"),
    ("ca", "list"),
    ("ca", "show", NAME),
    ("bundle", "--out", "{folder}/out"),
    ("server", "config", "nginx", "--name", NAME, "--listen", "*:1", "--root-dir", "/srv"),
    ("time", "measure"),
    ("gateway", "check"),
    ("gateway", "serve"),
)
CONFIGURATIONS = {
    "no TOML": (b"profile = \n", "is not TOML"),
    "an unknown key": (b'[maker]\nname = "A"\n[servers]\nlifetime_hour = 3\n', "'lifetime_hours'"),
    "a wrong type": (b"[maker]\nname = 3\n", "write name as text in quotes"),
    "no text": (b'[maker]\nname = "\xff"\n', "save it as UTF-8"),
    "nothing": (b"", "add name"),
    "a nesting without an end": (b"x = " + b"[" * 5000, "is not TOML"),
    "a number without an end": (b"x = " + b"9" * 5000, "is not TOML"),
    "too much": (b"#" * (MOST_BYTES + 1), "longer than 16 MiB"),
}


@pytest.mark.parametrize("words", MAKER_USERS, ids=lambda words: " ".join(words[:3]))
def test_a_makers_folder_that_is_none(words: Words, world: World, run: Run) -> None:
    at = (*words, "--maker", "{maker}")
    for maker, code, said in (
        (world.folder / "nothing", 4, "rootlet init DIR"),
        (world.wrong["garbage"], 2, "is a file"),
        (world.closed, 4, "Permission denied"),
    ):
        refused(run, world, at, code, said, maker=maker)
    folder = world.folder / "of-a-folder"
    (folder / "rootlet.toml").mkdir(parents=True, exist_ok=True)
    refused(run, world, at, 4, "Is a directory", maker=folder)


@pytest.mark.parametrize(("text", "said"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used(
    text: bytes, said: str, tmp_path: Path, world: World, run: Run
) -> None:
    (tmp_path / "rootlet.toml").write_bytes(text)
    for words in MAKER_USERS:
        refused(run, world, (*words, "--maker", "{maker}"), 2, said, maker=tmp_path)


SERVE = ("gateway", "serve", "--maker", "{mine}", "--listen", "127.0.0.1:0")
PROBE = ("probe", "127.0.0.1:1", "--name", NAME)
CHAIN = ("check", "chain", "--name", NAME, "--at", "now")
REPLY = ("check", "time", "--key", "A" * 43 + "=")
FILES: dict[str, tuple[Words, int, int]] = {
    # the option with a file last, then the exit codes for an empty file and for garbage
    "root's passphrase": (
        ("ca", "issuing", "renew", "--maker", "{mine}", "--passphrase-file"),
        5,
        5,
    ),
    "new passphrase": (("ca", "init", "--maker", "{bare}", "--passphrase-file"), 5, 0),
    "server's request": (("ca", "issue", "server", NAME, "--maker", "{mine}", "--csr"), 1, 1),
    "device's request": (("ca", "issue", "device", "a", "--maker", "{mine}", "--csr"), 1, 1),
    "renewal's request": (("ca", "renew", NAME, "--maker", "{mine}", "--csr"), 1, 1),
    "ceremony's record": (("ca", "ceremony", "verify", "--maker", "{mine}"), 1, 1),
    "ceremony's root": (("ca", "ceremony", "verify", "{root}", "--root"), 1, 1),
    "known manifest": (
        ("ca", "root", "successor", "--maker", "{mine}", "--dry-run", "--manifest"),
        1,
        1,
    ),
    "bundled successor": (
        ("bundle", "--maker", "{mine}", "--out", "{folder}/out", "--successor"),
        1,
        1,
    ),
    "bundled root": (("bundle", "--maker", "{mine}", "--out", "{folder}/out", "--root"), 1, 1),
    "time server's key": (("time", "serve", "--listen", "127.0.0.1:0", "--key"), 2, 2),
    "gateway's certificate": ((*SERVE, "--key", "{key}", "--certificate"), 1, 1),
    "gateway's key": ((*SERVE, "--certificate", "{cert}", "--key"), 2, 2),
    "probe's root": ((*PROBE, "--root"), 2, 2),
    "probe's certificate": ((*PROBE, "--root", "{root}", "--key", "{devicekey}", "--cert"), 2, 2),
    "probe's key": ((*PROBE, "--root", "{root}", "--cert", "{device}", "--key"), 2, 2),
    "chain's root": ((*CHAIN, "--chain", "{cert}", "--root"), 2, 2),
    "chain": ((*CHAIN, "--root", "{root}", "--chain"), 0, 0),
    "Roughtime request": ((*REPLY, "--response", "{text}", "--request"), 0, 0),
    "Roughtime response": ((*REPLY, "--request", "{text}", "--response"), 0, 0),
}
"""0: what is in the file is not an error; a verdict on it stands in the command's own tests."""


@pytest.mark.parametrize(("words", "empty", "garbage"), FILES.values(), ids=FILES)
def test_a_file_that_is_none(
    words: Words, empty: int, garbage: int, world: World, run: Run
) -> None:
    for kind, code, said in (
        ("missing", 4, "No such file or directory"),
        ("folder", 2, "is a directory"),
        ("locked", 4, "Permission denied"),
        ("endless", 2, "longer than 16 MiB"),
        ("empty", empty, ""),
        ("garbage", garbage, ""),
    ):
        if code:
            refused(run, world, (*words, "{file}"), code, said, file=world.wrong[kind])


OUT = ("server", "config", "nginx", "--name", NAME, "--listen", "*:1", "--root-dir", "/srv")
PLACES: dict[str, Words] = {
    "a maker": ("init", "{place}"),
    "a bundle": ("bundle", "--maker", "{mine}", "--out", "{place}"),
    "a configuration": (*OUT, "--maker", "{mine}", "--out", "{place}/nginx.conf"),
    "a key": ("time", "keygen", "north", "--maker", "{place}"),
    "a log": (*SERVE, "--log", "{place}/log"),
    "a demo": ("demo", "--dir", "{place}"),
}


@pytest.mark.parametrize("words", PLACES.values(), ids=PLACES)
def test_a_place_where_nothing_can_be_put(words: Words, world: World, run: Run) -> None:
    for place, said in (
        (world.wrong["garbage"] / "below", "Not a directory"),
        (world.read_only / "below", ""),
        (world.closed / "below", "Permission denied"),
    ):
        refused(run, world, words, 4, said, place=place)
    assert not list(world.read_only.iterdir())


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "locked": lambda path: path.chmod(0),
}
CA_FILES = {
    # what the damage above to each file is answered with
    "ca.sqlite": (6, 6, 6, 4),
    "issuing.pem": (4, 6, 6, 4),
    "root.pem": (4, 6, 6, 4),
    "issuing.key": (4, 1, 1, 4),
}


@pytest.mark.parametrize(("name", "codes"), CA_FILES.items(), ids=CA_FILES)
def test_a_ca_that_lost_a_file(
    name: str, codes: tuple[int, ...], tmp_path: Path, world: World, run: Run
) -> None:
    users = [words for words in MAKER_USERS if words[0] == "ca" and words[1] != "init"]
    readers = ("list", "show", "renew") if name == "ca.sqlite" else ("issue", "issuing")
    for kind, code in zip(DAMAGE, codes, strict=True):
        maker = tmp_path / kind
        shutil.copytree(world.mine, maker, symlinks=True)
        DAMAGE[kind](maker / "ca" / name)
        for words in users:
            if words[1] in readers:
                refused(run, world, (*words, "--maker", "{maker}"), code, str(maker), maker=maker)


NO_TEXT = os.fsdecode(b"\xff")
VALUES: dict[str, tuple[Words, int, str]] = {
    "init --profile": (("init", "{folder}/new", "--profile", "p521"), 2, "'c25519'"),
    "init --name": (("init", "{folder}/new", "--name", NO_TEXT), 2, "printable"),
    "init --server-name": (("init", "{folder}/new", "--server-name", "a b"), 1, "host name"),
    "issue name": (("ca", "issue", "server", NO_TEXT, "--maker", "{mine}"), 1, "host name"),
    "issue id": (("ca", "issue", "device", NO_TEXT, "--maker", "{mine}"), 1, "device id"),
    "issue hours": (("ca", "issue", "server", NAME, "--lifetime-hours", "x"), 2, "not a valid"),
    "renew name": (("ca", "renew", NO_TEXT, "--maker", "{mine}"), 6, "nothing was issued"),
    "show name": (("ca", "show", NO_TEXT, "--maker", "{mine}"), 6, "nothing was issued"),
    "list --kind": (("ca", "list", "--kind", "x"), 2, "'server'"),
    "config SERVER": (("server", "config", "iis", "--name", NAME, "--listen", "*:1"), 2, "nginx"),
    "config --proxy-to": ((*OUT[:-2], "--proxy-to", "http://", "--maker", "{mine}"), 2, "http URL"),
    "config --root-dir": ((*OUT[:-1], NO_TEXT, "--maker", "{mine}"), 2, "safely"),
    "keygen name": (("time", "keygen", "k" * 65, "--maker", "{bare}"), 2, "cannot name a key"),
    "keygen --address": (("time", "keygen", "k", "--address", 'a"b:1'), 2, "is not HOST:PORT"),
    "serve --radius": (("time", "serve", "--radius", "0"), 2, "range"),
    "query --key": (("time", "query", "127.0.0.1:1", "--key", NO_TEXT), 2, "Roughtime key"),
    "query --timeout": (("time", "query", "127.0.0.1:1", "--timeout", "nan"), 2, "seconds"),
    "query address": (("time", "query", f"{NO_TEXT}:1", "--key", "A" * 43 + "="), 2, "HOST:PORT"),
    "measure --timeout": (("time", "measure", "--timeout", "inf"), 2, "range"),
    "gateway --listen": ((*SERVE[:-1], "a..b:1"), 2, "host name"),
    "gateway --as": (("gateway", "check", "--as", "sensor-1"), 2, "--as"),
    "probe address": (("probe", "[]:1", "--root", "{root}"), 2, "HOST:PORT"),
    "probe host": (("probe", f"{NO_TEXT}:1", "--root", "{root}", "--name", NAME), 4, "host name"),
    "probe --timeout": ((*PROBE, "--root", "{root}", "--timeout", "-1"), 2, "range"),
    "probe --name": ((*PROBE, "--root", "{root}", "--name", NO_TEXT), 2, "ASCII"),
    "check --at": ((*CHAIN[:-1], "9" * 30, "--root", "{root}", "--chain", "{cert}"), 2, "seconds"),
    "check --key": ((*REPLY[:-1], "ü", "--request", "{text}", "--response", "{text}"), 2, "base64"),
    "demo --dir": (("demo", "--dir", "{mine}"), 6, "not an empty folder"),
}


@pytest.mark.parametrize(("words", "code", "said"), VALUES.values(), ids=VALUES)
def test_a_value_that_makes_no_sense(
    words: Words, code: int, said: str, world: World, run: Run
) -> None:
    refused(run, world, words, code, said)
    assert not (world.folder / "new").exists()


def test_a_path_that_is_no_text_can_be_used(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / NO_TEXT
    done = run("init", folder, "--name", "Acme")
    assert done.code == 0, done.err
    assert (folder / ".gitignore").read_text(encoding="utf-8") == GITIGNORE


@pytest.mark.parametrize("room", [0, 300, 1000, 4096])
def test_a_ca_that_does_not_fit_on_the_disk(room: int, world: World, run: Run) -> None:
    words = ("ca", "init", "--maker", "{bare}", "--passphrase-file", "{passphrase}")
    with files_up_to(room):
        refused(run, world, words, 4, "make room")
    assert [path.name for path in world.bare.iterdir()] == ["rootlet.toml"]


def test_a_bundle_is_replaced_whole_or_not_at_all(tmp_path: Path, world: World, run: Run) -> None:
    words = world.fill(("bundle", "--maker", "{mine}", "--out", tmp_path))
    assert run(*words).code == 0
    (tmp_path / "rootlet_root.pem").unlink()
    (tmp_path / "rootlet_root.pem").mkdir()
    (tmp_path / "rootlet_bundle.c").write_text("of another build", encoding="utf-8")
    before = content(tmp_path)
    assert_two_lines(run(*words), 4, "rootlet_root.pem: Is a directory")
    assert content(tmp_path) == before
