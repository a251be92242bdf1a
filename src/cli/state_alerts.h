/* cli/state_alerts.h -- what alerts/saved.h says in bytes, as JSON and back.
 *
 *     {"targets":[7,0,...]}
 *     {"rule":0,"group":"g","name":"A","match":"t","when":"value > 1","labels":[["severity","page"]],"annotations":[]}
 *     {"alert":17,"rule":0,"labels":{"__name__":"t"},"phase":"firing","active":...,"told":[[0,true,...]],"facts":[...]}
 *
 * Times and numbers are as in cli/state_json.h. An alert is of a rule that came before it, by that rule's number. */
#ifndef CLI_STATE_ALERTS_H
#define CLI_STATE_ALERTS_H

#include "state/health.h"

#include <jansson.h>

/* A new object; NULL without memory, or for what JSON does not hold. v is a good value of alerts'. */
json_t *state_alert_json(const struct store_value *v);

/* True if a line is about alerts. */
bool state_alert_is(const json_t *line);

/* Appends a record's bytes to out, and says what its key is. Errors: NABLA_EINVAL: *why says what is wrong with it;
 * static. NABLA_ENOMEM. */
MUST_CHECK enum nabla_status state_alert_read(const json_t *line, struct buf *out, struct key *key,
                                              const char **why);

#endif
