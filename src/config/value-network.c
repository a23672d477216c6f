/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about the network. */

#include "config/container-values.h"

#include <arpa/inet.h>
#include <string.h>

#include "basic/declared-name.h"
#include "basic/macro.h"
#include "basic/unit-name.h"

#define HOST_NAME_LENGTH_MAX 64 /* HOST_NAME_MAX of the kernel */
#define DOMAIN_LENGTH_MAX    253

/* Letters, digits, "-", "_" and dots that are neither first, last nor twice in a row. */
static bool domain_is_valid(const char *s, size_t most) {
        size_t n = strlen(s);

        if (n == 0 || n > most || *s == '.' || *s == '-' || s[n - 1] == '.' || strstr(s, ".."))
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("-_.", *s))
                        return false;
        return true;
}

static bool address_is_valid(const char *s, bool with_zone) {
        _cleanup_free_ char *plain = g_strndup(s, with_zone ? strcspn(s, "%") : strlen(s));
        struct in6_addr address;

        return inet_pton(AF_INET, s, &address) > 0 || inet_pton(AF_INET6, plain, &address) > 0;
}

void value_host_name(const ValueContext *c, void *field) {
        if (!domain_is_valid(c->value, HOST_NAME_LENGTH_MAX)) {
                value_error(c,
                            "%s=%s: expected a host name: letters, digits, hyphens and dots, at most 64 "
                            "characters",
                            c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

/* HOST[;HOST...]:ADDRESS to "ADDRESS HOST..."; NULL when it is wrong, which was told. */
static char *parse_host(const ValueContext *c, const char *word) {
        const char *colon = strchr(word, ':');
        _cleanup_free_ char *names = g_strndup(word, colon ? (size_t) (colon - word) : strlen(word));
        _cleanup_strv_ char **list = g_strsplit(names, ";", -1);
        _cleanup_free_ char *joined = g_strjoinv(" ", list);

        for (char **name = list; *name; name++)
                if (!domain_is_valid(*name, DOMAIN_LENGTH_MAX)) {
                        value_error(c, "%s=: '%.60s' is not a host name", c->entry->key, *name);
                        return NULL;
                }
        if (colon && streq(colon + 1, "host-gateway")) {
                value_error(c, "%s=: there is no gateway to the host; with Network=host it is 127.0.0.1",
                            c->entry->key);
                return NULL;
        }
        if (!colon || !*list || !address_is_valid(colon + 1, false)) {
                value_error(c, "%s=: expected HOST:ADDRESS, found '%.80s'", c->entry->key, word);
                return NULL;
        }
        return g_strdup_printf("%s %s", colon + 1, joined);
}

void value_add_host(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++) {
                char *line = parse_host(c, *w), **lines;

                if (!line)
                        continue;
                lines = g_new0(char *, 2);
                lines[0] = line;
                value_append_words(field, lines);
        }
}

static bool server_is_valid(const char *s) {
        return streq(s, "none") || address_is_valid(s, true);
}

static bool search_is_valid(const char *s) {
        return streq(s, ".") || domain_is_valid(s, DOMAIN_LENGTH_MAX);
}

static bool option_is_valid(const char *s) {
        return *s && !strpbrk(s, " \t\n");
}

static void add_valid(
                const ValueContext *c, char ***list, bool (*is_valid)(const char *s), const char *expected) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++)
                if (!is_valid(*w)) {
                        value_error(c, "%s=: expected %s, found '%.60s'", c->entry->key, expected, *w);
                        return;
                }
        value_append_words(list, TAKE_PTR(words));
}

void value_dns(const ValueContext *c, void *field) {
        char ***list = field;

        add_valid(c, list, server_is_valid, "addresses or none");
        if (*list && (*list)[0] && (*list)[1] && g_strv_contains((const char *const *) *list, "none"))
                value_error(c, "%s=: none does not go together with addresses", c->entry->key);
}

void value_dns_search(const ValueContext *c, void *field) {
        add_valid(c, field, search_is_valid, "domains");
}

void value_dns_option(const ValueContext *c, void *field) {
        add_valid(c, field, option_is_valid, "words of resolv.conf(5)");
}

void value_timezone(const ValueContext *c, void *field) {
        const char *s = c->value;
        bool good = *s != '/' && !strstr(s, "..") && !strstr(s, "//") && s[strlen(s) - 1] != '/';

        for (; good && *s; s++)
                good = g_ascii_isalnum(*s) || strchr("-_+/.", *s);
        if (!good) {
                value_error(c, "%s=%s: expected local or the name of a time zone, such as Europe/Berlin",
                            c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

static void set_network(const ValueContext *c, void *field, ContainerNetwork network, char *target) {
        g_free(c->container->network_target);
        c->container->network_target = target;
        *(ContainerNetwork *) field = network;
}

/* A container is also meant by the name of its file, as in other tools. */
static const char *container_name(const char *value, char **ret_buffer) {
        const char *name = startswith(value, "container:");

        if (name || !g_str_has_suffix(value, ".container"))
                return name;
        return *ret_buffer = g_strndup(value, strlen(value) - strlen(".container"));
}

void value_network(const ValueContext *c, void *field) {
        const char *path = startswith(c->value, "ns:"), *name;
        _cleanup_free_ char *buffer = NULL, *normal = path ? value_normalize_path(path) : NULL;

        name = container_name(c->value, &buffer);
        if (streq(c->value, "host"))
                set_network(c, field, CONTAINER_NETWORK_HOST, NULL);
        else if (streq(c->value, "none"))
                set_network(c, field, CONTAINER_NETWORK_NONE, NULL);
        else if (normal)
                set_network(c, field, CONTAINER_NETWORK_NAMESPACE, TAKE_PTR(normal));
        else if (path)
                value_error(c, "%s=%s: expected an absolute path behind ns:", c->entry->key, c->value);
        else if (name && !declared_is_template(name) && declared_name_check(name) >= 0)
                set_network(c, field, CONTAINER_NETWORK_CONTAINER, g_strdup(name));
        else if (name)
                value_error(c, "%s=%s: expected the name of a container behind container:", c->entry->key,
                            c->value);
        else
                value_error(c, "%s=%s: expected host, none, ns:PATH or container:NAME", c->entry->key,
                            c->value);
}
