/*
 * test_log - one line per event, whatever is in it.
 */
#include "base/log.h"

#include <unistd.h>

#include "base/json.h"
#include "test.h"

static char caught[8192];

/* What the log writes to stderr while `act` runs. */
static const char *catch(void (*act)(void))
{
    FILE  *file  = tmpfile();
    int    saved = dup(STDERR_FILENO);

    if (!file || saved < 0)
        abort();
    dup2(fileno(file), STDERR_FILENO);
    act();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    caught[fread(caught, 1, sizeof caught - 1, file)] = '\0';
    fclose(file);
    log_open(LOG_INFO, false);
    return caught;
}

static void say_plainly(void)
{
    log_open(LOG_INFO, false);
    log_line(LOG_DEBUG, "server", "too quiet");
    log_line(LOG_WARNING, "server", "two\nlines %d \x1b[31m", 7);
}

TEST(log_writes_one_line_for_people)
{
    const char *line = catch(say_plainly);

    CHECK(strlen(line) > 24 && line[10] == 'T' && line[23] == 'Z' && line[24] == ' ');
    CHECK_STR(line + 24, " warning server: two lines 7  [31m\n");
}

static void say_in_json(void)
{
    log_open(LOG_DEBUG, true);
    log_line(LOG_DEBUG, "store", "a \"quoted\"\n\xFF text");
}

TEST(log_writes_one_line_of_json)
{
    Arena arena;
    char *line = (char *)catch(say_in_json);

    CHECK(strchr(line, '\n') == line + strlen(line) - 1);
    arena_init(&arena, KIB(64));
    const Json *json = json_parse(&arena, text_of(line), JSON_STRICT, NULL);
    CHECK_STR(json_text(json_get(json, "message")).at, "a \"quoted\"\n\xEF\xBF\xBD text");
    CHECK_STR(json_text(json_get(json, "level")).at, "debug");
    CHECK_STR(json_text(json_get(json, "area")).at, "store");
    CHECK(json_text(json_get(json, "timestamp")).length == 24);
    arena_fini(&arena);
}

static void say_too_much(void)
{
    log_line(LOG_ERROR, "server", "%05000d", 1);
}

TEST(log_cuts_what_is_too_long)
{
    const char *line = catch(say_too_much);

    CHECK(strlen(line) > 2000 && strlen(line) < 2200);
    CHECK(line[strlen(line) - 1] == '\n');
}
