/* Dates in a certificate: RFC 5280 section 4.1.2.5. */
#ifndef ROOTLET_X509_TIME_H
#define ROOTLET_X509_TIME_H

#include "base/reader.h"

/*
 * Reads one Time; gives seconds since 1970-01-01T00:00:00Z, below zero before. The reader fails
 * unless the date exists in the calendar and is written as the RFC says: UTCTime
 * YYMMDDHHMMSSZ from 1950 to 2049, GeneralizedTime YYYYMMDDHHMMSSZ from 2050 on,
 * 9999-12-31T23:59:59Z included. A GeneralizedTime before 2050 is refused: it would be a second
 * encoding of the same date, and no CA may write it.
 */
/*@ requires \valid(reader) && readable(*reader);
    assigns *reader;
    ensures read_on(*reader, \old(*reader)); */
int64_t rootlet_x509_read_time(rootlet_reader *reader);

#endif
