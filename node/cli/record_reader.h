#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/cli/csv.h"

namespace idnode::cli {

/// Longest record of an input file in bytes. A quote that is never closed would otherwise take the
/// rest of the file into one field.
inline constexpr std::size_t kInputRecordBytesMax = 1 << 20;

enum class InputFormat { kCsv, kJsonLines };

/// By the file's extension: .csv, .tsv, .txt; .jsonl, .ndjson. Errors: kInvalidRequest.
Result<InputFormat> InputFormatOf(std::string_view path);

/// One record of an input file. Views are valid until the next call of the reader.
struct InputRecord {
  std::string_view raw;                                   ///< without its line end
  const std::vector<std::string_view>* fields = nullptr;  ///< CSV only
  bool malformed = false;
  std::uint64_t line = 0;  ///< where it starts, from 1
};

/// Reads a CSV or JSON Lines file record by record, in bounded memory, and knows where each record
/// ends so that reading can go on there later. Empty lines are passed over. Not thread-safe.
class RecordReader {
 public:
  /// Errors: kInvalidRequest naming the file.
  static Result<std::unique_ptr<RecordReader>> Open(
      const std::string& path, InputFormat format, char delimiter,
      std::size_t record_bytes_max = kInputRecordBytesMax);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// The next record, or false at the end of the file.
  /// Errors: kInvalidRequest (a record over its bound, a quote that is never closed; names the
  /// line), kUnavailable (the file cannot be read).
  Result<bool> Next(InputRecord& record);

  /// Goes on at a record's start: `offset` and `line` as given by an earlier reader of the file.
  Result<void> Seek(std::uint64_t offset, std::uint64_t line);

  std::uint64_t offset() const { return offset_; }  ///< bytes up to the next record
  std::uint64_t line() const { return line_; }      ///< line of the next record, from 1

 private:
  RecordReader(int fd, std::string path, InputFormat format, char delimiter,
               std::size_t record_bytes_max);
  Result<void> Fill();
  Result<bool> NextCsv(InputRecord& record);
  Result<bool> NextLine(InputRecord& record);
  void Take(std::size_t size, std::size_t lines);
  Error AtLine(std::string what) const;

  const int fd_;
  const std::string path_;
  const InputFormat format_;
  const char delimiter_;
  const std::size_t record_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< first byte of the buffer not yet taken
  bool last_ = false;      ///< the file holds nothing beyond the buffer
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  CsvRow row_;
};

}  // namespace idnode::cli
