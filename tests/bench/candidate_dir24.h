/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The layout of DIR-24-8, for the program and for what fills it. */
#ifndef FW_BENCH_CANDIDATE_DIR24_H
#define FW_BENCH_CANDIDATE_DIR24_H

#define DIR24_ENTRIES (1 << 24)
#define DIR24_BLOCK 256
/* Set in an entry that names a block; else it is the value, 0 for none. */
#define DIR24_IS_BLOCK (1u << 31)

#endif
