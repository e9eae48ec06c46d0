/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define LEVELS 3

static const char *part(const struct command *c, int level)
{
    return level == 0 ? c->object : level == 1 ? c->verb : c->subverb;
}

static bool under(const struct command *c, const char *const *path, int level)
{
    for (int i = 0; i < level; i++) {
        if (!part(c, i) || strcmp(part(c, i), path[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Distinct words that may come at this level; NULL at the end. */
static void choices_at(const char *const *path, int level, const char *names[MAX_WORDS])
{
    int n = 0;

    for (const struct command *c = commands; c->object; c++) {
        const char *name = under(c, path, level) ? part(c, level) : NULL;

        if (name && (n == 0 || strcmp(names[n - 1], name) != 0) && n < MAX_WORDS - 1) {
            names[n++] = name;
        }
    }
    names[n] = NULL;
}

/* The one that `word` is, or is the only beginning of. */
static const char *choose(const struct ctl *ctl, const char *word, const char *const *names)
{
    const char *found = NULL, *second = NULL;

    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], word) == 0) {
            return names[i];
        }
        if (*word && strncmp(names[i], word, strlen(word)) == 0) {
            second = found ? names[i] : NULL;
            found = found ? found : names[i];
        }
        if (second) {
            fail(ctl, EXIT_USAGE, "EINVAL", NULL, "'%s' may be %s or %s", word, found, second);
            return NULL;
        }
    }
    if (!found) {
        const char *near = nearest(word, names);
        char hint[100] = "avs-ctl help shows all commands";

        if (near) {
            snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
        }
        fail(ctl, EXIT_USAGE, "EINVAL", hint, "no command '%s'", word);
    }
    return found;
}

int resolve_word(struct ctl *ctl, const char *word)
{
    const char *names[MAX_WORDS];

    choices_at(ctl->path, ctl->levels, names);
    const char *name = choose(ctl, word, names);
    if (!name) {
        return EXIT_USAGE;
    }
    ctl->path[ctl->levels++] = name;
    for (const struct command *c = commands; c->object; c++) {
        if (under(c, ctl->path, ctl->levels) && (ctl->levels == LEVELS || !part(c, ctl->levels))) {
            ctl->command = c;
        }
    }
    return EXIT_OK;
}

void next_words(const struct ctl *ctl, const char *names[MAX_WORDS])
{
    choices_at(ctl->path, ctl->levels, names);
}

bool in_path(const struct ctl *ctl, const struct command *c)
{
    return under(c, ctl->path, ctl->levels);
}

const struct option_spec *find_option(const struct option_spec *list, const char *name,
                                      size_t length, char letter)
{
    for (; list && list->name; list++) {
        if (letter ? list->letter == letter
                   : strlen(list->name) == length && memcmp(list->name, name, length) == 0) {
            return list;
        }
    }
    return NULL;
}

static int set_timeout(struct ctl *ctl, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (*end || end == text || !(seconds >= 0.001 && seconds <= 86400)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--timeout is a number of seconds, not '%s'",
                    text);
    }
    ctl->timeout_ms = (int)(seconds * 1000);
    return EXIT_OK;
}

static int set_global(struct ctl *ctl, const struct option_spec *o, const char *value)
{
    switch (o->name[0]) {
    case 's':
        ctl->socket = value;
        return EXIT_OK;
    case 'j':
        ctl->json = true;
        return EXIT_OK;
    case 'p':
        ctl->json = ctl->pretty = true;
        return EXIT_OK;
    case 't':
        return set_timeout(ctl, value ? value : "");
    default:
        ctl->help = true;
        return EXIT_OK;
    }
}

static int unknown_option(const struct ctl *ctl, const char *text)
{
    const char *names[MAX_WORDS];
    const struct option_spec *lists[] = {ctl->command ? ctl->command->options : NULL,
                                         global_options};
    int n = 0;
    char hint[100] = "-h shows the options";

    for (size_t i = 0; i < 2; i++) {
        for (const struct option_spec *o = lists[i]; o && o->name; o++) {
            names[n++] = o->name;
        }
    }
    names[n] = NULL;
    const char *near = strncmp(text, "--", 2) == 0 ? nearest(text + 2, names) : NULL;
    if (near) {
        snprintf(hint, sizeof(hint), "did you mean '--%s'?", near);
    }
    return fail(ctl, EXIT_USAGE, "EINVAL", hint, "no option '%s'", text);
}

/* One option at argv[*i]: "--name=value", "--name value", "-n value", "-nvalue". */
static int parse_option(struct ctl *ctl, int argc, char **argv, int *i)
{
    const char *text = argv[*i], *value = NULL;
    bool is_long = text[1] == '-';
    const char *name = text + (is_long ? 2 : 1);
    size_t length = is_long ? strcspn(name, "=") : 1;
    const struct option_spec *own = ctl->command ? ctl->command->options : NULL;
    const struct option_spec *o = find_option(own, name, length, is_long ? 0 : *name);
    bool global = !o;

    if (global) {
        o = find_option(global_options, name, length, is_long ? 0 : *name);
    }
    if (!o) {
        return unknown_option(ctl, text);
    }
    if (name[length]) {
        value = name + length + (is_long ? 1 : 0);
    }
    if (value && !o->metavar) {
        return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--%s takes no value", o->name);
    }
    if (!value && o->metavar && o->metavar[0] != '[') {
        if (*i + 1 >= argc) {
            return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--%s needs a value (%s)", o->name,
                        o->metavar);
        }
        value = argv[++*i];
    }
    if (global) {
        return set_global(ctl, o, value);
    }
    ctl->option[o - own] = value ? value : "";
    return EXIT_OK;
}

static int check_words(const struct ctl *ctl)
{
    const struct command *c = ctl->command;

    if (ctl->words >= c->least && ctl->words <= c->most) {
        return EXIT_OK;
    }
    char usage[200];
    snprintf(usage, sizeof(usage), "avs-ctl %s%s%s%s%s %s", c->object, c->verb ? " " : "",
             c->verb ? c->verb : "", c->subverb ? " " : "", c->subverb ? c->subverb : "", c->words);
    if (ctl->words > c->most && c->most == 0) {
        return fail(ctl, EXIT_USAGE, "EINVAL", usage, "unexpected word '%s'", ctl->word[0]);
    }
    return fail(ctl, EXIT_USAGE, "EINVAL", usage, "too %s words",
                ctl->words < c->least ? "few" : "many");
}

/* Known before the rest is read, so that errors of the line itself come in the wanted form. */
static void find_json(struct ctl *ctl, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0) {
            ctl->json = true;
        }
    }
}

int parse_arguments(struct ctl *ctl, int argc, char **argv)
{
    bool options = true;

    find_json(ctl, argc, argv);
    for (int i = 1; i < argc; i++) {
        int code = EXIT_OK;

        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            code = parse_option(ctl, argc, argv, &i);
        } else if (!ctl->command) {
            code = resolve_word(ctl, argv[i]);
        } else if (ctl->words == MAX_WORDS) {
            code = fail(ctl, EXIT_USAGE, "E2BIG", NULL, "too many words");
        } else {
            ctl->word[ctl->words++] = argv[i];
        }
        if (code) {
            return code;
        }
    }
    if (ctl->help || (!ctl->command && ctl->levels == 0)) {
        return EXIT_OK;
    }
    if (!ctl->command) {
        const char *names[MAX_WORDS];
        char list[200] = "one of:";

        next_words(ctl, names);
        for (size_t i = 0; names[i]; i++) {
            strncat(list, " ", sizeof(list) - strlen(list) - 1);
            strncat(list, names[i], sizeof(list) - strlen(list) - 1);
        }
        return fail(ctl, EXIT_USAGE, "EINVAL", list, "'%s' needs a verb",
                    ctl->path[ctl->levels - 1]);
    }
    return check_words(ctl);
}

const char *option_value(const struct ctl *ctl, const char *name)
{
    const struct option_spec *own = ctl->command->options;
    const struct option_spec *o = find_option(own, name, strlen(name), 0);

    return o ? ctl->option[o - own] : NULL;
}

bool option_number(struct ctl *ctl, const char *name, long low, long high, long fallback,
                   long *value)
{
    const char *text = option_value(ctl, name);
    char *end;

    *value = fallback;
    if (!text || !*text) {
        return true;
    }
    errno = 0;
    *value = strtol(text, &end, 10);
    if (errno || *end || *value < low || *value > high) {
        fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--%s is a number from %ld to %ld, not '%s'", name,
             low, high, text);
        return false;
    }
    return true;
}

bool option_seconds(struct ctl *ctl, const char *name, long bare, long *value)
{
    const char *text = option_value(ctl, name);
    char *end;

    *value = text ? bare : 0;
    if (!text || (!*text && bare)) {
        return true;
    }
    errno = 0;
    long n = strtol(text, &end, 10);
    long unit = strcmp(end, "m") == 0 ? 60 : strcmp(end, "h") == 0 ? 3600 : 1;
    bool known = !*end || strcmp(end, "s") == 0 || unit > 1;
    if (errno || end == text || !known || n < 1 || n > INT32_MAX / unit) {
        fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--%s is a time such as 90s, 5m or 1h, not '%s'",
             name, text);
        return false;
    }
    *value = n * unit;
    return true;
}
