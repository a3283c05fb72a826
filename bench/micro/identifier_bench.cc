#include <benchmark/benchmark.h>

#include "bench/micro/sample.h"
#include "node/model/identifier.h"

namespace idnode::bench {
namespace {

void ParseIdentifierBench(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseIdentifier(kIdentifier));
}
BENCHMARK(ParseIdentifierBench);

void FoldIdentifierBench(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(FoldIdentifier(kIdentifier));
}
BENCHMARK(FoldIdentifierBench);

/// What every request does to an identifier before anything else, in capacity used again.
void ParseAndFoldBench(benchmark::State& state) {
  std::string folded;
  for (auto _ : state) {
    auto parsed = ParseIdentifier(kIdentifier);
    folded.clear();
    AppendAsciiFolded(folded, parsed->text);
    benchmark::DoNotOptimize(folded.data());
  }
}
BENCHMARK(ParseAndFoldBench);

}  // namespace
}  // namespace idnode::bench
