#include <string>

#include <benchmark/benchmark.h>

#include "node/base/text.h"

namespace idnode::bench {
namespace {

// About the content of a plain registration, and a value at its limit.
void Sha256Bench(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Sha256(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Sha256Bench)->Arg(80)->Arg(64 * 1024);

void IsUtf8Bench(benchmark::State& state) {
  std::string text;
  while (text.size() < static_cast<std::size_t>(state.range(0))) text += "标识 ";
  for (auto _ : state) benchmark::DoNotOptimize(IsUtf8(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(IsUtf8Bench)->Arg(80)->Arg(4096);

void Base64Bench(benchmark::State& state) {
  const std::string bytes(32, '\x5a');
  for (auto _ : state) benchmark::DoNotOptimize(Base64(bytes));
}
BENCHMARK(Base64Bench);

}  // namespace
}  // namespace idnode::bench
