/*
 * log - one line per event, to stderr.
 *
 * Human lines by default, JSON lines when STRUCTURED_API_LOGGING is set.
 * Keys, tokens and picture bytes are never logged.
 */
#ifndef OCELLUS_BASE_LOG_H
#define OCELLUS_BASE_LOG_H

#include "base/base.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;

void log_open(LogLevel least, bool json);

/* `area` is one word: server, model, store ... */
void log_line(LogLevel level, const char *area, const char *format, ...) PRINTF_LIKE(3);

#endif
