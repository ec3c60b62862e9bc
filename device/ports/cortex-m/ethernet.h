/* The board's Ethernet controller as an interface of lwIP. */
#ifndef PORT_ETHERNET_H
#define PORT_ETHERNET_H

#include "lwip/netif.h"

#include <stdbool.h>
#include <stdint.h>

/* Of the driver. */

/* For netif_add. ERR_IF when there is no controller. */
err_t ethernet_start(struct netif *interface);

/* Hands the frames that have arrived to lwIP; false when there were none. */
bool ethernet_poll(struct netif *interface);

/* For the driver. */

/* The address 52:54:00:12:34:56, first byte lowest, as controllers take it. */
#define ETHERNET_ADDRESS_LOW 0x12005452u
#define ETHERNET_ADDRESS_HIGH 0x5634u

/* Fills in what ethernet_start must, with the function that sends a frame. */
void ethernet_describe(struct netif *interface, netif_linkoutput_fn send);

/* Copies a frame without its CRC into lwIP's memory and hands it over. */
void ethernet_deliver(struct netif *interface, const void *frame, uint32_t length);

#endif
