#include "core/huge_pages.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace thresh {

void* allocate_huge(std::size_t bytes) {
  const std::size_t rounded = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  void* memory = std::aligned_alloc(kHugePageBytes, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void free_huge(void* memory) noexcept {
  std::free(memory);
}

}  // namespace thresh
