/* conf/read_values.h -- the value of one key, into its member of `into`. Private to this room. */
#ifndef CONF_READ_VALUES_H
#define CONF_READ_VALUES_H

#include "conf/reader.h"

/* A scalar by its row's type, CONF_SELECTOR among them. */
void read_scalar(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into);

/* Lists: CONF_MATCHES, CONF_NUMBERS, CONF_WORDS, CONF_PREFIXES, CONF_NAMES; CONF_FILES, where one stands for itself. */
void read_matches(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                  void *into);
void read_numbers(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                  void *into);
void read_prefixes(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                   void *into);
void read_names(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into);
void read_words(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into);
void read_files(struct reader *r, const struct conf_key *key, const yaml_node_t *node);

/* CONF_LATE: a word, or {reorder: 2s}. */
void read_late(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into);

#endif
