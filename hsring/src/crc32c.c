/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"
#include "variants/hash_variants.h"

uint32_t hsr_crc32c(uint32_t crc, const void *data, uint32_t len)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return hsr_crc32c_sse42(crc, data, len);
#endif
    return hsr_crc32c_portable(crc, data, len);
}
