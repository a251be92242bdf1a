/* Which texts are selectors, why the others are not, and which series each of them chooses. */
#include "series/selector.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A set made of "name=value" words, the metric's name first; sorted by who writes the row. */
static const struct labelset *labels_of(const char *words)
{
    static _Alignas(struct labelset) char room[LABELSET_MAX];
    static char text[LABELSET_MAX];
    struct label list[LABELS_MAX];
    uint32_t n = 0;
    ck_assert_uint_lt(strlen(words), sizeof text);
    strcpy(text, words);
    for (char *save = NULL, *w = strtok_r(text, "|", &save); w != NULL;
         w = strtok_r(NULL, "|", &save)) {
        char *value = strchr(w, '=') + 1;
        list[n++] = (struct label){.name = w,
                                   .name_n = (uint32_t)(value - 1 - w),
                                   .value = value,
                                   .value_n = (uint32_t)strlen(value)};
    }
    ck_assert_int_eq(labelset_pack(list, n, (struct labelset *)room), NABLA_OK);
    return (const struct labelset *)room;
}

static struct selector *made(const char *text, size_t n)
{
    struct selector *s = NULL;
    struct selector_fault fault = {0};
    enum nabla_status status = selector_new(text, n, &s, &fault);
    ck_assert_msg(status == NABLA_OK, "%s: %zu: %s", text, fault.offset, fault.message);
    return s;
}

#define PLANT    "__name__=temperature|sensor=s17|site=plant-03"
#define GRAPHITE "__name__=plant-03.temperature"
#define UNICODE                                                                                    \
    "__name__=\xc3\xa9"                                                                            \
    "t\xc3\xa9"                                                                                    \
    "|stadt=K\xc3\xb6ln"

static const struct {
    const char *text, *labels;
    bool match;
} match_rows[] = {
    {"temperature", PLANT, true},
    {"humidity", PLANT, false},
    {"temperatur", PLANT, false},
    {"temperature2", PLANT, false},
    {"temperature{}", PLANT, true},
    {"temperature{site=\"plant-03\"}", PLANT, true},
    {"temperature{site=\"plant-0\"}", PLANT, false},
    {"temperature{site!=\"plant-03\"}", PLANT, false},
    {"temperature{site!=\"plant-04\"}", PLANT, true},
    {"temperature{site=\"plant-03\",sensor=\"s17\"}", PLANT, true},
    {"temperature{site=\"plant-03\",sensor=\"s18\"}", PLANT, false},
    {"{site=\"plant-03\"}", PLANT, true},
    {"{__name__=\"temperature\"}", PLANT, true},
    {"{__name__=\"plant-03.temperature\"}", GRAPHITE, true},
    {"{__name__=~\"plant-03[.].*\"}", GRAPHITE, true},
    {"{__name__=~\"temperature|humidity\",site!=\"\"}", PLANT, true},
    {"{__name__=\"a\",__name__=\"b\"}", "__name__=a", false}, /* allowed, and never true */
    {"{__name__!=\"a\",__name__=~\".+\"}", "__name__=b", true},
    /* a label that is not there is empty */
    {"temperature{rack=\"\"}", PLANT, true},
    {"temperature{rack!=\"\"}", PLANT, false},
    {"temperature{rack!=\"r1\"}", PLANT, true},
    {"temperature{rack=~\"\"}", PLANT, true},
    {"temperature{rack=~\"r1|\"}", PLANT, true}, /* an empty alternative */
    {"temperature{rack=~\"|r1\"}", PLANT, true},
    {"temperature{rack=~\".*\"}", PLANT, true},
    {"temperature{rack=~\".+\"}", PLANT, false},
    {"temperature{rack!~\".+\"}", PLANT, true},
    {"temperature{rack!~\".*\"}", PLANT, false},
    {"temperature{site=~\"plant-03|\"}", PLANT, true},
    {"temperature{site=~\"|\"}", PLANT, false},
    /* anchored at both ends, all alternatives tried to the end */
    {"temperature{sensor=~\"s1.*\"}", PLANT, true},
    {"temperature{sensor=~\"s1\"}", PLANT, false},
    {"temperature{sensor=~\"17\"}", PLANT, false},
    {"temperature{sensor=~\"s|s17\"}", PLANT, true},
    {"temperature{sensor=~\"s(1|17)\"}", PLANT, true},
    {"temperature{sensor!~\"s2.*\"}", PLANT, true},
    {"temperature{sensor!~\"s1.*\"}", PLANT, false},
    {"temperature{sensor=~\"^s17$\"}", PLANT, true},
    {"temperature{sensor=~\"(?i)S17\"}", PLANT, true},
    {"temperature{sensor=~\"s\\\\d+\"}", PLANT, true},
    {"temperature{sensor=~`s\\d+`}", PLANT, true},
    {"a{b=~\"x.y\"}", "__name__=a|b=x\ny", true},
    {"a{b=~\"x\"}", "__name__=a|b=x\n", false}, /* no line break slips past the end */
    {"a{b=~\"x$\"}", "__name__=a|b=x\n", false},
    {"a{b=~`x$\n`}", "__name__=a|b=x\n", false},
    {"a{b=~`(?x) x # rest`}", "__name__=a|b=x", true},
    {"a{b=~`\\Qa.b\\E`}", "__name__=a|b=a.b", true},
    {"a{b=~`(?P<n>x)+`}", "__name__=a|b=xxx", true},
    /* bytes and code points */
    {"{stadt=\"K\xc3\xb6ln\"}", UNICODE, true},
    {"{stadt=\"K\\u00f6ln\"}", UNICODE, true},
    {"{stadt=\"K\\U000000f6ln\"}", UNICODE, true},
    {"{stadt=\"K\\xc3\\xb6ln\"}", UNICODE, true},
    {"{stadt=\"K\\303\\266ln\"}", UNICODE, true},
    {"{stadt=~\"K.ln\"}", UNICODE, true}, /* '.' is a code point, not a byte */
    {"{stadt=~\"(?i)k\xc3\x96LN\"}", UNICODE, true},
    {"{stadt=~\"K\\\\pLln\"}", UNICODE, true},
    {"{stadt=~\"K\\\\wln\"}", UNICODE, false}, /* \w is ASCII, as in Go */
    {"{stadt=\"\\xff\"}", UNICODE, false},
    /* quotes, escapes, blanks, commas, comments */
    {"a{b='x'}", "__name__=a|b=x", true},
    {"a{b=`x`}", "__name__=a|b=x", true},
    {"a{b='\"'}", "__name__=a|b=\"", true},
    {"a{b='\\''}", "__name__=a|b='", true},
    {"a{b=\"\\\"\"}", "__name__=a|b=\"", true},
    {"a{b=\"\\a\\b\\f\\n\\r\\t\\v\\\\\"}", "__name__=a|b=\a\b\f\n\r\t\v\\", true},
    {"a{b=`\\n`}", "__name__=a|b=\\n", true},
    {"a{b=`x\ny`}", "__name__=a|b=x\ny", true},
    {"a{b=\"\\U0001F600\\u20ac\"}", "__name__=a|b=\xf0\x9f\x98\x80\xe2\x82\xac", true},
    {"a{b=\"x\",}", "__name__=a|b=x", true},
    {" \t\r\na \n{ b\n = \t'x' , c != 'x'\r\n,\n} ", "__name__=a|b=x", true},
    {"# which?\na{ # this one\nb='x' # so\n} # end", "__name__=a|b=x", true},
    {"a{b='#'}", "__name__=a|b=#", true},
    {"_a:b1:", "__name__=_a:b1:", true},
    {":a", "__name__=:a", true},
    {"sum{by='x'}", "__name__=sum|by=x", true}, /* PromQL's words are names here too */
    {"a{_b1='x'}", "__name__=a|_b1=x", true},
    /* names of labels in quotes */
    {"a{'b'='x'}", "__name__=a|b=x", true},
    {"{\"b\" != \"x\", `c`='y'}", "__name__=a|b=x|c=y", false},
    {"a{\"stra\xc3\x9f"
     "e\"=\"x\"}",
     "__name__=a|stra\xc3\x9f"
     "e=x",
     true},
    {"a{\"stra\\u00dfe\"=\"x\"}",
     "__name__=a|stra\xc3\x9f"
     "e=x",
     true},
    {"a{\"b-1\\\"\"=~\"x.*\"}", "__name__=a|b-1\"=xy", true},
    {"{'__name__'='a'}", "__name__=a", true},
};

START_TEST(match_row)
{
    const char *text = match_rows[_i].text;
    struct selector *s = made(text, strlen(text));
    ck_assert_msg(selector_match(s, labels_of(match_rows[_i].labels)) == match_rows[_i].match,
                  "%s on %s", text, match_rows[_i].labels);
    selector_free(s);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} fault_rows[] = {
    {"", 0, "expected a metric name or {, found the end of the selector"},
    {"  ", 2, "expected a metric name or {, found the end of the selector"},
    {"1a", 0, "expected a metric name or {, found '1'"},
    {"\"a\"", 0, "expected a metric name or {, found '\"'"},
    {"a b", 2, "expected { or nothing after the metric's name, found 'b'"},
    {"a-b", 1, "expected { or nothing after the metric's name, found '-'"},
    {"a\xc3\xa9", 1, "expected { or nothing after the metric's name, found byte 0xc3"},
    {"a\x01", 1, "expected { or nothing after the metric's name, found byte 0x01"},
    {"a{}[5m]", 3, "expected nothing after }, found '['"},
    {"a{} offset 5m", 4, "expected nothing after }, found 'o'"},
    {"a{", 2, "expected a label name or }, found the end of the selector"},
    {"a{,}", 2, "expected a label name or }, found ','"},
    {"a{b='x',,}", 8, "expected a label name or }, found ','"},
    {"a{'b", 2, "a label name without its closing '"},
    {"a{''='x'}", 2, "a label name of no bytes"},
    {"a{'b'}", 5, "expected =, !=, =~ or !~, found '}'"},
    {"a{'__name__'='x'}", 2, "the metric's name is given twice: before the braces and here"},
    {"a{'\\q'='x'}", 3, "an unknown escape (a backslash itself is written \\\\)"},
    {"a{1b='x'}", 2, "expected a label name or }, found '1'"},
    {"a{b:c='x'}", 3, "expected =, !=, =~ or !~, found ':'"},
    {"a{b}", 3, "expected =, !=, =~ or !~, found '}'"},
    {"a{b!'x'}", 3, "expected =, !=, =~ or !~, found '!'"},
    {"a{b", 3, "expected =, !=, =~ or !~, found the end of the selector"},
    {"a{b==\"x\"}", 4, "expected a value in quotes, found '='"},
    {"a{b= ~\"x\"}", 5, "expected a value in quotes, found '~'"},
    {"a{b=x}", 4, "expected a value in quotes, found 'x'"},
    {"a{b=", 4, "expected a value in quotes, found the end of the selector"},
    {"a{b='x' c='y'}", 8, "expected , or }, found 'c'"},
    {"a{b='x'", 7, "expected , or }, found the end of the selector"},
    {"a{b='x\"}", 4, "a value without its closing '"},
    {"a{b=\"x\ny\"}", 4, "a value without its closing \""},
    {"a{b=`x", 4, "a value without its closing `"},
    {"a{b=\"\\q\"}", 5, "an unknown escape (a backslash itself is written \\\\)"},
    {"a{b=\"\\'\"}", 5, "an unknown escape (a backslash itself is written \\\\)"},
    {"a{b=\"\\.\"}", 5, "an unknown escape (a backslash itself is written \\\\)"},
    {"a{b=\"\\8\"}", 5, "an unknown escape (a backslash itself is written \\\\)"},
    {"a{b=\"\\", 5, "an escape without an end"},
    {"a{b=\"\\x4", 5, "an escape with too few digits"},
    {"a{b=\"\\u004g\"}", 5, "an escape with too few digits"},
    {"a{b=\"\\18\"}", 5, "an escape with too few digits"},
    {"a{b=\"\\400\"}", 5, "an octal escape above \\377"},
    {"a{b=\"\\ud800\"}", 5, "an escape that is no Unicode code point"},
    {"a{b=\"\\U00110000\"}", 5, "an escape that is no Unicode code point"},
    {"a{__name__='a'}", 2, "the metric's name is given twice: before the braces and here"},
    {"a{b='x',__name__=~'a'}", 8, "the metric's name is given twice: before the braces and here"},
#define EVERYTHING 0, "it matches everything: at least one matcher must refuse the empty value"
    {"{}", EVERYTHING},
    {"{a=''}", EVERYTHING},
    {"{a=~'.*'}", EVERYTHING},
    {"{a=~''}", EVERYTHING},
    {"{a=~'x|'}", EVERYTHING},
    {"{a!='x'}", EVERYTHING},
    {"{a!~'x'}", EVERYTHING},
    {"{a!~'.+',b!='x',c=~'x*'}", EVERYTHING},
    {"a{b=~'('}", 7, "bad regular expression: missing closing parenthesis"},
    {"a{b=~'x)(y'}", 7, "bad regular expression: unmatched closing parenthesis"},
    {"a{b=~'*'}", 6, "bad regular expression: quantifier does not follow a repeatable item"},
    {"a{b=~\"\\\\d\\u00e9(\"}", 16, "bad regular expression: missing closing parenthesis"},
    {"a{b=~'[a'}", 8, "bad regular expression: missing terminating ] for character class"},
    {"a{b=~`(a)\\1`}", 10,
     "bad regular expression: reference to non-existent subpattern"}, /* as in Go: none */
    {"a{b=~`\\C`}", 8, "bad regular expression: using \\C is disabled by the application"},
};

START_TEST(fault_row)
{
    const char *text = fault_rows[_i].text;
    char here;
    struct selector *const untouched = (struct selector *)&here, *s = untouched;
    struct selector_fault fault = {.offset = 999};
    ck_assert_msg(selector_new(text, strlen(text), &s, &fault) == NABLA_EINVAL, "%s", text);
    ck_assert_msg(strcmp(fault.message, fault_rows[_i].message) == 0, "%s: %s", text,
                  fault.message);
    ck_assert_msg(fault.offset == fault_rows[_i].offset, "%s: offset %zu", text, fault.offset);
    ck_assert_ptr_eq(s, untouched);
}
END_TEST

START_TEST(zero_bytes)
{
    struct selector *s = made("a{b=~'x\0y'}", 11);
    struct selector_fault fault;
    ck_assert(!selector_match(s, labels_of("__name__=a|b=x")));
    selector_free(s);
    s = NULL;
    ck_assert_int_eq(selector_new("a\0", 2, &s, &fault), NABLA_EINVAL);
    ck_assert_uint_eq(fault.offset, 1);
    ck_assert_int_eq(selector_new("a{b=\"\\\0\"}", 9, &s, &fault), NABLA_EINVAL);
    ck_assert_uint_eq(fault.offset, 5);
    ck_assert_ptr_null(s);
}
END_TEST

/* An expression that must give up before it could know: were there no limit, each would match in
 * the end, by its last alternative, after a time that doubles with each letter. */
static const char *const evil_rows[] = {
    "{v=~'(a+)+b|a+!'}",     "{v=~'(a|a)*b|a+!'}",       "{v=~'(a|aa)+b|a+!'}",
    "{v=~'(.*a){12}b|a+!'}", "{v=~'(?:(?:a*)*)*b|a+!'}",
};

static const struct labelset *evil_value(size_t letters)
{
    static char words[LABELSET_MAX];
    size_t n = strlen(strcpy(words, "__name__=m|v="));
    memset(words + n, 'a', letters);
    strcpy(words + n + letters, "!");
    return labels_of(words);
}

START_TEST(evil)
{
    struct selector *s = made(evil_rows[_i], strlen(evil_rows[_i]));
    ck_assert(!selector_match(s, evil_value(4000)));
    ck_assert(!selector_match(s, evil_value(60)));
    ck_assert(selector_match(s, labels_of("__name__=m|v=a!"))); /* and it lives on */
    selector_free(s);
}
END_TEST

/* 2^18 ways are more than SELECTOR_MATCH_LIMIT, and far fewer than what PCRE2 would do unasked. */
START_TEST(match_limit_is_ours)
{
    const char *text = "{v=~'(a|a)*b|a+!'}";
    struct selector *s = made(text, strlen(text));
    ck_assert(!selector_match(s, evil_value(18)));
    ck_assert(selector_match(s, evil_value(8)));
    selector_free(s);
}
END_TEST

START_TEST(evil_does_not_match_when_negated_either)
{
    const char *text = "{v=~'.+',v!~'(a+)+$|a+!'}";
    struct selector *s = made(text, strlen(text));
    ck_assert(selector_match(s, evil_value(4000))); /* the expression is taken not to match */
    ck_assert(!selector_match(s, labels_of("__name__=m|v=a!")));
    selector_free(s);
}
END_TEST

/* What is long is not evil. */
START_TEST(long_values_match)
{
    static const char *const texts[] = {"{v=~'a+!'}", "{v=~'.*!'}", "{v=~'.*a.*a!'}",
                                        "{v=~'(a|b)*!'}", "{v=~'(aa|a)+!'}"};
    for (int i = 0; i < ROWS(texts); i++) {
        struct selector *s = made(texts[i], strlen(texts[i]));

        ck_assert_msg(selector_match(s, evil_value(4000)), "%s", texts[i]);
        selector_free(s);
    }
}
END_TEST

/* What is asked, of how many letters; what is then written down. */
static const struct {
    const char *text;
    size_t letters;
    bool matches;
    struct effort want;
} effort_rows[] = {
    {"{v=~'a+!'}", 4000, true, {1, 0, 0}},
    {"{v=~'b+'}", 4000, false, {1, 0, 0}},
    {"{v=~'(a|b)*!'}", 20, true, {1, 0, 0}},
    {"{v=~'(a|a){8}[bz]|a+!'}", 4000, true, {1, 1, 0}}, /* dear, and answered */
    {"{v=~'(a|a)*b|a+!'}", 18, false, {1, 1, 1}},
    {"{v=~'(a+)+b|a+!'}", 4000, false, {1, 1, 1}},
    {"{v='b'}", 10, false, {0, 0, 0}},
    {"{v=~'.+',v=~'a+!'}", 10, true, {2, 0, 0}},
};

START_TEST(effort_row)
{
    struct effort effort = {0};
    struct selector *s = made(effort_rows[_i].text, strlen(effort_rows[_i].text));
    selector_charge(s, &effort);
    ck_assert(selector_match(s, evil_value(effort_rows[_i].letters)) == effort_rows[_i].matches);
    ck_assert_uint_eq(effort.asked, effort_rows[_i].want.asked);
    ck_assert_uint_eq(effort.dear, effort_rows[_i].want.dear);
    ck_assert_uint_eq(effort.overruns, effort_rows[_i].want.overruns);
    selector_free(s);
}
END_TEST

/* Nothing is asked any more once it is spent. */
START_TEST(effort_ends)
{
    const char *text = "{v=~'(a|a)*b|a+!'}";
    struct effort effort = {0};
    struct selector *s = made(text, strlen(text));
    selector_charge(s, &effort);
    for (int i = 0; i < OVERRUNS_MAX; i++) {
        ck_assert(!effort_is_spent(&effort));
        ck_assert(!selector_match(s, evil_value(18)));
    }
    ck_assert(effort_is_spent(&effort));
    ck_assert(!selector_match(s, evil_value(1)));
    ck_assert_uint_eq(effort.asked, OVERRUNS_MAX);
    selector_free(s);
}
END_TEST

static char *matchers_text(int n)
{
    char *text = malloc((size_t)n * 16 + 4), *p = text;
    *p++ = '{';
    for (int i = 0; i < n; i++)
        p += sprintf(p, "l%d='x',", i);
    strcpy(p, "}");
    return text;
}

START_TEST(limits)
{
    struct selector *s = NULL;
    struct selector_fault fault;
    char *text = matchers_text(SELECTOR_MATCHERS_MAX);
    selector_free(made(text, strlen(text)));
    free(text);
    text = matchers_text(SELECTOR_MATCHERS_MAX + 1);
    ck_assert_int_eq(selector_new(text, strlen(text), &s, &fault), NABLA_EINVAL);
    ck_assert_str_eq(fault.message, "more than 64 matchers");
    ck_assert_uint_eq(fault.offset, strstr(text, "l64") - text);
    free(text);

    static char name[SELECTOR_TEXT_MAX + 1];
    memset(name, 'a', sizeof name);
    selector_free(made(name, SELECTOR_TEXT_MAX));
    ck_assert_int_eq(selector_new(name, SELECTOR_TEXT_MAX + 1, &s, &fault), NABLA_EINVAL);
    ck_assert_str_eq(fault.message, "a selector longer than 16384 bytes");
    ck_assert_ptr_null(s);
}
END_TEST

/* Every prefix of a selector is read from the very end of a page that none follows. */
START_TEST(every_prefix)
{
    static const char text[] = "a_1{b=\"\\u00e9\\\\\",c!~'(x|y)+\\'\\101\\x41' , d =~ `z`,} # end";
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
    for (size_t n = 0; n < sizeof text; n++) {
        struct selector *s = NULL;
        struct selector_fault fault = {.offset = SIZE_MAX};
        char *at = memcpy(map + page - n, text, n);
        if (selector_new(at, n, &s, &fault) != NABLA_OK)
            ck_assert_uint_le(fault.offset, n);
        else
            ck_assert_msg(n <= strlen("a_1") || n >= strlen(text) - strlen(" # end"), "%zu", n);
        selector_free(s);
    }
    munmap(map, 2 * page);
}
END_TEST

static const struct {
    const char *text, *metric;
} metric_rows[] = {
    {"temperature{a='b'}", "temperature"},
    {"{a='b',__name__='plant-03.t'}", "plant-03.t"},
    {"{a='b',__name__=''}", NULL},
    {"{__name__=~'temperature'}", NULL},
    {"{__name__!='temperature',a='b'}", NULL},
    {"{a='b'}", NULL},
};

START_TEST(metric_row)
{
    size_t n = 0;
    const char *want = metric_rows[_i].metric;
    struct selector *s = made(metric_rows[_i].text, strlen(metric_rows[_i].text));
    const char *got = selector_metric(s, &n);
    ck_assert_int_eq(got == NULL, want == NULL);
    if (want != NULL)
        ck_assert_msg(n == strlen(want) && memcmp(got, want, n) == 0, "%.*s", (int)n, got);
    selector_free(s);
}
END_TEST

static const struct {
    const char *text, *labels;
    bool match, closed; /* closed: what is left of the match */
} closed_rows[] = {
    {"a", "__name__=a", true, true},
    {"a", "__name__=a|x=1", true, false},
    {"a{x='1'}", "__name__=a|x=1", true, true},
    {"a{x='1'}", "__name__=a|x=2", false, false},
    {"a{x='1'}", "__name__=a|x=1|y=2", true, false},
    {"a{x='1'}", "__name__=a|w=1|x=1", true, false},
    {"a{x='1',y=''}", "__name__=a|x=1", true, true},
    {"a{x='1',y=~'.*'}", "__name__=a|x=1|y=2", true, true}, /* it names y, whatever that is */
    {"{x='1'}", "__name__=a|x=1", true, false},             /* the metric's name is a label, too */
    {"{x='1'}", "__name__=|x=1", true, true},
    {"{__name__=~'a|b',x='1'}", "__name__=b|x=1", true, true},
    {"a{x='1'}", "__name__=a|x=1|xy=1", true, false},
};

START_TEST(closed_row)
{
    const char *text = closed_rows[_i].text;
    struct selector *s = made(text, strlen(text));
    const struct labelset *labels = labels_of(closed_rows[_i].labels);
    ck_assert_msg(selector_match(s, labels) == closed_rows[_i].match, "%s: open", text);
    selector_close(s);
    ck_assert_msg(selector_match(s, labels) == closed_rows[_i].closed, "%s of %s: closed", text,
                  closed_rows[_i].labels);
    selector_free(s);
}
END_TEST

START_TEST(free_takes_null)
{
    selector_free(NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("selector");
    TCase *c = tcase_create("selector");
    tcase_add_loop_test(c, match_row, 0, ROWS(match_rows));
    tcase_add_loop_test(c, fault_row, 0, ROWS(fault_rows));
    tcase_add_loop_test(c, evil, 0, ROWS(evil_rows));
    tcase_add_loop_test(c, metric_row, 0, ROWS(metric_rows));
    tcase_add_loop_test(c, closed_row, 0, ROWS(closed_rows));
    tcase_add_test(c, zero_bytes);
    tcase_add_test(c, match_limit_is_ours);
    tcase_add_test(c, evil_does_not_match_when_negated_either);
    tcase_add_test(c, long_values_match);
    tcase_add_loop_test(c, effort_row, 0, ROWS(effort_rows));
    tcase_add_test(c, effort_ends);
    tcase_add_test(c, limits);
    tcase_add_test(c, every_prefix);
    tcase_add_test(c, free_takes_null);
    suite_add_tcase(s, c);
    return s;
}
