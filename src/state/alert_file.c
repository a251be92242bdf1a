/* state/alert_file.c -- alerts' records, as values of a file.
 * Laws: an alert on the disk is whole, and its rule is there, since both come by one transaction; the former file goes
 * when all that was in it is on the disk in the other. Whoever is killed between has both, and reads the newer.
 * Elsewhere: records (alerts/saved.h), the file (store.h, health.h). */
#include "state/alert_file.h"

#include "base/clock.h"
#include "state/folder.h"
#include "state/health.h"
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 1100, FORMER_MAX = 1024 * 1024 * 1024, KEPT_ROOM = 1024 * 1024 };
static const char name[] = "alerts.mdb", fresh_name[] = "alerts.mdb.new", former[] = "alerts";

struct alert_file {
    struct alerts *alerts;
    struct state_stats *stats;
    struct log *log;
    char directory[PATH_ROOM], path[PATH_ROOM], fresh_path[PATH_ROOM];
    const char *aside; /* what the file that is replaced is then called; NULL: it goes */
    bool former;       /* there is one that goes when ours has taken its place */
    bool failing;      /* the last write did */
    struct store
        *store; /* owned; NULL: there is none of this process yet, or it is not to be trusted */
    struct puts puts;
};

static void tell(const struct alert_file *f, enum log_level level, const char *event,
                 const char *file, const char *why)
{
    char quoted[LOG_QUOTE_MAX];
    log_event(f->log, level, NULL, event, "file=%s why=\"%s\"",
              log_quote(quoted, file, strlen(file)), why);
}

/* ---- restored */

struct restoring {
    struct alerts_restoring *r;
    uint64_t bad;
};

static void on_value(void *ctx, const struct store_value *v)
{
    struct restoring *r = ctx;
    enum saved_kind kind;
    if (!health_alert_kind(&v->key, &kind))
        return;
    uint64_t number = kind == SAVED_ALERT ? v->key.id : v->key.number;
    r->bad += alerts_restore_one(r->r, kind, number, v->bytes, v->n) == NABLA_EINVAL;
}

static enum nabla_status restore(struct alert_file *f, uint64_t *bad)
{
    struct restoring r = {.bad = 0};
    uint64_t damaged = 0; /* which health_check has counted */
    enum nabla_status status = alerts_restore_begin(f->alerts, &r.r);
    if (status != NABLA_OK)
        return status;
    status = health_read(f->path, on_value, &r, &damaged);
    alerts_restore_end(r.r);
    *bad = r.bad;
    return status;
}

static void say_damage(const struct health_report *h, uint64_t bad, char *out, size_t n)
{
    if (h->health == HEALTH_NEWER)
        snprintf(out, n, "%s: version %u, this one knows up to %d", health_text(h->health),
                 h->version, STORE_VERSION);
    else if (bad == 0)
        snprintf(out, n, "%s", health_text(h->health));
    else
        snprintf(out, n, "%s; %llu of %llu values are left out", health_text(HEALTH_SPOILT),
                 (unsigned long long)bad, (unsigned long long)h->values);
}

static void tell_damage(struct alert_file *f, const struct health_report *h, uint64_t orphans)
{
    char why[128];
    uint64_t bad = h->bad_values + orphans;
    say_damage(h, bad, why, sizeof why);
    count(&f->stats->damaged, bad > 0 ? bad : 1);
    f->aside = h->health == HEALTH_NEWER ? "alerts.mdb.newer" : "alerts.mdb.damaged";
    tell(f, LOG_LEVEL_ERROR, "alerts_not_restored", f->path, why);
}

static void tell_restored(const struct alert_file *f)
{
    struct alerts_counts n = alerts_count(f->alerts);
    log_event(f->log, LOG_LEVEL_INFO, NULL, "alerts_restored", "pending=%u firing=%u resolved=%u",
              n.pending, n.firing, n.resolved);
}

/* ---- the former file */

/* Returns errno; ENOENT: there is none. */
static int read_former(const char *path, struct buf *out)
{
    FILE *in = fopen(path, "rbe");
    if (in == NULL)
        return errno;
    struct stat st;
    bool good = fstat(fileno(in), &st) == 0 && st.st_size <= FORMER_MAX;
    char *room = good ? buf_room(out, (size_t)st.st_size + 1) : NULL;
    if (room != NULL)
        buf_used(out, fread(room, 1, (size_t)st.st_size, in));
    int fault = room == NULL ? EFBIG : ferror(in) ? EIO : 0;
    fclose(in);
    return fault;
}

static void set_former_aside(struct alert_file *f, const char *path, const char *why)
{
    char bad[PATH_ROOM + 16];
    snprintf(bad, sizeof bad, "%s.bad", path);
    (void)rename(path, bad);
    count(&f->stats->damaged, 1);
    tell(f, LOG_LEVEL_ERROR, "alerts_not_restored", bad, why);
}

static void restore_former(struct alert_file *f)
{
    char path[PATH_ROOM + 16];
    struct buf bytes = {0};
    snprintf(path, sizeof path, "%s/%s", f->directory, former);
    int fault = read_former(path, &bytes);
    if (fault != 0 && fault != ENOENT)
        set_former_aside(f, path, strerrordesc_np(fault));
    f->former = fault == 0;
    if (f->former && alerts_restore_file(f->alerts, bytes.at, bytes.n) == NABLA_EINVAL) {
        f->former = false;
        set_former_aside(f, path, "it is no file of alerts, or damaged");
    }
    if (f->former)
        tell_restored(f);
    buf_fini(&bytes);
}

static bool has_former(const struct alert_file *f)
{
    char path[PATH_ROOM + 16];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->directory, former);
    return lstat(path, &st) == 0;
}

/* ---- opened */

static void look(struct alert_file *f)
{
    struct health_report h;
    uint64_t orphans = 0;
    if (health_check(f->path, NULL, NULL, &h) != NABLA_OK)
        h = (struct health_report){.health = HEALTH_SEALED};
    if (h.health == HEALTH_ABSENT) {
        restore_former(f);
        return;
    }
    f->former = has_former(f); /* whoever wrote ours was killed before it went */
    bool can_read = h.health == HEALTH_GOOD || h.health == HEALTH_SPOILT;
    if (can_read && restore(f, &orphans) != NABLA_OK)
        h.health = HEALTH_SEALED;
    if (h.health != HEALTH_GOOD || orphans > 0)
        tell_damage(f, &h, orphans);
    if (can_read)
        tell_restored(f);
}

enum nabla_status alert_file_open(const struct alert_file_options *o, struct alert_file **out)
{
    struct alert_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NABLA_ENOMEM;
    f->alerts = o->alerts;
    f->stats = o->stats;
    f->log = o->log;
    snprintf(f->directory, sizeof f->directory, "%s", o->directory);
    snprintf(f->path, sizeof f->path, "%.1000s/%s", o->directory, name);
    snprintf(f->fresh_path, sizeof f->fresh_path, "%.1000s/%s", o->directory, fresh_name);
    look(f);
    *out = f;
    return NABLA_OK;
}

/* ---- written */

struct gathering {
    struct puts *puts;
    bool failed;
};

static void on_record(void *ctx, enum saved_kind kind, uint64_t number, const char *bytes, size_t n)
{
    struct gathering *g = ctx;
    struct key key = {.kind = KEY_TARGETS};
    if (kind == SAVED_RULE)
        key = (struct key){.kind = KEY_RULE, .number = (uint32_t)number};
    else if (kind == SAVED_ALERT)
        key = (struct key){.kind = KEY_ALERT, .id = number};
    size_t offset = g->puts->bytes.n;
    buf_add(&g->puts->bytes, bytes, n);
    g->failed |= g->puts->bytes.failed || puts_add(g->puts, &key, offset) != NABLA_OK;
}

static enum nabla_status gather(struct alert_file *f, bool all)
{
    struct gathering g = {.puts = &f->puts};
    puts_clear(&f->puts);
    bool whole = alerts_save(f->alerts, all, on_record, &g);
    return whole && !g.failed ? NABLA_OK : NABLA_ENOMEM;
}

static enum nabla_status fail(const char *what, char why[static STORE_WHY_MAX])
{
    snprintf(why, STORE_WHY_MAX, "%.400s: %s", what, strerrordesc_np(errno));
    return NABLA_EIO;
}

static enum nabla_status take_place(struct alert_file *f, char why[static STORE_WHY_MAX])
{
    int folder = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail(f->directory, why);
    enum nabla_status status = folder_replace(folder, fresh_name, name, f->aside, why);
    if (status == NABLA_OK && f->aside != NULL)
        tell(f, LOG_LEVEL_WARN, "alerts_set_aside", f->aside,
             "it could not be read, or not all of it");
    if (status == NABLA_OK && f->former) {
        (void)unlinkat(folder, former, 0);
        (void)fsync(folder);
        f->former = false;
    }
    f->aside = status == NABLA_OK ? NULL : f->aside;
    close(folder);
    return status;
}

static void leave(struct alert_file *f)
{
    store_close(f->store);
    f->store = NULL;
    (void)unlink(f->fresh_path);
}

static enum nabla_status write_all(struct alert_file *f, char why[static STORE_WHY_MAX])
{
    struct store_meta meta = {.made_ns =
                                  clock_now().wall_ns}; /* without a secret: nothing is hashed */
    leave(f);
    if (mkdir(f->directory, 0700) != 0 && errno != EEXIST)
        return fail(f->directory, why);
    enum nabla_status status = store_make(f->fresh_path, &meta, &f->store, why);
    if (status == NABLA_OK)
        status = store_write(f->store, &f->puts, why);
    if (status == NABLA_OK)
        status = store_settle(f->store, why);
    return status == NABLA_OK ? take_place(f, why) : status;
}

/* Somebody may have taken the file, or its folder, away. */
static bool is_there(const struct alert_file *f)
{
    struct stat there, opened;
    return f->store != NULL && !store_is_lost(f->store) && lstat(f->path, &there) == 0 &&
           fstat(store_fd(f->store), &opened) == 0 && there.st_dev == opened.st_dev &&
           there.st_ino == opened.st_ino;
}

static void rest(struct alert_file *f)
{
    if (f->puts.bytes.n > KEPT_ROOM)
        puts_fini(&f->puts);
    if (f->store != NULL)
        store_rest(f->store);
}

bool alert_file_write(struct alert_file *f, bool all)
{
    char why[STORE_WHY_MAX] = "no memory";
    all = all || f->failing || !is_there(f);
    enum nabla_status status = gather(f, all);
    if (status == NABLA_OK)
        status = all ? write_all(f, why) : store_write(f->store, &f->puts, why);
    if (status == NABLA_OK)
        count(&f->stats->saved_bytes, f->puts.bytes.n);
    else
        leave(f);
    rest(f);
    if (f->failing && status == NABLA_OK)
        tell(f, LOG_LEVEL_INFO, "alerts_saved_again", f->path, "the disk takes them");
    f->failing = status != NABLA_OK;
    if (f->failing) {
        count(&f->stats->failures, 1);
        tell(f, LOG_LEVEL_ERROR, "alerts_not_saved", f->path, why);
    }
    return !f->failing;
}

void alert_file_close(struct alert_file *f)
{
    if (f == NULL)
        return;
    store_close(f->store);
    puts_fini(&f->puts);
    free(f);
}
