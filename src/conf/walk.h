/* conf/walk.h -- keys and lists of a tree, where each kind of mapping has a table of its own: what
 * rules.yaml and the tests of rules are read by. Private to this room. */
#ifndef CONF_WALK_H
#define CONF_WALK_H

#include "conf/document.h"

#include <stdint.h>

struct walk {
    const char *text;
    size_t n;
    yaml_document_t *doc;
    struct faults *faults;
    bool no_memory;
};

/* A key that a mapping may have. */
struct walk_key {
    const char *name;
    /* into: what the mapping is read into. NULL: it is refused, with what stands in `instead`. */
    void (*read)(struct walk *w, const char *name, const yaml_node_t *value, void *into);
    bool required;
    const char *instead;
};
enum { WALK_KEYS_MAX = 32 };

/* Each key by its row; unknown ones, doubles and required ones that are missing are faults. keys ends
 * with a NULL name; what: the mapping's name in messages, "a rule". */
void walk_mapping(struct walk *w, const struct walk_key *keys, const char *what,
                  const yaml_node_t *node, void *into);

/* How many items a list has; 0, and a fault, if it is none or has more than max. Nothing is 0 items. */
size_t walk_list(struct walk *w, const char *name, const yaml_node_t *node, size_t max);
const yaml_node_t *walk_item(struct walk *w, const yaml_node_t *list, size_t i);

/* One pair of a mapping after the other, keys that are no words and doubles being faults; false after
 * the last. *at starts at 0. */
bool walk_pair(struct walk *w, const yaml_node_t *mapping, size_t *at, const yaml_node_t **key,
               const yaml_node_t **value);

/* A scalar's text, owned by the caller; NULL, and a fault, if it is none or empty. */
char *walk_text(struct walk *w, const char *name, const yaml_node_t *node);

/* Nanoseconds, at most 52 weeks; *out is untouched, and there is a fault, if it is no duration. */
void walk_duration(struct walk *w, const char *name, const yaml_node_t *node, int64_t *out);

size_t walk_faults(const struct walk *w);

/* Reads text as a document whose top, NULL if there is none, `root` takes, into `into`; name
 * stands for the file. Errors: NABLA_EINVAL, each fault a line in errors; NABLA_ENOMEM. */
typedef void walk_root(struct walk *w, const yaml_node_t *root, void *into);
MUST_CHECK enum nabla_status walk_document(const char *name, const char *text, size_t n,
                                           walk_root *root, void *into, struct buf *errors);

/* Is it a scalar with something in it? If not, that is a fault. */
bool walk_scalar(struct walk *w, const char *name, const yaml_node_t *node);
const char *walk_bytes(const yaml_node_t *scalar, size_t *n);

#endif
