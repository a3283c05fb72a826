#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/cli/record_reader.h"

namespace idnode::cli {

/// Why a row was not registered.
struct RejectReason {
  std::string_view outcome;  ///< "CONFLICT" or "REJECTED"
  std::string_view reason;   ///< slug
  std::string_view field;
  std::string_view detail;
  std::uint64_t line = 0;  ///< of the input
};

/// The rows of an import that were not registered, as they stood in the input, with the reason
/// after them: in CSV as further columns, in JSON Lines as one object {"row":…,"outcome":…}. The
/// file is made with the first row. Not thread-safe.
class RejectsFile {
 public:
  /// `header` is the raw header of a CSV file and `columns` their number.
  RejectsFile(std::string path, InputFormat format, char delimiter, std::string header,
              std::size_t columns);

  /// Goes on behind the first `bytes` of the file; 0 begins anew: a file of that name is removed.
  /// Errors: kUnavailable (also where the file is shorter than it should be).
  Result<void> Start(std::int64_t bytes);

  /// `fields` is the number of fields in `raw`; missing ones are filled up, so that the reason
  /// stands under its head. Errors: kUnavailable.
  Result<void> Add(std::string_view raw, std::size_t fields, const RejectReason& reason);

  /// Returns once everything is on disk. Errors: kUnavailable.
  Result<void> Flush();

  const std::string& path() const { return path_; }
  std::int64_t bytes() const { return bytes_; }  ///< of the file

 private:
  Result<void> Write(std::string_view text);

  const std::string path_;
  const InputFormat format_;
  const char delimiter_;
  const std::string header_;
  const std::size_t columns_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, &std::fclose};
  std::int64_t bytes_ = 0;
  std::string line_;  ///< scratch
};

}  // namespace idnode::cli
