"""``rootlet time``: keygen, serve, query and measure, as someone would type them."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli import main
from rootlet.pki import KeySealer, key_to_pem
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    TimeListener,
    delegate,
    format_address,
    key_to_text,
    load_key,
    raw_public_key,
    verify,
)
from support.processes import LOOPBACK
from support.report_checker import check_report
from support.roughtime import KEY
from support.roughtime import listener as listener_of

STOP_SECONDS = 20.0
KEY_TEXT = key_to_text(KEY)


@contextmanager
def serving(core: Server | None = None) -> Iterator[str]:
    """A server in a thread; yields its address."""
    with closing(listener_of(core)) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield format_address(listener.address)
        finally:
            listener.stop()
            thread.join(STOP_SECONDS)


class Skewed(Server):
    """A server whose clock is wrong, but whose signatures are good."""

    def __init__(self, seed: int, skew: int) -> None:
        key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        online = Ed25519PrivateKey.from_private_bytes(bytes([seed + 1]) * 32)
        self.public_key = raw_public_key(key)

        def renew(now: int) -> Delegation:
            return delegate(key, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

        super().__init__([LongTermKey(self.public_key, renew)], versions=SUPPORTED_VERSIONS)
        self._skew = skew

    def answer(
        self, packets: Sequence[bytes], now: int, radius: int, *, padded: bool = True
    ) -> list[bytes | None]:
        return super().answer(packets, now + self._skew, radius, padded=padded)


def maker(folder: Path, servers: list[tuple[str, str, str]]) -> Path:
    """A maker's folder that knows these servers: name, address, key."""
    text = 'profile = "c25519"\n[maker]\nname = "Example"\n'
    for name, address, key in servers:
        text += f'[[time.servers]]\nname = "{name}"\naddress = "{address}"\n'
        text += f'public_key = "{key}"\n'
    folder.mkdir(exist_ok=True)
    (folder / "rootlet.toml").write_text(text, encoding="utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["time", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_keygen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("keygen", "north", "--maker", str(tmp_path), "--address", "north.example.test:5319")
    code, out, _ = run(capsys, *where)
    path = tmp_path / "time" / "north.key"
    public_key = key_to_text(raw_public_key(load_key(path)))
    assert code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    for line in ("[[time.servers]]", 'name = "north"', f'public_key = "{public_key}"'):
        assert line in out
    assert "rootlet time serve --key" in out
    before = path.read_bytes()
    code, out, err = run(capsys, *where)
    assert (code, out) == (6, "")
    assert "exists already" in err
    assert path.read_bytes() == before


def test_keygen_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "keygen", "a.b-c_1", "--maker", str(tmp_path), "--json")
    fields = json.loads(out)
    assert code == 0
    assert fields["name"] == "a.b-c_1"
    assert load_key(Path(fields["key"]))
    assert "PRIVATE" not in out


@pytest.mark.parametrize("name", ["", "../north", ".hidden", "a/b", "a b"])
def test_keygen_takes_no_path(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "keygen", name, "--maker", str(tmp_path))
    assert code == 2
    assert "cannot name a key" in err
    assert not list(tmp_path.iterdir())


def started(key: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    command = [sys.executable, "-m", "rootlet", "time", "serve", "--key", str(key)]
    process = subprocess.Popen(
        [*command, "--listen", f"{LOOPBACK}:0", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, json.loads(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_query_and_stop(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "keygen", "north", "--maker", str(tmp_path))
    key = tmp_path / "time" / "north.key"
    process, said = started(key, "--radius", "7")
    try:
        where = (said["address"], "--key", said["public_key"])
        saved = tmp_path / "told"
        code, out, _ = run(capsys, "query", *where, "--save", str(saved), "--json")
        process.send_signal(number)
        _, err = process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
    fields = json.loads(out)
    assert code == 0
    assert (fields["radius"], fields["version"]) == (7, 1)
    assert abs(fields["offset"]) < 7
    assert fields["delay"] > 0
    request, response = (saved / f"{name}.bin" for name in ("request", "response"))
    assert (fields["request"], fields["response"]) == (str(request), str(response))
    public_key = base64.b64decode(said["public_key"])
    sample = verify(request.read_bytes(), response.read_bytes(), public_key)
    assert sample.midpoint == fields["midpoint"]
    assert process.returncode == 0
    assert "stopped: 1 answered, 0 ignored" in err


@pytest.mark.parametrize("as_json", [False, True])
def test_serve_gives_signals_back(
    as_json: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal that arrives before the first request ends it; afterwards all is as before."""
    run(capsys, "keygen", "north", "--maker", str(tmp_path))
    really_run = TimeListener.run

    def interrupted(listener: TimeListener) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        really_run(listener)

    monkeypatch.setattr(TimeListener, "run", interrupted)
    before = signal.getsignal(signal.SIGTERM)
    key = str(tmp_path / "time" / "north.key")
    options = ["--json"] if as_json else []
    code, out, err = run(capsys, "serve", "--key", key, "--listen", f"{LOOPBACK}:0", *options)
    assert code == 0
    assert ("rootlet time query 127.0.0.1:" in out) != as_json
    assert "stopped: 0 answered, 0 ignored" in err
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_a_query_saved_is_what_check_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as address:
        code, out, _ = run(capsys, "query", address, "--key", KEY_TEXT, "--save", str(tmp_path))
    assert code == 0
    assert "give or take 3 s" in out
    assert "within the radius" in out
    command = out.strip().rsplit("Next: rootlet ", 1)[1].split()
    assert main(command) == 0
    assert "accepted" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("0x8000000c", 0x8000000C)])
def test_query_in_one_version(text: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as address:
        code, out, _ = run(capsys, "query", address, "--key", KEY_TEXT, "--version", text, "--json")
    assert code == 0
    assert json.loads(out)["version"] == number


def test_query_of_a_clock_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = Skewed(7, 5000)
    with serving(wrong) as address:
        code, out, _ = run(capsys, "query", address, "--key", key_to_text(wrong.public_key))
    assert code == 0
    assert "behind the midpoint, OUTSIDE the radius" in out


def test_query_with_another_servers_key(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as address:
        other = key_to_text(Skewed(9, 0).public_key)
        code, _, err = run(capsys, "query", address, "--key", other, "--timeout", "0.2")
    assert code == 4
    assert "no answer" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nonsense", "--key", KEY_TEXT), 2, "HOST:PORT"),
        (("127.0.0.1:1", "--key", "nonsense"), 2, "not a Roughtime key"),
        (("127.0.0.1:1", "--key", KEY_TEXT[:-4]), 2, "not a Roughtime key"),
        (("127.0.0.1:1", "--key", KEY_TEXT, "--timeout", "0"), 2, "timeout"),
        (("127.0.0.1:1", "--key", KEY_TEXT, "--timeout", "0.1"), 4, "no answer"),
        (("no-such-host.invalid:1", "--key", KEY_TEXT), 4, "cannot find"),
    ],
)
def test_query_misused(
    arguments: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = run(capsys, "query", *arguments)
    assert (got, out) == (code, "")
    assert message in err


def test_serve_on_a_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "keygen", "north", "--maker", str(tmp_path))
    key = tmp_path / "time" / "north.key"
    with serving() as address:
        code, _, err = run(capsys, "serve", "--key", str(key), "--listen", address)
    assert code == 4
    assert f"cannot listen on {address}" in err
    assert len(err.strip().splitlines()) == 2


def test_serve_with_a_key_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = KeySealer(b"secret").pem(Ed25519PrivateKey.generate())
    bad = {
        "garbage": (b"garbage", 0o600, 2, "not a private key"),
        "p256": (key_to_pem(ec.generate_private_key(ec.SECP256R1())), 0o600, 2, "Ed25519"),
        "locked": (sealed, 0o600, 2, "not a private"),
        "open": (key_to_pem(Ed25519PrivateKey.generate()), 0o640, 4, "can be read by others"),
    }
    for name, (content, mode, code, message) in bad.items():
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(mode)
        got, _, err = run(capsys, "serve", "--key", str(path), "--listen", f"{LOOPBACK}:0")
        assert got == code
        assert message in err
    got, _, err = run(capsys, "serve", "--key", str(tmp_path / "none"), "--listen", "127.0.0.1:0")
    assert got == 4
    assert "cannot read the long-term key" in err


def test_serve_has_no_other_clock_than_the_machines(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "serve", "--key", "x", "--listen", "127.0.0.1:0", "--fake-time", "1")
    assert code == 2
    assert "No such option" in err


def three(*skews: int) -> list[Skewed]:
    return [Skewed(20 + 2 * n, skew) for n, skew in enumerate(skews)]


def measured(
    folder: Path, capsys: pytest.CaptureFixture[str], cores: list[Skewed], *options: str
) -> tuple[int, str, str]:
    """The measure command's outcome with these servers in rootlet.toml."""
    with ExitStack() as stack:
        servers = []
        for number, core in enumerate(cores):
            address = stack.enter_context(serving(core))
            servers.append((f"s{number}", address, key_to_text(core.public_key)))
        maker(folder, servers)
        return run(capsys, "measure", "--maker", str(folder), *options)


def test_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = measured(tmp_path, capsys, three(0, 0, 1), "--json")
    verdict = json.loads(out)
    assert (code, err) == (0, "")
    assert verdict["consistent"]
    assert verdict["earliest"] <= verdict["local"] <= verdict["latest"]
    assert verdict["contradictions"] == verdict["failures"] == []
    names = [exchange["server"] for exchange in verdict["exchanges"]]
    assert sorted(names[:3]) == ["s0", "s1", "s2"]
    assert names[:3] == names[3:]


def test_measure_as_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = measured(tmp_path, capsys, three(0, 0, 0))
    assert code == 0
    assert out.splitlines()[0].split() == ["server", "midpoint", "radius", "version", "delay"]
    assert "All agree" in out


def test_measure_finds_the_liar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof = tmp_path / "proof.json"
    options = ("--json", "--report", str(proof))
    code, out, err = measured(tmp_path, capsys, three(0, 0, -3600), *options)
    verdict = json.loads(out)
    assert code == 1
    assert not verdict["consistent"]
    assert verdict["earliest"] is verdict["latest"] is None
    assert {later for _, later in verdict["contradictions"]} == {"s2"}
    assert "Wrote the proof" in err
    assert len(check_report(proof.read_bytes())) == len(verdict["contradictions"])


def test_measure_says_who_contradicts_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = measured(tmp_path, capsys, three(0, 3600))
    assert code == 1
    assert "CONTRADICTION: s0 was asked after s1" in out
    assert "at least one is wrong" in out


def test_measure_with_too_few_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as address:
        silent = ("silent", "127.0.0.1:1", key_to_text(Skewed(5, 0).public_key))
        folder = maker(tmp_path, [("north", address, KEY_TEXT), silent])
        code, out, err = run(capsys, "measure", "--maker", str(folder), "--timeout", "0.2")
    assert code == 0
    assert "no answer" in out
    assert "1 of 2 servers answered; it takes 3" in err


def test_measure_with_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = maker(tmp_path, [("silent", "127.0.0.1:1", KEY_TEXT)])
    code, _, err = run(capsys, "measure", "--maker", str(folder), "--timeout", "0.1")
    assert code == 4
    assert "no answer" in err


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ([], "names no Roughtime server"),
        ([("a", "127.0.0.1", KEY_TEXT)], "HOST:PORT"),
        ([("a", "127.0.0.1:1", "AAAA")], "not a Roughtime key"),
    ],
)
def test_measure_with_a_wrong_configuration(
    servers: list[tuple[str, str, str]],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run(capsys, "measure", "--maker", str(maker(tmp_path, servers)))
    assert code == 2
    assert message in err


def test_a_key_is_never_half_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "time").write_text("a file where the folder should be", encoding="utf-8")
    code, _, err = run(capsys, "keygen", "north", "--maker", str(tmp_path))
    assert code == 4
    assert "cannot write" in err
    assert [path.name for path in tmp_path.iterdir()] == ["time"]


@pytest.mark.parametrize("name", ["keygen", "serve", "query", "measure"])
def test_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"rootlet time {name}" in out.split("Example")[1]
