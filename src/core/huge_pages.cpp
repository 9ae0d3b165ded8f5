#include "core/huge_pages.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace thresh {

namespace {

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

// Addresses without memory, which begin with a huge page. Throws std::bad_alloc.
char* reserve_addresses(std::size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const some = mmap(nullptr, bytes + kHugePageBytes, PROT_NONE, kFlags, -1, 0);
  if (some == MAP_FAILED) throw std::bad_alloc();
  char* const first = static_cast<char*>(some);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(some) % kHugePageBytes;
  if (before > 0) (void)munmap(first, before);
  (void)munmap(first + before + bytes, kHugePageBytes - before);
  return first + before;
}

}  // namespace

void* allocate_huge(std::size_t bytes) {
  const std::size_t rounded = whole_pages(bytes);
  void* memory = std::aligned_alloc(kHugePageBytes, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void free_huge(void* memory) noexcept {
  std::free(memory);
}

GrowingMemory::~GrowingMemory() {
  if (data_ != nullptr) (void)munmap(data_, bytes_);
}

void GrowingMemory::grow(std::size_t bytes) {
  const std::size_t larger = whole_pages(bytes);
  if (larger <= bytes_) return;
  char* const there = reserve_addresses(larger);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  void* const moved = data_ == nullptr ? mmap(there, larger, PROT_READ | PROT_WRITE, kFlags, -1, 0)
                                       : mremap(data_, bytes_, larger, MREMAP_MAYMOVE | MREMAP_FIXED, there);
  // The addresses stay reserved, or were given back before it failed: then another thread may have them.
  if (moved == MAP_FAILED) throw std::bad_alloc();
  data_ = there;
  bytes_ = larger;
  (void)madvise(data_, bytes_, MADV_HUGEPAGE);
}

}  // namespace thresh
