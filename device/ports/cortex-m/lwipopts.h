/* lwIP as small as this port needs it: one interface with a fixed address, UDP and TCP, polled. */
#ifndef PORT_LWIPOPTS_H
#define PORT_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_IPV6 0
#define LWIP_RAW 0
#define LWIP_STATS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define ARP_QUEUEING 1 /* a datagram must not push out the SYN that waits for the same address */

#define MEM_ALIGNMENT 4
#define MEM_SIZE 8192
#define PBUF_POOL_SIZE 8
#define MEMP_NUM_TCP_PCB 3
#define MEMP_NUM_UDP_PCB 1
#define TCP_MSS 1460
#define TCP_WND (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)

#endif
