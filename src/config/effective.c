/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the text of a declaration with its drop-ins merged. Knows no key but by the table. */

#include "config/effective.h"

#include "basic/macro.h"
#include "config/container-keys.h"

static GPtrArray *all_entries(const ContainerFile *c) {
        GPtrArray *list = g_ptr_array_new();

        for (unsigned i = 0; i < c->files->len; i++) {
                const GArray *entries = ((const UnitFile *) c->files->pdata[i])->entries;

                for (unsigned k = 0; k < entries->len; k++)
                        g_ptr_array_add(list, &g_array_index(entries, UnitEntry, k));
        }
        return list;
}

static bool is_same_key(const UnitEntry *a, const UnitEntry *b) {
        return a->key && b->key && streq(a->key, b->key) && streq(a->section, b->section);
}

/* What systemd does with a second assignment of its keys is its business: those all stay, and so does an
 * empty one, which may be meant for what the unit itself has. */
static bool is_ours(const char *section) {
        static const char *const ours[] = { "Container", "Install", "Resctrl" };

        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (streq(ours[i], section))
                        return true;
        return false;
}

/* Whether entry i is taken away or replaced by a later one. */
static bool is_overridden(const GPtrArray *entries, unsigned i) {
        const UnitEntry *e = entries->pdata[i];
        const ContainerKey *key = container_key_find(e->section, e->key);

        for (unsigned k = i + 1; k < entries->len; k++) {
                const UnitEntry *later = entries->pdata[k];

                if (is_same_key(e, later) && (!*later->value || (key && !container_key_adds(key))))
                        return true;
        }
        return false;
}

static bool counts(const GPtrArray *entries, unsigned i) {
        const UnitEntry *e = entries->pdata[i];

        if (!e->key)
                return false;
        return !is_ours(e->section) || (*e->value && !is_overridden(entries, i));
}

static void append_section(GString *out, const GPtrArray *entries, const char *section) {
        const UnitEntry *previous = NULL;

        g_string_append_printf(out, "%s[%s]\n", out->len > 0 ? "\n" : "", section);
        for (unsigned i = 0; i < entries->len; i++) {
                const UnitEntry *e = entries->pdata[i];

                if (!streq(e->section, section) || !counts(entries, i))
                        continue;
                if (!previous || !streq(previous->file, e->file) || e->line != previous->line + 1)
                        g_string_append_printf(out, "# %s:%u\n", e->file, e->line);
                g_string_append_printf(out, "%s=%s\n", e->key, e->value);
                previous = e;
        }
}

/* Sections that are there twice come once, where they are first. */
static bool is_first_of_section(const GPtrArray *entries, unsigned i) {
        const UnitEntry *e = entries->pdata[i];

        for (unsigned k = 0; k < i; k++)
                if (streq(((const UnitEntry *) entries->pdata[k])->section, e->section))
                        return false;
        return true;
}

char *container_file_effective(const ContainerFile *c) {
        _cleanup_ptr_array_ GPtrArray *entries = all_entries(c);
        GString *out = g_string_new(NULL);

        for (unsigned i = 0; i < entries->len; i++)
                if (is_first_of_section(entries, i))
                        append_section(out, entries, ((const UnitEntry *) entries->pdata[i])->section);
        return g_string_free(out, FALSE);
}
