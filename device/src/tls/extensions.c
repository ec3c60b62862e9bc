/* See extensions.h. */
#include "extensions.h"

#include "base/bytes.h"

bool rootlet_tls_enter_last(rootlet_reader *reader, size_t width)
{
    uint32_t length = rootlet_read_be(reader, width);
    return length == reader->left && reader->next != NULL;
}

/* Looks ahead, on a copy of the reader. */
/*@ requires readable(rest);
    assigns \nothing; */
static bool comes_again(rootlet_reader rest, unsigned type)
{
    /*@ loop invariant readable(rest);
        loop assigns rest;
        loop variant rest.left; */
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
    /*@ loop invariant readable(block) && beside(block.next, \at(reader->next, Pre));
        loop invariant \forall integer i; 0 <= i < EXTENSION_PLACES ==> readable_at(found, i);
        loop invariant \forall integer i; 0 <= i < EXTENSION_PLACES ==>
            extension_beside(found, i, \at(reader->next, Pre));
        loop invariant status == ROOTLET_OK ==> \forall integer i; 0 <= i < EXTENSION_PLACES ==>
            extension_offered(found, i, expected);
        loop assigns block, status, found[0 .. EXTENSION_PLACES - 1];
        loop variant block.left; */
    while (block.left > 0) {
        unsigned type = rootlet_read_be(&block, 2);
        unsigned at = 0;
        /*@ loop invariant at <= AT_UNKNOWN;
            loop assigns at;
            loop variant AT_UNKNOWN - at; */
        while (at < AT_UNKNOWN && known[at] != type) {
            at++;
        }
        found[at] = rootlet_read_vector(&block, 2);
        if ((expected >> at & 1) == 0) {
            status = ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION;
        } else if ((allowed >> at & 1) == 0 || comes_again(block, type)) {
            status = ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
        }
        /*@ assert readable_at(found, at); */
        /*@ assert extension_beside(found, at, \at(reader->next, Pre)); */
        /*@ assert \forall integer i; 0 <= i < EXTENSION_PLACES && i != at ==>
                found[i].next == \at(found[i].next, LoopCurrent) &&
                found[i].left == \at(found[i].left, LoopCurrent); */
    }
    return block.next != NULL ? status : ROOTLET_ERR_TLS_DECODE;
}
