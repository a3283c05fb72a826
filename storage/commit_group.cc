#include "storage/commit_group.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kRunsMax = 16;
constexpr std::size_t kCachedCountersMax = 20'000;
constexpr std::size_t kNonceBytes = 16;
// The shard row and the feed row, which every group writes.
constexpr std::size_t kOwnRows = 2;
// What a counter row and a feed entry take besides their texts, at most.
constexpr std::size_t kCounterBytes = 80;
constexpr std::size_t kFeedEntryBytes = 64;
// Rows read at a time. Few at first and after a step that brought much; a step is not much dearer
// than its rows, so that small ones lose nothing. A step brings kReadKeysMax of the largest
// records at worst, once a group.
constexpr std::size_t kReadKeysFirst = 32;
constexpr std::size_t kReadKeysMax = 256;
constexpr std::size_t kReadGrowth = 4;
constexpr std::size_t kReadStepBytes = std::size_t{1} << 20;

std::string EncodeShardRow(std::int64_t commit_ms) {
  std::string bytes;
  AppendVarint(static_cast<std::uint64_t>(commit_ms), bytes);
  return bytes;
}

bool SameKind(const Event& a, const Event& b) {
  return a.change == b.change && a.prefix == b.prefix && a.application == b.application &&
         a.object_class == b.object_class && a.template_ref == b.template_ref &&
         a.source_address == b.source_address && a.industry == b.industry && a.region == b.region &&
         a.has_attributes == b.has_attributes;
}

Error Moved() { return Error(Errc::kConflict, "another commit came between"); }

Error TooLarge(const GroupBounds& bounds) {
  return Error(Errc::kBatchTooLarge,
               "the batch changes too much at once: one commit holds at most " +
                   std::to_string(bounds.held_bytes_max) +
                   " bytes of records, those it reads and those it writes, and writes at most " +
                   std::to_string(bounds.written_bytes_max) + " bytes in " +
                   std::to_string(bounds.written_rows_max) + " rows; split the batch",
               "items");
}

}  // namespace

std::size_t CommitGroup::items() const {
  std::size_t items = 0;
  for (const auto& transaction : transactions_) items += transaction->items;
  return items;
}

GroupBounds GroupBounds::Of(const CommitterOptions& options, const Capabilities& capabilities) {
  GroupBounds bounds;
  bounds.held_bytes_max = options.group_held_bytes_max;
  bounds.written_bytes_max = std::min(options.group_held_bytes_max, capabilities.batch_bytes_max);
  bounds.written_rows_max = capabilities.batch_rows_max;
  return bounds;
}

Result<void> CommitGroup::Prepare(Engine& engine, const TrustedTimeFn& time, ShardChain& chain,
                                  Deadline deadline) {
  const Result<std::int64_t> now = time();
  if (!now.ok()) RefuseForTime(now.error());
  while (!transactions_.empty()) {
    Reset();
    const auto fitting = PrepareFitting(engine, now, chain, deadline);
    if (!fitting.ok()) {
      chain.Forget();
      return fitting.error();
    }
    if (*fitting == transactions_.size()) {
      chain.version = expected_ + 1;
      chain.last_commit_ms = commit_ms_;
      chain.shard_row_exists = true;
      return {};
    }
    Keep(*fitting);
  }
  return {};
}

// What may not commit while the clock is not trusted leaves the group.
void CommitGroup::RefuseForTime(const Error& error) {
  std::vector<std::shared_ptr<Transaction>> staying;
  for (auto& transaction : transactions_) {
    if (transaction->any_time && !transaction->advance_time) {
      staying.push_back(std::move(transaction));
    } else {
      refused_.push_back({std::move(transaction), error});
      collected_ = false;
    }
  }
  transactions_ = std::move(staying);
}

// Keeps the first `count` transactions; 0 means that the first one does not fit even alone.
void CommitGroup::Keep(std::size_t count) {
  if (count == 0) {
    refused_.push_back({std::move(transactions_.front()), TooLarge(bounds_)});
    transactions_.erase(transactions_.begin());
  } else {
    const auto first_left = transactions_.begin() + static_cast<std::ptrdiff_t>(count);
    left_.insert(left_.begin(), std::make_move_iterator(first_left),
                 std::make_move_iterator(transactions_.end()));
    transactions_.resize(count);
  }
  collected_ = false;
}

void CommitGroup::Halve() { Keep(transactions_.size() / 2); }

bool CommitGroup::Fits() const {
  return read_bytes_ + written_bytes_ <= bounds_.held_bytes_max &&
         written_bytes_ <= bounds_.written_bytes_max && written_rows_ <= bounds_.written_rows_max;
}

// How many of the leading transactions fit. Where that is all of them, the writes are complete;
// otherwise the chain is where it was.
Result<std::size_t> CommitGroup::PrepareFitting(Engine& engine, const Result<std::int64_t>& now,
                                                ShardChain& chain, Deadline deadline) {
  const auto readable = ReadSlots(engine, chain, deadline);
  if (!readable.ok() || *readable < transactions_.size()) return readable;
  expected_ = chain.version;
  commit_ms_ = chain.last_commit_ms;
  if (now.ok()) {
    const bool advance = std::any_of(transactions_.begin(), transactions_.end(),
                                     [](const auto& each) { return each->advance_time; });
    commit_ms_ = std::max(*now, chain.last_commit_ms + (advance ? 1 : 0));
  }
  reading_ = &engine;
  read_version_max_ = chain.version;
  read_deadline_ = deadline;
  for (std::size_t i = 0; i < transactions_.size(); ++i) {
    transactions_[i]->Apply(*this);
    if (late_error_.has_value()) return *late_error_;
    if (!Fits()) return i;
  }
  FlushRuns();
  written_rows_ += deltas_.size() + kOwnRows;
  for (const auto& [id, delta] : deltas_) written_bytes_ += 2 * (id.value.size() + kCounterBytes);
  if (!Fits()) return transactions_.size() / 2;
  IDNODE_RETURN_IF_ERROR(WriteCounters(engine, chain, deadline));
  WriteShardAndFeed(chain);
  CollectWrites();
  return transactions_.size();
}

void CommitGroup::Reset() {
  if (!collected_) {
    slots_.clear();
    by_key_.clear();
    slot_ends_.clear();
    for (const auto& transaction : transactions_) {
      transaction->CollectKeys(*this);
      slot_ends_.push_back(slots_.size());
    }
    collected_ = true;
  } else {
    DropLateSlots();
  }
  late_values_.clear();
  late_error_.reset();
  for (auto& slot : slots_) {
    slot.value = {};
    slot.existed = slot.exists = slot.written = false;
  }
  base_values_.clear();
  held_.clear();
  blind_inserts_.clear();
  runs_.clear();
  deltas_.clear();
  feed_.Clear();
  first_ever_ = 0;
  writes_ = WriteSet();
  read_bytes_ = written_bytes_ = written_rows_ = 0;
  previous_.reset();
}

// Slots that the last Apply added: their keys go with what is held.
void CommitGroup::DropLateSlots() {
  const std::size_t collected = slot_ends_.empty() ? 0 : slot_ends_.back();
  while (slots_.size() > collected) {
    by_key_.erase(slots_.back().key);
    slots_.pop_back();
  }
}

Result<void> CommitGroup::ReadChain(Engine& engine, ShardChain& chain, Deadline deadline) {
  const std::string shard_key = ShardKey();
  const std::string_view key = shard_key;
  auto read = engine.Read(shard_, {&key, 1}, deadline);
  if (!read.ok()) return read.error();
  chain.Forget();
  chain.version = read->version;
  if (const auto& row = read->values[0]; row.has_value()) {
    std::string_view bytes = *row;
    std::uint64_t last = 0;
    if (!TakeVarint(bytes, last)) return Error(Errc::kCorruption, "a shard row is damaged");
    chain.last_commit_ms = static_cast<std::int64_t>(last);
    chain.shard_row_exists = true;
  }
  chain.known = true;
  return {};
}

// How many of the leading transactions have all their rows read within the bound. Reads go in
// steps: what rows hold is known only once they are here.
Result<std::size_t> CommitGroup::ReadSlots(Engine& engine, ShardChain& chain, Deadline deadline) {
  // Decided before the read: if the group before is committed meanwhile, laying its writes over
  // what was read changes nothing.
  if (chain.last != nullptr && chain.last->finished()) chain.last.reset();
  if (chain.known) {
    previous_ = chain.last;
  } else {
    IDNODE_RETURN_IF_ERROR(ReadChain(engine, chain, deadline));
  }
  std::vector<std::string_view> keys;
  base_values_.reserve(slots_.size());
  std::size_t step = kReadKeysFirst;
  while (base_values_.size() < slots_.size()) {
    keys.clear();
    for (std::size_t i = base_values_.size(); i < slots_.size() && keys.size() < step; ++i) {
      keys.push_back(slots_[i].key);
    }
    auto read = engine.Read(shard_, keys, deadline);
    if (!read.ok()) return read.error();
    if (read->version > chain.version) return Moved();
    const std::size_t before = read_bytes_;
    for (auto& value : read->values) {
      if (value.has_value()) read_bytes_ += slots_[base_values_.size()].key.size() + value->size();
      if (read_bytes_ > bounds_.held_bytes_max) {
        const auto owner =
            std::upper_bound(slot_ends_.begin(), slot_ends_.end(), base_values_.size());
        return static_cast<std::size_t>(owner - slot_ends_.begin());
      }
      base_values_.push_back(std::move(value));
    }
    step = read_bytes_ - before > kReadStepBytes ? kReadKeysFirst
                                                 : std::min(step * kReadGrowth, kReadKeysMax);
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!base_values_[i].has_value()) continue;
    slots_[i].value = *base_values_[i];
    slots_[i].existed = slots_[i].exists = true;
  }
  if (previous_ != nullptr) Overlay(*previous_);
  return transactions_.size();
}

void CommitGroup::Overlay(const CommitGroup& previous) {
  if (previous.by_key_.empty()) return;
  for (auto& slot : slots_) Overlay(previous, slot);
}

void CommitGroup::Overlay(const CommitGroup& previous, SlotState& slot) {
  const auto found = previous.by_key_.find(slot.key);
  if (found == previous.by_key_.end()) return;
  const SlotState& before = previous.slots_[found->second];
  if (!before.written) return;
  slot.value = before.value;
  slot.existed = slot.exists = before.exists;
}

Slot CommitGroup::Add(std::string_view key) {
  const auto [found, added] = by_key_.try_emplace(key, static_cast<Slot>(slots_.size()));
  if (added) {
    SlotState slot;
    slot.key = key;
    slots_.push_back(slot);
  }
  return found->second;
}

const std::string_view* CommitGroup::Find(Slot slot) const {
  return slots_[slot].exists ? &slots_[slot].value : nullptr;
}

void CommitGroup::Put(Slot slot, std::string_view value) {
  written_rows_ += slots_[slot].written ? 0 : 1;
  written_bytes_ += slots_[slot].key.size() + value.size();
  slots_[slot].value = value;
  slots_[slot].exists = slots_[slot].written = true;
}

void CommitGroup::Erase(Slot slot) {
  written_rows_ += slots_[slot].written ? 0 : 1;
  written_bytes_ += slots_[slot].key.size();
  slots_[slot].exists = false;
  slots_[slot].written = true;
}

Slot CommitGroup::AddLate(std::string key) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
  SlotState slot;
  slot.key = Hold(std::move(key));
  // Once one read has failed the group is not committed: the others would be for nothing.
  if (!late_error_.has_value()) ReadLate(slot);
  if (previous_ != nullptr) Overlay(*previous_, slot);
  const auto added = static_cast<Slot>(slots_.size());
  slots_.push_back(slot);
  by_key_.emplace(slot.key, added);
  return added;
}

void CommitGroup::ReadLate(SlotState& slot) {
  auto read = reading_->Read(shard_, {&slot.key, 1}, read_deadline_);
  if (!read.ok()) {
    late_error_ = read.error();
  } else if (read->version > read_version_max_) {
    late_error_ = Moved();
  } else if (auto& value = read->values[0]; value.has_value()) {
    read_bytes_ += slot.key.size() + value->size();
    slot.value = late_values_.emplace_back(std::move(*value));
    slot.existed = slot.exists = true;
  }
}

void CommitGroup::Insert(std::string_view key, std::string_view value) {
  ++written_rows_;
  written_bytes_ += key.size() + value.size();
  blind_inserts_.push_back({key, value});
}

void CommitGroup::Feed(const FeedEntry& entry) {
  written_bytes_ += entry.identifier.size() + entry.application.size() + entry.object_class.size() +
                    entry.template_ref.size() + kFeedEntryBytes;
  if (entry.change == ChangeKind::kRegistered) ++first_ever_;
  feed_.Add(entry);
}

std::string_view CommitGroup::Hold(std::string bytes) {
  return held_.emplace_back(std::move(bytes));
}

void CommitGroup::Count(const Event& event) {
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (SameKind(run->event, event)) {
      ++run->count;
      return;
    }
  }
  if (runs_.size() == kRunsMax) FlushRuns();
  runs_.push_back({event, 1});
  runs_.back().event.commit_ms = commit_ms_;
}

void CommitGroup::FlushRuns() {
  for (const auto& run : runs_) {
    const Figures one = FiguresOf(run.event.change);
    if (one.zero()) continue;
    Figures sum;
    sum.first_ever = one.first_ever * run.count;
    sum.registrations = one.registrations * run.count;
    sum.re_registrations = one.re_registrations * run.count;
    sum.deletions = one.deletions * run.count;
    const Month month = zone_.MonthOf(commit_ms_);
    for (const auto& row : Dimensions()) {
      deltas_[CounterId{month, row.dimension, row.value(run.event, zone_)}] += sum;
    }
  }
  runs_.clear();
}

Result<void> CommitGroup::WriteCounters(Engine& engine, ShardChain& chain, Deadline deadline) {
  if (chain.counters.size() > kCachedCountersMax) chain.counters.clear();
  std::vector<const CounterId*> missing;
  std::vector<std::string> missing_keys;
  for (const auto& [id, delta] : deltas_) {
    if (chain.counters.contains(id)) continue;
    missing.push_back(&id);
    missing_keys.push_back(CounterKey(id.month, static_cast<std::uint8_t>(id.dimension), id.value));
  }
  if (!missing.empty()) {
    if (previous_ != nullptr && chain.counters.empty()) {
      // The cache was emptied while a group is under way: only the group itself knows the rows
      // it writes, so start from the store once it is there.
      return Moved();
    }
    const std::vector<std::string_view> views(missing_keys.begin(), missing_keys.end());
    auto read = engine.Read(shard_, views, deadline);
    if (!read.ok()) return read.error();
    if (read->version > chain.version) return Moved();
    for (std::size_t i = 0; i < missing.size(); ++i) {
      CounterRow row;
      if (read->values[i].has_value()) {
        auto decoded = DecodeCounter(*read->values[i]);
        if (!decoded.ok()) return decoded.error();
        row = *decoded;
      }
      chain.counters.emplace(*missing[i], row);
    }
  }
  for (const auto& [id, delta] : deltas_) {
    CounterRow& row = chain.counters[id];
    const bool existed = !row.figures.zero();
    if (!existed && id.dimension == Dimension::kTotal) {
      row.dimensions = static_cast<std::uint32_t>(Dimensions().size());
    }
    row.figures += delta;
    row.version = expected_ + 1;
    const Row written{Hold(CounterKey(id.month, static_cast<std::uint8_t>(id.dimension), id.value)),
                      Hold(EncodeCounter(row))};
    (existed ? writes_.updates : writes_.inserts).push_back(written);
  }
  return {};
}

void CommitGroup::WriteShardAndFeed(ShardChain& chain) {
  const Row shard_row{Hold(ShardKey()), Hold(EncodeShardRow(commit_ms_))};
  (chain.shard_row_exists ? writes_.updates : writes_.inserts).push_back(shard_row);
  nonce_ = SecureRandom(kNonceBytes);
  feed_key_ = FeedKey(expected_ + 1);
  blind_inserts_.push_back({feed_key_, Hold(feed_.Finish(commit_ms_, nonce_, deltas_))});
}

void CommitGroup::CollectWrites() {
  writes_.inserts.reserve(writes_.inserts.size() + slots_.size() + blind_inserts_.size());
  for (const auto& slot : slots_) {
    if (!slot.written) continue;
    if (slot.exists) {
      (slot.existed ? writes_.updates : writes_.inserts).push_back({slot.key, slot.value});
    } else if (slot.existed) {
      writes_.deletes.push_back(slot.key);
    }
  }
  writes_.inserts.insert(writes_.inserts.end(), blind_inserts_.begin(), blind_inserts_.end());
}

void CommitGroup::Finish(const Result<void>& result) {
  for (const auto& transaction : transactions_) transaction->Done(result);
  previous_.reset();
  finished_.store(true, std::memory_order_release);
}

}  // namespace idnode::storage
