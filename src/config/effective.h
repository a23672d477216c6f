/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What remains of a declaration and its drop-ins when they are put together. */

#include "config/container-file.h"

/* One text with the sections and assignments that count, in the order in which they were written, behind a
 * comment with file and line wherever these change ("# FILE:LINE"). What an empty assignment took away is
 * not there, and of our keys that hold one value only the last. The text can be used as a declaration: it
 * means the same. Caller frees. Pure. */
char *container_file_effective(const ContainerFile *c);
