/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the look at what listens. The path of a socket is the payload's, so it is resolved in the
 * container's root, and what was found there is what is connected to. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "runtime/proxy-target.h"

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/macro.h"

#define STATE_LISTEN 0x0A /* TCP_LISTEN, in a table of hexadecimal numbers */

/* What reaches a listener on an address, as procfs writes that (words in the byte order of the machine); all
 * addresses of either family include the loopback address of IPv4. */
static const char *address_of(const char *hex) {
        static const char any6[] = "00000000000000000000000000000000";
        uint32_t words[4];

        if (streq(hex, any6))
                return "127.0.0.1";
        if (sscanf(hex, "%8x%8x%8x%8x", &words[0], &words[1], &words[2], &words[3]) == 4)
                return memcmp(words, &in6addr_loopback, sizeof words) == 0 ? "::1" : NULL;
        if (words[0] == htonl(INADDR_ANY) || words[0] == htonl(INADDR_LOOPBACK))
                return "127.0.0.1";
        return NULL;
}

/* Listeners come before all other sockets. */
bool proxy_target_in_table(const char *table, uint16_t port, char **ret_address) {
        for (const char *line = strchr(table, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
                unsigned number, state;
                const char *address;
                char hex[33];

                if (sscanf(line, " %*d: %32[0-9A-F]:%4X %*32[0-9A-F]:%*4X %2X", hex, &number, &state) != 3 ||
                    state != STATE_LISTEN)
                        return false;
                address = number == port ? address_of(hex) : NULL;
                if (!address)
                        continue;
                *ret_address = g_strdup(address);
                return true;
        }
        return false;
}

/* IPv4 first: when both listen, they mean the same. */
int proxy_target_tcp(uint16_t port, char **ret) {
        static const char *const tables[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                _cleanup_free_ char *text = NULL, *address = NULL;
                int r = read_file_at(AT_FDCWD, tables[i], &text, NULL);

                if (r == -ENOENT && i > 0)
                        continue; /* a kernel without IPv6 */
                if (r < 0)
                        return r;
                if (!proxy_target_in_table(text, port, &address))
                        continue;
                /* systemd-socket-proxyd looks for the last colon, and knows no brackets. */
                *ret = g_strdup_printf("%s:%u", address, (unsigned) port);
                return 0;
        }
        return -ECONNREFUSED;
}

int proxy_target_unix(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH), connection = -EBADF;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;
        (void) strncpy(address.sun_path, fd_path(fd).path, sizeof address.sun_path - 1);
        connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection < 0 || connect(connection, (struct sockaddr *) &address, sizeof address) < 0)
                return negative_errno();
        return TAKE_FD(fd);
}
