/*
 * inspect - every picture of a data set opened and printed.
 */
#include "dataset/inspect.h"

#include <pthread.h>

typedef struct Work {
    Arena            *arena;
    const DataSet    *set;
    const Inspecting *how;
    Inspection       *out;
    Print            *prints;
    DataRemark       *remarks;
    int               done;
    Error             problem;        /* what ends it all */
    pthread_mutex_t   lock;           /* all but the prints */
} Work;

static void note(Work *work, int i, const Error *problem)
{
    if (!is_about_picture(problem->kind)) {
        work->problem = *problem;
        return;
    }
    work->out->unreadable++;
    if (work->out->remark_count < work->set->remark_count + LIMIT_REMARKS)
        work->remarks[work->out->remark_count++] = (DataRemark){
            work->set->pictures[i].name, arena_text(work->arena, text_of(problem->text))
        };
}

static bool is_stopped(Work *work)
{
    pthread_mutex_lock(&work->lock);
    bool stopped = work->problem.kind != ERR_NONE;
    pthread_mutex_unlock(&work->lock);
    return stopped;
}

static void inspect_one(void *context, int i)
{
    Work *work    = context;
    Error problem = { 0 };

    if (is_stopped(work))
        return;

    bool   fine  = cancel_check(work->how->cancel, &problem);
    Image *image = fine ? picture_open(&work->set->pictures[i], work->how->cancel, &problem) : NULL;
    fine = image && print_make(image, &work->prints[i], &problem);
    image_unref(image);

    pthread_mutex_lock(&work->lock);
    if (!fine)
        note(work, i, &problem);
    work->done++;
    if (work->how->tell && work->problem.kind == ERR_NONE)
        work->how->tell(work->how->context, work->done, work->set->picture_count);
    pthread_mutex_unlock(&work->lock);
}

/* Remarks are made by many threads; they are told in order of names. */
static int by_name(const void *a, const void *b)
{
    return strcmp(((const DataRemark *)a)->name.at, ((const DataRemark *)b)->name.at);
}

bool dataset_inspect(Arena *arena, const DataSet *set, const Inspecting *how,
                     Inspection *inspection, Error *err)
{
    Work work = {
        .arena = arena, .set = set, .how = how, .out = inspection,
        .prints  = arena_array(arena, Print, set->picture_count + 1),
        .remarks = arena_array(arena, DataRemark, set->remark_count + LIMIT_REMARKS),
    };

    *inspection = (Inspection){ .prints = work.prints, .remarks = work.remarks,
                                .remark_count = set->remark_count };
    if (!work.prints || !work.remarks)
        return fail(err, ERR_MEMORY, "there is no memory for %d pictures", set->picture_count);
    if (set->remark_count > 0)
        memcpy(work.remarks, set->remarks, (size_t)set->remark_count * sizeof *work.remarks);
    pthread_mutex_init(&work.lock, NULL);
    pool_each(how->pool, set->picture_count, inspect_one, &work);
    pthread_mutex_destroy(&work.lock);
    if (work.problem.kind != ERR_NONE) {
        *err = work.problem;
        return false;
    }
    qsort(work.remarks + set->remark_count,
          (size_t)(inspection->remark_count - set->remark_count), sizeof *work.remarks, by_name);
    return twins_find(arena, work.prints, set->picture_count, &inspection->twins, err);
}
