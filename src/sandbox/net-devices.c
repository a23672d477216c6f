/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the netlink messages that move interfaces. Must not configure anything that the host has not
 * configured. */

#include "sandbox/net-devices.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include "basic/log.h"

#define REPLY_SIZE 65536U

typedef struct Request {
        struct nlmsghdr header;
        union {
                struct ifinfomsg link;
                struct ifaddrmsg address;
        };
        char attributes[256];
} Request;

static Request link_request(unsigned index) {
        return (Request) {
                .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                            .nlmsg_type = RTM_NEWLINK,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
                .link = { .ifi_index = (int) index },
        };
}

/* The caller knows that there is room: names, numbers and addresses. */
static void add_attribute(Request *request, unsigned short type, const void *data, size_t size) {
        char *end = (char *) request + NLMSG_ALIGN(request->header.nlmsg_len);
        const struct rtattr attribute = { .rta_len = (unsigned short) RTA_LENGTH(size), .rta_type = type };

        memcpy(end, &attribute, sizeof attribute);
        memcpy(end + RTA_LENGTH(0), data, size);
        request->header.nlmsg_len =
                        NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t) RTA_ALIGN(RTA_LENGTH(size));
}

static int open_rtnetlink(void) {
        int fd;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        return fd < 0 ? negative_errno() : fd;
}

/* The kernel answers each request before send() returns. */
static int transact(int fd, const Request *request) {
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
                char rest[512];
        } reply;
        ssize_t n;

        if (send(fd, request, request->header.nlmsg_len, 0) < 0)
                return negative_errno();
        n = recv(fd, &reply, sizeof reply, 0);
        if (n < 0)
                return negative_errno();
        if ((size_t) n < NLMSG_LENGTH(sizeof reply.error) || reply.header.nlmsg_type != NLMSG_ERROR)
                return -EBADMSG;
        return reply.error.error;
}

/* ---- addresses ---- */

/* The request that makes the same address again: what identifies it, no more. NULL: not to be kept. */
static Request *copy_address(const struct nlmsghdr *header, unsigned index) {
        static const unsigned short kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST };
        const struct ifaddrmsg *address = NLMSG_DATA(header);
        int size = (int) IFA_PAYLOAD(header);
        uint32_t flags = address->ifa_flags;
        Request *request;

        if (address->ifa_index != index || address->ifa_scope != RT_SCOPE_UNIVERSE)
                return NULL;

        request = g_new0(Request, 1);
        request->header = (struct nlmsghdr) {
                .nlmsg_len = NLMSG_LENGTH(sizeof *address),
                .nlmsg_type = RTM_NEWADDR,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
        };
        request->address = (struct ifaddrmsg) {
                .ifa_family = address->ifa_family,
                .ifa_prefixlen = address->ifa_prefixlen,
                .ifa_scope = address->ifa_scope,
        };
        for (const struct rtattr *a = IFA_RTA(address); RTA_OK(a, size); a = RTA_NEXT(a, size)) {
                if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof flags)
                        memcpy(&flags, RTA_DATA(a), sizeof flags);
                for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                        if (a->rta_type == kept[i] && RTA_PAYLOAD(a) <= sizeof(struct in6_addr))
                                add_attribute(request, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
        }
        if (!(flags & IFA_F_PERMANENT))
                g_free(TAKE_PTR(request));
        return request;
}

/* Returns 1 at the end of the dump. */
static int take_addresses(const char *reply, size_t size, unsigned index, GPtrArray *addresses) {
        const struct nlmsghdr *header = (const struct nlmsghdr *) reply;

        for (; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
                Request *request;

                if (header->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (header->nlmsg_type == NLMSG_ERROR)
                        return ((const struct nlmsgerr *) NLMSG_DATA(header))->error;
                request = header->nlmsg_type == RTM_NEWADDR ? copy_address(header, index) : NULL;
                if (request)
                        g_ptr_array_add(addresses, request);
        }
        return 0;
}

static int list_addresses(int fd, unsigned index, GPtrArray *addresses) {
        _cleanup_free_ char *reply = g_malloc(REPLY_SIZE);
        Request dump = {
                .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                            .nlmsg_type = RTM_GETADDR,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        };
        int r = 0;

        if (send(fd, &dump, dump.header.nlmsg_len, 0) < 0)
                return negative_errno();
        while (r == 0) {
                ssize_t n;

                n = recv(fd, reply, REPLY_SIZE, 0);
                if (n < 0)
                        return negative_errno();
                r = take_addresses(reply, (size_t) n, index, addresses);
        }
        return r < 0 ? r : 0;
}

/* ---- one interface ---- */

static int set_state(int fd, unsigned index, bool up) {
        Request request = link_request(index);

        request.link.ifi_flags = up ? IFF_UP : 0;
        request.link.ifi_change = IFF_UP;
        return transact(fd, &request);
}

static int send_away(int fd, unsigned index, int netns_fd, const char *name) {
        Request request = link_request(index);

        add_attribute(&request, IFLA_NET_NS_FD, &netns_fd, sizeof netns_fd);
        add_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
        return transact(fd, &request);
}

/* In the container's network namespace. */
static int set_up(const char *name, const GPtrArray *addresses) {
        _cleanup_close_ int fd = open_rtnetlink();
        unsigned index = if_nametoindex(name);
        int r;

        if (fd < 0)
                return fd;
        if (index == 0)
                return negative_errno();
        for (guint i = 0; i < addresses->len; i++) {
                Request *request = addresses->pdata[i];

                request->address.ifa_index = index;
                r = transact(fd, request);
                if (r < 0)
                        return r;
        }
        return set_state(fd, index, /* up= */ true);
}

/* The second call takes back what the first one did. */
static int enter_namespace(int netns_fd, int *ret_own_fd) {
        _cleanup_close_ int own_fd = -EBADF;

        own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own_fd < 0 || setns(netns_fd, CLONE_NEWNET) < 0)
                return negative_errno();
        *ret_own_fd = TAKE_FD(own_fd);
        return 0;
}

static int leave_namespace(int own_fd) {
        return setns(own_fd, CLONE_NEWNET) < 0 ? negative_errno() : 0;
}

/* The kernel moves first and renames then, and what has been moved is lost with the namespace. */
static int check_name_there(int netns_fd, const char *name) {
        _cleanup_close_ int own_fd = -EBADF;
        bool taken;
        int r;

        r = enter_namespace(netns_fd, &own_fd);
        if (r < 0)
                return r;
        taken = if_nametoindex(name) != 0;
        r = leave_namespace(own_fd);
        return r < 0 ? r : taken ? -EEXIST : 0;
}

static int set_up_there(int netns_fd, const char *name, const GPtrArray *addresses) {
        _cleanup_close_ int own_fd = -EBADF;
        int r, q;

        r = enter_namespace(netns_fd, &own_fd);
        if (r < 0)
                return r;
        r = set_up(name, addresses);
        q = leave_namespace(own_fd);
        return r < 0 ? r : q;
}

static int move_device(const SpecNetDevice *device, int netns_fd) {
        _cleanup_ptr_array_ GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
        _cleanup_close_ int fd = open_rtnetlink();
        unsigned index = if_nametoindex(device->host_name);
        int r;

        if (fd < 0)
                return fd;
        if (index == 0)
                return negative_errno();
        r = check_name_there(netns_fd, device->container_name);
        if (r >= 0)
                r = list_addresses(fd, index, addresses);
        if (r >= 0)
                r = set_state(fd, index, /* up= */ false);
        if (r >= 0)
                r = send_away(fd, index, netns_fd, device->container_name);
        return r < 0 ? r : set_up_there(netns_fd, device->container_name, addresses);
}

int net_devices_check(const Spec *spec) {
        const SpecLinux *l = &spec->linux_;

        for (size_t i = 0; i < l->n_net_devices; i++)
                if (if_nametoindex(l->net_devices[i].host_name) == 0)
                        return log_error_errno(
                                        negative_errno(), "/linux/netDevices/%s: %m",
                                        l->net_devices[i].host_name);
        return 0;
}

int net_devices_move(const Spec *spec, pid_t pid) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/ns/net", (int) pid);
        const SpecLinux *l = &spec->linux_;
        _cleanup_close_ int netns_fd = -EBADF;

        netns_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (netns_fd < 0)
                return log_error_errno(negative_errno(), "Failed to open '%s': %m", path);
        for (size_t i = 0; i < l->n_net_devices; i++) {
                const SpecNetDevice *device = &l->net_devices[i];
                int r = move_device(device, netns_fd);

                if (r < 0)
                        return log_error_errno(
                                        r,
                                        "Failed to move the network interface '%s' into the container as "
                                        "'%s': %m",
                                        device->host_name, device->container_name);
        }
        return 0;
}
