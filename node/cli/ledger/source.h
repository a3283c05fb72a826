#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "node/base/result.h"

namespace idnode::cli {

/// One thing to fetch, by its path below the ledger, such as "tile/0/000" or
/// "statement/2026-11/checkpoint".
struct Wanted {
  std::string path;
  std::size_t bytes_max = 0;
};

/// Where a ledger is read from: a node, or a folder that mirrors one. One caller at a time.
class Source {
 public:
  virtual ~Source() = default;

  /// The bytes of each, in their order. Errors, each for its own item: kNotFound;
  /// kPayloadTooLarge; kUnauthenticated and kPermissionDenied (entries need an auditor's token);
  /// kOverloaded, kDeadlineExceeded and kUnavailable (after trying again).
  virtual std::vector<Result<std::string>> Fetch(std::span<const Wanted> wanted) = 0;

  /// What the node answers about identifiers now, as JSON (`GET /{prefix}/{suffix}`). Errors as
  /// Fetch's; kUnimplemented from a folder.
  virtual std::vector<Result<std::string>> Resolve(std::span<const std::string> identifiers) = 0;
  virtual bool is_live() const = 0;
};

/// One thing of a source.
Result<std::string> FetchOne(Source& source, std::string path, std::size_t bytes_max);

/// A folder with the files `checkpoint`, `vkey`, `tile/…`, `statement/YYYY-MM` and
/// `statement/YYYY-MM.checkpoint`, such as `idnode ledger download` writes.
class DirectorySource : public Source {
 public:
  explicit DirectorySource(std::string folder) : folder_(std::move(folder)) {}
  std::vector<Result<std::string>> Fetch(std::span<const Wanted> wanted) override;
  std::vector<Result<std::string>> Resolve(std::span<const std::string> identifiers) override;
  bool is_live() const override { return false; }

  /// The file that holds a path: "statement/2026-11/checkpoint" is in
  /// "statement/2026-11.checkpoint", since its folder's name is a file's.
  static std::string FileOf(const std::string& folder, const std::string& path);

 private:
  const std::string folder_;
};

}  // namespace idnode::cli
