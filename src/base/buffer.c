/*
 * buffer - bytes that grow, up to a limit given at birth.
 *
 * Capacity doubles, so that appending is linear in the end; one byte more
 * than the limit is taken, for the NUL.
 */
#include "base/buffer.h"

#include <stdarg.h>

static const size_t CAPACITY_LEAST = 256;

void buffer_init(Buffer *buffer, size_t limit)
{
    *buffer = (Buffer){ .limit = MIN(limit, SIZE_MAX / 2) };   /* sums cannot overflow then */
}

/* The memory is somebody else's now. */
static void forget(Buffer *buffer)
{
    Budget *budget = buffer->budget;

    budget_shrink(budget, buffer->capacity, 0);
    buffer_init(buffer, buffer->limit);
    buffer->budget = budget;
}

void buffer_fini(Buffer *buffer)
{
    free(buffer->data);
    forget(buffer);
}

void buffer_clear(Buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

/* Have room for `length` more bytes and the NUL. */
static bool reserve(Buffer *buffer, size_t length)
{
    if (buffer->failed)
        return false;
    if (buffer->capacity > 0 && length <= buffer->capacity - 1 - buffer->length)
        return true;

    if (length > buffer->limit - buffer->length) {
        buffer->failed = true;
        return false;
    }

    size_t capacity = MAX(buffer->capacity * 2, CAPACITY_LEAST);
    capacity = MAX(capacity, buffer->length + length + 1);
    capacity = MIN(capacity, buffer->limit + 1);

    char *data = NULL;

    if (budget_grow(buffer->budget, buffer->capacity, capacity)) {
        data = realloc(buffer->data, capacity);
        if (!data)
            budget_shrink(buffer->budget, capacity, buffer->capacity);
    }
    if (!data) {
        buffer->failed = true;
        return false;
    }
    data[buffer->length] = '\0';
    buffer->data     = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_append(Buffer *buffer, const void *bytes, size_t length)
{
    if (!reserve(buffer, length))
        return;
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_text(Buffer *buffer, Text text)
{
    buffer_append(buffer, text.at, text.length);
}

void buffer_string(Buffer *buffer, const char *string)
{
    buffer_append(buffer, string, strlen(string));
}

void buffer_char(Buffer *buffer, char c)
{
    buffer_append(buffer, &c, 1);
}

void buffer_printf(Buffer *buffer, const char *format, ...)
{
    va_list args;

    if (!reserve(buffer, 0))
        return;

    size_t room = buffer->capacity - buffer->length;
    char  *end  = buffer->data + buffer->length;

    va_start(args, format);
    int length = vsnprintf(end, room, format, args);
    va_end(args);

    if (length < 0) {
        *end = '\0';
        buffer->failed = true;
        return;
    }
    if ((size_t)length >= room) {
        *end = '\0';
        if (!reserve(buffer, (size_t)length))
            return;
        va_start(args, format);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, args);
        va_end(args);
    }
    buffer->length += (size_t)length;
}

char *buffer_room(Buffer *buffer, size_t length)
{
    return reserve(buffer, length) ? buffer->data + buffer->length : NULL;
}

void buffer_claim(Buffer *buffer, size_t length)
{
    assert(!buffer->failed && length < buffer->capacity - buffer->length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

char *buffer_take(Buffer *buffer, size_t *length)
{
    if (!reserve(buffer, 0))
        return NULL;

    char *data = buffer->data;

    *length = buffer->length;
    forget(buffer);
    return data;
}
