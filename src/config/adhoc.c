/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how the values of a command line are written in a declaration. What they mean, and whether they are
 * right, is found where all declarations are read. */

#include "config/adhoc.h"

#include <errno.h>
#include <glib.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "config/words.h"

/* A value that is not split into words: only "%" means something in it. */
static void add_value(GString *text, const char *key, const char *value) {
        if (!value)
                return;
        g_string_append_printf(text, "%s=", key);
        for (; *value; value++) {
                if (*value == '%')
                        g_string_append_c(text, '%');
                g_string_append_c(text, *value);
        }
        g_string_append_c(text, '\n');
}

static void add_word(GString *text, const char *word) {
        _cleanup_free_ char *quoted = word_quote(word);

        g_string_append(text, quoted);
}

static void add_command(GString *text, char **words) {
        if (!words || !*words)
                return;
        g_string_append(text, "Exec=");
        for (char **word = words; *word; word++) {
                if (word > words)
                        g_string_append_c(text, ' ');
                add_word(text, *word);
        }
        g_string_append_c(text, '\n');
}

static void add_environment(GString *text, char **assignments) {
        for (; assignments && *assignments; assignments++) {
                g_string_append(text, "Environment=");
                add_word(text, *assignments);
                g_string_append_c(text, '\n');
        }
}

/* The program at the terminal has to know what can be done there. */
static void add_terminal_type(GString *text, const AdhocContainer *c) {
        _cleanup_free_ char *assignment = NULL;

        if (!c->terminal || !c->terminal_type)
                return;
        assignment = g_strconcat("TERM=", c->terminal_type, NULL);
        add_environment(text, (char *[]) { assignment, NULL });
}

/* Those of other sections do no harm here: what is none of ours is passed over. */
static void add_properties(GString *text, char **properties) {
        if (properties && *properties)
                g_string_append(text, "[Service]\n");
        for (; properties && *properties; properties++)
                g_string_append_printf(text, "%s\n", *properties);
}

char *adhoc_declaration(const AdhocContainer *c) {
        const struct {
                const char *key, *value;
        } values[] = {
                { "Rootfs", c->rootfs },
                { "Bundle", c->bundle },
                { "Image", c->image },
                { "Entrypoint", c->entrypoint },
                { "Network", c->network },
                { "OCIPatch", c->patch },
                { "WorkingDir", c->working_dir },
                { "User", c->user },
                { "Group", c->group },
                { "ReadOnly", c->read_only ? "yes" : NULL },
                { "Notify", c->notify_ready ? "ready" : NULL },
                { "Terminal", c->terminal ? "yes" : NULL },
        };
        GString *text = g_string_new("[Container]\n");

        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                add_value(text, values[i].key, values[i].value);
        for (char **volume = c->volumes; volume && *volume; volume++)
                add_value(text, "Volume", *volume);
        add_terminal_type(text, c);
        add_environment(text, c->environment);
        add_command(text, c->command);
        add_properties(text, c->properties);
        return g_string_free(text, FALSE);
}

int adhoc_container_id(const char *unit, char **ret) {
        _cleanup_free_ char *name = NULL, *id = NULL;
        const char *start = startswith(unit, "berth-") ? unit + strlen("berth-") : unit;
        size_t n = strlen(start);

        if (g_str_has_suffix(start, ".service"))
                n -= strlen(".service");
        name = g_strndup(start, n);
        id = unit_name_unescape(name);
        if (!id || !container_id_is_valid(id))
                return -EINVAL;
        *ret = TAKE_PTR(id);
        return 0;
}

char *adhoc_message(const char *text) {
        static const struct {
                const char *key, *option;
        } options[] = {
                { "Bundle", "bundle" }, { "Environment", "setenv" }, { "Group", "gid" },
                { "Image", "image" },   { "Network", "network" },    { "Rootfs", "rootfs" },
                { "User", "uid" },      { "Volume", "volume" },      { "WorkingDir", "working-directory" },
        };

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const char *rest = startswith(text, options[i].key);

                if (rest && *rest == '=')
                        return g_strconcat("--", options[i].option, rest, NULL);
        }
        return g_strdup(text);
}
