/*
 * embedding - reading, multiplying and remembering vectors.
 */
#include "blocks/embedding.h"

#include <math.h>

#include "base/text.h"

bool embedding_is(Value v)
{
    return v.type == VALUE_LIST || v.type == VALUE_TUPLE ||
           (v.type == VALUE_ARRAY && v.as.array->rank == 1);
}

int64_t embedding_length(Value v)
{
    return v.type == VALUE_ARRAY ? v.as.array->shape[0] : v.count;
}

bool embedding_number(Value v, int64_t k, double *out)
{
    if (v.type != VALUE_ARRAY) {
        return value_to_double(v.as.items[k], out);
    }
    switch (v.as.array->type) {
    case ARRAY_U8:  *out = ((const uint8_t *)v.as.array->data)[k]; break;
    case ARRAY_I32: *out = ((const int32_t *)v.as.array->data)[k]; break;
    case ARRAY_I64: *out = (double)((const int64_t *)v.as.array->data)[k]; break;
    case ARRAY_F32: *out = ((const float *)v.as.array->data)[k]; break;
    case ARRAY_F64: *out = ((const double *)v.as.array->data)[k]; break;
    }
    return true;
}

/* The class of the reference for a list with something else than numbers: one of
 * texts is converted, which fails for texts that are no numbers, and the texts that
 * come out cannot be divided. */
static const char *class_of(Value list)
{
    const char *class = "TypeError";

    for (uint32_t k = 0; k < list.count; k++) {
        Value  v = list.as.items[k];
        double number;
        bool   whole;

        if (!value_is_scalar(v)) {
            return "TypeError";
        }
        if (v.type == VALUE_STRING && !text_read_number(value_as_text(v), &number, &whole)) {
            class = "ValueError";
        }
    }
    return class;
}

static bool read_numbers(Call *call, int i, Value v, double *out, int64_t length)
{
    for (int64_t k = 0; k < length; k++) {
        if (!embedding_number(v, k, &out[k])) {
            return call_fail(call, i, class_of(v), "embedding: element %lld is no number but %s",
                             (long long)k, value_type_name((ValueType)v.as.items[k].type));
        }
    }
    return true;
}

bool embedding_unit(Call *call, int i, Value v, double **out, int64_t *length)
{
    Error  err = { 0 };
    double norm;

    if (!embedding_is(v)) {
        return call_fail(call, i, v.type == VALUE_STRING ? "ValueError" : "TypeError",
                         "embedding: it is a list of numbers, not %s",
                         value_type_name((ValueType)v.type));
    }
    *length = embedding_length(v);
    *out    = arena_array(call->arena, double, (size_t)*length + 1);
    if (!*out) {
        fail(&err, ERR_MEMORY, "no memory for an embedding of %lld numbers", (long long)*length);
        return call_fail_error(call, i, &err);
    }
    if (!read_numbers(call, i, v, *out, *length)) {
        return false;
    }
    norm = sqrt(dot_in_order(*out, *out, *length));
    for (int64_t k = 0; norm != 0 && k < *length; k++) {
        (*out)[k] /= norm;
    }
    return true;
}

double dot_in_order(const double *a, const double *b, int64_t length)
{
    double sum = 0;

    for (int64_t k = 0; k < length; k++) {
        sum = fma(a[k], b[k], sum);
    }
    return sum;
}

double dot_in_lanes(const double *a, const double *b, int64_t length)
{
    double  lanes[4] = { 0 };
    double  sum;
    int64_t k = 0;

    for (; k + 4 <= length; k += 4) {
        for (int lane = 0; lane < 4; lane++) {
            lanes[lane] = fma(a[k + lane], b[k + lane], lanes[lane]);
        }
    }
    sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    for (; k < length; k++) {
        sum = fma(a[k], b[k], sum);
    }
    return sum;
}

/* ---- windows --------------------------------------------------------------------------- */

void window_fini(Window *window)
{
    free(window->numbers);
    *window = (Window){ 0 };
}

static double *place(const Window *window, int64_t k)
{
    return window->numbers + (window->first + k) % window->capacity * window->length;
}

const double *window_at(const Window *window, int64_t k)
{
    return place(window, k);
}

/* Room for one more vector; a window that is too small is replaced by one of twice
 * the size. */
static bool window_widen(Window *window, Error *err)
{
    size_t  one  = sizeof(double) * (size_t)MAX(window->length, 1);
    int64_t most = (int64_t)(LIMIT_WINDOW_MEMORY / one);
    Window  wide = { .length   = window->length,
                     .capacity = MIN(MAX(2 * window->capacity, 4), most) };

    if (window->count < window->capacity) {
        return true;
    }
    if (wide.capacity <= window->count) {
        return fail(err, ERR_TOO_LARGE, "a window of embeddings needs more than %zu MB",
                    LIMIT_WINDOW_MEMORY >> 20);
    }
    wide.numbers = calloc((size_t)wide.capacity, one);
    if (!wide.numbers) {
        return fail(err, ERR_MEMORY, "no memory for a window of %lld embeddings",
                    (long long)wide.capacity);
    }
    for (; wide.count < window->count; wide.count++) {
        memcpy(place(&wide, wide.count), place(window, wide.count),
               sizeof(double) * (size_t)window->length);
    }
    window_fini(window);
    *window = wide;
    return true;
}

bool window_add(Window *window, const double *vector, int64_t length, int64_t size, Error *err)
{
    if (window->count == 0) {
        window_fini(window);
        window->length = length;
    }
    if (!window_widen(window, err)) {
        return false;
    }
    memcpy(place(window, window->count), vector, sizeof(double) * (size_t)length);
    window->count++;
    if (window->count > size) {
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
    return true;
}

void window_mean(const Window *window, double *mean, int64_t length)
{
    memset(mean, 0, sizeof(double) * (size_t)length);
    for (int64_t i = 0; i < window->count; i++) {
        const double *vector = window_at(window, i);

        for (int64_t k = 0; k < length; k++) {
            mean[k] += vector[k];
        }
    }
    for (int64_t k = 0; k < length; k++) {
        mean[k] /= (double)window->count;
    }
}

bool embedding_fits(Call *call, int i, int64_t length, int64_t before)
{
    return length == before ||
           call_fail(call, i, "ValueError", "embedding: it has %lld numbers and those before it "
                     "%lld; only those of one model can be compared", (long long)length,
                     (long long)before);
}

bool embedding_no_window(Call *call, int i, int64_t window_size)
{
    return call_fail(call, i, "TypeError", "window_size: %lld leaves nothing to compare with; it "
                     "is at least 1", (long long)window_size);
}
