/* SPDX-License-Identifier: Apache-2.0 */
/* Of HTTP (RFC 9112) what a scraper needs: the request line, and a response with its length that ends the connection. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRESH_NS UINT64_C(100000000)
#define PLAIN    "text/plain; charset=utf-8"

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void tm_answers_init(struct tm_answers *a, const struct tm_source *source)
{
    *a = (struct tm_answers){.source = *source, .clock = clock_ns};
}

void tm_answers_fini(struct tm_answers *a)
{
    if (a->page != NULL)
        evbuffer_free(a->page);
}

static bool all_well(const json_t *snapshot)
{
    const json_t *workers = json_object_get(json_object_get(snapshot, "stats"), "workers"), *worker;
    size_t i;

    json_array_foreach (workers, i, worker)
        if (json_is_true(json_object_get(worker, "corrupt_ring")))
            return false;
    return true;
}

static void free_text(const void *data, size_t size, void *text)
{
    (void)data;
    (void)size;
    free(text);
}

static struct evbuffer *page_of(const json_t *snapshot)
{
    struct evbuffer *page = evbuffer_new();
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    if (to != NULL)
        tm_render(to, snapshot);
    if (to == NULL || fclose(to) != 0 || page == NULL ||
        evbuffer_add_reference(page, text, size, free_text, text) != 0) {
        free(text);
        if (page != NULL)
            evbuffer_free(page);
        return NULL;
    }
    return page;
}

/* Is there a page of this moment, or of one just gone? */
static bool refresh(struct tm_answers *a)
{
    if (a->page != NULL && a->clock() - a->made < FRESH_NS)
        return true;
    json_t *snapshot = a->source.snapshot(a->source.arg);
    struct evbuffer *page = snapshot != NULL ? page_of(snapshot) : NULL;

    if (page != NULL) {
        tm_answers_fini(a);
        a->page = page;
        a->healthy = all_well(snapshot);
        a->made = a->clock();
    }
    json_decref(snapshot);
    return page != NULL;
}

static void put_head(struct evbuffer *out, const char *status, const char *type, size_t length)
{
    evbuffer_add_printf(out,
                        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                        "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
                        status, type, length,
                        strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "");
}

static void put_text(struct evbuffer *out, const char *status, const char *text)
{
    put_head(out, status, PLAIN, strlen(text));
    evbuffer_add(out, text, strlen(text));
}

static void put_page(struct tm_answers *a, struct evbuffer *out)
{
    put_head(out, "200 OK", TM_CONTENT_TYPE, evbuffer_get_length(a->page));
    /* Not one byte is copied: all readers of a page share it. */
    evbuffer_add_buffer_reference(out, a->page);
}

void tm_answer(struct tm_answers *a, const char *request, struct evbuffer *out)
{
    char method[8], path[128], version[16];

    if (request == NULL) {
        put_text(out, "431 Request Header Fields Too Large", "the request is too long\n");
        return;
    }
    if (sscanf(request, "%7s %127s %15s", method, path, version) != 3 ||
        strncmp(version, "HTTP/1.", 7) != 0) {
        put_text(out, "400 Bad Request", "this is not HTTP/1\n");
        return;
    }
    path[strcspn(path, "?")] = '\0';
    bool metrics = strcmp(path, "/metrics") == 0;

    if (!metrics && strcmp(path, "/healthz") != 0)
        put_text(out, "404 Not Found", "there are /metrics and /healthz\n");
    else if (strcmp(method, "GET") != 0)
        put_text(out, "405 Method Not Allowed", "only GET\n");
    else if (!refresh(a))
        put_text(out, "503 Service Unavailable", "out of memory\n");
    else if (metrics)
        put_page(a, out);
    else if (a->healthy)
        put_text(out, "200 OK", "ok\n");
    else
        put_text(out, "503 Service Unavailable", "a ring is corrupt\n");
}
