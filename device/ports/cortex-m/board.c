/* See board.h. SysTick wakes from sleep; the clock is the board's own. */
#include "board.h"

#include "host.h"
#include "port.h"

#define SYSTICK_CONTROL BOARD_REGISTER(0xe000e010u)
#define SYSTICK_RELOAD BOARD_REGISTER(0xe000e014u)
#define SYSTICK_VALUE BOARD_REGISTER(0xe000e018u)
#define SYSTICK_ON 7u /* enabled, with interrupt, on the processor's clock */
#define ICSR BOARD_REGISTER(0xe000ed04u)
#define ICSR_PENDSTCLR (1u << 25)

#define TICKS_PER_MILLISECOND 25000u

void board_start(void)
{
    board_clock_start();
    SYSTICK_RELOAD = TICKS_PER_MILLISECOND - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = SYSTICK_ON;
    __asm volatile("cpsid i");
}

uint32_t port_milliseconds(void)
{
    static uint32_t milliseconds, last;
    uint32_t passed = (board_ticks() - last) / TICKS_PER_MILLISECOND;
    last += passed * TICKS_PER_MILLISECOND;
    milliseconds += passed;
    return milliseconds;
}

void port_pause(uint32_t milliseconds)
{
    uint32_t start = port_milliseconds();
    while (port_milliseconds() - start < milliseconds) {
        board_sleep();
    }
}

void board_sleep(void)
{
    /* A pending interrupt ends wfi also while it is masked; nothing ever runs on our stack. */
    __asm volatile("wfi");
    ICSR = ICSR_PENDSTCLR;
}

bool port_random(uint8_t *bytes, size_t length)
{
    return host_read("/dev/urandom", bytes, length) == length;
}

uint32_t board_random_word(void)
{
    uint32_t word = 0;
    if (host_read("/dev/urandom", &word, sizeof word) != sizeof word) {
        board_fail("no randomness");
    }
    return word;
}
