"""A server's TLS context held to the profile's one suite and one group.

Python's ssl cannot name TLS 1.3 suites, and Debian 12's cannot name X25519 as the only group.
OpenSSL can, by a configuration file that every new context obeys: so one is loaded (OpenSSL's
public CONF_modules_load_file), the context is made, and OpenSSL's own configuration is put back,
because connections to anyone else must not be held to the profile.
"""

from __future__ import annotations

import _ssl
import ctypes
import ssl
import tempfile
import threading

from rootlet.errors import Environment
from rootlet.profile import Profile

__all__ = ["pinned_context"]

_CONFIGURATION = """\
openssl_conf = modules
[modules]
ssl_conf = contexts
[contexts]
system_default = profile
[profile]
Ciphersuites = {suite}
Groups = {group}
"""
_OWN_DEFAULTS = 0x10 | 0x20  # CONF_MFLAGS_IGNORE_MISSING_FILE and _DEFAULT_SECTION, conf.h
_OPENSSL_GROUPS = {"X25519": "X25519", "secp256r1": "prime256v1"}

_one_at_a_time = threading.Lock()
"""OpenSSL's configuration is the process's: nobody else makes a context meanwhile."""


def _openssl() -> ctypes.CDLL | None:
    """The OpenSSL that Python's ssl itself uses; None where it is built in and out of reach."""
    path = getattr(_ssl, "__file__", None)
    library = None if path is None else ctypes.CDLL(path)
    if library is None or not hasattr(library, "CONF_modules_load_file"):
        return None
    load = library.CONF_modules_load_file
    load.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong]
    return library


def pinned_context(profile: Profile) -> ssl.SSLContext:
    """A server context with TLS 1.3, the profile's suite and the profile's group, and no other.

    Where OpenSSL is out of reach the group is set through ssl and the suite has to be checked
    after each handshake; ``Environment`` where even that cannot be done.
    """
    group = _OPENSSL_GROUPS[profile.tls.group]
    openssl = _openssl()
    context = None
    if openssl is not None:
        with _one_at_a_time, tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write(_CONFIGURATION.format(suite=profile.tls.suite, group=group))
            file.flush()
            loaded = openssl.CONF_modules_load_file(file.name.encode(), b"openssl_conf", 0)
            try:
                if loaded == 1:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            finally:
                openssl.CONF_modules_finish()
                openssl.CONF_modules_load_file(None, None, _OWN_DEFAULTS)
    context = context or _plain_context(group)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # ssl sets its own over OpenSSL's
    return context


def _plain_context(group: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.set_ecdh_curve(group)
    except (ssl.SSLError, ValueError) as error:
        raise Environment(
            f"this Python's ssl cannot be held to the group {group}",
            hint="use your distribution's Python, or a newer one",
        ) from error
    # The client's order counts: one that prefers the profile's suite gets it.
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    return context
