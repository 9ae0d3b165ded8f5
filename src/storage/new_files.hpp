// Files that are made for the user: whole under their name or not there, and never in the place of others.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace thresh::storage {

// Appends the next piece to `buffer`, which is empty. False if there is nothing after it.
using NextPiece = std::function<bool(std::string& buffer)>;

// Throws Error{CannotCreate} if the name is taken or its directory is not there, Error{Io} when writing
// fails; then nothing is left.
void write_new_file(const std::string& path, const NextPiece& next);

struct NewFile {
  std::string name;
  std::function<NextPiece()> begin;  // called when its turn has come
};
// The same for a directory that holds these files.
void write_new_directory(const std::string& path, const std::vector<NewFile>& files);

}  // namespace thresh::storage
