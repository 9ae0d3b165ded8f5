#include "engine/cgroup_memory.hpp"

#include "support/catch.hpp"
#include "unit/storage/scratch.hpp"

using thresh::engine::cgroup_memory_left;
using thresh::storage::test::Scratch;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

std::string mib(std::uint64_t count) {
  return std::to_string(count * kMiB) + "\n";
}

}  // namespace

TEST_CASE("of the limits of all groups around a process the narrowest counts, without what files cache") {
  const Scratch scratch;
  scratch.write("self", "0::/slurm/job_7/step_0\n");
  scratch.write("fs/slurm/memory.max", "max\n");
  scratch.write("fs/slurm/memory.current", mib(9'000));
  scratch.write("fs/slurm/job_7/memory.max", mib(1'000));
  scratch.write("fs/slurm/job_7/memory.current", mib(500));
  scratch.write("fs/slurm/job_7/memory.stat",
                "anon 1\nactive_file " + mib(100) + "inactive_file " + mib(200) + "shmem 3\n");
  scratch.write("fs/slurm/job_7/step_0/memory.max", mib(2'000));
  scratch.write("fs/slurm/job_7/step_0/memory.current", mib(100));
  CHECK(cgroup_memory_left(scratch / "self", scratch / "fs") == 800 * kMiB);
}

TEST_CASE("groups of the first version are below memory, and of a container only the root may be seen") {
  const Scratch scratch;
  scratch.write("self", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n");
  scratch.write("fs/memory/memory.limit_in_bytes", mib(300));
  scratch.write("fs/memory/memory.usage_in_bytes", mib(400));
  scratch.write("fs/memory/memory.stat", "total_active_file " + mib(150) + "active_file 1\n");
  CHECK(cgroup_memory_left(scratch / "self", scratch / "fs") == 50 * kMiB);
}

TEST_CASE("without a limit, or groups, nothing is known") {
  const Scratch scratch;
  CHECK_FALSE(cgroup_memory_left(scratch / "self", scratch / "fs"));
  scratch.write("self", "0::/a\nnonsense\n:\n0::b\n");
  scratch.write("fs/a/memory.max", "max\n");
  scratch.write("fs/a/memory.current", mib(5));
  CHECK_FALSE(cgroup_memory_left(scratch / "self", scratch / "fs"));
}
