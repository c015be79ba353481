// SPDX-License-Identifier: GPL-2.0-or-later
/* The library's compiler, beside the kernel's checker of the same file name. */
#define _GNU_SOURCE
#include "../../libbroker/filter.c"
