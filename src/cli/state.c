/* cli/state.c -- nabla state: a state that no nablad uses now is looked through, written as lines, made of lines.
 * Elsewhere: lines (state_json.c), made of lines (state_restore.c), the file (state/). */
#include "cli/state.h"

#include "base/time_text.h"
#include "cli/state_alerts.h"
#include "cli/state_json.h"
#include "state/folder.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: nabla state verify DIR|FILE\n"
    "       nabla state dump DIR|FILE\n"
    "       nabla state restore [--force] DIR [FILE]\n"
    "\n"
    "For the series and alerts that nablad keeps in its state.directory, while no nablad uses it.\n"
    "\n"
    "  verify     says what is damaged; status 2 if something is\n"
    "  dump       writes each series, its kept points, and each alert as a line of JSON\n"
    "  restore    makes a state of such lines, from FILE or standard input\n"
    "\n"
    "  -f, --force   a state that is there is replaced, and stays as state.mdb.old and "
    "alerts.mdb.old\n"
    "  -h, --help    this text\n";

/* ---- where it is */

/* What of a state was named: its file, that of its alerts if both were, and the folder that they lie in, taken for
 * this process. */
struct place {
    char file[STATE_PATH_MAX];
    char alerts[STATE_PATH_MAX]; /* "": there is none, or it was not named */
    int folder;
};

/* nablad must not write meanwhile: LMDB has no locks here but the folder's. */
static enum cli_exit take_folder(const char *folder, struct place *out)
{
    char why[STORE_WHY_MAX];
    if (folder_take(folder, &out->folder, why) == NABLA_OK)
        return CLI_OK;
    return cli_error(CLI_FAILED, "%s", why);
}

static enum cli_exit find(const char *name, struct place *out)
{
    struct stat st;
    char folder[STATE_PATH_MAX];
    if (strlen(name) + sizeof "/alerts.mdb" > STATE_PATH_MAX)
        return cli_error(CLI_USAGE, "%.100s...: too long a name", name);
    if (stat(name, &st) != 0)
        return cli_error(CLI_USAGE, "%s: %s", name, strerror(errno));
    bool directory = S_ISDIR(st.st_mode);
    snprintf(out->file, sizeof out->file, directory ? "%s/state.mdb" : "%s", name);
    snprintf(out->alerts, sizeof out->alerts, directory ? "%s/alerts.mdb" : "", name);
    if (!directory || stat(out->alerts, &st) != 0)
        out->alerts[0] = '\0';
    snprintf(folder, sizeof folder, "%s", name);
    return take_folder(directory ? folder : dirname(folder), out);
}

/* ---- verify */

static void on_fault(void *ctx, const char *line)
{
    printf("%s: %s\n", (const char *)ctx, line);
    fflush(stdout); /* of a process that does not end as others do */
}

static enum cli_exit exit_of(enum health h)
{
    return h == HEALTH_GOOD ? CLI_OK : h == HEALTH_SEALED ? CLI_FAILED : CLI_USAGE;
}

static enum cli_exit check(char *file, void (*say)(void *ctx, const char *line),
                           struct health_report *r)
{
    fflush(stdout); /* or the other process would write it, too */
    if (health_check(file, say, file, r) != NABLA_OK)
        return cli_error(CLI_FAILED, "%s: no process could be made to read it", file);
    if (r->health == HEALTH_NEWER)
        return cli_error(CLI_USAGE, "%s: is of version %u; this nabla knows up to %d", file,
                         r->version, STORE_VERSION);
    if (r->health != HEALTH_GOOD && r->health != HEALTH_SPOILT)
        return cli_error(exit_of(r->health), "%s: %s", file, health_text(r->health));
    return CLI_OK;
}

static enum cli_exit verify_file(char *file)
{
    struct health_report r;
    char made[TIME_TEXT_MAX];
    enum cli_exit status = check(file, on_fault, &r);
    if (status != CLI_OK)
        return status;
    time_write(made, r.meta.made_ns);
    printf("%s: %s: version %u, made %s; %llu series, %llu points", file, health_text(r.health),
           r.version, made, (unsigned long long)r.series, (unsigned long long)r.points);
    if (r.alerts > 0)
        printf(", %llu alerts", (unsigned long long)r.alerts);
    if (r.health == HEALTH_SPOILT)
        printf("; damaged: %llu values, %llu series", (unsigned long long)r.bad_values,
               (unsigned long long)r.bad_series);
    printf("\n");
    status = cli_flush();
    return status == CLI_OK ? exit_of(r.health) : status;
}

static enum cli_exit verify(struct place *at)
{
    enum cli_exit series = verify_file(at->file);
    enum cli_exit alerts = at->alerts[0] != '\0' ? verify_file(at->alerts) : CLI_OK;
    return series != CLI_OK ? series : alerts;
}

/* ---- dump */

/* Numbers of series by the place that they had: their points come after all series. */
struct dump {
    struct state_numbers numbers;
    uint32_t n;
    bool failed; /* no memory, or labels that JSON does not hold */
};

static void print_line(struct dump *d, json_t *line)
{
    if (line == NULL || json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17)) != 0)
        d->failed = true;
    else
        putchar('\n');
    json_decref(line);
}

static void dump_chunk(struct dump *d, const struct store_value *v)
{
    struct saved_series in;
    const char *at = v->bytes, *end = v->bytes + v->n;
    while (at < end) {
        if (saved_get(&at, end, &in) != NABLA_OK)
            continue;
        d->n++;
        struct key place = {
            KEY_POINTS, v->key.shard, v->key.number * SAVE_CHUNK + in.saved.place, {0}};
        if (in.saved.keeps && !state_numbers_add(&d->numbers, &place, d->n))
            d->failed = true;
        print_line(d, state_series_json(d->n, &in));
    }
}

static void on_value(void *ctx, const struct store_value *v)
{
    struct dump *d = ctx;
    uint32_t number;
    enum saved_kind kind;
    if (v->key.kind == KEY_CHUNK)
        dump_chunk(d, v);
    else if (health_alert_kind(&v->key, &kind))
        print_line(d, state_alert_json(v));
    else if (state_numbers_find(&d->numbers, &v->key, &number))
        print_line(d, state_points_json(number, v->bytes, v->n));
}

static enum cli_exit dump_file(char *file)
{
    struct health_report r;
    struct dump d = {.n = 0};
    uint64_t damaged = 0; /* the check has said so */
    enum cli_exit status = check(file, NULL, &r);
    if (status != CLI_OK)
        return status;
    if (r.health == HEALTH_SPOILT)
        (void)cli_error(CLI_OK, "%s: %s: what is good follows", file, health_text(r.health));
    if (health_read(file, on_value, &d, &damaged) != NABLA_OK)
        status = cli_error(CLI_FAILED, "%s: it could not be read", file);
    state_numbers_fini(&d.numbers);
    if (d.failed && status == CLI_OK)
        status = cli_error(CLI_FAILED, "some series or alerts could not be written as JSON");
    enum cli_exit flushed = cli_flush();
    return status != CLI_OK ? status : flushed;
}

static enum cli_exit dump(struct place *at)
{
    enum cli_exit series = dump_file(at->file);
    enum cli_exit alerts = at->alerts[0] != '\0' ? dump_file(at->alerts) : CLI_OK;
    return series != CLI_OK ? series : alerts;
}

/* ---- the command */

static enum cli_exit on_place(const char *name, enum cli_exit (*work)(struct place *at))
{
    struct place at;
    enum cli_exit status = find(name, &at);
    if (status != CLI_OK)
        return status;
    status = work(&at);
    close(at.folder);
    return status;
}

static enum cli_exit restore(int argc, char **argv, bool force)
{
    struct place at;
    if (argc > 2)
        return cli_error(CLI_USAGE, "restore makes one state of one file");
    enum cli_exit status = take_folder(argv[0], &at);
    if (status != CLI_OK)
        return status;
    status = state_restore(argv[0], at.folder, argc > 1 ? argv[1] : "-", force);
    close(at.folder);
    return status;
}

enum cli_exit state_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"force", no_argument, NULL, 'f'}, {0}};
    bool force = false;
    for (int got; (got = cli_option(argc, argv, ":hf", options)) != -1;) {
        if (got == 'h')
            return cli_help(help);
        if (got != 'f')
            return CLI_USAGE;
        force = true;
    }
    const char *verb = optind < argc ? argv[optind++] : "";
    bool verifies = strcmp(verb, "verify") == 0, dumps = strcmp(verb, "dump") == 0;
    if (!verifies && !dumps && strcmp(verb, "restore") != 0)
        return cli_error(CLI_USAGE, "state what? nabla state verify, dump or restore");
    if (optind == argc)
        return cli_error(CLI_USAGE, "state %s of which directory?", verb);
    if (!verifies && !dumps)
        return restore(argc - optind, argv + optind, force);
    if (force || argc - optind > 1)
        return cli_error(CLI_USAGE, "state %s takes one name, and no --force", verb);
    return on_place(argv[optind], verifies ? verify : dump);
}
