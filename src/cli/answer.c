/* cli/answer.c -- jansson reads; writing is our own, because jansson writes 0.1 with 17 digits. What
 * it has read is valid UTF-8 and finite. */
#include "cli/answer.h"

static void explain(struct buf *why, long status, const json_t *envelope)
{
    const json_t *error = json_object_get(envelope, "error");
    if (json_is_string(error))
        buf_add(why, json_string_value(error), json_string_length(error));
    else
        buf_printf(why, "HTTP status %ld, and no answer as nablad gives it", status);
}

json_t *answer_read(long status, const char *body, size_t n, struct buf *why)
{
    /* As reals: a whole number may be too large for 64 bits. */
    size_t flags = JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
    json_t *envelope = n > 0 ? json_loadb(body, n, flags, NULL) : NULL;
    json_t *data = json_object_get(envelope, "data");
    if (status == 200 && data != NULL) {
        json_incref(data);
    } else {
        explain(why, status, envelope);
        data = NULL;
    }
    json_decref(envelope);
    return data;
}

static void print_string(struct buf *out, const char *text, size_t n)
{
    buf_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else
            buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

static void print_value(struct buf *out, json_t *value);

static void print_object(struct buf *out, json_t *object)
{
    const char *separator = "{";
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        buf_text(out, separator);
        print_string(out, key, json_object_iter_key_len(at));
        buf_text(out, ": ");
        print_value(out, json_object_iter_value(at));
        separator = ", ";
    }
    buf_text(out, *separator == '{' ? "{}" : "}");
}

static void print_array(struct buf *out, json_t *array)
{
    buf_char(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        buf_text(out, i > 0 ? ", " : "");
        print_value(out, json_array_get(array, i));
    }
    buf_char(out, ']');
}

static void print_value(struct buf *out, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: print_object(out, value); break;
    case JSON_ARRAY: print_array(out, value); break;
    case JSON_STRING: print_string(out, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER: buf_int(out, json_integer_value(value)); break;
    case JSON_REAL: buf_double(out, json_real_value(value)); break;
    case JSON_TRUE: buf_text(out, "true"); break;
    case JSON_FALSE: buf_text(out, "false"); break;
    case JSON_NULL: buf_text(out, "null"); break;
    }
}

void answer_print(struct buf *out, json_t *value)
{
    if (!json_is_array(value)) {
        print_value(out, value);
        buf_char(out, '\n');
        return;
    }
    size_t n = json_array_size(value);
    buf_text(out, n > 0 ? "[\n" : "[");
    for (size_t i = 0; i < n; i++) {
        buf_text(out, "  ");
        print_value(out, json_array_get(value, i));
        buf_text(out, i + 1 < n ? ",\n" : "\n");
    }
    buf_text(out, "]\n");
}
