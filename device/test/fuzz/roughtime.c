/* A stored request, or the one the client makes, and any response. */
#include "fuzz.h"

#include "fuzz_data.h"
#include "rootlet/roughtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    uint8_t mode = fuzz_byte(&input);
    size_t request_length = ROOTLET_ROUGHTIME_HEAD_BYTES;
    size_t zeros = ROOTLET_ROUGHTIME_PADDING_BYTES;
    size_t response_length;
    uint8_t *request;
    if (mode & 1) {
        request = fuzz_copy(&input, (size_t)fuzz_byte(&input) * 5, &request_length);
        zeros = mode & 2 ? 0 : zeros;
    } else {
        request = malloc(request_length);
        EXPECT(request != NULL);
        rootlet_roughtime_request(request, fuzz_nonce, fuzz_time_key);
    }
    uint8_t *response = fuzz_copy(&input, input.left, &response_length);
    rootlet_roughtime_sample sample = {1, 2, 3};
    rootlet_status status =
        rootlet_roughtime_check(&sample, request, request_length, zeros, response, response_length,
                                fuzz_time_key, mode >> 2 & 1);
    REACHED(status == ROOTLET_OK);
    if (status == ROOTLET_OK) {
        rootlet_time known = {0, UINT64_MAX};
        EXPECT(sample.radius != 0);
        EXPECT(rootlet_roughtime_join(&known, &sample, 0, 0, 1) == ROOTLET_OK);
        EXPECT(known.earliest <= known.latest);
    } else {
        EXPECT(sample.midpoint == 1 && sample.radius == 2 && sample.version == 3);
    }
    uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES];
    rootlet_roughtime_chain(nonce, response, response_length, fuzz_nonce);
    free(request);
    free(response);
    return 0;
}
