#include "node/cli/ledger/source.h"

#include <string_view>

#include "node/cli/ledger/file_util.h"

namespace idnode::cli {

Result<std::string> FetchOne(Source& source, std::string path, std::size_t bytes_max) {
  const Wanted wanted{std::move(path), bytes_max};
  std::vector<Result<std::string>> answers = source.Fetch({&wanted, 1});
  IDNODE_CHECK(answers.size() == 1);
  return std::move(answers.front());
}

std::string DirectorySource::FileOf(const std::string& folder, const std::string& path) {
  constexpr std::string_view kCheckpoint = "/checkpoint";
  std::string file = path;
  if (file.size() > kCheckpoint.size() &&
      file.compare(file.size() - kCheckpoint.size(), kCheckpoint.size(), kCheckpoint) == 0) {
    file[file.size() - kCheckpoint.size()] = '.';
  }
  return folder + "/" + file;
}

std::vector<Result<std::string>> DirectorySource::Fetch(std::span<const Wanted> wanted) {
  std::vector<Result<std::string>> answers;
  answers.reserve(wanted.size());
  for (const Wanted& item : wanted) {
    answers.push_back(LoadFile(FileOf(folder_, item.path), item.bytes_max));
  }
  return answers;
}

std::vector<Result<std::string>> DirectorySource::Resolve(
    std::span<const std::string> identifiers) {
  return std::vector<Result<std::string>>(
      identifiers.size(), Error(Errc::kUnimplemented, "a folder cannot resolve identifiers"));
}

}  // namespace idnode::cli
