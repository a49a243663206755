/*
 * local_file_sink - write text to files.
 *
 * Every element becomes a file of its own, or a line in a log that starts a new
 * file after so many entries.  CSV keeps its header once per file; JSON in a log
 * is one document per line.  Where files may lie is the operator's decision, not
 * the workflow's.
 */
#include "base/buffer.h"
#include "base/json.h"
#include "blocks/block.h"

enum { MODE_LOG, MODE_SEPARATE };
enum { TYPE_CSV, TYPE_JSON, TYPE_TXT };

typedef struct Args {
    Text    content;
    int     type, mode;
    Text    folder, prefix;
    int64_t entries;
} Args;

static const Choice types[] = {
    { "csv", TYPE_CSV }, { "json", TYPE_JSON }, { "txt", TYPE_TXT }, { 0 },
};

static const Choice modes[] = {
    { "append_log", MODE_LOG }, { "separate_files", MODE_SEPARATE }, { 0 },
};

static const Field fields[] = {
    { "content", STRING(Args, content), .kinds = KIND(STRING), .selector_only = true,
      .help = "The text to write." },

    { "file_type", CHOICE(Args, type, types), .preset = "\"csv\"",
      .help = "What the text is; decides the file's ending and how entries are joined." },

    { "output_mode", CHOICE(Args, mode, modes),
      .help = "One file per entry, or a log that entries are appended to." },

    { "target_directory", STRING(Args, folder), .kinds = KIND(STRING),
      .help = "The folder to write to." },

    { "file_name_prefix", STRING(Args, prefix), .kinds = KIND(STRING),
      .preset = "\"workflow_output\"", .help = "What file names begin with." },

    { "max_entries_per_file", INTEGER(Args, entries), .kinds = KIND(INTEGER), .preset = "1024",
      .range = AT_LEAST(1), .help = "After so many entries a log goes on in a new file." },

    { 0 },
};

enum { OUT_ERROR, OUT_MESSAGE };

static const Output outputs[] = {
    [OUT_ERROR] = { "error_status", KIND(BOOLEAN), "Whether writing failed." },
    [OUT_MESSAGE] = { "message", KIND(STRING), "What happened." },
    { 0 },
};

/* The log that is being written. */
typedef struct State {
    char    name[400];
    int64_t entries;        /* in it; 0: none is open */
} State;

/* "prefix_2026_01_02_03_04_05_678901.ext" */
static void make_name(const Call *call, const Args *in, char *out, size_t size)
{
    static const char *const endings[] = { "csv", "json", "txt" };
    int64_t   now     = call->services->now(call->services->context);
    time_t    seconds = (time_t)(now / 1000000);
    bool      lines   = in->type == TYPE_JSON && in->mode == MODE_LOG;
    struct tm t;

    gmtime_r(&seconds, &t);
    snprintf(out, size, "%.200s_%04d_%02d_%02d_%02d_%02d_%02d_%06d.%s%s",
             in->prefix.at ? in->prefix.at : "", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec, (int)(now % 1000000), endings[in->type],
             lines ? "l" : "");
}

/* The entry as it goes into a log: CSV without its header after the first, JSON
 * on one line, always ending in a line break.  False: the text is no JSON. */
static bool log_entry(Call *call, const Args *in, bool first, Buffer *out)
{
    Text text = in->content;

    if (in->type == TYPE_JSON) {
        const Json *document = json_parse(call->arena, text, JSON_NAN, NULL);
        JsonWriter  w        = json_writer(out);

        if (!document) {
            return false;
        }
        json_write(&w, document);
        buffer_char(out, '\n');
        return true;
    }
    if (in->type == TYPE_CSV && !first) {
        const char *header_end = memchr(text.at, '\n', text.length);
        size_t      skip       = header_end ? (size_t)(header_end + 1 - text.at) : text.length;

        text = (Text){ text.at + skip, text.length - skip };
    }
    buffer_text(out, text);
    if (text.length > 0 && text.at[text.length - 1] != '\n') {
        buffer_char(out, '\n');
    }
    return true;
}

static bool write_log(Call *call, const Args *in, Error *err)
{
    State *state = call->state;
    Buffer entry;
    bool   ok;

    if (state->entries == 0 || state->entries >= in->entries) {
        make_name(call, in, state->name, sizeof(state->name));
        state->entries = 0;
    }
    buffer_init(&entry, LIMIT_FORMATTED_TEXT);
    ok = log_entry(call, in, state->entries == 0, &entry) ||
         fail(err, ERR_INVALID, "Invalid JSON content");
    ok = ok && (!entry.failed || fail(err, ERR_TOO_LARGE, "the entry is too long"));
    ok = ok && call->services->write_file(call->services->context, in->folder,
                                          text_of(state->name),
                                          (Text){ entry.data, entry.length }, true, err);
    buffer_fini(&entry);
    state->entries += ok;
    return ok;
}

static bool write_separate(Call *call, const Args *in, Error *err)
{
    char name[400];

    if (in->type == TYPE_JSON && !json_parse(call->arena, in->content, JSON_NAN, NULL)) {
        return fail(err, ERR_INVALID, "Invalid JSON content");
    }
    make_name(call, in, name, sizeof(name));
    return call->services->write_file(call->services->context, in->folder, text_of(name),
                                      in->content, false, err);
}

static bool run(Call *call)
{
    for (int i = 0; i < call->count; i++) {
        const Args *in  = call_args(call, i);
        Error       err = { 0 };
        bool        ok;

        if (call->services->sinks_off) {
            emit_bool(call, i, OUT_ERROR, false);
            emit_text(call, i, OUT_MESSAGE, TEXT("Sink was disabled by workflow execution policy"));
            continue;
        }
        if (!call->services->write_file) {
            ok = fail(&err, ERR_MISSING, "this program does not let workflows write files");
        } else {
            ok = in->mode == MODE_LOG ? write_log(call, in, &err) : write_separate(call, in, &err);
        }
        emit_bool(call, i, OUT_ERROR, !ok);
        emit_text(call, i, OUT_MESSAGE, ok ? TEXT("Data saved successfully") : text_of(err.text));
    }
    return true;
}

const Block block_local_file_sink_v1 = {
    .type       = "roboflow_core/local_file_sink@v1",
    .title      = "Local File Sink",
    .category   = CATEGORY_SINK,
    .acts       = true,
    .work       = WORK(STORAGE_WRITE),
    .caveats    = CAVEATS_DISK,
    .summary    = "Write text to files, one each or as a log.",
    .state_size = sizeof(State),
    .args_size  = sizeof(Args),
    .fields     = fields,
    .outputs    = outputs,
    .run        = run,
};
