/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _SHIM_MUTEX_H
#define _SHIM_MUTEX_H

#include <pthread.h>
#include <stdbool.h>

struct mutex {
	pthread_mutex_t mutex;
	pthread_t owner;
	bool held;
};

#define DEFINE_MUTEX(name)	struct mutex name = { .mutex = PTHREAD_MUTEX_INITIALIZER }

static inline void mutex_lock(struct mutex *lock)
{
	pthread_mutex_lock(&lock->mutex);
	lock->owner = pthread_self();
	lock->held = true;
}

static inline void mutex_unlock(struct mutex *lock)
{
	lock->held = false;
	pthread_mutex_unlock(&lock->mutex);
}

#endif /* _SHIM_MUTEX_H */
