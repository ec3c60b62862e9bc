/* See print.h. */
#include "print.h"

#include "host.h"

#define DIGITS 20 /* of the largest 64-bit number */

static void put(print_line *line, char c)
{
    if (line->length < sizeof line->text) {
        line->text[line->length++] = c;
    }
}

void print_text(print_line *line, const char *text)
{
    while (*text != '\0') {
        put(line, *text++);
    }
}

void print_number(print_line *line, uint64_t number)
{
    char digits[DIGITS];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        put(line, digits[--count]);
    }
}

void print_field(print_line *line, const char *name, uint64_t number)
{
    print_text(line, ", \"");
    print_text(line, name);
    print_text(line, "\": ");
    print_number(line, number);
}

void print_escaped(print_line *line, const char *text, size_t most)
{
    for (size_t i = 0; i < most && text[i] != '\0'; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            put(line, '\\');
        }
        if (text[i] >= ' ' && text[i] <= '~') {
            put(line, text[i]);
        }
    }
}

void print_end(print_line *line)
{
    host_print(line->text, line->length);
    host_print("\n", 1);
    line->length = 0;
}
