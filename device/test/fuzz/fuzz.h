/*
 * What the fuzzing targets share. Each is a program of its own for libFuzzer, built by
 * tools/fuzz.py with clang, AddressSanitizer and UndefinedBehaviorSanitizer.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A property does not hold: libFuzzer keeps the input. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What the corpus must reach, or the fuzzing would be of little use: in a build of its own that is
 * the failure. */
#ifdef FUZZ_CONTROL
#define REACHED(condition) EXPECT(!(condition))
#else
#define REACHED(condition) ((void)(condition))
#endif

/* The input, taken from the front. */
typedef struct fuzz_input {
    const uint8_t *next;
    size_t left;
} fuzz_input;

static inline uint8_t fuzz_byte(fuzz_input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->next++;
}

/* Zeros where the input ends. */
static inline void fuzz_fill(fuzz_input *input, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = fuzz_byte(input);
    }
}

/* A copy of up to most bytes in memory of just that size, so that a byte too many is found. The
 * caller frees it. */
static inline uint8_t *fuzz_copy(fuzz_input *input, size_t most, size_t *length)
{
    *length = most < input->left ? most : input->left;
    uint8_t *copy = malloc(*length + 1); /* never NULL, also for none */
    EXPECT(copy != NULL);
    uint8_t *exact = realloc(copy, *length == 0 ? 1 : *length);
    EXPECT(exact != NULL);
    memcpy(exact, input->next, *length);
    input->next += *length;
    input->left -= *length;
    return exact;
}

#endif
