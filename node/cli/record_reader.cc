#include "node/cli/record_reader.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace idnode::cli {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Result<InputFormat> InputFormatOf(std::string_view path) {
  for (const std::string_view end : {".csv", ".tsv", ".txt"}) {
    if (EndsWith(path, end)) return InputFormat::kCsv;
  }
  for (const std::string_view end : {".jsonl", ".ndjson"}) {
    if (EndsWith(path, end)) return InputFormat::kJsonLines;
  }
  return Error(Errc::kInvalidRequest, "cannot tell the format of " + std::string(path) +
                                          ": name it .csv or .jsonl, or say --format");
}

Result<std::unique_ptr<RecordReader>> RecordReader::Open(const std::string& path,
                                                         InputFormat format, char delimiter,
                                                         std::size_t record_bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Error(Errc::kInvalidRequest, "cannot open " + path + ": " + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return Error(Errc::kInvalidRequest, path + " is not a regular file");
  }
  return std::unique_ptr<RecordReader>(
      new RecordReader(fd, path, format, delimiter, record_bytes_max));
}

RecordReader::RecordReader(int fd, std::string path, InputFormat format, char delimiter,
                           std::size_t record_bytes_max)
    : fd_(fd),
      path_(std::move(path)),
      format_(format),
      delimiter_(delimiter),
      record_bytes_max_(record_bytes_max) {}

RecordReader::~RecordReader() { ::close(fd_); }

Result<void> RecordReader::Seek(std::uint64_t offset, std::uint64_t line) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    return Error(Errc::kUnavailable, "cannot seek in " + path_ + ": " + std::strerror(errno));
  }
  buffer_.clear();
  begin_ = 0;
  last_ = false;
  offset_ = offset;
  line_ = line;
  return {};
}

Result<void> RecordReader::Fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t old = buffer_.size();
  buffer_.resize(old + kReadBytes);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + old, kReadBytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return Error(Errc::kUnavailable, "cannot read " + path_ + ": " + std::strerror(errno));
  }
  buffer_.resize(old + static_cast<std::size_t>(got));
  if (got == 0) last_ = true;
  if (offset_ == 0 && old == 0 && buffer_.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    Take(kByteOrderMark.size(), 0);
  }
  return {};
}

void RecordReader::Take(std::size_t size, std::size_t lines) {
  begin_ += size;
  offset_ += size;
  line_ += lines;
}

Error RecordReader::AtLine(std::string what) const {
  return Error(Errc::kInvalidRequest, path_ + " line " + std::to_string(line_) + ": " + what);
}

Result<bool> RecordReader::Next(InputRecord& record) {
  return format_ == InputFormat::kCsv ? NextCsv(record) : NextLine(record);
}

Result<bool> RecordReader::NextCsv(InputRecord& record) {
  while (true) {
    const std::string_view text = std::string_view(buffer_).substr(begin_);
    switch (ParseCsvRecord(text, last_, delimiter_, row_)) {
      case CsvParse::kRecord:
        if (row_.raw.size() > record_bytes_max_) break;
        record.line = line_;
        Take(row_.size, row_.lines);
        if (row_.raw.empty()) continue;
        record.raw = row_.raw;
        record.fields = &row_.fields;
        record.malformed = row_.malformed;
        return true;
      case CsvParse::kIncomplete:
        if (text.size() > record_bytes_max_ + 2) break;
        IDNODE_RETURN_IF_ERROR(Fill());
        continue;
      case CsvParse::kOpenQuote:
        return AtLine("a quoted field opens in this record and is never closed");
      case CsvParse::kEnd:
        return false;
    }
    return AtLine("the record has more than " + std::to_string(record_bytes_max_) +
                  " bytes; is a quote left open?");
  }
}

Result<bool> RecordReader::NextLine(InputRecord& record) {
  while (true) {
    const std::string_view text = std::string_view(buffer_).substr(begin_);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos && !last_) {
      if (text.size() > record_bytes_max_ + 1) {
        return AtLine("the line has more than " + std::to_string(record_bytes_max_) + " bytes");
      }
      IDNODE_RETURN_IF_ERROR(Fill());
      continue;
    }
    if (text.empty()) return false;
    std::string_view raw = text.substr(0, end);
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    if (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    if (raw.size() > record_bytes_max_) {
      return AtLine("the line has more than " + std::to_string(record_bytes_max_) + " bytes");
    }
    record.line = line_;
    Take(size, end == std::string_view::npos ? 0 : 1);
    if (raw.find_first_not_of(" \t") == std::string_view::npos) continue;
    record.raw = raw;
    record.fields = nullptr;
    record.malformed = false;
    return true;
  }
}

}  // namespace idnode::cli
