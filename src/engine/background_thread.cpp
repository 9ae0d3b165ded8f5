#include "engine/background_thread.hpp"

#include <signal.h>

#include <utility>

namespace thresh::engine {
namespace {

// Signals are for the main thread.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL}) sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

BackgroundThread::~BackgroundThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  added_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void BackgroundThread::add(std::function<void()> task) {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  added_.notify_one();
}

std::size_t BackgroundThread::pending() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void BackgroundThread::wait(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  const std::size_t before = tasks_.size();
  done_.wait_for(lock, most, [&] { return tasks_.size() < before || before == 0; });
}

void BackgroundThread::run() {
  block_signals();
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    // It stays in the queue while it is done; the others are added behind it.
    const std::function<void()>& task = tasks_.front();
    lock.unlock();
    task();
    lock.lock();
    tasks_.pop_front();
    done_.notify_one();
  }
}

}  // namespace thresh::engine
