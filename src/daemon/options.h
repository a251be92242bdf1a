/* daemon/options.h -- nablad's command line. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *config; /* borrows argv; NULL: none was named */
    const char *replay; /* the same: a file of lines */
    bool check, version, help;
};

/* False, with one line on standard error, for words that are not understood. */
bool options_read(int argc, char **argv, struct options *out);
void options_help(void); /* to standard output */

#endif
