/* The table of keys, held against what it stores, config/nablad.yaml and docs/configuration.md. */
#include "conf/keys.h"

#include "conf/conf.h"
#include "conf/value.h"
#include "series/selector.h"

#include "suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_DEFAULT NABLA_SOURCE_DIR "/config/nablad.yaml"
#define FILE_DOCS    NABLA_SOURCE_DIR "/docs/configuration.md"
#define FILE_TRUST   NABLA_SOURCE_DIR "/docs/trust.md"

static bool is_number(const struct conf_key *key)
{
    return key->type == CONF_INTEGER || key->type == CONF_SIZE || key->type == CONF_DURATION ||
           key->type == CONF_LATE;
}

static bool is_leaf(const struct conf_key *key)
{
    return key->type != CONF_PUSHES && key->type != CONF_PEERS && key->type != CONF_SECTION &&
           key->type != CONF_LISTENERS && key->type != CONF_RULES && key->type != CONF_FILES &&
           key->type != CONF_SELECTORS && key->type != CONF_RELABEL;
}

static int64_t number(const struct conf_key *key, const char *text)
{
    int64_t value = -1;
    ck_assert_int_eq(value_number(key, text, strlen(text), &value), NABLA_OK);
    return value;
}

START_TEST(ranges_fit)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct conf_key *key = &conf_keys[i];
        bool decimal = key->type == CONF_NUMBER;
        ck_assert_msg((is_number(key) || decimal) == (key->min != NULL && key->max != NULL), "%s",
                      key->path);
        ck_assert_msg(!decimal || key->size == sizeof(double), "%s", key->path);
        ck_assert_msg(!decimal || strtod(key->min, NULL) < strtod(key->max, NULL), "%s", key->path);
        if (!is_number(key))
            continue;
        ck_assert_msg(number(key, key->min) < number(key, key->max), "%s", key->path);
        ck_assert_msg(key->size == 8 || (key->size == 4 && number(key, key->max) <= INT32_MAX),
                      "%s", key->path);
    }
}
END_TEST

START_TEST(words_fit)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct conf_key *key = &conf_keys[i];
        ck_assert_msg((key->type == CONF_WORD) <= (key->words != NULL), "%s", key->path);
        for (const struct conf_word *w = key->words; w != NULL && w->text != NULL; w++)
            ck_assert_msg(key->size == 8 || (key->size == 4 && w->value <= INT32_MAX), "%s",
                          key->path);
    }
}
END_TEST

START_TEST(defaults_are_taken)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        static char into[sizeof(struct conf) + sizeof(struct conf_push)];
        char why[VALUE_WHY_MAX] = "";
        const struct conf_key *key = &conf_keys[i];
        ck_assert_msg(!(key->required && key->fallback != NULL), "%s", key->path);
        if (key->fallback != NULL)
            ck_assert_msg(value_read(key, key->fallback, strlen(key->fallback), false, into, why) ==
                              NABLA_OK,
                          "%s: %s", key->path, why);
    }
}
END_TEST

START_TEST(paths_are_unique_and_found)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const char *path = conf_keys[i].path, *name = conf_key_name(&conf_keys[i]);
        char parent[64] = "";
        if (name > path)
            memcpy(parent, path, (size_t)(name - path) - 1);
        ck_assert_msg(conf_key_find(parent, name, strlen(name)) == &conf_keys[i], "%s", path);
        ck_assert(conf_key_in(&conf_keys[i], parent));
    }
    ck_assert_ptr_null(conf_key_find("", "threads", 7));
    ck_assert_ptr_null(conf_key_find("ingest", "thread", 6));
    ck_assert_ptr_null(conf_key_find("ingest", "listeners[].address", 19));
    ck_assert_ptr_null(conf_key_find("in", "threads", 7));
}
END_TEST

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    char *text = calloc(1, CONF_FILE_MAX + 1);
    ck_assert_uint_lt(fread(text, 1, CONF_FILE_MAX, f), CONF_FILE_MAX);
    fclose(f);
    return text;
}

static void read_ok(const char *path, struct conf *c)
{
    struct buf errors = {0};
    enum nabla_status status = conf_read_file(path, c, &errors);
    ck_assert_msg(status == NABLA_OK, "%.*s", (int)errors.n, errors.at);
    buf_fini(&errors);
}

static void same_member(const struct conf_key *key, const void *a, const void *b)
{
    ck_assert_msg(memcmp((const char *)a + key->offset, (const char *)b + key->offset, key->size) ==
                      0,
                  "%s", key->path);
}

/* config/nablad.yaml means what an empty file means, but for its one rule. */
START_TEST(installed_file_is_the_default)
{
    struct conf file, none;
    read_ok(FILE_DEFAULT, &file);
    conf_default(&none);
    ck_assert_uint_eq(file.ingest.listeners_n, none.ingest.listeners_n);
    for (size_t i = 0; i < conf_keys_n; i++)
        if (is_leaf(&conf_keys[i]) && strstr(conf_keys[i].path, "[]") == NULL)
            same_member(&conf_keys[i], &file, &none);
        else if (conf_key_in(&conf_keys[i], "ingest.listeners[]"))
            for (uint32_t l = 0; l < none.ingest.listeners_n; l++)
                same_member(&conf_keys[i], &file.ingest.listeners[l], &none.ingest.listeners[l]);
    ck_assert_uint_eq(file.policies.rules_n, 1);
    const struct policy *rule = &file.policies.rules[0].policy;
    ck_assert_int_eq(rule->kind, KIND_COUNTER);
    ck_assert_int_eq(rule->stale_after_ns, none.policies.defaults.stale_after_ns);
    conf_fini(&file);
    conf_fini(&none);
}
END_TEST

/* Walks the lines of a block-style file: the path of each, by its indentation, and its value. A
 * key behind a '#' without a blank is switched off, and counts as written. */
struct walk {
    char path[8][64]; /* by depth: the path up to there */
    size_t indent[8];
    int depth;
    const char *value;
};

static bool is_list(const char *path)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (strcmp(conf_keys[i].path, path) == 0)
            return conf_keys[i].type == CONF_LISTENERS || conf_keys[i].type == CONF_RULES ||
                   conf_keys[i].type == CONF_PUSHES || conf_keys[i].type == CONF_PEERS;
    return false;
}

static void walk_line(struct walk *w, char *line)
{
    size_t indent = strspn(line, " ");
    char *key = line + indent;
    key += *key == '#';
    bool item = strncmp(key, "- ", 2) == 0;
    key += item ? 2 : 0;
    indent += item ? 2 : 0;
    char *colon = strchr(key, ':');
    if (colon == NULL || strspn(key, "abcdefghijklmnopqrstuvwxyz_") != (size_t)(colon - key)) {
        w->value = NULL;
        return;
    }
    *colon = '\0';
    w->value = colon + 1 + strspn(colon + 1, " ");
    char *remark = strstr(colon + 1, "  # ");
    if (remark != NULL)
        *remark = '\0';
    while (w->depth > 0 && w->indent[w->depth - 1] >= indent)
        w->depth--;
    const char *parent = w->depth == 0 ? "" : w->path[w->depth - 1];
    bool in_list = is_list(parent);
    snprintf(w->path[w->depth], sizeof w->path[0], "%.30s%s%.30s", parent,
             in_list           ? "[]."
             : *parent == '\0' ? ""
                               : ".",
             key);
    w->indent[w->depth++] = indent;
}

static bool file_says(const char *path, const char *value)
{
    struct walk w = {0};
    bool found = false;
    char *text = file_text(FILE_DEFAULT);
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line != NULL && !found;
         line = strtok_r(NULL, "\n", &save)) {
        walk_line(&w, line);
        found = w.value != NULL && strcmp(w.path[w.depth - 1], path) == 0 &&
                (value == NULL || strcmp(w.value, value) == 0);
    }
    free(text);
    return found;
}

START_TEST(installed_file_has_every_key)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        ck_assert_msg(file_says(conf_keys[i].path, conf_keys[i].fallback),
                      "%s: %s is not in " FILE_DEFAULT, conf_keys[i].path, conf_keys[i].fallback);
    ck_assert(!file_says("ingest.threads", "2"));
    ck_assert(!file_says("http.threads", NULL));
}
END_TEST

START_TEST(examples_are_read)
{
    static const char folder[] = NABLA_SOURCE_DIR "/config/examples";
    DIR *dir = opendir(folder);
    int n = 0;
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[sizeof folder + sizeof e->d_name + 1];
        struct conf c;
        if (strstr(e->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        read_ok(path, &c);
        conf_fini(&c);
        n++;
    }
    closedir(dir);
    ck_assert_int_ge(n, 3);
}
END_TEST

/* A row of the reference: key, type, range, default, what it is for, when a change takes effect. */
enum { CELL_TYPE = 1, CELL_RANGE, CELL_DEFAULT, CELL_PURPOSE, CELL_WHEN, CELLS };

struct row {
    char text[512];
    const char *cell[CELLS];
};

static void find_row(const char *docs, const char *path, struct row *out)
{
    char head[128];
    snprintf(head, sizeof head, "\n| `%s` |", path);
    const char *row = strstr(docs, head);
    ck_assert_msg(row != NULL, "no %s in the documentation", path);
    snprintf(out->text, sizeof out->text, "%.*s", (int)strcspn(row + 1, "\n"), row + 1);
    char *p = out->text;
    for (int i = 0; i < CELLS; i++) {
        ck_assert_msg(p[0] == '|' && p[1] == ' ', "%s: cell %d", path, i);
        out->cell[i] = p + 2;
        p += 1 + strcspn(p + 1, "|");
        p[-1] = '\0'; /* an empty cell has this one blank only */
        if (out->cell[i] >= p)
            out->cell[i] = p - 1;
    }
    ck_assert_str_eq(p, "|");
}

static void words_text(const struct conf_key *key, char *out, size_t n)
{
    size_t at = 0;
    for (const struct conf_word *w = key->words; w->text != NULL; w++)
        at += (size_t)snprintf(out + at, n - at, "%s%s", w == key->words ? "" : ", ", w->text);
}

static void expect_range(const struct conf_key *key, const char *cell)
{
    char want[128] = "";
    if (key->type == CONF_LISTENERS || key->type == CONF_RULES)
        snprintf(want, sizeof want, "at most %d",
                 key->type == CONF_RULES ? (int)POLICY_RULES_MAX : (int)CONF_LISTENERS_MAX);
    else if (key->type == CONF_SELECTORS || key->type == CONF_RELABEL)
        snprintf(want, sizeof want, "at most %d",
                 key->type == CONF_RELABEL ? (int)RELABEL_RULES_MAX : (int)EXPOSURE_SELECTORS_MAX);
    else if (key->type == CONF_PUSHES)
        snprintf(want, sizeof want, "at most %d", (int)CONF_PUSH_MAX);
    else if (key->type == CONF_MATCHES)
        snprintf(want, sizeof want, "at most %d", (int)CONF_SELECTORS_MAX);
    else if (key->type == CONF_PEERS)
        snprintf(want, sizeof want, "at most %d", (int)CONF_PEERS_MAX);
    else if (key->type == CONF_FILES)
        snprintf(want, sizeof want, "at most %d", (int)CONF_FILES_MAX);
    else if (key->type == CONF_PREFIXES)
        snprintf(want, sizeof want, "at most %d", (int)PREFIXES_MAX);
    else if (key->type == CONF_NAMES)
        snprintf(want, sizeof want, "at most %d", (int)CONF_NAMES_MAX);
    else if (key->type == CONF_NUMBERS)
        snprintf(want, sizeof want, "at most %d", (int)LIMITS_MAX);
    else if (key->type == CONF_TEMPLATES)
        snprintf(want, sizeof want, "at most %d", (int)PATH_TEMPLATES_MAX);
    else if (key->type == CONF_LATE)
        snprintf(want, sizeof want, "insert, drop, or %s to %s", key->min, key->max);
    else if (is_number(key) || key->type == CONF_NUMBER)
        snprintf(want, sizeof want, "%s to %s%s%s", key->min, key->max,
                 key->words == NULL ? "" : ", or ", key->words == NULL ? "" : key->words->text);
    else if (key->type == CONF_WORD || key->type == CONF_WORDS)
        words_text(key, want, sizeof want);
    ck_assert_msg(strcmp(cell, want) == 0, "%s: \"%s\", not \"%s\"", key->path, cell, want);
}

static void expect_default(const struct conf_key *key, const char *cell)
{
    char want[64];
    if (!is_leaf(key)) {
        ck_assert_msg(*cell != '\0', "%s", key->path);
        return;
    }
    snprintf(want, sizeof want, "%s`%s`", key->fallback == NULL ? "as in " : "",
             key->fallback == NULL ? "defaults" : key->fallback);
    if (key->type == CONF_TEXT || key->type == CONF_FILE)
        snprintf(want, sizeof want, "none");
    ck_assert_msg(strcmp(cell, key->required ? "required" : want) == 0, "%s: %s", key->path, cell);
}

START_TEST(reference_has_every_key)
{
    static const char *const types[] = {[CONF_SELECTORS] = "list of selectors",
                                        [CONF_RELABEL] = "list",
                                        [CONF_LISTENERS] = "list",
                                        [CONF_RULES] = "list",
                                        [CONF_INTEGER] = "integer",
                                        [CONF_SIZE] = "size",
                                        [CONF_DURATION] = "duration",
                                        [CONF_WORD] = "word",
                                        [CONF_WORDS] = "list of words",
                                        [CONF_NUMBER] = "number",
                                        [CONF_NUMBERS] = "list of numbers",
                                        [CONF_PREFIXES] = "list of networks",
                                        [CONF_NAMES] = "list of names",
                                        [CONF_LATE] = "late",
                                        [CONF_ADDRESS] = "address",
                                        [CONF_SELECTOR] = "selector",
                                        [CONF_FILES] = "file, or list of files",
                                        [CONF_TEMPLATES] = "list of templates",
                                        [CONF_PUSHES] = "list",
                                        [CONF_PEERS] = "list",
                                        [CONF_MATCHES] = "list of selectors",
                                        [CONF_TEXT] = "text",
                                        [CONF_FILE] = "file"};
    char *docs = file_text(FILE_DOCS);
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct conf_key *key = &conf_keys[i];
        struct row row;
        if (key->type == CONF_SECTION)
            continue;
        find_row(docs, key->path, &row);
        ck_assert_msg(strcmp(row.cell[CELL_TYPE], types[key->type]) == 0, "%s", key->path);
        expect_range(key, row.cell[CELL_RANGE]);
        expect_default(key, row.cell[CELL_DEFAULT]);
        ck_assert_msg(strcmp(row.cell[CELL_WHEN], key->restart ? "restart" : "reload") == 0,
                      "%s: %s", key->path, row.cell[CELL_WHEN]);
    }
    free(docs);
}
END_TEST

/* docs/trust.md, of the keys of a rule alone. Its last cells are the unit and what counts. */
START_TEST(rules_are_on_their_page)
{
    char *docs = file_text(FILE_TRUST), *at = docs;
    size_t rows = 0, keys = 0;
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct conf_key *key = &conf_keys[i];
        struct row row;
        if (!conf_key_in(key, "defaults"))
            continue;
        find_row(docs, conf_key_name(key), &row);
        expect_range(key, row.cell[CELL_RANGE]);
        expect_default(key, row.cell[CELL_DEFAULT]);
        keys++;
    }
    for (; (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    ck_assert_uint_eq(rows, keys);
    free(docs);
}
END_TEST

START_TEST(reference_has_no_other_key)
{
    char *docs = file_text(FILE_DOCS), *row = docs;
    size_t rows = 0, leaves_and_lists = 0;
    for (; (row = strstr(row, "\n| `")) != NULL; row++)
        rows++;
    for (size_t i = 0; i < conf_keys_n; i++)
        leaves_and_lists += conf_keys[i].type != CONF_SECTION;
    ck_assert_uint_eq(rows, leaves_and_lists);
    free(docs);
}
END_TEST

/* The n-th block of that kind in the documentation; its end is cut off. */
static char *block(char *docs, const char *fence, int n)
{
    char *at = docs;
    for (int i = 0; i <= n; i++) {
        at = strstr(at, fence);
        ck_assert_msg(at != NULL, "%s %d", fence, i);
        at += strlen(fence);
    }
    char *end = strstr(at, "```");
    *end = '\0';
    return at;
}

START_TEST(documented_example_is_read)
{
    struct conf c;
    struct buf errors = {0};
    char *docs = file_text(FILE_DOCS), *text = block(docs, "```yaml nablad\n", 0);
    ck_assert_int_eq(conf_read_text("x", text, strlen(text), &c, &errors), NABLA_OK);
    ck_assert_uint_eq(c.limits.max_series, 200000);
    conf_fini(&c);
    buf_fini(&errors);
    free(docs);
}
END_TEST

START_TEST(documented_errors_are_said)
{
    static const char command[] = "$ nabla check config plant.yaml\n";
    struct conf c;
    struct buf errors = {0};
    char *docs = file_text(FILE_DOCS), *again = file_text(FILE_DOCS);
    char *text = block(docs, "```yaml plant.yaml\n", 0), *said = block(again, "```console\n", 0);
    ck_assert_int_eq(conf_read_text("plant.yaml", text, strlen(text), &c, &errors), NABLA_EINVAL);
    buf_char(&errors, '\0');
    ck_assert_int_eq(strncmp(said, command, strlen(command)), 0);
    said += strlen(command); /* the command itself has a word to add at the end */
    ck_assert_msg(strncmp(errors.at, said, strlen(errors.at)) == 0, "%s", errors.at);
    buf_fini(&errors);
    free(docs);
    free(again);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keys");
    TCase *c = tcase_create("keys");
    tcase_add_test(c, ranges_fit);
    tcase_add_test(c, words_fit);
    tcase_add_test(c, defaults_are_taken);
    tcase_add_test(c, paths_are_unique_and_found);
    tcase_add_test(c, installed_file_is_the_default);
    tcase_add_test(c, installed_file_has_every_key);
    tcase_add_test(c, examples_are_read);
    tcase_add_test(c, reference_has_every_key);
    tcase_add_test(c, rules_are_on_their_page);
    tcase_add_test(c, reference_has_no_other_key);
    tcase_add_test(c, documented_example_is_read);
    tcase_add_test(c, documented_errors_are_said);
    suite_add_tcase(s, c);
    return s;
}
