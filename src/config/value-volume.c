/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about what is mounted into the container. */

#include "config/container-values.h"

#include <stddef.h>
#include <string.h>

#include "basic/declared-name.h"
#include "basic/macro.h"
#include "basic/parse-util.h"

void container_volume_free(void *volume) {
        ContainerVolume *v = volume;

        g_free(v->source);
        g_free(v->destination);
        g_strfreev(v->options);
        g_free(v);
}

/* Words of mount(8), and those of engines, with the kinds of volumes that they make sense for. */
enum {
        BINDS = 1 << 0,
        TMPFS = 1 << 1,
        NAMES = 1 << 2, /* volumes of ours */
};

static const struct {
        const char *word; /* with "=" at the end: takes a value */
        unsigned kinds;
        const char *ignored; /* why it has no effect */
} volume_options[] = {
        { "ro", BINDS | TMPFS },
        { "rw", BINDS | TMPFS },
        { "bind", BINDS },
        { "rbind", BINDS },
        { "nosuid", BINDS | TMPFS },
        { "suid", BINDS | TMPFS },
        { "nodev", BINDS | TMPFS },
        { "dev", BINDS | TMPFS },
        { "noexec", BINDS | TMPFS },
        { "exec", BINDS | TMPFS },
        { "noatime", BINDS | TMPFS },
        { "relatime", BINDS | TMPFS },
        { "private", BINDS },
        { "rprivate", BINDS },
        { "shared", BINDS },
        { "rshared", BINDS },
        { "slave", BINDS },
        { "rslave", BINDS },
        { "idmap", BINDS },
        { "ridmap", BINDS },
        { "rro", BINDS },
        { "nosymfollow", BINDS | TMPFS },
        { "O", BINDS },
        { "U", BINDS },
        { "copy", NAMES },
        { "nocopy", NAMES },
        { "z", BINDS, "SELinux labels are not changed" },
        { "Z", BINDS, "SELinux labels are not changed" },
        { "size=", TMPFS },
        { "mode=", TMPFS },
        { "uid=", TMPFS },
        { "gid=", TMPFS },
        { "nr_inodes=", TMPFS },
        { "nr_blocks=", TMPFS },
        { "huge=", TMPFS },
        { "tmpcopyup", TMPFS },
        { "notmpcopyup", TMPFS },
};

static bool is_word(const char *word, const char *option) {
        size_t n = strlen(option);

        return option[n - 1] == '=' ? strncmp(word, option, n) == 0 && word[n] : streq(word, option);
}

static unsigned kinds_of(const ContainerVolume *v) {
        if (v->kind == CONTAINER_VOLUME_TMPFS)
                return TMPFS;
        return v->kind == CONTAINER_VOLUME_PATH ? BINDS : BINDS | NAMES;
}

static void unknown_option(const ValueContext *c, const ContainerVolume *v, const char *word) {
        _cleanup_free_ char *name = g_strndup(word, strcspn(word, "=") + (strchr(word, '=') ? 1 : 0));
        const char *names[ELEMENTSOF(volume_options)], *near;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(volume_options); i++)
                if (volume_options[i].kinds & kinds_of(v))
                        names[n++] = volume_options[i].word;
        near = config_suggest(name, names, n);
        value_error(c, "%s=: unknown option '%.40s'%s%s%s", c->entry->key, word,
                    near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

/* Options that are ours and no words of a mount. */
static bool take_own_option(ContainerVolume *v, const char *word) {
        if (streq(word, "O"))
                v->overlay = true;
        else if (streq(word, "U"))
                v->own = true;
        else if (streq(word, "copy") || streq(word, "nocopy"))
                v->no_copy = streq(word, "nocopy");
        else
                return false;
        return true;
}

static bool check_option(const ValueContext *c, ContainerVolume *v, const char *word, bool *ret_keep) {
        for (size_t i = 0; i < ELEMENTSOF(volume_options); i++) {
                const char *ignored = volume_options[i].ignored;

                if (!(volume_options[i].kinds & kinds_of(v)) || !is_word(word, volume_options[i].word))
                        continue;
                if (ignored)
                        value_warning(c, "%s=: option '%s' is ignored: %s", c->entry->key, word, ignored);
                *ret_keep = !ignored && !take_own_option(v, word);
                return true;
        }
        unknown_option(c, v, word);
        return false;
}

static bool parse_options(const ValueContext *c, ContainerVolume *v, const char *text) {
        _cleanup_strv_ char **words = g_strsplit(text, ",", -1);
        GPtrArray *kept = g_ptr_array_new();
        bool good = true;

        for (char **w = words; *w; w++) {
                bool keep = false;

                if (**w && !check_option(c, v, *w, &keep))
                        good = false;
                if (keep)
                        g_ptr_array_add(kept, g_strdup(*w));
        }
        g_ptr_array_add(kept, NULL);
        v->options = (char **) g_ptr_array_free(kept, FALSE);
        return good;
}

static ContainerVolume *volume_new(const ValueContext *c, ContainerVolumeKind kind) {
        ContainerVolume *v = g_new0(ContainerVolume, 1);

        v->kind = kind;
        v->key = c->entry->key;
        v->file = c->entry->file;
        v->line = c->entry->line;
        return v;
}

/* In the options of overlayfs, these separate. */
static bool can_be_lower(const char *path) {
        return !strpbrk(path, ":,\\");
}

static bool has_mapping(const ContainerVolume *v) {
        const char *const *words = (const char *const *) v->options;

        return g_strv_contains(words, "idmap") || g_strv_contains(words, "ridmap");
}

static bool check_places(const ValueContext *c, const ContainerVolume *v) {
        if (streq(v->destination, "/"))
                value_error(c, "%s=: the destination cannot be '/'", c->entry->key);
        else if (v->own && (v->overlay || has_mapping(v)))
                value_error(c, "%s=: options U and %s exclude each other", c->entry->key,
                            v->overlay ? "O" : "idmap");
        else if (v->overlay && v->kind == CONTAINER_VOLUME_PATH && !can_be_lower(v->source))
                value_error(c, "%s=: with option O, a source cannot have ':', ',' and '\\' in its path",
                            c->entry->key);
        else
                return true;
        return false;
}

/* Takes the volume over. */
static void add_volume(const ValueContext *c, GPtrArray *list, ContainerVolume *v, const char *options) {
        bool good = parse_options(c, v, options);

        if (check_places(c, v) && good)
                g_ptr_array_add(list, v);
        else
                container_volume_free(v);
}

/* "db" and "db.volume" are volumes of ours; what has a slash is a path. */
static bool name_is_valid(const char *s) {
        if (!g_ascii_isalnum(*s) || strlen(s) > 255)
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("_.-", *s))
                        return false;
        return true;
}

/* "db" of "db.volume", "db@1" of "db@1.volume"; NULL: no such name. */
static char *name_of_file(const char *source) {
        char *name = g_strndup(source, strlen(source) - STRLEN(".volume"));

        if (g_ascii_isalnum(*name) && declared_name_check(name) >= 0 && !declared_is_template(name))
                return name;
        g_free(name);
        return NULL;
}

/* NULL: what the source says is wrong, which was told. */
static ContainerVolume *parse_source(const ValueContext *c, const char *source) {
        bool path = *source == '.' || strchr(source, '/');
        bool file = !path && g_str_has_suffix(source, ".volume");
        _cleanup_free_ char *text = NULL;
        ContainerVolume *v;

        if (path)
                text = value_resolve_path(c, source);
        else if (file)
                text = name_of_file(source);
        else if (name_is_valid(source))
                text = g_strdup(source);
        if (isempty(text)) {
                value_error(c, "%s=: '%.80s' is neither a path without '..' nor the name of a volume",
                            c->entry->key, source);
                return NULL;
        }
        v = volume_new(c,
                       path ? CONTAINER_VOLUME_PATH
                            : (file ? CONTAINER_VOLUME_FILE : CONTAINER_VOLUME_NAMED));
        v->source = TAKE_PTR(text);
        return v;
}

static bool set_destination(const ValueContext *c, ContainerVolume *v, const char *text) {
        v->destination = value_normalize_path(text);
        if (v->destination)
                return true;
        value_error(c, "%s=: '%.80s' is not an absolute path without '..'", c->entry->key, text);
        container_volume_free(v);
        return false;
}

void value_volume(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 3);
        ContainerVolume *v;

        if (!parts[1] && *parts[0] == '/') {
                v = volume_new(c, CONTAINER_VOLUME_ANONYMOUS);
                if (set_destination(c, v, parts[0]))
                        add_volume(c, *(GPtrArray **) field, v, "");
                return;
        }
        if (!parts[1]) {
                value_error(c, "%s=%s: expected SOURCE:DESTINATION[:OPTIONS]", c->entry->key, c->value);
                return;
        }
        v = parse_source(c, parts[0]);
        if (v && set_destination(c, v, parts[1]))
                add_volume(c, *(GPtrArray **) field, v, parts[2] ?: "");
}

void value_tmpfs(const ValueContext *c, void *field) {
        _cleanup_strv_ char **parts = g_strsplit(c->value, ":", 2);
        ContainerVolume *v = volume_new(c, CONTAINER_VOLUME_TMPFS);

        if (set_destination(c, v, parts[0]))
                add_volume(c, *(GPtrArray **) field, v, parts[1] ?: "");
}

/* ---- Mount=: KEY=VALUE, separated by commas ---- */

typedef struct MountWords {
        char *type, *source, *target;
        GString *options;
} MountWords;

static const struct {
        const char *key;
        size_t offset;
} mount_places[] = {
        { "type", offsetof(MountWords, type) },          { "source", offsetof(MountWords, source) },
        { "src", offsetof(MountWords, source) },         { "target", offsetof(MountWords, target) },
        { "destination", offsetof(MountWords, target) }, { "dst", offsetof(MountWords, target) },
};

/* Flags that become an option; NULL: none. */
static const struct {
        const char *key, *on, *off;
} mount_flags[] = {
        { "ro", "ro", "rw" },
        { "readonly", "ro", "rw" },
        { "rw", "rw", "ro" },
        { "bind-nonrecursive", "bind", NULL },
        { "idmap", "idmap", NULL },
        { "U", "U", NULL },
        { "chown", "U", NULL },
        { "nocopy", "nocopy", "copy" },
        { "notmpcopyup", "notmpcopyup", "tmpcopyup" },
        { "tmpcopyup", "tmpcopyup", "notmpcopyup" },
};

static void mount_words_done(MountWords *w) {
        g_free(w->type);
        g_free(w->source);
        g_free(w->target);
        g_string_free(w->options, TRUE);
}

static bool take_place(MountWords *w, const char *key, const char *value) {
        for (size_t i = 0; i < ELEMENTSOF(mount_places); i++) {
                char **field = (char **) ((char *) w + mount_places[i].offset);

                if (!streq(mount_places[i].key, key))
                        continue;
                g_free(*field);
                *field = g_strdup(value);
                return true;
        }
        return false;
}

static bool take_flag(MountWords *w, const char *key, const char *value) {
        for (size_t i = 0; i < ELEMENTSOF(mount_flags); i++) {
                bool on = true;
                const char *option;

                if (!streq(mount_flags[i].key, key))
                        continue;
                if (value && parse_boolean(value, &on) < 0)
                        return false;
                option = on ? mount_flags[i].on : mount_flags[i].off;
                g_string_append_printf(w->options, "%s,", option ?: "");
                return true;
        }
        return false;
}

/* What is left are options as they are, with or without "tmpfs-". */
static void take_word(MountWords *w, const char *word) {
        _cleanup_strv_ char **parts = g_strsplit(word, "=", 2);

        if ((parts[0] && parts[1] && take_place(w, parts[0], parts[1])) || !parts[0] ||
            take_flag(w, parts[0], parts[1]))
                return;
        if (streq(parts[0], "bind-propagation") && parts[1])
                g_string_append_printf(w->options, "%s,", parts[1]);
        else
                g_string_append_printf(w->options, "%s,", startswith(word, "tmpfs-") ?: word);
}

/* A source of type=bind is a path, also without a slash; one of type=volume is none. */
static ContainerVolume *volume_of_source(const ValueContext *c, const MountWords *w) {
        _cleanup_free_ char *path = NULL;

        if (w->type && streq(w->type, "bind") && !strchr(w->source, '/')) {
                path = g_strdup_printf("./%s", w->source);
                return parse_source(c, path);
        }
        if (w->type && streq(w->type, "volume") && (*w->source == '.' || strchr(w->source, '/'))) {
                value_error(c, "%s=: '%.80s' is a path, for which there is type=bind", c->entry->key,
                            w->source);
                return NULL;
        }
        return parse_source(c, w->source);
}

static ContainerVolume *volume_of_type(const ValueContext *c, const MountWords *w) {
        if (w->type && streq(w->type, "tmpfs")) {
                if (!w->source)
                        return volume_new(c, CONTAINER_VOLUME_TMPFS);
                value_error(c, "%s=: a tmpfs has no source", c->entry->key);
        } else if (w->type && !streq(w->type, "bind") && !streq(w->type, "volume"))
                value_error(c, "%s=: type=%.20s: expected bind, volume or tmpfs", c->entry->key, w->type);
        else if (!w->source && w->type && streq(w->type, "volume"))
                return volume_new(c, CONTAINER_VOLUME_ANONYMOUS);
        else if (!w->source)
                value_error(c, "%s=: source= is missing", c->entry->key);
        else
                return volume_of_source(c, w);
        return NULL;
}

void value_mount(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = g_strsplit(c->value, ",", -1);
        _cleanup_(mount_words_done) MountWords w = { .options = g_string_new(NULL) };
        ContainerVolume *v;

        for (char **word = words; *word; word++)
                take_word(&w, *word);
        if (!w.target) {
                value_error(c, "%s=: target= is missing", c->entry->key);
                return;
        }
        v = volume_of_type(c, &w);
        if (v && set_destination(c, v, w.target))
                add_volume(c, *(GPtrArray **) field, v, w.options->str);
}
