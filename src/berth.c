/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/main.h"

int main(int argc, char **argv) {
        return cli_main(&oci_verbs, argv);
}
