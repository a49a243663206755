/*
 * linear - a linear classifier, learnt from feature vectors.
 *
 * The optimiser sees weights of standardised features, which all matter alike; the layer
 * holds weights of the features as they are.  With w = v / deviation and
 * c = b - sum of v mean / deviation both give the same scores, so no standardised copy of
 * the features is ever made.
 */
#include "train/linear.h"

#include <math.h>

#include "train/kernels.h"
#include "train/lbfgs.h"

/* Rows are worked on in chunks whose scores fit in CHUNK_SCORES floats, a chunk in pieces
 * of PIECE rows, one thread each. */
enum { CHUNK_SCORES = 1 << 21, PIECE = 64 };

/* One fitting, or one look at rows. */
typedef struct Fit {
    const Examples *examples;
    Rows            rows;
    const Fitting  *how;
    Pool           *pool;
    Linear         *linear;            /* weights that rows are scored with */
    double         *means, *deviations;    /* of features; a deviation of 0 becomes infinite */
    double         *weight_slopes, *bias_slopes;
    float          *scores;            /* of a chunk, then its slopes */
    double         *losses;            /* of its rows, weighted */
    FeatureRows     chunk;
    double          total_weight;      /* of all rows */
} Fit;

static int chunk_rows(const Examples *examples)
{
    return MAX(PIECE, CHUNK_SCORES / MAX(examples->class_count, 1) / PIECE * PIECE);
}

static FeatureRows chunk_at(const Fit *fit, int first)
{
    return (FeatureRows){
        .features = fit->examples->features,
        .rows     = fit->rows.items + first,
        .count    = MIN(chunk_rows(fit->examples), fit->rows.count - first),
        .width    = fit->examples->feature_count,
    };
}

/* ---- one row ---------------------------------------------------------------------- */

static double class_weight(const Examples *examples, int class_id)
{
    return examples->class_weights ? (double)examples->class_weights[class_id] : 1;
}

/* Shares in the place of scores; the logarithm of what the largest one was divided by. */
static double softmax(float *scores, int count)
{
    float  most = scores[0];
    double sum;

    for (int k = 1; k < count; k++)
        most = MAX(most, scores[k]);
    sum = values_exp(scores, count, most);
    for (int k = 0; k < count; k++)
        scores[k] *= (float)(1 / sum);
    return log(sum) + (double)most;
}

/* -log(sigmoid(score)), without overflow. */
static double log_loss(double score)
{
    return score > 0 ? log1p(exp(-score)) : log1p(exp(score)) - score;
}

/* Turn the scores of a row into the slopes of its loss by them; the weighted loss. */
static double single_slopes(const Examples *examples, const Example *example, float *scores)
{
    int    label = example->labels[0];
    double score = (double)scores[label];
    double loss  = softmax(scores, examples->class_count) - score;
    double weight = class_weight(examples, label);

    scores[label] -= 1;
    for (int k = 0; k < examples->class_count; k++)
        scores[k] *= (float)weight;
    return weight * loss;
}

static double multi_slopes(const Examples *examples, const Example *example, float *scores)
{
    double loss = 0;
    int    next = 0;

    for (int k = 0; k < examples->class_count; k++) {
        bool   has    = next < example->label_count && example->labels[next] == k;
        double score  = (double)scores[k];
        double weight = has ? class_weight(examples, k) : 1;
        double share  = 1 / (1 + exp(-score));

        next     += has;
        loss     += weight * log_loss(has ? score : -score);
        scores[k] = (float)(weight * (share - has));
    }
    return loss;
}

static double row_slopes(const Examples *examples, int row, float *scores)
{
    const Example *example = &examples->items[row];

    return examples->multi ? multi_slopes(examples, example, scores)
                           : single_slopes(examples, example, scores);
}

/* ---- many rows ---------------------------------------------------------------------- */

/* The part of a chunk that is piece `i` of it. */
static FeatureRows piece_at(const Fit *fit, int i)
{
    FeatureRows piece = fit->chunk;

    piece.rows += i * PIECE;
    piece.count = MIN(PIECE, fit->chunk.count - i * PIECE);
    return piece;
}

static void score_piece(void *context, int i)
{
    Fit        *fit    = context;
    FeatureRows piece  = piece_at(fit, i);
    int         k      = fit->linear->class_count;
    float      *scores = fit->scores + (size_t)i * PIECE * (size_t)k;

    rows_score(&piece, fit->linear->weights, fit->linear->biases, k, scores);
    for (int r = 0; r < piece.count; r++)
        fit->losses[i * PIECE + r] = row_slopes(fit->examples, piece.rows[r],
                                                scores + (size_t)r * (size_t)k);
}

static void add_columns(void *context, int i)
{
    Fit *fit = context;

    rows_gradient(&fit->chunk, fit->scores, fit->linear->class_count, i * GRADIENT_COLUMNS,
                  fit->weight_slopes);
}

static int pieces_of(int count, int size)
{
    return (count + size - 1) / size;
}

/* Loss of all rows, and its slopes by the layer's weights and biases. */
static double slopes_of(Fit *fit)
{
    int    classes = fit->linear->class_count, width = fit->linear->feature_count;
    double loss    = 0;

    memset(fit->weight_slopes, 0, (size_t)classes * (size_t)width * sizeof(double));
    memset(fit->bias_slopes, 0, (size_t)classes * sizeof(double));
    for (int first = 0; first < fit->rows.count; first += fit->chunk.count) {
        fit->chunk = chunk_at(fit, first);
        pool_each(fit->pool, pieces_of(fit->chunk.count, PIECE), score_piece, fit);
        pool_each(fit->pool, pieces_of(width, GRADIENT_COLUMNS), add_columns, fit);
        for (int r = 0; r < fit->chunk.count; r++) {
            loss += fit->losses[r];
            for (int k = 0; k < classes; k++)
                fit->bias_slopes[k] += (double)fit->scores[(size_t)r * (size_t)classes + (size_t)k];
        }
    }
    return loss;
}

/* ---- standardised weights ------------------------------------------------------------- */

/* The layer of the optimiser's variables: class_count rows of weights, then biases. */
static void set_layer(Fit *fit, const double *x)
{
    Linear *linear = fit->linear;
    size_t  width  = (size_t)linear->feature_count;

    for (int k = 0; k < linear->class_count; k++) {
        const double *v    = x + (size_t)k * width;
        double        bias = x[(size_t)linear->class_count * width + (size_t)k];

        for (size_t d = 0; d < width; d++) {
            double weight = v[d] / fit->deviations[d];

            linear->weights[(size_t)k * width + d] = (float)weight;
            bias -= weight * fit->means[d];
        }
        linear->biases[k] = (float)bias;
    }
}

static void get_layer(const Fit *fit, double *x)
{
    const Linear *linear = fit->linear;
    size_t        width  = (size_t)linear->feature_count;

    for (int k = 0; k < linear->class_count; k++) {
        double bias = (double)linear->biases[k];

        for (size_t d = 0; d < width; d++) {
            double weight = (double)linear->weights[(size_t)k * width + d];

            x[(size_t)k * width + d] = isinf(fit->deviations[d]) ? 0 : weight * fit->deviations[d];
            bias += weight * fit->means[d];
        }
        x[(size_t)linear->class_count * width + (size_t)k] = bias;
    }
}

static double evaluate(void *context, const double *x, double *gradient)
{
    Fit   *fit     = context;
    int    classes = fit->linear->class_count;
    size_t width   = (size_t)fit->linear->feature_count;
    double squares = 0, loss;

    set_layer(fit, x);
    loss = slopes_of(fit) / fit->total_weight;
    for (int k = 0; k < classes; k++) {
        double bias_slope = fit->bias_slopes[k];

        for (size_t d = 0; d < width; d++) {
            size_t at = (size_t)k * width + d;
            double by = (fit->weight_slopes[at] - fit->means[d] * bias_slope) / fit->deviations[d];

            gradient[at] = by / fit->total_weight + fit->how->l2 * x[at];
            squares     += x[at] * x[at];
        }
        gradient[(size_t)classes * width + (size_t)k] = bias_slope / fit->total_weight;
    }
    return loss + fit->how->l2 * squares / 2;
}

static bool look(void *context, int step, double value, const double *x)
{
    Fit *fit = context;

    (void)value;
    if (!cancel_check(fit->how->cancel, NULL))
        return false;
    if (!fit->how->look)
        return true;
    set_layer(fit, x);
    return fit->how->look(fit->how->context, step, fit->linear);
}

/* Means and deviations of the features of all rows.  A feature that hardly differs among a
 * few examples may differ much elsewhere, so no deviation is far below the others. */
static void measure(Fit *fit)
{
    static const double small_share = 0.1;
    size_t width       = (size_t)fit->examples->feature_count;
    double mean_square = 0;

    for (int i = 0; i < fit->rows.count; i++) {
        const float *x = fit->examples->features + (size_t)fit->rows.items[i] * width;

        for (size_t d = 0; d < width; d++)
            fit->means[d] += (double)x[d];
    }
    for (size_t d = 0; d < width; d++)
        fit->means[d] /= fit->rows.count;
    for (int i = 0; i < fit->rows.count; i++) {
        const float *x = fit->examples->features + (size_t)fit->rows.items[i] * width;

        for (size_t d = 0; d < width; d++) {
            double away = (double)x[d] - fit->means[d];

            fit->deviations[d] += away * away;
        }
    }
    for (size_t d = 0; d < width; d++) {
        fit->deviations[d] /= fit->rows.count;
        mean_square        += fit->deviations[d] / (double)width;
    }
    for (size_t d = 0; d < width; d++) {
        double square = fit->deviations[d];

        fit->deviations[d] = square > 1e-12 * fit->means[d] * fit->means[d] && square > 0
                           ? sqrt(square + small_share * small_share * mean_square) : INFINITY;
    }
}

static double weight_of(const Examples *examples, Rows rows)
{
    double sum = 0;

    if (examples->multi)
        return rows.count;
    for (int i = 0; i < rows.count; i++)
        sum += class_weight(examples, examples->items[rows.items[i]].labels[0]);
    return sum;
}

/* ---- public --------------------------------------------------------------------------- */

Linear *linear_new(Arena *arena, const Examples *examples, Error *err)
{
    Linear *linear = arena_new(arena, Linear);

    *linear = (Linear){
        .feature_count = examples->feature_count,
        .class_count   = examples->class_count,
        .multi         = examples->multi,
        .weights       = arena_try(arena, (size_t)examples->class_count,
                                   sizeof(float) * (size_t)examples->feature_count),
        .biases        = arena_array(arena, float, examples->class_count),
    };
    if (linear->weights && linear->biases)
        return linear;
    fail(err, ERR_MEMORY, "there is no memory for %d classes of %d features",
         examples->class_count, examples->feature_count);
    return NULL;
}

/* Room for a look at rows; with slopes for a fitting. */
static bool fit_begin(Fit *fit, bool slopes, double **x, Error *err)
{
    const Examples *examples = fit->examples;
    size_t rows    = (size_t)MIN(chunk_rows(examples), fit->rows.count) + PIECE;
    size_t classes = (size_t)examples->class_count, width = (size_t)examples->feature_count;
    size_t numbers = classes * width + classes;

    fit->scores = calloc(rows * classes, sizeof(float));
    fit->losses = calloc(rows + (slopes ? 2 * width + 2 * numbers : 0), sizeof(double));
    if (!fit->scores || !fit->losses)
        return fail(err, ERR_MEMORY, "there is no memory to train %zu weights", numbers);
    if (slopes) {
        fit->means         = fit->losses + rows;
        fit->deviations    = fit->means + width;
        fit->weight_slopes = fit->deviations + width;
        fit->bias_slopes   = fit->weight_slopes + classes * width;
        *x                 = fit->bias_slopes + classes;
    }
    return true;
}

static void fit_end(Fit *fit)
{
    free(fit->scores);
    free(fit->losses);
}

bool linear_fit(Linear *linear, const Examples *examples, Rows rows, const Fitting *how,
                Error *err)
{
    Fit     fit = { .examples = examples, .rows = rows, .how = how, .pool = how->pool,
                    .linear = linear, .total_weight = weight_of(examples, rows) };
    double *x    = NULL;
    bool    done = fit_begin(&fit, true, &x, err);

    if (done) {
        measure(&fit);
        get_layer(&fit, x);

        Minimizing minimizing = {
            .count     = (size_t)linear->class_count * ((size_t)linear->feature_count + 1),
            .most      = how->most,
            .tolerance = how->tolerance,
            .context   = &fit,
            .evaluate  = evaluate,
            .look      = look,
        };
        done = minimize(&minimizing, x, err);
        set_layer(&fit, x);
    }
    fit_end(&fit);
    return done;
}

typedef struct Shares {
    const Linear   *linear;
    const Examples *examples;
    Rows            rows;
    float          *out;
} Shares;

static void share_piece(void *context, int i)
{
    const Shares *shares = context;
    int           k      = shares->linear->class_count;
    float        *out    = shares->out + (size_t)i * PIECE * (size_t)k;
    FeatureRows   piece  = {
        .features = shares->examples->features,
        .rows     = shares->rows.items + i * PIECE,
        .count    = MIN(PIECE, shares->rows.count - i * PIECE),
        .width    = shares->examples->feature_count,
    };

    rows_score(&piece, shares->linear->weights, shares->linear->biases, k, out);
    for (int r = 0; r < piece.count; r++) {
        float *row = out + (size_t)r * (size_t)k;

        if (!shares->linear->multi)
            softmax(row, k);
        for (int c = 0; c < k && shares->linear->multi; c++)
            row[c] = 1 / (1 + expf(-row[c]));
    }
}

void linear_shares(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                   float *shares)
{
    Shares work = { linear, examples, rows, shares };

    pool_each(pool, pieces_of(rows.count, PIECE), share_piece, &work);
}

/* Is the best class of an example the right one; where it may have any number, are all
 * classes right at 0.5? */
static bool is_right(const Examples *examples, int row, const float *shares)
{
    const Example *example = &examples->items[row];
    int            next = 0, best = 0;

    for (int k = 0; k < examples->class_count; k++) {
        bool has = next < example->label_count && example->labels[next] == k;

        next += has;
        if (examples->multi && has != (shares[k] >= 0.5F))
            return false;
        best = shares[k] > shares[best] ? k : best;
    }
    return examples->multi || best == example->labels[0];
}

static double loss_of(const Examples *examples, int row, const float *shares)
{
    const Example *example = &examples->items[row];
    double         loss = 0;
    int            next = 0;

    if (!examples->multi)
        return -log(MAX((double)shares[example->labels[0]], 1e-30));
    for (int k = 0; k < examples->class_count; k++) {
        bool   has   = next < example->label_count && example->labels[next] == k;
        double share = has ? (double)shares[k] : 1 - (double)shares[k];

        next += has;
        loss -= log(MAX(share, 1e-30));
    }
    return loss / examples->class_count;
}

bool linear_score(const Linear *linear, const Examples *examples, Rows rows, Pool *pool,
                  Score *score, Error *err)
{
    int    most   = chunk_rows(examples), classes = examples->class_count;
    size_t room   = (size_t)MIN(most, rows.count) + PIECE;
    float *shares = calloc(room * (size_t)classes, sizeof *shares);
    int    right  = 0;

    *score = (Score){ 0 };
    if (!shares)
        return fail(err, ERR_MEMORY, "there is no memory to score %d pictures", rows.count);
    for (int first = 0; first < rows.count; first += most) {
        Rows part = { rows.items + first, MIN(most, rows.count - first) };

        linear_shares(linear, examples, part, pool, shares);
        for (int i = 0; i < part.count; i++) {
            const float *row = shares + (size_t)i * (size_t)classes;

            right       += is_right(examples, part.items[i], row);
            score->loss += loss_of(examples, part.items[i], row);
        }
    }
    free(shares);
    if (rows.count > 0) {
        score->loss    /= rows.count;
        score->accuracy = (double)right / rows.count;
    }
    return true;
}
