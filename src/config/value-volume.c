/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about what is mounted into the container. */

#include "config/container-values.h"

#include "basic/macro.h"

void container_volume_free(void *volume) {
        ContainerVolume *v = volume;

        g_free(v->source);
        g_free(v->destination);
        g_strfreev(v->options);
        g_free(v);
}

/* Words of mount(8) that make sense for a bind mount; NULL stands for words that are left out, with a
 * warning. */
static const struct {
        const char *word;
        const char *ignored; /* why it has no effect */
} volume_options[] = {
        { "ro" },
        { "rw" },
        { "bind" },
        { "rbind" },
        { "nosuid" },
        { "suid" },
        { "nodev" },
        { "dev" },
        { "noexec" },
        { "exec" },
        { "noatime" },
        { "relatime" },
        { "private" },
        { "rprivate" },
        { "shared" },
        { "rshared" },
        { "slave" },
        { "rslave" },
        { "idmap" },
        { "ridmap" },
        { "rro" },
        { "nosymfollow" },
        { "z", "SELinux labels are not changed" },
        { "Z", "SELinux labels are not changed" },
};

static bool check_volume_option(const ValueContext *c, const char *word, bool *ret_keep) {
        const char *names[ELEMENTSOF(volume_options)], *near;

        for (size_t i = 0; i < ELEMENTSOF(volume_options); i++) {
                names[i] = volume_options[i].word;
                if (!streq(names[i], word))
                        continue;
                if (volume_options[i].ignored)
                        value_warning(c, "%s=: option '%s' is ignored: %s", c->entry->key, word,
                                      volume_options[i].ignored);
                *ret_keep = !volume_options[i].ignored;
                return true;
        }
        near = config_suggest(word, names, ELEMENTSOF(names));
        value_error(c, "%s=: unknown option '%.40s'%s%s%s", c->entry->key, word,
                    near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
        return false;
}

static bool parse_volume_options(const ValueContext *c, const char *text, char ***ret) {
        _cleanup_strv_ char **words = g_strsplit(text, ",", -1);
        GPtrArray *kept = g_ptr_array_new();
        bool good = true;

        for (char **w = words; *w; w++) {
                bool keep = false;

                if (**w && !check_volume_option(c, *w, &keep))
                        good = false;
                if (keep)
                        g_ptr_array_add(kept, g_strdup(*w));
        }
        g_ptr_array_add(kept, NULL);
        *ret = (char **) g_ptr_array_free(kept, FALSE);
        return good;
}

void value_volume(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 3);
        ContainerVolume *volume = g_new0(ContainerVolume, 1);
        bool good = true;

        if (!parts[1]) {
                value_error(c, "%s=%s: expected SOURCE:DESTINATION[:OPTIONS]", c->entry->key, c->value);
                container_volume_free(volume);
                return;
        }
        volume->file = c->entry->file;
        volume->line = c->entry->line;
        volume->source = value_normalize_path(parts[0]);
        volume->destination = value_normalize_path(parts[1]);
        if (!volume->source || !volume->destination) {
                value_error(c, "%s=: '%.80s' is not an absolute path without '..'", c->entry->key,
                            volume->source ? parts[1] : parts[0]);
                good = false;
        } else if (streq(volume->destination, "/")) {
                value_error(c, "%s=: the destination cannot be '/'", c->entry->key);
                good = false;
        }
        if (!parse_volume_options(c, parts[2] ?: "", &volume->options) || !good) {
                container_volume_free(volume);
                return;
        }
        g_ptr_array_add(*(GPtrArray **) field, volume);
}
