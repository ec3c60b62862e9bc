/* The CMSDK timer of the MPS2 boards, whose processor runs at 25 MHz. */
#include "board.h"

#define TIMER_CONTROL BOARD_REGISTER(0x40000000u)
#define TIMER_VALUE BOARD_REGISTER(0x40000004u)
#define TIMER_RELOAD BOARD_REGISTER(0x40000008u)
#define TIMER_ENABLE 1u

void board_clock_start(void)
{
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CONTROL = TIMER_ENABLE;
}

uint32_t board_ticks(void)
{
    return ~TIMER_VALUE; /* it counts down */
}
