/*
 * features - what a backbone sees in each picture of a data set, kept in a file.
 *
 * The file: a header, a print a picture, a mark a row, the rows.  It is made as long as it
 * will ever be before anything is written to it, so that a full disk is an error and not a
 * signal, and mapped: what a killed process has written is there for the next.
 */
#include "train/features.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* A mark: 0, not done; 1, the picture cannot be read; else the row's checksum. */
enum { MARK_NONE = 0, MARK_UNREADABLE = 1 };

typedef struct Header {
    char    name[16];
    uint8_t key[SHA256_SIZE];       /* of everything that rows depend on */
    int64_t rows, width;
} Header;

typedef struct Work {
    Backbone         *backbone;
    const FeatureJob *job;
    Arena            *arena;
    uint8_t          *bytes;        /* of the file */
    size_t            length;
    Print            *prints;
    uint64_t         *marks;
    float            *rows;
    int               per_picture;
    int               total, done, reused;
    Text             *reasons;
    bool             *readable;
    pthread_mutex_t   lock;         /* done, arena, problem, tell() */
    Error             problem;      /* what ends it all */
} Work;

/* ---- the file -------------------------------------------------------------------------- */

static void unmap(void *subject)
{
    Text *bytes = subject;

    munmap((void *)(uintptr_t)bytes->at, bytes->length);
    free(bytes);
}

static uint64_t checksum(uint64_t sum, const void *bytes, size_t size)
{
    const uint32_t *words = bytes;

    for (size_t i = 0; i < size / sizeof *words; i++)
        sum = (sum ^ words[i]) * 0x100000001b3;
    return sum;
}

/* The mark of a row that is done: of its numbers and, in the first row of a picture, its
 * print.  It is none of the other marks. */
static uint64_t mark_of(const Work *work, size_t row)
{
    size_t   width = (size_t)work->backbone->feature_count;
    uint64_t sum   = checksum(0xcbf29ce484222325, work->rows + row * width, width * sizeof(float));

    if (row % (size_t)work->per_picture == 0)
        sum = checksum(sum, &work->prints[row / (size_t)work->per_picture], sizeof(Print));
    return sum | 2;
}

/* Rows are of use again only if the network, the pictures and what is done to them are the
 * same.  Of a picture its name, size and time of change stand for its bytes. */
static void make_key(const Work *work, uint8_t key[SHA256_SIZE], Buffer *text)
{
    const FeatureJob *job = work->job;

    buffer_printf(text, "%d %d %llu %d%d%d\n", work->backbone->feature_count, job->copies,
                  job->copies > 0 ? (unsigned long long)job->seed : 0, job->augmentation.flip,
                  job->augmentation.crop, job->augmentation.color);
    for (int i = 0; i < job->picture_count; i++) {
        struct stat info = { 0 };

        (void)!stat(job->pictures[i]->path, &info);
        buffer_printf(text, "%.*s %lld %lld.%ld %d\n", SHOW(job->pictures[i]->name),
                      (long long)info.st_size, (long long)info.st_mtim.tv_sec,
                      info.st_mtim.tv_nsec, job->copied[i]);
    }
    sha256(key, text->data, text->length);
}

static bool find_key(const Work *work, uint8_t key[SHA256_SIZE], Error *err)
{
    Buffer  text;
    Text    weights;
    uint8_t network[SHA256_SIZE];

    if (!file_map(model_package(work->backbone->model)->weights, LIMIT_MODEL_FILE, &weights, err))
        return false;
    sha256(network, weights.at, weights.length);
    file_unmap(weights);
    buffer_init(&text, GIB(2));
    buffer_append(&text, network, sizeof network);
    make_key(work, key, &text);
    bool done = !text.failed ||
                fail(err, ERR_MEMORY, "there is no memory for the list of pictures");
    buffer_fini(&text);
    return done;
}

static bool make_long(int file, const char *path, size_t length, Error *err)
{
    struct stat info;

    if (fstat(file, &info) == 0 && (size_t)info.st_size == length)
        return true;
    if (ftruncate(file, 0) != 0)
        return fail_errno(err, errno, "cannot empty %s", path);

    int problem = posix_fallocate(file, 0, (off_t)length);
    return problem == 0 || fail_errno(err, problem, "cannot make %s %zu MB long", path,
                                      length >> 20);
}

static bool open_file(Work *work, const char *path, Error *err)
{
    size_t total  = (size_t)work->job->picture_count * (size_t)work->per_picture;
    size_t width  = (size_t)work->backbone->feature_count;
    Header header = { .name = "ocellus features", .rows = (int64_t)total, .width = (int64_t)width };
    int    file   = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (file < 0)
        return fail_errno(err, errno, "cannot open %s", path);
    work->length = sizeof header + (size_t)work->job->picture_count * sizeof(Print) +
                   total * sizeof *work->marks + total * width * sizeof(float);
    bool done    = find_key(work, header.key, err) && make_long(file, path, work->length, err);
    void *bytes  = done ? mmap(NULL, work->length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                        : MAP_FAILED;
    if (done && bytes == MAP_FAILED)
        done = fail_errno(err, errno, "cannot map %s", path);
    close(file);
    if (!done)
        return false;

    Text *kept = malloc(sizeof *kept);
    if (kept)
        *kept = (Text){ bytes, work->length };
    if (!kept || !arena_defer(work->arena, unmap, kept))
        return fail(err, ERR_MEMORY, "there is no memory for the features");
    work->bytes  = bytes;
    work->prints = (Print *)(void *)(work->bytes + sizeof header);
    work->marks  = (uint64_t *)(void *)(work->prints + work->job->picture_count);
    work->rows   = (float *)(void *)(work->marks + total);
    if (memcmp(bytes, &header, sizeof header) != 0) {
        memset(work->marks, 0, total * sizeof *work->marks);
        memcpy(bytes, &header, sizeof header);
    }
    return true;
}

/* ---- one picture ----------------------------------------------------------------------- */

static float *row_at(const Work *work, size_t row)
{
    return work->rows + row * (size_t)work->backbone->feature_count;
}

static bool compute_row(Work *work, Image *image, size_t row, int copy, Error *err)
{
    const FeatureJob *job  = work->job;
    float            *out  = row_at(work, row);
    Image            *used = copy == 0 ? image_ref(image)
                           : augment(image, job->augmentation, job->seed + row, err);
    bool              done = used && backbone_run(work->backbone, used, job->cancel, out, err);

    if (done && copy == 0)
        done = print_make(used, &work->prints[row / (size_t)work->per_picture], err);
    image_unref(used);
    if (done)
        work->marks[row] = mark_of(work, row);
    return done;
}

static bool compute_picture(Work *work, int i, Error *err)
{
    size_t first  = (size_t)i * (size_t)work->per_picture;
    int    copies = work->job->copied[i] ? work->job->copies : 0;
    Image *image  = picture_open(work->job->pictures[i], work->job->cancel, err);
    bool   done   = image;

    for (int copy = 0; copy <= copies && done; copy++)
        done = compute_row(work, image, first + (size_t)copy, copy, err);
    image_unref(image);
    return done;
}

/* Are all rows of the picture in the file? */
static bool is_done(const Work *work, int i)
{
    size_t first  = (size_t)i * (size_t)work->per_picture;
    int    copies = work->job->copied[i] ? work->job->copies : 0;

    for (size_t row = first; row <= first + (size_t)copies; row++) {
        if (work->marks[row] != mark_of(work, row))
            return false;
    }
    return true;
}

static void note_problem(Work *work, int i, const Error *problem)
{
    if (!is_about_picture(problem->kind)) {
        if (work->problem.kind == ERR_NONE)
            work->problem = *problem;
        return;
    }
    work->readable[i] = false;
    work->prints[i]   = (Print){ 0 };
    work->reasons[i]  = arena_text(work->arena, text_of(problem->text));
    work->marks[(size_t)i * (size_t)work->per_picture] = MARK_UNREADABLE;
}

static void do_picture(void *context, int i)
{
    Work *work    = context;
    Error problem = { 0 };

    pthread_mutex_lock(&work->lock);
    bool stopped = work->problem.kind != ERR_NONE;
    pthread_mutex_unlock(&work->lock);
    if (stopped || !work->job->wanted[i])
        return;

    bool there = is_done(work, i);
    bool done  = there || (cancel_check(work->job->cancel, &problem) &&
                           compute_picture(work, i, &problem));

    pthread_mutex_lock(&work->lock);
    if (!done)
        note_problem(work, i, &problem);
    work->done   += 1;
    work->reused += there;
    if (work->job->tell && work->problem.kind == ERR_NONE)
        work->job->tell(work->job->context, work->done, work->total);
    pthread_mutex_unlock(&work->lock);
}

/* ---- all of them ------------------------------------------------------------------------ */

const Features *features_compute(Arena *arena, Backbone *backbone, const FeatureJob *job,
                                 const char *path, Error *err)
{
    Work work = { .backbone = backbone, .job = job, .arena = arena,
                  .per_picture = 1 + job->copies,
                  .reasons  = arena_array(arena, Text, job->picture_count + 1),
                  .readable = arena_array(arena, bool, job->picture_count + 1) };

    if (!work.reasons || !work.readable) {
        fail(err, ERR_MEMORY, "there is no memory for the list of pictures");
        return NULL;
    }
    if (!open_file(&work, path, err))
        return NULL;
    for (int i = 0; i < job->picture_count; i++) {
        work.readable[i] = job->wanted[i];
        work.total      += job->wanted[i];
    }
    pthread_mutex_init(&work.lock, NULL);
    pool_each(job->pool, job->picture_count, do_picture, &work);
    pthread_mutex_destroy(&work.lock);
    if (work.problem.kind != ERR_NONE) {
        *err = work.problem;
        return NULL;
    }

    Features *features = arena_new(arena, Features);
    *features = (Features){ .rows = work.rows, .feature_count = backbone->feature_count,
                            .copies = job->copies, .prints = work.prints,
                            .readable = work.readable, .reasons = work.reasons,
                            .reused = work.reused };
    return features;
}
