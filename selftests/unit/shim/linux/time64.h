/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_TIME64_H
#define _SHIM_TIME64_H

#define NSEC_PER_SEC	1000000000L

#endif /* _SHIM_TIME64_H */
