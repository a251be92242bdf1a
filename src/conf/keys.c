/* conf/keys.c -- the table. What is added here is read, checked, suggested and, where `restart`
 * says so, reported; test_keys.c then fails until config/nablad.yaml and docs/configuration.md
 * have it, too. */
#include "conf/keys.h"

#include "base/clock.h"
#include "conf/conf.h"
#include "wire/fields.h"

#include <string.h>

static const struct conf_word protocols[] = {{"tcp", TRANSPORT_TCP}, {"udp", TRANSPORT_UDP}, {0}};

/* enum line_format of wire/lines.h, which this room does not see */
static const struct conf_word formats[] = {
    {"auto", 0}, {"influx", 1}, {"graphite", 2},
    {"json", 3}, {"statsd", 4}, {"pickle", CONF_FORMAT_PICKLE},
    {0}};

static const struct conf_word precisions[] = {
    {"ns", 1}, {"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}, {0}};

static const struct conf_word levels[] = {{"debug", LOG_LEVEL_DEBUG},
                                          {"info", LOG_LEVEL_INFO},
                                          {"warn", LOG_LEVEL_WARN},
                                          {"error", LOG_LEVEL_ERROR},
                                          {0}};

static const struct conf_word kinds[] = {{"gauge", KIND_GAUGE}, {"counter", KIND_COUNTER}, {0}};

static const struct conf_word pers[] = {
    {"1s", PER_SECOND}, {"1m", PER_MINUTE}, {"1h", PER_HOUR}, {0}};

static const struct conf_word on_nans[] = {
    {"skip", ON_NAN_SKIP}, {"break", ON_NAN_BREAK}, {"propagate", ON_NAN_PROPAGATE}, {0}};

static const struct conf_word on_silences[] = {
    {"stale", ON_SILENCE_STALE}, {"zero", ON_SILENCE_ZERO}, {"hold", ON_SILENCE_HOLD}, {0}};

static const struct conf_word wraps[] = {{"none", 0}, {"32", 32}, {"64", 64}, {0}};

static const struct conf_word yes_or_no[] = {{"false", false}, {"true", true}, {0}};

/* In YAML 1.1 all three mean false, which is what a program that reads and writes a file makes of them. */
static const struct conf_word off[] = {{"off", 0}, {"false", 0}, {"no", 0}, {0}};

static const struct conf_word lates[] = {{"insert", LATE_INSERT}, {"drop", LATE_DROP}, {0}};

static const struct conf_word same_as_stale[] = {{"stale_after", 0}, {0}};
static const struct conf_word never[] = {{"never", 0}, {0}};

static const struct conf_word push_formats[] = {
    {"influx", PUSH_INFLUX}, {"graphite", PUSH_GRAPHITE}, {"remote_write", PUSH_REMOTE_WRITE}, {0}};

static const struct conf_word push_corrections[] = {{"auto", PUSH_CORRECTIONS_AUTO},
                                                    {"send", PUSH_CORRECTIONS_SEND},
                                                    {"drop", PUSH_CORRECTIONS_DROP},
                                                    {0}};

static const struct conf_word push_compressions[] = {
    {"none", PUSH_PLAIN}, {"gzip", PUSH_GZIP}, {0}};

static const struct conf_word push_fields[] = {{"rate", FIELD_RATE},   {"value", FIELD_VALUE},
                                               {"accel", FIELD_ACCEL}, {"error", FIELD_ERROR},
                                               {"trend", FIELD_TREND}, {0}};

#define AT(type, member)   .offset = offsetof(type, member), .size = sizeof((type *)0)->member
#define RANGE(least, most) .min = least, .max = most

/* Keys of `defaults` and, inherited from there, of each item of `series`. */
/* clang-format off */
#define POLICY_KEYS(parent, type, at, or)                                                          \
    {parent ".kind", CONF_WORD, or("gauge"), .words = kinds, AT(type, at.kind)},                   \
    {parent ".per", CONF_WORD, or("1s"), .words = pers, AT(type, at.per)},                         \
    {parent ".on_nan", CONF_WORD, or("skip"), .words = on_nans, AT(type, at.on_nan)},              \
    {parent ".edge_order", CONF_INTEGER, or("1"), RANGE("1", "2"), AT(type, at.edge_order)},       \
    {parent ".min_dt", CONF_DURATION, or("off"), RANGE("1us", "1h"), .words = off,                 \
     AT(type, at.min_dt_ns)},                                                                      \
    {parent ".resolution", CONF_NUMBER, or("off"), RANGE("0", "1e300"), .words = off,              \
     AT(type, at.resolution)},                                                                     \
    {parent ".sigma", CONF_NUMBER, or("off"), RANGE("0", "1e300"), .words = off,                   \
     AT(type, at.sigma)},                                                                          \
    {parent ".max_rate", CONF_NUMBER, or("off"), RANGE("0", "1e300"), .words = off,                \
     AT(type, at.max_rate)},                                                                       \
    {parent ".wrap", CONF_WORD, or("none"), .words = wraps, AT(type, at.wrap)},                    \
    {parent ".trend", CONF_DURATION, or("off"), RANGE("1ms", "52w"), .words = off,                 \
     AT(type, at.trend_ns)},                                                                       \
    {parent ".limits", CONF_NUMBERS, or("[]"), AT(type, at.limits)},                               \
    {parent ".keep", CONF_DURATION, or("off"), RANGE("1s", "52w"), .words = off,                   \
     AT(type, at.keep_ns)},                                                                        \
    {parent ".extremes", CONF_WORD, or("false"), .words = yes_or_no, AT(type, at.extremes)},       \
    {parent ".late", CONF_LATE, or("insert"), RANGE("1ms", "1h"), .words = lates,                  \
     AT(type, at.late_ns)},                                                                        \
    {parent ".on_silence", CONF_WORD, or("stale"), .words = on_silences, AT(type, at.on_silence)}, \
    {parent ".max_gap", CONF_DURATION, or("stale_after"), RANGE("1us", "52w"),                     \
     .words = same_as_stale, AT(type, at.max_gap_ns)},                                             \
    {parent ".stale_after", CONF_DURATION, or("5m"), RANGE("1ms", "52w"),                          \
     AT(type, at.stale_after_ns)},                                                                 \
    {parent ".expire_after", CONF_DURATION, or("1h"), RANGE("1ms", "52w"),                         \
     AT(type, at.expire_after_ns)}
/* clang-format on */
/* Keys of each whom nablad speaks HTTP to. */
/* clang-format off */
#define PEER_KEYS(parent)                                                                          \
    {parent ".url", CONF_TEXT, .required = true, AT(struct conf_peer, url)},                       \
    {parent ".timeout", CONF_DURATION, "10s", RANGE("100ms", "10m"),                               \
     AT(struct conf_peer, timeout_ns)},                                                            \
    {parent ".username", CONF_TEXT, "", AT(struct conf_peer, username)},                           \
    {parent ".password_file", CONF_FILE, "", AT(struct conf_peer, password_file)},                 \
    {parent ".bearer_token_file", CONF_FILE, "", AT(struct conf_peer, bearer_token_file)},         \
    {parent ".ca_file", CONF_FILE, "", AT(struct conf_peer, ca_file)},                             \
    {parent ".cert_file", CONF_FILE, "", AT(struct conf_peer, cert_file)},                         \
    {parent ".key_file", CONF_FILE, "", AT(struct conf_peer, key_file)},                           \
    {parent ".verify", CONF_WORD, "true", .words = yes_or_no, AT(struct conf_peer, verify)}
/* clang-format on */
_Static_assert(offsetof(struct conf_push, peer) == 0, "read as any peer");
#define OR(text)           text
#define OR_INHERITED(text) NULL

const struct conf_key conf_keys[] = {
    {.path = "ingest", .type = CONF_SECTION},
    {"ingest.threads", CONF_INTEGER, "1", RANGE("1", "32"), .restart = true,
     AT(struct conf, ingest.threads)},
    {"ingest.max_line", CONF_SIZE, "64KiB", RANGE("256", "64KiB"), .restart = true,
     AT(struct conf, ingest.max_line)},
    {"ingest.max_connections", CONF_INTEGER, "1024", RANGE("1", "65536"), .restart = true,
     AT(struct conf, ingest.max_connections)},
    {"ingest.max_connections_per_address", CONF_INTEGER, "256", RANGE("1", "65536"),
     .restart = true, AT(struct conf, ingest.max_connections_per_address)},
    {"ingest.idle_timeout", CONF_DURATION, "1h", RANGE("1s", "52w"), .words = never,
     .restart = true, AT(struct conf, ingest.idle_timeout_ns)},
    {"ingest.handshake_timeout", CONF_DURATION, "10s", RANGE("1s", "1h"), .restart = true,
     AT(struct conf, ingest.handshake_timeout_ns)},
    {"ingest.receive_buffer", CONF_SIZE, "4MiB", RANGE("4KiB", "1GiB"), .restart = true,
     AT(struct conf, ingest.receive_buffer)},
    {.path = "ingest.listeners", .type = CONF_LISTENERS, .restart = true},
    {"ingest.listeners[].address", CONF_ADDRESS, .required = true, .restart = true,
     AT(struct conf_listener, address)},
    {"ingest.listeners[].protocol", CONF_WORD, .words = protocols, .required = true,
     .restart = true, AT(struct conf_listener, transport)},
    {"ingest.listeners[].format", CONF_WORD, "auto", .words = formats, .restart = true,
     AT(struct conf_listener, format)},
    {"ingest.listeners[].precision", CONF_WORD, "ns", .words = precisions, .restart = true,
     AT(struct conf_listener, precision_ns)},
    {"ingest.listeners[].allow", CONF_PREFIXES, "[]", .restart = true,
     AT(struct conf_listener, allow)},
    {"ingest.listeners[].cert_file", CONF_FILE, "", .restart = true,
     AT(struct conf_listener, cert_file)},
    {"ingest.listeners[].key_file", CONF_FILE, "", .restart = true,
     AT(struct conf_listener, key_file)},
    {"ingest.listeners[].client_ca_file", CONF_FILE, "", .restart = true,
     AT(struct conf_listener, client_ca_file)},
    {"ingest.listeners[].client_allowed_sans", CONF_NAMES, "[]", .restart = true,
     AT(struct conf_listener, client_sans)},
    {"ingest.listeners[].hmac_key_file", CONF_FILE, "", .restart = true,
     AT(struct conf_listener, hmac_key_file)},
    {"ingest.listeners[].hmac_window", CONF_DURATION, "30s", RANGE("1s", "1h"), .restart = true,
     AT(struct conf_listener, hmac_window_ns)},
    {"ingest.listeners[].insecure", CONF_WORD, "false", .words = yes_or_no, .restart = true,
     AT(struct conf_listener, insecure)},

    {.path = "graphite", .type = CONF_SECTION},
    {"graphite.templates", CONF_TEMPLATES, "[]", AT(struct conf, templates)},

    {.path = "http", .type = CONF_SECTION},
    {"http.listen", CONF_ADDRESS, "127.0.0.1:9207", .restart = true, AT(struct conf, http.listen)},
    {"http.max_connections", CONF_INTEGER, "256", RANGE("1", "65536"), .restart = true,
     AT(struct conf, http.max_connections)},
    {"http.max_connections_per_address", CONF_INTEGER, "64", RANGE("1", "65536"), .restart = true,
     AT(struct conf, http.max_connections_per_address)},
    {"http.timeout", CONF_DURATION, "30s", RANGE("1s", "1h"), .restart = true,
     AT(struct conf, http.timeout_ns)},
    {"http.request_timeout", CONF_DURATION, "10s", RANGE("100ms", "1h"), .restart = true,
     AT(struct conf, http.request_timeout_ns)},
    {"http.answer_timeout", CONF_DURATION, "5m", RANGE("1s", "52w"), .restart = true,
     AT(struct conf, http.answer_timeout_ns)},
    {"http.query_timeout", CONF_DURATION, "30s", RANGE("100ms", "1h"), .restart = true,
     AT(struct conf, http.query_timeout_ns)},
    {"http.max_streams", CONF_INTEGER, "64", RANGE("0", "65536"), .restart = true,
     AT(struct conf, http.max_streams)},
    {"http.max_streams_per_address", CONF_INTEGER, "16", RANGE("0", "65536"), .restart = true,
     AT(struct conf, http.max_streams_per_address)},
    {"http.max_body", CONF_SIZE, "32MiB", RANGE("64KiB", "1GiB"), .restart = true,
     AT(struct conf, http.max_body)},
    {"http.max_decompressed", CONF_SIZE, "64MiB", RANGE("64KiB", "1GiB"), .restart = true,
     AT(struct conf, http.max_decompressed)},
    {"http.max_memory", CONF_SIZE, "128MiB", RANGE("1MiB", "1024GiB"), .restart = true,
     AT(struct conf, http.max_memory)},
    {"http.web_config", CONF_FILE, "", AT(struct conf, http.web_config)},
    {"http.insecure", CONF_WORD, "false", .words = yes_or_no, AT(struct conf, http.insecure)},
    {"http.auth_failures", CONF_INTEGER, "10", RANGE("1", "100000"), .restart = true,
     AT(struct conf, http.auth_failures)},

    {.path = "gradient", .type = CONF_SECTION},
    {"gradient.max_body", CONF_SIZE, "32MiB", RANGE("64KiB", "1GiB"), .restart = true,
     AT(struct conf, gradient.max_body)},
    {"gradient.max_elements", CONF_INTEGER, "4194304", RANGE("1", "268435456"), .restart = true,
     AT(struct conf, gradient.max_elements)},
    {"gradient.max_dimensions", CONF_INTEGER, "32", RANGE("1", "32"), .restart = true,
     AT(struct conf, gradient.max_dimensions)},
    {"gradient.max_jobs", CONF_INTEGER, "8", RANGE("0", "1024"), .restart = true,
     AT(struct conf, gradient.max_jobs)},
    {"gradient.timeout", CONF_DURATION, "10s", RANGE("10ms", "1h"), .restart = true,
     AT(struct conf, gradient.timeout_ns)},

    {.path = "limits", .type = CONF_SECTION},
    {"limits.max_series", CONF_INTEGER, "1000000", RANGE("1", "100000000"),
     AT(struct conf, limits.max_series)},
    {"limits.max_series_per_source", CONF_INTEGER, "500000", RANGE("1", "100000000"),
     AT(struct conf, limits.max_series_per_source)},
    {"limits.label_memory", CONF_SIZE, "128MiB", RANGE("64KiB", "1024GiB"),
     AT(struct conf, limits.label_memory)},
    {"limits.label_memory_per_source", CONF_SIZE, "64MiB", RANGE("64KiB", "1024GiB"),
     AT(struct conf, limits.label_memory_per_source)},
    {"limits.max_future", CONF_DURATION, "1h", RANGE("0s", "52w"),
     AT(struct conf, limits.max_future_ns)},
    {"limits.max_alerts", CONF_INTEGER, "100000", RANGE("1", "10000000"), .restart = true,
     AT(struct conf, limits.max_alerts)},
    {"limits.keep_memory", CONF_SIZE, "64MiB", RANGE("0", "1024GiB"),
     AT(struct conf, limits.keep_memory)},

    {.path = "metrics", .type = CONF_SECTION},
    {.path = "metrics.include", .type = CONF_SELECTORS},
    {.path = "metrics.exclude", .type = CONF_SELECTORS},
    {.path = "metrics.relabel", .type = CONF_RELABEL},

    {.path = "log", .type = CONF_SECTION},
    {"log.level", CONF_WORD, "info", .words = levels, AT(struct conf, log.level)},

    {.path = "state", .type = CONF_SECTION},
    {"state.directory", CONF_TEXT, "", .restart = true, AT(struct conf, state.directory)},
    {"state.interval", CONF_DURATION, "10s", RANGE("100ms", "1h"), .restart = true,
     AT(struct conf, state.interval_ns)},
    {"state.journal", CONF_WORD, "false", .words = yes_or_no, .restart = true,
     AT(struct conf, state.journal)},
    {"state.journal_max", CONF_SIZE, "1GiB", RANGE("1MiB", "1024GiB"), .restart = true,
     AT(struct conf, state.journal_max)},

    {.path = "push", .type = CONF_PUSHES},
    PEER_KEYS("push[]"),
    {"push[].format", CONF_WORD, .words = push_formats, .required = true,
     AT(struct conf_push, format)},
    {"push[].name", CONF_TEXT, "", AT(struct conf_push, name)},
    {"push[].match", CONF_MATCHES, "[]", AT(struct conf_push, match)},
    {"push[].fields", CONF_WORDS, "[rate]", .words = push_fields, AT(struct conf_push, fields)},
    {"push[].compression", CONF_WORD, "none", .words = push_compressions,
     AT(struct conf_push, compression)},
    {"push[].corrections", CONF_WORD, "auto", .words = push_corrections,
     AT(struct conf_push, corrections)},
    {"push[].batch", CONF_INTEGER, "5000", RANGE("1", "100000"), AT(struct conf_push, batch)},
    {"push[].flush", CONF_DURATION, "1s", RANGE("10ms", "1h"), AT(struct conf_push, flush_ns)},
    {"push[].buffer", CONF_SIZE, "256MiB", RANGE("64KiB", "1024GiB"), AT(struct conf_push, buffer)},

    {.path = "alerting", .type = CONF_SECTION},
    {"alerting.resend", CONF_DURATION, "1m", RANGE("1s", "1h"),
     AT(struct conf, alerting.resend_ns)},
    {"alerting.repeat", CONF_DURATION, "4h", RANGE("1s", "52w"),
     AT(struct conf, alerting.repeat_ns)},
    {"alerting.external_url", CONF_TEXT, "", AT(struct conf, alerting.external_url)},
    {.path = "alerting.alertmanagers", .type = CONF_PEERS, AT(struct conf, alerting.alertmanagers)},
    PEER_KEYS("alerting.alertmanagers[]"),
    {.path = "alerting.webhooks", .type = CONF_PEERS, AT(struct conf, alerting.webhooks)},
    PEER_KEYS("alerting.webhooks[]"),

    {"shutdown_timeout", CONF_DURATION, "5s", RANGE("100ms", "10m"),
     AT(struct conf, shutdown_timeout_ns)},

    {.path = "defaults", .type = CONF_SECTION},
    POLICY_KEYS("defaults", struct conf, policies.defaults, OR),

    {.path = "rules", .type = CONF_FILES},

    {.path = "series", .type = CONF_RULES},
    {"series[].match", CONF_SELECTOR, .required = true, AT(struct policy_rule, match)},
    POLICY_KEYS("series[]", struct policy_rule, policy, OR_INHERITED),
};

const size_t conf_keys_n = sizeof conf_keys / sizeof conf_keys[0];
_Static_assert(sizeof conf_keys / sizeof conf_keys[0] <= CONF_KEYS_MAX, "readers count on it");

/* Where in the path the name begins, if it stands directly in parent. */
static const char *name_in(const char *path, const char *parent)
{
    size_t n = strlen(parent);
    if (n > 0 && (strncmp(path, parent, n) != 0 || path[n++] != '.'))
        return NULL;
    return strchr(path + n, '.') == NULL ? path + n : NULL;
}

bool conf_key_in(const struct conf_key *key, const char *parent)
{
    return name_in(key->path, parent) != NULL;
}

const char *conf_key_name(const struct conf_key *key)
{
    const char *dot = strrchr(key->path, '.');
    return dot == NULL ? key->path : dot + 1;
}

const struct conf_key *conf_key_find(const char *parent, const char *name, size_t n)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const char *own = name_in(conf_keys[i].path, parent);
        if (own != NULL && strlen(own) == n && memcmp(own, name, n) == 0)
            return &conf_keys[i];
    }
    return NULL;
}
