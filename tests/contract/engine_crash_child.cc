// Commits to every shard of a store, forever, and says so on standard output: one line "shard
// version" after each commit that was acknowledged. The crash test kills it.
//
// Usage: engine_crash_child DIR

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "storage/engine.h"

namespace {

using idnode::Deadline;
using idnode::storage::CommitStatus;
using idnode::storage::Engine;
using idnode::storage::EngineOptions;
using idnode::storage::ShardId;
using idnode::storage::Version;
using idnode::storage::WriteSet;

constexpr int kRowsPerCommit = 20;

std::string Padded(Version number) {
  std::string digits = std::to_string(number);
  return std::string(12 - digits.size(), '0') + digits;
}

void CommitForever(Engine& engine, ShardId shard) {
  const ShardId shards[] = {shard};
  const auto heads = engine.Heads(shards, Deadline::max());
  if (!heads.ok()) _exit(3);
  for (Version version = heads->front();; ++version) {
    const std::string number = Padded(version + 1);
    std::vector<std::string> keys;
    for (int i = 0; i < kRowsPerCommit; ++i) keys.push_back("r" + number + "/" + Padded(i));
    const std::string feed_key = "f" + number;
    const std::string filler(2000, 'f');
    WriteSet writes;
    for (const auto& key : keys) writes.inserts.push_back({key, number});
    writes.inserts.push_back({feed_key, filler});
    writes.updates.push_back({"s", number});
    const auto status = engine.Commit(shard, version, writes, Deadline::max());
    if (!status.ok() || *status != CommitStatus::kCommitted) _exit(4);
    const std::string line = std::to_string(shard) + " " + std::to_string(version + 1) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      _exit(5);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  EngineOptions options;
  options.dir = argv[1];
  options.shards = 4;
  options.write_buffer_bytes = 8ULL << 20;  // small: flushes and new logs happen all the time
  options.block_cache_bytes = 8ULL << 20;
  options.reserve_free_bytes = 0;
  auto engine = idnode::storage::OpenEngine(options);
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", engine.error().detail.c_str());
    return 1;
  }
  std::vector<std::thread> threads;
  for (ShardId shard = 0; shard < (*engine)->ShardCount(); ++shard) {
    threads.emplace_back([&, shard] { CommitForever(**engine, shard); });
  }
  for (auto& thread : threads) thread.join();
  return 0;
}
