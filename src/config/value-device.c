/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about devices, shared memory and annotations. */

#include "config/container-values.h"

#include <string.h>

#include "basic/macro.h"

static void device_free(void *device) {
        ContainerDevice *d = device;

        g_free(d->source);
        g_free(d->destination);
        g_free(d);
}

static bool access_is_valid(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n <= 3 && strspn(s, "rwm") == n;
}

/* [-]SOURCE[:DESTINATION][:ACCESS] */
void value_device(const ValueContext *c, void *field) {
        bool optional = *c->value == '-';
        _cleanup_strv_ char **parts = g_strsplit(c->value + optional, ":", 3);
        unsigned n = g_strv_length(parts);
        bool two_are_access = n == 2 && access_is_valid(parts[1]);
        const char *access = two_are_access ? parts[1] : (n == 3 ? parts[2] : "rwm");
        ContainerDevice *d = g_new0(ContainerDevice, 1);
        GPtrArray **list = field;

        d->source = n > 0 ? value_normalize_path(parts[0]) : NULL;
        d->destination = n > 1 && !two_are_access ? value_normalize_path(parts[1]) : g_strdup(d->source);
        if (!d->source || !d->destination || !access_is_valid(access)) {
                value_error(c, "%s=%s: expected [-]PATH[:PATH][:ACCESS], with access of r, w and m",
                            c->entry->key, c->value);
                device_free(d);
                return;
        }
        (void) g_strlcpy(d->access, access, sizeof d->access);
        d->optional = optional;
        d->file = c->entry->file;
        d->line = c->entry->line;
        if (!*list)
                *list = g_ptr_array_new_with_free_func(device_free);
        g_ptr_array_add(*list, d);
}

static bool size_is_valid(const char *s) {
        size_t n = strspn(s, "0123456789");

        return n > 0 && (!s[n] || (strchr("kKmMgG%", s[n]) && !s[n + 1]));
}

/* Engines also write a "b" at the end. */
void value_shm_size(const ValueContext *c, void *field) {
        _cleanup_free_ char *text = g_strdup(c->value);
        size_t n = strlen(text);

        if (n > 1 && g_ascii_tolower(text[n - 1]) == 'b')
                text[n - 1] = '\0';
        if (!size_is_valid(text)) {
                value_error(c, "%s=%s: expected a size, such as 64m", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = TAKE_PTR(text);
}

void value_annotation(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (!value_split(c, &words))
                return;
        for (char **w = words; *w; w++) {
                const char *equals = strchr(*w, '=');

                if (!equals || equals == *w)
                        value_error(c, "%s=: expected NAME=value, found '%.60s'", c->entry->key, *w);
                else
                        value_set_assignment(field, g_strdup(*w));
        }
}
