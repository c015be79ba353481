/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_STRING_H
#define _SHIM_STRING_H

#include <string.h>

#endif /* _SHIM_STRING_H */
