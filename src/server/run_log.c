/*
 * run_log - the events of a job: a line of JSON each, in a file of its run.
 */
#include "server/run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static const char *log_path(Arena *arena, const char *run)
{
    return path_join(arena, run, "events.jsonl");
}

static int64_t file_length(int file)
{
    struct stat info;

    return fstat(file, &info) == 0 ? (int64_t)info.st_size : 0;
}

bool run_log_is_border(int file, int64_t offset)
{
    char before;

    return offset == 0 || (offset > 0 && offset <= file_length(file) &&
                           pread(file, &before, 1, (off_t)offset - 1) == 1 && before == '\n');
}

bool run_log_open(RunLog *log, const char *run, Error *err)
{
    Arena       arena;
    const char *path;

    arena_init(&arena, KIB(64));
    path = log_path(&arena, run);
    *log = (RunLog){ .file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644) };
    if (log->file < 0) {
        fail_errno(err, errno, "cannot open %.150s", path);
    } else {
        log->length = file_length(log->file);
        while (log->length > 0 && !run_log_is_border(log->file, log->length)) {
            log->length--;
        }
        if (ftruncate(log->file, (off_t)log->length) != 0) {
            log_line(LOG_WARNING, "train", "cannot mend %s", path);
        }
    }
    arena_fini(&arena);
    return log->file >= 0;
}

void run_log_close(RunLog *log)
{
    if (log->file >= 0) {
        close(log->file);
    }
    log->file = -1;
}

void run_log_add(RunLog *log, Text event, bool droppable)
{
    int64_t room = (int64_t)LIMIT_JOB_EVENTS - (droppable ? (int64_t)LIMIT_JOB_EVENTS / 4 : 0);
    Buffer  line;

    if (log->file < 0 || event.length > LIMIT_JOB_EVENT ||
        log->length + (int64_t)event.length + 1 > room) {
        return;
    }
    buffer_init(&line, LIMIT_JOB_EVENT + 1);
    buffer_text(&line, event);
    buffer_char(&line, '\n');
    if (!line.failed && write(log->file, line.data, line.length) == (ssize_t)line.length) {
        log->length += (int64_t)line.length;
    } else {
        /* A full disk must not leave half a line. */
        (void)!ftruncate(log->file, (off_t)log->length);
    }
    buffer_fini(&line);
}

bool run_log_next(int file, int64_t *offset, Buffer *line)
{
    int64_t at = *offset;

    buffer_clear(line);
    for (;;) {
        char        piece[KIB(4)];
        ssize_t     got = pread(file, piece, sizeof(piece), (off_t)at);
        const char *end = got > 0 ? memchr(piece, '\n', (size_t)got) : NULL;

        if (got <= 0) {
            return false;
        }
        buffer_append(line, piece, end ? (size_t)(end - piece) : (size_t)got);
        at += end ? end - piece + 1 : got;
        if (line->failed) {
            return false;
        }
        if (end) {
            *offset = at;
            return true;
        }
    }
}

int run_log_file(Arena *arena, const char *run)
{
    return open(log_path(arena, run), O_RDONLY | O_CLOEXEC);
}

Text run_log_last(Arena *arena, const char *run)
{
    int     file   = run_log_file(arena, run);
    int64_t offset = file >= 0 ? file_length(file) : 0;
    Text    last   = TEXT("");
    Buffer  line;

    buffer_init(&line, LIMIT_JOB_EVENT + 1);
    offset = MAX(0, offset - (int64_t)LIMIT_JOB_EVENT - 2);
    if (file >= 0 && !run_log_is_border(file, offset)) {
        (void)run_log_next(file, &offset, &line);
    }
    while (file >= 0 && run_log_next(file, &offset, &line)) {
        last = (Text){ line.data, line.length };
    }
    /* The buffer now has what follows the last line, if anything: read that line again. */
    if (last.length > 0) {
        offset -= (int64_t)last.length + 1;
        last = run_log_next(file, &offset, &line)
                   ? arena_text(arena, (Text){ line.data, line.length }) : TEXT("");
    }
    buffer_fini(&line);
    if (file >= 0) {
        close(file);
    }
    return last;
}
