#include "storage/feed_row.h"

#include <algorithm>
#include <cstring>

#include "node/base/varint.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr char kFeedFormat = 1;

// Entry flags: which texts repeat the entry before, and whether there is a digest.
constexpr unsigned kChangeMask = 0x07;
constexpr unsigned kNewApplication = 0x08;
constexpr unsigned kNewClass = 0x10;
constexpr unsigned kNewTemplate = 0x20;
constexpr unsigned kNoDigest = 0x40;

}  // namespace

void FeedRowBuilder::Add(const FeedEntry& entry) {
  unsigned flags = static_cast<unsigned>(entry.change);
  const bool first = count_ == 0;
  if (first || entry.application != last_application_) flags |= kNewApplication;
  if (first || entry.object_class != last_class_) flags |= kNewClass;
  if (first || entry.template_ref != last_template_) flags |= kNewTemplate;
  if (entry.change == ChangeKind::kDeleted) flags |= kNoDigest;
  entries_ += static_cast<char>(flags);
  const std::size_t common = std::min(last_identifier_.size(), entry.identifier.size());
  std::size_t shared = 0;
  while (shared < common && last_identifier_[shared] == entry.identifier[shared]) ++shared;
  AppendVarint(shared, entries_);
  AppendSized(entry.identifier.substr(shared), entries_);
  last_identifier_.assign(entry.identifier);
  if ((flags & kNewApplication) != 0) {
    AppendSized(entry.application, entries_);
    last_application_.assign(entry.application);
  }
  if ((flags & kNewClass) != 0) {
    AppendSized(entry.object_class, entries_);
    last_class_.assign(entry.object_class);
  }
  if ((flags & kNewTemplate) != 0) {
    AppendSized(entry.template_ref, entries_);
    last_template_.assign(entry.template_ref);
  }
  if ((flags & kNoDigest) == 0) {
    entries_.append(reinterpret_cast<const char*>(entry.content_digest.data()),
                    entry.content_digest.size());
  }
  ++count_;
}

std::string FeedRowBuilder::Finish(std::int64_t commit_ms, std::string_view nonce,
                                   const std::map<CounterId, Figures>& deltas) {
  IDNODE_CHECK(nonce.size() == kNonceBytes);
  std::string bytes;
  bytes.reserve(entries_.size() + 64 + deltas.size() * 48);
  bytes += kFeedFormat;
  bytes += nonce;
  AppendVarint(static_cast<std::uint64_t>(commit_ms), bytes);
  AppendVarint(deltas.size(), bytes);
  for (const auto& [id, figures] : deltas) {
    AppendVarint(static_cast<std::uint64_t>(id.month.number), bytes);
    bytes += static_cast<char>(id.dimension);
    AppendSized(id.value, bytes);
    AppendFigures(figures, bytes);
  }
  AppendVarint(count_, bytes);
  bytes += entries_;
  return bytes;
}

void FeedRowBuilder::Clear() { *this = FeedRowBuilder(); }

Result<std::string_view> FeedNonce(std::string_view bytes) {
  if (bytes.size() < 1 + kNonceBytes || bytes[0] != kFeedFormat) {
    return Error(Errc::kCorruption, "a feed row is damaged");
  }
  return bytes.substr(1, kNonceBytes);
}

Result<void> FeedRowReader::Open(std::string_view bytes) {
  const auto nonce = FeedNonce(bytes);
  if (!nonce.ok()) return nonce.error();
  rest_ = bytes.substr(1 + kNonceBytes);
  nonce_ = *nonce;
  counted_ = damaged_ = false;
  entries_ = entries_left_ = 0;
  identifier_.clear();
  application_ = object_class_ = template_ref_ = {};
  std::uint64_t commit_ms = 0;
  if (!TakeVarint(rest_, commit_ms) || !TakeVarint(rest_, deltas_left_) ||
      deltas_left_ > rest_.size()) {
    return Error(Errc::kCorruption, "a feed row is damaged");
  }
  commit_ms_ = static_cast<std::int64_t>(commit_ms);
  return {};
}

bool FeedRowReader::NextDelta(FeedDelta& delta) {
  if (deltas_left_ == 0 || damaged_) return false;
  --deltas_left_;
  damaged_ = true;  // until the delta has been read whole
  std::uint64_t month = 0;
  if (!TakeVarint(rest_, month) || month > INT32_MAX || rest_.empty() ||
      static_cast<unsigned char>(rest_.front()) >= Dimensions().size()) {
    return false;
  }
  delta.month.number = static_cast<std::int32_t>(month);
  delta.dimension = static_cast<Dimension>(rest_.front());
  rest_.remove_prefix(1);
  if (!TakeSized(rest_, delta.value) || !TakeFigures(rest_, delta.figures)) return false;
  damaged_ = false;
  return true;
}

bool FeedRowReader::NextEntry(FeedEntry& entry) {
  if (!counted_) {
    FeedDelta passed;
    while (NextDelta(passed)) {
    }
    if (damaged_) return false;
    counted_ = true;
    if (!TakeVarint(rest_, entries_) || entries_ > rest_.size()) {
      damaged_ = true;
      return false;
    }
    entries_left_ = entries_;
  }
  if (damaged_) return false;
  if (entries_left_ == 0) {
    damaged_ = !rest_.empty();
    return false;
  }
  --entries_left_;
  damaged_ = !TakeEntry(entry);
  return !damaged_;
}

bool FeedRowReader::TakeEntry(FeedEntry& entry) {
  if (rest_.empty()) return false;
  const auto flags = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  if ((flags & kChangeMask) > static_cast<unsigned>(ChangeKind::kStateChanged)) return false;
  entry.change = static_cast<ChangeKind>(flags & kChangeMask);
  std::uint64_t shared = 0;
  std::string_view text;
  if (!TakeVarint(rest_, shared) || shared > identifier_.size() || !TakeSized(rest_, text)) {
    return false;
  }
  identifier_.resize(shared);
  identifier_ += text;
  if ((flags & kNewApplication) != 0 && !TakeSized(rest_, application_)) return false;
  if ((flags & kNewClass) != 0 && !TakeSized(rest_, object_class_)) return false;
  if ((flags & kNewTemplate) != 0 && !TakeSized(rest_, template_ref_)) return false;
  entry.identifier = identifier_;
  entry.application = application_;
  entry.object_class = object_class_;
  entry.template_ref = template_ref_;
  entry.content_digest = {};
  if ((flags & kNoDigest) == 0) {
    if (rest_.size() < entry.content_digest.size()) return false;
    std::memcpy(entry.content_digest.data(), rest_.data(), entry.content_digest.size());
    rest_.remove_prefix(entry.content_digest.size());
  }
  return true;
}

Result<FeedRow> DecodeFeedRow(std::string_view bytes, bool entries) {
  FeedRowReader reader;
  IDNODE_RETURN_IF_ERROR(reader.Open(bytes));
  FeedRow row;
  row.nonce = reader.nonce();
  row.commit_ms = reader.commit_ms();
  for (FeedDelta delta; reader.NextDelta(delta);) {
    row.deltas.emplace_back(CounterId{delta.month, delta.dimension, std::string(delta.value)},
                            delta.figures);
  }
  if (entries) {
    for (FeedEntry entry; reader.NextEntry(entry);) {
      row.entries.push_back({entry.change, std::string(entry.identifier), entry.content_digest,
                             std::string(entry.application), std::string(entry.object_class),
                             std::string(entry.template_ref)});
    }
  }
  if (reader.damaged()) return Error(Errc::kCorruption, "a feed row is damaged");
  return row;
}

}  // namespace idnode::storage
