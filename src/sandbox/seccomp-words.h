/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words of seccomp profiles and their numbers, as tables that end with a NULL name. Only for
 * seccomp-filter.c and what lists them. */

#include <stdbool.h>
#include <stdint.h>

typedef struct SeccompWord {
        const char *name;
        uint32_t value;
} SeccompWord;

extern const SeccompWord seccomp_actions[];       /* SECCOMP_RET_*, without data */
extern const SeccompWord seccomp_operators[];     /* enum scmp_compare */
extern const SeccompWord seccomp_architectures[]; /* SCMP_ARCH_* */
extern const SeccompWord seccomp_flags[];         /* SECCOMP_FILTER_FLAG_* */

/* Finds a name. false: not in the table. */
bool seccomp_word_find(const SeccompWord *words, const char *name, uint32_t *ret);
