// Gives memory back.
#pragma once

namespace thresh {

// Empties a vector or string and frees what it holds: `v = {}` assigns no elements, and keeps the memory.
template <class Container>
void release(Container& container) {
  Container().swap(container);
}

}  // namespace thresh
