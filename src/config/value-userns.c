/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the values of keys about user namespaces. Which ids of the host they come to is only known when the
 * container starts. */

#include "config/container-values.h"

#include "basic/macro.h"
#include "basic/parse-util.h"

/* ---- a range ---- */

/* "INSIDE:OUTSIDE[:COUNT]", where "@" in front of OUTSIDE makes it an id of the host. */
static bool parse_range(const char *text, ContainerIdRange *ret) {
        _cleanup_strv_ char **fields = g_strsplit(text, ":", 4);
        guint n = g_strv_length(fields);
        ContainerIdRange range = { .count = 1 };

        if (n < 2 || n > 3)
                return false;
        range.on_host = *fields[1] == '@';
        if (parse_uint32(fields[0], &range.inside) < 0 ||
            parse_uint32(fields[1] + range.on_host, &range.outside) < 0 ||
            (n == 3 && parse_uint32(fields[2], &range.count) < 0))
                return false;
        if (range.count == 0 || range.inside > UINT32_MAX - range.count ||
            range.outside > UINT32_MAX - range.count)
                return false;
        *ret = range;
        return true;
}

static bool add_range(GPtrArray **list, const char *text) {
        ContainerIdRange range;

        if (!parse_range(text, &range))
                return false;
        if (!*list)
                *list = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(*list, g_memdup2(&range, sizeof range));
        return true;
}

void value_id_map(const ValueContext *c, void *field) {
        if (*c->value && strchr("+ug", *c->value))
                value_error(c, "%s=%s: the flags '+', 'u' and 'g' are not possible here", c->entry->key,
                            c->value);
        else if (!add_range(field, c->value))
                value_error(c, "%s=%s: expected CONTAINER:HOST[:COUNT], all numbers", c->entry->key,
                            c->value);
}

/* ---- UserNS= ---- */

static const struct {
        const char *word; /* with ":" at the end: anything may follow */
        const char *why;
} refused[] = {
        { "container:", "user namespaces are not shared; give both containers the same UIDMap=" },
        { "nomap", "without your own id, nobody in the container could read its root; use keep-id" },
        { "ns:", "user namespaces are not joined; use UIDMap= and GIDMap=" },
        { "private", "say which ids it has: use auto, or UIDMap= and GIDMap=" },
};

static bool is_refused(const ValueContext *c) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                const char *rest = startswith(c->value, refused[i].word);

                if (!rest || (*rest && rest[-1] != ':'))
                        continue;
                value_error(c, "%s=%s: %s", c->entry->key, c->value, refused[i].why);
                return true;
        }
        return false;
}

static bool take_auto_option(ContainerUserNamespace *userns, const char *word) {
        const char *size = startswith(word, "size="), *uids = startswith(word, "uidmapping="),
                   *gids = startswith(word, "gidmapping=");

        if (size)
                return parse_uint32(size, &userns->size) >= 0 && userns->size > 0;
        if (uids)
                return add_range(&userns->uids, uids);
        return gids && add_range(&userns->gids, gids);
}

static bool take_keep_id_option(ContainerUserNamespace *userns, const char *word) {
        const char *uid = startswith(word, "uid="), *gid = startswith(word, "gid=");

        if (uid) {
                userns->has_uid = true;
                return parse_uint32(uid, &userns->uid) >= 0 && userns->uid != UINT32_MAX;
        }
        userns->has_gid = gid;
        return gid && parse_uint32(gid, &userns->gid) >= 0 && userns->gid != UINT32_MAX;
}

static const struct {
        const char *word;
        ContainerUserns mode;
        bool (*take_option)(ContainerUserNamespace *userns, const char *word); /* NULL: there are none */
        const char *options;
} modes[] = {
        { "host", CONTAINER_USERNS_HOST },
        { "auto", CONTAINER_USERNS_AUTO, take_auto_option, "size=N, uidmapping=C:H:N or gidmapping=C:H:N" },
        { "keep-id", CONTAINER_USERNS_KEEP_ID, take_keep_id_option, "uid=N or gid=N" },
};

static void userns_clear(ContainerUserNamespace *userns) {
        if (userns->uids)
                g_ptr_array_unref(userns->uids);
        if (userns->gids)
                g_ptr_array_unref(userns->gids);
        *userns = (ContainerUserNamespace) { 0 };
}

/* NULL, or the option that is none. */
static const char *take_options(ContainerUserNamespace *userns, size_t mode, char **words) {
        for (; *words; words++)
                if (!modes[mode].take_option || !modes[mode].take_option(userns, *words))
                        return *words;
        return NULL;
}

void value_userns(const ValueContext *c, void *field) {
        size_t n = strcspn(c->value, ":"), i = 0;
        ContainerUserNamespace userns = { 0 };
        _cleanup_strv_ char **words = NULL;
        const char *bad;

        while (i < ELEMENTSOF(modes) &&
               (strlen(modes[i].word) != n || strncmp(modes[i].word, c->value, n) != 0))
                i++;
        if (i == ELEMENTSOF(modes)) {
                if (!is_refused(c))
                        value_error(c, "%s=%s: expected host, auto or keep-id", c->entry->key, c->value);
                return;
        }
        words = g_strsplit(c->value[n] ? c->value + n + 1 : "", ",", -1);
        bad = take_options(&userns, i, words);
        if (bad) {
                value_error(c, "%s=: '%.60s': expected %s", c->entry->key, bad,
                            modes[i].options ?: "no options");
                userns_clear(&userns);
                return;
        }
        userns.mode = modes[i].mode;
        userns_clear(field);
        *(ContainerUserNamespace *) field = userns;
}

/* ---- Remap...= ---- */

void value_remap_users(const ValueContext *c, void *field) {
        static const char *const words[] = { "manual", "auto", "keep-id" };

        if (value_find_word(words, ELEMENTSOF(words), c->value) < 0) {
                value_error(c, "%s=%s: expected manual, auto or keep-id", c->entry->key, c->value);
                return;
        }
        g_free(*(char **) field);
        *(char **) field = g_strdup(c->value);
}

void value_remap_ids(const ValueContext *c, void *field) {
        _cleanup_strv_ char **words = NULL;

        if (value_split(c, &words))
                value_append_words(field, TAKE_PTR(words));
}

static void remap_error(const ContainerFile *c, const char *key, const char *value, GPtrArray *messages) {
        config_message(messages, LOG_ERR, c->path, 0, "%s=%s: expected %s with RemapUsers=%s", key, value,
                       streq(c->remap_users, "keep-id") ? "one number" : "CONTAINER:HOST[:COUNT]",
                       c->remap_users);
}

static void remap_ranges(
                const ContainerFile *c, const char *key, char **values, GPtrArray **list,
                GPtrArray *messages) {
        for (; values && *values; values++)
                if (!add_range(list, *values))
                        remap_error(c, key, *values, messages);
}

/* Whether there is one. */
static bool remap_number(
                const ContainerFile *c, const char *key, char **values, uint32_t *ret, GPtrArray *messages) {
        if (!values || !*values)
                return false;
        if (values[1] || parse_uint32(values[0], ret) < 0)
                remap_error(c, key, values[1] ?: values[0], messages);
        return true;
}

static void remap(ContainerFile *c, GPtrArray *messages) {
        ContainerUserNamespace *userns = &c->userns;

        if (streq(c->remap_users, "keep-id")) {
                userns->mode = CONTAINER_USERNS_KEEP_ID;
                userns->has_uid = remap_number(c, "RemapUid", c->remap_uid, &userns->uid, messages);
                userns->has_gid = remap_number(c, "RemapGid", c->remap_gid, &userns->gid, messages);
                return;
        }
        if (streq(c->remap_users, "auto"))
                userns->mode = CONTAINER_USERNS_AUTO;
        remap_ranges(c, "RemapUid", c->remap_uid, userns->mode ? &userns->uids : &c->uid_map, messages);
        remap_ranges(c, "RemapGid", c->remap_gid, userns->mode ? &userns->gids : &c->gid_map, messages);
        if (userns->mode && c->remap_size &&
            (parse_uint32(c->remap_size, &userns->size) < 0 || userns->size == 0))
                config_message(messages, LOG_ERR, c->path, 0, "RemapUidSize=%s: expected a number",
                               c->remap_size);
}

/* ---- together ---- */

void container_userns_complete(ContainerFile *c, GPtrArray *messages) {
        bool maps = c->uid_map || c->gid_map, names = c->sub_uid_map || c->sub_gid_map,
             older = c->remap_uid || c->remap_gid || c->remap_size;
        const struct {
                bool wrong;
                const char *text;
        } rules[] = {
                { c->remap_users && (c->userns.mode || maps || names),
                  "RemapUsers= is an older way to say what UserNS=, UIDMap= and their kin do: use one of "
                  "them" },
                { older && !c->remap_users, "RemapUid=, RemapGid= and RemapUidSize= need RemapUsers=" },
                { c->userns.mode && (maps || names),
                  "UserNS= and UIDMap=, GIDMap=, SubUIDMap= or SubGIDMap= exclude each other" },
                { maps && names, "UIDMap= or GIDMap= and SubUIDMap= or SubGIDMap= exclude each other" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i].wrong)
                        config_message(messages, LOG_ERR, c->path, 0, "%s", rules[i].text);
        if (c->remap_users && !config_messages_have_errors(messages))
                remap(c, messages);
}
