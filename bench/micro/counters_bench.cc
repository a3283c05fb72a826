#include <map>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "storage/counters.h"
#include "storage/feed_row.h"

namespace idnode::bench {
namespace {

constexpr std::string_view kNonce = "0123456789abcdef";

storage::FeedEntry SampleEntry() {
  storage::FeedEntry entry;
  entry.identifier = kIdentifier;
  entry.content_digest.fill(0x5a);
  entry.object_class = kObjectClass;
  return entry;
}

std::map<storage::CounterId, storage::Figures> SampleDeltas() {
  storage::Figures figures;
  figures.first_ever = figures.registrations = 1'000;
  std::map<storage::CounterId, storage::Figures> deltas;
  for (const storage::DimensionRow& row : storage::Dimensions()) {
    deltas[{Month{2026 * 12 + 10}, row.dimension, std::string(kPrefix)}] = figures;
  }
  return deltas;
}

/// The feed row of a commit with so many registrations.
std::string SampleFeedRow(std::int64_t entries) {
  storage::FeedRowBuilder builder;
  for (std::int64_t i = 0; i < entries; ++i) builder.Add(SampleEntry());
  return builder.Finish(kCommitMs, kNonce, SampleDeltas());
}

void EncodeCounterBench(benchmark::State& state) {
  storage::CounterRow row;
  row.version = 123'456;
  row.figures.first_ever = row.figures.registrations = 15'000'000;
  for (auto _ : state) benchmark::DoNotOptimize(storage::EncodeCounter(row));
}
BENCHMARK(EncodeCounterBench);

void DecodeCounterBench(benchmark::State& state) {
  storage::CounterRow row;
  row.version = 123'456;
  row.figures.first_ever = row.figures.registrations = 15'000'000;
  const std::string bytes = storage::EncodeCounter(row);
  for (auto _ : state) benchmark::DoNotOptimize(storage::DecodeCounter(bytes));
}
BENCHMARK(DecodeCounterBench);

void EncodeFeedRowBench(benchmark::State& state) {
  const storage::FeedEntry entry = SampleEntry();
  const auto deltas = SampleDeltas();
  storage::FeedRowBuilder builder;
  for (auto _ : state) {
    builder.Clear();
    for (std::int64_t i = 0; i < state.range(0); ++i) builder.Add(entry);
    benchmark::DoNotOptimize(builder.Finish(kCommitMs, kNonce, deltas));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(EncodeFeedRowBench)->Arg(1)->Arg(1'000);

void DecodeFeedRowBench(benchmark::State& state) {
  const std::string bytes = SampleFeedRow(state.range(0));
  for (auto _ : state) {
    auto row = storage::DecodeFeedRow(bytes);
    if (!row.ok()) state.SkipWithError("damaged");
    benchmark::DoNotOptimize(row);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(DecodeFeedRowBench)->Arg(1)->Arg(1'000);

}  // namespace
}  // namespace idnode::bench
