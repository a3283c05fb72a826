#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/service/ledger_reader.h"
#include "node/service/ledger_sequencer.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {

/// The first instant of December 2026 in Asia/Shanghai.
inline constexpr std::int64_t kDecemberMs = 1'796'054'400'000;
inline constexpr std::string_view kTestOrigin = "test.example/88.108";

/// Keys made once: making SM2 keys takes time.
const LedgerKeys& TestKeys();

/// "88.108.PREFIX/SNNUMBER".
std::string Id(std::uint64_t prefix, std::uint64_t number);
/// `count` of them, from number `from` on.
std::vector<std::string> Ids(std::uint64_t prefix, std::uint64_t from, std::uint64_t count);
/// A node over an engine that is there already.
TestNodeOptions Over(std::unique_ptr<storage::Engine> engine);
std::unique_ptr<storage::Engine> MemoryEngine(storage::ShardId shards = 4);

/// A node with a ledger whose sequencer the test steps.
class LedgerNode {
 public:
  explicit LedgerNode(TestNodeOptions node_options = {}, LedgerOptions options = {},
                      LedgerReaderOptions reader_options = {});
  ~LedgerNode();

  /// A new sequencer and reader over the same store, as after a crash.
  void Restart();
  /// Steps until all that is committed is in the ledger. Fails the test where that does not come.
  void Settle();
  /// Registers without looking at the outcome, where faults are injected.
  void Try(const std::vector<std::string>& identifiers);

  std::uint64_t size() const;
  storage::LedgerState state() const { return sequencer->Published()->state; }

  TestNode node;
  std::unique_ptr<LedgerSequencer> sequencer;
  std::unique_ptr<LedgerReader> reader;

 private:
  const LedgerOptions options_;
  const LedgerReaderOptions reader_options_;
};

/// A first-ever registration as the feed tells it.
struct FeedLeaf {
  std::string leaf;
  std::int64_t commit_ms = 0;
  friend bool operator==(const FeedLeaf&, const FeedLeaf&) = default;
};

/// All of them by folded identifier, read off the feeds as they are. Reports one that is there
/// twice.
std::map<std::string, FeedLeaf> FeedLeaves(storage::Engine& engine);

/// Leaves as the reader serves them in entry bundles.
std::vector<std::string> BundledLeaves(const LedgerReader& reader, std::uint64_t size);

/// MTH of RFC 6962 §2.1, word for word.
ledger::Hash NaiveRoot(const std::vector<std::string>& leaves, std::size_t from, std::size_t to);

/// Checks the published log against the feed and against a naive tree: each entry once, the order
/// in agreement with months, bundles, tiles of every level and width asked, the checkpoint, and
/// some proofs.
void ExpectLogIsTrue(LedgerNode& node);

/// Checks closed months: their leaves are exactly the commits with a time in them, the statements
/// are signed, agree with the counters and are chained.
void ExpectMonthsAreTrue(LedgerNode& node);

}  // namespace idnode::service
