/* numeric/status.h -- how a function says whether it did what it was asked: the library's statuses. A
 * function that returns one leaves its outputs untouched when it fails. */
#ifndef NUMERIC_STATUS_H
#define NUMERIC_STATUS_H

#include <nabla/nabla.h>

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
