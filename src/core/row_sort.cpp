#include "core/row_sort.hpp"

#include <algorithm>

namespace thresh {

void sort_rows(std::vector<RowRef>& rows, const RowFormat& format) {
  std::sort(rows.begin(), rows.end(), [&format](const RowRef& a, const RowRef& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const Row left = format.read(a.row);
    const Row right = format.read(b.row);
    const int keys = left.key.compare(right.key);
    return keys != 0 ? keys < 0 : left.value < right.value;
  });
}

}  // namespace thresh
