// How long the scheduler lets a worker compute before it runs another process on the same core.
#pragma once

namespace thresh::engine {

// Asks for long turns (20 ms, by default some 4) for the calling thread and those that it starts. It matters
// where there are more ranks than cores: a turn begins with caches that are full of another worker's table.
// Linux from 6.12 on; elsewhere nothing happens.
void ask_for_long_turns() noexcept;

}  // namespace thresh::engine
