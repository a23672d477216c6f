/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the texts of hosts and resolv.conf. What is in the container's root is read as data that somebody
 * hostile may have written. */

#include "runtime/prepare-network.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "runtime/rootfs-file.h"

#define HOST_RESOLV_CONF "/etc/resolv.conf"
#define ZONES            "/usr/share/zoneinfo"

#define DEFAULT_HOSTS "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

static bool uses_host_network(const ContainerFile *c) {
        return c->network == CONTAINER_NETWORK_HOST || (c->rootfs && c->network == CONTAINER_NETWORK_UNSET);
}

/* A file of our making in /etc. */
static void add_file(ContainerFacts *facts, const char *unit_dir, const char *name, const char *text) {
        _cleanup_free_ char *source = g_strdup_printf("%s/%s", unit_dir, name),
                            *destination = g_strdup_printf("/etc/%s", name);

        container_facts_add_file(facts, name, text);
        container_facts_add_bind(facts, source, destination, /* nofollow= */ false);
}

/* ---- hosts ---- */

/* Those of the root stay; what is added goes before them, because the first line that has a name counts. */
static int add_hosts(const ContainerFile *c, int root_fd, const char *unit_dir, ContainerFacts *facts) {
        _cleanup_string_ GString *text = NULL;
        _cleanup_free_ char *old = NULL;
        int r;

        if (!c->add_host)
                return 0;
        r = rootfs_file_read(root_fd, "etc/hosts", &old);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(
                                r, "%s: AddHost=: failed to read /etc/hosts of the root: %m", c->path);
        text = g_string_new(NULL);
        for (char **line = c->add_host; *line; line++)
                g_string_append_printf(text, "%s\n", *line);
        g_string_append(text, old ?: DEFAULT_HOSTS);
        add_file(facts, unit_dir, "hosts", text->str);
        return 0;
}

/* ---- resolv.conf ---- */

static bool is_none(char **words) {
        return words && *words && streq(*words, "none");
}

/* Lines of the host's file that begin with a word. */
static void append_host_lines(GString *out, const char *host, const char *keyword) {
        _cleanup_strv_ char **lines = g_strsplit(host ?: "", "\n", -1);

        for (char **line = lines; *line; line++) {
                const char *rest = startswith(*line, keyword);

                if (rest && (*rest == ' ' || *rest == '\t'))
                        g_string_append_printf(out, "%s\n", *line);
        }
}

/* What is not given is the host's, if the network is. */
static char *make_resolv_conf(const ContainerFile *c) {
        _cleanup_free_ char *host = NULL, *joined = NULL;
        GString *out = g_string_new(NULL);

        if (uses_host_network(c))
                (void) read_file_at(AT_FDCWD, HOST_RESOLV_CONF, &host, NULL);
        if (c->dns_search && !streq(*c->dns_search, ".")) {
                joined = g_strjoinv(" ", c->dns_search);
                g_string_append_printf(out, "search %s\n", joined);
        } else if (!c->dns_search)
                append_host_lines(out, host, "search");
        for (char **server = c->dns; server && *server; server++)
                g_string_append_printf(out, "nameserver %s\n", *server);
        if (!c->dns)
                append_host_lines(out, host, "nameserver");
        for (char **option = c->dns_option; option && *option; option++)
                g_string_append_printf(out, "options %s\n", *option);
        if (!c->dns_option)
                append_host_lines(out, host, "options");
        return g_string_free(out, FALSE);
}

/* Whether something can be mounted at /etc/resolv.conf without a failure that nobody asked for. */
static bool has_place(int root_fd) {
        _cleanup_close_ int etc_fd = open_in_root(root_fd, "etc", O_PATH | O_DIRECTORY), fd = -EBADF;
        struct statvfs st;

        if (etc_fd < 0)
                return false;
        fd = open_in_root(root_fd, "etc/resolv.conf", O_PATH);
        return fd >= 0 || (fstatvfs(etc_fd, &st) >= 0 && !(st.f_flag & ST_RDONLY));
}

/* Over an image what is missing can be made. */
static void use_host_resolv_conf(const ContainerFile *c, int root_fd, ContainerFacts *facts) {
        _cleanup_free_ char *path = realpath(HOST_RESOLV_CONF, NULL);

        if (path && (c->image || has_place(root_fd)))
                container_facts_add_bind(facts, path, "/etc/resolv.conf", /* nofollow= */ false);
}

static void add_resolv_conf(
                const ContainerFile *c, int root_fd, const char *unit_dir, ContainerFacts *facts) {
        _cleanup_free_ char *text = NULL;

        if (is_none(c->dns))
                return;
        if (!c->dns && !c->dns_option && !c->dns_search) {
                if (c->rootfs && uses_host_network(c))
                        use_host_resolv_conf(c, root_fd, facts);
                return;
        }
        text = make_resolv_conf(c);
        add_file(facts, unit_dir, "resolv.conf", text);
}

/* ---- time ---- */

/* /etc/localtime is mostly a link to a zone, which shall stay what it is: the mount goes onto the link. */
static int add_localtime(const ContainerFile *c, ContainerFacts *facts) {
        _cleanup_free_ char *wanted = NULL, *path = NULL;

        if (!c->timezone)
                return 0;
        wanted = streq(c->timezone, "local") ? g_strdup("/etc/localtime")
                                             : g_strdup_printf(ZONES "/%s", c->timezone);
        path = realpath(wanted, NULL);
        if (!path)
                return log_error_errno(
                                negative_errno(), "%s: Timezone=%s: '%s': %m", c->path, c->timezone, wanted);
        container_facts_add_bind(facts, path, "/etc/localtime", /* nofollow= */ true);
        return 0;
}

int prepare_network(
                const ContainerFile *container, int root_fd, const char *unit_dir, ContainerFacts *facts) {
        int r;

        r = add_hosts(container, root_fd, unit_dir, facts);
        if (r < 0)
                return r;
        add_resolv_conf(container, root_fd, unit_dir, facts);
        return add_localtime(container, facts);
}
