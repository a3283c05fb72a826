#include "node/cli/audit_chain.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>

#include <google/protobuf/util/json_util.h>

#include "node/base/varint.h"
#include "node/cli/record_reader.h"

namespace idnode::cli {
namespace {

std::int64_t MsOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}

Error Broken(std::uint64_t number, const std::string& why) {
  return Error(Errc::kCorruption, "entry " + std::to_string(number) + " of the audit log " + why);
}

/// Size of a file whose last line has no end; -1 for any other.
std::int64_t SizeIfCut(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::int64_t size = file.tellg();
  if (size <= 0) return -1;
  file.seekg(size - 1);
  return file.get() == '\n' ? -1 : size;
}

}  // namespace

Digest AuditHashOf(const Digest& before, const v1::AuditEntry& entry) {
  std::string bytes(reinterpret_cast<const char*>(before.data()), before.size());
  AppendVarint(entry.number(), bytes);
  AppendVarint(static_cast<std::uint64_t>(MsOf(entry.at())), bytes);
  for (const auto* text : {&entry.who(), &entry.role(), &entry.from(), &entry.action(),
                           &entry.target(), &entry.refused(), &entry.before(), &entry.after()}) {
    AppendSized(*text, bytes);
  }
  AppendVarint(entry.count(), bytes);
  return Sha256(bytes);
}

Result<void> AuditChain::Add(const v1::AuditEntry& entry) {
  const std::string& given = entry.hash();
  if (given.size() != head_.size()) return Broken(entry.number(), "has no hash");
  if (first_ != 0 && entry.number() != last_ + 1) {
    return Broken(last_ + 1, "is missing; entry " + std::to_string(entry.number()) + " is next");
  }
  if (first_ != 0 || entry.number() == 1) {
    const Digest hash = AuditHashOf(head_, entry);
    if (std::memcmp(hash.data(), given.data(), hash.size()) != 0) {
      return Broken(entry.number(), "does not follow from the one before: its hash is another");
    }
  }
  if (first_ == 0) first_ = entry.number();
  last_ = entry.number();
  last_ms_ = MsOf(entry.at());
  std::copy(given.begin(), given.end(), head_.begin());
  return {};
}

Result<AuditChain> ReadAuditFile(const std::string& path, std::int64_t* whole_bytes) {
  auto reader = RecordReader::Open(path, InputFormat::kJsonLines, ',');
  if (!reader.ok()) return reader.error();
  AuditChain chain;
  InputRecord record;
  const std::int64_t cut_size = whole_bytes == nullptr ? -1 : SizeIfCut(path);
  while (true) {
    const auto start = static_cast<std::int64_t>((*reader)->offset());
    const auto more = (*reader)->Next(record);
    if (!more.ok()) return more.error();
    const auto end = static_cast<std::int64_t>((*reader)->offset());
    // The last line was being written when the export stopped: it is written again.
    const bool cut = *more && end == cut_size;
    if (!*more || cut) {
      if (whole_bytes != nullptr) *whole_bytes = cut ? start : end;
      return chain;
    }
    v1::AuditEntry entry;
    const auto status = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(record.raw.data(), record.raw.size()), &entry);
    if (!status.ok()) {
      return Error(Errc::kInvalidRequest, path + " line " + std::to_string(record.line) +
                                              " is no entry of an audit log: " + status.ToString());
    }
    if (auto added = chain.Add(entry); !added.ok()) return added.error();
  }
}

}  // namespace idnode::cli
