/* See extensions.h. */
#include "extensions.h"

rootlet_reader rootlet_tls_find_extension(const rootlet_reader *block, unsigned type)
{
    rootlet_reader rest = *block;
    rootlet_reader found = {NULL, 0, false};
    while (rest.left > 0) {
        unsigned next_type = rootlet_read_be(&rest, 2);
        rootlet_reader data = rootlet_read_vector(&rest, 2);
        if (next_type == type && found.next == NULL) {
            found = data;
        }
    }
    found.failed = rest.failed;
    return found;
}

static unsigned bit_of(unsigned type)
{
    static const uint8_t known[] = {EXTENSION_SERVER_NAME,
                                    EXTENSION_MAX_FRAGMENT_LENGTH,
                                    EXTENSION_SUPPORTED_GROUPS,
                                    EXTENSION_SIGNATURE_ALGORITHMS,
                                    EXTENSION_ALPN,
                                    EXTENSION_RECORD_SIZE_LIMIT,
                                    EXTENSION_SUPPORTED_VERSIONS,
                                    EXTENSION_COOKIE,
                                    EXTENSION_KEY_SHARE};
    for (unsigned i = 0; i < sizeof known; i++) {
        if (known[i] == type) {
            return 1u << i;
        }
    }
    return 0;
}

rootlet_status rootlet_tls_check_extensions(const rootlet_reader *block, unsigned allowed,
                                            unsigned offered)
{
    rootlet_reader rest = *block;
    while (rest.left > 0) {
        unsigned type = rootlet_read_be(&rest, 2);
        rootlet_reader data = rootlet_read_vector(&rest, 2);
        rootlet_reader first = rootlet_tls_find_extension(block, type);
        if (first.failed) {
            return ROOTLET_ERR_TLS_DECODE;
        }
        if (first.next != data.next) {
            return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
        unsigned bit = bit_of(type);
        if (bit == 0 && (allowed & BIT_UNKNOWN)) {
            continue;
        }
        if ((bit & offered) == 0) {
            return ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION;
        }
        if ((bit & allowed) == 0) {
            return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
    }
    return block->failed ? ROOTLET_ERR_TLS_DECODE : ROOTLET_OK;
}
