"""What a device library built without its options does; run with that build in front of the path.

Prints one JSON object: what happened, by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from rootlet.errors import RootletError
from support.authority import Authority
from support.conversation import device
from support.tls.keys import renumber
from support.tls.rig import AUTHENTICATED, PLAIN, Rig
from support.tls.server import Credentials

__all__: list[str] = []

LAST_RECORD = 2**24
CERTIFICATE = 11


def _refusal(start: Callable[[], object]) -> str:
    try:
        start()
    except RootletError as error:
        return str(getattr(error, "status", error))
    return "accepted"


def main() -> None:
    """Run each case once."""
    authority = Authority(datetime.now(UTC))
    leaf = authority.server(issuer=authority.root)
    credentials = Credentials((leaf.der,), leaf.key)

    def rig() -> Rig:
        return Rig(device(authority), credentials)

    identity = authority.identity(authority.device(1))
    asked = rig().run(AUTHENTICATED)
    told = rig().run(PLAIN)
    told.feed(told.server.key_update(1))
    own = rig().run(PLAIN)
    own.client.update_keys(request_peer=False)
    used_up = rig().run(PLAIN)
    renumber(used_up.client._tls.secrets.keys.write, LAST_RECORD)
    _refusal(lambda: used_up.client.write(b"data"))
    found = {
        "an identity": _refusal(lambda: device(authority, identity=identity)),
        "a protocol name": _refusal(lambda: device(authority, alpn=b"coap")),
        "asked for a certificate": asked.client.connected,
        "certificate sent": [m.hex() for m in asked.server.messages if m[0] == CERTIFICATE],
        "told to update": (told.status, told.server.alerts),
        "own update": own.status,
        "keys used up": used_up.status,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
