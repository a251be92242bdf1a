/* tests/fuzz/sockets/house.c -- starts what daemon/main.c starts, main's loop in a thread of its own.
 *
 *     probe ──► a connection of its own ──► what a good client says ──► the right answer, or a counter that it moves
 *
 * A door differs from the next by some lines of YAML. Limits are small, so that they are met. */
#include "house.h"

#include "daemon/app.h"

#include "pki.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

enum { FOLDER_MAX = 256, FILE_MAX = 384, PATIENCE_S = 60 };

struct door {
    const char *name;
    const char *listener, *web; /* YAML: keys of its listener, NULL: there is none; of http */
    bool tls, journal;
};

struct house {
    const struct door *door;
    struct app app;
    pthread_t thread;
    uint16_t port;
    gnutls_certificate_credentials_t anybody; /* of the probe's TLS */
    char folder[FOLDER_MAX], config[FILE_MAX];
};

#define GUARDED ", web_config: web.yml, auth_failures: 100000"

static const struct door doors[] = {
    {"lines", "", "", false, false},       {"pickle", ", format: pickle", "", false, false},
    {"tls", "", "", true, false},          {"http", NULL, GUARDED, false, false},
    {"https", NULL, GUARDED, true, false}, {"durable", NULL, "", false, true},
};

static const char web[] =
    "basic_auth_users: {alice: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}\n"
    "bearer_tokens: [{name: t, rights: [read], sha256: "
    "3c18109ce815143332983177dfecc23e848446a79ddcca321f551496e0de9c70}]\n"
    "anonymous: [read, write, admin]\n"; /* the password is "secret", the token 0123456789abcdef-token */

static const char web_tls[] = "tls_server_config: {cert_file: a.crt, key_file: a.key}\n";

__attribute__((noreturn)) static void give_up(const char *why)
{
    fprintf(stderr, "house: %s\n", why);
    exit(2);
}

static void require(bool holds, const char *law)
{
    if (holds)
        return;
    fprintf(stderr, "house: broken: %s (%s)\n", law, strerror(errno));
    abort();
}

/* ---- files */

static void write_text(const struct house *h, const char *name, const char *text)
{
    char path[FILE_MAX];
    snprintf(path, sizeof path, "%s/%s", h->folder, name);
    pki_write(path, text, strlen(text));
}

static void write_config(struct house *h)
{
    const struct door *d = h->door;
    char text[2048], keys[2 * FILE_MAX] = "", listener[3 * FILE_MAX] = "", state[FILE_MAX] = "";
    if (d->tls)
        snprintf(keys, sizeof keys, ", cert_file: '%s/a.crt', key_file: '%s/a.key'", h->folder,
                 h->folder);
    if (d->listener != NULL)
        snprintf(listener, sizeof listener, "{address: '127.0.0.1:0', protocol: tcp%s%s}",
                 d->listener, keys);
    if (d->journal)
        snprintf(state, sizeof state, "directory: '%s/state', interval: 100ms, journal: true",
                 h->folder);
    snprintf(text, sizeof text,
             "ingest: {max_line: 256, listeners: [%s]}\n"
             "http: {listen: '127.0.0.1:0', max_connections: 32, max_streams: 4, timeout: 2s,\n"
             "       request_timeout: 2s, max_body: 64KiB, max_decompressed: 64KiB%s}\n"
             "gradient: {max_body: 64KiB, max_elements: 1000, max_jobs: 2, timeout: 1s}\n"
             "limits: {max_series: 1000, max_future: 52w}\n"
             "defaults: {keep: 1h}\n"
             "state: {%s}\n"
             "log: {level: error}\n",
             listener, d->web, state);
    snprintf(h->config, sizeof h->config, "%s/nablad.yaml", h->folder);
    write_text(h, "nablad.yaml", text);
    snprintf(text, sizeof text, "%s%s", d->tls ? web_tls : "", web);
    write_text(h, "web.yml", text);
}

static void write_certificate(const struct house *h)
{
    struct pki_pair pair = pki_make((struct pki_wish){.name = "localhost"});
    pki_save(&pair, h->folder, "a");
    pki_free(&pair);
}

static void make_folder(struct house *h)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(h->folder, sizeof h->folder, "%s/nabla-sockets-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(h->folder) == NULL)
        give_up("no folder");
    write_config(h);
    if (h->door->tls)
        write_certificate(h);
}

static void remove_folder(const struct house *h)
{
    char command[FILE_MAX];
    snprintf(command, sizeof command, "rm -rf '%s'", h->folder);
    if (system(command) != 0)
        give_up("the folder stays");
}

/* ---- nablad */

static bool is_http(const struct house *h)
{
    return h->door->listener == NULL;
}

static void *run(void *ctx)
{
    app_run(&((struct house *)ctx)->app);
    return NULL;
}

static uint16_t find_port(const struct house *h)
{
    if (is_http(h))
        return http_port(h->app.http);
    const char *colon = strrchr(h->app.stats.listeners[0].name, ':');
    return (uint16_t)(colon == NULL ? 0 : atoi(colon + 1));
}

static void start(struct house *h)
{
    struct conf conf;
    struct buf errors = {0};
    if (conf_read_file(h->config, &conf, &errors) != NABLA_OK) {
        fwrite(errors.at, 1, errors.n, stderr);
        give_up("the configuration is wrong");
    }
    if (app_start(&h->app, &conf, h->config) != NABLA_OK)
        give_up("nablad does not start");
    h->port = find_port(h);
    if (pthread_create(&h->thread, NULL, run, h) != 0)
        give_up("no thread");
    while (!atomic_load(&h->app.ready))
        usleep(1000);
}

struct house *house_open(const char *door)
{
    struct house *h = calloc(1, sizeof *h);
    for (size_t i = 0; h != NULL && door != NULL && i < sizeof doors / sizeof *doors; i++)
        if (strcmp(doors[i].name, door) == 0)
            h->door = &doors[i];
    if (h == NULL || h->door == NULL)
        give_up("NABLA_DOOR is lines, pickle, tls, http, https or durable");
    make_folder(h);
    if (gnutls_certificate_allocate_credentials(&h->anybody) != 0)
        give_up("no memory");
    start(h);
    return h;
}

uint16_t house_port(const struct house *h)
{
    return h->port;
}

bool house_lets_go(const struct house *h)
{
    return !is_http(h);
}

void house_close(struct house *h)
{
    kill(getpid(), SIGTERM);
    pthread_join(h->thread, NULL);
    app_fini(&h->app);
    gnutls_certificate_free_credentials(h->anybody);
    remove_folder(h);
    free(h);
}

/* ---- the probe */

static int knock(const struct house *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(h->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                connect(fd, (const struct sockaddr *)&to, sizeof to) == 0,
            "the door is open");
    return fd;
}

/* Who stops the fuzzer for a while interrupts it: signal(7). */
static ssize_t receive(int fd, char *to, size_t n)
{
    ssize_t some;
    do
        some = recv(fd, to, n, 0);
    while (some < 0 && errno == EINTR);
    return some;
}

/* It is served once the daemon has read to its end, and closes. */
static void say(int fd, const char *text, size_t n, char *answer, size_t room)
{
    size_t got = 0;
    ssize_t some = -1;
    require(send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n && shutdown(fd, SHUT_WR) == 0,
            "who is polite is heard");
    while (got + 1 < room && (some = receive(fd, answer + got, room - 1 - got)) > 0)
        got += (size_t)some;
    answer[got] = '\0';
    require(some == 0, "who is polite is served");
}

static void probe_lines(struct house *h, int fd)
{
    static const char line[] = "probe value=1\n";
    static const char frame[] = "\0\0\0\x12\x80\x02]U\x05probeK\x01K\x01\x86\x86"
                                "a.";
    bool pickle = strcmp(h->door->name, "pickle") == 0;
    char answer[16];
    uint64_t before = counted(&h->app.stats.samples);
    say(fd, pickle ? frame : line, pickle ? sizeof frame - 1 : sizeof line - 1, answer,
        sizeof answer);
    require(counted(&h->app.stats.samples) > before, "a good sample is taken");
}

static void probe_http(int fd)
{
    static const char text[] = "GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char answer[4096];
    say(fd, text, sizeof text - 1, answer, sizeof answer);
    require(strncmp(answer, "HTTP/1.1 200 ", 13) == 0, "nablad is healthy");
}

static void probe_tls(struct house *h, int fd)
{
    gnutls_session_t s;
    int status;
    require(gnutls_init(&s, GNUTLS_CLIENT) == 0 && gnutls_set_default_priority(s) == 0 &&
                gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, h->anybody) == 0,
            "there is memory");
    gnutls_transport_set_int(s, fd);
    do
        status = gnutls_handshake(s);
    while (status < 0 && gnutls_error_is_fatal(status) == 0 && status != GNUTLS_E_TIMEDOUT);
    require(status == 0, "hands are shaken");
    gnutls_bye(s, GNUTLS_SHUT_WR);
    gnutls_deinit(s);
}

void house_probe(struct house *h)
{
    int fd = knock(h);
    if (h->door->tls)
        probe_tls(h, fd);
    else if (is_http(h))
        probe_http(fd);
    else
        probe_lines(h, fd);
    close(fd);
}
