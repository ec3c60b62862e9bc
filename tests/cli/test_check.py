"""``rootlet check``: exit 0 accepted, 1 refused with the status' name, 2 misuse."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.cli.check import moment
from rootlet.errors import Misuse
from support.authority import DAY, NAME, Authority, p256_root
from support.commands import Run
from support.exchange import Exchange, exchange

NOON = 1_800_000_000


class Files:
    """Root and chain as files, and the arguments that name them."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.authority = authority
        self.leaf = authority.server()
        self.root = self.write("root.pem", authority.root.pem)
        self.chain = self.write("chain.pem", self.leaf.pem + authority.issuing.pem)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def arguments(self, **changes: object) -> list[object]:
        options = {"root": self.root, "chain": self.chain, "name": NAME, "at": "now"} | changes
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        return ["check", "chain", *given]


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> Files:
    return Files(tmp_path, authority)


def test_an_accepted_chain(files: Files, run: Run) -> None:
    done = run(*files.arguments())
    assert done.code == 0
    assert done.out.startswith("accepted\n")
    assert done.err == ""


def test_an_accepted_chain_in_json(files: Files, run: Run) -> None:
    done = run(*files.arguments(at=files.authority.seconds), "--json")
    sizes = [len(files.leaf.der), len(files.authority.issuing.der)]
    assert done.code == 0
    assert done.json == {
        "accepted": True,
        "status": "OK",
        "text": "a device with this root, name and time goes on",
        "name": NAME,
        "at": files.authority.seconds,
        "profile": "c25519",
        "certificate_bytes": sizes,
        "message_bytes": 4 + 1 + 3 + sum(3 + size + 2 for size in sizes),
        "fits_default_buffer": True,
        "public_key": files.leaf.key.public_key().public_bytes_raw().hex(),
    }


def test_a_refused_chain(files: Files, run: Run) -> None:
    done = run(*files.arguments(name="other.example.test"))
    assert done.code == 1
    assert done.out.splitlines() == [
        "refused: ERR_X509_NAME",
        "  the certificate is for another host name",
        "",
        "Next: issue a certificate for this name: rootlet ca issue server --help",
    ]


def test_a_refused_chain_in_json(files: Files, run: Run) -> None:
    done = run(*files.arguments(at=0), "--json")
    assert done.code == 1
    assert (done.json["accepted"], done.json["status"]) == (False, "ERR_X509_NOT_YET_VALID")
    assert "public_key" not in done.json


def test_each_file_may_be_der(files: Files, run: Run) -> None:
    direct = files.authority.server(issuer=files.authority.root)
    root = files.write("root.der", files.authority.root.der)
    chain = files.write("leaf.der", direct.der)
    assert run(*files.arguments(root=root, chain=chain)).code == 0


def test_text_between_certificates_is_ignored(files: Files, run: Run) -> None:
    content = b"subject: x\n" + files.leaf.pem + b"\nissuer: y\r\n" + files.authority.issuing.pem
    assert run(*files.arguments(chain=files.write("text.pem", content))).code == 0


@pytest.mark.parametrize(("name", "code"), [("127.0.0.1", 0), ("127.0.0.2", 1), ("::1", 1)])
def test_an_address_may_be_asked_for(name: str, code: int, files: Files, run: Run) -> None:
    assert run(*files.arguments(name=name)).code == code


def test_the_radius_widens_the_time_to_both_sides(files: Files, run: Run) -> None:
    at = files.authority.seconds
    before = at - int(files.leaf.certificate.not_valid_before_utc.timestamp())
    assert run(*files.arguments(at=at, radius=before)).code == 0
    assert run(*files.arguments(at=at, radius=before + 1)).code == 1
    after = files.authority.server(lifetime=DAY / 24 + DAY / 48)  # ends in half an hour
    chain = files.write("short.pem", after.pem + files.authority.issuing.pem)
    assert run(*files.arguments(at=at, radius=1800, chain=chain)).code == 0
    done = run(*files.arguments(at=at, radius=1801, chain=chain))
    assert "ERR_X509_EXPIRED" in done.out


def test_a_radius_below_1970_stops_there(files: Files, run: Run) -> None:
    assert "ERR_X509_NOT_YET_VALID" in run(*files.arguments(at=10, radius=11)).out


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\x30\x82\x01\x00garbage", "ERR_X509_ENCODING"),
        (b"", "ERR_X509_ENCODING"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "ERR_X509_ENCODING"),
    ],
)
def test_a_malformed_certificate_is_refused_by_the_device(
    content: bytes, status: str, files: Files, run: Run
) -> None:
    done = run(*files.arguments(chain=files.write("bad", content)), "--json")
    assert (done.code, done.json["status"]) == (1, status)


def test_bytes_behind_a_certificate_are_refused(files: Files, run: Run) -> None:
    chain = files.write("trailing.der", files.leaf.der + b"\0")
    done = run(*files.arguments(chain=chain), "--json")
    assert (done.code, done.json["status"]) == (1, "ERR_X509_ENCODING")


def test_a_chain_over_the_devices_buffer_is_pointed_out(files: Files, run: Run) -> None:
    names = [f"{number}.{'long' * 12}.example.test" for number in range(12)]
    leaf = files.authority.server(NAME, *names)
    chain = files.write("long.pem", leaf.pem + files.authority.issuing.pem)
    done = run(*files.arguments(chain=chain))
    assert done.code == 0
    assert "give the device a larger buffer" in done.out
    assert not run(*files.arguments(chain=chain), "--json").json["fits_default_buffer"]


def test_two_roots_are_misuse(files: Files, run: Run) -> None:
    both = files.write("two.pem", files.authority.root.pem * 2)
    done = run(*files.arguments(root=both))
    assert done.code == 2
    assert "holds 2 certificates\n  a device trusts one root" in done.err


def test_a_root_of_another_profile_is_misuse(files: Files, run: Run) -> None:
    done = run(*files.arguments(root=p256_root(files.folder / "p256.pem")))
    assert done.code == 2
    assert "is not Ed25519" in done.err


@pytest.mark.parametrize(
    "content",
    [
        b"not a certificate",
        b"",
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_root_that_is_none_is_misuse(content: bytes, files: Files, run: Run) -> None:
    done = run(*files.arguments(root=files.write("bad.pem", content)))
    assert done.code == 2
    assert done.err.startswith("rootlet: ")
    assert len(done.err.splitlines()) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"profile": "p256"},
        {"profile": "p512"},
        {"at": "tomorrow"},
        {"at": "-1"},
        {"at": 2**64},
        {"radius": "-1"},
        {"radius": "much"},
        {"name": "bücher.example"},
    ],
)
def test_wrong_options_are_misuse(changes: dict[str, object], files: Files, run: Run) -> None:
    done = run(*files.arguments(**changes))
    assert done.code == 2
    assert done.out == ""
    assert done.err


def test_an_unusable_name_is_refused_as_the_device_would(files: Files, run: Run) -> None:
    done = run(*files.arguments(name="not a name"))
    assert done.code == 1
    assert "ERR_X509_CONFIGURED_NAME" in done.out


def test_misuse_in_json_is_json_too(files: Files, run: Run) -> None:
    done = run(*files.arguments(at="tomorrow"), "--json")
    assert done.code == 2
    assert json.loads(done.err)["error"] == "'tomorrow' is not a time"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1800000000", NOON),
        ("2027-01-15T08:00:00Z", NOON),
        ("2027-01-15T08:00:00", NOON),
        ("2027-01-15 08:00:00+00:00", NOON),
        ("2027-01-15T09:00:00+01:00", NOON),
        ("2027-01-15", NOON - 8 * 3600),
    ],
)
def test_a_time_can_be_written_in_several_ways(text: str, seconds: int) -> None:
    assert moment(text) == seconds


def test_now_is_now() -> None:
    assert abs(moment("now") - time.time()) < 5


@pytest.mark.parametrize("text", ["", "yesterday", "2027-13-01", "12:00", "¹", "1e9"])
def test_what_is_no_time_is_misuse(text: str) -> None:
    with pytest.raises(Misuse, match="is not a time"):
        moment(text)


class Told:
    """A stored Roughtime exchange, and the arguments that name it."""

    def __init__(self, folder: Path, told: Exchange) -> None:
        self.told = told
        self.request = folder / "request.bin"
        self.response = folder / "response.bin"
        self.request.write_bytes(told.request)
        self.response.write_bytes(told.response)
        self.key = base64.b64encode(told.key).decode()

    def arguments(self, **changes: object) -> list[object]:
        options = {"key": self.key, "request": self.request, "response": self.response} | changes
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        return ["check", "time", *given]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path, exchange(NOON, radius=3))


def test_a_believed_reply(told: Told, run: Run) -> None:
    done = run(*told.arguments())
    assert done.code == 0
    assert done.out.startswith("accepted\n  2027-01-15T08:00:00Z, give or take 3 s\n\nNext: ")


def test_a_believed_reply_in_json(told: Told, run: Run) -> None:
    done = run(*told.arguments(), "--json")
    assert done.code == 0
    assert done.json == {
        "accepted": True,
        "status": "OK",
        "text": "2027-01-15T08:00:00Z, give or take 3 s",
        "midpoint": NOON,
        "radius": 3,
        "version": 1,
    }


def test_a_time_after_all_calendars_is_shown(tmp_path: Path, run: Run) -> None:
    end = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    done = run(*Told(tmp_path, exchange(end + 100)).arguments(), "--json")
    assert done.code == 0
    assert done.json["midpoint"] == end + 100
    assert done.json["text"].startswith("9999-12-31T23:59:59Z")


def test_a_reply_that_is_not_believed(told: Told, run: Run) -> None:
    told.response.write_bytes(told.told.response[:-1] + b"\1")
    done = run(*told.arguments(), "--json")
    assert done.code == 1
    assert not done.json["accepted"]
    assert done.json["status"].startswith("ERR_ROUGHTIME_")
    assert "midpoint" not in done.json


def test_the_drafts_contexts_must_be_asked_for(told: Told, run: Run) -> None:
    done = run(*told.arguments(), "--appendix-b")
    assert done.code == 1
    assert "ERR_ROUGHTIME_DELEGATION" in done.out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "not base64!"}, "--key is not base64"),
        ({"key": "AAAA"}, "the long-term key is 3 bytes"),
    ],
)
def test_wrong_options_for_a_reply_are_misuse(
    changes: dict[str, object], words: str, told: Told, run: Run
) -> None:
    done = run(*told.arguments(**changes))
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize("command", [["check"], ["check", "chain"], ["check", "time"]])
def test_help_is_there(command: list[str], run: Run) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    assert "Usage: rootlet check" in done.out
