#include "storage/commit_group.h"

#include <algorithm>
#include <utility>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kRunsMax = 16;
constexpr std::size_t kCachedCountersMax = 20'000;
constexpr std::size_t kNonceBytes = 16;

std::string EncodeShardRow(std::int64_t commit_ms) {
  std::string bytes;
  AppendVarint(static_cast<std::uint64_t>(commit_ms), bytes);
  return bytes;
}

bool SameKind(const Event& a, const Event& b) {
  return a.change == b.change && a.prefix == b.prefix && a.application == b.application &&
         a.object_class == b.object_class && a.template_ref == b.template_ref;
}

Error Moved() { return Error(Errc::kConflict, "another commit came between"); }

}  // namespace

std::size_t CommitGroup::items() const {
  std::size_t items = 0;
  for (const auto& transaction : transactions_) items += transaction->items;
  return items;
}

Result<void> CommitGroup::Prepare(Engine& engine, const Clock& clock, ShardChain& chain,
                                  Deadline deadline) {
  Reset();
  const auto attempt = [&]() -> Result<void> {
    IDNODE_RETURN_IF_ERROR(ReadSlots(engine, chain, deadline));
    expected_ = chain.version;
    commit_ms_ = std::max(clock.WallMs(), chain.last_commit_ms);
    for (const auto& transaction : transactions_) {
      if (transaction->advance_time) {
        commit_ms_ = std::max(clock.WallMs(), chain.last_commit_ms + 1);
      }
    }
    for (const auto& transaction : transactions_) transaction->Apply(*this);
    FlushRuns();
    IDNODE_RETURN_IF_ERROR(WriteCounters(engine, chain, deadline));
    WriteShardAndFeed(chain);
    CollectWrites();
    return {};
  };
  auto result = attempt();
  if (!result.ok()) {
    chain.Forget();
    return result;
  }
  chain.version = expected_ + 1;
  chain.last_commit_ms = commit_ms_;
  chain.shard_row_exists = true;
  return result;
}

void CommitGroup::Reset() {
  if (!collected_) {
    for (const auto& transaction : transactions_) transaction->CollectKeys(*this);
    collected_ = true;
  }
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
  writes_ = WriteSet();
  previous_.reset();
}

Result<void> CommitGroup::ReadSlots(Engine& engine, ShardChain& chain, Deadline deadline) {
  // Decided before the read: if the group before is committed meanwhile, laying its writes over
  // what was read changes nothing.
  if (chain.known && chain.last != nullptr && !chain.last->finished()) previous_ = chain.last;
  std::vector<std::string_view> keys;
  keys.reserve(slots_.size() + 1);
  for (const auto& slot : slots_) keys.push_back(slot.key);
  const std::string shard_key = ShardKey();
  if (!chain.known) keys.push_back(shard_key);
  if (!keys.empty()) {
    auto read = engine.Read(shard_, keys, deadline);
    if (!read.ok()) return read.error();
    if (!chain.known) {
      chain.Forget();
      chain.known = true;
      chain.version = read->version;
      if (const auto& row = read->values.back(); row.has_value()) {
        std::string_view bytes = *row;
        std::uint64_t last = 0;
        if (!TakeVarint(bytes, last)) return Error(Errc::kCorruption, "a shard row is damaged");
        chain.last_commit_ms = static_cast<std::int64_t>(last);
        chain.shard_row_exists = true;
      }
      read->values.pop_back();
    } else if (read->version > chain.version) {
      return Moved();
    }
    base_values_ = std::move(read->values);
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!base_values_[i].has_value()) continue;
    slots_[i].value = *base_values_[i];
    slots_[i].existed = slots_[i].exists = true;
  }
  if (previous_ != nullptr) Overlay(*previous_);
  return {};
}

void CommitGroup::Overlay(const CommitGroup& previous) {
  if (previous.by_key_.empty()) return;
  for (auto& slot : slots_) {
    const auto found = previous.by_key_.find(slot.key);
    if (found == previous.by_key_.end()) continue;
    const SlotState& before = previous.slots_[found->second];
    if (!before.written) continue;
    slot.value = before.value;
    slot.existed = slot.exists = before.exists;
  }
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
  slots_[slot].value = value;
  slots_[slot].exists = slots_[slot].written = true;
}

void CommitGroup::Erase(Slot slot) {
  slots_[slot].exists = false;
  slots_[slot].written = true;
}

void CommitGroup::Insert(std::string_view key, std::string_view value) {
  blind_inserts_.push_back({key, value});
}

void CommitGroup::EraseRange(std::string_view from, std::string_view to) {
  writes_.range_deletes.emplace_back(from, to);
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
