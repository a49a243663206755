/*
 * csv - several classes a picture, told by a _classes.csv beside the pictures.
 *
 *     filename, acne, dry skin
 *     face-1.jpg, 1, 0
 *
 * As Roboflow exports it ("multiclass").  Spaces around fields do not count; a field in
 * double quotes may hold commas.
 */
#include "base/file.h"
#include "base/text.h"
#include "dataset/inside.h"

#define TABLE "_classes.csv"

/* What is left of a table, and the line that is read. */
typedef struct Table {
    Builder    *builder;
    const char *name;       /* of the file */
    const char *folder;     /* it lies in */
    Split       split;
    Text        left;
    int         line;
    int        *columns;    /* class of each column behind the first */
    int         column_count;
} Table;

static Text trim(Text text)
{
    while (text.length > 0 && strchr(" \t\r", text.at[0]))
        text = (Text){ text.at + 1, text.length - 1 };
    while (text.length > 0 && strchr(" \t\r", text.at[text.length - 1]))
        text.length--;
    return text;
}

/* Take the next line, without its end; false at the end of the table. */
static bool next_line(Table *table, Text *line)
{
    if (table->left.length == 0)
        return false;

    const char *end = memchr(table->left.at, '\n', table->left.length);
    size_t   length = end ? (size_t)(end - table->left.at) : table->left.length;
    size_t     past = end ? length + 1 : length;

    *line        = (Text){ table->left.at, length };
    table->left  = (Text){ table->left.at + past, table->left.length - past };
    table->line += 1;
    return true;
}

/* Take the next field of a line; false when there is none. */
static bool next_field(Text *line, Text *field)
{
    if (!line->at)
        return false;

    const char *at = line->at, *end = line->at + line->length;
    bool    quoted = false;
    while (at < end && (quoted || *at != ','))
        quoted ^= *at++ == '"';

    *field = trim((Text){ line->at, (size_t)(at - line->at) });
    *line  = at < end ? (Text){ at + 1, (size_t)(end - at - 1) } : (Text){ 0 };
    if (field->length >= 2 && field->at[0] == '"' && field->at[field->length - 1] == '"')
        *field = trim((Text){ field->at + 1, field->length - 2 });
    return true;
}

static bool read_header(Table *table, Error *err)
{
    Text line, field;

    if (!next_line(table, &line) || !next_field(&line, &field) || !text_is(field, "filename"))
        return fail(err, ERR_INVALID, "%s: the first line does not begin with \"filename\"",
                    table->name);
    for (int i = 0; next_field(&line, &field); i++) {
        if (field.length == 0 && !line.at)
            break;                                      /* a comma at the end of the line */

        int class_id = builder_class(table->builder, field, err);
        if (class_id < 0)
            return fail_prefix(err, "%s: column %d", table->name, i + 2);
        for (int k = 0; k < table->column_count; k++) {
            if (table->columns[k] == class_id)
                return fail(err, ERR_INVALID, "%s: the class '%.*s' has two columns", table->name,
                            SHOW(field));
        }
        if (i == 0)
            table->columns = arena_array(table->builder->arena, int, LIMIT_CLASSES);
        if (!table->columns)
            return fail(err, ERR_MEMORY, "%s: there is no memory for its columns", table->name);
        table->columns[table->column_count++] = class_id;
    }
    return table->column_count > 0 ||
           fail(err, ERR_INVALID, "%s: the first line names no class", table->name);
}

static int by_id(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* The classes of a line; -1 where a field is neither 0 nor 1, or fields are missing. */
static int read_labels(const Table *table, Text line, int *labels)
{
    Text field;
    int  count = 0;

    for (int i = 0; i < table->column_count; i++) {
        if (!next_field(&line, &field) || (!text_is(field, "0") && !text_is(field, "1")))
            return -1;
        if (text_is(field, "1"))
            labels[count++] = table->columns[i];
    }
    qsort(labels, (size_t)count, sizeof *labels, by_id);
    return count;
}

static bool read_line(Table *table, Text line, Map *seen, int *labels, Error *err)
{
    Builder *builder = table->builder;
    Text     file;

    if (!next_field(&line, &file) || file.length == 0)
        return true;

    const char *name = name_join(builder, table->folder, arena_text(builder->arena, file).at);
    if (!path_is_safe(file) || !file_exists(name_path(builder, name))) {
        builder_remark(builder, text_of(name), "line %d of %s: there is no such picture",
                       table->line, table->name);
        return true;
    }

    int count = read_labels(table, line, labels);
    if (count < 0) {
        builder_remark(builder, text_of(name), "line %d of %s does not have %d fields of 0 or 1",
                       table->line, table->name, table->column_count);
        return true;
    }
    if (!map_put(seen, text_of(name), builder)) {
        builder_remark(builder, text_of(name), "line %d of %s: the picture has a line already",
                       table->line, table->name);
        return true;
    }

    DataPicture *picture = builder_picture(builder, text_of(name), table->split, err);
    int         *kept    = arena_array(builder->arena, int, count + 1);
    if (!picture || !kept)
        return picture ? fail(err, ERR_MEMORY, "there is no memory for the labels") : false;
    memcpy(kept, labels, (size_t)count * sizeof *kept);
    picture->labels      = kept;
    picture->label_count = count;
    return true;
}

static void remark_unlisted(Table *table, const Map *seen)
{
    const char **names = names_in(table->builder, table->folder);

    for (; *names; names++) {
        const char *name = name_join(table->builder, table->folder, *names);

        if (name_is_picture(*names) && !map_get(seen, text_of(name)))
            builder_remark(table->builder, text_of(name), "has no line in %s", table->name);
    }
}

static bool read_table(Builder *builder, const char *folder, Error *err)
{
    Table table = { .builder = builder, .folder = folder, .split = split_find(text_of(folder)),
                    .name = name_join(builder, folder, TABLE) };
    Text  bytes, line;
    Map   seen;

    if (!file_map(name_path(builder, table.name), LIMIT_DATASET_FILE, &bytes, err))
        return false;
    map_init(&seen, builder->arena);
    table.left = bytes;
    if (text_starts(bytes, "\xef\xbb\xbf"))
        table.left = (Text){ bytes.at + 3, bytes.length - 3 };

    int *labels = arena_array(builder->arena, int, LIMIT_CLASSES);
    bool fine   = labels ? read_header(&table, err)
                         : fail(err, ERR_MEMORY, "%s: there is no memory for it", table.name);
    while (fine && next_line(&table, &line))
        fine = read_line(&table, line, &seen, labels, err);
    if (fine)
        remark_unlisted(&table, &seen);
    file_unmap(bytes);
    return fine;
}

static bool csv_found(Builder *builder)
{
    const char **folders = split_folders(builder);

    for (; *folders; folders++) {
        if (file_exists(name_path(builder, name_join(builder, *folders, TABLE))))
            return true;
    }
    return false;
}

static bool csv_read(Builder *builder, Error *err)
{
    const char **folders = split_folders(builder);

    for (; *folders; folders++) {
        if (!file_exists(name_path(builder, name_join(builder, *folders, TABLE))))
            builder_remark(builder, text_of(*folders), "has no %s", TABLE);
        else if (!read_table(builder, *folders, err))
            return false;
    }
    return true;
}

const Layout layout_csv = {
    .name     = "csv",
    .kind     = DATA_MULTI_LABEL,
    .is_found = csv_found,
    .read     = csv_read,
};
