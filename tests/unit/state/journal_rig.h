/* tests/unit/state/journal_rig.h -- a journal in a folder of its own, which is gone after the test; entries that
 * are told by a number in their body. */
#ifndef TESTS_STATE_JOURNAL_RIG_H
#define TESTS_STATE_JOURNAL_RIG_H

#include "base/buf.h"
#include "state/journal.h"
#include "state/journal_read.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

enum { PATIENCE_S = 60, MANY = 64 * 1024 * 1024 };

struct rig {
    char directory[64];
    struct journal *journal;
    struct buf told; /* bodies of a replay, each behind a blank */
    atomic_int calls;
};

static inline void rig_open(struct rig *r, uint64_t max_bytes)
{
    struct journal_options o = {.directory = r->directory, .max_bytes = max_bytes};
    ck_assert_int_eq(journal_new(&o, &r->journal), NABLA_OK);
}

static inline void rig_begin(struct rig *r)
{
    memset(r, 0, sizeof *r);
    strcpy(r->directory, "/tmp/journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(r->directory));
}

static inline void rig_close(struct rig *r)
{
    journal_stop(r->journal);
    journal_free(r->journal);
    r->journal = NULL;
}

static inline void rig_end(struct rig *r)
{
    char path[400];
    struct dirent *e;
    rig_close(r);
    DIR *d = opendir(r->directory);
    while (d != NULL && (e = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", r->directory, e->d_name);
        unlink(path);
    }
    closedir(d);
    ck_assert_int_eq(rmdir(r->directory), 0);
    buf_fini(&r->told);
}

static inline void rig_on_entry(void *ctx, const struct journal_entry *e)
{
    struct rig *r = ctx;
    buf_char(&r->told, ' ');
    buf_add(&r->told, e->body, e->n);
}

/* What a start finds, as text. */
static inline const char *rig_replay(struct rig *r)
{
    buf_clear(&r->told);
    ck_assert_int_eq(journal_replay(r->journal, rig_on_entry, r), NABLA_OK);
    buf_char(&r->told, '\0');
    return r->told.at;
}

static inline struct journal_entry entry_of(const char *body)
{
    return (struct journal_entry){.kind = JOURNAL_LINES,
                                  .format = 1,
                                  .precision_ns = 1000,
                                  .received_ns = 42,
                                  .body = body,
                                  .n = (uint32_t)strlen(body)};
}

static inline enum journal_answer rig_put(struct rig *r, const char *body,
                                          struct journal_ticket *ticket)
{
    struct journal_entry e = entry_of(body);
    return journal_put(r->journal, &e, ticket);
}

/* What became of it, once that is known. */
static inline enum journal_fate rig_wait(struct rig *r, const struct journal_ticket *ticket)
{
    journal_commit(r->journal);
    for (int i = 0; i < PATIENCE_S * 1000; i++) {
        enum journal_fate fate = journal_look(r->journal, ticket);
        if (fate != JOURNAL_WAITS)
            return fate;
        usleep(1000);
    }
    ck_abort_msg("nobody says what became of it");
}

/* One entry, safe. */
static inline void rig_save(struct rig *r, const char *body)
{
    struct journal_ticket ticket = {0};
    ck_assert_int_eq(rig_put(r, body, &ticket), JOURNAL_TAKEN);
    ck_assert_int_eq(rig_wait(r, &ticket), JOURNAL_SAFE);
}

static inline struct journal_figures rig_figures(struct rig *r)
{
    struct journal_figures f;
    journal_figures(r->journal, &f);
    return f;
}

/* How many files there are whose names end like that; the path of the last by name. */
static inline int rig_files(struct rig *r, const char *ending, char path[400])
{
    struct dirent **all;
    int n = scandir(r->directory, &all, NULL, alphasort), found = 0;
    for (int i = 0; i < n; i++) {
        size_t length = strlen(all[i]->d_name), e = strlen(ending);
        bool bad = length > 4 && strcmp(all[i]->d_name + length - 4, ".bad") == 0;
        if (strncmp(all[i]->d_name, "journal-", 8) == 0 && bad == (e > 0)) {
            snprintf(path, 400, "%s/%s", r->directory, all[i]->d_name);
            found++;
        }
        free(all[i]);
    }
    free(all);
    return found;
}

#endif
