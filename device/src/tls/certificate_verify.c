/* CertificateVerify, section 4.5.2: the server's, and ours. */
#include "engine.h"
#include "extensions.h"
#include "key_schedule.h"

#include "base/bytes.h"

#define SPACES 64u
#define ROLE_BYTES 6u /* "server" or "client" */

static const char role_text[] = "TLS 1.3, server CertificateVerify"; /* its zero is signed too */

#define ROLE_OFFSET (SPACES + 9u)
#define PREFIX_BYTES (SPACES + sizeof role_text)

/* Both the signature received or made and the prefix of what it signs stand in the handshake
 * buffer: this and the signature's length before it. */
#define PREFIX_OFFSET 128u

_Static_assert(4 + ROOTLET_SIGNATURE_BYTES <= PREFIX_OFFSET &&
                   PREFIX_OFFSET + PREFIX_BYTES <= ROOTLET_TLS_HANDSHAKE_BYTES,
               "signature and prefix do not fit the handshake buffer");

/* What stands before the transcript's hash in the signed content. */
/*@ requires \valid_read(tls) && handshake_buffer(tls);
    requires \valid_read(role + (0 .. ROLE_BYTES - 1));
    assigns tls->buffers.handshake[PREFIX_OFFSET .. ROOTLET_TLS_HANDSHAKE_BYTES - 1];
    ensures \valid_read(\result + (0 .. SPACES + sizeof(role_text) - 1)); */
static const uint8_t *signed_prefix(const rootlet_tls *tls, const char *role)
{
    uint8_t *prefix = tls->buffers.handshake + PREFIX_OFFSET;
    /*@ loop invariant 0 <= i <= SPACES;
        loop assigns i, prefix[0 .. SPACES - 1];
        loop variant SPACES - i; */
    for (size_t i = 0; i < SPACES; i++) {
        prefix[i] = ' ';
    }
    rootlet_copy(prefix + SPACES, (const uint8_t *)role_text, sizeof role_text);
    rootlet_copy(prefix + ROLE_OFFSET, (const uint8_t *)role, ROLE_BYTES);
    return prefix;
}

rootlet_status rootlet_tls_take_certificate_verify(rootlet_tls *tls, rootlet_reader *body,
                                                   const uint8_t before[ROOTLET_HASH_BYTES])
{
    uint32_t scheme = rootlet_read_be(body, 2);
    if (!rootlet_tls_enter_last(body, 2)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (scheme != ROOTLET_TLS_SIGNATURE_SCHEME) {
        return ROOTLET_ERR_TLS_SIGNATURE_SCHEME;
    }
    if (body->left > ROOTLET_SIGNATURE_BYTES ||
        rootlet_profile_verify(body->next, body->left, tls->secrets.keys.server_key,
                               signed_prefix(tls, "server"), PREFIX_BYTES, before,
                               ROOTLET_HASH_BYTES) != ROOTLET_OK) {
        return ROOTLET_ERR_TLS_CERTIFICATE_VERIFY;
    }
    return ROOTLET_OK;
}

void rootlet_tls_write_certificate_verify(rootlet_tls *tls, rootlet_tls_writer *writer)
{
    uint8_t *signature = tls->buffers.handshake;
    uint8_t *length = signature + ROOTLET_SIGNATURE_BYTES;
    if (tls->asked_for != ASKED_FOR_CHAIN) {
        return;
    }
    if (writer->total == 0) {
        uint8_t hash[ROOTLET_HASH_BYTES];
        rootlet_tls_transcript_hash(tls, hash);
        *length = (uint8_t)rootlet_profile_sign(signature, tls->config->identity->private_key,
                                                signed_prefix(tls, "client"), PREFIX_BYTES, hash,
                                                sizeof hash);
    }
    rootlet_tls_write_be(writer, (uint32_t)ROOTLET_TLS_SIGNATURE_SCHEME << 16 | *length, 4);
    rootlet_tls_write(writer, signature, *length);
}
