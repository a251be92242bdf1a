/* tests/fuzz/sockets/script.c -- plays a stranger.
 *
 *     hand.fd ◄──── kernel ────► theirs: the daemon's end, in this very process
 *
 * So what the daemon has read is not guessed: its socket says that nothing waits there. No answer is looked for in the bytes:
 * what an answer must be is for other tests; here the daemon is alive afterwards (house_probe), under sanitizers.
 * Waits end at once when what they are for happens; the longest is what a loaded machine needs. */
#include "script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MARK = 3,        /* bytes of one */
    FDS_MAX = 1024,  /* descriptors among which the daemon's is looked for */
    DRIP_MAX = 64,   /* bytes that are sent one by one */
    MARKS_MAX = 64,  /* in a script */
    BRIEF_MS = 20,   /* for an answer that may never come */
    LONG_MS = 60000, /* for what must come */
};

struct hand {
    int fd, theirs; /* -1: none */
    uint16_t port;  /* of fd */
};

struct stranger {
    struct hand hands[2];
    int at;
    uint16_t door;
    bool lets_go;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

/* ---- both ends */

static uint16_t port_of(int (*name)(int, struct sockaddr *, socklen_t *), int fd)
{
    struct sockaddr_in a = {0};
    socklen_t n = sizeof a;
    if (name(fd, (struct sockaddr *)&a, &n) != 0 || a.sin_family != AF_INET)
        return 0;
    return ntohs(a.sin_port);
}

/* glibc's prototypes have a transparent union */
static int peer_name(int fd, struct sockaddr *a, socklen_t *n)
{
    return getpeername(fd, a, n);
}

static int own_name(int fd, struct sockaddr *a, socklen_t *n)
{
    return getsockname(fd, a, n);
}

static bool is_theirs(const struct hand *h, int fd)
{
    return fd != h->fd && port_of(peer_name, fd) == h->port;
}

static int find_theirs(const struct hand *h)
{
    for (int fd = 3; fd < FDS_MAX; fd++)
        if (is_theirs(h, fd))
            return fd;
    return -1;
}

static void hand_open(struct hand *h, uint16_t door)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(door), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    h->theirs = -1;
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->fd < 0 || connect(h->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        perror("script: connect");
        abort();
    }
    h->port = port_of(own_name, h->fd);
}

/* ---- waiting */

static bool is_heard(struct hand *h)
{
    int waiting = 0;
    if (h->theirs < 0)
        h->theirs = find_theirs(h);
    if (h->theirs < 0)
        return false;
    return !is_theirs(h, h->theirs) || ioctl(h->theirs, FIONREAD, &waiting) != 0 || waiting == 0;
}

static bool has_answer(const struct hand *h, int wait_ms)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    int n;
    do
        n = poll(&p, 1, wait_ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static void wait_until_heard(struct hand *h)
{
    for (int64_t end = now_ms() + BRIEF_MS; !is_heard(h) && now_ms() < end;) {
        if (h->theirs < 0 && has_answer(h, 0))
            return; /* closed before it was found */
        sched_yield();
        pause_briefly();
    }
}

/* What the daemon says, and nobody looks at; returns whether it has closed. */
static bool listen_to_end(struct hand *h, int wait_ms)
{
    static char answer[64 * 1024];
    ssize_t n;
    while (has_answer(h, wait_ms))
        if ((n = recv(h->fd, answer, sizeof answer, MSG_DONTWAIT)) <= 0)
            return n == 0 || errno != EAGAIN;
    return false;
}

/* ---- what a stranger does */

static void hand_close(struct hand *h, bool reset)
{
    struct linger at_once = {.l_onoff = 1};
    if (h->fd < 0)
        return;
    if (reset)
        setsockopt(h->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(h->fd);
    h->fd = -1;
}

static void hand_end(struct stranger *s, struct hand *h)
{
    if (h->fd < 0)
        return;
    shutdown(h->fd, SHUT_WR);
    if (!listen_to_end(h, s->lets_go ? LONG_MS : BRIEF_MS) && s->lets_go) {
        fprintf(stderr, "script: broken: who has nothing more to say is let go\n");
        abort();
    }
    hand_close(h, false);
}

static struct hand *hand(struct stranger *s)
{
    struct hand *h = &s->hands[s->at];
    if (h->fd < 0)
        hand_open(h, s->door);
    return h;
}

static void write_bytes(struct stranger *s, const uint8_t *data, size_t n)
{
    struct hand *h = n > 0 ? hand(s) : NULL;
    while (n > 0) {
        ssize_t some = send(h->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        struct pollfd p = {.fd = h->fd, .events = POLLOUT};
        if (some > 0) {
            data += some;
            n -= (size_t)some;
        } else if (errno != EAGAIN || poll(&p, 1, BRIEF_MS) <= 0) {
            return; /* it is closed, or takes no more: the rest is not sent */
        }
    }
}

static void drip(struct stranger *s, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n && i < DRIP_MAX; i++) {
        write_bytes(s, data + i, 1);
        wait_until_heard(hand(s));
    }
    if (n > DRIP_MAX)
        write_bytes(s, data + DRIP_MAX, n - DRIP_MAX);
}

static void act(struct stranger *s, uint8_t what)
{
    if (what == 'o') {
        s->at = !s->at;
        return;
    }
    struct hand *h = hand(s);
    switch (what) {
    case 'w':
        wait_until_heard(h);
        (void)listen_to_end(h, BRIEF_MS);
        break;
    case 'h': hand_end(s, h); break;
    case 'x':
    case 'r': hand_close(h, what == 'r'); break;
    default: wait_until_heard(h);
    }
}

static const uint8_t *find_mark(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= MARK; p++)
        if (p[0] == 0xf8 && p[1] == 0xf9 && p[2] != '\0' && strchr("cwdohxr", p[2]) != NULL)
            return p;
    return end;
}

void script_play(uint16_t port, bool lets_go, const uint8_t *data, size_t n)
{
    struct stranger s = {{{-1, -1, 0}, {-1, -1, 0}}, 0, port, lets_go};
    const uint8_t *end = data + n;
    uint8_t last = 0;
    for (int marks = 0; data < end && marks < MARKS_MAX; marks++) {
        const uint8_t *mark = find_mark(data, end);
        if (last == 'd')
            drip(&s, data, (size_t)(mark - data));
        else
            write_bytes(&s, data, (size_t)(mark - data));
        last = mark < end ? mark[2] : 0;
        if (last != 0 && last != 'd')
            act(&s, last);
        data = mark < end ? mark + MARK : end;
    }
    hand_end(&s, &s.hands[0]);
    hand_end(&s, &s.hands[1]);
}
