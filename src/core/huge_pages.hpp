// Large arrays on huge pages.
#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace thresh {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Memory aligned to a huge page, which the kernel is asked to back with huge pages (a hint: without them it
// is only slower). Throws std::bad_alloc. Free it with free_huge.
void* allocate_huge(std::size_t bytes);
void free_huge(void* memory) noexcept;

// For std::vector: arrays of at least a huge page lie on huge pages, smaller ones begin with a cache line.
template <typename T>
class HugeAllocator {
 public:
  using value_type = T;
  HugeAllocator() = default;
  template <typename U>
  explicit HugeAllocator(const HugeAllocator<U>&) noexcept {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    return static_cast<T*>(bytes < kHugePageBytes ? ::operator new(bytes, kLine) : allocate_huge(bytes));
  }
  void deallocate(T* at, std::size_t n) noexcept {
    if (n * sizeof(T) < kHugePageBytes) {
      ::operator delete(at, kLine);
    } else {
      free_huge(at);
    }
  }
  template <typename U>
  bool operator==(const HugeAllocator<U>&) const noexcept {
    return true;
  }

 private:
  static constexpr std::align_val_t kLine{64};
};

template <typename T>
using HugeVector = std::vector<T, HugeAllocator<T>>;

// Memory that is zero and grows by moving pages, not bytes: none that was touched is touched again elsewhere.
class GrowingMemory {
 public:
  GrowingMemory() = default;
  GrowingMemory(GrowingMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  GrowingMemory& operator=(GrowingMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~GrowingMemory();

  // At least so many bytes: those that there were, and zeros behind. They lie elsewhere then. Throws
  // std::bad_alloc, and nothing has changed.
  void grow(std::size_t bytes);
  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }

 private:
  char* data_ = nullptr;
  std::size_t bytes_ = 0;  // whole huge pages
};

}  // namespace thresh
