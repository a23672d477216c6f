/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* berth's main(). */
int cli_main(int argc, char **argv);
