/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/run-main.h"

int main(int argc, char **argv) {
        return run_main(argc, argv);
}
