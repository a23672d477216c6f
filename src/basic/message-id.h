/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* MESSAGE_ID= of the messages that an administrator may want explained: each has its text in data/catalog,
 * in every language. An id is never used for something else. */

#define MESSAGE_DECLARATION_INVALID  "022e9fda0e974622a830d0eeb4bfd64e"
#define MESSAGE_EXIT_STATUS_UNKNOWN  "93c1642d611c483eb156f79c619fae99"
#define MESSAGE_HEALTH_ACTION        "8eeda84235cd4a4ab7ddf76370610d0b"
#define MESSAGE_IMAGE_MISSING        "3be21a686fbf467aaad49557e7096c99"
#define MESSAGE_NO_SUCH_CONTAINER    "b5450e4d32ad4cecaefcc92963220b75"
#define MESSAGE_NOTIFICATION_DROPPED "871f33d289ad46df842cdc2139bf5192"
#define MESSAGE_NOTIFICATION_RATE    "b6555a450c0a427aac09491f305bbf67"
#define MESSAGE_OOMD_KILL            "1c6a6d6af055433da0d600b3d6eb3ebc"
#define MESSAGE_OUT_OF_MEMORY        "573353467b1845cd9e17812b6cc9735e"
#define MESSAGE_PRESSURE_UNWATCHED   "4ce4954ad31e4fe1ad502262bc76937d"
#define MESSAGE_RELOAD_FAILED        "45b0ba549037429c86f1d44d1b802e9a"
#define MESSAGE_RESCTRL_GROUP        "8038eca5e4044db2bf97844d240dd431"
#define MESSAGE_STOP_SIGNAL_LOST     "adf2d27b1b594bbe94225aa5c35625f4"
#define MESSAGE_SUPERVISOR_LOST      "2ce99586ec234514b11e861d86ccdc6d"
#define MESSAGE_SUPERVISOR_REPLACED  "8caba9f6f1ae4e2383726acc04fe14fd"
#define MESSAGE_UNHEALTHY            "354d03d8d7cd4d5d886be0a057a80586"
