/* numeric/status.h -- how a function says whether it did what it was asked. */
#ifndef NUMERIC_STATUS_H
#define NUMERIC_STATUS_H

/* A function that returns this leaves its outputs untouched when it fails. */
enum nabla_status {
    NABLA_OK = 0,
    NABLA_ENOMEM, /* no memory */
    NABLA_EINVAL, /* an argument or an input that cannot be read */
    NABLA_EORDER, /* times or coordinates that do not increase */
    NABLA_ERANGE, /* a number that its type cannot hold */
    NABLA_ELIMIT, /* a named limit was reached */
    NABLA_EIO,    /* the operating system refused; errno says why */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
