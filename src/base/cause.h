/* base/cause.h -- why a line or a sample was refused, and what else happens to samples: the names
 * that /metrics, the log and the documentation share. */
#ifndef BASE_CAUSE_H
#define BASE_CAUSE_H

/* X(symbol, label value in nablad_rejected_total{reason}, what the log says) */
#define CAUSE_LIST(X)                                                                              \
    /* lines that cannot be read */                                                                \
    X(SYNTAX, "syntax", "the line does not have its format's shape")                               \
    X(VALUE, "bad_value", "the value is not a number")                                             \
    X(TIME, "bad_timestamp", "the timestamp cannot be read or does not fit 64-bit nanoseconds")    \
    X(LINE_LENGTH, "line_too_long", "the line is longer than ingest.max_line")                     \
    X(FIELDS, "too_many_fields", "the line has more fields than a batch can hold")                 \
    X(UNTERMINATED, "unterminated", "the connection ended in the middle of a line")                \
    X(STRING, "string_value", "the field's value is a string")                                     \
    X(STATSD_SET, "statsd_set", "a set of statsd: its members are not counted")                    \
    X(STATSD_EVENT, "statsd_event", "an event or a service check of statsd has no value")          \
    X(INCREMENT, "increment",                                                                      \
      "it adds to a series' value, and would again if the request were sent again")                \
    X(FRAME_LENGTH, "frame_too_long", "the frame is longer than a pickle may be")                  \
    X(PICKLE_OPCODE, "pickle_opcode",                                                              \
      "the pickle is more than lists, tuples, strings and numbers")                                \
    X(PICKLE_LIMIT, "pickle_limit", "the pickle is nested too deeply, or has too many values")     \
    X(EXEMPLAR, "exemplar", "an exemplar, which has no rate")                                      \
    X(HISTOGRAM, "histogram", "a native histogram, which has no rate")                             \
    /* samples that cannot be taken */                                                             \
    X(NAME, "bad_name", "a name is empty, too long or not UTF-8 text")                             \
    X(LABEL_COUNT, "too_many_labels", "the series has too many labels")                            \
    X(LABEL_LENGTH, "label_too_long", "a label's value is too long")                               \
    X(LABEL_TWICE, "duplicate_label", "a label is named twice with different values")              \
    X(NOT_FINITE, "not_finite", "the value is NaN or infinite")                                    \
    X(FUTURE, "future", "the timestamp is further ahead of this machine's clock than max_future")  \
    X(LATE, "late_dropped", "the timestamp is at or before the series' window")                    \
    X(SERIES_LIMIT, "series_limit", "a new series past limits.max_series")                         \
    X(SOURCE_LIMIT, "source_limit",                                                                \
      "a new series of a sender that has limits.max_series_per_source already")                    \
    X(LABEL_MEMORY, "label_memory", "a new series, and limits.label_memory is full")               \
    X(SOURCE_LABELS, "source_label_memory",                                                        \
      "a new series of a sender whose labels take limits.label_memory_per_source already")         \
    X(MEMORY, "no_memory", "no memory for a new series")

enum cause {
#define X(symbol, label, text) CAUSE_##symbol,
    CAUSE_LIST(X)
#undef X
        CAUSE_COUNT
};

/* What happens to samples and series that is no refusal.
 * X(symbol, label value in nablad_events_total{event}, what the help says) */
#define EVENT_LIST(X)                                                                              \
    X(DUPLICATE, "duplicate", "same time and value again, ignored")                                \
    X(REPLACED, "replaced", "same time, other value: taken instead")                               \
    X(INSERTED, "late_inserted", "late but inside the window: put in order")                       \
    X(GAP, "gap_restart", "window restarted after a gap longer than max_gap")                      \
    X(BREAK, "nan_break", "window restarted by a value that is not finite")                        \
    X(RESET, "counter_reset", "a counter fell")                                                    \
    X(WRAPPED, "counter_wrap", "a counter fell because its bits overflowed")                       \
    X(MERGED, "merged", "closer than min_dt to the sample before: merged with it")                 \
    X(HELD, "held", "held back: its rate is beyond max_rate")                                      \
    X(SPIKE, "spike", "held back, and dropped because the next did not agree")                     \
    X(SORTED, "sorted", "late, but held back long enough to be put in order")                      \
    X(KEEP_REFUSED, "keep_refused", "a point that limits.keep_memory has no room for")             \
    X(UNWATCHED, "unwatched", "a series under alert rules, without memory to watch it")            \
    X(BORN, "born", "series seen for the first time")                                              \
    X(STALED, "staled", "series silent for stale_after")                                           \
    X(EXPIRED, "expired", "series forgotten after expire_after")

enum event {
#define X(symbol, label, text) EVENT_##symbol,
    EVENT_LIST(X)
#undef X
        EVENT_COUNT
};

/* Why a listener turned a connection or a datagram away before a line of it was read.
 * X(symbol, label value in nablad_listener_refused_total{reason}, what the log says) */
#define REFUSAL_LIST(X)                                                                            \
    X(NETWORK, "network", "the listener's allow does not have the sender's address")               \
    X(TLS, "tls", "TLS came to a listener of plain lines, one without cert_file")                  \
    X(NOT_TLS, "not_tls", "what came to a listener of TLS is not TLS: plain lines?")               \
    X(TLS_HANDSHAKE, "tls_handshake", "the TLS handshake failed")                                  \
    X(TLS_TIMEOUT, "tls_timeout", "the TLS handshake took longer than ingest.handshake_timeout")   \
    X(CLIENT_CERTIFICATE, "client_certificate",                                                    \
      "the client showed no certificate, or none that client_ca_file stands for and "              \
      "client_allowed_sans names")                                                                 \
    X(TLS_BROKEN, "tls_broken", "what came after the TLS handshake is not TLS")                    \
    X(UNSIGNED, "unsigned", "the datagram does not begin with #hmac-sha256")                       \
    X(BAD_SIGNATURE, "bad_signature", "the MAC is not that of any key in hmac_key_file")           \
    X(SIGNATURE_OLD, "signature_old",                                                              \
      "signed longer ago than hmac_window, or before nablad began, or before too many others")     \
    X(SIGNATURE_FUTURE, "signature_future", "signed further ahead of this clock than hmac_window") \
    X(REPLAYED, "replayed", "this datagram has come before")

enum refusal {
#define X(symbol, label, text) REFUSAL_##symbol,
    REFUSAL_LIST(X)
#undef X
        REFUSAL_COUNT
};

/* The texts of a cause, an event or a refusal: static strings. */
const char *cause_label(enum cause cause);
const char *cause_text(enum cause cause);
const char *event_label(enum event event);
const char *event_text(enum event event);
const char *refusal_label(enum refusal refusal);
const char *refusal_text(enum refusal refusal);

#endif
