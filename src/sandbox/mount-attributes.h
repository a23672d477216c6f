/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

/* Sets and clears the attributes of a mount, and the recursive ones of what is below it. Logs. -EPERM: in a
 * user namespace, one from outside would become looser. */
int mount_attributes_set(int fd, const SpecMount *m);
