/* http/page_files.h -- the files of the page that a browser shows: src/web as cmake/web.cmake has bundled
 * it, written into the build tree by src/web/build.mjs. */
#ifndef HTTP_PAGE_FILES_H
#define HTTP_PAGE_FILES_H

#include <stdint.h>

struct page_file {
    const char *name;            /* "app.js" */
    const char *type;            /* its Content-Type */
    const char *tag;             /* a sum of what it holds, in quotation marks as ETag has it */
    const unsigned char *packed; /* in gzip's form */
    uint32_t packed_n, n;        /* bytes, packed and as they are */
};

extern const struct page_file page_files[]; /* the document first */
extern const uint32_t page_files_n;         /* 0: nablad was built without the page */

#endif
