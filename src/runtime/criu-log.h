/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why CRIU failed, in its own words. */

#include "runtime/criu-flags.h"
#include "runtime/criu.h"

/* Logs one message with the last errors that CRIU wrote to its log, and the path of that; nothing when it
 * was our own refusal that made CRIU give up. request and error are those of criu_call(). Returns a negative
 * errno. */
int criu_log_failure(
                CriuRequest request, int error, const CriuReply *reply, const CriuDirectories *directories);

/* What CRIU's log is called for a request. */
const char *criu_log_name(CriuRequest request);
