/*
 * cmd_dataset - what is wrong with a data set.
 */
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "dataset/inspect.h"
#include "train/classify.h"
#include "train/report.h"

enum { TOLD = 10, MOST_CLASSES = 100 };

#define CHECK_MEMORY GIB(64)      /* of addresses: features are mapped, not held */

/* What a check found; with a base there are suspects, too. */
typedef struct Findings {
    const DataSet    *set;
    const Split      *splits;
    const DataRemark *remarks;
    int               remark_count;
    int               unreadable;
    Twins             twins;
    const Checkup    *checkup;        /* NULL: no base was named */
} Findings;

/* ---- progress ------------------------------------------------------------------------------ */

static void show_progress(void *context, int done, int total)
{
    (void)context;
    progress_show("pictures", done, total);
}

static void show_event(void *context, const TrainEvent *event)
{
    if (event->stage == TRAIN_FEATURES)
        show_progress(context, event->done, event->total);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* How many pictures of each split have a class; a row of four numbers a class. */
static int *count_classes(Arena *arena, const DataSet *set)
{
    int *counts = arena_array(arena, int, 4 * (int64_t)set->class_count + 4);

    for (int i = 0; counts && i < set->picture_count; i++) {
        const DataPicture *picture = &set->pictures[i];

        for (int k = 0; k < picture->label_count; k++)
            counts[4 * picture->labels[k] + (int)picture->split]++;
        for (int k = 0; k < picture->box_count; k++)
            counts[4 * picture->boxes[k].class_id + (int)picture->split]++;
    }
    return counts;
}

static void put_classes(JsonWriter *w, const DataSet *set, const int *counts)
{
    json_key(w, "classes");
    json_begin_array(w);
    for (int i = 0; i < set->class_count; i++) {
        json_begin_object(w);
        json_member_text(w, "name", set->classes[i]);
        json_member_int(w, "unsplit", counts[4 * i]);
        json_member_int(w, "train", counts[4 * i + SPLIT_TRAIN]);
        json_member_int(w, "valid", counts[4 * i + SPLIT_VALID]);
        json_member_int(w, "test", counts[4 * i + SPLIT_TEST]);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_json(Buffer *out, const Findings *f, const int *counts)
{
    JsonWriter w = json_writer(out);

    json_begin_object(&w);
    json_member_text(&w, "folder", text_of(f->set->folder));
    json_member_text(&w, "layout", text_of(f->set->layout));
    json_member_int(&w, "pictures", f->set->picture_count);
    json_member_int(&w, "unreadable", f->unreadable);
    put_classes(&w, f->set, counts);
    report_remarks(&w, f->remarks, f->remark_count);
    report_twins(&w, f->set, f->splits, f->twins);
    if (f->checkup) {
        report_suspects(&w, "suspects", f->checkup->set, f->checkup->suspects);
        json_member_double(&w, "cross_accuracy", f->checkup->score.accuracy);
    }
    json_end_object(&w);
    buffer_char(out, '\n');
}

/* ---- for people ---------------------------------------------------------------------------- */

static void print_classes(Buffer *out, const DataSet *set, const int *counts)
{
    buffer_printf(out, "%-32s %8s %8s %8s %8s\n",
                  set->kind == DATA_BOXES ? "class (boxes)" : "class", "train", "valid", "test",
                  "unsplit");
    for (int i = 0; i < MIN(set->class_count, MOST_CLASSES); i++)
        buffer_printf(out, "%-32.*s %8d %8d %8d %8d\n", SHOW(set->classes[i]),
                      counts[4 * i + SPLIT_TRAIN], counts[4 * i + SPLIT_VALID],
                      counts[4 * i + SPLIT_TEST], counts[4 * i]);
    if (set->class_count > MOST_CLASSES)
        buffer_printf(out, "... and %d more classes, see --json\n",
                      set->class_count - MOST_CLASSES);
}

static void print_more(Buffer *out, int count)
{
    if (count > TOLD)
        buffer_printf(out, "  ... and %d more, see --json\n", count - TOLD);
}

static void print_remarks(Buffer *out, const Findings *f)
{
    if (f->remark_count > 0)
        buffer_printf(out, "\nleft out: %d\n", f->remark_count);
    for (int i = 0; i < MIN(f->remark_count, TOLD); i++)
        buffer_printf(out, "  %.*s: %.*s\n", SHOW(f->remarks[i].name), SHOW(f->remarks[i].reason));
    print_more(out, f->remark_count);
}

static void print_twins(Buffer *out, const Findings *f)
{
    TwinCounts counts = twins_count(f->set, f->splits, f->twins);

    buffer_printf(out, "\nthere more than once: %d (%d in two splits, %d with other labels)\n",
                  f->twins.count, counts.leaks, counts.contradictions);
    for (int i = 0; i < MIN(f->twins.count, TOLD); i++) {
        const Twin *twin = &f->twins.items[i];

        buffer_printf(out, "  %.*s %s %.*s\n", SHOW(f->set->pictures[twin->b].name),
                      twin->exact ? "is" : "looks like", SHOW(f->set->pictures[twin->a].name));
    }
    print_more(out, f->twins.count);
}

static void print_suspects(Buffer *out, const Checkup *checkup)
{
    const Suspects *suspects = &checkup->suspects;

    buffer_printf(out, "\nlabels that are contradicted: %d, the surest first", suspects->count);
    if (!isnan(checkup->score.accuracy))
        buffer_printf(out, " (the base is right %.1f %% of the time)",
                      checkup->score.accuracy * 100);
    buffer_char(out, '\n');
    for (int i = 0; i < MIN(suspects->count, TOLD); i++) {
        const Suspect *suspect = &suspects->items[i];
        Text label = suspect->label >= 0 ? checkup->set->classes[suspect->label] : TEXT("-");
        Text seems = suspect->predicted >= 0 ? checkup->set->classes[suspect->predicted]
                                             : TEXT("-");

        buffer_printf(out, "  %.*s: %.*s, seems to be %.*s (%.0f %%)\n",
                      SHOW(checkup->set->pictures[suspect->picture]->name), SHOW(label),
                      SHOW(seems), suspect->certainty * 100);
    }
    print_more(out, suspects->count);
}

static void print_findings(Buffer *out, const Findings *f, const int *counts)
{
    buffer_printf(out, "%d pictures (%s), %d unreadable, %d classes\n\n", f->set->picture_count,
                  f->set->layout, f->unreadable, f->set->class_count);
    print_classes(out, f->set, counts);
    print_remarks(out, f);
    print_twins(out, f);
    if (f->checkup)
        print_suspects(out, f->checkup);
}

/* ---- the command ---------------------------------------------------------------------------- */

/* Without a base: every picture is opened. */
static bool look(const Invocation *in, const Cancel *stop, Arena *arena, Findings *f, Error *err)
{
    Inspecting how     = { .pool = pool_open(pool_cores() - 1), .cancel = stop,
                           .tell = isatty(STDERR_FILENO) ? show_progress : NULL };
    Split     *splits  = NULL;
    Inspection inspection;

    f->set    = dataset_read(arena, in->words[0], err);
    bool done = f->set && dataset_inspect(arena, f->set, &how, &inspection, err);
    pool_close(how.pool);
    if (!done)
        return false;
    splits = arena_array(arena, Split, f->set->picture_count + 1);
    for (int i = 0; splits && i < f->set->picture_count; i++)
        splits[i] = f->set->pictures[i].split;
    f->splits       = splits;
    f->remarks      = inspection.remarks;
    f->remark_count = inspection.remark_count;
    f->unreadable   = inspection.unreadable;
    f->twins        = inspection.twins;
    return splits || fail(err, ERR_MEMORY, "there is no memory for the pictures");
}

/* With a base: they go through it, and their labels are doubted. */
static bool check_up(const Invocation *in, const Cancel *stop, Arena *arena, Findings *f,
                     Error *err)
{
    TrainArgs   args   = train_args();
    TrainWatch  watch  = { .stop = stop, .tell = isatty(STDERR_FILENO) ? show_event : NULL };
    const char *work   = folder_make_temporary(arena, "ocellus-check", err);
    const char *models = models_path(in);
    Checkup    *checkup = arena_new(arena, Checkup);

    if (!work)
        return false;
    args.data = in->words[0];
    args.base = option_text(in, "base", NULL);
    bool done = train_checkup(arena, &args, models, work, 0, &watch, checkup, err);
    (void)!folder_remove(work, NULL);
    if (!done)
        return false;
    f->set          = checkup->set->set;
    f->splits       = checkup->set->splits;
    f->remarks      = checkup->set->remarks;
    f->remark_count = checkup->set->remark_count;
    f->unreadable   = checkup->unreadable;
    f->twins        = checkup->twins;
    f->checkup      = checkup;
    return true;
}

static bool check(const Invocation *in, const Cancel *stop, Arena *arena, Buffer *out, Error *err)
{
    Findings f = { 0 };

    if (!(option_given(in, "base") ? check_up : look)(in, stop, arena, &f, err))
        return false;

    int *counts = count_classes(arena, f.set);
    if (!counts)
        return fail(err, ERR_MEMORY, "there is no memory to count the classes");
    (option_given(in, "json") ? put_json : print_findings)(out, &f, counts);
    return print_out(out, err);
}

static int run(Invocation *in, Error *err)
{
    Arena  arena;
    Buffer out;

    arena_init(&arena, CHECK_MEMORY);
    buffer_init(&out, MIB(256));
    bool done = check(in, interrupt_catch(), &arena, &out, err);
    buffer_fini(&out);
    arena_fini(&arena);
    return done ? 0 : interrupt_end(err, "stopped");
}

static const Option options[] = {
    { "base", 'b', OPTION_TEXT, "MODEL", "Doubt labels, too, with this classifier's eyes." },
    { "json", 0, OPTION_FLAG, NULL, "Everything that was found, as JSON." },
    { 0 },
};

const Command command_dataset_check = {
    .name    = "dataset check",
    .usage   = "DIR [--base MODEL] [--json]",
    .summary = "Find what is wrong with a data set: files, twins, labels.",
    .example = "ocellus dataset check flowers/ --base mobilenet/1",
    .details = "Pictures that cannot be read; the same picture more than once, also in two splits\n"
               "or with other labels; and, with a base, labels that are probably wrong: what\n"
               "classifiers that never saw the picture contradict, the surest first.",
    .options = options,
    .least   = 1,
    .most    = 1,
    .data    = true,
    .run     = run,
};
