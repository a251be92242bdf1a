/* conf/rules_file.h -- rules.yaml as compiled rules. The file has Prometheus' shape: groups of rules,
 * each with alert, for, keep_firing_for, labels and annotations; match, when, clear, no_data and
 * min_confidence stand for its expr. docs/alerts.md has every key. */
#ifndef CONF_RULES_FILE_H
#define CONF_RULES_FILE_H

#include "base/buf.h"
#include "numeric/status.h"
#include "rules/rule.h"

#include <stddef.h>

/* Adds the groups of a file to *rules. Errors: NABLA_EIO, NABLA_EINVAL, NABLA_ENOMEM; *rules may then
 * hold some of the file's groups, and every fault found has been appended to errors, in the file's
 * order, a line each: "file:line:column: what is wrong". */
MUST_CHECK enum nabla_status rules_read_file(const char *path, struct rules *rules,
                                             struct buf *errors);

/* The same of bytes; name stands for the file. */
MUST_CHECK enum nabla_status rules_read_text(const char *name, const char *text, size_t n,
                                             struct rules *rules, struct buf *errors);

#endif
