/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and limits; what is answered is answer.c's. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/listen.h"
#include "http_internal.h"

#define BACKLOG 64

static const struct timeval retry_time = {.tv_sec = 1};

struct tm_client {
    struct tm_http *http;
    unsigned place;
    struct bufferevent *bev;
    struct event *deadline;
    bool answered; /* in whole, if not yet sent */
    bool ended;    /* it has no more to say */
};

static void client_close(struct tm_client *c)
{
    struct tm_http *http = c->http;

    http->client[c->place] = NULL;
    if (c->deadline != NULL)
        event_free(c->deadline);
    if (c->bev != NULL)
        bufferevent_free(c->bev);
    free(c);
    http->client_count--;
    event_add(http->acceptable, NULL);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    client_close(arg);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct tm_client *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    bool too_long = evbuffer_get_length(in) >= TM_REQUEST_BYTES;

    if (c->answered) {
        evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    if (end.pos < 0 && !too_long)
        return;
    char *line = end.pos < 0 ? NULL : evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);

    c->answered = true;
    tm_answer(&c->http->answers, line, bufferevent_get_output(bev));
    free(line);
    evbuffer_drain(in, evbuffer_get_length(in));
}

/* All is sent. What the client may still send is read until its end, too: a reset could overtake our answer. */
static void on_sent(struct bufferevent *bev, void *arg)
{
    struct tm_client *c = arg;

    if (c->ended)
        client_close(c);
    else if (c->answered)
        shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct tm_client *c = arg;
    bool sending = evbuffer_get_length(bufferevent_get_output(bev)) > 0;

    /* A client may end its own side as soon as it has asked. */
    if ((what & BEV_EVENT_EOF) && sending)
        c->ended = true;
    else
        client_close(c);
}

/* Takes over `fd`. There is a place: else nobody is accepted. */
static void client_open(struct tm_http *http, int fd)
{
    struct tm_client *c = calloc(1, sizeof *c);

    if (c == NULL) {
        close(fd);
        return;
    }
    c->http = http;
    while (http->client[c->place] != NULL)
        c->place++;
    http->client[c->place] = c;
    http->client_count++;
    c->deadline = evtimer_new(http->base, on_deadline, c);
    c->bev = bufferevent_socket_new(http->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->bev == NULL)
        close(fd);
    if (c->bev == NULL || c->deadline == NULL) {
        client_close(c);
        return;
    }
    bufferevent_setcb(c->bev, on_read, on_sent, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, TM_REQUEST_BYTES);
    event_add(c->deadline, &http->exchange_time);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg)
{
    struct tm_http *http = arg;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)what;
    if (fd >= 0) {
        client_open(http, fd);
        if (http->client_count == TM_CLIENTS)
            event_del(http->acceptable);
    } else if (errno == EMFILE || errno == ENFILE) {
        /* Who waits would wake us for ever. */
        event_del(http->acceptable);
        event_add(http->retry, &retry_time);
    }
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct tm_http *http = arg;

    (void)fd;
    (void)what;
    if (http->client_count < TM_CLIENTS)
        event_add(http->acceptable, NULL);
}

/* "9470" or "ADDRESS:PORT"; 0 or -EINVAL. */
static int parse(const char *where, struct sockaddr_storage *address, int *size)
{
    char text[128];
    bool port_alone = strspn(where, "0123456789") == strlen(where);

    *size = sizeof *address;
    snprintf(text, sizeof text, "%s%s", port_alone ? "127.0.0.1:" : "", where);
    if (strlen(where) == 0 ||
        evutil_parse_sockaddr_port(text, (struct sockaddr *)address, size) != 0)
        return -EINVAL;
    uint16_t port = address->ss_family == AF_INET6 ? ((struct sockaddr_in6 *)address)->sin6_port
                                                   : ((struct sockaddr_in *)address)->sin_port;

    return port == 0 ? -EINVAL : 0;
}

static int listen_tcp(const char *where)
{
    struct sockaddr_storage address;
    int size, on = 1, rc = parse(where, &address, &size);
    int fd = rc < 0 ? rc : socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (rc < 0)
        return rc;
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, (socklen_t)size) != 0 || listen(fd, BACKLOG) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* The listening socket, or a negative errno and a reason. */
static int listen_at(struct tm_http *http, const char *where, char why[TM_WHY])
{
    struct cfg_error error = {.line = 0};
    bool is_path = strchr(where, '/') != NULL;
    int fd;

    if (is_path) {
        http->path = strdup(where);
        fd = http->path != NULL ? ctl_listen(where, &http->bound, &error) : -ENOMEM;
    } else {
        fd = listen_tcp(where);
    }
    if (fd == -EINVAL && !is_path) {
        snprintf(why, TM_WHY,
                 "'%.80s' is no place for metrics: PORT, ADDRESS:PORT, [ADDRESS]:PORT or a path",
                 where);
    } else if (fd < 0) {
        snprintf(why, TM_WHY, "cannot serve metrics at %.80s: %.120s", where,
                 error.text[0] != '\0' ? error.text : strerror(-fd));
    }
    return fd;
}

struct tm_http *tm_http_open(struct event_base *base, const char *where,
                             const struct tm_source *source, char why[TM_WHY])
{
    struct tm_http *http = calloc(1, sizeof *http);

    if (http == NULL) {
        snprintf(why, TM_WHY, "out of memory");
        return NULL;
    }
    http->base = base;
    http->exchange_time = (struct timeval){.tv_sec = 10};
    tm_answers_init(&http->answers, source);
    http->fd = listen_at(http, where, why);
    if (http->fd < 0) {
        tm_http_close(http);
        return NULL;
    }
    http->acceptable = event_new(base, http->fd, EV_READ | EV_PERSIST, on_acceptable, http);
    http->retry = evtimer_new(base, on_retry, http);
    if (http->acceptable == NULL || http->retry == NULL || event_add(http->acceptable, NULL) != 0) {
        snprintf(why, TM_WHY, "out of memory");
        tm_http_close(http);
        return NULL;
    }
    return http;
}

void tm_http_close(struct tm_http *http)
{
    if (http == NULL)
        return;
    for (unsigned i = 0; i < TM_CLIENTS; i++)
        if (http->client[i] != NULL)
            client_close(http->client[i]);
    if (http->acceptable != NULL)
        event_free(http->acceptable);
    if (http->retry != NULL)
        event_free(http->retry);
    if (http->fd >= 0 && http->path != NULL)
        ctl_unlisten(http->path, http->fd, &http->bound);
    else if (http->fd >= 0)
        close(http->fd);
    tm_answers_fini(&http->answers);
    free(http->path);
    free(http);
}
