/*
 * test_run_log - the events of a job: written, read as they grow, mended after a crash.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "server/run_log.h"
#include "test.h"
#include "test_model_files.h"

/* A folder with a log in it. */
typedef struct Bench {
    const char *folder;
    RunLog log;
    Arena  arena;
    Buffer line;
    Error  err;
} Bench;

static bool bench_open(Bench *b)
{
    *b = (Bench){ 0 };
    arena_init(&b->arena, MIB(1));
    b->folder = make_folder(&b->arena);
    buffer_init(&b->line, LIMIT_JOB_EVENT + 1);
    return CHECK(run_log_open(&b->log, b->folder, &b->err));
}

static void bench_close(Bench *b)
{
    run_log_close(&b->log);
    buffer_fini(&b->line);
    CHECK(folder_remove(b->folder, &b->err));
    arena_fini(&b->arena);
}

TEST(run_log_is_read_as_it_grows)
{
    int64_t offset = 0;
    int     file;
    Bench   b;

    if (!bench_open(&b)) {
        return;
    }
    file = run_log_file(&b.arena, b.folder);
    CHECK(!run_log_next(file, &offset, &b.line));
    CHECK_INT((intmax_t)run_log_last(&b.arena, b.folder).length, 0);
    run_log_add(&b.log, TEXT("{\"n\":1}"), false);
    run_log_add(&b.log, TEXT("{\"n\":22}"), false);
    CHECK(run_log_next(file, &offset, &b.line));
    CHECK_STR(b.line.data, "{\"n\":1}");
    CHECK_INT(offset, 8);
    CHECK(run_log_is_border(file, 8) && run_log_is_border(file, 0));
    CHECK(!run_log_is_border(file, 7) && !run_log_is_border(file, 9));
    CHECK(!run_log_is_border(file, 1000) && !run_log_is_border(file, -1));
    CHECK(run_log_next(file, &offset, &b.line));
    CHECK_STR(b.line.data, "{\"n\":22}");
    CHECK(!run_log_next(file, &offset, &b.line));
    CHECK_INT(offset, 17);
    CHECK_STR(run_log_last(&b.arena, b.folder).at, "{\"n\":22}");
    close(file);
    bench_close(&b);
}

/* A program that was killed while it wrote leaves half a line. */
TEST(run_log_takes_half_a_line_off)
{
    const char *path;
    Bench       b;

    if (!bench_open(&b)) {
        return;
    }
    path = path_join(&b.arena, b.folder, "events.jsonl");
    run_log_close(&b.log);
    CHECK(file_write(path, "{\"n\":1}\n{\"n\"", 13, &b.err));
    CHECK_STR(run_log_last(&b.arena, b.folder).at, "{\"n\":1}");
    CHECK(run_log_open(&b.log, b.folder, &b.err));
    CHECK_INT(b.log.length, 8);
    run_log_add(&b.log, TEXT("{\"n\":3}"), false);
    CHECK_STR(run_log_last(&b.arena, b.folder).at, "{\"n\":3}");
    bench_close(&b);
}

TEST(run_log_knows_its_limits)
{
    char *large = malloc(LIMIT_JOB_EVENT + 2);
    Bench b;

    if (!CHECK(large != NULL) || !bench_open(&b)) {
        free(large);
        return;
    }
    memset(large, 'x', LIMIT_JOB_EVENT + 1);
    run_log_add(&b.log, (Text){ large, LIMIT_JOB_EVENT + 1 }, false);
    CHECK_INT(b.log.length, 0);
    run_log_add(&b.log, (Text){ large, LIMIT_JOB_EVENT }, false);
    CHECK_INT(b.log.length, (intmax_t)LIMIT_JOB_EVENT + 1);
    CHECK_INT((intmax_t)run_log_last(&b.arena, b.folder).length, (intmax_t)LIMIT_JOB_EVENT);
    b.log.length = (int64_t)LIMIT_JOB_EVENTS - 4;
    run_log_add(&b.log, TEXT("1"), true);
    CHECK_INT(b.log.length, (intmax_t)LIMIT_JOB_EVENTS - 4);
    run_log_add(&b.log, TEXT("1"), false);
    CHECK_INT(b.log.length, (intmax_t)LIMIT_JOB_EVENTS - 2);
    run_log_add(&b.log, TEXT("22"), false);
    CHECK_INT(b.log.length, (intmax_t)LIMIT_JOB_EVENTS - 2);
    free(large);
    bench_close(&b);
}
