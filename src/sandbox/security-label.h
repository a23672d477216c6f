/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Label that AppArmor or SELinux gives the payload at execve(2). proc_fd: procfs in which this process is
 * visible. */

#include "spec/spec.h"

/* Parent: whether the kernel has what the labels of a configuration are for. Logs. -EINVAL. */
int security_label_check(const Spec *spec);

/* Child: asks for an AppArmor profile; NULL or "": none. Logs. -ENOENT: not loaded; -EINVAL: AppArmor is not
 * enabled. */
int security_label_set_apparmor(const char *profile, int proc_fd);

/* Child: asks for an SELinux label; NULL or "": none. Logs. -EINVAL: no valid label, or SELinux is not
 * enabled. */
int security_label_set_selinux(const char *label, int proc_fd);
