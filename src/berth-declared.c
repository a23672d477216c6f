/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What berth executes for its verbs about declarations and images (cli/declared-names.h). */

#include "cli/main.h"

int main(int argc, char **argv) {
        return cli_main(&declared_verbs, argv);
}
