/*
 * buffer - bytes that grow, up to a limit given at birth.
 *
 * `data` is NULL only while nothing was ever appended; otherwise data[length]
 * is a NUL that does not count.  Failure is sticky: after memory or the limit
 * ran out, appends do nothing and `failed` says so; look once, at the end.
 */
#ifndef OCELLUS_BASE_BUFFER_H
#define OCELLUS_BASE_BUFFER_H

#include "base/budget.h"

typedef struct Buffer {
    char   *data;
    size_t  length;
    size_t  capacity;
    size_t  limit;
    bool    failed;
    Budget *budget;     /* that its memory is charged to; NULL at first: none */
} Buffer;

void buffer_init(Buffer *buffer, size_t limit);
void buffer_fini(Buffer *buffer);     /* empty again, with the same limit and budget */

/* Forget the content, keep the memory. */
void buffer_clear(Buffer *buffer);

void buffer_append(Buffer *buffer, const void *bytes, size_t length);
void buffer_text(Buffer *buffer, Text text);
void buffer_string(Buffer *buffer, const char *string);
void buffer_char(Buffer *buffer, char c);
void buffer_printf(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2);

/* Room for `length` more bytes at the end, to be written by the caller and
 * then claimed with buffer_claim(); NULL when it cannot be had. */
char *buffer_room(Buffer *buffer, size_t length) MUST_USE;
void  buffer_claim(Buffer *buffer, size_t length);

/* Move the bytes out: the caller frees them with free(); they are no longer
 * charged.  NULL when failed. */
char *buffer_take(Buffer *buffer, size_t *length) MUST_USE;

#endif
