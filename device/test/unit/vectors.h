/*
 * Vector files for C tests: lines of fields separated by spaces, the first a label, the others hex
 * bytes ("-" for none) or decimal numbers; lines that begin with # are comments.
 */
#ifndef ROOTLET_TEST_VECTORS_H
#define ROOTLET_TEST_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VECTORS_FIELDS 8
#define VECTORS_BYTES 2048

typedef struct vectors {
    const char *name; /* of the file */
    FILE *file;
    char line[VECTORS_FIELDS * (2 * VECTORS_BYTES + 1)];
    char *text[VECTORS_FIELDS];                   /* the fields as they stand */
    uint8_t bytes[VECTORS_FIELDS][VECTORS_BYTES]; /* and as bytes, where they are hex */
    size_t length[VECTORS_FIELDS];
} vectors;

/* Opens folder/name; ends the program with a message when it cannot. */
void vectors_open(vectors *v, const char *folder, const char *name);

/* The next case; false, and the file is closed, after the last one. */
bool vectors_next(vectors *v);

/* Counts a check; prints the file and label of one that fails. */
void check(bool passed, const char *name, const char *label);
void vectors_check(const vectors *v, bool passed);

/* Compares bytes with a field. */
bool vectors_equal(const vectors *v, int field, const uint8_t *bytes, size_t length);

/* Prints "N passed, M failed"; the program's exit status: 0 when M is 0 and N is not. */
int vectors_summary(void);

#endif
