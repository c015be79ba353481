/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BROKERCTL_SHA256_H
#define BROKERCTL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* FIPS 180-4, of bytes that are all there */
void sha256(const void *bytes, size_t length, uint8_t digest[SHA256_BYTES]);

#endif
