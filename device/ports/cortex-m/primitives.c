/*
 * What each primitive takes on this core: one line of JSON with ticks of board_ticks. Run with
 * qemu's -icount shift=6,sleep=off these are instructions times 1.6, the same in every run.
 */
#include "board.h"
#include "print.h"

#include "rootlet/crypto.h"

#define KIBIBYTE 1024

static uint8_t data[KIBIBYTE], key[32], key_nonce[44], tag[16], digest[64], other[32],
    signature[64];

static void nothing(void)
{
}

static void x25519(void)
{
    (void)!rootlet_x25519(digest, key, other);
}

static void ed25519_sign(void)
{
    rootlet_ed25519_sign(signature, key, NULL, 0, data, sizeof key);
}

static void ed25519_verify(void)
{
    if (rootlet_ed25519_verify(signature, other, NULL, 0, data, sizeof key) != ROOTLET_OK) {
        board_fail("the signature does not verify");
    }
}

static void seal(void)
{
    rootlet_chacha20poly1305_seal(data, sizeof data, tag, key_nonce, NULL, 0);
}

static void sha256(void)
{
    rootlet_sha256 hash;
    rootlet_sha256_init(&hash);
    rootlet_sha256_update(&hash, data, sizeof data);
    rootlet_sha256_final(&hash, digest);
}

static void sha512(void)
{
    rootlet_sha512 hash;
    rootlet_sha512_init(&hash);
    rootlet_sha512_update(&hash, data, sizeof data);
    rootlet_sha512_final(&hash, digest);
}

static uint32_t measure(void (*primitive)(void))
{
    uint32_t start = board_ticks();
    primitive();
    return board_ticks() - start;
}

int main(void)
{
    static print_line line;
    for (uint8_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i * 37 + 11);
    }
    rootlet_ed25519_public(other, key);
    uint32_t empty = measure(nothing);
    print_text(&line, "{\"empty\": ");
    print_number(&line, empty);
    print_field(&line, "x25519", measure(x25519) - empty);
    print_field(&line, "ed25519_sign", measure(ed25519_sign) - empty);
    print_field(&line, "ed25519_verify", measure(ed25519_verify) - empty);
    print_field(&line, "chacha20poly1305_kib", measure(seal) - empty);
    print_field(&line, "sha256_kib", measure(sha256) - empty);
    print_field(&line, "sha512_kib", measure(sha512) - empty);
    print_text(&line, "}");
    print_end(&line);
    return 0;
}
