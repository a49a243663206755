/*
 * help - the help pages.
 */
#include "cli/help.h"

static const Option data_option = {
    "data", 0, OPTION_TEXT, "DIR", "Folder of models, workflows and settings.",
};

void help_program(FILE *out)
{
    fprintf(out, "ocellus - computer vision on your own machine: runs Roboflow Workflows and "
                 "ONNX models\n\nusage: ocellus COMMAND [options]\n\n");
    for (int i = 0; command_table[i]; i++) {
        fprintf(out, "  %-16s %s\n", command_table[i]->name, command_table[i]->summary);
    }
    fprintf(out, "\n'ocellus COMMAND --help' tells more about one, with an example.\n\n"
                 "example: ocellus run examples/parts.json examples/pictures/straw-1.jpg\n");
}

static void print_option(const Option *option)
{
    char left[64];
    int  n = option->letter ? snprintf(left, sizeof(left), "-%c, --%s", option->letter,
                                       option->name)
                            : snprintf(left, sizeof(left), "--%s", option->name);

    if (option->value && n > 0 && (size_t)n < sizeof(left)) {
        snprintf(left + n, sizeof(left) - (size_t)n, " %s", option->value);
    }
    printf("  %-26s %s\n", left, option->help);
}

void help_command(const Command *command)
{
    printf("ocellus %s - %s\n\nusage: ocellus %s %s\n", command->name, command->summary,
           command->name, command->usage);
    if (command->details) {
        printf("\n%s\n", command->details);
    }
    printf("\n");
    for (const Option *option = command->options; option && option->name; option++) {
        print_option(option);
    }
    if (command->data) {
        print_option(&data_option);
    }
    printf("\nexample: %s\n", command->example);
}

bool help_group(const char *noun)
{
    size_t length = strlen(noun);
    bool   any    = false;

    for (int i = 0; command_table[i]; i++) {
        const Command *command = command_table[i];

        if (strncmp(command->name, noun, length) == 0 && command->name[length] == ' ') {
            fprintf(stderr, "%s  ocellus %-16s %s\n", any ? "" : "usage:\n", command->name,
                    command->summary);
            any = true;
        }
    }
    return any;
}
