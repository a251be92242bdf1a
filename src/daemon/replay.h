/* daemon/replay.h -- recorded lines through the table at full speed, time being the samples' own. */
#ifndef DAEMON_REPLAY_H
#define DAEMON_REPLAY_H

#include "conf/conf.h"

#include <stdio.h>

/* Reads lines of any of the formats from a file ("-": standard input) and writes every final point to out,
 * a JSON object a line, as it becomes final; the end of the input ends every series. Refused lines are
 * logged to standard error, with a count of everything at the end. The same input and configuration give
 * the same bytes. conf is taken over.
 * Errors, logged: NABLA_EIO (input or output), NABLA_ENOMEM. */
MUST_CHECK enum nabla_status replay(struct conf *conf, const char *path, FILE *out);

#endif
