/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct avs_log_module *modules;
static _Atomic bool json;
static _Atomic int output = STDERR_FILENO;

static uint64_t system_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t (*clock_now)(void) = system_now;

static const char *const level_name[] = {"error", "warn", "info", "debug"};

struct line {
    char text[AVS_LOG_LINE];
    size_t used;
    bool cut;
};

/* Bytes kept for the mark, the end of a JSON object and the newline. */
#define TAIL 24

static void put(struct line *l, const char *text, size_t size)
{
    if (l->cut || size > sizeof(l->text) - TAIL - l->used) {
        l->cut = true;
        return;
    }
    memcpy(l->text + l->used, text, size);
    l->used += size;
}

static void put_text(struct line *l, const char *text)
{
    put(l, text, strlen(text));
}

/* Length of the well-formed UTF-8 character at `s` (RFC 3629), 0 if there is none. */
static size_t utf8(const unsigned char *s)
{
    size_t n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 : 0;

    if (*s >= 0xf0 && *s < 0xf5) {
        n = 4;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) ||
        (*s == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return n;
}

static void put_escaped(struct line *l, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    char escape[8];

    while (*s) {
        size_t n = utf8(s);

        /* U+0080..U+009F are control characters, too: terminals obey them. */
        bool c1 = n == 2 && s[0] == 0xc2 && s[1] < 0xa0;

        if (n == 0 || c1 || *s < 0x20 || *s == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", c1 ? s[1] : *s);
            put_text(l, escape);
            s += c1 ? 2 : 1;
        } else {
            if (*s == '"' || *s == '\\') {
                put(l, "\\", 1);
            }
            put(l, (const char *)s, n);
            s += n;
        }
    }
}

static bool bare(const char *text)
{
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~' || strchr("\"\\=", *text)) {
            return false;
        }
    }
    return true;
}

static void put_string(struct line *l, const char *text)
{
    if (!json && bare(text)) {
        put_text(l, text);
        return;
    }
    put(l, "\"", 1);
    put_escaped(l, text);
    put(l, "\"", 1);
}

/* Key and value, or neither when they do not fit. */
static void put_field(struct line *l, const struct avs_log_field *f)
{
    size_t before = l->used;
    char number[24];

    put_text(l, json ? (before > 1 ? ",\"" : "\"") : (before ? " " : ""));
    put_text(l, f->key);
    put_text(l, json ? "\":" : "=");
    if (f->type == AVS_LOG_STR) {
        put_string(l, f->str ? f->str : "");
    } else {
        if (f->type == AVS_LOG_I64) {
            snprintf(number, sizeof(number), "%lld", (long long)f->i64);
        } else {
            snprintf(number, sizeof(number), "%llu", (unsigned long long)f->u64);
        }
        put_text(l, number);
    }
    if (l->cut) {
        l->used = before;
    }
}

/* May this call site write now? How many it had to keep to itself before. */
static bool allowed(struct avs_log_site *site, uint64_t now, uint32_t *suppressed)
{
    uint64_t second = now / 1000000000u + 1;

    *suppressed = 0;
    if (atomic_exchange(&site->second, second) != second) {
        atomic_store(&site->lines, 0);
        *suppressed = atomic_exchange(&site->suppressed, 0);
    }
    if (atomic_fetch_add(&site->lines, 1) < (site->burst ? site->burst : AVS_LOG_BURST)) {
        return true;
    }
    atomic_fetch_add(&site->suppressed, 1);
    return false;
}

static void format_time(uint64_t now, char *text, size_t size)
{
    time_t seconds = (time_t)(now / 1000000000u);
    struct tm tm;
    char date[32];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, size, "%s.%03uZ", date, (unsigned)(now / 1000000u % 1000u));
}

void avs_log_write(struct avs_log_module *module, enum avs_log_level level,
                   struct avs_log_site *site, const char *text, const struct avs_log_field *field,
                   size_t fields)
{
    struct line l = {.used = 0};
    uint64_t now = clock_now();
    uint32_t suppressed;
    char time_text[48];

    if (!allowed(site, now, &suppressed)) {
        return;
    }
    format_time(now, time_text, sizeof(time_text));
    const struct avs_log_field head[] = {
        avs_log_str("ts", time_text),
        avs_log_str("level", avs_log_level_name(level)),
        avs_log_str("module", module->name),
        avs_log_str("msg", text),
    };
    if (json) {
        put(&l, "{", 1);
    }
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        put_field(&l, &head[i]);
    }
    for (size_t i = 0; i < fields; i++) {
        put_field(&l, &field[i]);
    }
    if (suppressed) {
        put_field(&l, &(struct avs_log_field){
                          .key = "suppressed", .type = AVS_LOG_U64, .u64 = suppressed});
    }
    /* TAIL bytes are free for this. */
    const char *end = l.cut ? (json ? ",\"cut\":1}\n" : " cut=1\n") : (json ? "}\n" : "\n");
    memcpy(l.text + l.used, end, strlen(end));
    l.used += strlen(end);
    ssize_t ignored = write(output, l.text, l.used);
    (void)ignored;
}

void avs_log_register(struct avs_log_module *module)
{
    struct avs_log_module **at = &modules;

    while (*at && strcmp((*at)->name, module->name) < 0) {
        at = &(*at)->next;
    }
    module->next = *at;
    *at = module;
}

int avs_log_set(const char *module, enum avs_log_level level)
{
    bool all = !module || strcmp(module, "*") == 0;
    int result = all ? 0 : -1;

    for (struct avs_log_module *m = modules; m; m = m->next) {
        if (all || strcmp(m->name, module) == 0) {
            atomic_store(&m->level, (int)level);
            result = 0;
        }
    }
    return result;
}

void avs_log_each(void (*f)(void *arg, const char *module, enum avs_log_level level), void *arg)
{
    for (struct avs_log_module *m = modules; m; m = m->next) {
        if (!m->next || strcmp(m->name, m->next->name) != 0) {
            f(arg, m->name, (enum avs_log_level)atomic_load(&m->level));
        }
    }
}

const char *avs_log_level_name(enum avs_log_level level)
{
    return level_name[level];
}

bool avs_log_level_parse(const char *text, enum avs_log_level *level)
{
    for (int i = 0; i <= AVS_LOG_DEBUG; i++) {
        if (strcmp(text, level_name[i]) == 0) {
            *level = (enum avs_log_level)i;
            return true;
        }
    }
    return false;
}

void avs_log_json(bool on)
{
    json = on;
}

void avs_log_output(int fd)
{
    output = fd;
}

void avs_log_clock(uint64_t (*now_ns)(void))
{
    clock_now = now_ns ? now_ns : system_now;
}
