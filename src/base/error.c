/*
 * error - what went wrong, as a value.
 *
 * Sentences are put together in a buffer of their own before they are stored,
 * so that an error's old text may be among the arguments of its new one.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

/* Store text of `length` bytes, cut at a UTF-8 border when it is too long. */
static void store(Error *err, const char *text, size_t length)
{
    if (length >= sizeof err->text) {
        length = sizeof err->text - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(err->text, text, length);
    err->text[length] = '\0';
}

/* Print into `out`, one byte more than an Error's text holds: store() looks
 * at the byte after a cut. */
typedef char Draft[sizeof((Error *)0)->text + 1];

static size_t print(Draft out, const char *format, va_list args)
{
    int length = vsnprintf(out, sizeof(Draft), format, args);

    return length < 0 ? 0 : MIN((size_t)length, sizeof(Draft) - 1);
}

/* Add `more` to a draft of `length` bytes as far as it fits. */
static size_t add(Draft out, size_t length, const char *more)
{
    size_t n = MIN(strlen(more), sizeof(Draft) - 1 - length);

    memcpy(out + length, more, n);
    out[length + n] = '\0';
    return length + n;
}

bool fail(Error *err, ErrorKind kind, const char *format, ...)
{
    Draft   draft;
    va_list args;

    if (!err)
        return false;

    va_start(args, format);
    size_t length = print(draft, format, args);
    va_end(args);

    err->kind     = kind;
    err->step[0]  = '\0';
    err->field[0] = '\0';
    store(err, draft, length);
    return false;
}

static ErrorKind kind_of_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return ERR_MEMORY;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_TOO_LARGE;
    default:
        return ERR_INTERNAL;
    }
}

bool fail_errno(Error *err, int number, const char *format, ...)
{
    Draft   draft;
    char    room[128];
    va_list args;

    if (!err)
        return false;

    va_start(args, format);
    size_t length = print(draft, format, args);
    va_end(args);

    length = add(draft, length, ": ");
    length = add(draft, length, strerror_r(number, room, sizeof room));

    err->kind     = kind_of_errno(number);
    err->step[0]  = '\0';
    err->field[0] = '\0';
    store(err, draft, length);
    return false;
}

bool fail_prefix(Error *err, const char *format, ...)
{
    Draft   draft;
    va_list args;

    if (!err)
        return false;

    va_start(args, format);
    size_t length = print(draft, format, args);
    va_end(args);

    length = add(draft, length, ": ");
    length = add(draft, length, err->text);
    store(err, draft, length);
    return false;
}

int error_status(ErrorKind kind)
{
    switch (kind) {
    case ERR_NONE:        return 200;
    case ERR_INVALID:     return 400;
    case ERR_REFUSED:     return 403;
    case ERR_NOT_FOUND:   return 404;
    case ERR_TIMEOUT:     return 408;
    case ERR_CONFLICT:    return 409;
    case ERR_TOO_LARGE:   return 413;
    case ERR_UNSUPPORTED: return 415;
    case ERR_CANCELLED:   return 499;
    case ERR_INTERNAL:    return 500;
    case ERR_MISSING:     return 501;
    case ERR_BUSY:        return 503;
    case ERR_MEMORY:      return 507;
    }
    return 500;
}

int error_exit_code(ErrorKind kind)
{
    switch (kind) {
    case ERR_NONE:        return 0;
    case ERR_INVALID:
    case ERR_TOO_LARGE:
    case ERR_UNSUPPORTED: return 2;
    case ERR_NOT_FOUND:   return 3;
    case ERR_REFUSED:     return 4;
    default:              return 1;
    }
}
