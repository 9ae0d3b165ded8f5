// Fault tolerance in MPI (User Level Failure Mitigation: MPI Forum ticket 20; Bland et al., "Post-failure
// recovery of MPI communication capability", IJHPCA 27(3), 2013). The only place that asks whether this MPI
// has it. Without it nothing here does anything.
#pragma once

#include <mpi.h>

namespace thresh::comm::ulfm {

// Whether ranks may die and the others go on: compiled in, and on in this run. The calls exist in Open MPI 5
// without `mpirun --with-ft ulfm` as well, and do nothing.
bool active();

// Whether the error says that a rank is gone, or that another rank revoked the communicator because of one.
bool says_rank_lost(int error);
// Whether a rank of the communicator is known to have died. Cheap (50 ns); learns nothing by itself.
bool any_failed(MPI_Comm comm);
// Lets every other call on the communicator fail, on all ranks.
void revoke(MPI_Comm comm);
// Whether all that are alive say yes: the same answer on all of them, whoever dies meanwhile. Collective over
// them, and it waits for them.
bool agree(MPI_Comm comm, bool yes);
// A communicator of those that are alive, in the same order. Collective over them, and it waits for them.
// Returns the error of MPI.
int shrink(MPI_Comm comm, MPI_Comm& survivors);

}  // namespace thresh::comm::ulfm
