/*
 * Joins samples of several servers (RFC 10049 section 8.2). The causality of section 8.2 goes one
 * way only: a later reply may name any later time. The other way is held against the caller's own
 * count of the seconds in between.
 */
#include "rootlet/roughtime.h"

/* a + b, or the largest number where that is too large. One copy serves three callers. */
/*@ assigns \nothing; */
__attribute__((noinline)) static uint64_t add_seconds(uint64_t a, uint32_t b)
{
    const uint64_t sum = a + b;
    return sum < b ? UINT64_MAX : sum;
}

rootlet_status rootlet_roughtime_join(rootlet_time *known, const rootlet_roughtime_sample *sample,
                                      uint32_t elapsed, uint32_t delay, uint32_t max_delay)
{
    if (delay > max_delay) {
        return ROOTLET_ERR_ROUGHTIME_DELAY;
    }
    const uint64_t earliest =
        sample->midpoint < sample->radius ? 0 : sample->midpoint - sample->radius;
    uint64_t latest = add_seconds(sample->midpoint, sample->radius);
    const uint64_t known_latest = add_seconds(known->latest, elapsed);
    if (latest < known->earliest || known_latest < earliest) {
        return ROOTLET_ERR_ROUGHTIME_INCONSISTENT;
    }
    latest = add_seconds(latest, delay); /* the server answered at most delay seconds ago */
    if (known->earliest < earliest) {
        known->earliest = earliest;
    }
    known->latest = latest < known_latest ? latest : known_latest;
    return ROOTLET_OK;
}
