/*
 * help - help pages and the reading of options, both from command tables.
 */
#ifndef OCELLUS_CLI_HELP_H
#define OCELLUS_CLI_HELP_H

#include <stdio.h>

#include "base/version.h"
#include "cli/command.h"

void help_program(FILE *out);
void help_command(const Command *command);

/* The verbs of a noun ("model"); false if there is no such noun. */
bool help_group(const char *noun);

typedef enum OptionsResult { OPTIONS_READ, OPTIONS_HELP, OPTIONS_WRONG } OptionsResult;

/* Read what follows the command's name.  Both --two-words and --two_words, and
 * --name=value and --name value. */
OptionsResult options_read(Invocation *in, int argc, char **argv, Error *err);

#endif
