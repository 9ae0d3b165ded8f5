#include "core/row_sort.hpp"

namespace thresh {

void sort_rows(std::vector<RowRef>& rows, const RowFormat& format, SortMemory& memory) {
  sort_refs(
      rows, [&format](const char* row) { return format.read(row).key; },
      [&format](const char* a, const char* b) {
        const Row left = format.read(a);
        const Row right = format.read(b);
        const int keys = left.key.compare(right.key);
        return keys != 0 ? keys < 0 : left.value < right.value;
      },
      memory);
}

}  // namespace thresh
