/* See ethernet.h: what is the same for every controller. */
#include "ethernet.h"

#include "lwip/etharp.h"
#include "lwip/pbuf.h"

void ethernet_describe(struct netif *interface, netif_linkoutput_fn send)
{
    interface->name[0] = 'e';
    interface->name[1] = 'n';
    interface->mtu = 1500;
    interface->hwaddr_len = ETH_HWADDR_LEN;
    for (unsigned i = 0; i < ETH_HWADDR_LEN; i++) {
        uint32_t half = i < 4 ? ETHERNET_ADDRESS_LOW : ETHERNET_ADDRESS_HIGH;
        interface->hwaddr[i] = (uint8_t)(half >> i % 4 * 8);
    }
    interface->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP | NETIF_FLAG_ETHERNET;
    interface->output = etharp_output;
    interface->linkoutput = send;
}

void ethernet_deliver(struct netif *interface, const void *frame, uint32_t length)
{
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL);
    if (packet == NULL) {
        return; /* the sender will try again */
    }
    (void)pbuf_take(packet, frame, (u16_t)length);
    if (interface->input(packet, interface) != ERR_OK) {
        (void)pbuf_free(packet);
    }
}
