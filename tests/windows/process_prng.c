/* bcryptprimitives.dll for Wine 8, which has none: Rust's standard library takes its random numbers from
 * ProcessPrng there. Windows has its own; nothing of this is shipped. */

#include <windows.h>

/* RtlGenRandom, in advapi32. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
