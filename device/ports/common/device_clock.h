/*
 * The time, between measurements and across reboots: an interval that grows by what the board's
 * own clock may be wrong, and never goes back. Nothing here asks anyone: milliseconds are what
 * port_milliseconds says at the moment of the call.
 */
#ifndef PORT_DEVICE_CLOCK_H
#define PORT_DEVICE_CLOCK_H

#include "rootlet/x509.h"

#include <stdbool.h>
#include <stdint.h>

/* A watch crystal is within 100 millionths over the temperatures of electronics; an oscillator
 * made of a resistor and a capacitor may be a hundred times worse: see the chip's data sheet. */
#define CLOCK_DRIFT_CRYSTAL_PPM 100
#define CLOCK_DRIFT_RC_PPM 20000

/* RFC 10049 section 5: after n failures in a row 1.5^(n-1) seconds pass, a day at most. */
#define CLOCK_FIRST_WAIT_MS 1000
#define CLOCK_LONGEST_WAIT_MS (24u * 60 * 60 * 1000)

/* How far the time runs on before the record is worth another write to flash, which a cell takes
 * some ten thousand of: a day. */
#define CLOCK_RECORD_SECONDS (24 * 60 * 60)

/* What is to survive a reboot, stored as it is. Anything else than a record that
 * device_clock_record made, an empty or half-written page as well, counts as none. */
typedef struct clock_record {
    uint64_t earliest; /* seconds since 1970: the time was not before this */
    uint32_t failures; /* measurements that failed since the last one that did not */
    uint32_t check;    /* CRC-32 of the two, in little-endian bytes */
} clock_record;

typedef struct device_clock {
    rootlet_time known; /* what the time was when passed was 0 */
    uint64_t passed;    /* milliseconds since then */
    uint64_t failed;    /* passed, at the last failure */
    uint64_t recorded;  /* earliest, in the last record */
    uint32_t last;      /* port_milliseconds when passed was counted */
    uint32_t drift_ppm; /* how much the board's clock may be wrong */
    uint32_t failures, failures_recorded;
    bool set; /* by a measurement */
} device_clock;

/*
 * After a reset. built: seconds since 1970 when the firmware was made; stored: what the last life
 * left, or NULL. Until the first measurement the time is anything after the later of the two.
 */
void device_clock_start(device_clock *clock, uint64_t built, const clock_record *stored,
                        uint32_t drift_ppm, uint32_t milliseconds);

/* The time, as config.trust.now takes it. To be called, as any of the others, at least once in 49
 * days, after which the milliseconds wrap. */
rootlet_time device_clock_now(device_clock *clock, uint32_t milliseconds);

/*
 * Takes the result of a measurement, true at that moment. ROOTLET_ERR_ROUGHTIME_INCONSISTENT when
 * all of it lies before what the clock knows to be over: the clock is then unchanged. A time later
 * than the clock allowed is taken: a board's clock may stand still while it sleeps.
 */
ROOTLET_CHECKED rootlet_status device_clock_set(device_clock *clock, const rootlet_time *measured,
                                                uint32_t milliseconds);

/* Counts a measurement that failed. */
void device_clock_failed(device_clock *clock, uint32_t milliseconds);

/* Milliseconds to wait before the next measurement; from the reset on, if the failures were
 * before it. */
uint32_t device_clock_wait(device_clock *clock, uint32_t milliseconds);

/* What is to be stored now; true when it differs enough from the last one to be worth it. */
bool device_clock_record(device_clock *clock, clock_record *record, uint32_t milliseconds);

#endif
