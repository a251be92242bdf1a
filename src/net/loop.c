/* net/loop.c -- the table of descriptors is made long by watching one with a high number for a moment. */
#include "net/loop.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    OTHER_DESCRIPTORS = 512, /* listeners, files, requests to others */
    POOL_THREADS = 4,        /* libuv's own number, unless the environment says another */
    POOL_THREADS_MAX = 1024,
    POOL_STACK = 8 * 1024 * 1024, /* where the system states none */
};

static void on_never(uv_poll_t *poll, int status, int events)
{
    (void)poll, (void)status, (void)events;
}

/* The highest number that a descriptor can have, or is not going to have. */
static int highest(uint64_t connections)
{
    struct rlimit files = {.rlim_cur = RLIM_INFINITY};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    uint64_t n = connections + OTHER_DESCRIPTORS;
    return (int)(n < files.rlim_cur ? n : files.rlim_cur) - 1;
}

static int high_descriptor(int number)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -1;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, number);
    if (high < 0) /* all those are taken */
        return fd;
    close(fd);
    return high;
}

/* Asked for by our own means first: libuv takes no for an end. */
static enum nabla_status lengthen(uv_loop_t *loop, int number)
{
    void *room = malloc(4 * (size_t)number * sizeof(void *));
    free(room);
    int fd = room == NULL ? -1 : high_descriptor(number);
    uv_poll_t poll;
    if (fd < 0)
        return NABLA_ENOMEM;
    bool watched = uv_poll_init(loop, &poll, fd) == 0;
    if (watched) {
        watched = uv_poll_start(&poll, UV_READABLE, on_never) == 0;
        uv_close((uv_handle_t *)&poll, NULL);
        uv_run(loop, UV_RUN_NOWAIT); /* which forgets the handle */
    }
    close(fd);
    return watched ? NABLA_OK : NABLA_ENOMEM;
}

enum nabla_status loop_open(uv_loop_t *loop, uint64_t connections)
{
    if (uv_loop_init(loop) != 0)
        return NABLA_ENOMEM;
    enum nabla_status status = lengthen(loop, highest(connections));
    if (status != NABLA_OK)
        uv_loop_close(loop);
    return status;
}

static void on_nothing(uv_work_t *work)
{
    (void)work;
}

static void on_done(uv_work_t *work, int status)
{
    (void)work, (void)status;
}

static size_t pool_bytes(void)
{
    struct rlimit stack = {.rlim_cur = RLIM_INFINITY};
    const char *asked = getenv("UV_THREADPOOL_SIZE");
    long threads = asked == NULL ? POOL_THREADS : strtol(asked, NULL, 10);
    threads = threads < 1 ? 1 : threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    (void)getrlimit(RLIMIT_STACK, &stack);
    return (size_t)threads * (stack.rlim_cur == RLIM_INFINITY ? POOL_STACK : stack.rlim_cur);
}

/* The threads' stacks, and as much again for what else a thread needs to begin. */
static bool can_start_pool(void)
{
    size_t bytes = 2 * pool_bytes();
    void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return false;
    munmap(room, bytes);
    return true;
}

enum nabla_status loop_start_pool(uv_loop_t *loop)
{
    uv_work_t work;
    if (!can_start_pool() || uv_queue_work(loop, &work, on_nothing, on_done) != 0)
        return NABLA_ENOMEM;
    uv_run(loop, UV_RUN_DEFAULT);
    return NABLA_OK;
}
