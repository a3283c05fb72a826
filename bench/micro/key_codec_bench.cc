#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "storage/key_codec.h"

namespace idnode::bench {
namespace {

void ShardOfBench(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(storage::ShardOf(kPrefix, 16));
}
BENCHMARK(ShardOfBench);

void RecordKeyBench(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(storage::RecordKey(kIdentifier));
}
BENCHMARK(RecordKeyBench);

void CounterKeyBench(benchmark::State& state) {
  const Month month{2026 * 12 + 10};
  for (auto _ : state) benchmark::DoNotOptimize(storage::CounterKey(month, 3, kPrefix));
}
BENCHMARK(CounterKeyBench);

}  // namespace
}  // namespace idnode::bench
