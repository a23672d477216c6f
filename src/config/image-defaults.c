/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which member of an image's configuration is a default of which key. */

#include "config/image-defaults.h"

#include <errno.h>

#include "basic/cleanup.h"
#include "basic/signal-util.h"
#include "config/container-values.h"

static void apply_process(ContainerFile *c, const ImageConfig *config) {
        bool own_entrypoint = c->entrypoint;

        if (!own_entrypoint)
                c->entrypoint = g_strdupv(config->entrypoint);
        if (!c->exec && !own_entrypoint)
                c->exec = g_strdupv(config->cmd);
        if (!c->working_dir && config->working_dir)
                c->working_dir = g_strdup(config->working_dir);
}

/* The declaration's variables replace those of the same name. */
static void apply_environment(ContainerFile *c, const ImageConfig *config) {
        char **list = NULL;

        for (char **e = config->env; e && *e; e++)
                if (strchr(*e, '='))
                        value_set_assignment(&list, g_strdup(*e));
        for (char **e = c->environment; e && *e; e++)
                value_set_assignment(&list, g_strdup(*e));
        g_strfreev(c->environment);
        c->environment = list;
}

static void apply_user(ContainerFile *c, const ImageConfig *config) {
        const char *colon = config->user ? strchr(config->user, ':') : NULL;

        if (c->user || !config->user)
                return;
        c->user = colon ? g_strndup(config->user, (size_t) (colon - config->user)) : g_strdup(config->user);
        if (colon && colon[1] && !c->group)
                c->group = g_strdup(colon + 1);
}

static int apply_stop_signal(ContainerFile *c, const ImageConfig *config, char **ret_error) {
        if (c->stop_signal > 0 || !config->stop_signal)
                return 0;
        c->stop_signal = signal_from_string(config->stop_signal);
        if (c->stop_signal > 0)
                return 0;
        c->stop_signal = 0;
        *ret_error = g_strdup_printf("StopSignal: '%s' is not the name of a signal", config->stop_signal);
        return -EINVAL;
}

int image_defaults_apply(ContainerFile *c, const ImageConfig *config, char **ret_error) {
        apply_process(c, config);
        apply_environment(c, config);
        apply_user(c, config);
        if ((!c->entrypoint || !*c->entrypoint) && (!c->exec || !*c->exec)) {
                *ret_error = g_strdup("the image does not say what to run: use Exec=");
                return -EINVAL;
        }
        return apply_stop_signal(c, config, ret_error);
}
