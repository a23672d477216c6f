/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the words in a mount's options (config.md, "Linux mount options"): which are flags of the mount, of
 * its tree, of the file system, or propagation; what no table knows is data for the file system. The last
 * word wins, as in runc. */

#include <errno.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include "spec/spec-internal.h"

#include "basic/parse-util.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* A word for the mount alone, and with "r" in front for everything below it. The access times are one field
 * of three values in the kernel: relatime is 0. */
typedef struct AttrWord {
        const char *word;
        uint64_t set, clear;
} AttrWord;

static const AttrWord attr_words[] = {
        { "atime", 0, MOUNT_ATTR_NOATIME },
        { "dev", 0, MOUNT_ATTR_NODEV },
        { "diratime", 0, MOUNT_ATTR_NODIRATIME },
        { "exec", 0, MOUNT_ATTR_NOEXEC },
        { "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
        { "nodev", MOUNT_ATTR_NODEV, 0 },
        { "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
        { "noexec", MOUNT_ATTR_NOEXEC, 0 },
        { "norelatime", 0, 0 },
        { "nostrictatime", 0, MOUNT_ATTR_STRICTATIME },
        { "nosuid", MOUNT_ATTR_NOSUID, 0 },
        { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
        { "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "ro", MOUNT_ATTR_RDONLY, 0 },
        { "rw", 0, MOUNT_ATTR_RDONLY },
        { "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
        { "suid", 0, MOUNT_ATTR_NOSUID },
        { "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
};

/* Flags of the superblock, and the words that take them back. */
static const struct {
        const char *word;
        const char *flag;
        bool on;
} superblock_words[] = {
        { "async", "sync", false }, { "dirsync", "dirsync", true },      { "lazytime", "lazytime", true },
        { "mand", "mand", true },   { "nolazytime", "lazytime", false }, { "nomand", "mand", false },
        { "sync", "sync", true },
};

/* Words that mean what is the case anyway: "defaults", a quiet kernel, and switches that no file system has
 * any more. */
static const char *const ignored_words[] = {
        "acl", "defaults", "iversion", "loud", "noacl", "noiversion", "silent",
};

static const struct {
        const char *word;
        size_t offset;
} flag_words[] = {
        { "copy", offsetof(SpecMount, copy) },
        { "copy-symlink", offsetof(SpecMount, copy_symlink) },
        { "dest-nofollow", offsetof(SpecMount, dest_nofollow) },
        { "own", offsetof(SpecMount, own) },
        { "own-source", offsetof(SpecMount, own_source) },
        { "src-nofollow", offsetof(SpecMount, src_nofollow) },
        { "tmpcopyup", offsetof(SpecMount, tmpcopyup) },
};

static const AttrWord *find_attr(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(attr_words); i++)
                if (streq(attr_words[i].word, word))
                        return &attr_words[i];
        return NULL;
}

static void apply_attr(const AttrWord *word, uint64_t *set, uint64_t *clear) {
        *set = (*set & ~word->clear) | word->set;
        *clear = (*clear | word->clear) & ~(word->set & ~(uint64_t) MOUNT_ATTR__ATIME);
        /* mount_setattr(2) wants all bits of the access time cleared or none. */
        if (word->clear & MOUNT_ATTR__ATIME)
                *clear |= MOUNT_ATTR__ATIME;
}

/* "ro" and "rro" both; "rw" is not "r" + "w". */
static bool apply_attr_word(SpecMount *mount, const char *option) {
        const AttrWord *word = find_attr(option);

        if (word) {
                apply_attr(word, &mount->attr_set, &mount->attr_clear);
                return true;
        }

        word = *option == 'r' ? find_attr(option + 1) : NULL;
        if (!word)
                return false;
        apply_attr(word, &mount->rec_attr_set, &mount->rec_attr_clear);
        return true;
}

static void strv_add(char ***strv, const char *s) {
        size_t n = *strv ? g_strv_length(*strv) : 0;

        *strv = g_renew(char *, *strv, n + 2);
        (*strv)[n] = g_strdup(s);
        (*strv)[n + 1] = NULL;
}

static void strv_drop(char **strv, const char *s) {
        char **kept = strv;

        if (!strv)
                return;
        for (; *strv; strv++)
                if (streq(*strv, s))
                        g_free(*strv);
                else
                        *kept++ = *strv;
        *kept = NULL;
}

static bool apply_superblock_word(SpecMount *mount, const char *option) {
        for (size_t i = 0; i < ELEMENTSOF(superblock_words); i++) {
                if (!streq(superblock_words[i].word, option))
                        continue;
                strv_drop(mount->superblock_flags, superblock_words[i].flag);
                if (superblock_words[i].on)
                        strv_add(&mount->superblock_flags, superblock_words[i].flag);
                return true;
        }
        return false;
}

static bool apply_propagation_word(SpecMount *mount, const char *option) {
        for (const JsonName *name = spec_propagation_names; name->name; name++) {
                if (!streq(name->name, option))
                        continue;
                mount->propagation = g_renew(unsigned long, mount->propagation, mount->n_propagation + 1);
                mount->propagation[mount->n_propagation++] = (unsigned long) name->value;
                return true;
        }
        return false;
}

static bool apply_flag_word(SpecMount *mount, const char *option) {
        for (size_t i = 0; i < ELEMENTSOF(flag_words); i++)
                if (streq(flag_words[i].word, option)) {
                        *(bool *) ((char *) mount + flag_words[i].offset) = true;
                        return true;
                }

        if (streq(option, "bind") || streq(option, "rbind")) {
                mount->bind = true;
                mount->recursive = *option == 'r';
                return true;
        }

        for (size_t i = 0; i < ELEMENTSOF(ignored_words); i++)
                if (streq(ignored_words[i], option))
                        return true;
        return false;
}

/* "0-1000-10#10-2000-5": container id, host id, count. "@0-5-10": the host id is one of the container's user
 * namespace, of which the mapping is known when all is read. */
static int parse_mappings(const char *text, SpecIdMapping **list, size_t *n) {
        _cleanup_strv_ char **items = g_strsplit(text, "#", -1);

        for (char **item = items; *item; item++) {
                bool relative = **item == '@';
                _cleanup_strv_ char **parts = g_strsplit(*item + relative, "-", -1);
                SpecIdMapping mapping = { .relative = relative };

                if (g_strv_length(parts) != 3 || parse_uint32(parts[0], &mapping.container_id) < 0 ||
                    parse_uint32(parts[1], &mapping.host_id) < 0 ||
                    parse_uint32(parts[2], &mapping.size) < 0 || mapping.size == 0)
                        return -EINVAL;
                *list = g_renew(SpecIdMapping, *list, *n + 1);
                (*list)[(*n)++] = mapping;
        }
        return 0;
}

/* crun's "uids=...;gids=...". */
static int parse_idmap_part(SpecMount *mount, const char *part) {
        const char *uids = startswith(part, "uids="), *gids = startswith(part, "gids=");

        if (uids)
                return parse_mappings(uids, &mount->id_map.uid, &mount->id_map.n_uid);
        if (gids)
                return parse_mappings(gids, &mount->id_map.gid, &mount->id_map.n_gid);
        return -EINVAL;
}

static int parse_idmap_text(SpecMount *mount, const char *text, const char **ret_rejected) {
        _cleanup_strv_ char **parts = g_strsplit(text, ";", -1);
        int r;

        for (char **part = parts; *part; part++) {
                r = parse_idmap_part(mount, *part);
                if (r < 0) {
                        *ret_rejected = "expected 'uids=CONTAINER-HOST-COUNT#...;gids=...'";
                        return r;
                }
        }
        return 0;
}

/* Returns 1 when it was an id mapping option. */
static int apply_idmap_option(SpecMount *mount, const char *option, const char **ret_rejected) {
        bool recursive = *option == 'r';
        const char *rest = startswith(option + recursive, "idmap");
        int r;

        if (!rest || (*rest && *rest != '='))
                return 0;

        mount->idmap = true;
        mount->idmap_recursive = recursive;
        if (*rest) {
                spec_id_map_clear(&mount->id_map);
                r = parse_idmap_text(mount, rest + 1, ret_rejected);
                if (r < 0)
                        return r;
        }
        return 1;
}

/* Data of mount(2) is one text, with commas in it: an option of the configuration may be several. Quotes
 * keep what is between them together, as the security modules want it ("context=\"...:c1,c2\""), a backslash
 * the comma behind it. */
static char *next_data(const char **text) {
        GString *option = g_string_new(NULL);
        bool quoted = false;

        for (; **text && (quoted || **text != ','); (*text)++) {
                if (**text == '"') {
                        quoted = !quoted;
                        continue;
                }
                if (**text == '\\' && (*text)[1])
                        g_string_append_c(option, *(*text)++);
                g_string_append_c(option, **text);
        }
        if (**text)
                (*text)++;
        return g_string_free(option, FALSE);
}

static void add_data(SpecMount *mount, const char *text) {
        while (*text) {
                _cleanup_free_ char *option = next_data(&text);

                if (*option)
                        strv_add(&mount->data, option);
        }
}

static bool has_label(const SpecMount *mount) {
        for (char **option = mount->data; option && *option; option++)
                for (const JsonName *word = spec_label_contexts; word->name; word++)
                        if (g_str_has_prefix(*option, word->name) && (*option)[strlen(word->name)] == '=')
                                return true;
        return false;
}

void spec_mount_set_label(SpecMount *mount, const char *context, const char *label) {
        static const char *const unlabelled[] = { "cgroup", "cgroup2", "mqueue", "proc", "sysfs", NULL };
        _cleanup_free_ char *option = NULL;

        if (isempty(label) || mount->bind || isempty(mount->type) || has_label(mount) ||
            g_strv_contains(unlabelled, mount->type))
                return;
        option = g_strdup_printf("%s=%s", context, label);
        strv_add(&mount->data, option);
}

int spec_mount_apply_option(SpecMount *mount, const char *option, const char **ret_rejected) {
        int r;

        if (streq(option, "remount")) {
                *ret_rejected = "changing a mount that exists is not supported";
                return -EINVAL;
        }
        if (!*option || apply_attr_word(mount, option) || apply_flag_word(mount, option) ||
            apply_superblock_word(mount, option) || apply_propagation_word(mount, option))
                return 0;

        r = apply_idmap_option(mount, option, ret_rejected);
        if (r != 0)
                return r < 0 ? r : 0;

        add_data(mount, option);
        return 0;
}
