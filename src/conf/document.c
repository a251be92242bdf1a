/* conf/document.c -- libyaml, twice: first its events, to refuse what a configuration has no use for
 * before a tree is made of it (deep nesting costs the loader dearly, and an alias can make a small
 * file into an endless tree), then its document tree.
 * Laws: every fault has a place in the file; what passes has one document or none. */
#include "conf/document.h"

#include <string.h>

static struct place place_of_mark(yaml_mark_t mark)
{
    return (struct place){.line = mark.line + 1, .column = mark.column + 1};
}

struct place place_of_node(const yaml_node_t *node)
{
    return place_of_mark(node->start_mark);
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static struct place place_of_byte(const char *text, size_t n, size_t offset)
{
    struct place at = {1, 1};
    for (size_t i = 0; i < offset && i < n; i++) {
        at.column += starts_character(text[i]);
        if (text[i] == '\n')
            at = (struct place){at.line + 1, 1};
    }
    return at;
}

/* libyaml's own words; where it stumbled over a tab, the reason it does not give. */
static enum nabla_status not_yaml(const yaml_parser_t *p, const char *text, size_t n,
                                  struct faults *faults)
{
    if (p->error == YAML_MEMORY_ERROR || p->problem == NULL) /* it does not always say which */
        return NABLA_ENOMEM;
    if (p->error == YAML_READER_ERROR) {
        faults_add(faults, place_of_byte(text, n, p->problem_offset), "not YAML: %s", p->problem);
        return NABLA_EINVAL;
    }
    size_t at = p->problem_mark.index;
    bool tab = at < n && text[at] == '\t';
    faults_add(faults, place_of_mark(p->problem_mark), "not YAML: %s%s%s%s",
               p->context == NULL ? "" : p->context, p->context == NULL ? "" : ", ", p->problem,
               tab ? " (a tab: indent with blanks)" : "");
    return NABLA_EINVAL;
}

static enum nabla_status refuse(struct faults *faults, const yaml_event_t *e, const char *why)
{
    faults_add(faults, place_of_mark(e->start_mark), "%s", why);
    return NABLA_EINVAL;
}

static bool is_decorated(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor != NULL || e->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL;
    default: return e->type == YAML_ALIAS_EVENT;
    }
}

struct shape {
    int depth, documents;
};

static enum nabla_status check_event(const yaml_event_t *e, struct shape *shape,
                                     struct faults *faults)
{
    if (is_decorated(e))
        return refuse(faults, e,
                      "anchors (&), aliases (*) and tags (!) are not used here; text "
                      "that begins so goes in quotes");
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++shape->documents > 1)
            return refuse(faults, e, "a second document begins: the file must be one");
        break;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (++shape->depth > DOCUMENT_DEPTH_MAX)
            return refuse(faults, e, "nested too deeply");
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: shape->depth--; break;
    default: break;
    }
    return NABLA_OK;
}

static bool open_parser(yaml_parser_t *p, const char *text, size_t n)
{
    if (!yaml_parser_initialize(p))
        return false;
    yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(p, (const unsigned char *)text, n);
    return true;
}

static enum nabla_status check_events(const char *text, size_t n, struct faults *faults)
{
    yaml_parser_t p;
    struct shape shape = {0};
    enum nabla_status status = NABLA_OK;
    if (!open_parser(&p, text, n))
        return NABLA_ENOMEM;
    for (bool end = false; status == NABLA_OK && !end;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&p, &e)) {
            status = not_yaml(&p, text, n, faults);
            break;
        }
        end = e.type == YAML_STREAM_END_EVENT;
        status = check_event(&e, &shape, faults);
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&p);
    return status;
}

enum nabla_status document_load(const char *text, size_t n, yaml_document_t *out,
                                struct faults *faults)
{
    yaml_parser_t p;
    enum nabla_status status = check_events(text, n, faults);
    if (status != NABLA_OK)
        return status;
    if (!open_parser(&p, text, n))
        return NABLA_ENOMEM;
    if (!yaml_parser_load(&p, out))
        status = not_yaml(&p, text, n, faults);
    yaml_parser_delete(&p);
    return status;
}

bool node_is_null(const yaml_node_t *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp((const char *)node->data.scalar.value, words[i]) == 0)
            return true;
    return false;
}

const char *node_noun(const yaml_node_t *node)
{
    if (node_is_null(node))
        return "nothing";
    return node->type == YAML_SEQUENCE_NODE  ? "a list"
           : node->type == YAML_MAPPING_NODE ? "keys with values"
                                             : "text";
}

yaml_node_t *node_value(yaml_document_t *doc, const yaml_node_t *mapping, const char *name)
{
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;
    for (; pairs < mapping->data.mapping.pairs.top; pairs++) {
        const yaml_node_t *key = yaml_document_get_node(doc, pairs->key);
        if (key->type == YAML_SCALAR_NODE && key->data.scalar.length == strlen(name) &&
            memcmp(key->data.scalar.value, name, key->data.scalar.length) == 0)
            return yaml_document_get_node(doc, pairs->value);
    }
    return NULL;
}

/* The byte at a mark: marks count characters, and begin lines as we do where only LF ends them. */
static size_t byte_of_mark(const char *text, size_t n, yaml_mark_t mark)
{
    size_t at = 0;
    for (size_t line = 0; line < mark.line && at < n; at++)
        line += text[at] == '\n';
    for (size_t column = 0; at < n; at++) {
        column += starts_character(text[at]);
        if (column > mark.column)
            break;
    }
    return at;
}

/* How many bytes of the file one byte of the value takes at p; 0: not to be told. */
static size_t source_bytes(const char *p, const char *end, yaml_scalar_style_t style)
{
    if (*p == '\n' || *p == '\r')
        return 0;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE && *p == '\'')
        return 2;
    if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && *p == '\\')
        return end - p > 1 && (p[1] == '\\' || p[1] == '"' || p[1] == '/') ? 2 : 0;
    return 1;
}

struct place place_in_scalar(const char *text, size_t n, const yaml_node_t *node, size_t offset)
{
    struct place at = place_of_node(node);
    yaml_scalar_style_t style = node->data.scalar.style;
    const char *end = text + n, *p = text + byte_of_mark(text, n, node->start_mark);
    char quote = style == YAML_SINGLE_QUOTED_SCALAR_STYLE   ? '\''
                 : style == YAML_DOUBLE_QUOTED_SCALAR_STYLE ? '"'
                                                            : '\0';
    if ((quote == '\0' && style != YAML_PLAIN_SCALAR_STYLE) || p == end ||
        (quote != '\0' && *p != quote))
        return at;
    at.column += quote != '\0';
    p += quote != '\0';
    for (size_t i = 0; i < offset; i++) {
        size_t used = p < end ? source_bytes(p, end, style) : 0;
        if (used == 0)
            return place_of_node(node);
        at.column += starts_character(*p) ? used : 0;
        p += used;
    }
    return at;
}
