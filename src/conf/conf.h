/* conf/conf.h -- nablad.yaml as a struct. Every key, its type, unit, range and default stand once,
 * in conf/keys.c; config/nablad.yaml documents them, and a test holds the two together. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/buf.h"
#include "base/log.h"
#include "base/prefix.h"
#include "numeric/status.h"
#include "rules/rule.h"
#include "series/exposure.h"
#include "series/policy.h"
#include "wire/path_template.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CONF_FILE_MAX = 1024 * 1024, /* bytes */
    CONF_LISTENERS_MAX = 32,
    CONF_ADDRESS_MAX = 64, /* "[::1]:65535", with room */
    CONF_ERRORS_MAX = 64,  /* reported; the rest are counted */
    CONF_FILES_MAX = 16,   /* of rules */
    CONF_PEERS_MAX = 8,    /* of each kind */
    CONF_URL_MAX = 1024,   /* bytes, as of the texts that follow, the NUL among them */
    CONF_NAME_MAX = 256,
    CONF_PATH_MAX = 1024,
    CONF_NAMES_MAX = 16, /* in a list */
};

enum transport { TRANSPORT_TCP, TRANSPORT_UDP };
enum { CONF_FORMAT_PICKLE = 5 };

struct conf_address {
    char host[CONF_ADDRESS_MAX]; /* numeric IPv4 or IPv6, no brackets */
    uint16_t port;               /* 0: the system chooses */
};

/* Zeros behind each: two lists are compared by their bytes. */
struct conf_names {
    char at[CONF_NAMES_MAX][CONF_NAME_MAX];
    uint32_t n;
};

struct conf_listener {
    struct conf_address address;
    enum transport transport;
    int format; /* enum line_format of wire/lines.h: 0 auto, 1 influx, 2 graphite, 3 json, 4 statsd, 5 pickle */
    int64_t precision_ns;  /* of Influx timestamps: 1, 1000, 1000000, 1000000000 */
    struct prefixes allow; /* who may send; none: everybody */
    char cert_file[CONF_PATH_MAX], key_file[CONF_PATH_MAX]; /* TLS; "": none */
    char client_ca_file
        [CONF_PATH_MAX]; /* who signs clients' certificates; "": nobody is asked for one */
    struct conf_names client_sans; /* of which a client's certificate must have one; none: any */
    char hmac_key_file[CONF_PATH_MAX]; /* UDP: datagrams must be signed; "": they need not be */
    int64_t hmac_window_ns;            /* how far a signer's clock may be from this one; 30 s */
    int insecure;                      /* 1: strangers may reach it, and that is meant */
};

/* What POST /api/v1/gradient may ask for. */
struct conf_gradient {
    uint32_t max_body;       /* bytes; 32 MiB */
    uint32_t max_elements;   /* of all results together; 4,194,304 */
    uint32_t max_dimensions; /* 32 */
    uint32_t max_jobs;       /* at once, from the body's first bytes to the answer's last; 8 */
    int64_t timeout_ns;      /* from when the body has come whole; 10 s */
};

/* Files that nablad.yaml names, as it names them. */
struct conf_files {
    char *at[CONF_FILES_MAX]; /* owned */
    uint32_t n;
};

/* Somebody whom nablad speaks to, mostly by HTTP. Texts that the file does not have are "". */
struct conf_peer {
    char url[CONF_URL_MAX];
    int64_t timeout_ns; /* of one request; 10 s */
    char username[CONF_NAME_MAX];
    char password_file[CONF_PATH_MAX], bearer_token_file[CONF_PATH_MAX];
    char ca_file[CONF_PATH_MAX], cert_file[CONF_PATH_MAX], key_file[CONF_PATH_MAX];
    int verify; /* the server's certificate; 1 */
};

struct conf_peers {
    struct conf_peer *at; /* owned */
    uint32_t n;
};

/* Who is told of alerts. */
struct conf_alerting {
    int64_t resend_ns; /* to Alertmanagers; 1 m */
    int64_t repeat_ns; /* to webhooks; 4 h */
    char external_url[CONF_URL_MAX];
    struct conf_peers alertmanagers, webhooks; /* each URL once in each */
};

enum {
    CONF_PUSH_MAX = 32,      /* targets */
    CONF_SELECTORS_MAX = 64, /* of one */
};

enum push_format { PUSH_INFLUX, PUSH_GRAPHITE, PUSH_REMOTE_WRITE };
enum push_scheme { PUSH_TCP, PUSH_UDP, PUSH_HTTP };
enum push_compression { PUSH_PLAIN, PUSH_GZIP };
enum push_corrections { PUSH_CORRECTIONS_AUTO, PUSH_CORRECTIONS_SEND, PUSH_CORRECTIONS_DROP };

struct conf_selectors {
    struct selector **at; /* owned, and each of them */
    uint32_t n;
};

/* Where final points are sent. */
struct conf_push {
    struct conf_peer peer; /* the first member: its keys are read as those of any peer */
    char
        name[CONF_NAME_MAX]; /* unlike all others; the URL without its query if the file has none */
    int format;              /* enum push_format */
    int corrections;         /* enum push_corrections; auto has been decided */
    int compression;         /* enum push_compression, of influx by HTTP */
    uint32_t fields;         /* of a point: bits (1 << enum field) of wire/fields.h; one at least */
    struct conf_selectors match; /* none: every series */
    uint32_t batch;              /* points that are sent at once; 5,000 */
    int64_t flush_ns;            /* after which fewer are sent; 1 s */
    uint64_t buffer;             /* bytes that wait; 256 MiB */
    /* read from the URL */
    enum push_scheme scheme;
    char host[CONF_NAME_MAX], port[8]; /* of TCP and UDP: an address or a name, without brackets */
};

struct conf_pushes {
    struct conf_push *at; /* owned */
    uint32_t n;
};
void conf_pushes_fini(struct conf_pushes *p); /* frees what it owns; accepts a zeroed one */

struct access; /* of doors/access.h */

struct conf {
    struct {
        uint32_t threads;                     /* 1..32 */
        uint32_t max_line;                    /* bytes, 64 KiB; 256 bytes .. 64 KiB */
        uint32_t max_connections;             /* TCP, all listeners together; 1024 */
        uint32_t max_connections_per_address; /* 256 */
        int64_t handshake_timeout_ns;         /* of TLS; 10 s */
        int64_t idle_timeout_ns;              /* TCP, without a whole line; 0: never; 1 h */
        uint32_t receive_buffer;              /* bytes asked of the kernel for UDP, 4 MiB */
        struct conf_listener listeners[CONF_LISTENERS_MAX];
        uint32_t listeners_n;
    } ingest;
    struct {
        struct conf_address listen;
        uint32_t max_connections;             /* 256 */
        uint32_t max_connections_per_address; /* 64 */
        int64_t timeout_ns;         /* a connection that is silent for so long is closed; 30 s */
        int64_t request_timeout_ns; /* a request must have come whole by then; 10 s */
        int64_t answer_timeout_ns;  /* an answer must have been taken by then; 5 min */
        int64_t query_timeout_ns;   /* it must have been prepared by then; 30 s */
        uint32_t max_streams;       /* event streams at once; 64 */
        uint32_t max_streams_per_address; /* 16 */
        uint32_t max_body;                /* bytes of samples that are posted; 32 MiB */
        uint64_t max_memory;       /* bytes that answers and bodies on their way hold; 128 MiB */
        uint32_t max_decompressed; /* the same, once they are unpacked; 64 MiB */
        uint32_t auth_failures;    /* a minute from one address; 10 */
        int insecure;              /* others may reach it, and everybody may do everything; 0 */
        char web_config[CONF_PATH_MAX]; /* web.yml; "": none */
    } http;
    struct access *access; /* what web.yml holds; held; NULL: everybody may do everything. Only
                              conf_read_file reads it */
    struct conf_gradient gradient;
    struct {
        uint32_t max_series;              /* 1,000,000 */
        uint32_t max_series_per_source;   /* 500,000 */
        uint64_t label_memory;            /* bytes of the labels of all series; 128 MiB */
        uint64_t label_memory_per_source; /* of those that one sender adds; 64 MiB */
        int64_t max_future_ns;            /* 1 h */
        uint32_t max_alerts;              /* at once; 100,000 */
        uint64_t keep_memory;             /* bytes of kept points, all series together; 64 MiB */
    } limits;
    struct exposure *exposure; /* key `metrics:`; held; NULL: all, as it is */
    struct {
        enum log_level level; /* info */
    } log;
    struct {
        char directory[CONF_PATH_MAX]; /* what outlives a restart; "": nothing does */
        int64_t interval_ns;           /* between snapshots of series; 10 s */
        int journal;          /* what comes by HTTP is on the disk before it is acknowledged */
        uint64_t journal_max; /* bytes, 1 GiB */
    } state;
    struct conf_pushes push;
    struct conf_alerting alerting;
    int64_t shutdown_timeout_ns;     /* SIGTERM is obeyed within it; 5 s */
    struct policies policies;        /* keys `defaults:` and `series:` */
    struct conf_files rule_files;    /* key `rules:` */
    struct rules rules;              /* what they hold; empty unless conf_read_file has read them */
    struct path_templates templates; /* key `graphite.templates`; owned */
};

/* All of the defaults, as config/nablad.yaml states them; one TCP and one UDP listener. */
void conf_default(struct conf *c);
void conf_fini(struct conf *c); /* frees what it owns; accepts a zeroed one */

/* Reads a file over the defaults into *c, which is written over, not ended, and the files that it names
 * (rules, web.yml and its certificates), which stand beside it unless they begin with /. Errors: NABLA_EIO (the
 * file cannot be read), NABLA_EINVAL, NABLA_ENOMEM. Then *c is untouched, and every fault found has
 * been appended to errors, in the file's order, a line each:
 * "file:line:column: what is wrong; did you mean ...?" */
MUST_CHECK enum nabla_status conf_read_file(const char *path, struct conf *c, struct buf *errors);

/* The same of bytes, without the files that they name; name stands for the file in errors. */
MUST_CHECK enum nabla_status conf_read_text(const char *name, const char *text, size_t n,
                                            struct conf *c, struct buf *errors);

/* Words for the keys whose change needs a restart and that differ between a and b, comma-separated
 * ("ingest.listeners, http.listen"), appended to out; nothing if none does. */
void conf_restart_keys(const struct conf *a, const struct conf *b, struct buf *out);

#endif
