/* A loop that watches any descriptor, and a pool that works, when libuv gets no more memory: it would abort. */
#include "net/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "suite.h"

enum { CONNECTIONS = 300, MORE = 500 /* descriptors than connections */ };

static void *no_malloc(size_t n)
{
    (void)n;
    return NULL;
}

static void *no_realloc(void *at, size_t n)
{
    (void)at, (void)n;
    return NULL;
}

static void *no_calloc(size_t count, size_t n)
{
    (void)count, (void)n;
    return NULL;
}

static void no_memory(void)
{
    ck_assert_int_eq(uv_replace_allocator(no_malloc, no_realloc, no_calloc, free), 0);
}

static void memory(void)
{
    ck_assert_int_eq(uv_replace_allocator(malloc, realloc, calloc, free), 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    uv_close((uv_handle_t *)poll, NULL);
}

/* Allows so many descriptors; false where the system does not. */
static bool allow(rlim_t files)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < files)
        return false;
    limit.rlim_cur = files;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

START_TEST(every_descriptor_has_a_place)
{
    uv_loop_t loop;
    uv_poll_t poll;
    rlim_t files = _i;
    ck_assert_msg(allow(files), "may not have %d descriptors", _i);
    ck_assert_int_eq(loop_open(&loop, CONNECTIONS), NABLA_OK);
    int highest = _i < CONNECTIONS + MORE ? _i - 1 : CONNECTIONS + MORE;
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), high = fcntl(fd, F_DUPFD_CLOEXEC, highest);
    ck_assert_int_eq(high, highest);
    no_memory();
    ck_assert_int_eq(uv_poll_init(&loop, &poll, high), 0);
    ck_assert_int_eq(uv_poll_start(&poll, UV_READABLE, on_poll), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    memory();
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    close(high);
    close(fd);
}
END_TEST

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

START_TEST(nothing_stays)
{
    uv_loop_t loop;
    unsigned before = 0; /* libuv keeps a pair of its own from its first loop on */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(loop_open(&loop, CONNECTIONS), NABLA_OK);
        ck_assert_int_eq(loop_start_pool(&loop), NABLA_OK);
        ck_assert_int_eq(uv_loop_alive(&loop), 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        ck_assert(i == 0 || descriptors() == before);
        before = descriptors();
    }
}
END_TEST

static void on_work(uv_work_t *work)
{
    *(bool *)work->data = true;
}

static void on_worked(uv_work_t *work, int status)
{
    (void)work, (void)status;
}

START_TEST(the_pool_needs_nothing_more)
{
    uv_loop_t loop;
    bool worked = false;
    uv_work_t work = {.data = &worked};
    ck_assert_int_eq(loop_open(&loop, CONNECTIONS), NABLA_OK);
    ck_assert_int_eq(loop_start_pool(&loop), NABLA_OK);
    no_memory();
    ck_assert_int_eq(uv_queue_work(&loop, &work, on_work, on_worked), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    memory();
    ck_assert(worked);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(no_memory_for_a_loop)
{
    uv_loop_t loop;
    no_memory();
    ck_assert_int_eq(loop_open(&loop, CONNECTIONS), NABLA_ENOMEM);
    memory();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("net/loop");
    TCase *t = tcase_create("loop");
    tcase_add_loop_test(t, every_descriptor_has_a_place, 256, 257);
    tcase_add_loop_test(t, every_descriptor_has_a_place, 1024, 1025);
    tcase_add_test(t, nothing_stays);
    tcase_add_test(t, the_pool_needs_nothing_more);
    tcase_add_test(t, no_memory_for_a_loop);
    suite_add_tcase(s, t);
    return s;
}
