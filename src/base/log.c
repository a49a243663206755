/*
 * log - one line per event, to stderr.
 *
 * A line is put together first and written with a single write(), so that
 * lines of several threads never mix.  What comes from outside may hold line
 * ends or terminal codes; control characters become blanks in human lines and
 * escapes in JSON ones, so that no input can forge a line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

enum { LONGEST_MESSAGE = 2048 };

static const char *const level_names[] = {
    [LOG_DEBUG]   = "debug",
    [LOG_INFO]    = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR]   = "error",
};

static atomic_int  least_level = LOG_INFO;
static atomic_bool as_json;

void log_open(LogLevel least, bool json)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&as_json, json);
}

static void write_json(Buffer *out, const char *now, LogLevel level, const char *area, Text message)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    json_key(&w, "timestamp");
    json_write_string(&w, now);
    json_key(&w, "level");
    json_write_string(&w, level_names[level]);
    json_key(&w, "area");
    json_write_string(&w, area);
    json_key(&w, "message");
    json_write_text(&w, message);
    json_end_object(&w);
}

static void write_human(Buffer *out, const char *now, LogLevel level, const char *area,
                        Text message)
{
    buffer_printf(out, "%s %-7s %s: ", now, level_names[level], area);
    for (size_t i = 0; i < message.length; i++) {
        unsigned char c = (unsigned char)message.at[i];

        buffer_char(out, c < 0x20 || c == 0x7F ? ' ' : (char)c);
    }
}

void log_line(LogLevel level, const char *area, const char *format, ...)
{
    char    now[CLOCK_ISO_SIZE], message[LONGEST_MESSAGE];
    Buffer  line;
    va_list args;

    if ((int)level < atomic_load(&least_level))
        return;

    va_start(args, format);
    int length = vsnprintf(message, sizeof message, format, args);
    va_end(args);

    /* Milliseconds are enough, and lines of one width are easier to read. */
    int64_t wall = clock_wall();
    clock_iso(now, wall - wall % 1000000, 0);
    snprintf(now + 19, sizeof now - 19, ".%03dZ", (int)(wall % 1000000 / 1000));

    Text text = { message, MIN((size_t)MAX(length, 0), sizeof message - 1) };

    buffer_init(&line, KIB(16));
    if (atomic_load(&as_json))
        write_json(&line, now, level, area, text);
    else
        write_human(&line, now, level, area, text);
    buffer_char(&line, '\n');

    /* Nobody could be told that stderr is full or gone. */
    ssize_t written = line.failed ? 0 : write(STDERR_FILENO, line.data, line.length);
    (void)written;
    buffer_fini(&line);
}
