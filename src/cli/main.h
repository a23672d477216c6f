/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb-table.h"

/* main() of berth and berth-declared: a command line with one of the verbs in table. */
int cli_main(const VerbTable *table, char **argv);
