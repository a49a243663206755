/*
 * csv_formatter - a table of text out of a batch.
 *
 * One row per element, a column per name and one more for the time.  The whole
 * batch is one document, which the last element carries.  Numbers and quotes are
 * written as pandas writes them; a text that a spreadsheet would take for a
 * formula gets an apostrophe in front.
 */
#include <math.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "blocks/chains.h"

typedef struct Args {
    Value       columns;
    const void *operations;
} Args;

static const Field fields[] = {
    { "columns_data", MAP(Args, columns), .kinds = KINDS_ANY, .scalar = true,
      .help = "What goes into the columns, by their names." },

    { "columns_operations", PARSED(Args, operations, chains_parse), .schema = CHAINS_SCHEMA,
      .preset = "{}", .help = "Operations by column, applied to every value." },

    { 0 },
};

enum { OUT_CONTENT };

static const Output outputs[] = {
    [OUT_CONTENT] = { "csv_content", KIND(STRING), "The table, with the last element." },
    { 0 },
};

static const char time_column[] = "timestamp";

static bool check(const StepView *step, Error *err)
{
    const Args *in = step->args;

    if (value_get(in->columns, text_of(time_column))) {
        fail(err, ERR_INVALID, "'%s' is a column that the block adds itself", time_column);
        snprintf(err->field, sizeof(err->field), "columns_data");
        return false;
    }
    return true;
}

/* How the numbers of a column are written. */
static bool is_number(Value v)
{
    return v.type == VALUE_INT || v.type == VALUE_UINT || v.type == VALUE_DOUBLE;
}

/* A column of numbers alone turns to floats when one is, or when one is missing. */
static bool is_float_column(const Value *rows, int count, uint32_t column)
{
    bool floats = false, numbers = false;

    for (int i = 0; i < count; i++) {
        Value v = rows[i].as.pairs[column].value;

        if (!is_number(v) && !value_is_null(v)) {
            return false;
        }
        numbers = numbers || is_number(v);
        floats  = floats || !is_number(v) || v.type == VALUE_DOUBLE;
    }
    return floats && numbers;
}

static void write_quoted(Buffer *out, Text text)
{
    if (!memchr(text.at, ',', text.length) && !memchr(text.at, '"', text.length) &&
        !memchr(text.at, '\n', text.length)) {
        buffer_text(out, text);
        return;
    }
    buffer_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        buffer_string(out, text.at[i] == '"' ? "\"" : "");
        buffer_char(out, text.at[i]);
    }
    buffer_char(out, '"');
}

static void write_cell(Buffer *out, Value v, bool as_float)
{
    Buffer text;
    double number;

    if (value_is_null(v) || (v.type == VALUE_DOUBLE && isnan(v.as.number))) {
        return;
    }
    buffer_init(&text, LIMIT_FORMATTED_TEXT);
    if (v.type == VALUE_STRING && v.count > 0 && memchr("=+-@\t\r", v.as.text[0], 6)) {
        buffer_char(&text, '\'');
    }
    if (as_float && value_to_double(v, &number)) {
        v = value_double(number);
    }
    value_print(&text, v);
    write_quoted(out, (Text){ text.data ? text.data : "", text.length });
    out->failed = out->failed || text.failed;
    buffer_fini(&text);
}

/* The table of rows, all of which have the same columns. */
static void write_table(Buffer *out, const Value *rows, const int64_t *times, int count,
                        const bool *floats)
{
    char iso[CLOCK_ISO_SIZE];

    for (uint32_t k = 0; k < rows[0].count; k++) {
        write_quoted(out, rows[0].as.pairs[k].key);
        buffer_char(out, ',');
    }
    buffer_printf(out, "%s\n", time_column);
    for (int i = 0; i < count && !out->failed; i++) {
        for (uint32_t k = 0; k < rows[i].count; k++) {
            write_cell(out, rows[i].as.pairs[k].value, floats[k]);
            buffer_char(out, ',');
        }
        clock_iso(iso, times[i], 0);
        buffer_printf(out, "%s\n", iso);
    }
}

static bool emit_table(Call *call, const Value *rows, const int64_t *times)
{
    bool  *floats = arena_array(call->arena, bool, MAX(rows[0].count, 1));
    Error  err    = { 0 };
    Buffer out;
    bool   ok;

    if (!floats) {
        return call_fail(call, 0, "MemoryError", "no memory for the table");
    }
    for (uint32_t k = 0; k < rows[0].count; k++) {
        floats[k] = is_float_column(rows, call->count, k);
    }
    buffer_init(&out, LIMIT_FORMATTED_TEXT);
    write_table(&out, rows, times, call->count, floats);
    ok = !out.failed || fail(&err, ERR_TOO_LARGE, "the table is larger than %zu bytes",
                             LIMIT_FORMATTED_TEXT);
    if (ok) {
        emit_text(call, call->count - 1, OUT_CONTENT, (Text){ out.data, out.length });
    }
    buffer_fini(&out);
    return ok || call_fail_error(call, 0, &err);
}

static bool run(Call *call)
{
    Value   *rows  = arena_array(call->arena, Value, MAX(call->count, 1));
    int64_t *times = arena_array(call->arena, int64_t, MAX(call->count, 1));

    if (!rows || !times) {
        return call_fail(call, 0, "MemoryError", "no memory for %d rows", call->count);
    }
    for (int i = 0; i < call->count; i++) {
        const Args *in = call_args(call, i);

        if (!chains_apply(call, i, in->operations, in->columns, "KeyError", &rows[i])) {
            return false;
        }
        times[i] = call->services->utc(call->services->context);
    }
    return call->count == 0 || emit_table(call, rows, times);
}

const Block block_csv_formatter_v1 = {
    .type      = "roboflow_core/csv_formatter@v1",
    .title     = "CSV Formatter",
    .category  = CATEGORY_FORMATTER,
    .work      = WORK(TRANSFORMATION),
    .batches   = true,
    .summary   = "Write a batch as a table of comma-separated values.",
    .args_size = sizeof(Args),
    .fields    = fields,
    .outputs   = outputs,
    .check     = check,
    .live      = true,
    .run       = run,
};
