/*
 * registry - the table of all commands, made from list.h.
 */
#include "cli/command.h"

#define COMMAND(name) extern const Command command_##name;
#include "cli/list.h"
#undef COMMAND

const Command *const command_table[] = {
#define COMMAND(name) &command_##name,
#include "cli/list.h"
#undef COMMAND
    NULL,
};
