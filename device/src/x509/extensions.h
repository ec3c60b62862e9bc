/* A certificate's extensions: RFC 5280 section 4.2. */
#ifndef ROOTLET_X509_EXTENSIONS_H
#define ROOTLET_X509_EXTENSIONS_H

#include "certificate.h"

/*
 * Reads Extensions, what the sequence holds, into the view's fields for them, which hold what
 * stands for absence. Known are basicConstraints, keyUsage, extKeyUsage and subjectAltName; what an
 * unknown one holds is ignored. The first failure in the order they stand:
 * ROOTLET_ERR_X509_EXTENSION             one is malformed, or there is none in the sequence
 * ROOTLET_ERR_X509_DUPLICATE_EXTENSION   one stands again further behind
 * ROOTLET_ERR_X509_NAME_CONSTRAINTS      critical or not
 * ROOTLET_ERR_X509_CRITICAL_EXTENSION    an unknown one is critical
 */
/*@ requires \valid(view) && \valid(reader) && readable(*reader) && \separated(view, reader);
    requires readable(view->alternative_names);
    assigns *reader, view->key_usage, view->path_length, view->is_ca,
        view->for_servers, view->names_critical, view->alternative_names;
    ensures read_on(*reader, \old(*reader)) && readable(view->alternative_names); */
ROOTLET_CHECKED rootlet_status rootlet_x509_read_extensions(rootlet_x509_view *view,
                                                            rootlet_reader *reader);

#endif
