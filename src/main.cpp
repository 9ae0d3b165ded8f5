#include "cli/run.hpp"

int main(int argc, char** argv) {
  return thresh::cli::run(argc, argv);
}
