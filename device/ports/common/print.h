/* Text into a line, and the line to the standard output: what printf is too large for. */
#ifndef PORT_PRINT_H
#define PORT_PRINT_H

#include <stddef.h>
#include <stdint.h>

#define PRINT_LINE_BYTES 1024

typedef struct print_line {
    char text[PRINT_LINE_BYTES];
    size_t length;
} print_line;

/* What does not fit is dropped. */
void print_text(print_line *line, const char *text);
void print_number(print_line *line, uint64_t number);
/* , "name": number */
void print_field(print_line *line, const char *name, uint64_t number);
/* Inside quotes: quote and backslash are escaped, what is not ASCII or cannot be
 * seen is left out. */
void print_escaped(print_line *line, const char *text, size_t most);
/* Ends the line and writes it. */
void print_end(print_line *line);

#endif
