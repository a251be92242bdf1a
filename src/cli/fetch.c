/* cli/fetch.c -- libcurl's multi interface with one transfer in it, so that a key or a signal is
 * seen while an answer is on its way.
 * Elsewhere: what an answer means (cli/answer.c). */
#include "cli/fetch.h"

#include "cli/identity.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetch {
    CURLM *multi;
    CURL *easy;
    bool running; /* easy is in multi */
    enum fetch_outcome outcome;
    char error[CURL_ERROR_SIZE];
    const char *fallback; /* of curl, for when error is empty: static */
    long status;
    struct buf body;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;
    size_t came = size * n;
    if (came > FETCH_BODY_MAX - f->body.n)
        return 0; /* ends the transfer with CURLE_WRITE_ERROR */
    buf_add(&f->body, bytes, came);
    return f->body.failed ? 0 : came;
}

static void set_options(struct fetch *f)
{
    CURL *c = f->easy;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_DEFAULT_PROTOCOL, "http");
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* a proxy for the web knows nothing of 127.0.0.1 */
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)FETCH_SILENCE_S);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)FETCH_TOTAL_S);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "nabla/" NABLA_VERSION);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
}

/* Whose certificate to trust and which to show; curl keeps copies. */
static bool set_tls(CURL *c, const struct identity *id)
{
    CURLcode code = CURLE_OK;
    if (id->ca_file != NULL)
        code = curl_easy_setopt(c, CURLOPT_CAINFO, id->ca_file);
    if (code == CURLE_OK && id->cert != NULL)
        code = curl_easy_setopt(c, CURLOPT_SSLCERT, id->cert);
    if (code == CURLE_OK && id->cert != NULL)
        code = curl_easy_setopt(c, CURLOPT_SSLKEY, id->key != NULL ? id->key : id->cert);
    return code == CURLE_OK;
}

/* A password or a token; false, having said why, if there is a file of it that cannot be used. */
static bool set_login(CURL *c, const struct identity *id)
{
    const char *file = id->token_file != NULL ? id->token_file : id->password_file;
    char *secret = file != NULL ? identity_secret(file) : NULL;
    if (secret == NULL)
        return file == NULL;
    bool token = id->token_file != NULL;
    bool set =
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, token ? CURLAUTH_BEARER : CURLAUTH_BASIC) == CURLE_OK;
    if (token)
        set = set && curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, secret) == CURLE_OK;
    else
        set = set && curl_easy_setopt(c, CURLOPT_USERNAME, id->user) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PASSWORD, secret) == CURLE_OK;
    identity_forget(secret);
    return set;
}

struct fetch *fetch_new(const struct identity *id)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (f != NULL) {
        f->multi = curl_multi_init();
        f->easy = curl_easy_init();
    }
    if (f == NULL || f->multi == NULL || f->easy == NULL) {
        cli_error(CLI_FAILED, "no memory");
        fetch_free(f);
        return NULL;
    }
    set_options(f);
    if (id == NULL || (set_tls(f->easy, id) && set_login(f->easy, id)))
        return f;
    fetch_free(f);
    return NULL;
}

static void give_up(struct fetch *f)
{
    if (f->running)
        curl_multi_remove_handle(f->multi, f->easy);
    f->running = false;
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    give_up(f);
    curl_easy_cleanup(f->easy);
    curl_multi_cleanup(f->multi);
    buf_fini(&f->body);
    free(f);
}

void fetch_start(struct fetch *f, const char *url)
{
    give_up(f);
    buf_clear(&f->body);
    f->error[0] = '\0';
    f->fallback = "no memory";
    f->outcome = FETCH_BROKEN;
    f->status = 0;
    f->running = curl_easy_setopt(f->easy, CURLOPT_URL, url) == CURLE_OK &&
                 curl_multi_add_handle(f->multi, f->easy) == CURLM_OK;
}

static void finish(struct fetch *f, CURLcode code)
{
    give_up(f);
    f->fallback = curl_easy_strerror(code);
    if (code == CURLE_WRITE_ERROR)
        snprintf(f->error, sizeof f->error, "%s",
                 f->body.failed ? "no memory for the answer"
                                : "the answer is longer than 256 MiB; ask for fewer series");
    if (code == CURLE_OK)
        f->outcome = FETCH_ANSWERED;
    else if (code == CURLE_URL_MALFORMAT || code == CURLE_SSL_CACERT_BADFILE ||
             code == CURLE_SSL_CERTPROBLEM || code == CURLE_UNSUPPORTED_PROTOCOL)
        f->outcome = FETCH_BAD_URL;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &f->status);
}

/* Lets curl do what it can without waiting. */
static void move_on(struct fetch *f)
{
    int running, queued;
    if (!f->running)
        return;
    if (curl_multi_perform(f->multi, &running) != CURLM_OK) {
        finish(f, CURLE_OUT_OF_MEMORY);
        return;
    }
    for (CURLMsg *m; (m = curl_multi_info_read(f->multi, &queued)) != NULL;)
        if (m->msg == CURLMSG_DONE) {
            finish(f, m->data.result);
            return;
        }
}

static void wait_for(struct fetch *f, struct pollfd *also, unsigned n, int timeout_ms)
{
    struct curl_waitfd fds[FETCH_ALSO_MAX] = {0};
    for (unsigned i = 0; i < n; i++)
        fds[i] = (struct curl_waitfd){.fd = also[i].fd, .events = CURL_WAIT_POLLIN};
    curl_multi_poll(f->multi, fds, n, timeout_ms, NULL);
    for (unsigned i = 0; i < n; i++)
        also[i].revents = fds[i].revents;
}

bool fetch_wait(struct fetch *f, struct pollfd *also, unsigned n, int timeout_ms)
{
    move_on(f);
    if (!f->running)
        return true;
    wait_for(f, also, n, timeout_ms);
    move_on(f);
    return !f->running;
}

enum fetch_outcome fetch_outcome(const struct fetch *f)
{
    return f->outcome;
}

const char *fetch_error(const struct fetch *f)
{
    return f->error[0] != '\0' ? f->error : f->fallback;
}

long fetch_status(const struct fetch *f)
{
    return f->status;
}

const struct buf *fetch_body(const struct fetch *f)
{
    return &f->body;
}

/* Appends text with all but RFC 3986's unreserved characters as %XX. */
static void add_escaped(struct buf *url, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(unreserved, *text) != NULL)
            buf_char(url, *text);
        else
            buf_printf(url, "%%%02X", (unsigned char)*text);
    }
}

void fetch_add_param(struct buf *url, const char *name, const char *value)
{
    bool first = url->n == 0 || memchr(url->at, '?', url->n) == NULL;
    buf_char(url, first ? '?' : '&');
    add_escaped(url, name);
    buf_char(url, '=');
    add_escaped(url, value);
}
