/* alerts/saved_parts.h -- records one behind the other, read from where they stand. Private to alerts. */
#ifndef ALERTS_SAVED_PARTS_H
#define ALERTS_SAVED_PARTS_H

#include "alerts/saved.h"

struct source {
    const char *at, *end;
    bool bad; /* it ended too early, or says what cannot be */
};

uint64_t source_get(struct source *s, int bytes);
void source_targets(struct source *s, uint64_t keys[static ALERT_TARGETS_MAX]);
void source_rule(struct source *s, struct saved_rule *out);
void source_alert(struct source *s, struct saved_alert *out);

#endif
