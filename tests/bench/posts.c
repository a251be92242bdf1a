/* tests/bench/posts.c -- clients that post a few lines each, wait for the answer, and post again.
 *
 *     bench_posts port=PORT [connections=1] [lines=10] [ms=1500]    POST /write on 127.0.0.1
 *
 * Lines bring no time and are of the same series for all: the cheapest there are, so that what the answer waits for
 * is as much of it as can be. Prints {"requests": N, "seconds": S}; ends with 1 if an answer is no 204. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, ANSWER_ROOM = 4096, LINE_ROOM = 64 };

struct options {
    int port, connections, lines, ms;
};

struct request {
    char *at; /* owned */
    size_t n;
};

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct request make_request(const struct options *o)
{
    size_t room = (size_t)o->lines * LINE_ROOM + 256, n = 0;
    char *body = malloc(room), *at = malloc(room);
    if (body == NULL || at == NULL)
        fail("bench_posts");
    for (int i = 0; i < o->lines; i++)
        n += (size_t)snprintf(body + n, room - n, "m,host=h%d value=%d\n", i, i % 10);
    size_t head = (size_t)snprintf(
        at, room, "POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);
    memcpy(at + head, body, n);
    free(body);
    return (struct request){at, head + n};
}

static void post(int fd, const struct request *r)
{
    for (size_t done = 0; done < r->n;) {
        ssize_t k = write(fd, r->at + done, r->n - done);
        if (k <= 0)
            fail("bench_posts: write");
        done += (size_t)k;
    }
}

static void open_client(const struct options *o, int poller, const struct request *r)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        fail("bench_posts: connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e) != 0)
        fail("bench_posts: epoll");
    post(fd, r);
}

/* A 204 has no body, and comes whole. */
static void take_answer(int fd)
{
    char answer[ANSWER_ROOM];
    ssize_t n = read(fd, answer, sizeof answer - 1);
    if (n <= 0)
        fail("bench_posts: read");
    answer[n] = '\0';
    if (strncmp(answer, "HTTP/1.1 204", 12) == 0 && strstr(answer, "\r\n\r\n") != NULL)
        return;
    fprintf(stderr, "bench_posts: answered %.200s\n", answer);
    exit(1);
}

static void run(const struct options *o, const struct request *r)
{
    struct epoll_event events[EVENTS];
    int poller = epoll_create1(0);
    uint64_t requests = 0;
    for (int i = 0; i < o->connections; i++)
        open_client(o, poller, r);
    double begun = now_s(), end = begun + o->ms * 1e-3;
    while (now_s() < end) {
        int n = epoll_wait(poller, events, EVENTS, 1000);
        for (int i = 0; i < n; i++, requests++) {
            take_answer(events[i].data.fd);
            post(events[i].data.fd, r);
        }
    }
    printf("{\"requests\": %llu, \"seconds\": %.6f}\n", (unsigned long long)requests,
           now_s() - begun);
}

static int *option_of(struct options *o, const char *name)
{
    return strcmp(name, "port") == 0          ? &o->port
           : strcmp(name, "connections") == 0 ? &o->connections
           : strcmp(name, "lines") == 0       ? &o->lines
           : strcmp(name, "ms") == 0          ? &o->ms
                                              : NULL;
}

int main(int argc, char **argv)
{
    struct options o = {.connections = 1, .lines = 10, .ms = 1500};
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals != NULL)
            *equals = '\0';
        int *to = equals != NULL ? option_of(&o, argv[i]) : NULL;
        if (to != NULL)
            *to = atoi(equals + 1);
    }
    if (o.port <= 0 || o.connections <= 0 || o.lines <= 0) {
        fprintf(stderr, "usage: bench_posts port=PORT [connections=N] [lines=N] [ms=N]\n");
        return 2;
    }
    struct request r = make_request(&o);
    run(&o, &r);
    free(r.at);
    return 0;
}
