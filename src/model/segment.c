/*
 * segment - from pictures to boxes and masks.
 */
#include "model/segment.h"

#include <math.h>

#include "model/detect_inside.h"
#include "model/grid.h"
#include "vision/prototype.h"

typedef struct Segmenting {
    Detecting     find;
    const Tensor *prototypes;      /* [pictures, count, height, width] */
    MaskReduction reduction;
} Segmenting;

/* One picture of it. */
typedef struct Scene {
    const Image *image;
    Heads        heads;
    PictureFit   fit;
    Size         input, target;    /* of the network's input, and of the masks */
    Prototypes   prototypes;
    Axis         across, down;
} Scene;

/* ---- outputs ------------------------------------------------------------------------ */

static bool is_prototypes(const Tensor *tensor, int pictures)
{
    return tensor->rank == 4 && tensor->shape[0] == pictures && tensor->shape[1] >= 1 &&
           tensor->shape[1] <= 4096 && grid_side_fits(tensor->shape[2]) &&
           grid_side_fits(tensor->shape[3]);
}

/* RF-DETR tells a mask for each of its boxes instead of prototypes. */
static bool has_query_masks(const ModelOutputs *outputs)
{
    bool found = false;

    for (int k = 0; k < outputs->count; k++) {
        const Tensor *boxes = &outputs->tensors[k];

        for (int m = 0; m < outputs->count && boxes->rank == 3 && boxes->shape[2] == 4; m++) {
            found |= outputs->tensors[m].rank == 4 && outputs->count > 2 &&
                     outputs->tensors[m].shape[1] == boxes->shape[1];
        }
    }
    return found;
}

/* The prototypes apart from the boxes. */
static bool part_outputs(Segmenting *s, ModelOutputs *outputs, Tensor *prototypes)
{
    const Package *package = s->find.model->package;
    int            kept = 0;

    if (has_query_masks(outputs)) {
        return fail(s->find.err, ERR_UNSUPPORTED, "model %s: it tells a mask for each of its "
                    "boxes, as RF-DETR does; only networks with prototypes, as YOLO's, are read "
                    "for instance segmentation", package->id);
    }
    *prototypes = (Tensor){ 0 };
    for (int k = 0; k < outputs->count; k++) {
        if (prototypes->rank == 0 && is_prototypes(&outputs->tensors[k], s->find.pictures)) {
            *prototypes = outputs->tensors[k];
        } else {
            outputs->tensors[kept++] = outputs->tensors[k];
        }
    }
    outputs->count = kept;
    if (prototypes->rank == 0 || kept == 0) {
        return fail(s->find.err, ERR_UNSUPPORTED, "model %s: a network for instance segmentation "
                    "has boxes and prototypes [batch, count, height, width] among its outputs, "
                    "but this one has %s", package->id,
                    kept == 0 ? "no boxes" : "no prototypes");
    }
    s->find.extra = (int)prototypes->shape[1];
    s->prototypes = prototypes;
    return true;
}

/* ---- one picture --------------------------------------------------------------------- */

static int mixed(int coarse, int fine, double share)
{
    return (int)MAX(1, rint(coarse * (1 - share) + fine * share));
}

/* The size of masks.  A part of a picture has them in full: there is no coarse grid that
 * the rest of it would lie in. */
static Size target_of(const Segmenting *s, const Scene *scene, const Grid *grid)
{
    Size part = scene->fit.part;

    if (!s->reduction.allowed || part.width != image_width(scene->image) ||
        part.height != image_height(scene->image)) {
        return part;
    }
    return (Size){ mixed(grid->columns, part.width, s->reduction.share),
                   mixed(grid->rows, part.height, s->reduction.share) };
}

/* False, without an error, where the prototypes leave nothing for the picture. */
static bool lay_out(const Segmenting *s, int i, Scene *scene, bool *empty)
{
    const Tensor *t = s->prototypes;
    int           height = (int)t->shape[2], width = (int)t->shape[3];
    size_t        one = (size_t)(t->shape[1] * t->shape[2] * t->shape[3]);
    Grid          grid = grid_of(&scene->fit, scene->input, width, height);

    *empty        = grid.columns < 1 || grid.rows < 1;
    scene->target = *empty ? scene->fit.part : target_of(s, scene, &grid);
    if (*empty) {
        return true;
    }
    if (!grid_axes(s->find.arena, &grid, scene->target, &scene->across, &scene->down)) {
        return fail(s->find.err, ERR_MEMORY, "no memory for masks of %d x %d pixels",
                    scene->target.width, scene->target.height);
    }
    scene->prototypes = (Prototypes){ t->data + (size_t)i * one, (int)t->shape[1], width, height,
                                      grid.left, grid.top, &scene->across, &scene->down };
    return true;
}

/* An edge of a box in cells. */
static int cell_of(float edge, int cells, int input)
{
    double at = rint((double)edge * cells / input);

    return isnan(at) ? 0 : (int)fmin(fmax(at, 0), cells);
}

static bool make_mask(const Segmenting *s, const Scene *scene, const Proposal *box,
                      float *coefficients, MaskAllowance *left, Mask *out)
{
    const Prototypes *from = &scene->prototypes;
    Cells             cells = {
        cell_of(box->x1, from->width, scene->input.width),
        cell_of(box->y1, from->height, scene->input.height),
        cell_of(box->x2, from->width, scene->input.width),
        cell_of(box->y2, from->height, scene->input.height),
    };

    if (!cancel_check(s->find.cancel, s->find.err)) {
        return false;
    }
    box_layout_extra(&scene->heads.how, &scene->heads.tensors[0], box->index, coefficients);
    return mask_from_prototypes(s->find.arena, from, coefficients, cells,
                                (int)scene->fit.crop_x, (int)scene->fit.crop_y, left, out,
                                s->find.err);
}

static bool make_masks(const Segmenting *s, const Scene *scene, Found *found)
{
    Mask         *masks = arena_array(s->find.arena, Mask, MAX(found->count, 1));
    float        *coefficients = arena_array(s->find.arena, float, s->find.extra);
    MaskAllowance left = MASK_ALLOWANCE;

    if (!masks || !coefficients) {
        return fail(s->find.err, ERR_MEMORY, "no memory for %d masks", found->count);
    }
    for (int k = 0; k < found->count; k++) {
        masks[k] = (Mask){ 0 };
        if (scene->prototypes.data &&
            !make_mask(s, scene, &found->items[k], coefficients, &left, &masks[k])) {
            return false;
        }
    }
    found->masks = masks;
    return true;
}

/* Boxes into the picture, or into the smaller one of the masks. */
static void bring_back(const Scene *scene, Found *found)
{
    float across = (float)scene->fit.part.width / (float)scene->target.width;
    float down   = (float)scene->fit.part.height / (float)scene->target.height;
    bool  full   = scene->target.width == scene->fit.part.width &&
                   scene->target.height == scene->fit.part.height;

    for (int k = 0; k < found->count; k++) {
        Proposal *box = &found->items[k];

        detect_bring_back(box, &scene->fit, scene->image, full);
        if (!full) {
            box->x1 /= across;
            box->x2 /= across;
            box->y1 /= down;
            box->y2 /= down;
        }
    }
    found->grid = full ? (Size){ 0, 0 } : scene->target;
}

static bool segment_one(const Segmenting *s, const Image *image, int i, Found *found)
{
    const Preprocess *how = &s->find.model->how;
    Scene             scene = { .image = image };
    bool              empty;

    scene.input = preprocess_size(how, image, s->find.off);
    scene.fit   = preprocess_fit(how, true, image, s->find.off, scene.input);
    if (!detect_find(&s->find, image, i, &scene.heads, found) ||
        !lay_out(s, i, &scene, &empty) || !make_masks(s, &scene, found)) {
        return false;
    }
    bring_back(&scene, found);
    return true;
}

bool model_segment(Model *model, Arena *arena, Image *const images[], int count,
                   PreprocessOff off, const DetectOptions *options, MaskReduction reduction,
                   const Cancel *cancel, Found *found, Error *err)
{
    ModelOutputs outputs;
    Tensor       prototypes;
    Segmenting   s = { { model, arena, options, cancel, off, &outputs, count, 0, err }, NULL,
                       reduction };

    if (model->package->task != TASK_INSTANCE_SEGMENTATION) {
        return fail(err, ERR_INVALID, "model %s is for %s, not for instance segmentation",
                    model->package->id, task_name(model->package->task));
    }
    if (!model_run(model, arena, images, count, off, cancel, &outputs, err) ||
        !part_outputs(&s, &outputs, &prototypes)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!(options->measuring ? detect_boxes(&s.find, images[i], i, &found[i])
                                 : segment_one(&s, images[i], i, &found[i]))) {
            return false;
        }
    }
    return true;
}
