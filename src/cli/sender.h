/* cli/sender.h -- a file's lines to a nablad. */
#ifndef CLI_SENDER_H
#define CLI_SENDER_H

#include "cli/cli.h"
#include "cli/outlet.h"

#include <stdint.h>

struct send_options {
    const char *file; /* its name, for messages */
    const char *to_text;
    struct target to;
    struct outlet_guard guard;
    double speed; /* recorded seconds a second; 0: as fast as the socket takes the lines */
    bool now;     /* shift times so that the first is now */
    uint64_t repeat;
    int64_t precision_ns; /* of Influx lines */
    bool quiet;
};

/* Sends all lines that can be read from fd, and says what came of it on standard error. CLI_USAGE if
 * a line could not be read, CLI_FAILED if they could not be sent. */
enum cli_exit sender_run(const struct send_options *options, int fd);

#endif
