/*
 * command - how a command of the program is declared.
 *
 * Like a block: one file, a table of options, run(), and a `const Command` at the
 * end; one line in list.h.  The frame parses options from the table (both
 * --output-dir and --output_dir), prints help from it, opens what the flags ask
 * for, and turns errors into messages and exit codes.
 */
#ifndef OCELLUS_CLI_COMMAND_H
#define OCELLUS_CLI_COMMAND_H

#include "base/arena.h"
#include "base/error.h"

typedef enum OptionType { OPTION_FLAG, OPTION_TEXT, OPTION_INTEGER, OPTION_LIST } OptionType;

typedef struct Option {
    const char *name;        /* "port": --port */
    char        letter;      /* 'p': -p; 0 = none */
    OptionType  type;
    const char *value;       /* name of the value in help: "N" */
    const char *help;        /* one sentence */
} Option;

enum { COMMAND_OPTIONS = 24, COMMAND_LIST = 64 };

/* What the command line said. */
typedef struct Invocation {
    const struct Command *command;
    Arena       *arena;
    const char  *program;                          /* argv[0] */
    const char  *texts[COMMAND_OPTIONS];           /* by place in the option table */
    int64_t      integers[COMMAND_OPTIONS];
    bool         given[COMMAND_OPTIONS];
    const char **lists[COMMAND_OPTIONS];           /* OPTION_LIST: NULL-terminated */
    const char **words;                            /* what is no option */
    int          word_count;
} Invocation;

typedef struct Command {
    const char   *name;        /* "run", "model add" */
    const char   *usage;       /* "WORKFLOW.json IMAGE... [options]" */
    const char   *summary;     /* one sentence */
    const char   *example;     /* a line that works as typed */
    const char   *details;     /* paragraphs; may be NULL */
    const Option *options;     /* {0}-terminated */
    int           least, most; /* words; most < 0: any number */
    bool          data;        /* takes --data DIR */

    /* Exit code; on ERR_* the frame prints err and derives the code when run
     * returns -1. */
    int         (*run)(Invocation *in, Error *err);
} Command;

extern const Command *const command_table[];

/* The option's place in the table by name; asserts that it is there. */
int  option_at(const Invocation *in, const char *name);
bool option_given(const Invocation *in, const char *name);
const char *option_text(const Invocation *in, const char *name, const char *otherwise);
int64_t     option_int(const Invocation *in, const char *name, int64_t otherwise);
const char *const *option_list(const Invocation *in, const char *name);

/* The data folder: --data, else $OCELLUS_DATA, else $XDG_DATA_HOME/ocellus, else
 * ~/.local/share/ocellus. */
const char *data_folder(const Invocation *in);

/* Where packages lie in it. */
const char *models_path(const Invocation *in);

#endif
