// What a program for MR-MPI consists of besides its own map and reduce: files in, pairs out, and values in
// blocks.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "files.hpp"
#include "keyvalue.h"
#include "mapreduce.h"

using MAPREDUCE_NS::KeyValue;
using MAPREDUCE_NS::MapReduce;

// Adds up all values of a key. MR-MPI hands them over at once, or, if they do not fit in a page, in blocks.
template <class Total, class Add>
Total total_of(MapReduce& job, char* values, int count, Add add) {
  Total total{};
  const auto take = [&](const char* block, int in_block) {
    for (int i = 0; i < in_block; ++i) {
      Total value;
      std::memcpy(&value, block + static_cast<std::size_t>(i) * sizeof value, sizeof value);
      add(total, value);
    }
  };
  if (values != nullptr) {
    take(values, count);
    return total;
  }
  int blocks = 0;
  job.multivalue_blocks(blocks);
  for (int i = 0; i < blocks; ++i) {
    char* block = nullptr;
    int* sizes = nullptr;
    const int in_block = job.multivalue_block(i, &block, &sizes);
    take(block, in_block);
  }
  return total;
}

using Map = void (*)(int, char*, int, KeyValue*, void*);
using Reduce = void (*)(char*, int, char*, int, int*, KeyValue*, void*);
using Print = void (*)(char*, int, char*, int, void*);

// Maps pieces of the input that end with a newline, combines on each rank, collates, reduces, and has each
// rank write its pairs to OUTPUT.RANK.
inline int run_mrmpi(int argc, char** argv, Map map, Reduce reduce, Print print) {
  MPI_Init(&argc, &argv);
  {
    CommandLine given = command_line(argc, argv);
    const std::size_t size = InputFile(given.input).size();
    MapReduce job(MPI_COMM_WORLD);
    job.verbosity = 0;
    job.timer = 0;
    job.memsize = 512;  // MiB a page, of which it takes several: more than its 64, so that less goes to disk
    const std::string folder = given.output.substr(0, given.output.rfind('/') + 1) + ".";
    job.set_fpath(folder.c_str());
    char* names[] = {given.input.data()};
    constexpr std::size_t kPiece = std::size_t{16} << 20;
    const int pieces = std::max(job.num_procs(), static_cast<int>(size / kPiece));
    constexpr int kLongestLine = 1 << 16;
    job.map(pieces, 1, names, 0, 0, '\n', kLongestLine, map, &job);
    job.compress(reduce, &job);
    job.collate(nullptr);
    job.reduce(reduce, &job);
    OutputFile output(given.output + "." + std::to_string(job.my_proc()));
    {
      Lines lines(output);
      job.scan(print, &lines);
    }
    output.finish(given.fsync);
  }
  MPI_Finalize();
  return 0;
}
