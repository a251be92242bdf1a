/* Who gets a place, who gives one up for it, and who is closed: letters are addresses, `h` is this machine. */
#include "net/places.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

enum { SOCKETS_MAX = PLACES_LEAVING_MAX + 16, THREADS = 4, ROUNDS = 3000 };

/* A connection, and who is at its other end. */
struct sock {
    struct place place;
    int ends[2];
    bool has_place;
};

struct rig {
    struct places places;
    struct sock at[SOCKETS_MAX];
    int n;
};

static struct network network_named(char name)
{
    struct network n = {{.high = UINT64_C(0x20010db8) << 32 | (unsigned char)name}};
    return name == 'h' ? network_here() : n;
}

static void begin(struct rig *r, uint32_t max, uint32_t per_address)
{
    *r = (struct rig){.n = 0};
    ck_assert_int_eq(places_init(&r->places, max, per_address), NABLA_OK);
}

static enum limit come(struct rig *r, char name, int64_t now_ns, bool *displaces)
{
    struct sock *s = &r->at[r->n++];
    struct network from = network_named(name);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s->ends), 0);
    enum limit limit = places_take(&r->places, &s->place, &from, s->ends[0], now_ns, displaces);
    s->has_place = limit == LIMIT_COUNT;
    return limit;
}

static void go(struct rig *r, struct sock *s)
{
    if (s->has_place)
        places_leave(&r->places, &s->place);
    s->has_place = false;
}

static void end(struct rig *r)
{
    for (int i = 0; i < r->n; i++) {
        go(r, &r->at[i]);
        close(r->at[i].ends[0]);
        close(r->at[i].ends[1]);
    }
    ck_assert_uint_eq(r->places.n, 0);
    ck_assert_uint_eq(r->places.leaving, 0);
    ck_assert_uint_eq(networks_most(&r->places.networks), 0);
    places_fini(&r->places);
}

static bool is_shut_down(const struct sock *s)
{
    char byte;
    return recv(s->ends[0], &byte, 1, 0) == 0;
}

/* The one that was shut down of those that have not been told of in `before`; -1: none. */
static int newly_lost(const struct rig *r, bool before[static SOCKETS_MAX])
{
    int lost = -1;
    for (int i = 0; i < r->n; i++) {
        if (!r->at[i].has_place || before[i] || !is_shut_down(&r->at[i]))
            continue;
        ck_assert_int_eq(lost, -1);
        ck_assert(r->at[i].place.lost);
        before[i] = true;
        lost = i;
    }
    return lost;
}

/* Four places, three an address. Each comes a second after the one before, and those in `heard` are heard of after
 * that; then the last comes. */
static const struct row {
    const char *label, *come, *heard;
    char last;
    enum limit limit;
    int lost;
} rows[] = {
    {"there is room", "aaa", "", 'b', LIMIT_COUNT, -1},
    {"the oldest of who has most", "baaa", "", 'c', LIMIT_COUNT, 1},
    {"the one that was silent longest", "baaa", "13", 'c', LIMIT_COUNT, 2},
    {"who has fewer may be as silent as it likes", "baaa", "123", 'c', LIMIT_COUNT, 1},
    {"of those that have as many, the most silent", "aabb", "01", 'c', LIMIT_COUNT, 2},
    {"and of the others", "aabb", "23", 'c', LIMIT_COUNT, 0},
    {"two more than who has one", "baaa", "", 'b', LIMIT_COUNT, 1},
    {"one more is not enough", "aabc", "", 'b', LIMIT_INGEST_CONNECTIONS, -1},
    {"nor as many", "aabb", "", 'b', LIMIT_INGEST_CONNECTIONS, -1},
    {"not for oneself", "baaa", "", 'a', LIMIT_INGEST_PER_ADDRESS, -1},
    {"one each", "abcd", "", 'e', LIMIT_INGEST_CONNECTIONS, -1},
    {"nor for this machine", "abcd", "", 'h', LIMIT_INGEST_CONNECTIONS, -1},
    {"which may have what others have", "hhaa", "", 'h', LIMIT_COUNT, 2},
    {"and gives none up", "hhhh", "", 'a', LIMIT_INGEST_CONNECTIONS, -1},
    {"whoever has fewer", "hhaa", "0", 'b', LIMIT_COUNT, 2},
};

START_TEST(place_row)
{
    const struct row *row = &rows[_i];
    struct rig r;
    bool displaces, before[SOCKETS_MAX] = {false};
    begin(&r, 4, 3);
    for (const char *c = row->come; *c != '\0'; c++) {
        ck_assert_msg(come(&r, *c, 1000 * r.n, &displaces) == LIMIT_COUNT, "%s", row->label);
        ck_assert_msg(!displaces, "%s", row->label);
    }
    for (const char *c = row->heard; *c != '\0'; c++)
        place_heard(&r.at[*c - '0'].place, 10000 + *c);
    enum limit limit = come(&r, row->last, 20000, &displaces);
    int lost = newly_lost(&r, before);
    ck_assert_msg(limit == row->limit, "%s: %d", row->label, limit);
    ck_assert_msg(lost == row->lost, "%s: lost %d", row->label, lost);
    ck_assert_msg(displaces == (lost >= 0), "%s", row->label);
    ck_assert_uint_le(r.places.n, 4);
    end(&r);
}
END_TEST

/* Whoever comes after the first levels them, and then no more: the sum of squares of the counts falls each time. */
START_TEST(they_get_even)
{
    struct rig r;
    bool displaces, before[SOCKETS_MAX] = {false};
    begin(&r, 8, 8);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(come(&r, 'a', 0, &displaces), LIMIT_COUNT);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(come(&r, 'b', 1, &displaces), LIMIT_COUNT);
        ck_assert_int_eq(newly_lost(&r, before), i);
    }
    ck_assert_int_eq(come(&r, 'b', 1, &displaces), LIMIT_INGEST_CONNECTIONS);
    ck_assert_int_eq(come(&r, 'a', 1, &displaces), LIMIT_INGEST_CONNECTIONS);
    ck_assert_int_eq(come(&r, 'c', 1, &displaces), LIMIT_COUNT);
    ck_assert_int_eq(newly_lost(&r, before), 4);
    ck_assert_uint_eq(r.places.n, 8);
    end(&r);
}
END_TEST

START_TEST(a_place_that_is_left_is_free)
{
    struct rig r;
    bool displaces;
    begin(&r, 2, 2);
    ck_assert_int_eq(come(&r, 'a', 0, &displaces), LIMIT_COUNT);
    ck_assert_int_eq(come(&r, 'b', 0, &displaces), LIMIT_COUNT);
    ck_assert_int_eq(come(&r, 'c', 0, &displaces), LIMIT_INGEST_CONNECTIONS);
    go(&r, &r.at[0]);
    ck_assert_int_eq(come(&r, 'c', 0, &displaces), LIMIT_COUNT);
    ck_assert(!displaces && !is_shut_down(&r.at[1]));
    end(&r);
}
END_TEST

/* While so many are on their way out nobody else is told to go, since each of them has a descriptor still. */
START_TEST(so_many_are_leaving)
{
    struct rig r;
    bool displaces;
    begin(&r, PLACES_LEAVING_MAX + 2, UINT32_MAX);
    struct network from = network_named('a');
    static struct place many[PLACES_LEAVING_MAX + 2];
    for (int i = 0; i < ROWS(many); i++)
        ck_assert_int_eq(places_take(&r.places, &many[i], &from, -1, 0, &displaces), LIMIT_COUNT);
    for (int i = 0; i < PLACES_LEAVING_MAX; i++)
        ck_assert_int_eq(come(&r, 'h', 0, &displaces), LIMIT_COUNT);
    ck_assert_int_eq(come(&r, 'h', 0, &displaces), LIMIT_INGEST_CONNECTIONS);
    places_leave(&r.places, &many[0]);
    ck_assert_int_eq(come(&r, 'h', 0, &displaces), LIMIT_COUNT);
    ck_assert(displaces);
    for (int i = 1; i < ROWS(many); i++)
        places_leave(&r.places, &many[i]);
    end(&r);
}
END_TEST

struct crowd {
    struct places *places;
    char name;
};

static void *come_and_go(void *arg)
{
    const struct crowd *crowd = arg;
    struct network from = network_named(crowd->name);
    struct place mine[4];
    bool has[4] = {false}, displaces;
    memset(mine, 0, sizeof mine);
    for (int i = 0; i < ROUNDS; i++) {
        int at = i * 7 % 4;
        if (has[at])
            places_leave(crowd->places, &mine[at]);
        has[at] = places_take(crowd->places, &mine[at], &from, -1, i, &displaces) == LIMIT_COUNT;
        if (has[at])
            place_heard(&mine[at], i + 1);
    }
    for (int i = 0; i < 4; i++)
        if (has[i])
            places_leave(crowd->places, &mine[i]);
    return NULL;
}

START_TEST(many_threads)
{
    struct rig r;
    pthread_t threads[THREADS];
    struct crowd crowds[THREADS];
    begin(&r, 6, 3);
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){&r.places, "abch"[i]};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    end(&r);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("net/places");
    TCase *t = tcase_create("places");
    tcase_add_loop_test(t, place_row, 0, ROWS(rows));
    tcase_add_test(t, they_get_even);
    tcase_add_test(t, a_place_that_is_left_is_free);
    tcase_add_test(t, so_many_are_leaving);
    tcase_add_test(t, many_threads);
    suite_add_tcase(s, t);
    return s;
}
