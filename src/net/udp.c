/* net/udp.c -- datagrams, many a system call; each is whole lines, with or without the last LF.
 * The samples of all datagrams that one recvmmsg brought go to the table in one batch. */
#include "net/ingest.h"

#include "net/bind.h"

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct listener *l = handle->data;
    (void)suggested;
    *buf = uv_buf_init(l->ingest->udp_buf, sizeof l->ingest->udp_buf);
}

static void take(struct listener *l, const struct sockaddr *from, char *bytes, size_t n)
{
    struct sink *sink = &l->ingest->sink;
    struct network network = network_of(from);
    sink_from(sink, &l->inlet, &network);
    l->ingest->bytes += n;
    count(&l->inlet.stats->bytes, n);
    count(&l->inlet.stats->datagrams, 1);
    if (n > 0 && bytes[n - 1] != '\n')
        bytes[n++] = '\n'; /* a datagram is at most 65,507 bytes, its room 65,536 */
    sink_take(sink, &l->inlet, bytes, n);
}

/* What of bytes[0..n) may be read as lines: from *lines_at on. False: nothing. */
static bool may_send(struct listener *l, const struct sockaddr *from, const char *bytes, size_t n,
                     size_t *lines_at)
{
    enum refusal why = REFUSAL_COUNT;
    *lines_at = 0;
    if (!gate_admits(l->gate, from))
        why = REFUSAL_NETWORK;
    else if (l->gate->sealed)
        why = gate_unseal(l->gate, bytes, n, lines_at);
    if (why != REFUSAL_COUNT)
        gate_refuse(l->ingest->house->log, l->ingest->house->stats, l->inlet.stats, why, from,
                    bytes, n);
    return why == REFUSAL_COUNT;
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags)
{
    struct listener *l = udp->data;
    size_t lines_at;
    if (n < 0)
        log_event(l->ingest->house->log, LOG_LEVEL_WARN, "udp_receive", "receive_failed",
                  "listener=%s why=\"%s\"", l->inlet.stats->name, uv_strerror((int)n));
    if (n >= 0 && from != NULL && may_send(l, from, buf->base, (size_t)n, &lines_at))
        take(l, from, buf->base + lines_at, (size_t)n - lines_at);
    if ((flags & UV_UDP_MMSG_CHUNK) == 0)
        sink_flush(&l->ingest->sink,
                   &l->inlet); /* the batch borrows the buffer, which is free from here on */
}

enum nabla_status udp_listen(struct listener *l, int fd)
{
    uv_udp_init_ex(&l->ingest->loop, &l->udp, AF_UNSPEC | UV_UDP_RECVMMSG);
    l->udp.data = l;
    if (uv_udp_open(&l->udp, fd) != 0) {
        close(fd);
        return NABLA_EIO;
    }
    if (uv_udp_recv_start(&l->udp, on_alloc, on_datagram) != 0)
        return NABLA_EIO;
    l->drops_seen = bind_drops(fd);
    return NABLA_OK;
}

void udp_count_drops(struct listener *l)
{
    uv_os_fd_t fd;
    if (uv_fileno(&l->handle, &fd) != 0)
        return;
    uint32_t drops = bind_drops(fd);
    count(&l->inlet.stats->kernel_drops, drops - l->drops_seen); /* modulo 2^32, as it is kept */
    l->drops_seen = drops;
}
