/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-ctl: one table of commands (commands.c) drives parsing (args.c), help, reference page and completion (help.c);
 * each command's function stands in a cmd_*.c. Functions return an exit code.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/schema.h"

/* Stable: scripts depend on them. */
enum exit_code {
    EXIT_OK,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_NOT_FOUND,
    EXIT_UNREACHABLE,
    EXIT_REFUSED,
    EXIT_CONFLICT,
    EXIT_TIMEOUT,
    EXIT_DROPPED, /* explain: the packet would be */
};

#define MAX_WORDS 256 /* a rule takes many */

struct option_spec {
    const char *name;    /* without dashes; NULL ends a list */
    char letter;         /* 0: none */
    const char *metavar; /* NULL: a flag; "[X]": the value is optional */
    const char *doc;
    const char *choices; /* of its value, separated by '|', or NULL */
};

/* What a positional word may be: for completion. */
enum word_kind {
    WORD_NONE,
    WORD_FIELDS,
    WORD_NAME,
    WORD_FILTER,
    WORD_GROUP,
    WORD_LOG,
    WORD_COMMAND,
    WORD_PORT,     /* a port */
    WORD_RULE,     /* a port, then a rule */
    WORD_RULE_ID,  /* a port, then a rule's number */
    WORD_RULE_IDS, /* a port, then numbers each behind the word "rule" */
    WORD_METER,
    WORD_LATENCY,
};

struct ctl;

struct command {
    const char *object;
    const char *verb, *subverb; /* NULL: none */
    const char *list;           /* of the document it works on, or NULL */
    const char *words;          /* synopsis of its words, "" for none */
    enum word_kind kind;
    int least, most; /* how many words */
    const char *brief;
    const char *detail; /* more sentences, or NULL */
    const struct option_spec *options;
    const char *examples; /* lines */
    int (*run)(struct ctl *ctl);
};

struct ctl {
    const struct command *command;
    const char *path[3]; /* words of the command so far, in full */
    int levels;
    const char *word[MAX_WORDS];
    int words;
    const char *option[16]; /* values, as command->options; "" for a flag that is set */
    const char *socket;
    int timeout_ms; /* of a request */
    bool json, pretty, help;
    bool quiet;       /* no messages: completion */
    const char *file; /* the file that errors are about, or NULL */
    const struct cfg_lines *lines;
    int passed_fd; /* goes with the next request; -1: none */
};

extern const struct command commands[]; /* ends with object NULL */
extern const struct option_spec global_options[];

/* args.c */
int parse_arguments(struct ctl *ctl, int argc, char **argv);
const char *option_value(const struct ctl *ctl, const char *name); /* NULL: not given */
/* Number option in [low, high], `fallback` when not given; false after a message. */
bool option_number(struct ctl *ctl, const char *name, long low, long high, long fallback,
                   long *value);
/* Time option, "90", "90s", "5m", "1h", as seconds; `bare` when it is given without one, 0 when it is not given;
 * false after a message. */
bool option_seconds(struct ctl *ctl, const char *name, long bare, long *value);
/* Take one more word of a command's name. */
int resolve_word(struct ctl *ctl, const char *word);
/* What may come next in the command's name; NULL at the end. */
void next_words(const struct ctl *ctl, const char *names[MAX_WORDS]);
bool in_path(const struct ctl *ctl, const struct command *c);
const struct option_spec *find_option(const struct option_spec *list, const char *name,
                                      size_t length, char letter);

/* fields.c: key=value words from the first on to an object of the table. NULL after a message, *code set. */
json_t *fields_object(struct ctl *ctl, const struct cfg_table *table, int first, int *code);

/* suggest.c: the most similar of `names` (ends with NULL), or NULL when none is near. */
const char *nearest(const char *word, const char *const *names);

/* client.c: the result (new reference), or NULL after a message, *code set. Takes over params. */
json_t *request(struct ctl *ctl, const char *method, json_t *params, int *code);

/* The same; the connection stays open in *kept, for what belongs to it. -1 before, and when there is no answer. */
json_t *request_kept(struct ctl *ctl, const char *method, json_t *params, int *code, int *kept);

/* The rows of a list method, or NULL with *code. */
json_t *rows_of(struct ctl *ctl, const char *method, json_t *params, const char *key, int *code);

/* output.c */
int fail(const struct ctl *ctl, int code, const char *name, const char *hint, const char *format,
         ...) __attribute__((format(printf, 5, 6)));
/* An error object of the server; the exit code. */
int fail_reply(const struct ctl *ctl, const json_t *error);
void print_json(const struct ctl *ctl, const json_t *value);
void print_safe(const char *text); /* without control characters */
/* Value as a cell: malloc'ed. */
char *cell_text(const json_t *value);

/* table.c: array of objects; columns NULL: all keys in order of appearance. */
void print_table(const json_t *rows, const char *const *columns);
void print_record(const json_t *object, int indent);

/* output.c: what a method gave, which is taken over: as JSON, or as a record, a table, "N what". EXIT_OK. */
int show_record(const struct ctl *ctl, json_t *result);
int show_table(const struct ctl *ctl, json_t *rows, const char *const *columns);
int show_count(const struct ctl *ctl, json_t *result, const char *key, const char *what);
/* The same of a method that is asked here; what is no JSON by `print`, NULL: it has nothing to tell but that it is done. */
int ask(struct ctl *ctl, const char *method, json_t *params,
        void (*print)(const struct ctl *ctl, const json_t *result));

/* watch.c: calls `round` once, or with --watch at each interval until q, ^C or --count. */
int watch(struct ctl *ctl, int (*round)(struct ctl *ctl, json_t **memory));

/*
 * rates.c. What the last round saw, and when, is replaced by this round's; takes over `seen`, *before is a new reference.
 * Seconds between the two, 0 in the first round.
 */
double remember(json_t **memory, json_t *seen, json_t **before);
/* The row of `rows` whose members `keys` are those of `row`, or NULL. */
const json_t *row_like(const json_t *rows, const json_t *row, const char *const *keys);
/* An integer member, 0 when it is not there. */
json_int_t member(const json_t *row, const char *name);
/* A text, "" when it is not there. */
const char *text_of(const json_t *row, const char *name);
/* Its change a second; a counter that went back started anew: 0. */
json_int_t rate(const json_t *row, const json_t *before, const char *name, double seconds);

/* help.c */
int print_help(const struct ctl *ctl);
int print_overview(void);
void print_markdown(void);
/* complete.c */
int complete(struct ctl *ctl, int argc, char **argv);

/* cmd_*.c */
int cmd_apply(struct ctl *ctl);
int cmd_confirm(struct ctl *ctl);
int cmd_get(struct ctl *ctl);
int cmd_list(struct ctl *ctl);
int cmd_show(struct ctl *ctl);
int cmd_add(struct ctl *ctl);
int cmd_del(struct ctl *ctl);
int cmd_rule_add(struct ctl *ctl);
int cmd_rule_del(struct ctl *ctl);
int cmd_session_list(struct ctl *ctl);
int cmd_session_show(struct ctl *ctl);
int cmd_session_flush(struct ctl *ctl);
int cmd_flow_validate(struct ctl *ctl);
int cmd_flow_create(struct ctl *ctl);
int cmd_flow_query(struct ctl *ctl);
int cmd_flow_destroy(struct ctl *ctl);
int cmd_flow_list(struct ctl *ctl);
int cmd_flow_flush(struct ctl *ctl);
int cmd_meter_create(struct ctl *ctl);
int cmd_meter_delete(struct ctl *ctl);
int cmd_meter_list(struct ctl *ctl);
int cmd_neighbor_list(struct ctl *ctl);
int cmd_capture(struct ctl *ctl);
int cmd_explain(struct ctl *ctl);
int cmd_trace(struct ctl *ctl);
/* Words from the first on with blanks between them: malloc'ed. */
char *join_words(const struct ctl *ctl, int first);
int cmd_workers_list(struct ctl *ctl);
int cmd_workers_show(struct ctl *ctl);
int cmd_workers_set(struct ctl *ctl);
int cmd_drops(struct ctl *ctl);
int cmd_stats(struct ctl *ctl);
int cmd_top(struct ctl *ctl);
int cmd_latency(struct ctl *ctl);
int cmd_log(struct ctl *ctl);
int cmd_version(struct ctl *ctl);
int cmd_doctor(struct ctl *ctl);
int cmd_schema(struct ctl *ctl);
int cmd_help(struct ctl *ctl);
/* What commits print: changes as +/-/~ lines. */
void print_changes(const struct ctl *ctl, const json_t *result, bool dry_run);

#endif
