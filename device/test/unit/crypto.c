/* Runs the primitives against vectors/crypto: crypto FOLDER. Meant to run under valgrind and the
 * sanitizers too. */
#include "crypto.h"

#include "vectors.h"

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: %s vectors/crypto\n", arguments[0]);
        return 2;
    }
    test_hashes(arguments[1]);
    test_aead(arguments[1]);
    test_arithmetic(arguments[1]);
    test_curves(arguments[1]);
    return vectors_summary();
}
