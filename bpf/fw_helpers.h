/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The kernel's helpers, with the types that their declarations ask for. */
#ifndef FW_HELPERS_H
#define FW_HELPERS_H

/* clang-format off */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
/* clang-format on */

#endif
