#include "cli/launch_facts.hpp"

#include "support/catch.hpp"

namespace thresh::cli {
namespace {

TEST_CASE("the major version is read from what mpirun says") {
  CHECK(open_mpi_version("mpirun (Open MPI) 4.1.4\n\nReport bugs to ...\n") == 4);
  CHECK(open_mpi_version("mpirun (Open MPI) 5.0.7") == 5);
  CHECK(open_mpi_version("mpirun (Open MPI) 10.1.0rc1") == 10);
  CHECK(open_mpi_version("HYDRA build details:\n    Version: 4.0.2\n") == 0);
  CHECK(open_mpi_version("mpirun (Open MPI) ") == 0);
  CHECK(open_mpi_version("") == 0);
}

TEST_CASE("ULFM is one of the extensions of MPI") {
  CHECK(has_ulfm("   MPI extensions: affinity, cuda, ftmpi, rocm\n  MCA ras: slurm (...)\n"));
  CHECK(has_ulfm("   MPI extensions: affinity,\n      ftmpi\n  MCA ras: slurm (...)\n"));
  CHECK_FALSE(has_ulfm("   MPI extensions: affinity, cuda, pcollreq\n"));
  CHECK_FALSE(has_ulfm("   MPI extensions: affinity\n  MCA thing: ftmpi (...)\n"));
  CHECK_FALSE(has_ulfm(""));
}

TEST_CASE("a component for Slurm says that mpirun asks it for nodes") {
  CHECK(asks_slurm("  MCA ras: simulator (MCA v2.1.0)\n  MCA ras: slurm (MCA v2.1.0)\n"));
  CHECK_FALSE(asks_slurm("  MCA ras: simulator (MCA v2.1.0)\n  MCA ess: slurm (MCA v2.1.0)\n"));
}

}  // namespace
}  // namespace thresh::cli
