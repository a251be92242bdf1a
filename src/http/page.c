/* http/page.c -- the page for a browser: GET / and the files that it names, /page/NAME.
 *
 *     src/web ──cmake/web.cmake──► page_files[] ──► as they lie, in gzip's form
 *                                               └─► unpacked, for a client that cannot
 *
 * The files are the program's own, so that they are of its version; a browser asks each time whether it has
 * the newest (no-cache), and is told so in a few bytes (304).
 * Law: a browser runs nothing that did not come from here: the policy forbids scripts, styles and requests of
 * anybody else, in the document too.
 * Elsewhere: what / says to all others (home.c). */
#include "http/page_files.h"

#include "http/gzip.h"
#include "http/inflate.h"
#include "http/reply.h"
#include "http/routes.h"

#include <string.h>

/* blob: and data: are pictures that the page itself makes, to be saved. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void mark(struct MHD_Response *response, const struct page_file *f)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, f->tag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, policy);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
}

static bool is_known(const struct request *r, const struct page_file *f)
{
    const char *tags = request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
    return tags != NULL && (strstr(tags, f->tag) != NULL || strcmp(tags, "*") == 0);
}

/* Errors: NABLA_ENOMEM. */
static enum nabla_status unpack(const struct page_file *f, struct buf *out)
{
    struct inflater *i;
    size_t used, n = f->n;
    char *room = buf_room(out, f->n);
    if (room == NULL || inflater_new(&i) != NABLA_OK)
        return NABLA_ENOMEM;
    enum nabla_status status = inflater_take(i, f->packed, f->packed_n, &used, room, &n);
    inflater_free(i);
    buf_used(out, n);
    return status;
}

static struct MHD_Response *respond(struct request *r, const struct page_file *f, size_t *bytes)
{
    if (is_known(r, f))
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (gzip_wanted(request_header(r, MHD_HTTP_HEADER_ACCEPT_ENCODING))) {
        struct MHD_Response *packed = MHD_create_response_from_buffer(
            f->packed_n, (void *)(uintptr_t)f->packed, MHD_RESPMEM_PERSISTENT);
        if (packed != NULL)
            MHD_add_response_header(packed, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
        *bytes = f->packed_n;
        return packed;
    }
    struct buf plain = {0};
    struct MHD_Response *response = NULL;
    if (unpack(f, &plain) == NABLA_OK)
        response = MHD_create_response_from_buffer(plain.n, plain.at, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        buf_fini(&plain);
    *bytes = f->n;
    return response;
}

static enum MHD_Result answer(struct request *r, const struct page_file *f)
{
    size_t bytes = 0;
    struct MHD_Response *response = respond(r, f, &bytes);
    if (response == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    mark(response, f);
    if (!r->is_head)
        count(&r->http->options.stats->http_bytes, bytes);
    return reply_queue(r, bytes > 0 ? MHD_HTTP_OK : MHD_HTTP_NOT_MODIFIED, f->type, response);
}

bool page_is_wanted(const struct request *r)
{
    const char *accept = request_header(r, MHD_HTTP_HEADER_ACCEPT);
    return page_files_n > 0 && accept != NULL && strstr(accept, "text/html") != NULL;
}

enum MHD_Result page_answer(struct request *r)
{
    return answer(r, &page_files[0]);
}

enum MHD_Result page_file_answer(struct request *r)
{
    for (uint32_t i = 1; i < page_files_n; i++)
        if (strlen(page_files[i].name) == r->name_n &&
            memcmp(page_files[i].name, r->name, r->name_n) == 0)
            return answer(r, &page_files[i]);
    return reply_error(r, MHD_HTTP_NOT_FOUND, "the page has no such file");
}
