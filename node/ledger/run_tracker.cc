#include "node/ledger/run_tracker.h"

#include <algorithm>

#include "node/base/varint.h"

namespace idnode::ledger {
namespace {

// Stored form: version, leaves, longest, longest_end with its length, then for each slot in use
// its position, stem, next, length, touched; all varints but the stem.
constexpr unsigned char kVersion = 1;
constexpr std::size_t kIdentifierBytesMax = 64 * 1024;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// FNV-1a over the folded stem, stirred so that all bits choose the slot. Fixed: it is stored.
std::uint64_t StemHash(std::string_view stem) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : stem) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 29;
  return hash == 0 ? 1 : hash;
}

Error Corrupt() { return Error(Errc::kCorruption, "a stored run tracker is damaged"); }

}  // namespace

RunTracker::RunTracker() : slots_(kStems) {}

void RunTracker::Add(std::string_view identifier) {
  ++leaves_;
  if (identifier.size() > kIdentifierBytesMax) return;
  std::size_t start = identifier.size();
  std::uint64_t number = 0;
  std::uint64_t unit = 1;
  while (start > 0 && identifier.size() - start < kDigitsMax && IsDigit(identifier[start - 1])) {
    --start;
    number += unit * static_cast<std::uint64_t>(identifier[start] - '0');
    unit *= 10;
  }
  if (start == identifier.size()) return;
  const std::uint64_t stem = StemHash(identifier.substr(0, start));
  Slot* const set = &slots_[stem % (kStems / kWays) * kWays];
  Slot* slot = std::find_if(set, set + kWays, [&](const Slot& s) { return s.stem == stem; });
  if (slot == set + kWays) {
    slot = std::min_element(set, set + kWays,
                            [](const Slot& a, const Slot& b) { return a.touched < b.touched; });
    *slot = Slot{stem, 0, 0, 0};
  }
  slot->length = slot->length > 0 && slot->next == number ? slot->length + 1 : 1;
  slot->next = number + 1;
  slot->touched = leaves_;
  if (slot->length > longest_) {
    longest_ = slot->length;
    longest_end_.assign(identifier);
  }
}

std::string RunTracker::Serialize() const {
  std::string bytes(1, static_cast<char>(kVersion));
  AppendVarint(leaves_, bytes);
  AppendVarint(longest_, bytes);
  AppendSized(longest_end_, bytes);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.stem == 0) continue;
    AppendVarint(i, bytes);
    AppendFixed(slot.stem, 8, bytes);
    AppendVarint(slot.next, bytes);
    AppendVarint(slot.length, bytes);
    AppendVarint(slot.touched, bytes);
  }
  return bytes;
}

Result<RunTracker> RunTracker::Parse(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kStateBytesMax) return Corrupt();
  if (static_cast<unsigned char>(bytes[0]) != kVersion) {
    return Error(Errc::kFormatTooNew, "a stored run tracker is of another version");
  }
  bytes.remove_prefix(1);
  RunTracker tracker;
  std::string_view end;
  if (!TakeVarint(bytes, tracker.leaves_) || !TakeVarint(bytes, tracker.longest_) ||
      !TakeSized(bytes, end) || end.size() > kIdentifierBytesMax ||
      tracker.longest_ > tracker.leaves_ || end.empty() != (tracker.longest_ == 0)) {
    return Corrupt();
  }
  tracker.longest_end_ = std::string(end);
  std::size_t free = 0;  // slots stand in order, each once
  while (!bytes.empty()) {
    std::uint64_t index = 0;
    Slot slot;
    if (!TakeVarint(bytes, index) || index < free || index >= kStems ||
        !TakeFixed(bytes, 8, slot.stem) || !TakeVarint(bytes, slot.next) ||
        !TakeVarint(bytes, slot.length) || !TakeVarint(bytes, slot.touched)) {
      return Corrupt();
    }
    if (slot.stem == 0 || slot.stem % (kStems / kWays) != index / kWays || slot.length == 0 ||
        slot.length > tracker.longest_ || slot.touched > tracker.leaves_) {
      return Corrupt();
    }
    tracker.slots_[index] = slot;
    free = index + 1;
  }
  return tracker;
}

}  // namespace idnode::ledger
