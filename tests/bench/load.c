/* tests/bench/load.c -- makes lines in memory, then sends them over one TCP connection as fast as the
 * other side reads: the bytes are ready before the clock starts, so the sender is never the limit.
 *
 *     bench_load PORT SERIES SAMPLES_EACH SEED       to 127.0.0.1:PORT
 *     bench_load - SERIES SAMPLES_EACH SEED          to standard output
 *
 * Influx lines of about 75 bytes, e.g.
 *     temperature,site=plant-03,sensor=s0012345 value=21.437 1700000001234567890
 * in rounds; within a round the series come in shuffled order, timestamps are irregular. Prints
 * lines, bytes and the seconds that sending took, as one JSON object on standard error. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_ROOM = 96 };

static uint64_t state;

/* xorshift64: quick, and the same everywhere for a seed */
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void shuffle(uint32_t *order, uint32_t n)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random() % (i + 1)), x = order[i];
        order[i] = order[j];
        order[j] = x;
    }
}

static size_t write_line(char *out, uint32_t series, uint64_t round, uint64_t base_ns)
{
    uint64_t t_ns = base_ns + round * 1000000000u + next_random() % 900000000u;
    int n =
        snprintf(out, LINE_ROOM, "temperature,site=plant-%02u,sensor=s%07u value=%u.%03u %llu\n",
                 series % 100, series, 15 + (unsigned)(next_random() % 20),
                 (unsigned)(next_random() % 1000), (unsigned long long)t_ns);
    return (size_t)n;
}

static char *make(uint32_t series, uint64_t rounds, size_t *bytes)
{
    char *all = malloc((size_t)series * rounds * LINE_ROOM), *p = all;
    uint32_t *order = malloc(series * sizeof *order);
    uint64_t base_ns = ((uint64_t)time(NULL) - rounds - 10) * 1000000000u;
    if (all == NULL || order == NULL)
        exit(2);
    for (uint32_t i = 0; i < series; i++)
        order[i] = i;
    for (uint64_t round = 0; round < rounds; round++) {
        shuffle(order, series);
        for (uint32_t i = 0; i < series; i++)
            p += write_line(p, order[i], round, base_ns);
    }
    free(order);
    *bytes = (size_t)(p - all);
    return all;
}

static int connect_to(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        perror("bench_load: connect");
        exit(1);
    }
    return fd;
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = write(fd, p, n < 1 << 18 ? n : 1 << 18);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            perror("bench_load: write");
            exit(1);
        }
        p += sent;
        n -= (size_t)sent;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_load PORT|- SERIES SAMPLES_EACH SEED\n");
        return 2;
    }
    uint32_t series = (uint32_t)atol(argv[2]);
    uint64_t rounds = (uint64_t)atoll(argv[3]);
    size_t bytes;
    state = (uint64_t)atoll(argv[4]) * 2654435769u + 1;
    char *lines = make(series, rounds, &bytes);
    int fd = argv[1][0] == '-' ? STDOUT_FILENO : connect_to(argv[1]);
    double start = now();
    send_all(fd, lines, bytes);
    if (fd != STDOUT_FILENO)
        shutdown(fd, SHUT_WR);
    fprintf(stderr, "{\"lines\": %llu, \"bytes\": %zu, \"seconds\": %.6f}\n",
            (unsigned long long)(series * rounds), bytes, now() - start);
    free(lines);
    return 0;
}
