#include "engine/checkpointer.hpp"

#include <signal.h>

#include <cassert>
#include <chrono>
#include <exception>
#include <utility>

#include "storage/run_file.hpp"

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

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::write(const std::string& directory, const std::string& job_id,
                         std::vector<const Run*> runs) {
  assert(idle());
  {
    const std::lock_guard lock(mutex_);
    order_ = Order{directory, job_id, std::move(runs)};
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_one();
}

bool Checkpointer::idle() const {
  const std::lock_guard lock(mutex_);
  return !order_ && !result_;
}

bool Checkpointer::writing() const {
  const std::lock_guard lock(mutex_);
  return order_.has_value();
}

std::optional<CheckpointResult> Checkpointer::take_result() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

void Checkpointer::run() {
  block_signals();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || order_; });
    if (!order_) return;
    const Order order = *order_;
    lock.unlock();
    CheckpointResult result = carry_out(order);
    lock.lock();
    order_.reset();
    result_ = std::move(result);
  }
}

CheckpointResult Checkpointer::carry_out(const Order& order) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  CheckpointResult result;
  for (const Run* run : order.runs) result.runs.push_back(run->summary.id);
  try {
    drill_->reach("checkpoint");
    const storage::RunFileStatus file =
        storage::write_run_file(order.directory, order.job_id, order.runs, format_, fsync_);
    if (drill_->corrupts("checkpoint")) flip_a_bit(order.directory + "/" + file.file);
    result.good = true;
    result.path = order.directory + "/" + file.file;
    result.bytes = file.bytes;
  } catch (const std::exception& error) {
    result.what = error.what();
  }
  result.ns = static_cast<std::uint64_t>((Clock::now() - begin) / std::chrono::nanoseconds(1));
  return result;
}

}  // namespace thresh::engine
