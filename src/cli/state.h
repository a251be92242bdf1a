/* cli/state.h -- what the files of nabla state share. */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli/cli.h"
#include "series/table_save.h"
#include "state/health.h"

enum { STATE_PATH_MAX = 4096 };

/* Which series had a place, or has a number: pairs in the order in which they were added. */
struct state_numbers {
    struct state_number {
        struct key place;
        uint32_t number;
    } * at; /* owned */
    size_t n, cap;
};
void state_numbers_fini(struct state_numbers *s); /* accepts a zeroed one */
/* Places are added in the order of keys, or numbers growing. False without memory. */
bool state_numbers_add(struct state_numbers *s, const struct key *place, uint32_t number);
bool state_numbers_find(const struct state_numbers *s, const struct key *place, uint32_t *number);
bool state_numbers_place(const struct state_numbers *s, uint32_t number, struct key *place);

/* Makes a state in a directory, which is taken, of the lines of a file; "-": standard input. force: one that is there
 * is replaced. */
enum cli_exit state_restore(const char *directory, int folder, const char *file, bool force);

#endif
