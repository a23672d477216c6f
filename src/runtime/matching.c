/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/matching.h"

#include <regex.h>

#include "basic/log.h"
#include "runtime/state.h"

static char **choose(char **ids, const regex_t *expression) {
        _cleanup_ptr_array_ GPtrArray *chosen = g_ptr_array_new_with_free_func(g_free);

        for (char **id = ids; *id; id++)
                if (regexec(expression, *id, 0, NULL, 0) == 0)
                        g_ptr_array_add(chosen, g_strdup(*id));
        g_ptr_array_add(chosen, NULL);
        return (char **) g_ptr_array_steal(chosen, NULL);
}

int containers_matching(const char *root, const char *pattern, char ***ret) {
        _cleanup_strv_ char **ids = NULL;
        regex_t expression;
        char text[256];
        int r;

        r = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB);
        if (r != 0) {
                (void) regerror(r, &expression, text, sizeof text);
                return log_error_errno(-EINVAL, "invalid regular expression '%s': %s", pattern, text);
        }
        r = state_list(root, &ids);
        if (r >= 0)
                *ret = choose(ids, &expression);
        regfree(&expression);
        return r < 0 ? log_error_errno(r, "Failed to read '%s': %m", root) : 0;
}
