/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the grammar of schemata. Does not judge values: which masks and percentages are valid depends on the
 * machine, and the kernel says precisely what it does not like. */

#include "resctrl/schemata.h"

#include "basic/parse-util.h"

void schemata_line_free(SchemataLine *line) {
        if (!line)
                return;

        free(line->resource);
        if (line->domains)
                g_array_unref(line->domains);
        free(line);
}

char *schemata_resource(const char *line) {
        const char *colon = strchr(line, ':');
        _cleanup_free_ char *name = NULL;

        if (!colon)
                return NULL;
        name = g_strstrip(g_strndup(line, colon - line));
        return *name ? TAKE_PTR(name) : NULL;
}

static int parse_mask(const char *s, uint64_t *ret) {
        const char *digits = startswith(s, "0x");
        size_t n;

        digits = digits ?: s;
        n = strlen(digits);
        if (n == 0 || n > 16 || strspn(digits, "0123456789abcdefABCDEF") != n)
                return -EINVAL;

        *ret = g_ascii_strtoull(digits, NULL, 16);
        return 0;
}

static int parse_domain(const char *text, bool mask, SchemataDomain *ret) {
        _cleanup_strv_ char **parts = g_strsplit(text, "=", 2);
        SchemataDomain domain = {};
        int r;

        if (g_strv_length(parts) != 2)
                return -EINVAL;
        r = parse_uint32(g_strstrip(parts[0]), &domain.id);
        if (r < 0)
                return -EINVAL;
        r = mask ? parse_mask(g_strstrip(parts[1]), &domain.value)
                 : parse_uint64(g_strstrip(parts[1]), &domain.value);
        if (r < 0)
                return -EINVAL;

        *ret = domain;
        return 0;
}

static const SchemataDomain *find_domain(const SchemataLine *line, uint32_t id) {
        for (guint i = 0; i < line->domains->len; i++) {
                const SchemataDomain *domain = &g_array_index(line->domains, SchemataDomain, i);

                if (domain->id == id)
                        return domain;
        }
        return NULL;
}

int schemata_line_parse(const char *line, SchemataLine **ret) {
        _cleanup_(schemata_line_freep) SchemataLine *parsed = g_new0(SchemataLine, 1);
        _cleanup_strv_ char **domains = NULL;
        int r;

        parsed->resource = schemata_resource(line);
        if (!parsed->resource || strchr(line, '\n'))
                return -EINVAL;
        parsed->domains = g_array_new(FALSE, FALSE, sizeof(SchemataDomain));

        domains = g_strsplit(strchr(line, ':') + 1, ";", -1);
        for (char **text = domains; *text; text++) {
                SchemataDomain domain;

                r = parse_domain(*text, parsed->resource[0] == 'L', &domain);
                if (r < 0)
                        return r;
                if (find_domain(parsed, domain.id))
                        return -EINVAL;
                g_array_append_val(parsed->domains, domain);
        }
        if (parsed->domains->len == 0)
                return -EINVAL;

        *ret = TAKE_PTR(parsed);
        return 0;
}

GPtrArray *schemata_parse(const char *text) {
        GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify) schemata_line_free);
        _cleanup_strv_ char **texts = g_strsplit(text, "\n", -1);

        for (char **line = texts; *line; line++) {
                SchemataLine *parsed;

                if (schemata_line_parse(*line, &parsed) >= 0)
                        g_ptr_array_add(lines, parsed);
        }
        return lines;
}

static const SchemataLine *find_line(GPtrArray *lines, const char *resource) {
        for (guint i = 0; i < lines->len; i++) {
                const SchemataLine *line = lines->pdata[i];

                if (streq(line->resource, resource))
                        return line;
        }
        return NULL;
}

static uint64_t round_up(uint64_t value, uint64_t step) {
        uint64_t rest = step > 0 ? value % step : 0;

        return rest == 0 || value > UINT64_MAX - (step - rest) ? value : value + (step - rest);
}

bool schemata_line_in_force(
                const SchemataLine *wanted, GPtrArray *current, const SchemataRounding *rounding) {
        const SchemataLine *line = find_line(current, wanted->resource);
        uint64_t step = streq(wanted->resource, "MB")     ? rounding->mb
                        : streq(wanted->resource, "SMBA") ? rounding->smba
                                                          : 0;

        if (!line)
                return false;

        for (guint i = 0; i < wanted->domains->len; i++) {
                const SchemataDomain *asked = &g_array_index(wanted->domains, SchemataDomain, i);
                const SchemataDomain *have = find_domain(line, asked->id);

                if (!have)
                        return false;
                if (have->value != asked->value && have->value != round_up(asked->value, step))
                        return false;
        }
        return true;
}

bool schemata_find_missing_domain(const SchemataLine *line, GPtrArray *machine, uint32_t *ret_domain) {
        const SchemataLine *known = find_line(machine, line->resource);

        for (guint i = 0; known && i < line->domains->len; i++) {
                const SchemataDomain *domain = &g_array_index(line->domains, SchemataDomain, i);

                if (!find_domain(known, domain->id)) {
                        *ret_domain = domain->id;
                        return true;
                }
        }
        return false;
}
