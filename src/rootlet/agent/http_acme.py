"""The ACME client (RFC 8555, RFC 9773): certbot's library for messages and signatures.

Every wait has an end, and whatever the CA answers becomes one of rootlet.errors: ``Refused`` for
what it says no to, ``Environment`` when it is away or answers what no CA would.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from josepy import errors as jose_errors
from josepy import json_util
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from rootlet import __version__
from rootlet.agent.account_store import account_key, read_binding
from rootlet.agent.http_challenge import check_token
from rootlet.agent.orders import certificate_id, signing_request
from rootlet.agent.schedule import Window
from rootlet.errors import Environment, Refused
from rootlet.pki import Host, PrivateKey, host_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = ["AcmeClient", "Answerer", "Ari"]

REQUEST_SECONDS = 10
"""For each step of one request; our CA answers in milliseconds."""

ORDER_SECONDS = 60.0
"""For a whole order: names are shown in seconds."""

POLL_SECONDS = (0.05, 2.0)
"""First and longest pause between two looks at an order; they double."""

MOST_ANSWER = 256 << 10
"""Bytes of one answer: a chain takes 2 KiB."""

SHOWN_CHARACTERS = 300
"""Of what a CA says, in a message."""

Answerer = Callable[[Mapping[str, str]], "AbstractContextManager[None]"]
"""Gives texts by token to whoever asks, as long as its context lasts."""


class _NewOrder(messages.NewOrder):
    """With the field of RFC 9773 section 5."""

    replaces: str = json_util.field("replaces", omitempty=True)


class _Limited(HTTPAdapter):
    """Reads an answer up to a limit, in bytes and in time, before anyone else does."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        response = super().send(request, **{**options, "stream": True})
        deadline, body = time.monotonic() + REQUEST_SECONDS, b""
        try:
            while part := response.raw.read1(MOST_ANSWER):
                body += part
                if len(body) > MOST_ANSWER or time.monotonic() > deadline:
                    response.close()
                    raise requests.exceptions.ContentDecodingError("an answer without an end")
        except HTTPError as error:
            raise requests.exceptions.ConnectionError(error) from error
        response.raw.release_conn()
        response.raw = io.BytesIO(body)
        return response


@dataclass(frozen=True)
class Ari:
    """When the CA wants a certificate replaced."""

    window: Window | None
    """None where it does not say."""
    retry_after: timedelta | None
    """When to ask again."""
    behind: timedelta
    """How much this machine's clock is behind the CA's; negative when it is ahead."""


class AcmeClient:
    """An account with a CA."""

    def __init__(
        self,
        directory: str,
        *,
        root: Path,
        account_key_path: Path,
        binding: Path | None,
        order_seconds: float = ORDER_SECONDS,
    ) -> None:
        self._url, self._account_key, self._binding = directory, account_key_path, binding
        self._root, self._order_seconds = root, order_seconds
        self._client: client.ClientV2 | None = None

    @cached_property
    def _net(self) -> client.ClientNetwork:
        """Made when it is needed first: it wants the account's key."""
        net = client.ClientNetwork(
            JWKEC(key=account_key(self._account_key)),
            alg=ES256,
            user_agent=f"rootlet-agent/{__version__}",
            timeout=REQUEST_SECONDS,
        )
        # requests takes a path; the machine's proxies and roots are none of ours.
        net.verify_ssl = str(self._root)  # type: ignore[assignment]
        net.session.trust_env = False
        for scheme in ("http://", "https://"):
            net.session.mount(scheme, _Limited())
        return net

    def _ready(self) -> client.ClientV2:
        """With the directory read."""
        if self._client is None:
            found = client.ClientV2.get_directory(self._url, self._net)
            self._client = client.ClientV2(found, self._net)
        return self._client

    def _registered(self) -> client.ClientV2:
        """With the account, made where there is none."""
        acme = self._ready()
        if self._net.account is not None:
            return acme
        try:
            self._register(acme, {"only_return_existing": True})
        except messages.Error as error:
            if error.code != "accountDoesNotExist":
                raise
            self._register(acme, self._new_account(acme))
        return acme

    def _register(self, acme: client.ClientV2, fields: dict[str, Any]) -> None:
        try:
            acme.new_account(messages.NewRegistration(**fields))
        except errors.ConflictError as known:  # RFC 8555 section 7.3.1: it is there already
            body = messages.Registration()
            self._net.account = messages.RegistrationResource(body=body, uri=known.location)

    def _new_account(self, acme: client.ClientV2) -> dict[str, Any]:
        fields: dict[str, Any] = {"terms_of_service_agreed": True}
        if self._binding is not None:
            kid, secret = read_binding(self._binding)
            key = self._net.key
            assert key is not None
            fields["external_account_binding"] = messages.ExternalAccountBinding.from_data(
                key.public_key(), kid, secret, acme.directory
            )
        return fields

    def window(self, certificate: x509.Certificate, *, now: datetime) -> Ari:
        """When the CA wants ``certificate`` replaced."""
        identifier = certificate_id(certificate)
        with self._mapped("when to renew"):
            acme = self._ready()
            base = acme.directory.to_json().get("renewalInfo")
            if base is None or identifier is None:
                return Ari(None, None, timedelta(0))
            response = self._net.get(f"{base}/{identifier}")
            info = messages.RenewalInfo.from_json(response.json())
            start, end = info.suggested_window.start, info.suggested_window.end
            window = Window(start.astimezone(UTC), end.astimezone(UTC))
        return Ari(
            window,
            _retry_after(response.headers.get("Retry-After"), now),
            _behind(response.headers.get("Date"), now),
        )

    def order(
        self,
        key: PrivateKey,
        names: tuple[Host, ...],
        *,
        profile: str,
        replaces: str | None,
        answering: Answerer,
    ) -> bytes:
        """A certificate for a key made for it: the chain, PEM, not yet checked."""
        deadline = time.monotonic() + self._order_seconds
        with self._mapped("a certificate"):
            url, order = self._begun(names, profile, replaces)
            self._show_names(order, answering, deadline)
            order = self._until(url, {"ready", "valid"}, deadline)
            if order["status"] == "ready":
                request = messages.CertificateRequest(csr=signing_request(key, names))
                self._post(order["finalize"], request)
                order = self._until(url, {"valid"}, deadline)
            return self._post(order["certificate"], None).content

    def _begun(
        self, names: tuple[Host, ...], profile: str, replaces: str | None
    ) -> tuple[str, dict[str, Any]]:
        """A new order, by an account that the CA knows."""
        try:
            return self._new_order(self._registered(), names, profile, replaces)
        except messages.Error as error:
            if error.code != "accountDoesNotExist":
                raise
            self._net.account = None  # the CA was restored from before it was made
            return self._new_order(self._registered(), names, profile, replaces)

    def _new_order(
        self, acme: client.ClientV2, names: tuple[Host, ...], profile: str, replaces: str | None
    ) -> tuple[str, dict[str, Any]]:
        identifiers = [
            messages.Identifier(
                typ=messages.IDENTIFIER_FQDN if isinstance(n, str) else messages.IDENTIFIER_IP,
                value=host_text(n),
            )
            for n in names
        ]
        order = _NewOrder(identifiers=identifiers, profile=profile or None, replaces=replaces)
        try:
            response = self._post(acme.directory["newOrder"], order)
        except (messages.Error, errors.ConflictError) as error:
            if replaces is None or getattr(error, "code", None) in {
                "rateLimited",
                "serverInternal",
            }:
                raise
            # RFC 9773 section 5: replaced already, or issued otherwise; it is only a remark.
            return self._new_order(acme, names, profile, None)
        return response.headers["Location"], response.json()

    def _show_names(self, order: dict[str, Any], answering: Answerer, deadline: float) -> None:
        """Answer http-01 for every name that is not shown yet, until the CA has seen it."""
        key = self._net.key
        assert key is not None
        texts, asked = {}, []
        for url in order["authorizations"]:
            document = self._post(url, None).json()
            if document["status"] == "valid":
                continue
            chosen = _http_challenge(document)
            texts[check_token(chosen.chall.encode("token"))] = chosen.validation(key)
            asked.append((url, chosen.uri, chosen.response(key)))
        with answering(texts):
            for _, challenge, response in asked:
                self._post(challenge, response)
            for url, _, _ in asked:
                self._until(url, {"valid"}, deadline)

    def _until(self, url: str, wanted: set[str], deadline: float) -> dict[str, Any]:
        """Look until the status is one of ``wanted``; ``Refused`` when it cannot become so."""
        pause, longest = POLL_SECONDS
        while True:
            document: dict[str, Any] = self._post(url, None).json()
            status = document["status"]
            if status in wanted:
                return document
            if status not in {"pending", "processing", "ready"}:
                raise _refused(_reason(document) or f"the CA says {status}")
            if time.monotonic() + pause > deadline:
                raise Environment(
                    f"the CA left {url} {status} for {self._order_seconds:g} s",
                    hint="it is tried again by itself; see the CA's log",
                    status="ca-slow",
                )
            time.sleep(pause)
            pause = min(pause * 2, longest)

    def _post(self, url: str, body: Any) -> requests.Response:
        acme = self._ready()
        return self._net.post(url, body, new_nonce_url=acme.directory["newNonce"])

    @contextmanager
    def _mapped(self, what: str) -> Iterator[None]:
        """Everything that the libraries raise, as errors of ours."""
        try:
            yield
        except messages.Error as error:
            code = error.code or error.typ or "error"
            if code in {"rateLimited", "serverInternal", "badNonce"}:
                raise _away(f"the CA cannot give {what} now: {error.detail or code}") from error
            raise _refused(f"{error.detail or error.title or code} ({code})") from error
        except requests.exceptions.SSLError as error:
            self._client = None
            raise Refused(
                f"the CA at {self._url} is not the one that root vouches for: {_short(error)}",
                hint="check root and directory in rootlet-agent.toml, and this machine's clock",
                status="ca-identity",
            ) from error
        except requests.exceptions.JSONDecodeError as error:
            self._client = None
            raise _away(f"the CA at {self._url} answers nonsense: {_short(error)}") from error
        except requests.exceptions.RequestException as error:
            self._client = None
            raise _away(f"the CA at {self._url} cannot be reached: {_innermost(error)}") from error
        except errors.ClientError as error:
            self._client = None
            raise _away(f"the CA at {self._url} answers with an error: {_short(error)}") from error
        except (errors.Error, jose_errors.Error, *NONSENSE) as error:
            self._client = None
            raise _away(f"the CA at {self._url} answers nonsense: {_short(error)}") from error


NONSENSE = (ValueError, KeyError, TypeError, AttributeError, LookupError, RecursionError)
"""What comes of JSON that is not what RFC 8555 says, here and in the libraries."""


def _http_challenge(document: dict[str, Any]) -> messages.ChallengeBody:
    offered = messages.Authorization.from_json(document).challenges
    for each in offered:
        if isinstance(each.chall, challenges.HTTP01):
            assert isinstance(each, messages.ChallengeBody)
            return each
    name = document.get("identifier", {}).get("value")
    raise _refused(f"the CA offers no http-01 challenge for {name}")


def _reason(document: dict[str, Any]) -> str:
    """The problem in an order, or in one of an authorization's challenges."""
    problems = [document.get("error")]
    problems += [each.get("error") for each in document.get("challenges", [])]
    return "; ".join(str(each.get("detail") or each.get("type")) for each in problems if each)


def _refused(reason: str) -> Refused:
    return Refused(
        f"the CA refuses: {_short(reason)}",
        hint="mend what it says; the certificate that is installed stays",
        status="ca-refused",
    )


def _away(reason: str) -> Environment:
    hint = "it is tried again by itself; the certificate that is installed stays"
    return Environment(reason, hint=hint, status="ca-away")


def _innermost(error: BaseException) -> str:
    """What the machine said, without what three libraries wrapped around it."""
    said, below = _short(error), error.__context__
    while below is not None:
        if isinstance(below, OSError) and below.strerror:
            said = below.strerror
        below = below.__context__
    return said


def _short(what: object) -> str:
    text = " ".join(str(what).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110 section 10.2.3); None for anything else."""
    if text is None:
        return None
    if text.isdecimal() and text.isascii():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        return parsedate_to_datetime(text) - now
    except (ValueError, TypeError):
        return None


def _behind(text: str | None, now: datetime) -> timedelta:
    try:
        date = parsedate_to_datetime(text) if text else now
        return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except ValueError:
        return timedelta(0)
