/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about forwarded ports. */

#include <arpa/inet.h>

#include "basic/macro.h"
#include "basic/parse-util.h"
#include "basic/time-span.h"
#include "config/container-values.h"

#define EXPECTED "expected [ADDRESS:]PORT or a path, a colon, and the port or path in the container"

void container_proxy_port_free(void *port) {
        ContainerProxyPort *p = port;

        g_free(p->listen);
        g_free(p->target);
        g_free(p);
}

static bool is_port(const char *s) {
        uint32_t port;

        return parse_uint32(s, &port) >= 0 && port > 0 && port <= UINT16_MAX;
}

/* Paths with a colon could not be told from two of them. */
static bool is_path(const char *s) {
        _cleanup_free_ char *normal = value_normalize_path(s);

        return normal && streq(normal, s) && s[1];
}

/* A port, ADDRESS:PORT, [ADDRESS]:PORT or a path: what ListenStream= takes, too. */
static bool is_listener(const char *s) {
        _cleanup_free_ char *host = NULL;
        const char *colon = strrchr(s, ':');
        struct in6_addr address;
        size_t n;

        if (!colon)
                return is_port(s) || is_path(s);
        if (!is_port(colon + 1))
                return false;
        host = g_strndup(s, colon - s);
        n = strlen(host);
        if (*host != '[')
                return inet_pton(AF_INET, host, &address) == 1;
        if (n < 2 || host[n - 1] != ']')
                return false;
        host[n - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &address) == 1;
}

static bool is_taken(const GPtrArray *ports, const char *listen) {
        for (unsigned i = 0; i < ports->len; i++)
                if (streq(((const ContainerProxyPort *) ports->pdata[i])->listen, listen))
                        return true;
        return false;
}

static void add_port(const ValueContext *c, GPtrArray *ports, const char *word) {
        _cleanup_free_ char *listen = NULL, *target = NULL;
        const char *colon = strrchr(word, ':');
        ContainerProxyPort *port;

        if (g_str_has_suffix(word, "/udp")) {
                value_error(c, "%s=%.80s: only streams can be forwarded", c->entry->key, word);
                return;
        }
        if (!colon) {
                value_error(c, "%s=%.80s: " EXPECTED, c->entry->key, word);
                return;
        }
        listen = g_strndup(word, colon - word);
        target = g_strdup(colon + 1);
        if (g_str_has_suffix(target, "/tcp"))
                target[strlen(target) - STRLEN("/tcp")] = '\0';
        if (!is_listener(listen) || (!is_port(target) && !is_path(target)))
                value_error(c, "%s=%.80s: " EXPECTED, c->entry->key, word);
        else if (is_taken(ports, listen))
                value_error(c, "%s=%.80s: '%s' is forwarded already", c->entry->key, word, listen);
        else {
                port = g_new(ContainerProxyPort, 1);
                *port = (ContainerProxyPort) { .listen = TAKE_PTR(listen), .target = TAKE_PTR(target) };
                g_ptr_array_add(ports, port);
        }
}

void value_proxy_port(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                add_port(c, *(GPtrArray **) field, *w);
}

bool container_proxy_port_clashes(const ContainerProxyPort *port) {
        static const char *const here[] = { "", "0.0.0.0:", "127.0.0.1:", "[::]:", "[::1]:" };

        for (size_t i = 0; i < ELEMENTSOF(here); i++) {
                const char *rest = startswith(port->listen, here[i]);

                if (rest && streq(rest, port->target))
                        return true;
        }
        return false;
}

void value_idle_stop(const ValueContext *c, void *field) {
        char **text = field;
        uint64_t usec;

        if (parse_time_span(c->value, &usec) < 0 || usec == 0) {
                value_error(c, "%s=%.60s: expected a time above zero, such as 30s or 5min", c->entry->key,
                            c->value);
                return;
        }
        g_free(*text);
        *text = usec == TIME_SPAN_FOREVER ? NULL : time_span_to_string(usec);
}
