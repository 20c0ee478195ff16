/* poison.h
 * Memory that was given back and is used again later: a build with ASan reports whoever still touches it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_POISON_H
#define TOA_POISON_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOA_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define TOA_POISON 1
#endif

#ifdef TOA_POISON
#include <sanitizer/asan_interface.h>

static inline void toa_poison(const void *memory, size_t size)
{
    __asan_poison_memory_region(memory, size);
}

static inline void toa_unpoison(const void *memory, size_t size)
{
    __asan_unpoison_memory_region(memory, size);
}
#else
static inline void toa_poison(const void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

static inline void toa_unpoison(const void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
#endif

#endif
