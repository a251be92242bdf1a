/* conf/document.h -- bytes to one YAML document's tree, plain enough to walk without fear: of bounded
 * depth, without aliases, anchors and tags. Private to this room. */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "conf/faults.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <yaml.h>

enum { DOCUMENT_DEPTH_MAX = 16 }; /* nablad.yaml needs four */

/* Errors: NABLA_EINVAL, a fault has then been added; NABLA_ENOMEM. *out is for
 * yaml_document_delete; an empty file has no root node. */
MUST_CHECK enum nabla_status document_load(const char *text, size_t n, yaml_document_t *out,
                                           struct faults *faults);

struct place place_of_node(const yaml_node_t *node);

/* Where the offset-th byte of a scalar stands in the text it was loaded from: the scalar's own place
 * if it spans lines or is escaped in ways that are not followed. */
struct place place_in_scalar(const char *text, size_t n, const yaml_node_t *node, size_t offset);

/* A value left out: nothing, ~ or null, without quotes. */
bool node_is_null(const yaml_node_t *node);

/* "nothing", "a list", "keys with values" or "text"; static. */
const char *node_noun(const yaml_node_t *node);

/* The value of the first key of that name in a mapping, or NULL. */
yaml_node_t *node_value(yaml_document_t *doc, const yaml_node_t *mapping, const char *name);

#endif
