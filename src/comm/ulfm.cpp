#include "comm/ulfm.hpp"

#if defined(OPEN_MPI) && __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

namespace thresh::comm::ulfm {

#ifdef OMPI_HAVE_MPI_EXT_FTMPI

namespace {

int class_of(int error) {
  int result = MPI_ERR_UNKNOWN;
  return MPI_Error_class(error, &result) == MPI_SUCCESS ? result : MPI_ERR_UNKNOWN;
}

// A control variable of the MPI tools interface: the only place that tells, as --with-ft, an environment
// variable and a file of parameters all end there.
bool control_variable(const char* name) {
  int provided = MPI_THREAD_SINGLE;
  if (MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) != MPI_SUCCESS) return false;
  bool on = false;
  int index = 0;
  int count = 0;
  MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
  if (MPI_T_cvar_get_index(name, &index) == MPI_SUCCESS &&
      MPI_T_cvar_handle_alloc(index, nullptr, &handle, &count) == MPI_SUCCESS) {
    alignas(8) char value[64] = {};  // a bool is one byte there, or an int
    on = count == 1 && MPI_T_cvar_read(handle, value) == MPI_SUCCESS && value[0] != 0;
    MPI_T_cvar_handle_free(&handle);
  }
  MPI_T_finalize();
  return on;
}

}  // namespace

bool active() {
  static const bool on = control_variable("mpi_ft_enable");
  return on;
}

bool says_rank_lost(int error) {
  if (error == MPI_SUCCESS || !active()) return false;
  const int what = class_of(error);
  return what == MPIX_ERR_PROC_FAILED || what == MPIX_ERR_PROC_FAILED_PENDING || what == MPIX_ERR_REVOKED;
}

bool any_failed(MPI_Comm comm) {
  if (!active()) return false;
  MPI_Group failed = MPI_GROUP_NULL;
  if (MPIX_Comm_get_failed(comm, &failed) != MPI_SUCCESS) return false;
  int size = 0;
  MPI_Group_size(failed, &size);
  if (failed != MPI_GROUP_EMPTY) MPI_Group_free(&failed);
  return size > 0;
}

void revoke(MPI_Comm comm) {
  // What it returns changes nothing: shrink works on what is left in any case.
  MPIX_Comm_revoke(comm);
}

bool agree(MPI_Comm comm, bool yes) {
  int all = yes ? 1 : 0;
  // The error tells of deaths, and the answer holds all the same.
  MPIX_Comm_agree(comm, &all);
  return all != 0;
}

int shrink(MPI_Comm comm, MPI_Comm& survivors) {
  return MPIX_Comm_shrink(comm, &survivors);
}

#else

bool active() {
  return false;
}
bool says_rank_lost(int) {
  return false;
}
bool any_failed(MPI_Comm) {
  return false;
}
void revoke(MPI_Comm) {}
bool agree(MPI_Comm, bool yes) {
  return yes;
}
int shrink(MPI_Comm, MPI_Comm&) {
  return MPI_ERR_OTHER;
}

#endif

}  // namespace thresh::comm::ulfm
