"""The ACME server's routes: everything that every request goes through before its handler.

1. the client's address has not asked too often;  2. application/jose+json, not too long;
3. the envelope's form (rootlet.ca.acme.jws);     4. its url is the one that was asked for;
5. its key or account is known;                   6. the signature verifies;
7. the nonce is ours and fresh;                   8. the account is in use.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rootlet.ca.acme import http_accounts, http_certificates, http_orders
from rootlet.ca.acme.documents import directory
from rootlet.ca.acme.http_context import Acme, Call, Reply
from rootlet.ca.acme.jws import AccountKey, Signed, account_key, parse, parse_json, verify
from rootlet.ca.acme.limits import neighbours
from rootlet.ca.acme.model import Account
from rootlet.ca.acme.problems import Kind, Problem, of_refusal
from rootlet.ca.acme.states import Status
from rootlet.errors import RootletError

__all__ = ["MOST_BODY", "AcmeRoutes"]

MOST_BODY = 32_768
"""Bytes: an order for the longest names there are and a signing request for them take 16,000."""

BODY_SECONDS = 10.0
"""In which the body must have arrived: who sends it drop by drop holds a connection."""

FAULT = Problem(
    Kind.SERVER_INTERNAL, "a fault of the CA's own; its log says which: report it, with that line"
)

JOSE = "application/jose+json"
PROBLEM = "application/problem+json"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
WEBSITE = "https://datatracker.ietf.org/doc/html/rfc8555"

Handler = Callable[[Acme, Call], Reply]
Endpoint = Callable[[Request], Awaitable[Response]]


class AcmeRoutes:
    """Endpoints of one server; ``refused`` counts refusals by the name of their rule."""

    def __init__(self, acme: Acme, *, refused: Callable[[str | None], None]) -> None:
        self._acme = acme
        self._refused = refused

    def routes(self) -> list[Route]:
        """For the service's Starlette application."""
        post, new = self._post, {"jwk": True, "kid": False}
        signed: list[tuple[str, Endpoint]] = [  # what every order takes comes first
            ("order/{id}", post(http_orders.order)),
            ("authorization/{id}", post(http_orders.authorization)),
            ("new-order", post(http_orders.new_order)),
            ("challenge/{id}/{kind}", post(http_orders.challenge)),
            ("finalize/{id}", post(http_orders.finalize)),
            ("certificate/{id}", post(http_certificates.certificate)),
            ("new-account", post(http_accounts.new_account, **new)),
            ("account/{id}", post(http_accounts.account)),
            ("orders/{id}", post(http_accounts.orders)),
            ("key-change", post(http_accounts.key_change)),
            ("revoke-certificate", post(http_certificates.revoke, jwk=True)),
        ]
        return [
            *(Route(f"/acme/{path}", endpoint, methods=["POST"]) for path, endpoint in signed),
            Route("/acme/new-nonce", self._plain(self._new_nonce), methods=["GET", "HEAD"]),
            Route("/acme/renewal-info/{id}", self._plain(self._renewal_info), methods=["GET"]),
            Route("/acme/directory", self._plain(self._directory), methods=["GET"]),
        ]

    async def nowhere(self, request: Request, error: Exception) -> Response:
        """The service's answer for an address that is none, or is not asked in that way (RFC 8555
        section 6.3): a problem where it is one of these, else a line of text."""
        assert isinstance(error, HTTPException)
        if not request.url.path.startswith("/acme/"):
            return PlainTextResponse(error.detail, error.status_code, error.headers)

        def work() -> Response:
            self._acme.limits.requests.take(_client(request))
            raise Problem(
                Kind.MALFORMED,
                f"{request.method} {request.url.path}: {error.detail.lower()} here; every address "
                f"is told by {self._acme.urls.of('directory')} and the answers that follow",
                status=error.status_code,
                headers=error.headers,
            )

        return await self._guarded(request, work)

    def _plain(self, answer: Callable[[Request], Reply]) -> Endpoint:
        """A request that is not signed."""

        async def endpoint(request: Request) -> Response:
            def work() -> Response:
                self._acme.limits.requests.take(_client(request))
                return self._response(answer(request), nonce=False)

            return await self._guarded(request, work)

        return endpoint

    def _directory(self, _: Request) -> Reply:
        acme = self._acme
        required = acme.rules.external_account_required
        return Reply(
            directory(acme.urls, acme.profiles, binding_required=required, website=WEBSITE)
        )

    def _new_nonce(self, request: Request) -> Reply:
        headers = {"Replay-Nonce": self._acme.nonces.issue()}
        return Reply(None, 200 if request.method == "HEAD" else 204, headers)

    def _renewal_info(self, request: Request) -> Reply:
        return http_certificates.renewal_info(self._acme, request.path_params["id"])

    def _post(self, handler: Handler, *, jwk: bool = False, kid: bool = True) -> Endpoint:
        """A signed request, by a key in it (``jwk``), by an account (``kid``), or by either."""

        async def endpoint(request: Request) -> Response:
            body = b""

            def work() -> Response:
                call = self._call(request, body, jwk=jwk, kid=kid)
                return self._response(handler(self._acme, call), nonce=True)

            try:
                self._acme.limits.requests.take(_client(request))
                body = await _body(request)
            except Problem as problem:
                return self._problem(request, problem)
            return await self._guarded(request, work)

        return endpoint

    def _call(self, request: Request, body: bytes, *, jwk: bool, kid: bool) -> Call:
        acme = self._acme
        value = parse_json(body, "the request")
        signed = parse(value, acme.rules.account_algorithms)
        asked = acme.urls.base + request.url.path
        asked += f"?{request.url.query}" if request.url.query else ""
        if signed.url != asked:
            raise Problem(
                Kind.UNAUTHORIZED,
                f"the header's url is not {asked}, where it arrived: begin at "
                f"{acme.urls.of('directory')}",
            )
        key, account = self._signer(signed, jwk=jwk, kid=kid)
        verify(signed, key)
        if signed.nonce is None or not acme.nonces.use(signed.nonce):
            raise Problem(
                Kind.BAD_NONCE, "the nonce is used, too old, or not ours: try again with this one"
            )
        if account is not None and account.status is not Status.VALID:
            raise http_accounts.closed(account)
        return Call(
            payload=signed.payload,
            key=key,
            account=account,
            path=request.path_params,
            query=request.query_params,
            client=_client(request),
        )

    def _signer(self, signed: Signed, *, jwk: bool, kid: bool) -> tuple[AccountKey, Account | None]:
        acme = self._acme
        if signed.jwk is not None:
            if not jwk:
                raise Problem(Kind.MALFORMED, "sign this with kid, the account's address, not jwk")
            return account_key(signed.jwk), None
        if not kid:
            raise Problem(Kind.MALFORMED, "sign this with jwk, the new account's key, not kid")
        assert signed.kid is not None
        identity = acme.urls.account_of(signed.kid)
        account = None if identity is None else acme.accounts.with_id(identity)
        if account is None:
            raise Problem(
                Kind.ACCOUNT_DOES_NOT_EXIST,
                "kid is not the address of an account here: make one with newAccount",
            )
        return account_key(account.jwk), account

    async def _guarded(self, request: Request, work: Callable[[], Response]) -> Response:
        try:
            return await asyncio.to_thread(work)
        except Problem as problem:
            return await asyncio.to_thread(self._problem, request, problem)
        except RootletError as error:
            self._acme.event("fault", error=error.message, hint=error.hint)
            return self._problem(request, of_refusal(error))
        except Exception as error:  # noqa: BLE001 - the client is told, the log says where
            self._acme.event(
                "fault", error=type(error).__name__, trace=traceback.format_tb(error.__traceback__)
            )
            return self._problem(request, FAULT)

    def _response(self, reply: Reply, *, nonce: bool) -> Response:
        headers = dict(ALWAYS)
        if nonce:
            headers["Replay-Nonce"] = self._acme.nonces.issue()
        headers.update(reply.headers)
        body = reply.body
        if body is not None and not isinstance(body, bytes):
            headers["Content-Type"] = "application/json"
            body = json.dumps(body, separators=(",", ":")).encode()
        response = Response(body, reply.status, headers)
        index = self._acme.urls.of("directory")
        response.headers.append("Link", f'<{index}>;rel="index"')
        return response

    def _problem(self, request: Request, problem: Problem) -> Response:
        acme = self._acme
        self._refused(f"acme-{problem.rule}")
        acme.event(
            "refused",
            path=request.url.path,
            client=_client(request),
            rule=problem.rule,
            detail=problem.detail,
        )
        headers = {**ALWAYS, "Content-Type": PROBLEM, **problem.headers}
        try:
            if request.method == "POST":
                headers["Replay-Nonce"] = acme.nonces.issue()
        except RootletError as error:  # the database is away: say at least what was wrong
            acme.event("fault", error=error.message, hint=error.hint)
        body = json.dumps(problem.document(), separators=(",", ":")).encode()
        response = Response(body, problem.status, headers)
        response.headers.append("Link", f'<{acme.urls.of("directory")}>;rel="index"')
        return response


def _client(request: Request) -> str:
    return neighbours(request.client.host) if request.client else "unknown"


async def _body(request: Request) -> bytes:
    """The body, not one byte more than is needed to see that it is too long."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != JOSE:
        raise Problem(Kind.MALFORMED, f"send it with Content-Type: {JOSE}", status=415)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request)
    except TimeoutError as error:
        raise Problem(
            Kind.MALFORMED,
            f"the request did not arrive within {BODY_SECONDS:.0f} seconds: send it at once",
            status=408,
            headers={"Connection": "close"},
        ) from error


async def _read(request: Request) -> bytes:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY:
                raise Problem(
                    Kind.MALFORMED,
                    f"the request is longer than {MOST_BODY} bytes: ask for fewer names",
                    status=413,
                    headers={"Connection": "close"},
                )
    except ClientDisconnect as error:
        raise Problem(Kind.MALFORMED, "the request ended before its end: send it again") from error
    return body
