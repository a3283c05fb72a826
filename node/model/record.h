#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"

namespace idnode {

/// Bounds of a record. Configurable in section [limits]; every one is tested at the boundary.
struct RecordLimits {
  std::size_t identifier_bytes_max = 255;
  std::size_t values_max = 256;                    ///< values in a record
  std::size_t value_bytes_max = 64 * 1024;         ///< bytes of one value's data
  std::size_t record_bytes_max = 4 * 1024 * 1024;  ///< bytes of a record's content in all
  std::size_t type_bytes_max = 255;                ///< bytes of a value's type
  std::size_t references_max = 64;                 ///< references of one value
  std::size_t object_class_bytes_max = 64;
  std::size_t template_bytes_max = 128;
  std::size_t attributes_bytes_max = 64 * 1024;  ///< canonical JSON of the attributes
};

enum class State : std::uint8_t {
  kActive = 0,   ///< 有效
  kFrozen = 1,   ///< 冻结: resolves, may not be changed
  kRevoked = 2,  ///< 吊销: public resolution answers that it is gone
  kDeleted = 3,  ///< 删除: kept so that the identifier never counts as first-ever again
};

/// What made a revision of a record.
enum class ChangeKind : std::uint8_t {
  kRegistered = 0,
  kReRegistered = 1,
  kUpdated = 2,
  kDeleted = 3,
  kStateChanged = 4,
};

inline constexpr std::uint32_t kDefaultTtlSeconds = 86'400;
/// Admin read, admin write, public read (RFC 3651 §3.1).
inline constexpr std::uint8_t kDefaultPermissions = 0b1110;

struct ReferenceView {
  std::string_view identifier;
  std::uint32_t index = 0;
};

/// One typed value (RFC 3651 §3.1) as views into someone else's bytes.
struct ValueView {
  std::uint32_t index = 0;  ///< in input, 0 means "give it the lowest free index"
  std::string_view type;
  std::string_view data;
  std::uint32_t ttl_seconds = kDefaultTtlSeconds;
  std::uint8_t permissions = kDefaultPermissions;
  bool absolute_ttl = false;  ///< `ttl_seconds` is a Unix time
  std::span<const ReferenceView> references;
};

/// What an enterprise says about an identifier; the input of the content encoding.
struct ContentInput {
  std::string_view object_class;
  std::string_view template_ref;     ///< "shoe@2"
  std::string_view attributes_json;  ///< canonical JSON object, or empty
  std::span<const ValueView> values;
};

/// Appends the canonical encoding of `content` (storage/FORMAT.md, "Content") to `out`: values in
/// the order of their indexes, defaults left out, so equal content has equal bytes. Values
/// without an index get the lowest free ones in the order given.
/// Errors: kInvalidValue with the field at fault ("values[2].data"); `out` is then unchanged.
Result<void> EncodeContent(const ContentInput& content, const RecordLimits& limits,
                           std::string& out);

/// Reads one value after the other out of encoded content. The views live as long as the bytes.
class ValueReader {
 public:
  explicit ValueReader(std::string_view bytes, std::uint32_t count) : rest_(bytes), left_(count) {}
  /// Moves to the next value; false at the end or on damaged bytes (see `damaged`).
  bool Next(ValueView& value);
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  std::uint32_t left_;
  bool damaged_ = false;
  std::vector<ReferenceView> references_;
};

/// A stored record, decoded as views into its bytes (storage/FORMAT.md, "Record").
struct RecordView {
  State state = State::kActive;
  ChangeKind change = ChangeKind::kRegistered;
  std::uint32_t revision = 1;
  std::int64_t updated_ms = 0;           ///< commit time of this revision
  std::int64_t registered_ms = 0;        ///< of the registration in force
  std::int64_t first_registered_ms = 0;  ///< of the first registration ever: the one that counts
  std::string_view application;          ///< who wrote this revision; empty: the operator
  std::string_view display;              ///< as first written; empty: the folded form is it
  std::string_view content;              ///< canonical bytes; the content digest is their SHA-256
  // Decoded from `content`:
  std::string_view object_class;
  std::string_view template_ref;
  std::string_view attributes_json;
  std::string_view value_bytes;
  std::uint32_t value_count = 0;
  /// Commit times of values written before this revision: pairs (index, Unix ms) as bytes.
  std::string_view value_times;

  ValueReader values() const { return ValueReader(value_bytes, value_count); }
  /// When the value was last written.
  std::int64_t ValueTimeMs(std::uint32_t index) const;
};

/// What EncodeRecord writes beside the content.
struct RecordHeader {
  State state = State::kActive;
  ChangeKind change = ChangeKind::kRegistered;
  std::uint32_t revision = 1;
  std::int64_t updated_ms = 0;
  std::int64_t registered_ms = 0;
  std::int64_t first_registered_ms = 0;
  std::string_view application;
  std::string_view display;      ///< empty where it equals the folded identifier
  std::string_view value_times;  ///< as in RecordView
};

/// Appends the header to `out`; the content follows it. A first registration (revision 1,
/// kRegistered, active) takes the short form of 7 bytes and the application's name.
void EncodeRecordHeader(const RecordHeader& header, std::string& out);

/// Writes `commit_ms` into the bytes of a record whose header is in the short form: its commit
/// time is known only when its group commits.
void PatchCommitTime(char* record, std::int64_t commit_ms);

/// Decodes a stored record. Errors: kCorruption.
Result<RecordView> DecodeRecord(std::string_view bytes);

/// Appends one (index, time) pair for RecordView::value_times.
void AppendValueTime(std::uint32_t index, std::int64_t unix_ms, std::string& out);

/// True if `data` is to be shown as text: well-formed UTF-8 without control characters other than
/// tab, line feed and carriage return.
bool IsTextData(std::string_view data);

/// Lowest TTL of the values in seconds, for caches; kDefaultTtlSeconds where there are none.
std::uint32_t CacheSeconds(const RecordView& record);

}  // namespace idnode
