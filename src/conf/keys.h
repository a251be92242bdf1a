/* conf/keys.h -- the table of every key that nablad.yaml may have. Private to this room and its
 * tests. Ranges and defaults are texts, as the file, the messages and the documentation spell them. */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
    CONF_SECTION,   /* of keys */
    CONF_LISTENERS, /* a list, read into struct conf_listener */
    CONF_PREFIXES,  /* a list, read into struct prefixes */
    CONF_NAMES,     /* a list of texts, read into struct conf_names */
    CONF_RULES,     /* a list, read into struct policy_rule */
    CONF_PEERS,     /* a list, read into struct conf_peers */
    CONF_TEMPLATES, /* a list of texts, read into struct path_templates */
    CONF_PUSHES,    /* a list, read into struct conf_push */
    CONF_MATCHES,   /* a list of them, read into struct conf_selectors */
    CONF_TEXT,      /* read into a char[], which it fits */
    CONF_FILE,      /* the same, the name of a file: beside this one unless it begins with / */
    CONF_INTEGER,
    CONF_SIZE,     /* bytes */
    CONF_DURATION, /* nanoseconds */
    CONF_NUMBER,   /* a double */
    CONF_NUMBERS,  /* a list of them, read into struct limits */
    CONF_WORD,
    CONF_WORDS, /* a list of them, a bit each: (1 << value), read into a uint32_t */
    CONF_LATE,  /* a word, or {reorder: duration} */
    CONF_ADDRESS,
    CONF_SELECTOR,
    CONF_SELECTORS, /* a list, read into struct exposure, as CONF_RELABEL is */
    CONF_RELABEL,   /* a list of rules */
    CONF_FILES,     /* one, or a list of them, read into struct conf_files */
};

struct conf_word {
    const char *text;
    int64_t value;
};

struct conf_key {
    const char *path; /* "ingest.listeners[].address": [] stands for each item of a list */
    enum conf_type type;
    const char *fallback;  /* if the file does not say; NULL: then it is required, or inherited */
    const char *min, *max; /* of integers, sizes, durations and numbers */
    const struct conf_word *words; /* ended by a NULL text. Of a duration: what else may stand */
    bool required;
    bool restart; /* a change takes effect when nablad is started again */
    /* The member in what the key is read into: the list's item, else struct conf. */
    size_t offset, size;
};

enum { CONF_KEYS_MAX = 192 };
extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n; /* at most CONF_KEYS_MAX */

/* True if key stands directly in the section or item `parent` ("" for the top level). */
bool conf_key_in(const struct conf_key *key, const char *parent);

/* The last word of its path. */
const char *conf_key_name(const struct conf_key *key);

/* The key of that name in parent, or NULL. */
const struct conf_key *conf_key_find(const char *parent, const char *name, size_t n);

#endif
