"""Roughtime with roughly, an independent implementation: each side asks the other."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import roughly.client
import roughly.errors
import roughly.server
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.errors import Refused
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Target,
    ask,
    build_request,
    raw_public_key,
    take_measurement,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet
from support.processes import LOOPBACK
from support.roughtime import KEY
from support.roughtime import listener as listener_of
from support.roughtime import server as our_server

SOON = 10.0
BATCH = 40


@contextmanager
def ours() -> Iterator[tuple[str, int]]:
    with closing(listener_of()) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener.address
        finally:
            listener.stop()
            thread.join(SOON)


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_their_client_takes_our_answer(version: int) -> None:
    with ours() as (host, port):
        asked = roughly.client.send_request(host, port, KEY, versions=(version,))
        response = asyncio.run(asyncio.wait_for(asked, SOON))
    assert response.version == version


def test_their_client_agrees_on_the_newest_version() -> None:
    with ours() as (host, port):
        asked = roughly.client.send_request(host, port, KEY)
        assert asyncio.run(asyncio.wait_for(asked, SOON)).version == p.VERSION_1


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
@pytest.mark.parametrize("count", [2, 3, BATCH])
def test_their_client_takes_every_answer_of_a_batch(version: int, count: int) -> None:
    requests = [build_request(os.urandom(32), KEY, versions=(version,)) for _ in range(count)]
    responses = our_server().answer(requests, 1_800_000_000, 3)
    for request, response in zip(requests, responses, strict=True):
        assert response is not None
        assert decode_packet(response)[p.PATH]
        theirs = roughly.client.VerifiableResponse.from_packet(raw=response, request=request)
        assert theirs.verify(KEY)
    with pytest.raises(roughly.errors.RoughtimeError):
        roughly.client.VerifiableResponse.from_packet(raw=responses[0] or b"", request=requests[1])


@pytest.fixture(scope="module")
def theirs() -> Iterator[Target]:
    """Their server as a process, without grease: what is wrong on purpose is tested elsewhere."""
    key = Ed25519PrivateKey.generate()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "roughly.cli", "server", "run", "--host", LOOPBACK]
    command += ["--port", str(port), "--no-grease"]
    secret = base64.b64encode(key.private_bytes_raw()).decode()
    environment = {**os.environ, "ROUGHLY_PRIVATE_KEY": secret, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            while b"Starting" not in process.stdout.readline():
                assert process.poll() is None
            yield Target("roughly", (LOOPBACK, port), raw_public_key(key))
        finally:
            process.terminate()


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_our_client_takes_their_answer(theirs: Target, version: int) -> None:
    exchange = ask(theirs, timeout=SOON, versions=(version,))
    assert exchange.sample.version == version
    assert verify(exchange.question.packet, exchange.response, theirs.public_key)


def test_our_measurement_goes_twice_around(theirs: Target) -> None:
    measurement = take_measurement([theirs, theirs, theirs], timeout=SOON)
    assert len(measurement.exchanges) == 6
    assert measurement.failures == ()


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_our_client_takes_every_answer_of_their_batch(theirs: Target, version: int) -> None:
    requests = {}
    for _ in range(BATCH):
        nonce = os.urandom(32)
        requests[nonce] = build_request(nonce, theirs.public_key, versions=(version,))
    paths = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(SOON)
        link.connect(theirs.address)
        for request in requests.values():
            link.send(request)
        for _ in range(BATCH):
            response = link.recv(4096)
            values = decode_packet(response)
            assert verify(requests[values[p.NONC]], response, theirs.public_key)
            paths.add(len(values[p.PATH]))
    assert max(paths) > 0


def test_another_key_is_refused(theirs: Target) -> None:
    request = build_request(os.urandom(32), theirs.public_key)
    exchange = ask(theirs, timeout=SOON)
    with pytest.raises(Refused):
        verify(exchange.question.packet, exchange.response, KEY)
    with pytest.raises(Refused):
        verify(request, exchange.response, theirs.public_key)
