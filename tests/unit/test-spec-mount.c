/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mounts: what each word of the options means, and what is made of type, source and destination. */

#include <linux/mount.h>
#include <sys/mount.h>

#include "messages.h"
#include "spec/spec.h"

/* A configuration with one mount, given as the inside of its object. */
static Spec *load(const char *mount) {
        g_autofree char *text =
                        g_strdup_printf("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
                                        "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\","
                                        "\"path\":\"/u\"}]},"
                                        "\"mounts\":[{%s}]}",
                                        mount);
        Spec *spec;

        g_assert_cmpint(spec_parse("x", text, strlen(text), "/b", &spec), ==, 0);
        return spec;
}

/* options: words separated by spaces. */
static Spec *load_options(const char *options) {
        g_autofree char *joined = NULL, *mount = NULL;
        _cleanup_strv_ char **words = g_strsplit(options, " ", -1);

        joined = g_strjoinv("\",\"", words);
        mount = g_strdup_printf(
                        "\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"s\",\"options\":[\"%s\"]",
                        joined);
        return load(mount);
}

static void test_attributes(void) {
        static const struct {
                const char *options;
                uint64_t set, clear, rec_set, rec_clear;
        } cases[] = {
                { "ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
                { "rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
                { "ro rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
                { "rw ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
                { "nosuid noexec nodev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV, 0, 0, 0 },
                { "nosuid suid nodev dev noexec exec", 0,
                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0, 0 },
                { "nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, 0 },
                { "nodiratime diratime", 0, MOUNT_ATTR_NODIRATIME, 0, 0 },
                { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0 },
                { "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "noatime strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "strictatime noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "noatime atime", 0, MOUNT_ATTR__ATIME, 0, 0 },
                { "strictatime atime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0, 0 },
                { "strictatime nostrictatime", 0, MOUNT_ATTR__ATIME, 0, 0 },
                { "rro", 0, 0, MOUNT_ATTR_RDONLY, 0 },
                { "rro rrw", 0, 0, 0, MOUNT_ATTR_RDONLY },
                { "rnosuid rnodev rnoexec", 0, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                  0 },
                { "rsuid rdev rexec", 0, 0, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
                { "rnoatime", 0, 0, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
                { "rrelatime", 0, 0, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
                { "rstrictatime rnodiratime", 0, 0, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME,
                  MOUNT_ATTR__ATIME },
                { "rnosymfollow rsymfollow", 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
                { "ro rrw", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY },
                { "defaults norelatime silent loud iversion", 0, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(spec_freep) Spec *spec = load_options(cases[i].options);
                const SpecMount *mount = &spec->mounts[0];

                g_test_message("%s", cases[i].options);
                g_assert_cmphex(mount->attr_set, ==, cases[i].set);
                g_assert_cmphex(mount->attr_clear, ==, cases[i].clear);
                g_assert_cmphex(mount->rec_attr_set, ==, cases[i].rec_set);
                g_assert_cmphex(mount->rec_attr_clear, ==, cases[i].rec_clear);
                g_assert_null(mount->data);
        }
}

static char *join(char **strv) {
        return strv ? g_strjoinv(" ", strv) : g_strdup("");
}

static void test_superblock_and_data(void) {
        static const struct {
                const char *options, *flags, *data;
        } cases[] = {
                { "sync", "sync", "" },
                { "sync async", "", "" },
                { "lazytime dirsync sync nolazytime", "dirsync sync", "" },
                { "mand mand", "mand", "" },
                { "mand nomand", "", "" },
                { "mode=755 size=65536k ro newinstance", "", "mode=755 size=65536k newinstance" },
                { "gid=5 subset=pid hidepid=2", "", "gid=5 subset=pid hidepid=2" },
                { "rsize=4096 r x", "", "rsize=4096 r x" },
                { "idmapped", "", "idmapped" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(spec_freep) Spec *spec = load_options(cases[i].options);
                g_autofree char *flags = join(spec->mounts[0].superblock_flags),
                                *data = join(spec->mounts[0].data);

                g_assert_cmpstr(flags, ==, cases[i].flags);
                g_assert_cmpstr(data, ==, cases[i].data);
        }
}

static void test_propagation(void) {
        static const struct {
                const char *options;
                size_t n;
                unsigned long flags[2];
        } cases[] = {
                { "private", 1, { MS_PRIVATE } },
                { "rprivate", 1, { MS_PRIVATE | MS_REC } },
                { "rslave shared", 2, { MS_SLAVE | MS_REC, MS_SHARED } },
                { "slave rshared", 2, { MS_SLAVE, MS_SHARED | MS_REC } },
                { "unbindable runbindable", 2, { MS_UNBINDABLE, MS_UNBINDABLE | MS_REC } },
                { "ro", 0, {} },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(spec_freep) Spec *spec = load_options(cases[i].options);

                g_assert_cmpuint(spec->mounts[0].n_propagation, ==, cases[i].n);
                for (size_t j = 0; j < cases[i].n; j++)
                        g_assert_cmphex(spec->mounts[0].propagation[j], ==, cases[i].flags[j]);
        }
}

static void test_flags(void) {
        _cleanup_(spec_freep) Spec *spec = load_options("tmpcopyup copy-symlink");
        _cleanup_(spec_freep) Spec *other = load_options("src-nofollow dest-nofollow");

        g_assert_true(spec->mounts[0].tmpcopyup && spec->mounts[0].copy_symlink);
        g_assert_false(spec->mounts[0].src_nofollow || spec->mounts[0].dest_nofollow ||
                       spec->mounts[0].bind);
        g_assert_true(other->mounts[0].src_nofollow && other->mounts[0].dest_nofollow);
        g_assert_false(other->mounts[0].tmpcopyup || other->mounts[0].copy_symlink || other->mounts[0].own);
}

static void test_our_own_flags(void) {
        _cleanup_(spec_freep) Spec *spec = load_options("bind own");

        g_assert_true(spec->mounts[0].own);
        g_assert_false(spec->mounts[0].copy);
}

static void test_bind(void) {
        static const struct {
                const char *mount;
                bool bind, recursive;
                const char *type, *source;
        } cases[] = {
                { "\"type\":\"none\",\"source\":\"/s\",\"options\":[\"bind\"]", true, false, "bind", "/s" },
                { "\"type\":\"none\",\"source\":\"s/t\",\"options\":[\"rbind\",\"ro\"]", true, true, "bind",
                  "/b/s/t" },
                { "\"source\":\"/s\",\"options\":[\"rbind\",\"bind\"]", true, false, "bind", "/s" },
                { "\"type\":\"bind\",\"source\":\"./s\"", true, false, "bind", "/b/./s" },
                { "\"type\":\"tmpfs\",\"source\":\"shm\"", false, false, "tmpfs", "shm" },
                { "\"type\":\"tmpfs\"", false, false, "tmpfs", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *text = g_strconcat("\"destination\":\"/m\",", cases[i].mount, NULL);
                _cleanup_(spec_freep) Spec *spec = load(text);
                const SpecMount *mount = &spec->mounts[0];

                g_assert_true(mount->bind == cases[i].bind && mount->recursive == cases[i].recursive);
                g_assert_cmpstr(mount->type, ==, cases[i].type);
                g_assert_cmpstr(mount->source, ==, cases[i].source);
        }
}

static void test_relative_destination(void) {
        _cleanup_messages_ Messages messages;
        _cleanup_(spec_freep) Spec *spec = NULL;

        messages_catch(&messages);
        spec = load("\"destination\":\"m/n\",\"type\":\"tmpfs\"");
        g_assert_cmpstr(spec->mounts[0].destination, ==, "/m/n");
        messages_assert_one(&messages, "x#/mounts/0/destination: expected an absolute path, got 'm/n'");
}

static void test_idmap(void) {
        static const struct {
                const char *options;
                bool recursive;
                size_t n_uid, n_gid;
        } cases[] = {
                { "bind idmap", false, 0, 0 },
                { "bind ridmap", true, 0, 0 },
                { "bind idmap=uids=0-1000-10#10-2000-5;gids=0-1000-10", false, 2, 1 },
                { "bind ridmap=gids=0-1-2;uids=3-4-5", true, 1, 1 },
                { "bind idmap=uids=0-1-2;gids=0-1-2 ridmap=uids=3-4-5;gids=3-4-5", true, 1, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(spec_freep) Spec *spec = load_options(cases[i].options);
                const SpecMount *mount = &spec->mounts[0];

                g_assert_true(mount->idmap && mount->idmap_recursive == cases[i].recursive);
                g_assert_cmpuint(mount->id_map.n_uid, ==, cases[i].n_uid);
                g_assert_cmpuint(mount->id_map.n_gid, ==, cases[i].n_gid);
                if (cases[i].n_uid == 2) {
                        g_assert_cmpuint(mount->id_map.uid[1].container_id, ==, 10);
                        g_assert_cmpuint(mount->id_map.uid[1].host_id, ==, 2000);
                        g_assert_cmpuint(mount->id_map.uid[1].size, ==, 5);
                }
        }
}

/* Members of the mount win over the text of the option, wherever they stand. */
static void test_idmap_members(void) {
        static const char *const members[] = {
                "\"options\":[\"bind\",\"idmap=uids=0-1-2#5-6-7;gids=0-1-2\"],",
                "",
        };

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                g_autofree char *text = g_strdup_printf(
                                "\"destination\":\"/m\",\"source\":\"/s\",\"type\":\"bind\",%s"
                                "\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":3}],"
                                "\"gidMappings\":[{\"containerID\":4,\"hostID\":5,\"size\":6}]",
                                members[i]);
                _cleanup_(spec_freep) Spec *spec = load(text);
                const SpecMount *mount = &spec->mounts[0];

                g_assert_true(mount->idmap && !mount->idmap_recursive);
                g_assert_cmpuint(mount->id_map.n_uid, ==, 1);
                g_assert_cmpuint(mount->id_map.uid[0].size, ==, 3);
                g_assert_cmpuint(mount->id_map.gid[0].container_id, ==, 4);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/spec/mount/attributes", test_attributes);
        g_test_add_func("/spec/mount/superblock-and-data", test_superblock_and_data);
        g_test_add_func("/spec/mount/propagation", test_propagation);
        g_test_add_func("/spec/mount/flags", test_flags);
        g_test_add_func("/spec-mount/our-own-flags", test_our_own_flags);
        g_test_add_func("/spec/mount/bind", test_bind);
        g_test_add_func("/spec/mount/relative-destination", test_relative_destination);
        g_test_add_func("/spec/mount/idmap", test_idmap);
        g_test_add_func("/spec/mount/idmap-members", test_idmap_members);
        return g_test_run();
}
