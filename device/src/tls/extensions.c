/* See extensions.h. */
#include "extensions.h"

bool rootlet_tls_enter_last(rootlet_reader *reader, size_t width)
{
    uint32_t length = rootlet_read_be(reader, width);
    return length == reader->left && reader->next != NULL;
}

bool rootlet_tls_find_extension(rootlet_reader *data, const rootlet_reader *block, unsigned type)
{
    rootlet_reader rest = *block;
    bool found = false;
    *data = rest;
    while (rest.left > 0) {
        bool wanted = rootlet_read_be(&rest, 2) == type && !found;
        rootlet_reader next = rootlet_read_vector(&rest, 2);
        if (wanted) {
            *data = next;
            found = true;
        }
    }
    if (rest.next == NULL) {
        rootlet_reader_fail(data);
    }
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
        rootlet_reader first;
        (void)rootlet_tls_find_extension(&first, block, type);
        if (first.next == NULL) {
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
    return ROOTLET_OK;
}
