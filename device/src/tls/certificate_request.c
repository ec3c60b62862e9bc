/* CertificateRequest, section 4.4.2. */
#include "engine.h"
#include "extensions.h"

rootlet_status rootlet_tls_take_certificate_request(rootlet_tls *tls, rootlet_reader *body,
                                                    const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    if (rootlet_read_be(body, 1) != 0) { /* certificate_request_context */
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    rootlet_reader found[EXTENSION_PLACES];
    /*@ assert \separated(found + (0 .. EXTENSION_PLACES - 1), tls, tls->config); */
    rootlet_status status =
        rootlet_tls_read_extensions(found, body, BIT_SIGNATURE_ALGORITHMS | BIT_UNKNOWN, tls);
    if (status != ROOTLET_OK) {
        return status;
    }
    /*@ assert \valid_read(tls->config) && tls->config == \at(tls->config, Pre); */
    /* Section 4.3.3. */
    rootlet_reader *schemes = &found[AT_SIGNATURE_ALGORITHMS];
    if (schemes->next == NULL) {
        return ROOTLET_ERR_TLS_MISSING_EXTENSION;
    }
    if (body->left != 0 || !rootlet_tls_enter_last(schemes, 2) || schemes->left == 0 ||
        schemes->left % 2 != 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    tls->asked_for = ASKED_FOR_EMPTY_CERTIFICATE;
    /*@ loop invariant schemes == &found[AT_SIGNATURE_ALGORITHMS] && readable(*schemes);
        loop invariant \separated(schemes, tls, tls->config) && \valid_read(tls->config);
        loop invariant tls->asked_for == ASKED_FOR_EMPTY_CERTIFICATE ||
            (tls->asked_for == ASKED_FOR_CHAIN && tls->config->identity != \null);
        loop assigns found[AT_SIGNATURE_ALGORITHMS], tls->asked_for;
        loop variant schemes->left; */
    while (ROOTLET_TLS_CLIENT_AUTH && schemes->left > 0) {
        if (rootlet_read_be(schemes, 2) == ROOTLET_TLS_SIGNATURE_SCHEME &&
            tls->config->identity != NULL) {
            tls->asked_for = ASKED_FOR_CHAIN;
        }
    }
    return ROOTLET_OK;
}
