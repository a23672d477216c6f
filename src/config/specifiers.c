/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the specifiers of declarations: those of systemd.unit(5), with the values that they have in the unit.
 * The generator uses them, too: nothing here asks a service for names, and only files of the root file
 * system are read. */

#include "config/specifiers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/declared-name.h"
#include "basic/macro.h"
#include "basic/unit-name.h"

typedef struct Specifier {
        char letter;
        char *(*value)(const SpecifierContext *c, const char *detail); /* NULL: not known on this machine */
        const char *detail;
} Specifier;

static bool is_user(void) {
        return geteuid() != 0;
}

/* ---- names ---- */

/* An instance of a template has names as if the template were the unit; NULL for others. */
static const char *own_instance(const SpecifierContext *c) {
        const char *instance = declared_instance(c->container);

        return instance && !*instance ? SPECIFIER_ANY_INSTANCE : instance;
}

static char *instance(const SpecifierContext *c, const char *detail) {
        if (c->volume && !own_instance(c))
                return g_strdup("");
        return own_instance(c) ? g_strdup(own_instance(c)) : declared_escape(c->container);
}

/* Of a template's instance, a path as systemd-escape(1) writes it. Malformed escapes stay. */
static char *container(const SpecifierContext *c, const char *detail) {
        _cleanup_free_ char *path = NULL;
        char *unescaped;

        if (!own_instance(c))
                return g_strdup(c->volume ? "" : c->container);
        path = g_strdelimit(g_strdup(own_instance(c)), "-", '/');
        unescaped = unit_name_unescape(path);
        return unescaped ?: TAKE_PTR(path);
}

static char *unit(const SpecifierContext *c, const char *type) {
        _cleanup_free_ char *escaped = declared_escape(c->container);

        if (c->volume)
                return g_strdup_printf("%s%s", escaped, isempty(type) ? "" : ".volume");
        return g_strdup_printf(
                        "container@%s%s%s", escaped,
                        declared_is_template(c->container) ? SPECIFIER_ANY_INSTANCE : "", type);
}

static char *text(const SpecifierContext *c, const char *value) {
        return g_strdup(value);
}

/* P and p: the template's name, or that of all units. J and j: what follows its last "-". Capitals are not
 * escaped. */
static char *prefix(const SpecifierContext *c, const char *detail) {
        _cleanup_free_ char *name = NULL;
        const char *part, *dash;

        if (!own_instance(c) && !c->volume)
                return g_strdup("container");
        name = g_strndup(c->container, strcspn(c->container, "@"));
        dash = strrchr(name, '-');
        part = (*detail == 'J' || *detail == 'j') && dash ? dash + 1 : name;
        return g_ascii_islower(*detail) ? unit_name_escape(part) : g_strdup(part);
}

static char *path_of_file(const SpecifierContext *c, const char *detail) {
        return *detail == 'y' ? g_strdup(c->file) : g_path_get_dirname(c->file);
}

/* ---- users ---- */

static char *user_name(const SpecifierContext *c, const char *detail) {
        const char *name = getenv("USER");

        if (!is_user())
                return g_strdup("root");
        return isempty(name) ? NULL : g_strdup(name);
}

static char *user_id(const SpecifierContext *c, const char *detail) {
        return g_strdup_printf("%u", *detail == 'U' ? (unsigned) geteuid() : (unsigned) getegid());
}

static char *home(const SpecifierContext *c, const char *detail) {
        const char *path = getenv("HOME");

        if (!is_user())
                return g_strdup("/root");
        return isempty(path) ? NULL : g_strdup(path);
}

/* ---- directories: SYSTEM|VARIABLE|BELOW-HOME ---- */

static char *directory(const SpecifierContext *c, const char *detail) {
        _cleanup_strv_ char **parts = g_strsplit(detail, "|", 3);
        const char *value = getenv(parts[1]), *top = getenv("HOME");

        if (!is_user())
                return g_strdup(parts[0]);
        if (!isempty(value) && *value == '/')
                return g_strdup(value);
        return isempty(top) || !*parts[2] ? NULL : g_strdup_printf("%s/%s", top, parts[2]);
}

static char *log_directory(const SpecifierContext *c, const char *detail) {
        _cleanup_free_ char *state = NULL;

        if (!is_user())
                return g_strdup("/var/log");
        state = directory(c, "/var/lib|XDG_STATE_HOME|.local/state");
        return state ? g_strdup_printf("%s/log", state) : NULL;
}

static char *credentials(const SpecifierContext *c, const char *detail) {
        _cleanup_free_ char *top = directory(c, "/run|XDG_RUNTIME_DIR|"), *name = unit(c, ".service");

        return top && !c->volume ? g_strdup_printf("%s/credentials/%s", top, name) : NULL;
}

static char *temporary(const SpecifierContext *c, const char *fallback) {
        static const char *const names[] = { "TMPDIR", "TEMP", "TMP" };

        for (size_t i = 0; is_user() && i < ELEMENTSOF(names); i++) {
                const char *value = getenv(names[i]);

                if (value && *value == '/')
                        return g_strdup(value);
        }
        return g_strdup(fallback);
}

/* ---- the machine ---- */

static char *first_line(const SpecifierContext *c, const char *path) {
        char *line = NULL;

        if (!g_file_get_contents(path, &line, NULL, NULL))
                return NULL;
        line[strcspn(line, "\n")] = '\0';
        return line;
}

static char *boot_id(const SpecifierContext *c, const char *path) {
        _cleanup_free_ char *line = first_line(c, path);
        _cleanup_strv_ char **parts = line ? g_strsplit(line, "-", -1) : NULL;

        return parts ? g_strjoinv("", parts) : NULL;
}

/* ID of os-release(5) and others; a member that is not there is empty, as in units. */
static char *os_release(const SpecifierContext *c, const char *key) {
        _cleanup_free_ char *release = NULL;
        _cleanup_strv_ char **lines = NULL;

        if (!g_file_get_contents("/etc/os-release", &release, NULL, NULL) &&
            !g_file_get_contents("/usr/lib/os-release", &release, NULL, NULL))
                return NULL;
        lines = g_strsplit(release, "\n", -1);
        for (char **line = lines; *line; line++) {
                const char *value = startswith(*line, key);

                if (value && *value++ == '=')
                        return g_shell_unquote(value, NULL);
        }
        return g_strdup("");
}

static char *system_name(const SpecifierContext *c, const char *detail) {
        struct utsname uts;

        if (uname(&uts) < 0)
                return NULL;
        if (*detail == 'l')
                uts.nodename[strcspn(uts.nodename, ".")] = '\0';
        return g_strdup(*detail == 'v' ? uts.release : uts.nodename);
}

/* systemd's names of architectures. */
static char *architecture(const SpecifierContext *c, const char *detail) {
        static const struct {
                const char *machine, *name;
        } names[] = {
                { "x86_64", "x86-64" }, { "aarch64", "arm64" },    { "i686", "x86" },
                { "armv7l", "arm" },    { "ppc64le", "ppc64-le" },
        };
        struct utsname uts;

        if (uname(&uts) < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].machine, uts.machine))
                        return g_strdup(names[i].name);
        return g_strdup(uts.machine);
}

static const Specifier specifiers[] = {
        { '%', text, "%" },
        { 'A', os_release, "IMAGE_VERSION" },
        { 'B', os_release, "BUILD_ID" },
        { 'C', directory, "/var/cache|XDG_CACHE_HOME|.cache" },
        { 'E', directory, "/etc|XDG_CONFIG_HOME|.config" },
        { 'G', user_id, "G" },
        { 'H', system_name, "H" },
        { 'I', container },
        { 'J', prefix, "J" },
        { 'L', log_directory },
        { 'M', os_release, "IMAGE_ID" },
        { 'N', unit, "" },
        { 'P', prefix, "P" },
        { 'S', directory, "/var/lib|XDG_STATE_HOME|.local/state" },
        { 'T', temporary, "/tmp" },
        { 'U', user_id, "U" },
        { 'V', temporary, "/var/tmp" },
        { 'W', os_release, "VARIANT_ID" },
        { 'Y', path_of_file, "Y" },
        { 'a', architecture },
        { 'b', boot_id, "/proc/sys/kernel/random/boot_id" },
        { 'd', credentials },
        { 'h', home },
        { 'i', instance },
        { 'j', prefix, "j" },
        { 'l', system_name, "l" },
        { 'm', first_line, "/etc/machine-id" },
        { 'n', unit, ".service" },
        { 'o', os_release, "ID" },
        { 'p', prefix, "p" },
        { 't', directory, "/run|XDG_RUNTIME_DIR|" },
        { 'u', user_name },
        { 'v', system_name, "v" },
        { 'w', os_release, "VERSION_ID" },
        { 'y', path_of_file, "y" },
};

static char *value_of(const SpecifierContext *c, char letter) {
        for (size_t i = 0; i < ELEMENTSOF(specifiers); i++)
                if (specifiers[i].letter == letter)
                        return specifiers[i].value(c, specifiers[i].detail);
        return NULL;
}

/* So that words_split() gives it back as it is. */
static void append_escaped(GString *out, const char *s) {
        for (; *s; s++)
                if (strchr(" \t\n\"'\\", *s))
                        g_string_append_printf(out, "\\x%02x", (unsigned char) *s);
                else
                        g_string_append_c(out, *s);
}

int specifiers_expand(
                const char *s, const SpecifierContext *context, bool escape, char **ret, char *ret_bad) {
        _cleanup_string_ GString *out = NULL;

        if (!strchr(s, '%')) {
                *ret = g_strdup(s);
                return 0;
        }
        out = g_string_new(NULL);
        for (; *s; s++) {
                _cleanup_free_ char *value = NULL;

                if (*s != '%') {
                        g_string_append_c(out, *s);
                        continue;
                }
                value = value_of(context, *++s);
                if (!value) {
                        *ret_bad = *s;
                        return -EINVAL;
                }
                if (escape)
                        append_escaped(out, value);
                else
                        g_string_append(out, value);
        }
        *ret = g_string_free(TAKE_PTR(out), FALSE);
        return 0;
}

char *specifiers_expand_instance(const char *s, const SpecifierContext *context) {
        _cleanup_string_ GString *out = g_string_new(NULL);

        for (; *s; s++) {
                _cleanup_free_ char *value = NULL;

                if (*s != '%' || !s[1]) {
                        g_string_append_c(out, *s);
                        continue;
                }
                s++;
                if (*s != '%' && strchr("IJPijp", *s))
                        value = value_of(context, *s);
                if (!value)
                        g_string_append_c(out, '%');
                for (const char *p = value ?: (const char[]) { *s, 0 }; *p; p++)
                        g_string_append_printf(out, value && *p == '%' ? "%%%c" : "%c", *p);
        }
        return g_string_free(TAKE_PTR(out), FALSE);
}
