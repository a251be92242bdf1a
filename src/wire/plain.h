/* wire/plain.h -- the short way for lines without surprises: what nearly every sender sends nearly
 * always. Private to wire.
 *
 * A line is plain if it is Influx or Graphite, has no backslash and no tab, one blank between its
 * parts and none around them, a key of the right shape, numbers in decimal (12i too) for values, LF
 * or CR LF behind it, and nothing else that a reader would have to think about. */
#ifndef WIRE_PLAIN_H
#define WIRE_PLAIN_H

#include "wire/lines.h"

/* Reads plain lines from p on while they are whole and the batch has room for LINE_SAMPLES_MAX
 * samples. Returns where the first line starts that is not read, or end. What is read is what
 * lines_read would have made of it, in batch and in report. */
typedef const char *plain_reader(const struct line_options *options, const char *p, const char *end,
                                 struct batch *batch, struct line_report *report);

plain_reader plain_read_portable;
plain_reader *plain_avx2(void); /* NULL where it was not compiled for */

/* The best that this processor runs. */
plain_reader *plain_best(void);

#endif
