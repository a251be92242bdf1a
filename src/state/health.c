/* state/health.c -- what a file says of itself is compared with what is in it: its sums, its lengths, the order of its
 * keys, its number of entries, which also ends a walk in a circle.
 * Law: whatever a reader will touch, the process that goes first has touched, page by page; and all values together
 * are no longer than the file, so that nobody sums one page a million times. */
#include "state/health.h"

#include "series/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHECK_SECONDS = 600 };

const char *health_text(enum health h)
{
    switch (h) {
    case HEALTH_GOOD: return "is good";
    case HEALTH_ABSENT: return "is not there";
    case HEALTH_SPOILT: return "is damaged in parts";
    case HEALTH_DAMAGED: return "is damaged";
    case HEALTH_FOREIGN: return "is no state of nablad's";
    case HEALTH_NEWER: return "is of a later nablad";
    case HEALTH_SEALED: return "cannot be read";
    }
    return "";
}

/* ---- opened to be read */

struct opened {
    uint64_t bytes; /* of the file */
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_dbi dbi;
};

static int open_it(const char *path, struct opened *o)
{
    struct stat st;
    *o = (struct opened){0};
    if (stat(path, &st) != 0)
        return errno;
    o->bytes = (uint64_t)st.st_size;
    if (st.st_size == 0) /* LMDB would begin one */
        return MDB_CORRUPTED;
    int rc = mdb_env_create(&o->env);
    if (rc == 0)
        rc = mdb_env_open(o->env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_RDONLY, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(o->env, NULL, MDB_RDONLY, &o->txn);
    if (rc == 0)
        rc = mdb_dbi_open(o->txn, NULL, 0, &o->dbi);
    if (rc == 0)
        rc = mdb_cursor_open(o->txn, o->dbi, &o->cursor);
    return rc;
}

static void close_it(struct opened *o)
{
    if (o->cursor != NULL)
        mdb_cursor_close(o->cursor);
    if (o->txn != NULL)
        mdb_txn_abort(o->txn);
    if (o->env != NULL)
        mdb_env_close(o->env);
}

/* ---- values */

static uint64_t get_sum(const unsigned char *p)
{
    uint64_t v = 0;
    for (int i = SUM_BYTES - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static bool is_meta(const MDB_val *key)
{
    return key->mv_size == 4 && memcmp(key->mv_data, "meta", 4) == 0;
}

static bool is_before(const MDB_val *a, const MDB_val *b)
{
    size_t n = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
    int order = n > 0 ? memcmp(a->mv_data, b->mv_data, n) : 0;
    return order < 0 || (order == 0 && a->mv_size < b->mv_size);
}

/* False if its sum is wrong, or its key none of ours, or not behind the last one: a page stands where another one
 * should. */
static bool read_value(MDB_val *last, const MDB_val *key, const MDB_val *value,
                       struct store_value *out)
{
    const char *v = value->mv_data;
    if (!key_get(key->mv_data, key->mv_size, &out->key))
        return false;
    bool in_order = is_before(last, key);
    *last = *key;
    if (!in_order || value->mv_size <= SUM_BYTES)
        return false;
    out->bytes = v + SUM_BYTES;
    out->n = value->mv_size - SUM_BYTES;
    return get_sum((const unsigned char *)v) == sum_of(out->bytes, out->n);
}

/* ---- the check, in a process of its own */

enum { PAGE_LEAST = 4096 };

struct check {
    struct health_report *report;
    bool sums;      /* what is in values is looked at */
    uint64_t bytes; /* of the file, that no value has been seen to have */
    MDB_val last;   /* key that was looked at */
    void (*on_fault)(void *ctx, const char *line);
    void *ctx;
};

__attribute__((format(printf, 2, 3))) static void fault(const struct check *c, const char *format,
                                                        ...)
{
    char line[256];
    va_list args;
    if (c->on_fault == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    c->on_fault(c->ctx, line);
}

static void check_series(const struct check *c, const struct store_value *v)
{
    struct saved_series in;
    const char *at = v->bytes, *end = v->bytes + v->n;
    while (at < end) {
        size_t offset = (size_t)(at - v->bytes);
        bool good = saved_get(&at, end, &in) == NABLA_OK;
        c->report->series += good;
        c->report->bad_series += !good;
        if (!good)
            fault(c, "chunk %u of shard %u: no series at byte %zu", v->key.number, v->key.shard,
                  offset);
    }
}

static void check_points(const struct check *c, const struct store_value *v)
{
    const char *at = v->bytes, *end = v->bytes + v->n;
    struct kept_point p;
    while (saved_get_point(&at, end, &p))
        c->report->points++;
    if (at == end && v->n % SAVED_POINT == 0)
        return;
    c->report->bad_values++;
    fault(c, "place %u of shard %u: no point at byte %zu", v->key.number, v->key.shard,
          (size_t)(at - v->bytes));
}

bool health_alert_kind(const struct key *k, enum saved_kind *out)
{
    switch (k->kind) {
    case KEY_TARGETS: *out = SAVED_TARGETS; return true;
    case KEY_RULE: *out = SAVED_RULE; return true;
    case KEY_ALERT: *out = SAVED_ALERT; return true;
    default: return false;
    }
}

static void fault_of_key(const struct check *c, const struct key *k, const char *what)
{
    c->report->bad_values++;
    switch (k->kind) {
    case KEY_CHUNK: fault(c, "chunk %u of shard %u: %s", k->number, k->shard, what); break;
    case KEY_POINTS:
        fault(c, "points of place %u of shard %u: %s", k->number, k->shard, what);
        break;
    case KEY_TARGETS: fault(c, "targets of alerts: %s", what); break;
    case KEY_RULE: fault(c, "rule %u of alerts: %s", k->number, what); break;
    case KEY_ALERT: fault(c, "alert %llu: %s", (unsigned long long)k->id, what); break;
    }
}

static void check_alert(const struct check *c, const struct store_value *v)
{
    enum saved_kind kind;
    bool good = health_alert_kind(&v->key, &kind) && saved_is_good(kind, v->bytes, v->n);
    c->report->alerts += good && kind == SAVED_ALERT;
    if (!good)
        fault_of_key(c, &v->key, "it cannot be");
}

static void touch(const MDB_val *v)
{
    const volatile char *at = v->mv_data;
    for (size_t i = 0; i < v->mv_size; i += PAGE_LEAST)
        (void)at[i];
    if (v->mv_size > 0)
        (void)at[v->mv_size - 1];
}

/* False if it is longer than what is left of the file. */
static bool walk_over(struct check *c, const MDB_val *key, const MDB_val *value)
{
    if (value->mv_size > c->bytes)
        return false;
    c->bytes -= value->mv_size;
    c->report->values++;
    touch(key);
    touch(value);
    return true;
}

static void check_value(struct check *c, const MDB_val *key, const MDB_val *value)
{
    struct store_value v;
    if (is_meta(key))
        return;
    bool good = read_value(&c->last, key, value, &v);
    if (good && v.key.kind == KEY_CHUNK) {
        check_series(c, &v);
    } else if (good && v.key.kind == KEY_POINTS) {
        check_points(c, &v);
    } else if (good) {
        check_alert(c, &v);
    } else if (key_get(key->mv_data, key->mv_size, &v.key)) {
        fault_of_key(c, &v.key, "its sum is wrong, or its place");
    } else {
        c->report->bad_values++;
        fault(c, "a value whose key is none of ours");
    }
}

/* Its entries, one after the other; no more of them than it says it has. Returns LMDB's status. */
static int check_all(struct check *c, struct opened *o)
{
    MDB_stat stat;
    MDB_val key, value;
    int rc = mdb_stat(o->txn, o->dbi, &stat);
    if (rc != 0)
        return rc;
    for (rc = mdb_cursor_get(o->cursor, &key, &value, MDB_FIRST); rc == 0;
         rc = mdb_cursor_get(o->cursor, &key, &value, MDB_NEXT)) {
        if (c->report->values >= stat.ms_entries || !walk_over(c, &key, &value))
            return MDB_CORRUPTED;
        if (c->sums)
            check_value(c, &key, &value);
    }
    return rc == MDB_NOTFOUND && c->report->values == stat.ms_entries ? 0 : MDB_CORRUPTED;
}

static enum health judge_meta(struct opened *o, struct health_report *r)
{
    MDB_val key = {.mv_data = (char[]){'m', 'e', 't', 'a'}, .mv_size = 4}, value;
    int rc = mdb_get(o->txn, o->dbi, &key, &value);
    if (rc == MDB_NOTFOUND)
        return HEALTH_FOREIGN;
    if (rc != 0)
        return HEALTH_DAMAGED;
    switch (store_meta_get(value.mv_data, value.mv_size, &r->meta, &r->version)) {
    case NABLA_OK: return HEALTH_GOOD;
    case NABLA_ELIMIT: return HEALTH_NEWER;
    default: return r->version == 0 ? HEALTH_FOREIGN : HEALTH_DAMAGED;
    }
}

static enum health judge_open(int rc)
{
    switch (rc) {
    case ENOENT: return HEALTH_ABSENT;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return HEALTH_FOREIGN;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE: return HEALTH_DAMAGED;
    default: return HEALTH_SEALED;
    }
}

static void check(const char *path, struct check *c)
{
    struct opened o;
    struct health_report *r = c->report;
    r->fault = open_it(path, &o);
    c->bytes = o.bytes;
    r->health = r->fault != 0 ? judge_open(r->fault) : judge_meta(&o, r);
    if (r->health == HEALTH_GOOD) {
        r->fault = check_all(c, &o);
        r->health = r->fault != 0                            ? HEALTH_DAMAGED
                    : r->bad_values > 0 || r->bad_series > 0 ? HEALTH_SPOILT
                                                             : HEALTH_GOOD;
    }
    close_it(&o);
}

/* Dies quietly, and not late, of what it may come upon. */
static void check_and_tell(const char *path, struct check *c, int to)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGTERM};
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    alarm(CHECK_SECONDS);
    check(path, c);
    ssize_t wrote = write(to, c->report, sizeof *c->report);
    _exit(wrote == (ssize_t)sizeof *c->report ? 0 : 1);
}

/* The report, or what its absence means: the process died of the file. */
static void take_report(int from, struct health_report *out)
{
    struct health_report r;
    size_t n = 0;
    ssize_t got = 1;
    while (n < sizeof r && (got > 0 || (got < 0 && errno == EINTR))) {
        got = read(from, (char *)&r + n, sizeof r - n);
        n += got > 0 ? (size_t)got : 0;
    }
    *out = n == sizeof r ? r : (struct health_report){.health = HEALTH_DAMAGED};
}

static enum nabla_status check_apart(const char *path, struct check *c)
{
    int ends[2];
    struct health_report *out = c->report;
    *out = (struct health_report){0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NABLA_EIO;
    pid_t pid = fork();
    if (pid == 0)
        check_and_tell(path, c, ends[1]);
    close(ends[1]);
    if (pid > 0)
        take_report(ends[0], out);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 ? NABLA_OK : NABLA_EIO;
}

enum nabla_status health_check(const char *path, void (*on_fault)(void *ctx, const char *line),
                               void *ctx, struct health_report *out)
{
    struct check c = {.report = out, .sums = true, .on_fault = on_fault, .ctx = ctx};
    return check_apart(path, &c);
}

enum nabla_status health_walk(const char *path, struct health_report *out)
{
    struct check c = {.report = out};
    return check_apart(path, &c);
}

/* ---- reading */

enum nabla_status health_read(const char *path,
                              void (*on_value)(void *ctx, const struct store_value *v), void *ctx,
                              uint64_t *bad)
{
    struct opened o;
    MDB_val key, value, last = {0};
    struct store_value v;
    int rc = open_it(path, &o);
    if (rc == 0)
        rc = mdb_cursor_get(o.cursor, &key, &value, MDB_FIRST);
    for (; rc == 0; rc = mdb_cursor_get(o.cursor, &key, &value, MDB_NEXT))
        if (read_value(&last, &key, &value, &v))
            on_value(ctx, &v);
        else
            *bad += !is_meta(&key);
    close_it(&o);
    return rc == MDB_NOTFOUND ? NABLA_OK : NABLA_EIO;
}
