/* The parts of the crypto test program; each reads its vectors from folder. */
#ifndef ROOTLET_TEST_CRYPTO_H
#define ROOTLET_TEST_CRYPTO_H

void test_hashes(const char *folder);
void test_aead(const char *folder);
void test_arithmetic(const char *folder);
void test_curves(const char *folder);

#endif
