/* The reader and strict DER: a series of calls, each chosen by a byte. */
#include "fuzz.h"

#include "base/der.h"

#define MOST_CALLS 64
#define CALLS 10

static void call(rootlet_reader *reader, fuzz_input *input, size_t *behind)
{
    rootlet_reader part = {NULL, 0};
    unsigned tag = fuzz_byte(input);
    switch (fuzz_byte(input) % CALLS) {
    case 0:
        (void)rootlet_read_be(reader, 1u + tag % 4u);
        break;
    case 1:
        (void)rootlet_read_be(reader, 4);
        break;
    case 2:
        part.next = rootlet_read_bytes(reader, tag);
        part.left = part.next == NULL ? 0 : tag;
        break;
    case 3:
        part = rootlet_read_vector(reader, 1u + tag % 3u);
        break;
    case 4:
        *behind = rootlet_der_enter(reader, tag);
        break;
    case 5:
        rootlet_der_leave(reader, *behind);
        *behind = 0;
        break;
    case 6:
        rootlet_der_contents(&part, reader, tag);
        break;
    case 7:
        rootlet_der_element(&part, reader, tag);
        break;
    case 8:
        rootlet_der_integer(&part, reader);
        break;
    default:
        rootlet_der_oid(&part, reader);
        break;
    }
    for (size_t i = 0; i < part.left; i++) {
        volatile uint8_t byte = part.next[i]; /* all that is given back can be read */
        (void)byte;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    size_t size;
    uint8_t calls = fuzz_byte(&input) % MOST_CALLS;
    fuzz_input script = {input.next, 2u * calls < input.left ? 2u * calls : input.left};
    input.next += script.left;
    input.left -= script.left;
    uint8_t *exact = fuzz_copy(&input, input.left, &size);
    rootlet_reader reader = {exact, size};
    size_t behind = 0;
    while (script.left > 1) {
        const rootlet_reader before = reader;
        call(&reader, &script, &behind);
        EXPECT(before.next != NULL || reader.next == NULL); /* a failure sticks */
        EXPECT(reader.next != NULL || reader.left == 0);
        REACHED(behind != 0);
        EXPECT(reader.next == NULL || reader.next + reader.left <= exact + size);
    }
    free(exact);
    return 0;
}
