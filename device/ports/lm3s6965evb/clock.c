/*
 * 25 MHz for the core, and a counter of its ticks. Registers of the LM3S6965 data sheet (Texas
 * Instruments SPMS139), chapters System Control and Watchdog Timer.
 */
#include "board.h"

#define RIS BOARD_REGISTER(0x400fe050u)
#define RIS_PLL_LOCKED (1u << 6)
#define RCC BOARD_REGISTER(0x400fe060u)
#define RCC_XTAL_8MHZ (0xeu << 6) /* the crystal of the board, on the main oscillator */
#define RCC_BYPASS (1u << 11)
#define RCC_PWRDN (1u << 13)
#define RCC_USESYSDIV (1u << 22)
#define RCC_SYSDIV_8 (7u << 23) /* of the PLL's 200 MHz */
#define RCGC0 BOARD_REGISTER(0x400fe100u)
#define RCGC0_WDT (1u << 3)

#define WDTLOAD BOARD_REGISTER(0x40000000u)
#define WDTVALUE BOARD_REGISTER(0x40000004u)
#define WDTCTL BOARD_REGISTER(0x40000008u)
#define WDTCTL_INTEN 1u

/* The order is the data sheet's: "Initialization and Configuration" of System Control. */
static void run_at_25mhz(void)
{
    RCC = RCC_XTAL_8MHZ | RCC_PWRDN | RCC_BYPASS;
    RCC = RCC_XTAL_8MHZ | RCC_BYPASS;
    RCC = RCC_XTAL_8MHZ | RCC_BYPASS | RCC_USESYSDIV | RCC_SYSDIV_8;
    while (!(RIS & RIS_PLL_LOCKED)) {
    }
    RCC = RCC_XTAL_8MHZ | RCC_USESYSDIV | RCC_SYSDIV_8;
}

/*
 * The watchdog counts 32 bits down from WDTLOAD over and over. It resets nothing unless RESEN is
 * set, and its interrupt stays disabled in the NVIC. The general-purpose timers would do as well,
 * but QEMU does not let their values be read; SysTick has 24 bits, less than a handshake takes.
 */
void board_clock_start(void)
{
    run_at_25mhz();
    RCGC0 |= RCGC0_WDT;
    (void)RCGC0; /* the module must not be touched in the first cycles of its clock */
    WDTLOAD = UINT32_MAX;
    WDTCTL = WDTCTL_INTEN;
}

uint32_t board_ticks(void)
{
    return ~WDTVALUE; /* it counts down */
}
