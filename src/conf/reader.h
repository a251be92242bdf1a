/* conf/reader.h -- what the files that read a block of nablad.yaml share: the document that is being walked, and
 * the steps that any list of mappings needs. Private to this room, as read_*.h are.
 *
 * All of them add a fault, with its place, where what they find is not what the key wants, and go on; a caller that
 * has to know looks at reader_faults before and after. */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "conf/document.h"
#include "conf/faults.h"
#include "conf/keys.h"

struct reader {
    const char *text;
    size_t n;
    yaml_document_t *doc;
    struct conf *conf;
    struct faults *faults;
    yaml_node_t *rules; /* the value of `series`, kept for the end; NULL: there is none */
    bool no_memory;
};

/* How many faults there are so far, those without room among them. */
size_t reader_faults(const struct reader *r);

/* "KEY must be ..., not ..." */
void reader_wrong_shape(struct reader *r, const struct conf_key *key, const yaml_node_t *node);

/* The keys of a mapping into the members that their rows in `parent` name. */
void reader_mapping(struct reader *r, const char *parent, const yaml_node_t *map, void *into);

/* How many items a list has, at most max: those behind are a fault. 0 if it is none. */
size_t reader_list(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                   size_t max);

/* The i-th item of a list of mappings, `parent` in messages; NULL if it is no mapping. */
yaml_node_t *reader_item(struct reader *r, const char *parent, const yaml_node_t *list, size_t i);

/* n things of a size, zeroed, for struct conf to own; NULL, and r->no_memory, if there is no memory. */
void *reader_room(struct reader *r, size_t n, size_t size);

/* An item (NULL: it is none) over the defaults of its keys; false if it cannot be read. */
bool reader_fill(struct reader *r, const char *parent, const yaml_node_t *item, void *into);

/* "PARENT.KEY: why", where the key stands, or else the item. */
void reader_refuse(struct reader *r, const char *parent, const yaml_node_t *item, const char *key,
                   const char *why);

#endif
