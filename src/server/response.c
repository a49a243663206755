/*
 * response - filling in answers.
 */
#include <stdarg.h>

#include "base/json.h"
#include "server/http.h"

void response_header(Response *response, const char *name, const char *value)
{
    assert(response->header_count < (int)COUNT_OF(response->headers));
    response->headers[response->header_count].name    = name;
    response->headers[response->header_count++].value = value;
}

/* A message has nothing of what the handler had begun. */
static void start_over(Response *response, int status)
{
    if (response->kind == BODY_STREAM && response->close) {
        response->close(response->context);
    }
    response->status       = status;
    response->content_type = "application/json";
    response->kind         = BODY_BUFFER;
    response->header_count = 0;
    buffer_clear(&response->buffer);
}

void response_message(Response *response, int status, const char *format, ...)
{
    char       text[1000];
    va_list    args;
    JsonWriter w;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    start_over(response, status);
    w = json_writer(&response->buffer);
    json_begin_object(&w);
    json_key(&w, "message");
    json_write_string(&w, text);
    json_end_object(&w);
}

void response_error(Response *response, const Error *err)
{
    response_message(response, error_status(err->kind), "%s", err->text);
    if (err->kind == ERR_BUSY) {
        response_header(response, "Retry-After", "1");
    }
}
