/* See time.h. No division: on cores without one it would cost more than the rest of the file. */
#include "time.h"

#include "base/der.h"

#define EPOCH 719469u /* day_number(1970, 1, 1) */

enum { CENTURY, YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FIELDS };

/*
 * Days since the last of February of the year 0, Gregorian calendar; month 13 is January of the
 * next year. The year is taken to begin in March, so that the leap day is its last, and the months
 * before one have (979 * month - 2919) / 32 days (Neri, Schneider, "Euclidean affine functions and
 * their application to calendar algorithms", 2022).
 */
/*@ assigns \nothing; */
static unsigned day_number(unsigned year, unsigned month, unsigned day)
{
    if (month <= 2) {
        year--;
        month += 12;
    }
    unsigned centuries = year * 5243 >> 19; /* year / 100, up to 43,698 */
    return year * 365 + (year >> 2) - centuries + (centuries >> 2) + ((979 * month - 2919) >> 5) +
           day;
}

/* Two digits each; gives false when one is no number or too high. */
/*@ requires first <= FIELDS && \valid(field + (first .. FIELDS - 1)) &&
        \valid_read(digits + (0 .. 2 * (FIELDS - first)));
    assigns field[first .. FIELDS - 1]; */
static bool read_digits(unsigned *field, unsigned first, const uint8_t *digits)
{
    static const uint8_t highest[FIELDS] = {99, 99, 12, 31, 23, 59, 59};
    /*@ loop invariant first <= i <= FIELDS;
        loop invariant digits == \at(digits, Pre) + 2 * (i - first);
        loop assigns i, digits, field[first .. FIELDS - 1];
        loop variant FIELDS - i; */
    for (unsigned i = first; i < FIELDS; i++) {
        unsigned tens = *digits++ - (unsigned)'0';
        unsigned ones = *digits++ - (unsigned)'0';
        field[i] = tens * 10 + ones;
        if (tens > 9 || ones > 9 || field[i] > highest[i]) {
            return false;
        }
    }
    return *digits == 'Z';
}

int64_t rootlet_x509_read_time(rootlet_reader *reader)
{
    unsigned field[FIELDS];
    bool utc = rootlet_der_peek(reader) == ROOTLET_DER_UTC_TIME;
    unsigned first = utc ? YEAR : CENTURY;
    rootlet_reader text;
    rootlet_der_contents(&text, reader, ROOTLET_DER_GENERALIZED_TIME - first);
    field[CENTURY] = 19;
    if (text.left != 2 * (FIELDS - first) + 1 || !read_digits(field, first, text.next)) {
        rootlet_reader_fail(reader);
        return 0;
    }
    if (utc && field[YEAR] < 50) {
        field[CENTURY]++;
    }
    unsigned year = field[CENTURY] * 100 + field[YEAR];
    unsigned days = day_number(year, field[MONTH], field[DAY]);
    if ((!utc && year < 2050) || field[MONTH] * field[DAY] == 0 ||
        days >= day_number(year, field[MONTH] + 1, 1)) {
        rootlet_reader_fail(reader);
    }
    unsigned seconds = (field[HOUR] * 60 + field[MINUTE]) * 60 + field[SECOND];
    /* 86400 is 675 << 7, and 675 times the days up to the year 9999 fits in 31 bits. */
    return (int64_t)(int32_t)((days - EPOCH) * 675) * 128 + (int64_t)seconds;
}
