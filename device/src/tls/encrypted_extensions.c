/* EncryptedExtensions, section 4.4.1: the answers to what was offered, above all how large records
 * may be. */
#include "engine.h"
#include "extensions.h"

#define SMALLEST_RECORD_SIZE_LIMIT 64u /* RFC 8449 section 4 */

/* How large records may be, in the terms of RFC 8449 section 4 (each direction its own, the content
 * type counts) or of RFC 6066 section 4 (one value for both, which must be the one offered). */
/*@ requires \valid(tls) && \valid_read(tls->config) && \separated(tls, tls->config);
    requires \valid(found + (0 .. EXTENSION_PLACES - 1));
    requires readable_at(found, AT_RECORD_SIZE_LIMIT);
    requires readable_at(found, AT_MAX_FRAGMENT_LENGTH);
    requires \separated(tls, found + (0 .. EXTENSION_PLACES - 1));
    requires tls->content_limit <= FULL_CONTENT_BYTES;
    requires tls->write_limit <= FULL_CONTENT_BYTES;
    requires \valid_read(tls->buffers.in + (0 .. RECORD_HEADER_BYTES - 1));
    assigns tls->write_limit, tls->read_limit, found[0 .. EXTENSION_PLACES - 1];
    ensures tls->write_limit <= FULL_CONTENT_BYTES;
    ensures tls->read_limit == \old(tls->read_limit) ||
        tls->read_limit == tls->content_limit + PROTECTION_BYTES; */
static rootlet_status read_limits(rootlet_tls *tls, rootlet_reader found[EXTENSION_PLACES])
{
    rootlet_reader *limit = &found[AT_RECORD_SIZE_LIMIT];
    rootlet_reader *fragment = &found[AT_MAX_FRAGMENT_LENGTH];
    bool has_limit = limit->next != NULL;
    if (fragment->next != NULL) {
        if (fragment->left != 1) {
            return ROOTLET_ERR_TLS_DECODE;
        }
        if (fragment->next[0] != tls->fragment_code || has_limit) { /* RFC 8449 section 5 */
            return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
        tls->write_limit = tls->content_limit;
    } else if (has_limit) {
        if (limit->left != 2) {
            return ROOTLET_ERR_TLS_DECODE;
        }
        uint32_t value = rootlet_read_be(limit, 2);
        if (value < SMALLEST_RECORD_SIZE_LIMIT) {
            return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
        if (value <= tls->write_limit) {
            tls->write_limit = (uint16_t)(value - 1);
        }
    } else if (tls->content_limit != FULL_CONTENT_BYTES) {
        return tls->config->limit_policy == ROOTLET_TLS_LIMIT_TOLERATED
                   ? ROOTLET_OK
                   : ROOTLET_ERR_TLS_RECORD_LIMIT_IGNORED;
    }
    tls->read_limit = (uint16_t)(tls->content_limit + PROTECTION_BYTES);
    /* It holds for the very record of this message. */
    return rootlet_tls_payload_length(tls) <= tls->read_limit ? ROOTLET_OK
                                                              : ROOTLET_ERR_TLS_RECORD_OVERFLOW;
}

rootlet_status rootlet_tls_take_encrypted_extensions(rootlet_tls *tls, rootlet_reader *body,
                                                     const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    rootlet_reader found[EXTENSION_PLACES];
    /*@ assert \separated(found + (0 .. EXTENSION_PLACES - 1), tls, tls->config); */
    rootlet_status status =
        rootlet_tls_read_extensions(found, body,
                                    BIT_SERVER_NAME | BIT_MAX_FRAGMENT_LENGTH |
                                        BIT_SUPPORTED_GROUPS | BIT_ALPN | BIT_RECORD_SIZE_LIMIT,
                                    tls);
    if (status != ROOTLET_OK) {
        return status;
    }
    /*@ assert extension_offered(&found[0], AT_ALPN, tls->offered); */
    /*@ assert \valid_read(tls->config) && ((tls->offered >> AT_ALPN & 1) != 0 ==>
            \valid_read(tls->config->alpn + (0 .. tls->config->alpn_length - 1))); */
    /*@ assert \valid_read(tls->buffers.in + (0 .. RECORD_HEADER_BYTES - 1)); */
    /* RFC 6066 section 3: the answer is empty. */
    if (body->left != 0 || found[AT_SERVER_NAME].left != 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    /* RFC 7301 section 3.1: exactly one name, the one that was offered. */
    rootlet_reader *answer = &found[AT_ALPN];
    if (ROOTLET_TLS_ALPN && answer->next != NULL) {
        /*@ assert \valid_read(tls->config->alpn + (0 .. tls->config->alpn_length - 1)); */
        if (!rootlet_tls_enter_last(answer, 2) || !rootlet_tls_enter_last(answer, 1) ||
            answer->left == 0) {
            return ROOTLET_ERR_TLS_DECODE;
        }
        /*@ assert answer == &found[AT_ALPN] && \separated(answer, tls, tls->config); */
        /*@ assert \valid_read(tls->config->alpn + (0 .. tls->config->alpn_length - 1)); */
        if (!rootlet_reader_is(answer, tls->config->alpn, tls->config->alpn_length)) {
            return ROOTLET_ERR_TLS_ALPN;
        }
    }
    return read_limits(tls, found);
}
