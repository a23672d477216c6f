/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* berth-run's main(). */
int run_main(int argc, char **argv);
