#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "storage/committer.h"
#include "storage/key_codec.h"
#include "storage/memory/memory_engine.h"

namespace idnode::bench {
namespace {

constexpr std::chrono::seconds kCommitMax{60};

/// Counts down to zero; the last one wakes the waiter.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}
  void Down() {
    std::lock_guard lock(mutex_);
    if (--count_ == 0) zero_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  int count_;
};

/// Registers so many rows as the service does it, without its rules: read, put, count, feed.
class Registrations : public storage::Transaction {
 public:
  Registrations(std::uint64_t first, std::uint64_t rows, Latch& latch) : latch_(latch) {
    record_ = SampleRecord();
    for (std::uint64_t i = 0; i < rows; ++i) {
      identifiers_.push_back(std::string(kPrefix) + "/SN" + std::to_string(first + i));
      keys_.push_back(storage::RecordKey(identifiers_.back()));
    }
    items = rows;
    bytes = rows * 100;
    deadline = std::chrono::steady_clock::now() + kCommitMax;
  }

  void CollectKeys(storage::KeyCollector& collector) override {
    for (const std::string& key : keys_) slots_.push_back(collector.Add(key));
  }

  void Apply(storage::GroupContext& group) override {
    storage::Event event;
    event.prefix = kPrefix;
    event.object_class = kObjectClass;
    event.commit_ms = group.commit_ms();
    storage::FeedEntry entry;
    entry.object_class = kObjectClass;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (group.Find(slots_[i]) != nullptr) continue;
      group.Put(slots_[i], record_);
      group.Count(event);
      entry.identifier = identifiers_[i];
      group.Feed(entry);
    }
  }

  void Done(const Result<void>& result) override {
    IDNODE_CHECK(result.ok());
    latch_.Down();
  }

 private:
  Latch& latch_;
  std::string record_;
  std::vector<std::string> identifiers_;
  std::vector<std::string> keys_;
  std::vector<storage::Slot> slots_;
};

/// Eight requests of so many rows under way at a time, on one shard: what merging and preparing
/// cost where the engine costs little. The rows are made outside the measured time.
void CommitBench(benchmark::State& state) {
  constexpr int kRequests = 8;
  const auto rows = static_cast<std::uint64_t>(state.range(0));
  const auto engine = storage::MakeMemoryEngine(1);
  const SystemClock clock;
  const auto zone = TimeZone::Load("Asia/Shanghai");
  Metrics metrics;
  storage::Committer committer(*engine, clock, *zone, metrics, {});
  std::uint64_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Latch latch(kRequests);
    std::vector<std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>>> parts;
    for (int i = 0; i < kRequests; ++i, next += rows) {
      parts.emplace_back(0, std::make_shared<Registrations>(next, rows, latch));
    }
    state.ResumeTiming();
    for (const auto& part : parts) IDNODE_CHECK(committer.Submit({&part, 1}).ok());
    latch.Wait();
  }
  state.SetItemsProcessed(state.iterations() * kRequests * state.range(0));
  committer.Drain(std::chrono::steady_clock::now() + kCommitMax);
}
BENCHMARK(CommitBench)->Arg(1)->Arg(100)->Arg(1'000)->UseRealTime();

}  // namespace
}  // namespace idnode::bench
