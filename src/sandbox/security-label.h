/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Labels of AppArmor and SELinux. proc_fd: procfs in which this process is visible. */

#include "spec/spec.h"

/* Parent: whether the kernel has what the labels of a configuration are for. Logs. -EINVAL. */
int security_label_check(const Spec *spec);

/* Child: asks for an AppArmor profile; NULL or "": none. Logs. -ENOENT: not loaded; -EINVAL: AppArmor is not
 * enabled. */
int security_label_set_apparmor(const char *profile, int proc_fd);

/* Child: asks for an SELinux label at execve(2); NULL or "": none. Logs. -EINVAL: no valid label, or SELinux
 * is not enabled. */
int security_label_set_selinux(const char *label, int proc_fd);

/* Child: the SELinux label of keys that are made from now on, and the end of that; NULL or "": nothing to
 * do. Logs. */
int security_label_set_keys(const char *label, int proc_fd);
int security_label_reset_keys(const char *label, int proc_fd);
