/* A chain of certificates as a server could send it, against an anchor and a host. */
#include "fuzz.h"

#include "fuzz_data.h"
#include "rootlet/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    uint8_t *copies[ROOTLET_CHAIN_CERTIFICATES + 1];
    rootlet_certificate chain[ROOTLET_CHAIN_CERTIFICATES + 1];
    rootlet_x509_config config = fuzz_trust;
    size_t count = fuzz_byte(&input) % (ROOTLET_CHAIN_CERTIFICATES + 2u);
    for (size_t i = 0; i < count; i++) {
        size_t most = (size_t)fuzz_byte(&input) << 8;
        most |= fuzz_byte(&input);
        copies[i] = fuzz_copy(&input, most, &chain[i].length);
        chain[i].der = copies[i];
    }
    uint8_t key[ROOTLET_PUBLIC_KEY_BYTES];
    memset(key, 0xa5, sizeof key);
    rootlet_status status = rootlet_x509_check(key, chain, count, &config);
    REACHED(status == ROOTLET_OK);
    if (status == ROOTLET_OK) {
        EXPECT(memcmp(key, fuzz_leaf_key, sizeof key) == 0); /* nobody else can sign */
    } else {
        for (size_t i = 0; i < sizeof key; i++) {
            EXPECT(key[i] == 0xa5); /* written on success only */
        }
    }
    for (size_t i = 0; i < count; i++) {
        free(copies[i]);
    }
    return 0;
}
