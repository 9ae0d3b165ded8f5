/*
 * Counts what a rank gives to MPI, by its profiling interface. Preloaded; the program is not built anew:
 *
 *     mpicc -shared -fPIC -O2 -o count_messages.so count_messages.c
 *     mpirun -x LD_PRELOAD=$PWD/count_messages.so -x COUNT_MESSAGES_DIR=DIR -np N PROGRAM ...
 *
 * At MPI_Finalize each rank writes DIR/<rank>.json. A rank that ends otherwise writes nothing.
 * Wrapped is what src/comm calls, and the blocking kin of it. A rank to itself is not a message.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct {
  unsigned long long calls, messages, bytes;
} point, shuffle;  /* sends between two ranks; all-to-all calls and the non-empty pairs in them */

static double cpu_of_start;  /* seconds, until MPI_Init returned */

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Of this program alone: ru_maxrss would count the launcher that it was forked from. */
static unsigned long long peak_kib(void) {
  char line[256];
  unsigned long long peak = 0;
  FILE* status = fopen("/proc/self/status", "r");
  if (status == NULL) return 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) peak = strtoull(line + 6, NULL, 10);
  }
  fclose(status);
  return peak;
}

static void count_send(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  ++point.calls;
  ++point.messages;
  point.bytes += (unsigned long long)count * (unsigned long long)size;
}

static void count_all_to_all(const int counts[], MPI_Datatype type, MPI_Comm comm) {
  int ranks = 0, self = 0, size = 0;
  PMPI_Comm_size(comm, &ranks);
  PMPI_Comm_rank(comm, &self);
  PMPI_Type_size(type, &size);
  ++shuffle.calls;
  for (int rank = 0; rank < ranks; ++rank) {
    if (rank == self || counts[rank] == 0) continue;
    ++shuffle.messages;
    shuffle.bytes += (unsigned long long)counts[rank] * (unsigned long long)size;
  }
}

int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  const int error = PMPI_Init_thread(argc, argv, required, provided);
  cpu_of_start = cpu_seconds();
  return error;
}

int MPI_Isend(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request* request) {
  count_send(count, type);
  return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int MPI_Send(const void* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  count_send(count, type);
  return PMPI_Send(data, count, type, to, tag, comm);
}

int MPI_Ialltoallv(const void* out, const int counts[], const int offsets[], MPI_Datatype type, void* in,
                   const int in_counts[], const int in_offsets[], MPI_Datatype in_type, MPI_Comm comm,
                   MPI_Request* request) {
  count_all_to_all(counts, type, comm);
  return PMPI_Ialltoallv(out, counts, offsets, type, in, in_counts, in_offsets, in_type, comm, request);
}

int MPI_Alltoallv(const void* out, const int counts[], const int offsets[], MPI_Datatype type, void* in,
                  const int in_counts[], const int in_offsets[], MPI_Datatype in_type, MPI_Comm comm) {
  count_all_to_all(counts, type, comm);
  return PMPI_Alltoallv(out, counts, offsets, type, in, in_counts, in_offsets, in_type, comm);
}

int MPI_Finalize(void) {
  const char* folder = getenv("COUNT_MESSAGES_DIR");
  char path[4096];
  int rank = 0;
  FILE* file = NULL;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (folder != NULL) {
    snprintf(path, sizeof path, "%s/%d.json", folder, rank);
    file = fopen(path, "w");
  }
  if (file != NULL) {
    fprintf(file,
            "{\"rank\": %d, \"point_messages\": %llu, \"point_bytes\": %llu, \"shuffle_calls\": %llu, "
            "\"shuffle_messages\": %llu, \"shuffle_bytes\": %llu, \"start_cpu\": %.6f, \"cpu\": %.6f, "
            "\"peak_kib\": %llu}\n",
            rank, point.messages, point.bytes, shuffle.calls, shuffle.messages, shuffle.bytes, cpu_of_start,
            cpu_seconds(), peak_kib());
    fclose(file);
  }
  return PMPI_Finalize();
}
