#include "node/service/ledger_sequencer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "node/base/log.h"
#include "node/base/varint.h"
#include "node/ledger/tile.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using std::chrono::milliseconds;
using storage::ShardId;
using storage::Version;

constexpr milliseconds kStepMax{60'000};
constexpr std::size_t kKeptLeavesBytes = 48U << 20;
constexpr std::size_t kScanBytes = 2U << 20;
constexpr std::size_t kScanRowsMax = 256;
/// Rows without leaves move the cursor in memory only, so that an idle node writes nothing; past so
/// many they are written, for retention and the next start.
constexpr Version kUnwrittenRowsMax = 4096;
constexpr std::size_t kHolderBytes = 16;

std::vector<ShardId> AllShards(const storage::Engine& engine) {
  std::vector<ShardId> shards(engine.ShardCount());
  std::iota(shards.begin(), shards.end(), ShardId{0});
  return shards;
}

std::vector<std::string> PartialTilesOf(const ledger::TreeHasher& hasher) {
  std::vector<std::string> tiles;
  for (const auto& tile : ledger::PartialTilesOf(hasher.size())) {
    tiles.emplace_back(hasher.PartialTile(tile.level));
  }
  return tiles;
}

Error FeedGap(ShardId shard, Version version) {
  return Error(Errc::kCorruption, "the feed of shard " + std::to_string(shard) + " lacks version " +
                                      std::to_string(version) +
                                      ": its registrations cannot be put in the ledger");
}

}  // namespace

LedgerSequencer::LedgerSequencer(storage::Engine& engine, storage::Committer& committer,
                                 const Clock& clock, const TimeZone& zone, Metrics& metrics,
                                 LedgerKeys keys, LedgerOptions options)
    : engine_(engine),
      committer_(committer),
      clock_(clock),
      zone_(zone),
      keys_(std::move(keys)),
      options_(std::move(options)),
      store_(engine),
      entries_(engine, kKeptLeavesBytes),
      shards_(AllShards(engine)),
      holder_(SecureRandom(kHolderBytes)),
      leaves_total_(
          metrics.GetCounter("idnode_ledger_leaves_total", "Leaves appended by this node")),
      integrations_(metrics.GetCounter("idnode_ledger_integrations_total",
                                       "Commits that appended leaves to the ledger")),
      failures_(metrics.GetCounter("idnode_ledger_failures_total",
                                   "Looks at the feeds that ended in an error")),
      mended_(metrics.GetCounter("idnode_ledger_mended_leaves_total",
                                 "Leaves whose texts had no place in a leaf as they were")),
      gaps_(metrics.GetCounter("idnode_ledger_feed_gaps_total",
                               "Places where rows without entries had been dropped from a feed")),
      integrate_seconds_(metrics.GetHistogram("idnode_ledger_integrate_seconds",
                                              "Time to hash and commit one integration")) {
  metrics.AddGauge("idnode_ledger_tree_size", "Leaves in the published tree", {}, [this] {
    const auto published = Published();
    return published == nullptr ? 0.0 : static_cast<double>(published->state.tree.size);
  });
  metrics.AddGauge(
      "idnode_ledger_lag_seconds", "Age of the oldest commit that is not in the ledger yet", {},
      [this] {
        const std::int64_t pending = pending_ms_.load();
        if (pending == 0) return 0.0;
        return static_cast<double>(std::max<std::int64_t>(clock_.WallMs() - pending, 0)) / 1000;
      });
}

LedgerSequencer::~LedgerSequencer() { Abandon(); }

Deadline LedgerSequencer::StepDeadline() const {
  return std::min(clock_.After(kStepMax), step_limit_);
}

Result<void> LedgerSequencer::Load() { return LoadPosition(); }

// Reads the state and takes the tree up from it. Nothing there: no position.
Result<void> LedgerSequencer::LoadPosition() {
  position_.reset();
  sketches_.reset();
  appended_.clear();
  auto bytes = store_.Row(storage::LedgerStateKey(), StepDeadline());
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return {};
  auto state = storage::DecodeLedgerState(**bytes);
  if (!state.ok()) return state.error();
  auto hasher = ledger::TreeHasher::Resume(state->tree.size, state->partial_tiles);
  if (!hasher.ok()) return hasher.error();
  if (hasher->Root() != state->tree.root || state->cursors.size() != shards_.size()) {
    return Error(Errc::kCorruption, "the ledger's state does not fit its tree or the shards");
  }
  Position position;
  position.read = state->cursors;
  position.next_ms.resize(shards_.size());
  position.hasher = *std::move(hasher);
  position.state = *std::move(state);
  position.bytes = **std::move(bytes);
  month_start_ms_ = zone_.StartMs(position.state.month);
  month_end_ms_ = zone_.StartMs(Month{position.state.month.number + 1});
  position_ = std::move(position);
  Publish();
  return {};
}

// The first month is that of the first commit of the store. So that no shard can begin earlier
// afterwards, as by a node whose clock is behind, every shard gets a commit first.
Result<void> LedgerSequencer::Create() {
  const auto heads = engine_.Heads(shards_, StepDeadline());
  if (!heads.ok()) return heads.error();
  for (const ShardId shard : shards_) {
    if ((*heads)[shard] != 0) continue;
    if (const auto nudged = committer_.Nudge(shard, StepDeadline()); !nudged.ok()) {
      return nudged.error();
    }
  }
  storage::LedgerState state;
  std::int64_t first_ms = INT64_MAX;
  for (const ShardId shard : shards_) {
    const auto first = engine_.Scan(shard, storage::FeedKey(0), storage::FeedKey(UINT64_MAX), 1,
                                    false, StepDeadline());
    if (!first.ok()) return first.error();
    if (first->empty()) return FeedGap(shard, 1);
    storage::FeedRowReader reader;
    IDNODE_RETURN_IF_ERROR(reader.Open(first->front().value));
    first_ms = std::min(first_ms, reader.commit_ms());
    // Retention keeps every row with first-ever registrations, so none is passed over.
    state.cursors.push_back(ReadBigEndian(std::string_view(first->front().key).substr(1)) - 1);
  }
  state.tree = {0, ledger::EmptyRoot()};
  state.first_month = state.month = zone_.MonthOf(first_ms);
  state.month_start = state.tree;
  auto checkpoint = SignCheckpoint(state.tree);
  if (!checkpoint.ok()) return checkpoint.error();
  state.checkpoint = *std::move(checkpoint);
  state.checkpoint_ms = clock_.WallMs();
  LedgerWrite write;
  write.expected.emplace_back(storage::LedgerStateKey(), std::nullopt);
  write.puts.emplace_back(storage::LedgerStateKey(), storage::EncodeLedgerState(state));
  const auto written = WriteLedger(committer_, std::move(write), StepDeadline());
  if (!written.ok()) return written.error();
  if (*written) {
    LogInfo(
        "ledger created",
        {{"origin", keys_.origin}, {"vkey", keys_.vkey()}, {"first_month", state.month.Text()}});
  }
  return LoadPosition();
}

Result<std::string> LedgerSequencer::SignCheckpoint(const ledger::TreeHead& tree) const {
  ledger::Checkpoint checkpoint;
  checkpoint.origin = keys_.origin;
  checkpoint.tree = tree;
  auto note = ledger::SignText(ledger::FormatCheckpoint(checkpoint), keys_.signers);
  if (!note.ok()) return note.error();
  return ledger::FormatNote(*note);
}

// True if this sequencer is the one. The lease of another is over once its row has not changed for
// as long as it lasts, by this node's monotonic clock: wall clocks of nodes need not agree.
Result<bool> LedgerSequencer::HoldLease() {
  if (options_.exclusive) return true;
  const auto now = clock_.Monotonic();
  if (lease_held_ && now < lease_seen_ + options_.lease_renew) return true;
  auto bytes = store_.Row(storage::LedgerLeaseKey(), StepDeadline());
  if (!bytes.ok()) return bytes.error();
  storage::LedgerLease lease;
  if (bytes->has_value()) {
    const auto decoded = storage::DecodeLedgerLease(**bytes);
    if (!decoded.ok()) return decoded.error();
    lease = *decoded;
  }
  if (*bytes != lease_bytes_ || lease_seen_ == Deadline{}) {
    lease_bytes_ = *std::move(bytes);
    lease_seen_ = now;
  }
  const bool mine = lease.holder == holder_;
  if (!mine && !lease.holder.empty() && now < lease_seen_ + options_.lease_ttl) {
    lease_held_ = false;
    return false;
  }
  const auto written = WriteLease(holder_);
  if (!written.ok()) return written.error();
  lease_held_ = *written;
  // Whoever sequenced before has moved the state.
  if (*written && !mine) IDNODE_RETURN_IF_ERROR(LoadPosition());
  return *written;
}

// Writes the lease over the one last seen. False: it has changed.
Result<bool> LedgerSequencer::WriteLease(std::string holder) {
  storage::LedgerLease lease;
  if (lease_bytes_.has_value()) {
    const auto seen = storage::DecodeLedgerLease(*lease_bytes_);
    if (!seen.ok()) return seen.error();
    lease.epoch = seen->epoch + (seen->holder == holder ? 0 : 1);
  }
  lease.holder = std::move(holder);
  lease.until_ms = clock_.WallMs() + options_.lease_ttl.count();
  std::string bytes = storage::EncodeLedgerLease(lease);
  LedgerWrite write;
  write.expected.emplace_back(storage::LedgerLeaseKey(), lease_bytes_);
  write.puts.emplace_back(storage::LedgerLeaseKey(), bytes);
  const auto written = WriteLedger(committer_, std::move(write), StepDeadline());
  if (!written.ok()) return written.error();
  if (*written) {
    lease_bytes_ = std::move(bytes);
    lease_seen_ = clock_.Monotonic();
  }
  return *written;
}

Result<bool> LedgerSequencer::Step() {
  integrated_.reset();
  auto looked = Look();
  ServeWaiters();  // whatever came: their deadlines pass too
  return looked;
}

Result<bool> LedgerSequencer::Look() {
  const auto held = HoldLease();
  if (!held.ok()) return held.error();
  if (!*held) {
    IDNODE_RETURN_IF_ERROR(LoadPosition());  // what the other one publishes
    return false;
  }
  if (!position_.has_value()) {
    IDNODE_RETURN_IF_ERROR(LoadPosition());
    if (!position_.has_value()) IDNODE_RETURN_IF_ERROR(Create());
    if (!position_.has_value()) return true;
  }
  if (!sketches_.has_value()) {
    auto sketches = MonthSketches::Load(store_, entries_, position_->state, clock_);
    if (!sketches.ok()) return sketches.error();
    sketches_ = *std::move(sketches);
    Publish();
  }
  auto advanced = Advance();
  // After an error it is not known what the store holds, nor what the sketches have seen. But for a
  // wrong clock, which only keeps a month from being closed.
  if (!advanced.ok() && advanced.code() != Errc::kClockUntrusted) {
    position_.reset();
    sketches_.reset();
    lease_held_ = false;
  }
  return advanced;
}

Result<bool> LedgerSequencer::Advance() {
  Gathered gathered;
  gathered.hasher = position_->hasher;
  gathered.read = position_->read;
  IDNODE_RETURN_IF_ERROR(Gather(gathered));
  const bool more = gathered.more;
  const auto appended = Append(std::move(gathered));
  if (!appended.ok() || !*appended) return appended;
  if (more) return true;
  integrated_ = position_->read;
  if (AllPast()) return MayClose() ? CloseMonth() : false;
  IDNODE_RETURN_IF_ERROR(NudgeIdle());
  return StateMonth();
}

bool LedgerSequencer::IsPast(ShardId shard) const {
  const auto& next = position_->next_ms[shard];
  return next.has_value() && *next >= month_end_ms_;
}

bool LedgerSequencer::AllPast() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [this](ShardId shard) { return IsPast(shard); });
}

// Commit time of the oldest row known that waits for the next month to be opened; 0: none.
std::int64_t LedgerSequencer::WaitingMs() const {
  std::int64_t oldest_ms = 0;
  for (const auto& next_ms : position_->next_ms) {
    if (next_ms && (oldest_ms == 0 || *next_ms < oldest_ms)) oldest_ms = *next_ms;
  }
  return oldest_ms;
}

// Reads the feeds on, a few rows of each shard at a time, until all is read or a bound is reached.
Result<void> LedgerSequencer::Gather(Gathered& gathered) {
  const auto heads = engine_.Heads(shards_, StepDeadline());
  if (!heads.ok()) return heads.error();
  if (gapless_after_.empty()) gapless_after_ = *heads;
  const std::size_t first = rotate_++ % shards_.size();
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const auto shard = static_cast<ShardId>((first + i) % shards_.size());
      if (gathered.read[shard] >= (*heads)[shard] || IsPast(shard)) continue;
      if (gathered.hasher.size() - position_->hasher.size() >= options_.integration_leaves_max ||
          gathered.bytes >= options_.integration_bytes_max) {
        gathered.more = true;
        return {};
      }
      const auto went = GatherShard(shard, (*heads)[shard], gathered);
      if (!went.ok()) return went.error();
      progress = progress || *went;
    }
  }
  return {};
}

Result<bool> LedgerSequencer::GatherShard(ShardId shard, Version head, Gathered& gathered) {
  const Version from = gathered.read[shard] + 1;
  const auto rows = engine_.Scan(shard, storage::FeedKey(from), storage::FeedKey(head + 1),
                                 rows_at_once_, false, StepDeadline());
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return FeedGap(shard, from);
  std::size_t bytes = 0;
  for (const auto& row : *rows) {
    const Version version = ReadBigEndian(std::string_view(row.key).substr(1));
    // While the ledger was off, retention may have dropped rows, but none with entries.
    if (version != gathered.read[shard] + 1) {
      if (version > gapless_after_[shard]) return FeedGap(shard, gathered.read[shard] + 1);
      gaps_.Add();
      if (!std::exchange(gap_told_, true)) {
        LogInfo("rows without entries had been dropped from a feed before the ledger read them",
                {{"shard", shard}, {"before_version", version}});
      }
    }
    bytes += row.value.size();
    IDNODE_RETURN_IF_ERROR(GatherRow(shard, version, row.value, gathered));
    if (gathered.read[shard] != version) break;  // of a later month
  }
  gathered.bytes += bytes;
  rows_at_once_ = std::clamp<std::size_t>(
      kScanBytes * rows->size() / std::max<std::size_t>(bytes, 1), 1, kScanRowsMax);
  return true;
}

Result<void> LedgerSequencer::GatherRow(ShardId shard, Version version, std::string_view bytes,
                                        Gathered& gathered) {
  storage::FeedRowReader reader;
  IDNODE_RETURN_IF_ERROR(reader.Open(bytes));
  const std::int64_t commit_ms = reader.commit_ms();
  if (commit_ms >= month_end_ms_) {
    position_->next_ms[shard] = commit_ms;
    return {};
  }
  const std::uint64_t before = gathered.hasher.size();
  std::string leaf;
  for (storage::FeedEntry entry; reader.NextEntry(entry);) {
    if (entry.change != ChangeKind::kRegistered) continue;
    if (commit_ms < month_start_ms_) {
      return Error(Errc::kCorruption, "shard " + std::to_string(shard) + " has a registration of " +
                                          FormatUtcMs(commit_ms) + ", in a month that is closed");
    }
    leaf.clear();
    if (!AppendFeedLeaf(entry, commit_ms, leaf)) {
      mended_.Add();
      LogError("an entry of the feed has no place in a leaf as it is; it was mended",
               {{"shard", shard}, {"version", version}});
    }
    gathered.hasher.Append(ledger::LeafHash(leaf));
    sketches_->Add(entry.identifier, entry.content_digest);
  }
  if (reader.damaged()) {
    return Error(Errc::kCorruption, "feed row " + std::to_string(version) + " of shard " +
                                        std::to_string(shard) + " is damaged");
  }
  gathered.read[shard] = version;
  position_->next_ms[shard].reset();
  const std::uint64_t leaves = gathered.hasher.size() - before;
  if (leaves == 0) return {};
  gathered.segment.parts.push_back({shard, version, leaves, commit_ms});
  if (!gathered.oldest_ms || commit_ms < *gathered.oldest_ms) gathered.oldest_ms = commit_ms;
  return {};
}

// Makes what was gathered the tree. Rows without leaves only move the cursors in memory.
Result<bool> LedgerSequencer::Append(Gathered gathered) {
  bool write_cursors = false;
  for (const ShardId shard : shards_) {
    write_cursors = write_cursors ||
                    gathered.read[shard] - position_->state.cursors[shard] >= kUnwrittenRowsMax;
  }
  if (gathered.segment.parts.empty() && !write_cursors) {
    position_->read = std::move(gathered.read);
    pending_ms_.store(WaitingMs());
    return true;
  }
  const auto start = std::chrono::steady_clock::now();
  if (gathered.oldest_ms) pending_ms_.store(*gathered.oldest_ms);
  const std::uint64_t first_leaf = position_->state.tree.size;
  storage::LedgerState state = position_->state;
  state.cursors = gathered.read;
  LedgerWrite write;
  if (!gathered.segment.parts.empty()) {
    state.tree = {gathered.hasher.size(), gathered.hasher.Root()};
    state.partial_tiles = PartialTilesOf(gathered.hasher);
    auto checkpoint = SignCheckpoint(state.tree);
    if (!checkpoint.ok()) return checkpoint.error();
    state.checkpoint = *std::move(checkpoint);
    state.checkpoint_ms = clock_.WallMs();
    write.inserts.emplace_back(storage::LedgerSegmentKey(first_leaf),
                               storage::EncodeLedgerSegment(gathered.segment));
    std::map<ShardId, storage::LedgerSegment::Part> last;
    for (const auto& part : gathered.segment.parts) last[part.shard] = part;
    for (const auto& [shard, part] : last) {
      write.inserts.emplace_back(storage::LedgerIndexKey(shard, part.version),
                                 storage::EncodeLedgerIndex({first_leaf, part.commit_ms}));
    }
    for (auto& full : gathered.hasher.TakeFullTiles()) {
      if (full.tile.level == 0) continue;  // made anew out of the feed
      write.inserts.emplace_back(storage::LedgerTileKey(full.tile.level, full.tile.index),
                                 std::move(full.bytes));
    }
  }
  const auto now = clock_.Monotonic();
  if (now >= sketches_written_ + options_.sketches_period) {
    write.puts.emplace_back(storage::LedgerSketchesKey(),
                            storage::EncodeLedgerSketches(sketches_->ToRow()));
    sketches_written_ = now;
  }
  const auto written = Write(std::move(state), std::move(write));
  if (!written.ok() || !*written) return written;
  position_->hasher = std::move(gathered.hasher);
  position_->read = std::move(gathered.read);
  appended_.clear();
  std::uint64_t leaf = first_leaf;
  for (const auto& part : gathered.segment.parts) {
    appended_.emplace(std::pair(part.shard, part.version), leaf);
    leaf += part.leaves;
  }
  pending_ms_.store(WaitingMs());
  leaves_total_.Add(static_cast<double>(leaf - first_leaf));
  integrations_.Add();
  integrate_seconds_.ObserveSince(start);
  Publish();
  return true;
}

// Where another wrote, what it published is the position from now on.
Result<bool> LedgerSequencer::Write(storage::LedgerState state, LedgerWrite write) {
  std::string bytes = storage::EncodeLedgerState(state);
  write.expected.emplace_back(storage::LedgerStateKey(), position_->bytes);
  if (!options_.exclusive) write.expected.emplace_back(storage::LedgerLeaseKey(), lease_bytes_);
  write.puts.emplace_back(storage::LedgerStateKey(), bytes);
  auto written = WriteLedger(committer_, std::move(write), StepDeadline());
  if (!written.ok()) return written.error();
  if (!*written) {
    LogWarning("another node has written to the ledger", {{"origin", keys_.origin}});
    lease_held_ = false;
    IDNODE_RETURN_IF_ERROR(LoadPosition());
    return false;
  }
  position_->state = std::move(state);
  position_->bytes = std::move(bytes);
  return true;
}

void LedgerSequencer::Publish() {
  auto published = std::make_shared<PublishedLedger>();
  published->state = position_->state;
  if (sketches_.has_value() && sketches_->leaves_end() == position_->state.tree.size) {
    published->evidence = sketches_->Evidence();
    published->evidence_known = true;
  }
  std::lock_guard lock(mutex_);
  published_ = std::move(published);
}

std::shared_ptr<const PublishedLedger> LedgerSequencer::Published() const {
  std::lock_guard lock(mutex_);
  return published_;
}

Version LedgerSequencer::FollowedUpTo(ShardId shard) const {
  const auto published = Published();
  return published == nullptr ? 0 : published->state.cursors[shard];
}

}  // namespace idnode::service
