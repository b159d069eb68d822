/* The memory of a pass, which a test can let fail. */
#include "engine/run.h"
#include "pyref.h"

#include <stdlib.h>
#include <sys/mman.h>

static int allocations_left = -1;

void pyref_fail_allocation_after(int count)
{
    allocations_left = count;
}

/* Some bytes from the start of a cache line on, with anything in them. Many of them in pages of
 * 2 MB, if the system has such: the processor's own fetching ahead ends with a page. */
void *pass_allocate(size_t size)
{
    const size_t page = (size_t)2 << 20;
    void *memory;
    if (allocations_left >= 0 && allocations_left-- == 0)
        return NULL;
    if (posix_memalign(&memory, size < page ? PYREF_LINE : page, size) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (size >= page)
        madvise(memory, size, MADV_HUGEPAGE); /* if not, then not */
#endif
    return memory;
}
