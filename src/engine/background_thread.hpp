// A thread for what waits for disks, beside the rank's main thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace thresh::engine {

// Tasks are done one after the other. The thread starts with the first, so a short job has none. What a task
// wrote can be read by who sees it done.
class BackgroundThread {
 public:
  BackgroundThread() = default;
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;
  ~BackgroundThread();  // does all that it was given

  // A task must not throw. Throws std::system_error where no thread can be had.
  void add(std::function<void()> task);
  // How many are not done.
  std::size_t pending() const;
  // Sleeps until a task is done, if one is pending, but not for longer.
  void wait(std::chrono::milliseconds most);

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable added_;
  std::condition_variable done_;
  std::deque<std::function<void()>> tasks_;  // the first one is under way
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace thresh::engine
