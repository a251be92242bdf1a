/* net/door.c -- a socket that listens, and whoever knocks.
 *
 *     somebody knocks ──► accept ──► tcp_take      no descriptor, no memory ──► rest until the tick ──► listen
 *
 * Not uv_listen: without a descriptor libuv accepts in a circle, and the thread with all its connections
 * stands still, so that none is ever given back.
 * Laws: a turn takes so many in at most; a door that can take nobody in costs a try a tick. */
#include "net/ingest.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    ACCEPTS_A_TURN = 64,
};

static void rest(struct listener *l, int error)
{
    tcp_cannot_take(l, strerror(error));
    uv_poll_stop(&l->poll);
    l->rests = true;
}

/* Whoever goes before the door opens is nobody; the others that fail here will fail again. */
static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static void on_knock(uv_poll_t *poll, int status, int events)
{
    struct listener *l = poll->data;
    (void)events;
    if (status != 0) {
        rest(l, -status);
        return;
    }
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(l->door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            tcp_take(l, fd);
        else if (errno == EAGAIN)
            return;
        else if (!is_passing(errno)) {
            rest(l, errno);
            return;
        }
    }
}

static enum nabla_status listen_on(struct listener *l)
{
    return uv_poll_start(&l->poll, UV_READABLE, on_knock) == 0 ? NABLA_OK : NABLA_EIO;
}

enum nabla_status door_open(struct listener *l, int fd)
{
    if (listen(fd, BACKLOG) != 0 || uv_poll_init(&l->ingest->loop, &l->poll, fd) != 0) {
        close(fd);
        return NABLA_EIO;
    }
    l->door = fd;
    l->poll.data = l;
    return listen_on(l);
}

void door_knock_again(struct listener *l)
{
    if (l->rests && !uv_is_closing(&l->handle))
        l->rests = listen_on(l) != NABLA_OK;
}

void door_close(struct listener *l)
{
    if (l->door > 0)
        close(l->door);
    l->door = 0;
}
