/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the text of a declaration that is made of something else. */

#include "config/conversion.h"

#include <errno.h>

#include "config/container-keys.h"

static const char *const section_names[_CONVERSION_SECTION_MAX] = {
        [CONVERSION_UNIT] = "Unit",       [CONVERSION_CONTAINER] = "Container",
        [CONVERSION_SERVICE] = "Service", [CONVERSION_SOCKET] = "Socket",
        [CONVERSION_INSTALL] = "Install",
};

void conversion_init(Conversion *c) {
        c->remark = NULL;
        for (size_t i = 0; i < _CONVERSION_SECTION_MAX; i++)
                c->sections[i] = g_string_new(NULL);
}

void conversion_done(Conversion *c) {
        for (size_t i = 0; i < _CONVERSION_SECTION_MAX; i++)
                g_string_free(c->sections[i], TRUE);
}

int conversion_section_from_string(const char *name) {
        for (int i = 0; i < _CONVERSION_SECTION_MAX; i++)
                if (streq(section_names[i], name))
                        return i;
        return -ENOENT;
}

/* A comment is one line, whatever is cited in it. */
static void append_line(GString *out, const char *text) {
        for (; *text; text++)
                g_string_append_c(out, *text == '\n' || *text == '\r' ? ' ' : *text);
}

void conversion_note(Conversion *c, ConversionSection section, const char *what, const char *why) {
        GString *out = c->sections[section];

        g_string_append(out, "# ");
        append_line(out, what);
        g_string_append_printf(out, "   (%s)\n", why);
}

void conversion_set(Conversion *c, ConversionSection section, const char *key, const char *value) {
        const char *why = container_key_refused(section_names[section], key);
        bool ours = section == CONVERSION_CONTAINER || section == CONVERSION_INSTALL;
        GString *out = c->sections[section];

        if (!why && ours && !container_key_find(section_names[section], key))
                why = "there is no such key here";
        if (!why && !strchr(value, '\n')) {
                g_string_append_printf(out, "%s=%s\n", key, value);
                return;
        }
        g_autofree char *what = g_strdup_printf("%s=%s", key, value);
        conversion_note(c, section, what, why ?: "a value has one line");
}

void conversion_setf(Conversion *c, ConversionSection section, const char *key, const char *format, ...) {
        g_autofree char *value = NULL;
        va_list ap;

        va_start(ap, format);
        value = g_strdup_vprintf(format, ap);
        va_end(ap);
        conversion_set(c, section, key, value);
}

char *conversion_text(const Conversion *c, const char *from) {
        GString *out = g_string_new("# Converted from ");

        append_line(out, from);
        g_string_append_c(out, '\n');
        if (c->remark)
                g_string_append_printf(out, "# %s\n", c->remark);
        for (size_t i = 0; i < _CONVERSION_SECTION_MAX; i++)
                if (c->sections[i]->len > 0)
                        g_string_append_printf(out, "\n[%s]\n%s", section_names[i], c->sections[i]->str);
        return g_string_free(out, FALSE);
}
