/*
 * main - the program: find the command, read its options, run it.
 */
#include <signal.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"

enum { EXIT_USAGE = 2 };

/* The command whose name the first words are; *used tells how many. */
static const Command *find_command(int argc, char **argv, int *used)
{
    char two[64];

    for (int i = 0; command_table[i]; i++) {
        const char *name = command_table[i]->name;

        snprintf(two, sizeof(two), "%s %s", argv[1], argc > 2 ? argv[2] : "");
        if (strcmp(name, two) == 0) {
            *used = 2;
            return command_table[i];
        }
        if (strcmp(name, argv[1]) == 0) {
            *used = 1;
            return command_table[i];
        }
    }
    return NULL;
}

/* Names the reference's users type. */
static int apply_aliases(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "server") == 0 && strcmp(argv[2], "start") == 0) {
        argv[2] = argv[1];
        argv[1] = (char *)"serve";
        for (int i = 2; i + 1 < argc; i++) {
            argv[i] = argv[i + 1];
        }
        return argc - 1;
    }
    return argc;
}

static int unknown_command(char **argv)
{
    const char *names[64];
    size_t      count = 0;
    const char *near;

    for (int i = 0; command_table[i] && count < COUNT_OF(names); i++) {
        names[count++] = command_table[i]->name;
    }
    near = text_nearest(text_of(argv[1]), names, count);
    fprintf(stderr, "error: there is no command '%s'\n", argv[1]);
    if (near) {
        fprintf(stderr, "hint: did you mean '%s'?\n", near);
    } else {
        fprintf(stderr, "hint: 'ocellus --help' lists them\n");
    }
    return EXIT_USAGE;
}

static void print_error(const Error *err)
{
    fprintf(stderr, "error: %s\n", err->text);
}

/* --memory of a command that has it, else $OCELLUS_MEMORY. */
static bool set_memory(const Invocation *in, Error *err)
{
    static const size_t least = MIB(64);

    const char *said = getenv("OCELLUS_MEMORY");
    size_t      bytes = 0;

    for (int i = 0; in->command->options && in->command->options[i].name; i++)
        if (strcmp(in->command->options[i].name, "memory") == 0 && in->given[i])
            said = in->texts[i];
    if (said && *said && (!text_read_size(text_of(said), &bytes) || bytes < least))
        return fail(err, ERR_INVALID, "--memory: '%.60s' is no size of at least %zuM; as in 512M "
                    "or 2G", said, least >> 20);
    budget_set_memory(bytes);
    budget_tame_malloc();
    return true;
}

static int run_command(const Command *command, int argc, char **argv, int used)
{
    Arena      arena;
    Invocation in  = { .command = command, .arena = &arena, .program = argv[0] };
    Error      err = { 0 };
    int        code;

    arena_init(&arena, MIB(64));
    switch (options_read(&in, argc - 1 - used, argv + 1 + used, &err)) {
    case OPTIONS_HELP:
        help_command(command);
        code = 0;
        break;
    case OPTIONS_WRONG:
        print_error(&err);
        fprintf(stderr, "hint: 'ocellus %s --help' shows how it is used\n", command->name);
        code = EXIT_USAGE;
        break;
    default:
        code = set_memory(&in, &err) ? command->run(&in, &err) : EXIT_USAGE;
        if (err.kind != ERR_NONE) {
            print_error(&err);
            code = code < 0 ? error_exit_code(err.kind) : code;
        }
    }
    arena_fini(&arena);
    return code < 0 ? 1 : code;
}

/* A server tells what it does; a command on a terminal only what is wrong. */
static void open_log(const Command *command)
{
    bool serves = command && strcmp(command->name, "serve") == 0;

    log_open(getenv("OCELLUS_DEBUG") ? LOG_DEBUG : serves ? LOG_INFO : LOG_WARNING,
             getenv("STRUCTURED_API_LOGGING") != NULL);
}

int main(int argc, char **argv)
{
    const Command *command;
    int            used;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);        /* a limit on the size of files is an error like others */
    argc = apply_aliases(argc, argv);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help_program(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("ocellus %s\n", OCELLUS_VERSION);
        return 0;
    }
    command = find_command(argc, argv, &used);
    open_log(command);
    if (!command) {
        return help_group(argv[1]) ? EXIT_USAGE : unknown_command(argv);
    }
    return run_command(command, argc, argv, used);
}
