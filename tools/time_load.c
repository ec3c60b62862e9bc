/* A load on a Roughtime server, and the limit of this machine, for tools/bench_time.py.
 *
 *   time_load echo PORT
 *       sends every datagram back, as fast as sockets allow
 *   time_load load PORT SECONDS OUTSTANDING REQUESTS COUNT SIZE SAMPLES
 *       keeps OUTSTANDING requests under way, COUNT different ones of SIZE bytes from the file
 *       REQUESTS; prints how many answers came, and keeps one in SAMPLE_EVERY in the file SAMPLES
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, SOCKETS = 32, DATAGRAM = 2048, SAMPLE_EVERY = 997, LOST_MS = 100 };

static unsigned char buffers[BATCH][DATAGRAM];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];
static struct sockaddr_in senders[BATCH];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int udp(int port, int serve)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int link = socket(AF_INET, SOCK_DGRAM, 0), size = 1 << 20;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(link, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (link < 0 || (serve ? bind : connect)(link, (struct sockaddr *)&address, sizeof address)) {
        fail("socket");
    }
    return link;
}

static void prepare(int with_senders)
{
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){buffers[i], DATAGRAM};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        if (with_senders) {
            messages[i].msg_hdr.msg_name = &senders[i];
            messages[i].msg_hdr.msg_namelen = sizeof senders[i];
        }
    }
}

static void echo(int port)
{
    int link = udp(port, 1);
    puts("ready");
    fflush(stdout);
    for (;;) {
        prepare(1);
        int count = recvmmsg(link, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0) {
            fail("recvmmsg");
        }
        for (int i = 0; i < count; i++) {
            vectors[i].iov_len = messages[i].msg_len;
        }
        for (int sent = 0; sent < count;) {
            int now = sendmmsg(link, messages + sent, (unsigned)(count - sent), 0);
            if (now < 0) {
                fail("sendmmsg");
            }
            sent += now;
        }
    }
}

static unsigned char *requests;
static size_t kinds, size, next_one;

static void ask(int link, int count)
{
    while (count > 0) {
        int batch = count < BATCH ? count : BATCH;
        for (int i = 0; i < batch; i++) {
            vectors[i] = (struct iovec){requests + next_one * size, size};
            next_one = (next_one + 1) % kinds;
        }
        int sent = sendmmsg(link, messages, (unsigned)batch, 0);
        if (sent < 0 && errno != ECONNREFUSED) {
            fail("sendmmsg");
        }
        count -= batch;
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int load(char **words)
{
    int port = atoi(words[0]), outstanding = atoi(words[2]);
    double length = atof(words[1]);
    FILE *from = fopen(words[3], "rb"), *samples = fopen(words[6], "wb");
    kinds = (size_t)atol(words[4]);
    size = (size_t)atol(words[5]);
    requests = malloc(kinds * size);
    if (!from || !samples || !requests || fread(requests, size, kinds, from) != kinds) {
        fail("requests");
    }
    struct pollfd links[SOCKETS];
    for (int i = 0; i < SOCKETS; i++) {
        links[i] = (struct pollfd){.fd = udp(port, 0), .events = POLLIN};
        prepare(0);
        ask(links[i].fd, outstanding / SOCKETS);
    }
    long answered = 0, lost = 0;
    double begun = seconds(), end = begun + length;
    while (seconds() < end) {
        if (poll(links, SOCKETS, LOST_MS) == 0) {
            for (int i = 0; i < SOCKETS; i++) {
                prepare(0);
                ask(links[i].fd, outstanding / SOCKETS);
            }
            lost += outstanding;
            continue;
        }
        for (int i = 0; i < SOCKETS; i++) {
            if (!(links[i].revents & POLLIN)) {
                continue;
            }
            prepare(0);
            int count = recvmmsg(links[i].fd, messages, BATCH, MSG_DONTWAIT, NULL);
            for (int j = 0; j < count; j++) {
                if ((answered + j) % SAMPLE_EVERY == 0) {
                    uint32_t bytes = messages[j].msg_len;
                    fwrite(&bytes, sizeof bytes, 1, samples);
                    fwrite(buffers[j], bytes, 1, samples);
                }
            }
            if (count > 0) {
                answered += count;
                ask(links[i].fd, count);
            }
        }
    }
    printf("%ld %ld %.3f\n", answered, lost, seconds() - begun);
    fclose(samples);
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && !strcmp(words[1], "echo")) {
        echo(atoi(words[2]));
    }
    if (count == 9 && !strcmp(words[1], "load")) {
        return load(words + 2);
    }
    fputs("usage: time_load echo PORT | load PORT SECONDS OUTSTANDING REQUESTS COUNT SIZE "
          "SAMPLES\n",
          stderr);
    return 2;
}
