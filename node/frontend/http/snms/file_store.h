#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "node/base/clock.h"
#include "node/base/result.h"

namespace idnode::frontend::http::snms {

/// Bounds of uploads, tested at the boundary. The first two are the API's own.
inline constexpr std::size_t kImageBytesMax = 1U << 20;
inline constexpr std::size_t kPdfBytesMax = 5U << 20;
inline constexpr std::size_t kUnclaimedFilesMax = 256;
inline constexpr std::int64_t kUnclaimedMsMax = 24 * 3'600'000;

struct StoredFile {
  std::int64_t id = 0;  ///< random, 1 to 2^53 - 1: exact in every JSON reader
  std::string path;     ///< what clients are told: a name, no place on this machine
};

/// Keeps files that the records of enterprises refer to (licences), until they are claimed once.
class FileStore {
 public:
  virtual ~FileStore() = default;
  /// Errors: kInvalidValue (neither PNG, JPEG, GIF, BMP nor PDF by its first bytes; empty),
  /// kPayloadTooLarge, kOverloaded (kUnclaimedFilesMax files wait), kStorageFull, kUnavailable.
  virtual Result<StoredFile> Put(std::string_view content) = 0;
  /// Ok if all of `ids` are there and claimed by nobody but `owner`. Errors: kInvalidRequest.
  virtual Result<void> Check(std::span<const std::int64_t> ids, std::string_view owner) = 0;
  /// Claims them for `owner`: from then on they serve nobody else, and stay. Claiming again for the
  /// same owner is no error, so that a repeated request goes through. Errors: those of Check.
  virtual Result<void> Claim(std::span<const std::int64_t> ids, std::string_view owner) = 0;
};

/// Files in a directory of this node: "<id>-<upload time>.<type>" while unclaimed,
/// "<id>-<upload time>-<owner>.<type>" after. Unclaimed ones go after a day. Thread-safe; blocks.
class DirectoryFileStore : public FileStore {
 public:
  /// Creates the directory (mode 0700) where it is missing. Errors: kUnavailable.
  static Result<std::unique_ptr<DirectoryFileStore>> Open(const std::string& directory,
                                                          const Clock& clock);

  Result<StoredFile> Put(std::string_view content) override;
  Result<void> Check(std::span<const std::int64_t> ids, std::string_view owner) override;
  Result<void> Claim(std::span<const std::int64_t> ids, std::string_view owner) override;

 private:
  struct Entry {
    std::int64_t uploaded_ms = 0;
    std::string owner;  ///< empty: unclaimed
    std::string type;
  };

  DirectoryFileStore(std::string directory, const Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}
  void Load();
  void DropExpired();
  std::string PathOf(std::int64_t id, const Entry& entry) const;
  Result<void> CheckLocked(std::span<const std::int64_t> ids, std::string_view owner) const;

  const std::string directory_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::int64_t, Entry> files_;
};

/// "png", "jpg", "gif", "bmp", "pdf" by the first bytes; empty for anything else.
std::string_view FileTypeOf(std::string_view content);

}  // namespace idnode::frontend::http::snms
