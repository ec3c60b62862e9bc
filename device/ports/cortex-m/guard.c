/*
 * See guard.h. Registers of the ARMv7-M Architecture Reference Manual (DDI 0403), sections B3.2 and
 * B3.5; regions for code, RAM and peripherals, and no background region: all else faults.
 */
#include "guard.h"

#include "board.h"
#include "print.h"
#include "semihosting.h"

#define CCR BOARD_REGISTER(0xe000ed14u)
#define CCR_UNALIGN_TRP (1u << 3)
#define CFSR BOARD_REGISTER(0xe000ed28u)
#define CFSR_MEMORY 0xffu
#define CFSR_UNALIGNED (1u << 24)
#define MMFAR BOARD_REGISTER(0xe000ed34u)

#define MPU_CTRL BOARD_REGISTER(0xe000ed94u)
#define MPU_CTRL_ENABLE 1u
#define MPU_RBAR BOARD_REGISTER(0xe000ed9cu)
#define MPU_RBAR_VALID (1u << 4) /* the region's number is in the same word */
#define MPU_RASR BOARD_REGISTER(0xe000eda0u)
#define RASR_ENABLE 1u
#define RASR_NO_ACCESS 0u
#define RASR_READ_WRITE (3u << 24)
#define RASR_READ_ONLY (6u << 24)
#define RASR_NO_EXECUTE (1u << 28)
#define RASR_NORMAL (1u << 17) /* cacheable, not shared: flash and internal RAM */
#define RASR_DEVICE (1u << 18 | 1u << 16)

#define PERIPHERALS 0x40000000u
#define PERIPHERALS_BYTES 0x20000000u

/* From the linker script. Sizes are the symbols' addresses. */
extern uint32_t __flash_base[], __flash_bytes[], __ram_base[], __ram_bytes[], __null_bytes[];

void guard_report(void);

/* The larger number wins where regions overlap. bytes is a power of two. */
static void protect(uint32_t number, uintptr_t base, uintptr_t bytes, uint32_t attributes)
{
    uint32_t log2 = 31u - (uint32_t)__builtin_clz((uint32_t)bytes);
    MPU_RBAR = (uint32_t)base | MPU_RBAR_VALID | number;
    MPU_RASR = attributes | (log2 - 1) << 1 | RASR_ENABLE;
}

void guard_start(void)
{
#if defined(__ARM_ARCH_6M__)
    /* A Cortex-M0+ faults on every unaligned access; so does its code on a Cortex-M3 now. */
    CCR |= CCR_UNALIGN_TRP;
#endif
    /* The code memory of the MPS2 boards is RAM: without this, a write to it would go through. */
    protect(0, (uintptr_t)__flash_base, (uintptr_t)__flash_bytes, RASR_READ_ONLY | RASR_NORMAL);
    protect(1, (uintptr_t)__ram_base, (uintptr_t)__ram_bytes,
            RASR_READ_WRITE | RASR_NORMAL | RASR_NO_EXECUTE);
    protect(2, PERIPHERALS, PERIPHERALS_BYTES, RASR_READ_WRITE | RASR_DEVICE | RASR_NO_EXECUTE);
    /* The vector table is there, too: the processor's own fetches from it pass the unit by
     * (B3.5.1), and the program has no business in it. Its code starts behind (sections.ld). */
    protect(3, 0, (uintptr_t)__null_bytes, RASR_NO_ACCESS | RASR_NO_EXECUTE);
    MPU_CTRL = MPU_CTRL_ENABLE;
    __asm volatile("dsb\n\tisb" ::: "memory");
}

/* While interrupts are masked (board_start) every fault arrives as a HardFault (B1.5.1). What it
 * was is in the status register all the same. */
__attribute__((used)) void guard_report(void)
{
    uint32_t status = CFSR;
    print_line line = {.length = 0};
    print_text(&line, "{\"fault\": ");
    print_number(&line, status);
    print_field(&line, "address", MMFAR);
    print_text(&line, "}");
    print_end(&line);
    if (status & CFSR_MEMORY) {
        semihosting_exit(BOARD_EXIT_MEMORY);
    }
    semihosting_exit(status & CFSR_UNALIGNED ? BOARD_EXIT_UNALIGNED : BOARD_EXIT_FAULT);
}

/* Starts over at the stack's top: where it overflowed nothing can be pushed any more. */
__attribute__((naked)) void guard_fault(void)
{
    __asm volatile(".syntax unified\n\t"
                   "ldr r0, =__stack_top\n\t"
                   "mov sp, r0\n\t"
                   "bl guard_report");
}
