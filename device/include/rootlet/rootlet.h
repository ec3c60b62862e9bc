/* Everything of the device library. */
#ifndef ROOTLET_ROOTLET_H
#define ROOTLET_ROOTLET_H

#include "config.h"
#include "crypto.h"
#include "roughtime.h"
#include "status.h"
#include "tls.h"
#include "wipe.h"
#include "x509.h"

#endif
