/* conf/value.c -- numbers with units, words and addresses, read strictly: the whole text, decimal
 * digits without leading zeros, nothing that YAML would read in two ways. */
#include "conf/value.h"

#include "base/log.h"
#include "base/number.h"
#include "base/time_text.h"
#include "conf/conf.h"
#include "conf/faults.h"

#include <arpa/inet.h>
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *value_wanted(enum conf_type type)
{
    static const char *const texts[] = {
        [CONF_SECTION] = "keys with values (\"key: value\", indented)",
        [CONF_LISTENERS] = "a list (\"- address: ...\")",
        [CONF_PREFIXES] = "a list of networks such as ['10.0.0.0/8', 'fd00::/8']",
        [CONF_NAMES] = "a list of names such as [plant-03, 10.0.0.7]",
        [CONF_RULES] = "a list (\"- match: ...\")",
        [CONF_PEERS] = "a list (\"- url: ...\")",
        [CONF_TEMPLATES] = "a list of templates such as \".site.measurement.sensor\"",
        [CONF_PUSHES] = "a list (\"- url: ...\")",
        [CONF_MATCHES] = "a list of selectors such as ['temperature{site=\"plant-03\"}']",
        [CONF_TEXT] = "text",
        [CONF_FILE] = "the name of a file",
        [CONF_INTEGER] = "a whole number in decimal digits",
        [CONF_SIZE] = "a size such as 65536, 64KiB or 4MiB",
        [CONF_DURATION] = "a duration such as 500ms, 10s, 5m or 1h30m",
        [CONF_NUMBER] = "a number such as 0.1 or -18",
        [CONF_NUMBERS] = "a list of numbers such as [-18, -15]",
        [CONF_WORD] = "a word",
        [CONF_WORDS] = "a list of words such as [rate, value]",
        [CONF_LATE] = "insert, drop, or {reorder: 2s}",
        [CONF_ADDRESS] = "an address such as 127.0.0.1:2207 or [::1]:2207",
        [CONF_SELECTORS] = "a list of selectors",
        [CONF_RELABEL] = "a list of rules (\"- action: ...\")",
        [CONF_FILES] = "a file such as rules.yaml, or a list of them",
        [CONF_SELECTOR] = "a selector such as temperature{site=\"plant-03\"}",
    };
    return texts[type];
}

static size_t digits_at(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] >= '0' && text[i] <= '9')
        i++;
    return i;
}

/* The decimal number at the start; *used: its digits. */
static enum nabla_status read_digits(const char *text, size_t n, size_t *used, int64_t *out)
{
    uint64_t value;
    *used = digits_at(text, n);
    if (*used == 0 || (text[0] == '0' && *used > 1))
        return NABLA_EINVAL;
    if (number_read_u64(text, *used, &value) != *used || value > INT64_MAX)
        return NABLA_ERANGE;
    *out = (int64_t)value;
    return NABLA_OK;
}

static enum nabla_status read_integer(const char *text, size_t n, int64_t *out)
{
    size_t used;
    enum nabla_status status = read_digits(text, n, &used, out);
    return used == n ? status : NABLA_EINVAL;
}

static bool is_text(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

static enum nabla_status read_size(const char *text, size_t n, int64_t *out)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    size_t used;
    int64_t value;
    enum nabla_status status = read_digits(text, n, &used, &value);
    for (int i = 0; i < 4; i++) {
        if (!is_text(text + used, n - used, units[i]))
            continue;
        if (status == NABLA_OK && value > INT64_MAX >> (10 * i))
            return NABLA_ERANGE;
        if (status == NABLA_OK)
            *out = value << (10 * i);
        return status;
    }
    return NABLA_EINVAL;
}

static const struct conf_word *word_of(const struct conf_key *key, const char *text, size_t n)
{
    for (const struct conf_word *w = key->words; w != NULL && w->text != NULL; w++)
        if (is_text(text, n, w->text))
            return w;
    return NULL;
}

enum nabla_status value_number(const struct conf_key *key, const char *text, size_t n, int64_t *out)
{
    const struct conf_word *word = word_of(key, text, n);
    if (word != NULL) {
        *out = word->value;
        return NABLA_OK;
    }
    switch (key->type) {
    case CONF_INTEGER: return read_integer(text, n, out);
    case CONF_SIZE: return read_size(text, n, out);
    case CONF_LATE: /* what stands behind reorder */
    case CONF_DURATION: return duration_read(text, n, out);
    default: return NABLA_EINVAL;
    }
}

static int64_t bound(const struct conf_key *key, const char *text)
{
    int64_t value = 0;
    enum nabla_status status = value_number(key, text, strlen(text), &value);
    assert(status == NABLA_OK);
    (void)status;
    return value;
}

static bool in_range(const struct conf_key *key, const char *text, size_t n, int64_t value)
{
    return word_of(key, text, n) != NULL ||
           (value >= bound(key, key->min) && value <= bound(key, key->max));
}

static void not_a_word(const struct conf_key *key, const char *text, size_t n,
                       char why[static VALUE_WHY_MAX])
{
    char quoted[LOG_QUOTE_MAX];
    struct guess guess = {.meant = text, .n = n};
    int at = snprintf(why, VALUE_WHY_MAX, "%s is not one of", log_quote(quoted, text, n));
    for (const struct conf_word *w = key->words; w->text != NULL; w++) {
        at += snprintf(why + at, VALUE_WHY_MAX - (size_t)at, "%s %s", w == key->words ? "" : ",",
                       w->text);
        guess_try(&guess, w->text);
    }
    if (guess.best != NULL)
        snprintf(why + at, VALUE_WHY_MAX - (size_t)at, "; did you mean \"%s\"?", guess.best);
}

enum nabla_status value_word(const struct conf_key *key, const char *text, size_t n, uint32_t *bits,
                             char why[static VALUE_WHY_MAX])
{
    const struct conf_word *word = word_of(key, text, n);
    if (word == NULL) {
        not_a_word(key, text, n, why);
        return NABLA_EINVAL;
    }
    *bits |= UINT32_C(1) << word->value;
    return NABLA_OK;
}

/* Behind reorder stands a duration, and its words do not. */
static void not_a_number(const struct conf_key *key, const char *text, size_t n,
                         char why[static VALUE_WHY_MAX])
{
    char quoted[LOG_QUOTE_MAX];
    enum conf_type type = key->type == CONF_LATE ? CONF_DURATION : key->type;
    int at = snprintf(why, VALUE_WHY_MAX, "%s is not %s", log_quote(quoted, text, n),
                      value_wanted(type));
    if (key->words != NULL && key->type != CONF_LATE)
        at += snprintf(why + at, VALUE_WHY_MAX - (size_t)at, ", or %s", key->words->text);
    if (type == CONF_DURATION && n > 0 && digits_at(text, n) == n)
        snprintf(why + at, VALUE_WHY_MAX - (size_t)at, ": the unit is missing");
}

/* To a member of 4 or of 8 bytes; what fits is the table's business (test_keys.c: ranges_fit). */
static void store(const struct conf_key *key, int64_t value, void *into)
{
    int32_t narrow = (int32_t)value;
    if (key->size == sizeof narrow)
        memcpy((char *)into + key->offset, &narrow, sizeof narrow);
    else
        memcpy((char *)into + key->offset, &value, sizeof value);
}

static enum nabla_status read_number(const struct conf_key *key, const char *text, size_t n,
                                     bool quoted, void *into, char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX];
    int64_t value = 0;
    if (quoted && n > 0 && digits_at(text, n) == n && key->type != CONF_WORD) {
        snprintf(why, VALUE_WHY_MAX, "%s in quotes is text: write the number without them",
                 log_quote(shown, text, n));
        return NABLA_EINVAL;
    }
    enum nabla_status status = value_number(key, text, n, &value);
    if (status == NABLA_OK && in_range(key, text, n, value)) {
        store(key, value, into);
        return NABLA_OK;
    }
    if (key->type == CONF_WORD)
        not_a_word(key, text, n, why);
    else if (status == NABLA_EINVAL)
        not_a_number(key, text, n, why);
    else
        snprintf(why, VALUE_WHY_MAX, "%s is out of range: %s to %s", log_quote(shown, text, n),
                 key->min, key->max);
    return NABLA_EINVAL;
}

/* host[0..n) without brackets, written as the system writes it: one spelling for one address. */
static bool read_host(const char *host, size_t n, int family, char out[static CONF_ADDRESS_MAX])
{
    char text[CONF_ADDRESS_MAX] = "";
    unsigned char binary[sizeof(struct in6_addr)];
    if (n >= sizeof text || memchr(host, '\0', n) != NULL)
        return false;
    memcpy(text, host, n);
    return inet_pton(family, text, binary) == 1 &&
           inet_ntop(family, binary, out, CONF_ADDRESS_MAX) != NULL;
}

/* NULL, or what is wrong with it. */
static const char *read_address(const char *text, size_t n, struct conf_address *out)
{
    struct conf_address a = {0};
    int64_t port = 0;
    bool six = n > 0 && text[0] == '[';
    const char *last = memchr(text, six ? ']' : ':', n);
    if (last == NULL)
        return six ? "the ] is missing" : "the port is missing";
    const char *host = text + six, *colon = last + six, *end = text + n;
    if (colon == end || *colon != ':')
        return "the port is missing";
    if (!six && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
        return "an IPv6 address goes in brackets";
    if (read_integer(colon + 1, (size_t)(end - colon - 1), &port) != NABLA_OK || port > UINT16_MAX)
        return "the port must be 0 to 65535";
    if (!read_host(host, (size_t)(last - host), six ? AF_INET6 : AF_INET, a.host))
        return "it needs a numeric address, not a name";
    a.port = (uint16_t)port;
    *out = a;
    return NULL;
}

/* In the usual spelling of decimals; no text of it means two things. */
static bool read_double(const char *text, size_t n, double *out)
{
    return n > 0 && number_read(text, n, out) == n && isfinite(*out);
}

static double bound_double(const char *text)
{
    double value = 0;
    bool good = read_double(text, strlen(text), &value);
    assert(good);
    (void)good;
    return value;
}

enum nabla_status value_double(const struct conf_key *key, const char *text, size_t n, double *out,
                               char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX];
    double value;
    if (!read_double(text, n, &value)) {
        int at = snprintf(why, VALUE_WHY_MAX, "%s is not a number such as 0.1 or -18",
                          log_quote(shown, text, n));
        if (key->words != NULL)
            snprintf(why + at, VALUE_WHY_MAX - (size_t)at, ", or %s", key->words->text);
        return NABLA_EINVAL;
    }
    if (key->min != NULL && (value < bound_double(key->min) || value > bound_double(key->max))) {
        snprintf(why, VALUE_WHY_MAX, "%s is out of range: %s to %s", log_quote(shown, text, n),
                 key->min, key->max);
        return NABLA_EINVAL;
    }
    *out = value;
    return NABLA_OK;
}

static enum nabla_status read_decimal(const struct conf_key *key, const char *text, size_t n,
                                      bool quoted, void *into, char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX];
    const struct conf_word *word = word_of(key, text, n);
    double value = word != NULL ? (double)word->value : 0;
    if (quoted && word == NULL) {
        snprintf(why, VALUE_WHY_MAX, "%s in quotes is text: write the number without them",
                 log_quote(shown, text, n));
        return NABLA_EINVAL;
    }
    if (word == NULL && value_double(key, text, n, &value, why) != NABLA_OK)
        return NABLA_EINVAL;
    memcpy((char *)into + key->offset, &value, sizeof value);
    return NABLA_OK;
}

/* A list without items. */
static enum nabla_status read_nothing(const struct conf_key *key, const char *text, size_t n,
                                      void *into, char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX];
    if (is_text(text, n, "[]")) {
        memset((char *)into + key->offset, 0, key->size);
        return NABLA_OK;
    }
    snprintf(why, VALUE_WHY_MAX, "%s is not %s", log_quote(shown, text, n),
             value_wanted(key->type));
    return NABLA_EINVAL;
}

/* [rate, value]: how defaults are written. */
static enum nabla_status read_words(const struct conf_key *key, const char *text, size_t n,
                                    void *into, char why[static VALUE_WHY_MAX])
{
    uint32_t bits = 0;
    for (size_t i = 1, end; i + 1 < n; i = end + strspn(text + end, ", ")) {
        end = i + strcspn(text + i, ",]");
        if (value_word(key, text + i, end - i, &bits, why) != NABLA_OK)
            return NABLA_EINVAL;
    }
    memcpy((char *)into + key->offset, &bits, sizeof bits);
    return NABLA_OK;
}

static enum nabla_status read_text(const struct conf_key *key, const char *text, size_t n,
                                   void *into, char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX], *member = (char *)into + key->offset;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            snprintf(why, VALUE_WHY_MAX, "%s has a control character", log_quote(shown, text, n));
            return NABLA_EINVAL;
        }
    if (n >= key->size) {
        snprintf(why, VALUE_WHY_MAX, "%s is longer than %zu bytes", log_quote(shown, text, n),
                 key->size - 1);
        return NABLA_EINVAL;
    }
    memset(member, 0, key->size);
    memcpy(member, text, n);
    return NABLA_OK;
}

static enum nabla_status read_one_address(const struct conf_key *key, const char *text, size_t n,
                                          void *into, char why[static VALUE_WHY_MAX])
{
    char shown[LOG_QUOTE_MAX];
    const char *fault = read_address(text, n, (void *)((char *)into + key->offset));
    if (fault == NULL)
        return NABLA_OK;
    snprintf(why, VALUE_WHY_MAX, "%s is not %s: %s", log_quote(shown, text, n),
             value_wanted(CONF_ADDRESS), fault);
    return NABLA_EINVAL;
}

enum nabla_status value_read(const struct conf_key *key, const char *text, size_t n, bool quoted,
                             void *into, char why[static VALUE_WHY_MAX])
{
    switch (key->type) {
    case CONF_ADDRESS: return read_one_address(key, text, n, into, why);
    case CONF_NUMBER: return read_decimal(key, text, n, quoted, into, why);
    case CONF_FILE:
    case CONF_TEXT: return read_text(key, text, n, into, why);
    case CONF_WORDS: return read_words(key, text, n, into, why);
    case CONF_PREFIXES:
    case CONF_NAMES:
    case CONF_MATCHES:
    case CONF_TEMPLATES:
    case CONF_NUMBERS: return read_nothing(key, text, n, into, why);
    default: return read_number(key, text, n, quoted, into, why);
    }
}
