/* http/peer.c -- connections by the kernel's own count of what they sent.
 * A shutdown is all that is needed: libmicrohttpd then reads the end and frees the connection. */
#include "http/peer.h"

#include "doors/certificates.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes that the connection has sent us; another on every call where the kernel does not count (a
 * socket that is not TCP), which makes the deadline run from the last answer. */
static uint64_t received(struct peer *p)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    if (getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 ||
        n < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return p->received + 1;
    return info.tcpi_bytes_received;
}

enum nabla_status peers_init(struct peers *all, uint32_t max, uint32_t per_address)
{
    *all = (struct peers){.per_address = per_address};
    return networks_init(&all->networks, max);
}

void peers_fini(struct peers *all)
{
    networks_fini(&all->networks);
}

bool peers_admit(const struct peers *all, const struct network *from)
{
    return networks_has_room(&all->networks, from, all->per_address);
}

struct peer *peer_opened(struct peers *all, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct peer){.next = all->first,
                       .at = &all->first,
                       .fd = fd,
                       .from = network_of_socket(fd),
                       .asking = true};
    if (!networks_join(&all->networks, &p->from, UINT32_MAX, &p->network)) {
        free(p);
        return NULL;
    }
    if (p->next != NULL)
        p->next->at = &p->next;
    all->first = p;
    all->n++;
    return p;
}

void peer_closed(struct peers *all, struct peer *p, uint64_t *head_bytes)
{
    *head_bytes = 0;
    if (p == NULL)
        return;
    if (p->asking && !p->reading && !p->last)
        *head_bytes = received(p) - p->received;
    networks_leave(&all->networks, p->network);
    all->leaving -= p->ended;
    *p->at = p->next;
    if (p->next != NULL)
        p->next->at = p->at;
    all->n--;
    certificates_leave(p->certificates);
    free(p);
}

void peer_asks(struct peer *p)
{
    if (p != NULL)
        p->reading = true;
}

void peer_whole(struct peer *p)
{
    if (p == NULL || !p->asking)
        return;
    p->asking = false;
    p->begun_ns = 0;
    p->received = received(p); /* now: once it is answered, the next may have begun already */
}

void peer_answered(struct peer *p)
{
    if (p == NULL)
        return;
    p->asking = true;
    p->reading = p->endless = false;
    p->begun_ns = 0;
}

static bool is_late(struct peer *p, int64_t now_ns, const struct peer_patience *patience)
{
    if (p->ended || p->endless)
        return false;
    if (p->begun_ns == 0) {
        if (!p->asking || received(p) > p->received)
            p->begun_ns = now_ns;
        return false;
    }
    return now_ns - p->begun_ns > (p->asking ? patience->request_ns : patience->answer_ns);
}

static void tell(struct peer *p)
{
    static const char text[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
                               "Cache-Control: no-store\r\nConnection: close\r\n\r\n";
    if (p->certificates == NULL) { /* else it would be no record of TLS */
        ssize_t sent = send(p->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* a courtesy */
    }
}

static void end(struct peers *all, struct peer *p)
{
    shutdown(p->fd, SHUT_RDWR);
    p->ended = true;
    all->leaving++;
}

struct peer_overdue peers_check(struct peers *all, int64_t now_ns,
                                const struct peer_patience *patience)
{
    struct peer_overdue n = {0};
    for (struct peer *p = all->first; p != NULL; p = p->next) {
        if (!is_late(p, now_ns, patience))
            continue;
        if (p->asking)
            tell(p);
        n.requests += p->asking;
        n.answers += !p->asking;
        end(all, p);
    }
    return n;
}

static bool is_between(const struct peer *p)
{
    return p->asking && p->begun_ns == 0;
}

bool peers_give_way(struct peers *all, bool any)
{
    struct peer *first = NULL; /* the list begins with the last */
    for (struct peer *p = all->first; p != NULL; p = p->next)
        if (!p->ended && (any || is_between(p)))
            first = p;
    if (first == NULL)
        return false;
    end(all, first);
    return true;
}

static bool is_stranger(const struct peer *p)
{
    return p->network != NETWORKS_OTHERS && !network_is_here(&p->from);
}

/* How little is lost with it. */
static int ease(const struct peer *p)
{
    return is_between(p) ? 3 : p->asking ? 2 : !p->endless;
}

/* The one to go of the strangers that have most; NULL: none has two. */
static struct peer *greediest(const struct peers *all, uint32_t *most)
{
    struct peer *best = NULL;
    *most = 2;
    for (struct peer *p = all->first; p != NULL; p = p->next) {
        uint32_t has = networks_count(&all->networks, p->network);
        if (p->ended || !is_stranger(p) || has < *most)
            continue;
        if (best == NULL || has > *most ||
            ease(p) >= ease(best)) /* the list begins with the last */
            best = p;
        *most = has;
    }
    return best;
}

bool peers_could_yield(const struct peers *all)
{
    uint32_t most;
    return greediest(all, &most) != NULL;
}

bool peers_displace(struct peers *all, const struct network *from)
{
    uint32_t most;
    struct peer *p = greediest(all, &most);
    if (p == NULL || !networks_has_room(&all->networks, from, most - 1))
        return false;
    end(all, p);
    return true;
}
