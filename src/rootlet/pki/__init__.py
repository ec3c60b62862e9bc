"""Keys, names and certificates by the profile: what every part above shares. No I/O."""

from rootlet.pki.certificates import (
    SERIAL_BYTES,
    Kind,
    Validity,
    issue_device,
    issue_issuing,
    issue_root,
    issue_server,
    issuing_subject,
    new_serial,
    validity_from,
)
from rootlet.pki.check import check_issued, check_root
from rootlet.pki.identity import device_identity
from rootlet.pki.keys import (
    PrivateKey,
    PublicKey,
    generate_key,
    key_algorithm,
    key_from_pem,
    key_to_pem,
    public_bytes,
    require_profile_key,
)
from rootlet.pki.names import (
    Host,
    check_device_id,
    check_urn_prefix,
    device_uri,
    general_name,
    host_text,
    parse_dns_name,
    parse_host,
)
from rootlet.pki.pem import (
    certificate_from_pem,
    certificate_to_pem,
    certificates_from_pem,
    chain_to_pem,
    fingerprint,
    parse_fingerprint,
)
from rootlet.pki.sealing import KeySealer

__all__ = [
    "SERIAL_BYTES",
    "Host",
    "KeySealer",
    "Kind",
    "PrivateKey",
    "PublicKey",
    "Validity",
    "certificate_from_pem",
    "certificate_to_pem",
    "certificates_from_pem",
    "chain_to_pem",
    "check_device_id",
    "check_issued",
    "check_root",
    "check_urn_prefix",
    "device_identity",
    "device_uri",
    "fingerprint",
    "general_name",
    "generate_key",
    "host_text",
    "issue_device",
    "issue_issuing",
    "issue_root",
    "issue_server",
    "issuing_subject",
    "key_algorithm",
    "key_from_pem",
    "key_to_pem",
    "new_serial",
    "parse_dns_name",
    "parse_fingerprint",
    "parse_host",
    "public_bytes",
    "require_profile_key",
    "validity_from",
]
