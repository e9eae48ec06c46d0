/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log: one line an event, as key=value or as JSON.
 *
 *     AVS_LOG_MODULE(log_module, "control");
 *     AVS_LOG(log_module, AVS_LOG_INFO, "client refused", avs_log_u64("uid", uid), avs_log_str("why", text));
 *
 *     ts=2026-01-31T12:00:00.123Z level=info module=control msg="client refused" uid=1000 why="not in the group"
 *
 * A line is one write(2), at most AVS_LOG_LINE bytes; what does not fit is cut and marked. Values may come from
 * strangers: control characters and what is not UTF-8 are escaped. A call site writes at most AVS_LOG_BURST lines a
 * second; the next line it writes says how many were suppressed.
 *
 * Threads: any, but never a worker: a line is a system call and may wait for the reader of stderr. Levels may be set
 * while others log. Errors: what cannot be written is lost.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AVS_LOG_LINE  2048
#define AVS_LOG_BURST 10

enum avs_log_level { AVS_LOG_ERROR, AVS_LOG_WARN, AVS_LOG_INFO, AVS_LOG_DEBUG };

struct avs_log_module {
    const char *name;
    _Atomic int level; /* the least important level that is written */
    struct avs_log_module *next;
};

/* Of one call site; zero at first. */
struct avs_log_site {
    _Atomic uint64_t second;
    _Atomic uint32_t lines;
    _Atomic uint32_t suppressed;
    uint32_t burst; /* lines a second, 0: AVS_LOG_BURST */
};

struct avs_log_field {
    const char *key;
    enum { AVS_LOG_STR, AVS_LOG_I64, AVS_LOG_U64 } type;
    union {
        const char *str; /* NULL is written as "" */
        int64_t i64;
        uint64_t u64;
    };
};

static inline struct avs_log_field avs_log_str(const char *key, const char *value)
{
    return (struct avs_log_field){.key = key, .type = AVS_LOG_STR, .str = value};
}

static inline struct avs_log_field avs_log_i64(const char *key, int64_t value)
{
    return (struct avs_log_field){.key = key, .type = AVS_LOG_I64, .i64 = value};
}

static inline struct avs_log_field avs_log_u64(const char *key, uint64_t value)
{
    return (struct avs_log_field){.key = key, .type = AVS_LOG_U64, .u64 = value};
}

/* A module of this file, known to avs_log_set() from the program's start. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a declared name stands without them */
#define AVS_LOG_MODULE(variable, text)                                               \
    static struct avs_log_module variable = {.name = (text), .level = AVS_LOG_INFO}; \
    __attribute__((constructor)) static void variable##_register(void)               \
    {                                                                                \
        avs_log_register(&(variable));                                               \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

/* The array's first element only keeps it from being empty. */
#define AVS_LOG(module, severity, text, ...) \
    AVS_LOG_UP_TO(module, severity, AVS_LOG_BURST, text, ##__VA_ARGS__)

/* The same with another limit of lines a second. */
#define AVS_LOG_UP_TO(module, severity, limit, text, ...)                                     \
    do {                                                                                      \
        static struct avs_log_site avs_log_site_ = {.burst = (limit)};                        \
        const struct avs_log_field avs_log_fields_[] = {{.key = NULL}, ##__VA_ARGS__};        \
        if ((int)(severity) <= atomic_load_explicit(&(module).level, memory_order_relaxed)) { \
            avs_log_write(&(module), (severity), &avs_log_site_, (text), avs_log_fields_ + 1, \
                          sizeof(avs_log_fields_) / sizeof(avs_log_fields_[0]) - 1);          \
        }                                                                                     \
    } while (0)

/* Called by AVS_LOG_MODULE; all modules of one name share a level. Before any thread is started. */
void avs_log_register(struct avs_log_module *module);

/* Called by AVS_LOG. */
void avs_log_write(struct avs_log_module *module, enum avs_log_level level,
                   struct avs_log_site *site, const char *text, const struct avs_log_field *field,
                   size_t fields);

/* Level of the module, or of all for "*" or NULL. -1 when there is no such module. */
int avs_log_set(const char *module, enum avs_log_level level);

/* Modules in the order of their names, each name once: `f` is called for each. */
void avs_log_each(void (*f)(void *arg, const char *module, enum avs_log_level level), void *arg);

const char *avs_log_level_name(enum avs_log_level level);
bool avs_log_level_parse(const char *text, enum avs_log_level *level);

/* JSON lines instead of key=value. */
void avs_log_json(bool on);

/* Where lines go (default 2) and what time it is (ns since 1970; NULL: the system's); for tests. */
void avs_log_output(int fd);
void avs_log_clock(uint64_t (*now_ns)(void));

#endif
