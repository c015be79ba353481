/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The broker itself: performs operations on it, and asks it what it knows. */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "world.h"

void device_open(struct world *w);
void device_apply(struct world *w, const struct op *op, struct answer *answer);
void device_look(struct world *w);
void device_look_closer(struct world *w);

#endif /* MODEL_DEVICE_H */
