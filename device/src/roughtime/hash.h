/*
 * H of RFC 10049 section 4.1: the first 32 bytes of SHA-512 (not SHA-512/256, which starts
 * from other values).
 */
#ifndef ROOTLET_ROUGHTIME_HASH_H
#define ROOTLET_ROUGHTIME_HASH_H

#include <stddef.h>
#include <stdint.h>

#define ROOTLET_ROUGHTIME_HASH_BYTES 32

/* What is hashed first: section 5.3's leaves and nodes, section 5.1's SRV, or nothing. */
#define ROOTLET_ROUGHTIME_LEAF 0x00
#define ROOTLET_ROUGHTIME_NODE 0x01
#define ROOTLET_ROUGHTIME_SERVER 0xff
#define ROOTLET_ROUGHTIME_BARE (-1)

/* hash = H(first || a || b). A NULL b stands for b_length zero bytes, which need not exist.
 * hash may overlap a or b. */
/*@ requires \valid(hash + (0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1));
    requires \valid_read(a + (0 .. a_length - 1));
    requires b == \null || \valid_read(b + (0 .. b_length - 1));
    assigns hash[0 .. ROOTLET_ROUGHTIME_HASH_BYTES - 1]; */
void rootlet_roughtime_hash(uint8_t hash[ROOTLET_ROUGHTIME_HASH_BYTES], int first, const uint8_t *a,
                            size_t a_length, const uint8_t *b, size_t b_length);

#endif
