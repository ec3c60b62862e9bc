/* See device_clock.h. */
#include "device_clock.h"

#define MILLION 1000000u
#define CRC_POLYNOMIAL 0xedb88320u /* CRC-32 of ISO 3309, its lowest bit first */

static uint32_t crc_of(uint32_t crc, uint64_t number, unsigned bytes)
{
    for (unsigned bit = 0; bit < 8 * bytes; bit++) {
        const uint32_t carry = (crc ^ (uint32_t)(number >> bit)) & 1;
        crc = (crc >> 1) ^ (carry ? CRC_POLYNOMIAL : 0);
    }
    return crc;
}

static uint32_t check_of(const clock_record *record)
{
    const uint32_t crc = crc_of(UINT32_MAX, record->earliest, sizeof record->earliest);
    return ~crc_of(crc, record->failures, sizeof record->failures);
}

static void count(device_clock *clock, uint32_t milliseconds)
{
    clock->passed += (uint32_t)(milliseconds - clock->last);
    clock->last = milliseconds;
}

static uint64_t later(uint64_t seconds, uint64_t more)
{
    return seconds > UINT64_MAX - more ? UINT64_MAX : seconds + more;
}

void device_clock_start(device_clock *clock, uint64_t built, const clock_record *stored,
                        uint32_t drift_ppm, uint32_t milliseconds)
{
    *clock =
        (device_clock){.known = {built, UINT64_MAX}, .drift_ppm = drift_ppm, .last = milliseconds};
    if (stored != NULL && stored->check == check_of(stored)) {
        clock->recorded = stored->earliest;
        clock->failures = clock->failures_recorded = stored->failures;
        if (built < stored->earliest) {
            clock->known.earliest = stored->earliest;
        }
    }
}

rootlet_time device_clock_now(device_clock *clock, uint32_t milliseconds)
{
    count(clock, milliseconds);
    const uint64_t passed = clock->passed;
    /* And a millisecond, for what had passed of one already when it began. */
    const uint64_t drift = passed / MILLION * clock->drift_ppm +
                           passed % MILLION * clock->drift_ppm / MILLION + (passed != 0);
    return (rootlet_time){
        later(clock->known.earliest, passed < drift ? 0 : (passed - drift) / 1000),
        later(clock->known.latest, (passed + drift + 999) / 1000),
    };
}

rootlet_status device_clock_set(device_clock *clock, const rootlet_time *measured,
                                uint32_t milliseconds)
{
    const rootlet_time known = device_clock_now(clock, milliseconds);
    if (measured->latest < known.earliest) {
        return ROOTLET_ERR_ROUGHTIME_INCONSISTENT;
    }
    clock->known = *measured;
    if (measured->earliest < known.earliest) {
        clock->known.earliest = known.earliest;
    }
    if (known.latest < measured->latest && measured->earliest <= known.latest) {
        clock->known.latest = known.latest;
    }
    clock->passed = clock->failed = 0;
    clock->failures = 0;
    clock->set = true;
    return ROOTLET_OK;
}

void device_clock_failed(device_clock *clock, uint32_t milliseconds)
{
    count(clock, milliseconds);
    clock->failed = clock->passed;
    if (clock->failures < UINT32_MAX) {
        clock->failures++;
    }
}

uint32_t device_clock_wait(device_clock *clock, uint32_t milliseconds)
{
    count(clock, milliseconds);
    uint32_t wait = clock->failures == 0 ? 0 : CLOCK_FIRST_WAIT_MS;
    for (uint32_t n = 1; n < clock->failures && wait < CLOCK_LONGEST_WAIT_MS; n++) {
        wait += wait / 2;
    }
    if (wait > CLOCK_LONGEST_WAIT_MS) {
        wait = CLOCK_LONGEST_WAIT_MS;
    }
    const uint64_t waited = clock->passed - clock->failed;
    return waited < wait ? wait - (uint32_t)waited : 0;
}

bool device_clock_record(device_clock *clock, clock_record *record, uint32_t milliseconds)
{
    record->earliest = device_clock_now(clock, milliseconds).earliest;
    record->failures = clock->failures;
    record->check = check_of(record);
    if (record->failures == clock->failures_recorded &&
        record->earliest - clock->recorded < CLOCK_RECORD_SECONDS) {
        return false;
    }
    clock->recorded = record->earliest;
    clock->failures_recorded = record->failures;
    return true;
}
