/* http/origin.h -- whose page it is for which a browser asks.
 *
 * A browser sends forms and plain text to any address for any page that it shows, with the name and the password that
 * its user once typed there: to 127.0.0.1, too, which no stranger could reach. What browsers add tells such a request:
 *
 *     Sec-Fetch-Site   same-origin, or none (the user typed it): ours     same-site, cross-site: another's
 *     Origin           of older ones, and over http:// to a name: ours if it names the Host that is asked
 *
 * Programs send neither. It helps nobody whose server's own name leads to nablad: see SECURITY.md. */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include <microhttpd.h>
#include <stdbool.h>

/* Whether a browser asks for a page of another site. */
bool origin_is_foreign(struct MHD_Connection *connection);

#endif
