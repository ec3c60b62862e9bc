/* Certificate, section 4.5.1: the server's, and ours. */
#include "engine.h"
#include "extensions.h"

rootlet_status rootlet_tls_take_certificate(rootlet_tls *tls, rootlet_reader *body,
                                            const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    rootlet_certificate chain[ROOTLET_CHAIN_CERTIFICATES];
    size_t count = 0;
    if (rootlet_read_be(body, 1) != 0) { /* certificate_request_context */
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    if (!rootlet_tls_enter_last(body, 3)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    while (body->left > 0) {
        rootlet_reader certificate = rootlet_read_vector(body, 3);
        rootlet_reader extensions = rootlet_read_vector(body, 2);
        if (body->next == NULL || certificate.left == 0) {
            return ROOTLET_ERR_TLS_DECODE;
        }
        rootlet_status status = rootlet_tls_check_extensions(&extensions, 0, tls->offered);
        if (status != ROOTLET_OK) {
            return status;
        }
        if (count == ROOTLET_CHAIN_CERTIFICATES) {
            return ROOTLET_ERR_X509_TOO_MANY;
        }
        chain[count++] = (rootlet_certificate){certificate.next, certificate.left};
    }
    return rootlet_x509_check(tls->secrets.keys.server_key, chain, count, &tls->config->trust);
}

void rootlet_tls_write_certificate(rootlet_tls *tls, rootlet_tls_writer *writer)
{
    if (tls->asked_for == ASKED_FOR_NOTHING) {
        return;
    }
    const rootlet_identity *identity = tls->config->identity;
    size_t count =
        ROOTLET_TLS_CLIENT_AUTH && tls->asked_for == ASKED_FOR_CHAIN ? identity->count : 0;
    rootlet_tls_write_be(writer, 0, 1); /* certificate_request_context, which was empty */
    rootlet_tls_write_rest(writer, 3);
    for (size_t i = 0; i < count; i++) {
        rootlet_tls_write_be(writer, (uint32_t)identity->chain[i].length, 3);
        rootlet_tls_write(writer, identity->chain[i].der, identity->chain[i].length);
        rootlet_tls_write_be(writer, 0, 2); /* no extensions */
    }
}
