/* EncryptedExtensions, section 4.4.1: the answers to what was offered, above all how large records
 * may be. */
#include "engine.h"
#include "extensions.h"

#include "base/bytes.h"

#define SMALLEST_RECORD_SIZE_LIMIT 64u /* RFC 8449 section 4 */

/* RFC 6066 section 3: the answer is empty. */
static rootlet_status read_server_name(const rootlet_reader *extensions)
{
    rootlet_reader answer = rootlet_tls_find_extension(extensions, EXTENSION_SERVER_NAME);
    return answer.left == 0 ? ROOTLET_OK : ROOTLET_ERR_TLS_DECODE;
}

/* RFC 7301 section 3.1: exactly one name, the one that was offered. */
static rootlet_status read_alpn(const rootlet_tls *tls, const rootlet_reader *extensions)
{
    rootlet_reader answer = rootlet_tls_find_extension(extensions, EXTENSION_ALPN);
    if (answer.next == NULL) {
        return ROOTLET_OK;
    }
    rootlet_reader list = rootlet_read_vector(&answer, 2);
    rootlet_reader name = rootlet_read_vector(&list, 1);
    if (!rootlet_reader_done(&answer) || !rootlet_reader_done(&list) || name.left == 0) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (name.left != tls->config->alpn_length ||
        !rootlet_equal(name.next, tls->config->alpn, name.left)) {
        return ROOTLET_ERR_TLS_ALPN;
    }
    return ROOTLET_OK;
}

/* RFC 6066 section 4: both directions, one value, echoed. */
static rootlet_status read_fragment_length(rootlet_tls *tls, rootlet_reader *answer)
{
    uint32_t code = rootlet_read_be(answer, 1);
    if (!rootlet_reader_done(answer)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    tls->write_limit = tls->content_limit;
    return code == tls->fragment_code ? ROOTLET_OK : ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
}

/* RFC 8449 section 4: each direction its own, the content type counts. */
static rootlet_status read_record_size_limit(rootlet_tls *tls, rootlet_reader *answer)
{
    uint32_t limit = rootlet_read_be(answer, 2);
    if (!rootlet_reader_done(answer)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    if (limit < SMALLEST_RECORD_SIZE_LIMIT) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    if (limit <= tls->write_limit) {
        tls->write_limit = (uint16_t)(limit - 1);
    }
    return ROOTLET_OK;
}

static rootlet_status read_limits(rootlet_tls *tls, const rootlet_reader *extensions)
{
    rootlet_reader limit = rootlet_tls_find_extension(extensions, EXTENSION_RECORD_SIZE_LIMIT);
    rootlet_reader fragment = rootlet_tls_find_extension(extensions, EXTENSION_MAX_FRAGMENT_LENGTH);
    rootlet_status status;
    if (limit.next != NULL) {
        if (fragment.next != NULL) {
            return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER; /* RFC 8449 section 5 */
        }
        status = read_record_size_limit(tls, &limit);
    } else if (fragment.next != NULL) {
        status = read_fragment_length(tls, &fragment);
    } else if (tls->content_limit == FULL_CONTENT_BYTES ||
               tls->config->limit_policy == ROOTLET_TLS_LIMIT_TOLERATED) {
        return ROOTLET_OK;
    } else {
        return ROOTLET_ERR_TLS_RECORD_LIMIT_IGNORED;
    }
    tls->read_limit = (uint16_t)(tls->content_limit + PROTECTION_BYTES);
    if (status == ROOTLET_OK && rootlet_tls_payload_length(tls) > tls->read_limit) {
        return ROOTLET_ERR_TLS_RECORD_OVERFLOW; /* the very record of this message */
    }
    return status;
}

rootlet_status rootlet_tls_take_encrypted_extensions(rootlet_tls *tls, rootlet_reader *body,
                                                     const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    rootlet_reader extensions = rootlet_read_vector(body, 2);
    if (!rootlet_reader_done(body)) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    rootlet_status status =
        rootlet_tls_check_extensions(&extensions,
                                     BIT_SERVER_NAME | BIT_MAX_FRAGMENT_LENGTH |
                                         BIT_SUPPORTED_GROUPS | BIT_ALPN | BIT_RECORD_SIZE_LIMIT,
                                     tls->offered);
    if (status == ROOTLET_OK) {
        status = read_server_name(&extensions);
    }
    if (status == ROOTLET_OK) {
        status = read_alpn(tls, &extensions);
    }
    return status == ROOTLET_OK ? read_limits(tls, &extensions) : status;
}
