/*
 * Checks chains from standard input and prints a status number for each: for runs under the
 * sanitizers, so every certificate, name and host is an allocation of exactly its size.
 *
 * A chain's input, numbers big-endian: count (1 byte), each certificate (2-byte length, bytes);
 * anchor count (1 byte), each anchor's name (2-byte length, bytes) and key; whether the host is an
 * address (1 byte), the host (2-byte length, bytes); earliest and latest (8 bytes each).
 */
#include "rootlet/rootlet.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST 16 /* certificates or anchors */

static uint64_t read_number(size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        int byte = getchar();
        if (byte == EOF) {
            exit(2);
        }
        value = value << 8 | (uint64_t)byte;
    }
    return value;
}

static uint8_t *read_bytes(size_t length)
{
    uint8_t *bytes = malloc(length != 0 ? length : 1);
    if (bytes == NULL || fread(bytes, 1, length, stdin) != length) {
        exit(2);
    }
    return bytes;
}

static size_t read_count(void)
{
    size_t count = (size_t)read_number(1);
    if (count > MOST) {
        exit(2);
    }
    return count;
}

static void check_one(void)
{
    rootlet_certificate chain[MOST];
    rootlet_anchor anchors[MOST];
    size_t count = read_count();
    for (size_t i = 0; i < count; i++) {
        chain[i].length = (size_t)read_number(2);
        chain[i].der = read_bytes(chain[i].length);
    }
    rootlet_x509_config config = {.anchors = anchors, .anchor_count = read_count()};
    for (size_t i = 0; i < config.anchor_count; i++) {
        anchors[i].name_length = (size_t)read_number(2);
        anchors[i].name = read_bytes(anchors[i].name_length);
        anchors[i].public_key = read_bytes(ROOTLET_PUBLIC_KEY_BYTES);
    }
    config.host_is_address = (uint8_t)read_number(1);
    config.host_length = (size_t)read_number(2);
    config.host = read_bytes(config.host_length);
    config.now.earliest = read_number(8);
    config.now.latest = read_number(8);

    uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES];
    printf("%d\n", (int)rootlet_x509_check(public_key, chain, count, &config));

    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)chain[i].der);
    }
    for (size_t i = 0; i < config.anchor_count; i++) {
        free((void *)(uintptr_t)anchors[i].name);
        free((void *)(uintptr_t)anchors[i].public_key);
    }
    free((void *)(uintptr_t)config.host);
}

int main(void)
{
    int next;
    while ((next = getchar()) != EOF) {
        (void)ungetc(next, stdin);
        check_one();
    }
    return 0;
}
