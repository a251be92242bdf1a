/* cli/state_restore.c -- lines of nabla state dump become a file, chunk by chunk, which takes its place when it is whole.
 * A line that is wrong ends it: a state is all that was dumped, or nothing. */
#include "cli/state.h"
#include "cli/state_alerts.h"
#include "cli/state_json.h"
#include "state/folder.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRANSACTION_BYTES = 8 << 20 };

/* ---- numbers */

void state_numbers_fini(struct state_numbers *s)
{
    free(s->at);
    *s = (struct state_numbers){0};
}

bool state_numbers_add(struct state_numbers *s, const struct key *place, uint32_t number)
{
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 1024 : 2 * s->cap;
        struct state_number *at = realloc(s->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = (struct state_number){*place, number};
    return true;
}

static uint64_t rank_of(const struct key *k)
{
    return (uint64_t)k->shard << 32 | k->number;
}

static int compare_places(const void *a, const void *b)
{
    uint64_t x = rank_of(&((const struct state_number *)a)->place);
    uint64_t y = rank_of(&((const struct state_number *)b)->place);
    return (x > y) - (x < y);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = ((const struct state_number *)a)->number;
    uint32_t y = ((const struct state_number *)b)->number;
    return (x > y) - (x < y);
}

static const struct state_number *search(const struct state_numbers *s,
                                         const struct state_number *x,
                                         int (*compare)(const void *, const void *))
{
    return s->n == 0 ? NULL : bsearch(x, s->at, s->n, sizeof *x, compare);
}

bool state_numbers_find(const struct state_numbers *s, const struct key *place, uint32_t *number)
{
    struct state_number x = {.place = *place};
    const struct state_number *found = search(s, &x, compare_places);
    *number = found != NULL ? found->number : 0;
    return found != NULL;
}

bool state_numbers_place(const struct state_numbers *s, uint32_t number, struct key *place)
{
    struct state_number x = {.number = number};
    const struct state_number *found = search(s, &x, compare_numbers);
    if (found != NULL)
        *place = found->place;
    return found != NULL;
}

/* ---- lines */

struct restoring {
    const char *file;
    struct store *store;
    struct puts puts;
    size_t chunk_offset; /* where the bytes of the chunk at hand begin */
    uint32_t series;     /* so far; the next one's place */
    uint32_t last;       /* number of the one before */
    struct state_numbers numbers;
    uint64_t line;
    bool points; /* of series come now: no series any more */
    struct puts alerts;
    bool rules[SAVED_RULES_MAX]; /* that have come */
    uint32_t alerts_n;
};

static enum cli_exit bad(const struct restoring *r, const char *why)
{
    return cli_error(CLI_USAGE, "%s:%llu: %s", r->file, (unsigned long long)r->line, why);
}

static enum cli_exit no_memory(void)
{
    return cli_error(CLI_FAILED, "no memory");
}

static enum cli_exit flush(struct restoring *r)
{
    char why[STORE_WHY_MAX];
    if (store_write(r->store, &r->puts, why) != NABLA_OK)
        return cli_error(CLI_FAILED, "%s", why);
    puts_clear(&r->puts);
    r->chunk_offset = 0;
    return CLI_OK;
}

static enum cli_exit end_chunk(struct restoring *r)
{
    struct key key = {.kind = KEY_CHUNK, .number = (r->series - 1) / SAVE_CHUNK};
    if (r->puts.bytes.n == r->chunk_offset)
        return CLI_OK;
    if (puts_add(&r->puts, &key, r->chunk_offset) != NABLA_OK)
        return no_memory();
    r->chunk_offset = r->puts.bytes.n;
    return r->puts.bytes.n >= TRANSACTION_BYTES ? flush(r) : CLI_OK;
}

static enum cli_exit add_series(struct restoring *r, const json_t *line)
{
    const char *why = NULL;
    json_int_t number = json_integer_value(json_object_get(line, "number"));
    if (r->points || number <= (json_int_t)r->last || number > UINT32_MAX)
        return bad(r, "series stand first, and their numbers grow");
    struct key place = {.kind = KEY_POINTS, .number = r->series};
    switch (state_series_read(line, (uint8_t)(r->series % SAVE_CHUNK), &r->puts.bytes, &why)) {
    case NABLA_OK: break;
    case NABLA_EINVAL: return bad(r, why);
    default: return no_memory();
    }
    r->last = (uint32_t)number;
    r->series++;
    if (!state_numbers_add(&r->numbers, &place, r->last))
        return no_memory();
    return r->series % SAVE_CHUNK == 0 ? end_chunk(r) : CLI_OK;
}

static enum cli_exit add_points(struct restoring *r, const json_t *line)
{
    struct key key;
    const char *why = NULL;
    json_int_t number = json_integer_value(json_object_get(line, "series"));
    enum cli_exit status = r->points ? CLI_OK : end_chunk(r);
    if (status != CLI_OK)
        return status;
    r->points = true;
    size_t offset = r->puts.bytes.n;
    if (number <= 0 || number > UINT32_MAX ||
        !state_numbers_place(&r->numbers, (uint32_t)number, &key))
        return bad(r, "points of no series");
    switch (state_points_read(line, &r->puts.bytes, &key.first_ns, &why)) {
    case NABLA_OK: break;
    case NABLA_EINVAL: return bad(r, why);
    default: return no_memory();
    }
    if (puts_add(&r->puts, &key, offset) != NABLA_OK)
        return no_memory();
    return r->puts.bytes.n >= TRANSACTION_BYTES ? flush(r) : CLI_OK;
}

static enum cli_exit add_alert(struct restoring *r, const json_t *line)
{
    struct key key;
    const char *why = NULL;
    size_t offset = r->alerts.bytes.n;
    switch (state_alert_read(line, &r->alerts.bytes, &key, &why)) {
    case NABLA_OK: break;
    case NABLA_EINVAL: return bad(r, why);
    default: return no_memory();
    }
    bool numbered = key.kind == KEY_TARGETS || key.number < SAVED_RULES_MAX;
    if (!numbered || (key.kind == KEY_ALERT && !r->rules[key.number]))
        return bad(r, "an alert of no rule, or too many rules");
    if (key.kind == KEY_RULE)
        r->rules[key.number] = true;
    r->alerts_n += key.kind == KEY_ALERT;
    return puts_add(&r->alerts, &key, offset) == NABLA_OK ? CLI_OK : no_memory();
}

static enum cli_exit read_line(struct restoring *r, const char *text, size_t n)
{
    json_error_t fault;
    json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);
    if (line == NULL)
        return bad(r, fault.text);
    enum cli_exit status = state_alert_is(line)                      ? add_alert(r, line)
                           : json_object_get(line, "points") != NULL ? add_points(r, line)
                                                                     : add_series(r, line);
    json_decref(line);
    return status;
}

static enum cli_exit read_lines(struct restoring *r, FILE *in)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    enum cli_exit status = CLI_OK;
    while (status == CLI_OK && (n = getline(&text, &room, in)) >= 0) {
        r->line++;
        if (n > 0 && text[strspn(text, " \t\r\n")] != '\0')
            status = read_line(r, text, (size_t)n);
    }
    free(text);
    if (status == CLI_OK && ferror(in))
        status = cli_error(CLI_FAILED, "%s: %s", r->file, strerror(errno));
    if (status == CLI_OK && !r->points)
        status = end_chunk(r);
    return status == CLI_OK ? flush(r) : status;
}

/* ---- the file */

/* Keys are left out of a dump, so any secret will do; nobody has to guess it. */
static enum cli_exit make(struct restoring *r, const char *fresh)
{
    char why[STORE_WHY_MAX];
    struct store_meta meta = {.made_ns = clock_now().wall_ns};
    if (secrets_draw(&meta.secrets) != NABLA_OK)
        return cli_error(CLI_FAILED, "no random bytes: %s", strerror(errno));
    if (store_make(fresh, &meta, &r->store, why) != NABLA_OK)
        return cli_error(CLI_FAILED, "%s: %s", fresh, why);
    return CLI_OK;
}

/* The alerts' file, before that of the series: what there was of alerts stays under another name. */
static enum cli_exit make_alerts(struct restoring *r, int folder, const char *fresh)
{
    char why[STORE_WHY_MAX];
    struct store_meta meta = {.made_ns = clock_now().wall_ns};
    struct store *store = NULL;
    if (r->alerts.n == 0) {
        bool aside = renameat(folder, "alerts.mdb", folder, "alerts.mdb.old") == 0;
        return aside || errno == ENOENT ? CLI_OK
                                        : cli_error(CLI_FAILED, "alerts.mdb: %s", strerror(errno));
    }
    enum nabla_status status = store_make(fresh, &meta, &store, why);
    if (status == NABLA_OK)
        status = store_write(store, &r->alerts, why);
    if (status == NABLA_OK)
        status = store_settle(store, why);
    if (status == NABLA_OK)
        status = folder_replace(folder, "alerts.mdb.new", "alerts.mdb", "alerts.mdb.old", why);
    store_close(store);
    if (status == NABLA_OK)
        return CLI_OK;
    (void)unlink(fresh);
    return cli_error(CLI_FAILED, "%s: %s", fresh, why);
}

static enum cli_exit take_place(struct restoring *r, int folder, bool old)
{
    char why[STORE_WHY_MAX];
    if (store_settle(r->store, why) != NABLA_OK ||
        folder_replace(folder, "state.mdb.new", "state.mdb", old ? "state.mdb.old" : NULL, why) !=
            NABLA_OK)
        return cli_error(CLI_FAILED, "%s", why);
    if (r->alerts_n > 0)
        printf("%u series, %u alerts\n", r->series, r->alerts_n);
    else
        printf("%u series\n", r->series);
    return cli_flush();
}

static bool has(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum cli_exit restore(struct restoring *r, const char *directory, int folder, bool old,
                             FILE *in)
{
    char fresh[STATE_PATH_MAX], fresh_alerts[STATE_PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s/state.mdb.new", directory);
    snprintf(fresh_alerts, sizeof fresh_alerts, "%s/alerts.mdb.new", directory);
    enum cli_exit status = make(r, fresh);
    if (status == CLI_OK)
        status = read_lines(r, in);
    if (status == CLI_OK)
        status = make_alerts(r, folder, fresh_alerts);
    if (status == CLI_OK)
        status = take_place(r, folder, old);
    if (status != CLI_OK)
        (void)unlink(fresh);
    return status;
}

enum cli_exit state_restore(const char *directory, int folder, const char *file, bool force)
{
    struct restoring r = {.file = file};
    bool old = has(folder, "state.mdb");
    if ((old || has(folder, "alerts.mdb") || has(folder, "alerts")) && !force)
        return cli_error(CLI_USAGE, "%s has a state; --force replaces it", directory);
    bool opens = strcmp(file, "-") != 0;
    FILE *in = opens ? fopen(file, "re") : stdin;
    if (in == NULL)
        return cli_error(CLI_USAGE, "%s: %s", file, strerror(errno));
    enum cli_exit status = restore(&r, directory, folder, old, in);
    if (status == CLI_OK) /* of a nablad of before there was an alerts.mdb */
        (void)renameat(folder, "alerts", folder, "alerts.old");
    if (opens)
        fclose(in);
    store_close(r.store);
    puts_fini(&r.puts);
    puts_fini(&r.alerts);
    state_numbers_fini(&r.numbers);
    return status;
}
