/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts of a container that exists already, made and removed by a helper that enters it. The container is
 * on the other side: destinations are opened in its root by the kernel, sources before anything of it is
 * entered. All functions log, and wait for the helper's end. */

#include "basic/process-util.h"
#include "spec/spec.h"

/* Makes the Spec's mounts in the container of this init, whose configuration the rest of the Spec is. All or
 * none of them. -EOPNOTSUPP: it has no mount namespace of its own; others: the reason is told. */
int live_mounts_add(const Spec *spec, const PidRef *init);

/* Takes what is mounted on these paths away, the last first. -EINVAL: nothing is mounted on one of them, and
 * all stay. */
int live_mounts_remove(const char *const *destinations, const PidRef *init);
