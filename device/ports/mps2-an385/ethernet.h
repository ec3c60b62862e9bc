/* The board's Ethernet controller as an interface of lwIP. */
#ifndef PORT_ETHERNET_H
#define PORT_ETHERNET_H

#include "lwip/netif.h"

#include <stdbool.h>

/* For netif_add. ERR_IF when there is no controller. */
err_t ethernet_start(struct netif *interface);

/* Hands the frames that have arrived to lwIP; false when there were none. */
bool ethernet_poll(struct netif *interface);

#endif
