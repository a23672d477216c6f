/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The entry that libFuzzer and its like call; each fuzz-*.c has one. Returns 0, aborts when something is
 * wrong. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
