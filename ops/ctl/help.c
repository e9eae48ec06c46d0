/* SPDX-License-Identifier: Apache-2.0 */
/* What people read about the table of commands: -h, help, the reference page. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static const char *const exit_text[] = {
    "done",
    "failed",
    "the command line is wrong",
    "no such object",
    "no daemon answers at the socket",
    "refused: no permission",
    "conflict: it exists, or somebody else changed it meanwhile, or too many clients",
    "no answer in time",
    "explain: the packet would be dropped",
};

static void print_name(const struct command *c)
{
    printf("avs-ctl %s", c->object);
    if (c->verb) {
        printf(" %s", c->verb);
    }
    if (c->subverb) {
        printf(" %s", c->subverb);
    }
}

static void option_text(const struct option_spec *o, char *text, size_t size)
{
    char letter[8] = "    ";

    if (o->letter) {
        snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    }
    if (!o->metavar) {
        snprintf(text, size, "%s--%s", letter, o->name);
    } else if (o->metavar[0] == '[') {
        snprintf(text, size, "%s--%s[=%.*s]", letter, o->name, (int)strlen(o->metavar) - 2,
                 o->metavar + 1);
    } else {
        snprintf(text, size, "%s--%s %s", letter, o->name, o->metavar);
    }
}

static void print_options(const char *title, const struct option_spec *o)
{
    char text[80];

    if (!o->name) {
        return;
    }
    printf("\n%s:\n", title);
    for (; o->name; o++) {
        option_text(o, text, sizeof(text));
        printf("  %-24s %s\n", text, o->doc);
    }
}

static void print_lines(const char *text, const char *before)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        printf("%s%.*s\n", before, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_one(const struct command *c)
{
    print_name(c);
    printf("%s%s%s\n\n  %s.\n", *c->words ? " " : "", c->words,
           c->options->name ? " [options]" : "", c->brief);
    if (c->detail) {
        printf("  %s\n", c->detail);
    }
    print_options("Options", c->options);
    print_options("Options of all commands", global_options);
    puts("\nExamples:");
    print_lines(c->examples, "  ");
}

int print_help(const struct ctl *ctl)
{
    if (ctl->command) {
        print_one(ctl->command);
        return EXIT_OK;
    }
    if (ctl->levels == 0) {
        return print_overview();
    }
    for (const struct command *c = commands; c->object; c++) {
        if (in_path(ctl, c)) {
            print_name(c);
            printf(" %s\n      %s\n", c->words, c->brief);
        }
    }
    puts("\n-h after any of them says more.");
    return EXIT_OK;
}

int print_overview(void)
{
    char text[80];

    puts("avs-ctl [options] OBJECT [VERB] [words]\n\nLooks at and changes a running "
         "avsd.\n\nCommands:");
    for (const struct command *c = commands; c->object; c++) {
        snprintf(text, sizeof(text), "%s%s%s%s%s", c->object, c->verb ? " " : "",
                 c->verb ? c->verb : "", c->subverb ? " " : "", c->subverb ? c->subverb : "");
        printf("  %-16s %s\n", text, c->brief);
    }
    print_options("Options", global_options);
    puts("\nWords may be shortened as long as they are unique. Exit codes:");
    for (size_t i = 0; i < sizeof(exit_text) / sizeof(exit_text[0]); i++) {
        printf("  %zu  %s\n", i, exit_text[i]);
    }
    puts(
        "\nThe environment: AVS_SOCKET, NO_COLOR, COLUMNS. `avs-ctl help COMMAND` shows examples.");
    return EXIT_OK;
}

/* '|' ends a cell, a bare '<' starts a tag. */
static void put_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|') {
            putchar('\\');
        }
        putchar(*text);
    }
}

static void markdown_options(const struct option_spec *o)
{
    char text[80];

    if (!o->name) {
        return;
    }
    puts("\n| option | meaning |\n|---|---|");
    for (; o->name; o++) {
        option_text(o, text, sizeof(text));
        printf("| `%s` | ", text + strspn(text, " "));
        put_cell(o->doc);
        puts(" |");
    }
}

void print_markdown(void)
{
    puts("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
         "<!-- Printed by `avs-ctl help --markdown`; edit ops/ctl/commands.c. -->\n"
         "# avs-ctl\n\n"
         "Looks at and changes a running `avsd` over its control socket: `avs-ctl [options] OBJECT "
         "[VERB] [words]`.\n"
         "Words may be shortened as long as they are unique. Results go to standard output, "
         "messages to standard\n"
         "error; with `--json` errors are objects on standard output, too:\n"
         "`{\"error\": {\"code\", \"message\", \"hint\", \"path\", \"line\"}}`, of a rule also "
         "`type` and "
         "`position`. Counters are JSON "
         "numbers of up to 63 bits.\n\n"
         "## Options of all commands");
    markdown_options(global_options);
    puts("\n## Exit codes\n\n| code | meaning |\n|---|---|");
    for (size_t i = 0; i < sizeof(exit_text) / sizeof(exit_text[0]); i++) {
        printf("| %zu | %s |\n", i, exit_text[i]);
    }
    puts("\n## Environment\n\n| variable | meaning |\n|---|---|\n"
         "| `AVS_SOCKET` | the control socket |\n"
         "| `NO_COLOR` | when set, no bold headings on a terminal |\n"
         "| `COLUMNS` | width of tables when the output is no terminal |");
    for (const struct command *c = commands; c->object; c++) {
        fputs("\n## ", stdout);
        print_name(c);
        fputs("\n\n`", stdout);
        print_name(c);
        printf("%s%s%s`\n\n%c%s.\n", *c->words ? " " : "", c->words,
               c->options->name ? " [options]" : "", c->brief[0] & ~0x20, c->brief + 1);
        if (c->detail) {
            puts(c->detail);
        }
        markdown_options(c->options);
        puts("\n```sh");
        print_lines(c->examples, "");
        puts("```");
    }
}
