/*
 * Vectors and extension blocks, sections 3.4 and 4.3. The ones this client knows are a bit each:
 * those it offers, those a message may carry.
 */
#ifndef ROOTLET_TLS_EXTENSIONS_H
#define ROOTLET_TLS_EXTENSIONS_H

#include "base/reader.h"
#include "rootlet/status.h"

#define EXTENSION_SERVER_NAME 0u
#define EXTENSION_MAX_FRAGMENT_LENGTH 1u
#define EXTENSION_SUPPORTED_GROUPS 10u
#define EXTENSION_SIGNATURE_ALGORITHMS 13u
#define EXTENSION_ALPN 16u
#define EXTENSION_RECORD_SIZE_LIMIT 28u
#define EXTENSION_SUPPORTED_VERSIONS 43u
#define EXTENSION_COOKIE 44u
#define EXTENSION_KEY_SHARE 51u

/* Bits, in the order of rootlet_tls_check_extensions' list. */
#define BIT_SERVER_NAME 1u
#define BIT_MAX_FRAGMENT_LENGTH 2u
#define BIT_SUPPORTED_GROUPS 4u
#define BIT_SIGNATURE_ALGORITHMS 8u
#define BIT_ALPN 16u
#define BIT_RECORD_SIZE_LIMIT 32u
#define BIT_SUPPORTED_VERSIONS 64u
#define BIT_COOKIE 128u
#define BIT_KEY_SHARE 256u
/* In allowed: unknown extensions are ignored (CertificateRequest). */
#define BIT_UNKNOWN 0x8000u

/* Enters a vector that must reach exactly to the reader's end: the reader goes on inside it. false
 * when it does not, or the reader has failed before. */
ROOTLET_CHECKED bool rootlet_tls_enter_last(rootlet_reader *reader, size_t width);

/* Looks for an extension in a block; true, and its data, when it is there. data has failed when
 * the block is malformed anywhere. */
bool rootlet_tls_find_extension(rootlet_reader *data, const rootlet_reader *block, unsigned type);

/*
 * Checks what stands in a block, not what it says: ROOTLET_ERR_TLS_DECODE when it is malformed,
 * ROOTLET_ERR_TLS_ILLEGAL_PARAMETER for one twice or one that is offered but not allowed here,
 * ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION for one that was not offered.
 */
ROOTLET_CHECKED rootlet_status rootlet_tls_check_extensions(const rootlet_reader *block,
                                                            unsigned allowed, unsigned offered);

#endif
