/* Any bytes from the network, whole or in pieces: the outcome is the same, and no connection. */
#include "tls_client.h"

static rootlet_status outcome(const uint8_t *bytes, size_t length, size_t piece)
{
    fuzz_client client;
    fuzz_begin(&client, false);
    fuzz_feed(&client, bytes, length, piece);
    EXPECT(!client.was_connected);
    rootlet_status status = rootlet_tls_status(&client.tls);
    REACHED(status == ROOTLET_ERR_TLS_ALERT_RECEIVED);
    fuzz_end(&client);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    size_t piece = fuzz_byte(&input);
    EXPECT(outcome(input.next, input.left, 0) == outcome(input.next, input.left, piece));
    return 0;
}
