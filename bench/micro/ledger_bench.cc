#include <string>

#include <benchmark/benchmark.h>

#include "node/ledger/leaf.h"
#include "node/ledger/run_tracker.h"
#include "node/ledger/sketch.h"
#include "node/ledger/tree_hasher.h"

namespace idnode::bench {
namespace {

using namespace ledger;

Leaf SampleLeaf() {
  Leaf leaf;
  leaf.identifier = "88.108.1001/SN0000000001";
  leaf.commit_ms = 1'764'000'000'000;
  leaf.content = Sha256("content");
  leaf.template_ref = "shoe@2";
  leaf.application = "erp-line-1";
  leaf.record_class = "product";
  return leaf;
}

// All that the sequencer computes for one leaf: its bytes, hash, tree and tiles.
void SequenceLeafBench(benchmark::State& state) {
  Leaf leaf = SampleLeaf();
  TreeHasher hasher;
  std::string bundle;
  std::string bytes;
  for (auto _ : state) {
    ++leaf.commit_ms;
    bytes.clear();
    benchmark::DoNotOptimize(AppendLeaf(leaf, bytes).ok());
    AppendEntry(bytes, bundle);
    hasher.Append(LeafHash(bytes));
    if (hasher.size() % kTileWidth == 0) {
      bundle.clear();
      benchmark::DoNotOptimize(hasher.TakeFullTiles());
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SequenceLeafBench);

void LeafHashBench(benchmark::State& state) {
  std::string bytes;
  benchmark::DoNotOptimize(AppendLeaf(SampleLeaf(), bytes).ok());
  for (auto _ : state) benchmark::DoNotOptimize(LeafHash(bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(LeafHashBench);

void NodeHashBench(benchmark::State& state) {
  Hash hash = LeafHash("x");
  for (auto _ : state) hash = NodeHash(hash, hash);
  benchmark::DoNotOptimize(hash);
}
BENCHMARK(NodeHashBench);

void ParseLeafBench(benchmark::State& state) {
  std::string bytes;
  benchmark::DoNotOptimize(AppendLeaf(SampleLeaf(), bytes).ok());
  for (auto _ : state) benchmark::DoNotOptimize(ParseLeaf(bytes).ok());
}
BENCHMARK(ParseLeafBench);

void RunTrackerBench(benchmark::State& state) {
  RunTracker tracker;
  std::uint64_t number = 1'000'000'000;
  std::string identifier;
  for (auto _ : state) {
    identifier = "88.108.1001/SN" + std::to_string(++number);
    tracker.Add(identifier);
  }
  benchmark::DoNotOptimize(tracker.longest());
}
BENCHMARK(RunTrackerBench);

void SketchBench(benchmark::State& state) {
  Sketch sketch;
  std::uint64_t hash = 1;
  for (auto _ : state) {
    hash = hash * 0x9e3779b97f4a7c15ULL + 1;
    sketch.Add(hash);
  }
  benchmark::DoNotOptimize(sketch.Estimate());
}
BENCHMARK(SketchBench);

}  // namespace
}  // namespace idnode::bench
