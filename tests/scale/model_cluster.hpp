// Workers that answer at once: what is left is the work of the coordinator.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::scale {

struct Shape {
  std::uint32_t workers = 100;
  std::uint64_t splits = 10'000;
  std::uint32_t partitions = 256;
  std::uint32_t runs = 1;   // that each worker seals
  std::uint32_t waves = 1;  // about so many
  bool locations = false;
};

inline constexpr std::uint64_t split_bytes = std::uint64_t{16} << 20;
inline constexpr std::uint64_t slice_bytes = 1000;

schedule::Job make_job(const Shape& shape);

// What one phase of the job cost this process.
struct PhaseCost {
  std::string name;
  std::uint64_t events = 0;
  std::uint64_t commands = 0;
  std::uint64_t bytes_in = 0;   // of messages, encoded
  std::uint64_t bytes_out = 0;  // of messages, encoded
  double seconds = 0;
  double cpu = 0;
  std::uint64_t resident_bytes = 0;  // at its end
  std::uint64_t peak_bytes = 0;
};

// Messages go through their encoding in both directions, as they would with MPI. Answers wait as a few bytes
// each and are made when they are delivered, so that memory is that of the coordinator.
class ModelCluster : public schedule::Port {
 public:
  // Borrows the job.
  ModelCluster(const Shape& shape, const schedule::Job& job);

  schedule::Time now() const override;
  void perform(const schedule::Command& command) override;
  schedule::Event wait(schedule::Time deadline) override;

  // Ends the last phase. REQUIRES: run_job() has returned.
  std::vector<PhaseCost> costs();
  // Of the model, all in all; the rest is the coordinator's.
  std::uint64_t own_bytes() const;

 private:
  enum class Kind : std::uint8_t { Muster, Split, Seal, Wave, Part, Check, Ping };
  struct Owed {
    WorkerId worker = 0;
    std::uint32_t index = 0;    // split or partition
    std::uint32_t attempt = 0;  // or wave
    Kind kind = Kind::Muster;
  };

  void receive(WorkerId worker, const Message& message);
  Message answer(const Owed& owed);
  Inventory sealed_runs(WorkerId worker) const;
  void turn_page();

  Shape shape_;
  const schedule::Job& job_;
  std::chrono::steady_clock::time_point start_;
  std::deque<schedule::Event> file_work_;
  std::deque<Owed> owed_;
  std::vector<std::vector<SplitId>> mapped_;  // by worker
  std::vector<PartitionSums> expected_;       // by partition
  std::uint64_t digest_ = 0;                  // of the cover
  std::vector<PhaseCost> costs_;
};

}  // namespace thresh::scale
