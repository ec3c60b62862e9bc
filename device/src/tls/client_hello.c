/* ClientHello, section 4.2.2: the one offer there is. After a HelloRetryRequest the same again,
 * with its cookie (section 4.2.4). */
#include "engine.h"
#include "extensions.h"

#include "x509/host.h"

#define PAIR(number) (uint8_t)((number) >> 8), (uint8_t)(number)

/* cipher_suites, legacy_compression_methods */
static const uint8_t suites[] = {PAIR(2), PAIR(ROOTLET_TLS_SUITE), 1, 0};

/* The extensions that are always the same, up to the key share's bytes. */
static const uint8_t always[] = {PAIR(EXTENSION_SUPPORTED_GROUPS),
                                 PAIR(4),
                                 PAIR(2),
                                 PAIR(ROOTLET_TLS_GROUP),
                                 PAIR(EXTENSION_SIGNATURE_ALGORITHMS),
                                 PAIR(4),
                                 PAIR(2),
                                 PAIR(ROOTLET_TLS_SIGNATURE_SCHEME),
                                 PAIR(EXTENSION_SUPPORTED_VERSIONS),
                                 PAIR(3),
                                 2,
                                 PAIR(0x0304),
                                 PAIR(EXTENSION_KEY_SHARE),
                                 PAIR(6 + ROOTLET_KEY_SHARE_BYTES),
                                 PAIR(4 + ROOTLET_KEY_SHARE_BYTES),
                                 PAIR(ROOTLET_TLS_GROUP),
                                 PAIR(ROOTLET_KEY_SHARE_BYTES)};

/* An extension of one name: lengths of header_bytes around it, the innermost of width bytes. */
static void write_extension(rootlet_tls_writer *writer, unsigned type, size_t length)
{
    rootlet_tls_write_be(writer, type << 16 | (uint32_t)length, 4);
}

static void write_server_name(rootlet_tls_writer *writer, const rootlet_x509_config *trust)
{
    /* RFC 6066 section 3: a list of one host_name (0), without the trailing dot. */
    uint32_t length = (uint32_t)rootlet_x509_host_length(trust);
    write_extension(writer, EXTENSION_SERVER_NAME, length + 5);
    rootlet_tls_write_be(writer, length + 3, 2);
    rootlet_tls_write_be(writer, length, 3);
    rootlet_tls_write(writer, trust->host, length);
}

static void write_alpn(rootlet_tls_writer *writer, const rootlet_tls_config *config)
{
    /* RFC 7301 section 3.1: a list of one name. */
    uint32_t length = (uint32_t)config->alpn_length;
    write_extension(writer, EXTENSION_ALPN, length + 3);
    rootlet_tls_write_be(writer, (length + 1) << 8 | length, 3);
    rootlet_tls_write(writer, config->alpn, length);
}

void rootlet_tls_write_client_hello(const rootlet_tls *tls, rootlet_tls_writer *writer)
{
    const rootlet_tls_hello *hello = &tls->secrets.hello;
    rootlet_tls_write_be(writer, 0x0303, 2);
    rootlet_tls_write(writer, hello->random, sizeof hello->random);
    rootlet_tls_write_be(writer, SESSION_ID_BYTES, 1);
    rootlet_tls_write(writer, hello->session_id, SESSION_ID_BYTES);
    rootlet_tls_write(writer, suites, sizeof suites);
    rootlet_tls_write_rest(writer, 2);
    if (tls->offered & BIT_SERVER_NAME) {
        write_server_name(writer, &tls->config->trust);
    }
    rootlet_tls_write(writer, always, sizeof always);
    rootlet_tls_write(writer, hello->share, sizeof hello->share);
    /* RFC 8449 section 4 counts the content type too. */
    write_extension(writer, EXTENSION_RECORD_SIZE_LIMIT, 2);
    rootlet_tls_write_be(writer, tls->content_limit + 1u, 2);
    if (tls->offered & BIT_MAX_FRAGMENT_LENGTH) {
        write_extension(writer, EXTENSION_MAX_FRAGMENT_LENGTH, 1);
        rootlet_tls_write_be(writer, tls->fragment_code, 1);
    }
    if (tls->offered & BIT_ALPN) {
        write_alpn(writer, tls->config);
    }
    if (tls->offered & BIT_COOKIE) {
        write_extension(writer, EXTENSION_COOKIE, hello->cookie_length + 2u);
        rootlet_tls_write_be(writer, hello->cookie_length, 2);
        rootlet_tls_write(writer, hello->cookie, hello->cookie_length);
    }
}
