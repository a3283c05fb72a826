#include "node/cli/rejects_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "node/base/text.h"
#include "node/cli/csv.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

constexpr std::string_view kReasonColumns[] = {"idnode_outcome", "idnode_reason", "idnode_field",
                                               "idnode_detail", "idnode_line"};

Error FileError(const std::string& what, const std::string& path) {
  return Error(Errc::kUnavailable, what + " " + path + ": " + std::strerror(errno));
}

}  // namespace

RejectsFile::RejectsFile(std::string path, InputFormat format, char delimiter, std::string header,
                         std::size_t columns)
    : path_(std::move(path)),
      format_(format),
      delimiter_(delimiter),
      header_(std::move(header)),
      columns_(columns) {}

Result<void> RejectsFile::Start(std::int64_t bytes) {
  bytes_ = bytes;
  if (bytes == 0) {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return FileError("cannot remove", path_);
    return {};
  }
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return FileError("cannot read", path_);
  if (status.st_size < bytes) {
    return Error(Errc::kUnavailable,
                 path_ + " is shorter than when the import stopped; --restart begins again");
  }
  if (::truncate(path_.c_str(), bytes) != 0) return FileError("cannot shorten", path_);
  file_.reset(std::fopen(path_.c_str(), "abe"));
  if (!file_) return FileError("cannot open", path_);
  return {};
}

Result<void> RejectsFile::Write(std::string_view text) {
  if (!file_) {
    file_.reset(std::fopen(path_.c_str(), "wbe"));
    if (!file_) return FileError("cannot create", path_);
  }
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
    return FileError("cannot write", path_);
  }
  bytes_ += static_cast<std::int64_t>(text.size());
  return {};
}

Result<void> RejectsFile::Add(std::string_view raw, std::size_t fields,
                              const RejectReason& reason) {
  line_.clear();
  const std::string number = std::to_string(reason.line);
  if (format_ == InputFormat::kCsv) {
    if (bytes_ == 0) {
      line_ = header_;
      for (const std::string_view column : kReasonColumns) {
        line_ += delimiter_;
        line_ += column;
      }
      line_ += '\n';
    }
    line_ += raw;
    for (std::size_t i = fields; i < columns_; ++i) line_ += delimiter_;
    for (const std::string_view cell :
         {reason.outcome, reason.reason, reason.field, reason.detail, std::string_view(number)}) {
      line_ += delimiter_;
      AppendCsvField(cell, delimiter_, line_);
    }
    line_ += '\n';
    return Write(line_);
  }
  // The row is text inside the object: it need not be valid JSON, and often is not, being rejected.
  line_ = "{\"row\":" + JsonString(IsUtf8(raw) ? raw : Base64(raw)) +
          ",\"outcome\":" + JsonString(reason.outcome) +
          ",\"reason\":" + JsonString(reason.reason) + ",\"field\":" + JsonString(reason.field) +
          ",\"detail\":" + JsonString(reason.detail) + ",\"line\":" + number;
  if (!IsUtf8(raw)) line_ += ",\"rowIsBase64\":true";
  line_ += "}\n";
  return Write(line_);
}

Result<void> RejectsFile::Flush() {
  if (file_ && (std::fflush(file_.get()) != 0 || ::fdatasync(::fileno(file_.get())) != 0)) {
    return FileError("cannot write", path_);
  }
  return {};
}

}  // namespace idnode::cli
