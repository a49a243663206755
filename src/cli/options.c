/*
 * options - the command line against a command's table.
 */
#include "base/file.h"
#include "base/text.h"
#include "cli/help.h"

/* Names are equal when they differ only in '-' and '_'. */
static bool same_name(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = a[i] == '_' ? '-' : a[i];

        if (b[i] == '\0' || c != b[i]) {
            return false;
        }
    }
    return b[length] == '\0';
}

/* The place of an option; -1: unknown; COMMAND_OPTIONS - 1 is kept for --data. */
enum { DATA_PLACE = COMMAND_OPTIONS - 1 };

static int find_option(const Command *command, const char *name, size_t length, char letter)
{
    for (int i = 0; command->options && command->options[i].name; i++) {
        const Option *option = &command->options[i];

        if (name ? same_name(name, option->name, length) : option->letter == letter && letter) {
            return i;
        }
    }
    return name && command->data && same_name(name, "data", length) ? DATA_PLACE : -1;
}

static bool take_value(Invocation *in, int at, const char *value, Error *err)
{
    const Option *option = at == DATA_PLACE ? NULL : &in->command->options[at];
    char         *end;

    in->given[at] = true;
    if (!option || option->type == OPTION_TEXT) {
        in->texts[at] = value;
        return true;
    }
    if (option->type == OPTION_INTEGER) {
        in->integers[at] = strtoll(value, &end, 10);
        return (*value && *end == '\0') ||
               fail(err, ERR_INVALID, "--%s: '%s' is not a whole number", option->name, value);
    }
    if (!in->lists[at]) {
        in->lists[at] = arena_alloc(in->arena, (COMMAND_LIST + 1) * sizeof(char *));
    }
    for (int i = 0; i < COMMAND_LIST; i++) {
        if (!in->lists[at][i]) {
            in->lists[at][i] = value;
            return true;
        }
    }
    return fail(err, ERR_INVALID, "--%s is given more than %d times", option->name, COMMAND_LIST);
}

/* One option; *i moves past a value that stands in the next word. */
static bool read_option(Invocation *in, int argc, char **argv, int *i, Error *err)
{
    const char *word   = argv[*i];
    bool        is_long = word[1] == '-';
    const char *name   = is_long ? word + 2 : word + 1;
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t      length = equals ? (size_t)(equals - name) : strlen(name);
    int         at     = is_long ? find_option(in->command, name, length, 0)
                                 : length == 1 ? find_option(in->command, NULL, 0, *name) : -1;

    if (at < 0) {
        return fail(err, ERR_INVALID, "there is no option '%s'", word);
    }
    if (at != DATA_PLACE && in->command->options[at].type == OPTION_FLAG) {
        in->given[at] = true;
        return !equals || fail(err, ERR_INVALID, "'%s' takes no value", word);
    }
    if (equals) {
        return take_value(in, at, equals + 1, err);
    }
    if (*i + 1 >= argc) {
        return fail(err, ERR_INVALID, "'%s' needs a value", word);
    }
    *i += 1;
    return take_value(in, at, argv[*i], err);
}

OptionsResult options_read(Invocation *in, int argc, char **argv, Error *err)
{
    const Command *command = in->command;
    bool           only_words = false;

    in->words = arena_try(in->arena, (size_t)argc + 1, sizeof(char *));
    if (!in->words) {
        fail(err, ERR_MEMORY, "no memory for the command line");
        return OPTIONS_WRONG;
    }
    for (int i = 0; i < argc; i++) {
        if (!only_words && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            return OPTIONS_HELP;
        }
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!read_option(in, argc, argv, &i, err)) {
                return OPTIONS_WRONG;
            }
        } else {
            in->words[in->word_count++] = argv[i];
        }
    }
    if (in->word_count < command->least ||
        (command->most >= 0 && in->word_count > command->most)) {
        fail(err, ERR_INVALID, "usage: ocellus %s %s", command->name, command->usage);
        return OPTIONS_WRONG;
    }
    return OPTIONS_READ;
}

int option_at(const Invocation *in, const char *name)
{
    int at = find_option(in->command, name, strlen(name), 0);

    assert(at >= 0);
    return at;
}

bool option_given(const Invocation *in, const char *name)
{
    return in->given[option_at(in, name)];
}

const char *option_text(const Invocation *in, const char *name, const char *otherwise)
{
    int at = option_at(in, name);

    return in->given[at] ? in->texts[at] : otherwise;
}

int64_t option_int(const Invocation *in, const char *name, int64_t otherwise)
{
    int at = option_at(in, name);

    return in->given[at] ? in->integers[at] : otherwise;
}

const char *const *option_list(const Invocation *in, const char *name)
{
    static const char *const none[] = { NULL };
    int                      at     = option_at(in, name);

    return in->lists[at] ? in->lists[at] : none;
}

const char *data_folder(const Invocation *in)
{
    const char *folder = in->texts[DATA_PLACE];
    const char *home   = getenv("HOME");

    if (!folder) {
        folder = getenv("OCELLUS_DATA");
    }
    if (!folder && getenv("XDG_DATA_HOME")) {
        folder = path_join(in->arena, getenv("XDG_DATA_HOME"), "ocellus");
    }
    return folder ? folder
                  : path_join(in->arena, home ? home : "/var/lib", home ? ".local/share/ocellus"
                                                                        : "ocellus");
}

const char *models_path(const Invocation *in)
{
    return path_join(in->arena, data_folder(in), "models");
}
