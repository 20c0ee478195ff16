/* seed.c
 * Preloaded: GLib's random numbers become the same in every run, so that hash tables have the same order in stock and with
 * the plugin. Without it two runs of one program differ by more than what is to be measured.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdlib.h>

/* Replaces GLib's; Wireshark and the plugin seed their hashes by it. */
uint32_t g_random_int(void);

uint32_t g_random_int(void)
{
    static uint64_t state;

    if (!state) {
        const char *seed = getenv("TOA_BENCH_SEED");
        state = (seed ? strtoull(seed, NULL, 10) : 1) * 0x9e3779b97f4a7c15u;
    }
    state ^= state << 13; /* xorshift, Marsaglia 2003 */
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}
