/* See vectors.h. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static unsigned passes;
static unsigned failures;

void vectors_open(vectors *v, const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    v->name = name;
    v->file = fopen(path, "r");
    if (v->file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
}

/* Bytes of a hex field; a field that is no hex has none. */
static size_t from_hex(uint8_t bytes[VECTORS_BYTES], const char *text)
{
    size_t digits = strspn(text, "0123456789abcdef");
    if (digits != strlen(text) || digits % 2 != 0 || digits / 2 > VECTORS_BYTES) {
        return 0;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return digits / 2;
}

bool vectors_next(vectors *v)
{
    do {
        if (fgets(v->line, sizeof v->line, v->file) == NULL) {
            fclose(v->file);
            return false;
        }
    } while (v->line[0] == '#');
    char *text = strtok(v->line, " \n");
    for (int i = 0; i < VECTORS_FIELDS; i++) {
        v->text[i] = text;
        v->length[i] = text == NULL ? 0 : from_hex(v->bytes[i], text);
        text = strtok(NULL, " \n");
    }
    return true;
}

void check(bool passed, const char *name, const char *label)
{
    if (passed) {
        passes++;
    } else {
        failures++;
        printf("failed: %s %s\n", name, label);
    }
}

void vectors_check(const vectors *v, bool passed)
{
    check(passed, v->name, v->text[0]);
}

bool vectors_equal(const vectors *v, int field, const uint8_t *bytes, size_t length)
{
    return v->length[field] == length && memcmp(v->bytes[field], bytes, length) == 0;
}

int vectors_summary(void)
{
    printf("%u passed, %u failed\n", passes, failures);
    return failures == 0 && passes != 0 ? 0 : 1;
}
