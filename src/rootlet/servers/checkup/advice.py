"""What to change where a server is not as the profile says: in its own words where it is known."""

from __future__ import annotations

from rootlet.profile import Profile
from rootlet.servers.checkup.point import Finding, Point, Verdict
from rootlet.servers.words import boringssl_group, go_words, openssl_words

__all__ = ["advice", "guess_kind"]

SERVER_HEADERS = {
    "nginx": "nginx",
    "apache": "apache",
    "caddy": "caddy",
    "envoy": "envoy",
    "lighttpd": "lighttpd",
}
"""How they begin in HTTP's Server; the others hand on what the application says."""

IN_FRONT = "nothing can: put nginx or HAProxy in front, or --accept {point}"

PLACES: dict[str, dict[Point, str]] = {
    "nginx": {
        Point.SUITE: "ssl_conf_command Ciphersuites {suite};",
        Point.GROUP: "ssl_ecdh_curve {group};",
        Point.VERSION: "ssl_protocols TLSv1.3; in every server block of this port",
        Point.SIGNATURE: "ssl_conf_command ClientSignatureAlgorithms {signature};",
        Point.NO_CERTIFICATE: "ssl_verify_client on;",
        Point.TICKETS: "ssl_session_tickets off; ssl_conf_command NumTickets 0;",
        Point.AUTHORITY: "ssl_client_certificate: ca/clients.pem of the maker's folder",
    },
    "apache": {
        Point.SUITE: "SSLCipherSuite TLSv1.3 {suite}",
        Point.GROUP: "SSLOpenSSLConfCmd Groups {group}",
        Point.VERSION: "SSLProtocol -all +TLSv1.3 in the first VirtualHost of this port",
        Point.SIGNATURE: "SSLOpenSSLConfCmd ClientSignatureAlgorithms {signature}",
        Point.NO_CERTIFICATE: "SSLVerifyClient require",
        Point.TICKETS: "SSLSessionTickets off, SSLOpenSSLConfCmd NumTickets 0",
        Point.AUTHORITY: "SSLCACertificateFile: ca/clients.pem of the maker's folder",
    },
    "haproxy": {
        Point.SUITE: "bind ... ciphersuites {suite}",
        Point.GROUP: "bind ... curves {group}",
        Point.VERSION: "bind ... ssl-min-ver TLSv1.3",
        Point.SIGNATURE: "bind ... client-sigalgs (HAProxy 2.8), or OPENSSL_CONF",
        Point.NO_CERTIFICATE: "bind ... verify required",
        Point.TICKETS: "bind ... no-tls-tickets, and NumTickets = 0 by OPENSSL_CONF",
        Point.AUTHORITY: "bind ... ca-file: ca/clients.pem of the maker's folder",
    },
    "lighttpd": {
        Point.SUITE: 'ssl.openssl.ssl-conf-cmd "Ciphersuites" => "{suite}", and mod_openssl',
        Point.GROUP: 'ssl.openssl.ssl-conf-cmd "Groups" => "{group}"',
        Point.VERSION: 'ssl.openssl.ssl-conf-cmd "MinProtocol" => "TLSv1.3"',
        Point.SIGNATURE: '"ClientSignatureAlgorithms" => "{signature}"',
        Point.NO_CERTIFICATE: 'ssl.verifyclient.activate and ssl.verifyclient.enforce = "enable"',
        Point.TICKETS: '"Options" => "-SessionTicket", "NumTickets" => "0"',
        Point.AUTHORITY: "ssl.verifyclient.ca-file: ca/clients.pem of the maker's folder",
    },
    "caddy": {
        Point.SUITE: IN_FRONT,
        Point.GROUP: "tls { curves {go_group} }",
        Point.VERSION: "tls { protocols tls1.3 }",
        Point.SIGNATURE: IN_FRONT,
        Point.NO_CERTIFICATE: "client_auth { mode require_and_verify }",
        Point.NO_NAME: "a site of a port, https://:443, not of a name",
        Point.OTHER_NAME: "a site of a port, https://:443, not of a name",
        Point.RECORDS: IN_FRONT,
        Point.TICKETS: "Caddy 2.11 sends none",
        Point.AUTHORITY: "trusted_ca_cert_file: ca/clients.pem of the maker's folder",
    },
    "traefik": {
        Point.SUITE: IN_FRONT,
        Point.GROUP: "tls.options.default.curvePreferences: [{traefik_group}]",
        Point.VERSION: "tls.options.default.minVersion: VersionTLS13",
        Point.SIGNATURE: IN_FRONT,
        Point.NO_CERTIFICATE: "clientAuth.clientAuthType: RequireAndVerifyClientCert",
        Point.NO_NAME: "the options called default, not those of a router",
        Point.OTHER_NAME: "the options called default, not those of a router",
        Point.RECORDS: IN_FRONT,
        Point.TICKETS: "tls.options.default.disableSessionTickets: true",
        Point.AUTHORITY: "clientAuth.caFiles: ca/clients.pem of the maker's folder",
    },
    "envoy": {
        Point.SUITE: IN_FRONT,
        Point.GROUP: "tls_params.ecdh_curves: [{boring_group}]",
        Point.VERSION: "tls_params.tls_minimum_protocol_version: TLSv1_3",
        Point.SIGNATURE: "tls_params.signature_algorithms: [{scheme}]",
        Point.NO_CERTIFICATE: "require_client_certificate: true",
        Point.RECORDS: IN_FRONT,
        Point.TICKETS: "disable_stateless_session_resumption and ..._stateful_...: true",
        Point.AUTHORITY: "validation_context.trusted_ca: ca/clients.pem of the maker's folder",
    },
    "mosquitto": {
        Point.SUITE: "ciphers_tls1.3 {suite}",
        Point.GROUP: "Groups = {group} in the file that OPENSSL_CONF names",
        Point.VERSION: "tls_version tlsv1.3",
        Point.SIGNATURE: "ClientSignatureAlgorithms = {signature} by OPENSSL_CONF",
        Point.NO_CERTIFICATE: "require_certificate true",
        Point.TICKETS: "NumTickets = 0 by OPENSSL_CONF",
        Point.AUTHORITY: "cafile: ca/clients.pem of the maker's folder",
    },
    "stunnel": {
        Point.SUITE: "ciphersuites = {suite}",
        Point.GROUP: "curves = {group}",
        Point.VERSION: "sslVersion = TLSv1.3",
        Point.SIGNATURE: "config = ClientSignatureAlgorithms:{signature}",
        Point.NO_CERTIFICATE: "verifyChain = yes, requireCert = yes",
        Point.TICKETS: "config = NumTickets:0",
        Point.AUTHORITY: "CAfile = ca/clients.pem of the maker's folder",
    },
    "hitch": {
        Point.SUITE: 'ciphersuites = "{suite}"',
        Point.GROUP: 'ecdh-curve = "{group}"',
        Point.VERSION: "tls-protos = TLSv1.3",
        Point.SIGNATURE: "ClientSignatureAlgorithms = {signature} by OPENSSL_CONF",
        Point.NO_CERTIFICATE: "client-verify = required",
        Point.TICKETS: "NumTickets = 0 by OPENSSL_CONF",
        Point.AUTHORITY: "client-verify-ca = ca/clients.pem of the maker's folder",
    },
    "openssl": {
        Point.SUITE: "Ciphersuites = {suite}",
        Point.GROUP: "Groups = {group}",
        Point.VERSION: "MinProtocol = TLSv1.3; Python: context.minimum_version as well",
        Point.SIGNATURE: "ClientSignatureAlgorithms = {signature}",
        Point.NO_CERTIFICATE: "make the program require one; Python: ssl.CERT_REQUIRED",
        Point.TICKETS: "NumTickets = 0",
    },
}
"""The directive of each server; what is not there is said in general."""

ANYWHERE: dict[Point, str] = {
    Point.PROFILE: "allow {suite}, {group} and {signature}, and let the maker's devices in",
    Point.SUITE: "allow {suite} alone",
    Point.GROUP: "allow {group} alone",
    Point.RETRY: "allow {group} whatever share a client sends first",
    Point.VERSION: "allow TLS 1.3 alone",
    Point.SIGNATURE: "ask devices for {signature} alone",
    Point.NO_CERTIFICATE: "require a certificate of the client",
    Point.FOREIGN: "verify client certificates, with ca/clients.pem of the maker's folder",
    Point.AUTHORITY: "verify devices with ca/clients.pem of the maker's folder, nothing else",
    Point.NO_NAME: "give the default server of this port the same configuration",
    Point.OTHER_NAME: "give the default server of this port the same configuration",
    Point.CHAIN: "serve cert.pem as it was issued: the server's certificate, then the issuing CA's",
    Point.NAME: "issue one for this name: rootlet ca issue server {host}",
    Point.DATES: "replace it: rootlet ca renew {host}, or rootlet agent once; then reload",
    Point.LIFETIME: "issue it by the profile: rootlet ca issue server {host}",
    Point.RECORDS: "no server's setting: another server, or --accept records and roomy devices",
    Point.TICKETS: "switch session tickets off",
    Point.FLIGHT: "issue the certificates by the profile: rootlet ca issue server {host}",
    Point.DEVICE: "see more: rootlet probe --help",
}


def guess_kind(header: str) -> str | None:
    """Which server it is, by what it calls itself in HTTP."""
    lower = header.lower()
    return next((kind for word, kind in SERVER_HEADERS.items() if lower.startswith(word)), None)


def advice(finding: Finding, kind: str | None, profile: Profile, host: str) -> str:
    """What to change; empty where nothing has to be."""
    if finding.verdict in {Verdict.ENFORCED, Verdict.NOT_CHECKED}:
        return ""
    text = PLACES.get(kind or "", {}).get(finding.point, ANYWHERE[finding.point])
    openssl, go = openssl_words(profile), go_words(profile)
    for word, value in {
        "suite": openssl.suite,
        "group": openssl.group,
        "signature": openssl.signature,
        "scheme": profile.tls.signature_scheme,
        "go_group": go.caddy_group,
        "traefik_group": go.traefik_group,
        "boring_group": boringssl_group(profile),
        "point": finding.point.value,
        "host": host,
    }.items():
        text = text.replace(f"{{{word}}}", value)
    return text
