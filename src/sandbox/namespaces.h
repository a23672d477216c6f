/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which namespaces init is cloned into, which it joins, which it makes later. All functions log. */

#include <stdbool.h>
#include <stdint.h>

#include "basic/process-util.h"
#include "spec/spec.h"

/* Namespaces to join by path, opened and checked in the parent before anything is made. */
typedef struct NamespaceFds {
        int *fds; /* as many as the Spec has namespaces; -EBADF: not joined */
        size_t n;
} NamespaceFds;

void namespace_fds_done(NamespaceFds *fds);

int namespaces_open(const Spec *spec, NamespaceFds *ret);

/* The CLONE_NEW* flags for clone3(2). A user namespace has to come with all that it shall own; otherwise
 * only the pid namespace is made by the clone, and the rest, which takes the kernel a while, by the child:
 * the parent talks to systemd meanwhile. */
uint64_t namespaces_clone_flags(const Spec *spec);

/* In the child: makes the others, but for the cgroup and the time namespace. */
int namespaces_unshare(const Spec *spec);

/* In the parent around the clone: children get the pid namespace to join; the second call takes that back.
 * -EPERM, which is not logged: that could not be done, or not be taken back. Then a helper does it that need
 * not return, after it has joined the user namespace. */
int namespaces_enter_pid(const Spec *spec, const NamespaceFds *fds, bool returns, int *ret_own_fd);
int namespaces_leave_pid(int own_fd);

/* The same two-step for exec: children get the pid namespace of a running container's init, and join its
 * others. */
int namespaces_enter_pid_of(const PidRef *init, bool returns, int *ret_own_fd);
int namespaces_join_all_of(const PidRef *init);

/* Whether a container's init is in another user namespace than we are. Does not log. */
bool namespaces_other_user_of(const PidRef *init);

/* In a helper: joins the user namespace alone. */
int namespaces_join_user(const Spec *spec, const NamespaceFds *fds);
int namespaces_join_user_of(const PidRef *init);

/* In the child: joins all but these two. */
int namespaces_join(const Spec *spec, const NamespaceFds *fds);

/* In the child, when it is in its cgroup. */
int namespaces_unshare_cgroup(const Spec *spec);

/* In the child: brings the loopback interface of a new network namespace up. */
int namespaces_setup_loopback(const Spec *spec);

/* In the child, before it is undumpable and root of its user namespace: opens the file for the offsets of a
 * new time namespace; afterwards it is root's of the host. Returns a descriptor, -EBADF: not needed. */
int namespaces_open_time(const Spec *spec);

/* In the child: makes a time namespace with these offsets, which is entered by the exec. */
int namespaces_setup_time(const Spec *spec, int offsets_fd);
