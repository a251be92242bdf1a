/* base/limit.h -- limits that end or refuse something whole, a connection, a request, an answer: how often
 * each was reached, in nablad_limited_total{limit}. What refuses a line or a sample is in base/cause.h.
 * docs/limits.md has all limits; a test holds it to this list. */
#ifndef BASE_LIMIT_H
#define BASE_LIMIT_H

/* X(symbol, label value, which is the key in nablad.yaml or the constant) */
#define LIMIT_LIST(X)                                                                              \
    X(INGEST_CONNECTIONS, "ingest.max_connections")                                                \
    X(INGEST_PER_ADDRESS, "ingest.max_connections_per_address")                                    \
    X(INGEST_IDLE, "ingest.idle_timeout")                                                          \
    X(HTTP_CONNECTIONS, "http.max_connections")                                                    \
    X(HTTP_PER_ADDRESS, "http.max_connections_per_address")                                        \
    X(HTTP_REQUEST, "http.request_timeout")                                                        \
    X(HTTP_ANSWER, "http.answer_timeout")                                                          \
    X(HTTP_HEAD, "CONNECTION_MEMORY")                                                              \
    X(HTTP_FORM, "BODY_MAX")                                                                       \
    X(HTTP_STREAMS, "http.max_streams")                                                            \
    X(HTTP_STREAMS_PER_ADDRESS, "http.max_streams_per_address")                                    \
    X(HTTP_BODY, "http.max_body")                                                                  \
    X(HTTP_DECOMPRESSED, "http.max_decompressed")                                                  \
    X(HTTP_MEMORY, "http.max_memory")                                                              \
    X(HTTP_QUERY, "http.query_timeout")                                                            \
    X(HTTP_SAMPLES, "QUERY_SAMPLES_MAX")                                                           \
    X(HTTP_OVERRUNS, "OVERRUNS_MAX")                                                               \
    X(HTTP_AUTH_FAILURES, "http.auth_failures")                                                    \
    X(HTTP_AUTH_WAITING, "AUTH_WAITING_MAX")

enum limit {
#define X(symbol, label) LIMIT_##symbol,
    LIMIT_LIST(X)
#undef X
        LIMIT_COUNT
};

const char *limit_label(enum limit limit); /* a static string */

#endif
