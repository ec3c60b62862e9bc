/*
 * Does what the port promises to notice: the one thing named by the argument, then says that it got
 * away with it.
 */
#include "board.h"
#include "host.h"

#include <string.h>

#define NULL_END 1020u         /* the last word of the first KiB */
#define UNMAPPED 0x60000000u   /* external RAM, which the boards do not have */
#define BELOW_NULL 0xfffffffcu /* where an index of -1 of a null pointer is */
#define OVERFLOW_BYTES 256

static const uint32_t constant = 1;
static uint32_t variable = 0x47704770; /* bx lr, twice: code, if it were let run */

int main(int count, char **words);

/* Reads as the processor does it: the compiler neither drops nor splits it. */
static uint32_t load(uintptr_t address)
{
    uint32_t word;
    __asm volatile("ldr %0, [%1]" : "=l"(word) : "l"(address) : "memory");
    return word;
}

static void store(uintptr_t address, uint32_t word)
{
    __asm volatile("str %0, [%1]" : : "l"(word), "l"(address) : "memory");
}

static void call(uintptr_t address)
{
    __asm volatile("blx %0" : : "r"(address | 1u) : "lr", "memory");
}

/* Never returns: each turn takes the space of the one before and more. */
__attribute__((noinline)) static uint32_t overflow(uint32_t depth)
{
    volatile uint8_t frame[OVERFLOW_BYTES];
    frame[depth % sizeof frame] = (uint8_t)depth;
    return depth == UINT32_MAX ? 0 : overflow(depth + 1) + frame[depth % sizeof frame];
}

static bool act(const char *what)
{
    const uintptr_t code = (uintptr_t)main & ~(uintptr_t)3;
    if (strcmp(what, "code-read") == 0) {
        (void)load(code);
    } else if (strcmp(what, "code-write") == 0) {
        store(code, load(code));
    } else if (strcmp(what, "constant-write") == 0) {
        store((uintptr_t)&constant, 2);
    } else if (strcmp(what, "null-read") == 0) {
        (void)load(0);
    } else if (strcmp(what, "null-write") == 0) {
        store(0, 0);
    } else if (strcmp(what, "null-member") == 0) {
        (void)load(NULL_END);
    } else if (strcmp(what, "null-call") == 0) {
        call(0);
    } else if (strcmp(what, "below-null") == 0) {
        (void)load(BELOW_NULL);
    } else if (strcmp(what, "unmapped-read") == 0) {
        (void)load(UNMAPPED);
    } else if (strcmp(what, "data-write") == 0) {
        store((uintptr_t)&variable, variable);
    } else if (strcmp(what, "data-call") == 0) {
        call((uintptr_t)&variable);
    } else if (strcmp(what, "stack-overflow") == 0) {
        (void)overflow(0);
    } else if (strcmp(what, "unaligned-read") == 0) {
        (void)load((uintptr_t)&variable + 1);
    } else if (strcmp(what, "unaligned-write") == 0) {
        store((uintptr_t)&variable - 3, 0);
    } else {
        return false;
    }
    return true;
}

int main(int count, char **words)
{
    if (count != 2 || !act(words[1])) {
        return 2;
    }
    host_print("no fault\n", sizeof "no fault\n" - 1);
    return 0;
}
