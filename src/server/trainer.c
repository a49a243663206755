/*
 * trainer - works on the queue of trainings, one at a time.
 *
 * One thread claims a job, starts its process, reads what it says until it ends, and decides
 * what that end means.  `lock` guards who is being worked on, so that a stop reaches either
 * the queue or the process, never neither.
 */
#include "server/trainer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "server/child.h"
#include "server/run_log.h"
#include "server/train_request.h"

enum {
    TICK_MILLISECONDS = 100,
    INTERRUPTED       = 130,       /* exit code of a training that can go on later */
    SAID_BYTES        = 4096,      /* the end of what it said on stderr */
    STACK             = 512 << 10,
};

static const int64_t SECOND       = 1000000000;
static const int64_t GRACE        = 5;     /* seconds to end in, when the server ends */
static const int64_t KEEP_SECONDS = 2;     /* between two notes of the progress */

struct Trainer {
    char           *data;
    Store          *store;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    bool            closing, woken;
    char            job[UUID_SIZE];    /* being worked on; empty: none */
    pid_t           child;             /* 0: not running */
    int             stops;             /* how often somebody asked to stop that job */
};

/* One job being worked on. */
typedef struct Work {
    Trainer    *trainer;
    Arena      *arena;
    Job         job;
    const char *run;
    RunLog      log;
    Child       child;
    Buffer      line;                  /* of its stdout, not whole yet */
    char        said[SAID_BYTES];
    size_t      said_length;
    Buffer      result;                /* its "done", as JSON */
    double      progress;
    int         searches;
    int64_t     kept_at, told_at;
    bool        learning;              /* features are complete: see ask_to_end() */
    int64_t     ending;                /* when it was told to, because the server ends */
} Work;

/* ---- events ---------------------------------------------------------------------------- */

static double progress_of(Work *work, Text event, double done, double total)
{
    double share = total > 0 ? MIN(done / total, 1) : 0;

    if (text_is(event, "features")) {
        return 0.01 + 0.79 * share;
    }
    if (text_is(event, "search")) {
        work->searches++;
        return 0.9 - 0.1 / (1 + work->searches);
    }
    return text_is(event, "epoch") ? 0.9 + 0.09 * share : text_is(event, "finish") ? 0.99 : 0;
}

/* The store need not know of every picture. */
static void keep_progress(Work *work, int64_t now)
{
    Error err = { 0 };

    if (now - work->kept_at < KEEP_SECONDS * SECOND) {
        return;
    }
    work->kept_at = now;
    if (!store_job_update(work->trainer->store, work->job.id, TEXT("running"), work->progress,
                          TEXT(""), &err)) {
        log_line(LOG_WARNING, "train", "%s", err.text);
    }
}

/* A line of the training's stdout. */
static void take_event(Work *work, Text line)
{
    Arena       arena;
    int64_t     now = clock_now();
    const Json *json;
    Text        event;

    arena_init(&arena, MIB(4));
    json  = json_parse(&arena, line, JSON_STRICT, NULL);
    event = json_text(json_get(json, "event"));
    if (event.length > 0) {
        double done  = json_double(json_get(json, "done"), 0);
        double total = json_double(json_get(json, "total"), 0);
        bool   often = text_is(event, "features") && done < total;

        work->progress = MAX(work->progress, progress_of(work, event, done, total));
        work->learning = work->learning || text_is(event, "search") || text_is(event, "epoch");
        if (text_is(event, "done")) {
            buffer_clear(&work->result);
            buffer_text(&work->result, line);
        }
        if (!often || now - work->told_at >= SECOND / 2) {
            run_log_add(&work->log, line, often);
            work->told_at = often ? now : 0;
        }
        keep_progress(work, now);
    }
    arena_fini(&arena);
}

static void take_output(Work *work, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *end  = memchr(bytes, '\n', length);
        size_t      part = end ? (size_t)(end - bytes) : length;

        buffer_append(&work->line, bytes, part);
        if (end) {
            if (!work->line.failed && work->line.length > 0) {
                take_event(work, (Text){ work->line.data, work->line.length });
            }
            buffer_fini(&work->line);
            part++;
        }
        bytes  += part;
        length -= part;
    }
}

static void take_said(Work *work, const char *bytes, size_t length)
{
    size_t kept = MIN(length, sizeof(work->said));
    size_t old  = MIN(work->said_length, sizeof(work->said) - kept);

    memmove(work->said, work->said + work->said_length - old, old);
    memcpy(work->said + old, bytes + length - kept, kept);
    work->said_length = old + kept;
}

/* ---- the process ----------------------------------------------------------------------- */

/* While features are made, SIGTERM lets it put them down.  Later it would make a model of
 * what it has so far, and the job is to end as if nothing had happened: so it is killed, and
 * learns once more after the next start, from the same features. */
static void ask_to_end(Work *work)
{
    int64_t now = clock_now();

    if (work->ending == 0) {
        work->ending = now;
        kill(work->child.pid, work->learning ? SIGKILL : SIGTERM);
    } else if (now - work->ending > GRACE * SECOND) {
        kill(work->child.pid, SIGKILL);
    }
}

static bool is_closing(Trainer *trainer)
{
    bool closing;

    pthread_mutex_lock(&trainer->lock);
    closing = trainer->closing;
    pthread_mutex_unlock(&trainer->lock);
    return closing;
}

/* Read a pipe once; -1 in *file when it has ended. */
static void read_pipe(Work *work, int *file, void (*take)(Work *, const char *, size_t))
{
    char    bytes[KIB(16)];
    ssize_t got = read(*file, bytes, sizeof(bytes));

    if (got > 0) {
        take(work, bytes, (size_t)got);
    } else if (got == 0 || errno != EINTR) {
        close(*file);
        *file = -1;
    }
}

/* Until both pipes have ended. */
static void listen_to_child(Work *work)
{
    while (work->child.out >= 0 || work->child.err >= 0) {
        struct pollfd files[2] = { { .fd = work->child.out, .events = POLLIN },
                                   { .fd = work->child.err, .events = POLLIN } };

        if (is_closing(work->trainer)) {
            ask_to_end(work);
        }
        if (poll(files, 2, TICK_MILLISECONDS) <= 0) {
            continue;
        }
        if (files[0].revents) {
            read_pipe(work, &work->child.out, take_output);
        }
        if (files[1].revents) {
            read_pipe(work, &work->child.err, take_said);
        }
    }
}

static bool start_child(Work *work, Error *err)
{
    Trainer    *trainer = work->trainer;
    const char *words[] = { "ocellus", "train", "classify", "--resume", work->run, "--data",
                            trainer->data, "--json", NULL };
    size_t      memory  = MAX(budget_memory() / 2, (size_t)MIB(256));
    bool        done;

    pthread_mutex_lock(&trainer->lock);
    done = child_start(&work->child, words, memory, err);
    trainer->child = done ? work->child.pid : 0;
    if (done && trainer->stops > 0) {
        kill(work->child.pid, SIGKILL);
    }
    pthread_mutex_unlock(&trainer->lock);
    return done;
}

/* Its exit, as wait() tells it. */
static int run_child(Work *work)
{
    siginfo_t info;
    int       status = 0;

    buffer_init(&work->line, LIMIT_JOB_EVENT);
    listen_to_child(work);
    buffer_fini(&work->line);
    while (waitid(P_PID, (id_t)work->child.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    /* Its number is not given to another process before nobody can send signals to it. */
    pthread_mutex_lock(&work->trainer->lock);
    (void)waitpid(work->child.pid, &status, 0);
    work->trainer->child = 0;
    pthread_mutex_unlock(&work->trainer->lock);
    return status;
}

/* ---- what its end means ---------------------------------------------------------------- */

/* The last sentence behind "error: ", else the last line. */
static Text error_of(Work *work)
{
    Text said = { work->said, work->said_length }, found = TEXT("it said nothing");
    bool sure = false;

    while (said.length > 0) {
        const char *end    = memchr(said.at, '\n', said.length);
        size_t      length = end ? (size_t)(end - said.at) : said.length;
        Text        line   = { said.at, length };
        bool        error  = text_starts(line, "error: ");

        if (error) {
            line = (Text){ line.at + 7, line.length - 7 };
        }
        if (line.length > 0 && (error || !sure)) {
            found = line;
            sure  = error;
        }
        length += end != NULL;
        said    = (Text){ said.at + length, said.length - length };
    }
    return found;
}

static void say(Work *work, const char *event, const char *key, Text value)
{
    Buffer     out;
    JsonWriter w;

    buffer_init(&out, LIMIT_JOB_EVENT);
    w = json_writer(&out);
    json_begin_object(&w);
    json_member_string(&w, "event", event);
    if (key) {
        json_member_text(&w, key, value);
    }
    json_end_object(&w);
    if (!out.failed) {
        run_log_add(&work->log, (Text){ out.data, out.length }, false);
    }
    buffer_fini(&out);
}

static void end_job(Work *work, const char *state, Text result)
{
    Error  err      = { 0 };
    double progress = strcmp(state, "done") == 0 ? 1 : work->progress;

    if (!store_job_update(work->trainer->store, work->job.id, text_of(state), progress, result,
                          &err)) {
        log_line(LOG_ERROR, "train", "%.*s: %s", SHOW(work->job.id), err.text);
    }
    log_line(LOG_INFO, "train", "job %.*s is %s", SHOW(work->job.id), state);
}

static void fail_job(Work *work, Text why)
{
    Buffer     out;
    JsonWriter w;

    buffer_init(&out, LIMIT_JOB_EVENT);
    w = json_writer(&out);
    json_begin_object(&w);
    json_member_text(&w, "error", why);
    json_end_object(&w);
    say(work, "error", "message", why);
    end_job(work, "failed", out.failed ? TEXT("{}") : (Text){ out.data, out.length });
    buffer_fini(&out);
}

static void queue_again(Work *work)
{
    Error err = { 0 };

    if (!store_job_requeue(work->trainer->store, work->job.id, work->job.crashes, &err)) {
        log_line(LOG_ERROR, "train", "%.*s: %s", SHOW(work->job.id), err.text);
    }
}

static const char *crash_of(Work *work, int status)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return "the training was killed, most likely because the machine ran out of memory";
    }
    if (WIFSIGNALED(status)) {
        return arena_printf(work->arena, "the training crashed with signal %d (%s)",
                            WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    return "the training was stopped by another program";
}

/* True: it is to be started once more. */
static bool count_crash(Work *work, int status)
{
    const char *why = crash_of(work, status);
    Error       err = { 0 };

    if (!store_job_crashed(work->trainer->store, work->job.id, &err)) {
        log_line(LOG_ERROR, "train", "%.*s: %s", SHOW(work->job.id), err.text);
    }
    log_line(LOG_WARNING, "train", "job %.*s: %s", SHOW(work->job.id), why);
    if (++work->job.crashes >= LIMIT_JOB_CRASHES) {
        fail_job(work, text_of(arena_printf(work->arena, "%s, %d times", why,
                                            LIMIT_JOB_CRASHES)));
        return false;
    }
    say(work, "crash", "message", text_of(why));
    return true;
}

/* Decide by its exit; true: it is to be started once more. */
static bool judge_end(Work *work, int status)
{
    Trainer *trainer = work->trainer;
    bool     stopped, ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;

    pthread_mutex_lock(&trainer->lock);
    stopped = trainer->stops > 0;
    pthread_mutex_unlock(&trainer->lock);
    if (ended && work->result.length > 0 && !work->result.failed) {
        end_job(work, "done", (Text){ work->result.data, work->result.length });
        return false;
    }
    if (WIFSIGNALED(status) || WEXITSTATUS(status) == INTERRUPTED) {
        if (stopped) {
            end_job(work, "stopped", TEXT(""));
            return false;
        }
        if (work->ending > 0) {
            queue_again(work);
            return false;
        }
        return count_crash(work, status);
    }
    fail_job(work, error_of(work));
    return false;
}

/* ---- a job ----------------------------------------------------------------------------- */

/* The folder of the run with args.yaml in it, from which the training goes on. */
static bool prepare_run(Work *work, Error *err)
{
    const Json  *json = json_parse(work->arena, work->job.input, JSON_STRICT, err);
    TrainRequest request;

    work->run = run_folder(work->arena, work->trainer->data, work->job.id);
    if (!json || !folder_make(work->run, err) || !run_log_open(&work->log, work->run, err)) {
        return false;
    }
    return file_exists(path_join(work->arena, work->run, "args.yaml")) ||
           (train_request_read(work->arena, work->trainer->data, json, &request, err) &&
            train_args_write(&request.args, work->run, err));
}

/* One process of the job; true: another one is to follow. */
static bool work_once(Work *work)
{
    Error err = { 0 };

    work->said_length = 0;
    work->learning    = false;
    say(work, "start", NULL, TEXT(""));
    if (!start_child(work, &err)) {
        fail_job(work, text_of(err.text));
        return false;
    }
    return judge_end(work, run_child(work));
}

static void work_on(Trainer *trainer, Arena *arena, const Job *job)
{
    Work  work = { .trainer = trainer, .arena = arena, .job = *job, .log = { .file = -1 } };
    Error err  = { 0 };

    buffer_init(&work.result, LIMIT_JOB_EVENT);
    log_line(LOG_INFO, "train", "job %.*s begins", SHOW(job->id));
    if (!prepare_run(&work, &err)) {
        fail_job(&work, text_of(err.text));
    } else {
        while (work_once(&work) && !is_closing(trainer)) {
        }
        if (work.log.file >= 0 && is_closing(trainer)) {
            Job now;

            /* A crash just when the server ends leaves it running in the store. */
            if (store_job_get(trainer->store, arena, job->id, &now, &err) &&
                text_is(now.state, "running")) {
                queue_again(&work);
            }
        }
    }
    buffer_fini(&work.result);
    run_log_close(&work.log);
}

/* ---- the queue ------------------------------------------------------------------------- */

/* The next job, or false when the trainer is to end. */
static bool next_job(Trainer *trainer, Arena *arena, Job *job)
{
    bool found = false;

    pthread_mutex_lock(&trainer->lock);
    trainer->job[0] = '\0';
    while (!trainer->closing && !found) {
        Error err = { 0 };

        trainer->woken = false;
        if (!store_job_claim(trainer->store, arena, TEXT(JOB_TRAIN_CLASSIFY), job, &found, &err)) {
            log_line(LOG_ERROR, "train", "%s", err.text);
        }
        while (!found && !trainer->closing && !trainer->woken) {
            pthread_cond_wait(&trainer->wake, &trainer->lock);
        }
    }
    if (found) {
        snprintf(trainer->job, sizeof(trainer->job), "%.*s", SHOW(job->id));
        trainer->stops = 0;
    }
    pthread_mutex_unlock(&trainer->lock);
    return found;
}

static void *work(void *context)
{
    Trainer *trainer = context;
    Arena    arena;
    Job      job;

    arena_init(&arena, MIB(64));
    while (next_job(trainer, &arena, &job)) {
        work_on(trainer, &arena, &job);
        arena_fini(&arena);
        arena_init(&arena, MIB(64));
    }
    arena_fini(&arena);
    return NULL;
}

void trainer_wake(Trainer *trainer)
{
    pthread_mutex_lock(&trainer->lock);
    trainer->woken = true;
    pthread_cond_signal(&trainer->wake);
    pthread_mutex_unlock(&trainer->lock);
}

/* Under the lock, nobody claims a job meanwhile. */
static bool stop_waiting(Trainer *trainer, Text id, Error *err)
{
    bool  stopped = false;
    Arena arena;
    Job   job;

    if (!store_job_withdraw(trainer->store, id, &stopped, err) || stopped) {
        return stopped;
    }
    arena_init(&arena, MIB(4));
    if (store_job_get(trainer->store, &arena, id, &job, err)) {
        fail(err, ERR_CONFLICT, "the job is %.*s already", SHOW(job.state));
    }
    arena_fini(&arena);
    return false;
}

bool trainer_stop(Trainer *trainer, Text id, Error *err)
{
    bool done = true;

    pthread_mutex_lock(&trainer->lock);
    if (!text_is(id, trainer->job)) {
        done = stop_waiting(trainer, id, err);
    } else {
        trainer->stops++;
        if (trainer->child > 0) {
            kill(trainer->child, trainer->stops == 1 ? SIGINT : SIGKILL);
        }
    }
    pthread_mutex_unlock(&trainer->lock);
    return done;
}

Trainer *trainer_open(const char *data, Store *store, Error *err)
{
    Trainer       *trainer = calloc(1, sizeof(*trainer));
    pthread_attr_t small;
    bool           running = false;

    if (trainer) {
        trainer->data  = strdup(data);
        trainer->store = store;
        pthread_mutex_init(&trainer->lock, NULL);
        pthread_cond_init(&trainer->wake, NULL);
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, STACK);
        running = trainer->data &&
                  pthread_create(&trainer->thread, &small, work, trainer) == 0;
        pthread_attr_destroy(&small);
    }
    if (!running) {
        fail(err, ERR_MEMORY, "no memory for the thread that trains");
        free(trainer ? trainer->data : NULL);
        free(trainer);
        return NULL;
    }
    return trainer;
}

void trainer_close(Trainer *trainer)
{
    if (!trainer) {
        return;
    }
    pthread_mutex_lock(&trainer->lock);
    trainer->closing = true;
    pthread_cond_signal(&trainer->wake);
    pthread_mutex_unlock(&trainer->lock);
    pthread_join(trainer->thread, NULL);
    pthread_cond_destroy(&trainer->wake);
    pthread_mutex_destroy(&trainer->lock);
    free(trainer->data);
    free(trainer);
}
