/* numeric/status.c -- the statuses in words. */
#include "numeric/status.h"

const char *nabla_status_text(enum nabla_status status)
{
    switch (status) {
    case NABLA_OK: return "done";
    case NABLA_ENOMEM: return "not enough memory";
    case NABLA_EINVAL: return "invalid argument";
    case NABLA_EORDER: return "not strictly monotone";
    case NABLA_ERANGE: return "number out of range";
    case NABLA_ELIMIT: return "limit reached";
    case NABLA_EIO: return "input or output failed";
    case NABLA_EAXIS: return "no such axis";
    case NABLA_ECOUNT: return "wrong number of spacings";
    case NABLA_ELENGTH: return "length does not match the axis";
    case NABLA_ESMALL: return "axis too small";
    case NABLA_EDTYPE: return "type cannot be differentiated";
    }
    return "unknown status";
}
