/* See extensions.h. */
#include "extensions.h"

#include "base/bytes.h"

bool rootlet_tls_enter_last(rootlet_reader *reader, size_t width)
{
    uint32_t length = rootlet_read_be(reader, width);
    return length == reader->left && reader->next != NULL;
}

/* Looks ahead, on a copy of the reader. */
static bool comes_again(rootlet_reader rest, unsigned type)
{
    while (rest.left > 0) {
        if (rootlet_read_be(&rest, 2) == type) {
            return true;
        }
        (void)rootlet_read_bytes(&rest, rootlet_read_be(&rest, 2));
    }
    return false;
}

rootlet_status rootlet_tls_read_extensions(rootlet_reader found[EXTENSION_PLACES],
                                           rootlet_reader *reader, unsigned allowed,
                                           const rootlet_tls *tls)
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
    const unsigned expected = tls->offered | (allowed & (BIT_COOKIE | BIT_UNKNOWN));
    rootlet_status status = ROOTLET_OK;
    rootlet_wipe(found, EXTENSION_PLACES * sizeof *found);
    rootlet_reader block = rootlet_read_vector(reader, 2);
    while (block.left > 0) {
        unsigned type = rootlet_read_be(&block, 2);
        rootlet_reader data = rootlet_read_vector(&block, 2);
        unsigned at = 0;
        while (at < AT_UNKNOWN && known[at] != type) {
            at++;
        }
        if ((expected >> at & 1) == 0) {
            status = ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION;
        } else if ((allowed >> at & 1) == 0 || comes_again(block, type)) {
            status = ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
        found[at] = data;
    }
    return block.next != NULL ? status : ROOTLET_ERR_TLS_DECODE;
}
